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

// A member that another node may have gets nothing that is for one receiver: it would be
// lost with the session that is here.
func TestAMessageForAGroupIsNotTakenForAMemberThatMayBeElsewhere(t *testing.T) {
	for _, level := range levels {
		for _, connected := range []bool{true, false} {
			o := broker.Options{Cluster: &broker.Cluster{Node: "n", Lease: lease, Level: level}}
			o.Hooks.Dropped = func(*broker.Peer, *session.Message, session.Drop) { assert.Fail(t, "another node gets it") }
			w := newBy(t, o)
			p, q := w.open(mqttwire.V5, "p", keeps), w.open(mqttwire.V5, "q", keeps)
			for _, c := range []*peer{p, q} {
				c.send(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{sub("$share/g/t", 1)}})
				if len(w.asks(broker.Listen)) > 0 {
					w.answer(broker.Listen, done)
				}
				w.puts()
				c.take()
				if !connected {
					c.lose()
					w.puts()
				}
			}
			arrive := func(payload string, seq uint64) bool {
				d := loggedOn("t", payload, 1, seq, 0)
				d.Group, d.Filter = []byte("g"), []byte("t")
				defer w.run()
				return w.b.Arrive(w.now, d)
			}
			w.pass(9 * time.Second)
			assert.False(t, arrive("suspended", 1))
			w.pass(2 * time.Second)
			w.answer(broker.Renew, broker.Reply{Outcome: broker.Done, Incarnation: 2})
			assert.False(t, arrive("unconfirmed", 2))
			require.Len(t, w.asks(broker.Put), 2)
			w.answer(broker.Put, broker.Reply{Outcome: broker.Refused}) // another node has p
			assert.False(t, arrive("one is", 3))
			w.puts()
			for seq := uint64(4); seq < 10; seq++ {
				assert.True(t, arrive("q", seq))
				w.puts()
			}
			assert.Empty(t, p.messages())
			if connected {
				assert.Equal(t, []string{"t q QoS1", "t q QoS1", "t q QoS1", "t q QoS1", "t q QoS1", "t q QoS1"}, q.messages())
			}
		}
	}
}

// What Level says of them: with the Put of the member they outlive the node.
func TestAMessageForAGroupOutlivesTheNodeWithTheRecordOfItsMember(t *testing.T) {
	e := newEngine(t, 1)
	a, b := e.node("a", broker.Recorded), e.node("b", broker.Recorded)
	p := a.connect(mqttwire.V5, "p", keeps)
	a.subscribe(p, sub("$share/g/t", 1))
	p.lose()
	from := b.connect(mqttwire.V5, "from")
	b.publish(from, "t", "shared", 1)
	e.pass(time.Second)
	a.cut = true
	e.pass(lease + time.Second)
	p = b.connect(mqttwire.V5, "p", keeps)
	assert.Equal(t, []string{"t shared QoS1"}, p.messages())
}

// The program is a member that nobody else has.
func TestAMessageForAGroupIsTakenByTheProgram(t *testing.T) {
	w := newBy(t, broker.Options{})
	got := 0
	s := sub("$share/g/t", 1)
	_, err := w.b.Subscribe(w.now, "", &s, func(*session.Message, session.Delivery) { got++ })
	require.NoError(t, err)
	d := loggedOn("t", "m", 1, 1, 0)
	d.Group, d.Filter = []byte("g"), []byte("t")
	assert.True(t, w.b.Arrive(w.now, d))
	assert.Equal(t, 1, got)
}
