package broker_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// bridges says that a client is a bridge.
func bridges(c *packets.Connect) { keeps(c); c.Bridge = true }

func TestABridgeGetsNothingBackAfterRestoreEither(t *testing.T) {
	j := newJournaled(t)
	p := j.connect(mqttwire.V311, "br", bridges)
	p.subscribe(0, sub("a", 0))
	j.commit()
	r, _ := j.restart(len(j.durable))
	p = r.connect(mqttwire.V311, "br", bridges)
	r.commit()
	p.publish("a", "own", 0)
	r.commit()
	assert.Empty(t, p.messages())
}

func TestABridgeGetsNothingRetainedBack(t *testing.T) {
	w := newWorld(t, broker.Options{})
	p := w.connect(mqttwire.V311, "br", bridges)
	p.publish("a", "own", 0, retain)
	p.subscribe(0, sub("a", 0))
	assert.Empty(t, p.messages())
}

// replays has a client get 400 retained messages, of which it has read none, and then
// something else happen.
func replays(t *testing.T, then func(p *peer)) []string {
	w := newWorld(t, broker.Options{})
	from := w.connect(mqttwire.V5, "from")
	for i := range 400 {
		from.publish(fmt.Sprintf("a/%03d", i), "m", 1, retain)
	}
	p := w.connect(mqttwire.V5, "p", keeps)
	p.deaf = true
	p.subscribe(7, sub("a/#", 1))
	then(p)
	p.deaf = false
	w.ready = append(w.ready, p.conn)
	w.run()
	return p.messages()
}

// [MQTT-3.8.4-3]
func TestASubscriptionThatIsReplacedHasTheRestOfTheRetainedMessages(t *testing.T) {
	got := replays(t, func(p *peer) {
		again := sub("a/#", 0)
		again.RetainHandling = 2
		p.subscribe(8, again)
	})
	require.Len(t, got, 400)
	assert.Equal(t, "a/399 m retain #8", got[399])
}

// [MQTT-3.1.4-3]
func TestTheLastWordsOfAConnectionGoOutWhateverIsAskedAfterThem(t *testing.T) {
	for name, ask := range map[string]func(c *broker.Conn, now time.Time){
		"Disconnect": func(c *broker.Conn, now time.Time) { c.Peer().Disconnect(now, mqttwire.ReasonAdministrativeAction) },
		"Drain":      func(c *broker.Conn, now time.Time) { c.Drain(now, nil) },
	} {
		w := newWorld(t, broker.Options{})
		old := w.connect(mqttwire.V5, "p")
		old.take()
		old.deaf = true
		w.connect(mqttwire.V5, "p")
		ask(old.conn, w.now)
		old.deaf = false
		w.ready = append(w.ready, old.conn)
		w.run()
		d, ok := first[*packets.Disconnect](old)
		require.True(t, ok, name)
		assert.Equal(t, mqttwire.ReasonSessionTakenOver, d.ReasonCode, name)
	}
}

func TestNobodyIsThrownOutForWhoIsDisconnectedByTheHookConnect(t *testing.T) {
	for _, known := range []bool{true, false} {
		bad := false
		var w *world
		w = newWorld(t, broker.Options{Hooks: broker.Hooks{Connect: func(_ context.Context, c *broker.Peer, _ *packets.Connect) (*packets.Auth, mqttwire.ReasonCode) {
			if bad {
				c.Disconnect(w.now, mqttwire.ReasonNotAuthorized)
			}
			return nil, 0
		}}})
		var p *peer
		if known {
			p = w.connect(mqttwire.V5, "p", keeps)
		}
		bad = true
		q := w.connect(mqttwire.V5, "p", keeps)
		assert.Equal(t, mqttwire.ReasonNotAuthorized, q.connack().ReasonCode)
		assert.True(t, q.closed)
		assert.Equal(t, map[bool]int{true: 1, false: 0}[known], w.b.Stats().Sessions)
		assert.False(t, known && p.closed)
	}
}

