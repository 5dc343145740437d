package broker_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

func TestTheLastRetainedMessageOfATopicGoesToWhoSubscribesLater(t *testing.T) {
	for _, v := range versions {
		w := newWorld(t, broker.Options{})
		from := w.connect(v, "from")
		from.publish("a", "old", 0, retain)
		from.publish("a", "new", 1, retain)
		from.publish("a", "passes", 2)
		from.publish("b", "deleted", 0, retain)
		from.publish("b", "", 0, retain)
		p := w.connect(v, "p")
		p.subscribe(0, sub("#", 2))
		assert.Equal(t, []string{"a new QoS1 retain"}, p.messages(), v)
		p.subscribe(0, sub("#", 0))
		assert.Equal(t, []string{"a new retain"}, p.messages(), "again with the same filter, in %s", v)
	}
}

func TestAnEmptyRetainedMessageIsSentOnAsAnyOther(t *testing.T) {
	w := newWorld(t, broker.Options{})
	p := w.connect(mqttwire.V5, "p")
	p.subscribe(0, packets.Subscription{Filter: []byte("a"), RetainAsPublished: true})
	p.publish("a", "", 0, retain)
	assert.Equal(t, []string{"a  retain"}, p.messages())
	assert.Zero(t, w.b.Stats().Retained)
}

func TestRetainHandlingSaysWhenRetainedMessagesAreSent(t *testing.T) {
	for handling, want := range [][2][]string{
		{{"a m retain"}, {"a m retain"}},
		{{"a m retain"}, nil},
		{nil, nil},
	} {
		w := newWorld(t, broker.Options{})
		w.connect(mqttwire.V5, "from").publish("a", "m", 0, retain)
		p := w.connect(mqttwire.V5, "p")
		s := packets.Subscription{Filter: []byte("a"), RetainHandling: uint8(handling)}
		for i := range want {
			p.subscribe(0, s)
			assert.Equal(t, want[i], p.messages(), "%d, subscription %d", handling, i)
		}
	}
}

func TestARetainedMessageOfTheClientItselfIsLocal(t *testing.T) {
	w := newWorld(t, broker.Options{})
	p, q := w.connect(mqttwire.V5, "p"), w.connect(mqttwire.V5, "q")
	p.publish("a", "own", 0, retain)
	q.publish("b", "other", 0, retain)
	p.subscribe(3, packets.Subscription{Filter: []byte("#"), NoLocal: true})
	assert.Equal(t, []string{"b other retain #3"}, p.messages())
}

func TestASharedSubscriptionGetsNoRetainedMessages(t *testing.T) {
	w := newWorld(t, broker.Options{})
	w.connect(mqttwire.V5, "from").publish("a", "m", 0, retain)
	p := w.connect(mqttwire.V5, "p")
	p.subscribe(0, sub("$share/g/a", 0))
	assert.Empty(t, p.messages())
}

// Trap 20: an interval that is not counted down, or that the store forgets.
func TestARetainedMessageExpires(t *testing.T) {
	w := newWorld(t, broker.Options{})
	from := w.connect(mqttwire.V5, "from")
	from.publish("a", "m", 0, retain, func(m *packets.Publish) { m.Properties.SetMessageExpiryInterval(100) })
	w.pass(40 * time.Second)
	p := w.connect(mqttwire.V5, "p")
	p.subscribe(0, sub("a", 0))
	m, ok := first[*packets.Publish](p)
	assert.True(t, ok)
	left, _ := m.Properties.MessageExpiryInterval()
	assert.Equal(t, uint32(60), left)
	assert.Equal(t, 1, w.b.Stats().Retained)
	w.pass(61 * time.Second)
	assert.Zero(t, w.b.Stats().Retained)
	assert.Zero(t, w.b.Stats().RetainedBytes)
	p.take()
	p.subscribe(0, sub("a", 0))
	assert.Empty(t, p.messages())
}

