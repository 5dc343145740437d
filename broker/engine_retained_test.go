package broker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// keptOn is a retained message, of a Renew or of none.
func (w *by) keptOn(topic string, token uint64) {
	m := session.NewMessage(w.now, &packets.Publish{Topic: []byte(topic), Payload: []byte("m")})
	w.b.Arrive(w.now, broker.Delivery{Retained: true, Token: token, Message: m})
}

// topics returns the topics of all retained messages, but for the broker's own.
func (w *by) topics() (list []string) {
	for _, filter := range []string{"#", "$own/#"} {
		for _, m := range w.b.Retained("", []byte(filter)) {
			list = append(list, string(m.Topic()))
		}
	}
	return list
}

func TestWhatWasDeletedWhileTheNodeHadEndedIsRetainedNoMore(t *testing.T) {
	w := newBy(t, broker.Options{Figures: time.Second})
	w.b.Tick(w.now)
	for _, topic := range []string{"deleted", "stays", "$own/deleted", "$own/stays"} {
		w.keptOn(topic, 0)
	}
	figures := len(w.b.Retained("", []byte("$SYS/#")))
	require.NotZero(t, figures)
	w.pass(11 * time.Second)
	token := w.asks(broker.Renew)[0].Token
	w.keptOn("$own/stays", token)
	w.keptOn("stays", token)
	w.keptOn("live", 0)
	w.answer(broker.Renew, broker.Reply{Outcome: broker.Done, Incarnation: 2})
	assert.Equal(t, []string{"live", "stays", "$own/stays"}, w.topics())
	assert.Len(t, w.b.Retained("", []byte("$SYS/#")), figures, "its own are not the engine's")
}

func TestWhileTheLeaseIsRenewedWhatIsRetainedStays(t *testing.T) {
	w := newBy(t, broker.Options{})
	w.keptOn("a", 0)
	w.pass(4 * time.Second)
	w.keptOn("b", 0)
	w.answer(broker.Renew, broker.Reply{Outcome: broker.Done, Incarnation: 1})
	assert.Equal(t, []string{"a", "b"}, w.topics())
}

// The engine has begun an incarnation, and the node has not heard of it: the next Renew
// brings nothing.
func TestWhatIsRetainedStaysThoughTheAnswerToRenewWasLost(t *testing.T) {
	w := newBy(t, broker.Options{})
	for _, topic := range []string{"deleted", "stays", "goes"} {
		w.keptOn(topic, 0)
	}
	w.pass(4 * time.Second)
	token := w.asks(broker.Renew)[0].Token
	w.keptOn("stays", token)
	w.keptOn("goes", token)
	w.answer(broker.Renew, broker.Reply{})
	w.pass(4 * time.Second)
	w.answer(broker.Renew, broker.Reply{Outcome: broker.Done, Incarnation: 2})
	assert.Equal(t, []string{"goes", "stays"}, w.topics())

	w.pass(4 * time.Second)
	w.keptOn("stays", w.asks(broker.Renew)[0].Token)
	w.keptOn("goes", w.asks(broker.Renew)[0].Token)
	w.answer(broker.Renew, broker.Reply{}) // and that one has ended too
	w.pass(3 * time.Second)
	w.keptOn("stays", w.asks(broker.Renew)[0].Token)
	w.answer(broker.Renew, broker.Reply{Outcome: broker.Done, Incarnation: 4})
	assert.Equal(t, []string{"stays"}, w.topics())
}

func TestANodeThatComesBackHasNoRetainedMessageThatWasDeleted(t *testing.T) {
	e := newEngine(t, 1)
	a, b := e.node("a", broker.Recorded), e.node("b", broker.Recorded)
	p := b.connect(mqttwire.V5, "p")
	for _, topic := range []string{"t/deleted", "t/stays", "t/changes"} {
		b.publish(p, topic, "m", 1, retain)
	}
	a.cut = true
	e.pass(lease + time.Second)
	b.publish(p, "t/deleted", "", 1, retain)
	b.publish(p, "t/changes", "n", 1, retain)
	a.cut = false
	e.pass(lease)
	list := a.b.Retained("", []byte("#"))
	require.Len(t, list, 2)
	assert.Equal(t, "n", string(list[0].Payload()))
	assert.Equal(t, "t/stays", string(list[1].Topic()))
}

// Of the program, or a will: what is asked for again is not retained in the place of what
// was published behind it.
func TestOfATopicTheNextMessageOfTheProgramWaitsForTheAnswerToTheOneBefore(t *testing.T) {
	w := newBy(t, broker.Options{})
	for _, m := range []string{"a 1", "a 2", "b 3", "a 4"} {
		m := session.NewMessage(w.now, &packets.Publish{Topic: []byte(m[:1]), Payload: []byte(m[2:]), QoS: 1, Retain: true})
		require.NoError(t, w.b.Publish(w.now, "", m, nil))
	}
	payloads := func() (list []string) {
		for _, r := range w.asks(broker.Retain) {
			list = append(list, string(r.Message.Payload()))
		}
		return list
	}
	assert.Equal(t, []string{"1", "3"}, payloads())
	first := w.answer(broker.Retain, broker.Reply{})
	assert.Equal(t, []string{"3"}, payloads())
	w.pass(time.Second)
	assert.Equal(t, []string{"3", "1"}, payloads())
	w.answer(broker.Retain, broker.Reply{Outcome: broker.Refused})
	assert.Equal(t, first.ID, w.answer(broker.Retain, broker.Reply{Outcome: broker.Refused}).ID)
	assert.Equal(t, []string{"2"}, payloads())
	w.answer(broker.Retain, done)
	assert.Equal(t, []string{"4"}, payloads())
	w.answer(broker.Retain, done)
	assert.Empty(t, payloads())
}
