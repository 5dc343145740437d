package session_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// loop moves bytes between two Links, and takes all events.
type loop struct {
	client, server       *session.Link
	a, b                 *session.Session
	fromClient, fromHere []byte
	done, arrived        int
}

func newLoop(t testing.TB, v mqttwire.Version, o session.LinkOptions) *loop {
	l := &loop{a: session.New(session.Options{Side: mqttwire.FromClient}), b: session.New(session.Options{Side: mqttwire.FromServer})}
	o.Side = mqttwire.FromClient
	l.client = session.NewLink(o)
	o.Side = mqttwire.FromServer
	l.server = session.NewLink(o)
	require.NoError(t, l.client.Open(began, l.a, &packets.Connect{Version: v, ClientID: []byte("c"), CleanStart: true}))
	l.turn()
	require.NoError(t, l.server.Accept(began, l.b, nil))
	l.turn()
	return l
}

// turn moves everything until nothing moves.
func (l *loop) turn() {
	for {
		l.fromClient = l.client.Append(l.fromClient[:0], 1<<20)
		l.client.Wrote(began, len(l.fromClient))
		l.take(l.server, l.fromClient)
		l.fromHere = l.server.Append(l.fromHere[:0], 1<<20)
		l.server.Wrote(began, len(l.fromHere))
		l.take(l.client, l.fromHere)
		if len(l.fromClient)+len(l.fromHere) == 0 {
			l.events(l.client)
			return
		}
	}
}

func (l *loop) take(to *session.Link, b []byte) {
	if len(b) > 0 {
		to.Feed(began, b)
	}
	for {
		if _, ok := to.Packet(); !ok {
			break
		}
		to.Handle(began)
		l.events(to)
	}
	l.events(to)
}

func (l *loop) events(of *session.Link) {
	for e := of.NextEvent(); e != nil; e = of.NextEvent() {
		switch e.Kind {
		case session.Done:
			l.done++
		case session.Arrived:
			l.arrived++
			if e.Ack != 0 {
				_ = of.Session().Ack(e.Ack, 0)
			}
		}
	}
}

func TestNothingIsAllocatedWhileMessagesComeAndGo(t *testing.T) {
	for _, v := range versions {
		for _, hold := range []bool{false, true} {
			for q := range mqttwire.QoS(3) {
				l := newLoop(t, v, session.LinkOptions{Hold: hold})
				m := message("some/topic", "payload")
				both := func() {
					for range 10 {
						_, err := l.a.Publish(began, m, session.Delivery{QoS: q})
						_, err2 := l.b.Publish(began, m, session.Delivery{QoS: q})
						if err != nil || err2 != nil {
							t.Fatal(err, err2)
						}
					}
					l.turn()
				}
				for range 100 {
					both()
				}
				l.done, l.arrived = 0, 0
				assert.Zero(t, testing.AllocsPerRun(200, both), "%s QoS %d hold %t", v, q, hold)
				assert.Equal(t, 201*20, l.done)
				assert.Equal(t, 201*20, l.arrived)
			}
		}
	}
}

func TestNothingIsAllocatedForTheSubscriptionsOfAReceiver(t *testing.T) {
	for _, ids := range [][]uint32{{7}, {7, 300, 1}} {
		l := newLoop(t, mqttwire.V5, session.LinkOptions{})
		m := message("some/topic", "payload")
		send := func() {
			if _, err := l.b.Publish(began, m, session.Delivery{QoS: 1, SubscriptionIDs: ids}); err != nil {
				t.Fatal(err)
			}
			l.turn()
		}
		for range 100 {
			send()
		}
		assert.Zero(t, testing.AllocsPerRun(200, send), ids)
	}
}