func TestARetainedMessageThatHasExpiredIsNotSentBeforeItIsDeletedEither(t *testing.T) {
	w := newWorld(t, broker.Options{})
	from := w.connect(mqttwire.V5, "from")
	from.publish("a", "m", 0, retain, func(m *packets.Publish) { m.Properties.SetMessageExpiryInterval(10) })
	w.now = w.now.Add(10 * time.Second)
	from.subscribe(0, sub("a", 0))
	assert.Empty(t, from.messages())
	assert.Equal(t, 1, w.b.Stats().Retained)
	assert.Empty(t, w.b.Stats().Dropped)
}

// What there was no room for is not sent any more if there is a newer one.
func TestAReplayThatHasWaitedSendsTheMessageThatThereIsThen(t *testing.T) {
	for _, newer := range []string{"newer", ""} {
		w := newWorld(t, broker.Options{Limits: broker.Limits{Queue: session.Bounds{Count: 2}}})
		from := w.connect(mqttwire.V5, "from")
		from.publish("a", "1", 0, retain)
		from.publish("b", "older", 0, retain)
		p := w.connect(mqttwire.V5, "p")
		p.deaf = true
		p.subscribe(0, sub("+", 0))
		for range 10 {
			from.publish("b", newer, 0, retain)
		}
		p.deaf = false
		p.read()
		w.run()
		got := p.messages()
		assert.NotContains(t, got, "b older retain")
		assert.Equal(t, newer != "", slices.Contains(got, "b "+newer+" retain"))
	}
}

func TestAReplacedRetainedMessageHasItsOwnExpiry(t *testing.T) {
	w := newWorld(t, broker.Options{})
	from := w.connect(mqttwire.V5, "from")
	from.publish("a", "short", 0, retain, func(m *packets.Publish) { m.Properties.SetMessageExpiryInterval(1) })
	from.publish("a", "long", 0, retain)
	w.pass(10 * time.Second)
	assert.Equal(t, 1, w.b.Stats().Retained)
}

func TestARetainedMessageForWhichThereIsNoRoomIsRefused(t *testing.T) {
	w := newWorld(t, broker.Options{Limits: broker.Limits{Retained: session.Bounds{Count: 2}}})
	p := w.connect(mqttwire.V5, "p")
	p.subscribe(0, sub("#", 0))
	p.publish("a", "1", 0, retain)
	p.publish("b", "1", 0, retain)
	p.take()
	p.publish("c", "1", 1, retain)
	a, ok := first[*packets.Puback](p)
	assert.True(t, ok)
	assert.Equal(t, mqttwire.ReasonQuotaExceeded, a.ReasonCode)
	assert.Empty(t, p.messages())
	p.publish("a", "2", 0, retain)
	assert.Equal(t, []string{"a 2"}, p.messages(), "in the place of another one there is room")
	assert.Equal(t, 2, w.b.Stats().Retained)
}

func TestTheBrokersOwnFiguresTakeNoRoomFromWhatClientsRetain(t *testing.T) {
	w := newWorld(t, broker.Options{Figures: time.Second, Limits: broker.Limits{Retained: session.Bounds{Count: 1, Bytes: 100}}})
	w.b.Tick(w.now)
	p := w.connect(mqttwire.V5, "p")
	p.publish("a", "1", 0, retain)
	assert.Zero(t, w.b.Stats().Refused)
	p.publish("b", "1", 0, retain)
	assert.Equal(t, uint64(1), w.b.Stats().Refused, "there is room for one of the client's")
	w.pass(time.Second)
	assert.Len(t, w.b.Retained("", []byte("$SYS/#")), 11, "with no room left they are all there")
	assert.Equal(t, 1, w.b.Stats().Retained)
	p.publish("a", "", 0, retain)
	assert.Zero(t, w.b.Stats().Retained)
	assert.Zero(t, w.b.Stats().RetainedBytes)
}