// Who calls it may be what the client publishes to.
func TestASessionEndsWhileItsMessagesAreSentOn(t *testing.T) {
	var log []string
	w := newWorld(t, broker.Options{Hooks: broker.Hooks{
		Disconnected: func(c *broker.Peer, _ session.Cause) { log = append(log, "disconnected "+c.ClientID) },
		SessionEnded: func(c *broker.Peer) { log = append(log, "ended "+c.ClientID) },
	}})
	p := w.connect(mqttwire.V5, "p", keeps)
	_, err := w.b.Subscribe(w.now, "", &packets.Subscription{Filter: []byte("bad"), QoS: 1}, func(*session.Message, session.Delivery) {
		assert.True(t, w.b.EndSession(w.now, "", "p"))
	})
	require.NoError(t, err)
	p.publish("bad", "x", 1)
	assert.True(t, p.closed)
	assert.Zero(t, w.b.Stats().Sessions)
	assert.Equal(t, []string{"disconnected p", "ended p"}, log)
	assert.False(t, w.connect(mqttwire.V5, "p", keeps).connack().SessionPresent)
}

func TestALimitOfSessionsHoldsThoughNobodyHasTicked(t *testing.T) {
	for after, present := range map[time.Duration]bool{59 * time.Second: true, time.Minute: false} {
		w := newWorld(t, broker.Options{Limits: broker.Limits{SessionExpiry: time.Minute}})
		w.connect(mqttwire.V311, "p", keeps).lose()
		w.now = w.now.Add(after)
		assert.Equal(t, present, w.connect(mqttwire.V311, "p", keeps).connack().SessionPresent, after)
	}
}

func TestTheHookDeliverMaySetWhenAMessageExpires(t *testing.T) {
	for set, want := range map[uint32]uint32{5: 5, 0: 90} {
		w := newWorld(t, broker.Options{Hooks: broker.Hooks{Deliver: func(_ *broker.Peer, p *packets.Publish) bool {
			p.Payload = []byte("changed")
			if set != 0 {
				p.Properties = p.Properties.Clone()
				p.Properties.SetMessageExpiryInterval(set)
			}
			return true
		}}})
		m := session.NewMessage(w.now, publishExpiring(100))
		to := w.connect(mqttwire.V5, "to", keeps)
		to.subscribe(0, sub("a", 1))
		w.now = w.now.Add(10 * time.Second)
		require.NoError(t, w.b.Publish(w.now, "", m, nil))
		w.run()
		p, ok := first[*packets.Publish](to)
		require.True(t, ok)
		left, _ := p.Properties.MessageExpiryInterval()
		assert.Equal(t, want, left)
	}
}

// publishExpiring returns a PUBLISH to a that expires.
func publishExpiring(seconds uint32) *packets.Publish {
	p := &packets.Publish{Topic: []byte("a"), Payload: []byte("m"), QoS: 1, Retain: true}
	p.Properties.SetMessageExpiryInterval(seconds)
	return p
}

func TestARetainedMessageOfTheProgramIsAsOldAfterRestore(t *testing.T) {
	for pause, left := range map[time.Duration]bool{3 * time.Second: true, 5 * time.Second: false} {
		j := newJournaled(t)
		m := session.NewMessage(j.now, publishExpiring(10))
		j.now = j.now.Add(6 * time.Second)
		require.NoError(t, j.b.Publish(j.now, "", m, nil))
		j.commit()
		r, _ := j.restart(len(j.durable))
		r.pass(pause)
		assert.Equal(t, left, len(r.b.Retained("", []byte("a"))) == 1, pause)
	}
}

func TestWhatAMemberHasNotBegunToGetGoesToAFunctionToo(t *testing.T) {
	w := newWorld(t, broker.Options{})
	p := w.connect(mqttwire.V5, "p", keeps, func(c *packets.Connect) { c.Properties.SetReceiveMaximum(1) })
	p.subscribe(0, sub("$share/g/a", 1))
	from := w.connect(mqttwire.V5, "from")
	for i := range 4 {
		from.publish("a", fmt.Sprint(i), 1)
	}
	n := 0
	_, err := w.b.Subscribe(w.now, "", &packets.Subscription{Filter: []byte("$share/g/a"), QoS: 1}, func(*session.Message, session.Delivery) { n++ })
	require.NoError(t, err)
	p.lose()
	assert.Equal(t, 3, n, "the first is in flight")
}

