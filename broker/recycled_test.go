package broker_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// overwrite publishes messages, so that memory that is free is written to.
func (w *world) overwrite(t *testing.T) {
	t.Helper()
	from, to := w.connect(mqttwire.V5, "overwrites"), w.connect(mqttwire.V5, "reads")
	to.subscribe(0, sub("other", 0))
	to.deaf = true // so that many are there at once
	for range 50 {
		from.publish("other", "???????", 0) // just so large that there is room for it
	}
	to.deaf = false
	to.read()
	assert.NotEmpty(t, to.messages())
	from.lose()
	to.lose()
}

// What is kept for somebody, and how he gets it late: each returns the payload that he has.
var late = []struct {
	what string
	get  func(t *testing.T, w *world, from *peer, overwrite func()) string
}{
	{"who subscribes later gets a retained message", func(_ *testing.T, w *world, from *peer, overwrite func()) string {
		from.publish("a", "the payload", 1, retain)
		overwrite()
		to := w.connect(mqttwire.V5, "to")
		to.subscribe(0, sub("a", 0))
		return onlyPayload(to)
	}},
	{"who is not connected gets it when he comes", func(_ *testing.T, w *world, from *peer, overwrite func()) string {
		to := w.connect(mqttwire.V5, "to", keeps)
		to.subscribe(0, sub("a", 2))
		to.lose()
		from.publish("a", "the payload", 2)
		overwrite()
		return onlyPayload(w.connect(mqttwire.V5, "to", keeps))
	}},
	{"who did not acknowledge gets it again", func(_ *testing.T, w *world, from *peer, overwrite func()) string {
		to := w.connect(mqttwire.V5, "to", keeps)
		to.subscribe(0, sub("a", 1))
		from.publish("a", "the payload", 1)
		to.lose()
		overwrite()
		return onlyPayload(w.connect(mqttwire.V5, "to", keeps))
	}},
	{"who reads nothing gets it when he reads", func(_ *testing.T, w *world, from *peer, overwrite func()) string {
		to := w.connect(mqttwire.V5, "to")
		to.subscribe(0, sub("a", 0))
		to.take()
		to.deaf = true
		from.publish("a", "the payload", 0)
		overwrite()
		to.deaf = false
		to.read()
		return onlyPayload(to)
	}},
	{"what a driver has to write stays until it is written", func(t *testing.T, w *world, from *peer, overwrite func()) string {
		to := w.connect(mqttwire.V311, "to")
		to.subscribe(0, sub("a", 1))
		to.deaf = true
		from.publish("a", "the payload", 1)
		parts := to.conn.Buffers(nil)
		to.bytes([]byte{0x40, 2, 0, 1}) // before it can have come
		assert.Zero(t, w.b.Clients("")[1].Session.InFlight)
		overwrite()
		return string(bytes.Join(parts, nil)[7:])
	}},
	{"what is written in parts stays until the last", func(_ *testing.T, w *world, from *peer, overwrite func()) string {
		to := w.connect(mqttwire.V311, "to")
		to.subscribe(0, sub("a", 0))
		to.deaf = true
		from.publish("a", "the payload", 0)
		b := to.conn.Append(nil, 7)
		overwrite()
		return string(to.conn.Append(b, 100)[5:])
	}},
	{"a function of the program may keep it", func(t *testing.T, w *world, from *peer, overwrite func()) string {
		var got *session.Message
		s := sub("a", 0)
		_, err := w.b.Subscribe(w.now, "", &s, func(m *session.Message, _ session.Delivery) { got = m })
		assert.NoError(t, err)
		from.publish("a", "the payload", 0)
		overwrite()
		return string(got.Payload())
	}},
	{"the other member of a group gets what one has not acknowledged", func(_ *testing.T, w *world, from *peer, overwrite func()) string {
		to := w.connect(mqttwire.V5, "to")
		to.subscribe(0, sub("$share/g/a", 1))
		from.publish("a", "the payload", 1)
		other := w.connect(mqttwire.V5, "other")
		other.subscribe(0, sub("$share/g/a", 1))
		other.deaf = true
		overwrite()
		to.lose()
		overwrite()
		other.deaf = false
		other.read()
		return onlyPayload(other)
	}},
	{"the other member of a group gets what one has not begun to get", func(_ *testing.T, w *world, from *peer, overwrite func()) string {
		to := w.connect(mqttwire.V5, "to", keeps)
		to.subscribe(0, sub("$share/g/a", 1))
		to.deaf = true
		from.publish("a", "the payload", 1)
		other := w.connect(mqttwire.V5, "other")
		other.subscribe(0, sub("$share/g/a", 1))
		other.deaf = true
		overwrite()
		to.lose()
		overwrite()
		other.deaf = false
		other.read()
		return onlyPayload(other)
	}},
}