// Else a client that may write below $SYS keeps what it likes without a limit.
func TestWhatAClientRetainsInThePlaceOfAFigureHasNeedOfRoom(t *testing.T) {
	const figure = "$SYS/broker/clients/total"
	w := newWorld(t, broker.Options{Figures: time.Second, Limits: broker.Limits{Retained: session.Bounds{Count: 1}}})
	w.b.Tick(w.now)
	p := w.connect(mqttwire.V5, "p")
	p.publish(figure, "mine", 0, retain)
	assert.Equal(t, 1, w.b.Stats().Retained)
	p.publish("a", "1", 0, retain)
	p.publish("$SYS/broker/clients/connected", "mine", 0, retain)
	assert.Equal(t, uint64(2), w.b.Stats().Refused)
	w.pass(time.Second)
	assert.Zero(t, w.b.Stats().Retained, "the figure has its place again")
	assert.Zero(t, w.b.Stats().RetainedBytes)
	m := session.NewMessage(w.now, &packets.Publish{Topic: []byte(figure), Payload: []byte("1"), Retain: true})
	assert.NoError(t, w.b.Publish(w.now, "tenant", m, nil))
	assert.Equal(t, 1, w.b.Stats().Retained, "in another namespace there are no figures")
}

// With retained messages for many times what a session may keep.
func TestAllRetainedMessagesComeHoweverManyThereAre(t *testing.T) {
	w := newWorld(t, broker.Options{Limits: broker.Limits{Queue: session.Bounds{Count: 10}}})
	const n = 5000
	for i := range n {
		m := session.NewMessage(w.now, &packets.Publish{Topic: fmt.Appendf(nil, "a/%04d", i), Payload: []byte("m"), Retain: true})
		assert.NoError(t, w.b.Publish(w.now, "", m, nil))
	}
	p := w.connect(mqttwire.V5, "p")
	p.subscribe(0, sub("a/+", 0), sub("no/+", 0), sub("a/0007", 0))
	got := p.messages()
	assert.Len(t, got, n+1)
	assert.Equal(t, "a/0000 m retain", got[0])
	assert.Equal(t, "a/4999 m retain", got[n-1])
	assert.Equal(t, "a/0007 m retain", got[n])
	assert.Empty(t, w.b.Stats().Dropped)
}

func TestAReplayGoesNoFartherThanTheClientReads(t *testing.T) {
	w := newWorld(t, broker.Options{})
	for i := range 5000 {
		m := session.NewMessage(w.now, &packets.Publish{Topic: fmt.Appendf(nil, "a/%04d", i), Payload: []byte("m"), Retain: true})
		assert.NoError(t, w.b.Publish(w.now, "", m, nil))
	}
	p := w.connect(mqttwire.V5, "p")
	p.deaf = true
	p.subscribe(0, sub("#", 0))
	assert.Less(t, w.b.Clients("")[0].Session.Waiting, 300)
	m := session.NewMessage(w.now, &packets.Publish{Topic: []byte("a/4999"), Payload: []byte("newer"), Retain: true})
	assert.NoError(t, w.b.Publish(w.now, "", m, nil))
	p.deaf = false
	p.read()
	w.run()
	got := p.messages()
	assert.Equal(t, "a/4999 newer retain", got[len(got)-1], "the older one is not sent behind it")
	p.deaf = true
	p.subscribe(0, sub("#", 0))
	p.send(&packets.Unsubscribe{PacketID: 9, Filters: [][]byte{[]byte("#")}})
	p.deaf = false
	p.read()
	w.run()
	assert.Less(t, len(p.messages()), 300, "what was unsubscribed is not gone on with")
}

func TestAClientThatDoesNotAcknowledgeIsNotToldAgainAndAgain(t *testing.T) {
	w := newWorld(t, broker.Options{})
	const n = 1000
	for i := range n {
		m := session.NewMessage(w.now, &packets.Publish{Topic: fmt.Appendf(nil, "a/%04d", i), Payload: []byte("m"), QoS: 1, Retain: true})
		assert.NoError(t, w.b.Publish(w.now, "", m, nil))
	}
	p := w.connect(mqttwire.V5, "p", func(c *packets.Connect) { c.Properties.SetReceiveMaximum(10) })
	p.subscribe(0, sub("#", 1)) // which comes to an end
	got := p.messages()
	assert.Len(t, got, 10)
	assert.Empty(t, p.next())
	assert.Empty(t, w.ready)
	for id := uint16(1); len(got) < n; id++ {
		p.send(&packets.Puback{PacketID: id})
		got = append(got, p.messages()...)
	}
	assert.Empty(t, w.b.Stats().Dropped)
}