// again returns what comes of a message of QoS 2 that was taken on, and not yet sent on to
// all, when the broker ended; and was made again after a pause.
func again(t *testing.T, o broker.Options, pause time.Duration, with ...func(*packets.Publish)) []string {
	o.Journal = true
	j, n := &journaled{world: newWorld(t, o)}, 0
	from := j.connect(mqttwire.V5, "from", keeps)
	from.subscribe(0, sub("own", 0))
	_, err := j.b.Subscribe(j.now, "", &packets.Subscription{Filter: []byte("a/+")}, func(*session.Message, session.Delivery) {
		assert.NoError(t, j.b.Publish(j.now, "", session.NewMessage(j.now, &packets.Publish{Topic: []byte("own")}), nil))
		records, _ := j.b.Changes(nil)
		j.durable = append(j.durable, records...)
		n = len(j.durable)
	})
	require.NoError(t, err)
	to := j.connect(mqttwire.V5, "to", keeps)
	to.subscribe(0, sub("a/+", 2))
	j.commit()
	to.lose()
	j.commit()
	from.publish("a/b", "secret", 2, with...)
	j.now = j.now.Add(pause)
	r, _ := j.restart(n)
	r.b, _, err = broker.Restore(o, r.now, each(j.durable[:n]))
	require.NoError(t, err)
	to = r.connect(mqttwire.V5, "to", keeps)
	r.commit()
	return to.messages()
}

// [MQTT-3.3.2-5]
func TestAMessageThatRestoreSendsOnIsAsOldAsItWas(t *testing.T) {
	expires := func(p *packets.Publish) { p.Properties.SetMessageExpiryInterval(10) }
	assert.Equal(t, []string{"a/b secret QoS2"}, again(t, broker.Options{}, 9*time.Second, expires))
	assert.Empty(t, again(t, broker.Options{}, 10*time.Second, expires))
	changes := broker.Options{Hooks: broker.Hooks{Publish: func(_ *broker.Peer, p *packets.Publish) mqttwire.ReasonCode {
		p.Payload = []byte("changed")
		return 0
	}}}
	assert.Equal(t, []string{"a/b changed QoS2"}, again(t, changes, 9*time.Second, expires))
	assert.Empty(t, again(t, changes, 10*time.Second, expires), "though a hook changes it")
}

// [MQTT-3.3.2-6]
func TestAMessageThatTheHookPublishChangesIsAsOldAsItWas(t *testing.T) {
	w := newWorld(t, broker.Options{Hooks: broker.Hooks{Publish: func(_ *broker.Peer, p *packets.Publish) mqttwire.ReasonCode {
		p.Payload = []byte("changed")
		return 0
	}}})
	to := w.connect(mqttwire.V5, "to", keeps)
	to.subscribe(0, sub("a", 1))
	m := session.NewMessage(w.now, publishExpiring(100))
	w.now = w.now.Add(10 * time.Second)
	require.NoError(t, w.b.Publish(w.now, "", m, &broker.Peer{ClientID: "program"}))
	w.run()
	p, ok := first[*packets.Publish](to)
	require.True(t, ok)
	left, _ := p.Properties.MessageExpiryInterval()
	assert.EqualValues(t, 90, left)
}

func TestAMessageThatRestoreSendsOnIsAskedOf(t *testing.T) {
	var code mqttwire.ReasonCode
	o := broker.Options{Hooks: broker.Hooks{Publish: func(_ *broker.Peer, p *packets.Publish) mqttwire.ReasonCode {
		p.Payload = []byte("redacted")
		return code
	}}}
	assert.Equal(t, []string{"a/b redacted QoS2"}, again(t, o, 0))
	asked := o.Hooks.Publish
	n := 0
	o.Hooks.Publish = func(c *broker.Peer, p *packets.Publish) mqttwire.ReasonCode {
		if n++; n > 1 { // behind Restore
			return mqttwire.ReasonNotAuthorized
		}
		return asked(c, p)
	}
	assert.Empty(t, again(t, o, 0))
}