// onlyPayload returns the payload of the one message that has come.
func onlyPayload(p *peer) (payload string) {
	for _, packet := range p.take() {
		if m, ok := packet.(*packets.Publish); ok {
			payload += string(m.Payload)
		}
	}
	return payload
}

// The memory of a message is used again, and whoever comes late must not see what is there
// then.
func TestWhoeverGetsAMessageLateGetsThatOne(t *testing.T) {
	for _, l := range late {
		t.Run(l.what, func(t *testing.T) {
			w := newWorld(t, broker.Options{})
			got := l.get(t, w, w.connect(mqttwire.V5, "from"), func() { w.overwrite(t) })
			assert.Equal(t, "the payload", got)
		})
	}
}

// The hook Dropped may keep a message: one for which there was no room, that was too large
// for the client, has expired, or was refused by a group.
func TestAHookMayKeepAMessageThatWasDropped(t *testing.T) {
	var dropped []*session.Message
	w := newWorld(t, broker.Options{
		Limits: broker.Limits{Queue: session.Bounds{Count: 2}},
		Hooks: broker.Hooks{Dropped: func(_ *broker.Peer, m *session.Message, _ session.Drop) {
			dropped = append(dropped, m)
		}},
	})
	to := w.connect(mqttwire.V5, "to", keeps, func(c *packets.Connect) { c.Properties.SetMaximumPacketSize(50) })
	to.subscribe(0, sub("a/#", 2), sub("$share/g/b", 0))
	from := w.connect(mqttwire.V5, "from")
	from.publish("a/large", strings.Repeat("L", 60), 1)
	from.publish("a/sent", "before it was too large", 2)
	to.lose()
	to = w.connect(mqttwire.V5, "to", keeps, func(c *packets.Connect) { c.Properties.SetMaximumPacketSize(30) })
	assert.Empty(t, to.messages())
	to.send(&packets.Pubrec{PacketID: 2}, &packets.Pubcomp{PacketID: 2})
	to.deaf = true
	from.publish("a/no-qos", "no room any more", 0)
	expires := func(m *packets.Publish) { m.Properties.SetMessageExpiryInterval(1) }
	from.publish("a/expires", "expired", 1, expires)
	from.publish("a/1", "1", 1)
	from.publish("a/2", "no room at all", 1)
	to.lose()
	from.publish("b", "nobody of the group", 0)
	w.pass(2 * time.Second)
	w.connect(mqttwire.V5, "to", keeps)
	all := dropped
	w.overwrite(t) // of which there are dropped too
	var payloads []string
	for _, m := range all {
		payloads = append(payloads, string(m.Topic())+" "+string(m.Payload()))
	}
	assert.ElementsMatch(t, []string{
		"a/large " + strings.Repeat("L", 60), "a/sent before it was too large", "a/no-qos no room any more", "a/2 no room at all", "a/expires expired", "b nobody of the group",
	}, payloads)
}

// A journal has its own copy of what waits.
func TestAJournalHasAMessageThatIsThrough(t *testing.T) {
	w := newWorld(t, broker.Options{Journal: true})
	durable := func() (list []session.Record) {
		list, mark := w.b.Changes(nil)
		w.b.Durable(mark)
		w.run()
		return list
	}
	to := w.connect(mqttwire.V5, "to", keeps)
	durable()
	to.subscribe(0, sub("a", 1))
	from := w.connect(mqttwire.V5, "from")
	durable()
	from.publish("a", "the payload", 1)
	list, _ := w.b.Changes(nil)
	for range 50 {
		from.publish("none", strings.Repeat("?", 40), 0)
	}
	found := false
	for _, r := range list {
		found = found || bytes.Contains(r.Data, []byte("the payload"))
	}
	assert.True(t, found)
}

// A pool whose messages all come back has few of them, however many there were at once.
func TestTheMemoryOfMessagesThatAreThroughIsUsedAgain(t *testing.T) {
	skipUnderRace(t)
	b := broker.New(broker.Options{})
	from, to := newQuiet(b, mqttwire.V5, "from", "none", 0), newQuiet(b, mqttwire.V5, "to", "a", 0)
	m, _ := (&packets.Publish{Topic: []byte("a"), Payload: bytes.Repeat([]byte("m"), 1000)}).Append(nil, mqttwire.V5)
	burst := func() {
		for range 50 {
			from.feed(m)
		}
		to.write()
	}
	burst()
	assert.Less(t, testing.AllocsPerRun(20, burst), 10.0)
}
