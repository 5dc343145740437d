package session_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

func TestAFilterThatStandsTwiceInASubscribeIsOneSubscription(t *testing.T) {
	o := session.Options{Side: mqttwire.FromClient, Subscriptions: session.Bounds{Count: 2, Bytes: 2 * (64 + 1)}}
	s := session.New(o)
	_, err := s.Subscribe(began, asking(0, "a", "a", "b", "a"))
	require.NoError(t, err)
	assert.Equal(t, 2, s.Stats().Filters)
	_, err = s.Subscribe(began, asking(0, "a", "c", "a"))
	assert.ErrorIs(t, err, session.ErrQueueFull)
	assert.Equal(t, 2, s.Stats().Filters)
}

const onlyB = "b 1 false false 0 0"

// unsubscribing returns a journaled pair whose client has subscribed to a and b, and has asked
// for the end of a, which the server has not got yet.
func unsubscribing(t *testing.T, v mqttwire.Version) *pair {
	p := newPair(t, v, session.Options{Journal: true}, session.Options{Journal: true})
	if v == mqttwire.V5 {
		p.connect.Properties.SetSessionExpiryInterval(1000)
	}
	p.open()
	p.subscribe("a", "b")
	_, err := p.client.session.Unsubscribe(p.now, leaving(0, "a"))
	require.NoError(t, err)
	assert.Equal(t, []string{onlyB}, subscriptions(p.client.session))
	_, _, ok := p.client.session.Subscription([]byte("a"))
	assert.False(t, ok)
	assert.Equal(t, 1, p.client.session.Stats().Filters)
	return p
}

func TestAnUnsubscribeThatIsOpenAtACrashIsSentAgain(t *testing.T) {
	for _, v := range versions {
		for _, snapshot := range []bool{false, true} {
			p := unsubscribing(t, v)
			p.write(&p.client)
			if snapshot {
				p.client.options.Journal = false
				s, _, err := session.Restore(p.client.options, p.now, p.client.session.AppendSnapshot(nil), nil)
				require.NoError(t, err)
				p.cut()
				p.client.session = s
			} else {
				p.crash(&p.client)
			}
			assert.Equal(t, []string{onlyB}, subscriptions(p.client.session))
			require.Len(t, subscriptions(p.server.session), 2)
			p.server.wire = nil
			p.open()
			assert.Equal(t, []string{onlyB}, subscriptions(p.server.session), v)
			sent := 0
			for _, packet := range p.server.wire {
				if q, ok := packet.(*packets.Unsubscribe); ok {
					assert.Equal(t, [][]byte{[]byte("a")}, q.Filters)
					sent++
				}
			}
			assert.Equal(t, 1, sent)
			assert.Empty(t, p.client.all(session.Dropped))
			p.cut()
			p.server.wire = nil
			p.open()
			for _, packet := range p.server.wire {
				assert.NotEqual(t, mqttwire.UNSUBSCRIBE, packet.Type(), "it was answered")
			}
		}
	}
}

func TestAnUnsubscribeThatIsOpenIsOverIfTheServerHasLostTheSession(t *testing.T) {
	for _, crash := range []bool{false, true} {
		p := unsubscribing(t, mqttwire.V5)
		p.write(&p.client)
		if crash {
			p.crash(&p.client)
		} else {
			p.cut()
		}
		p.forget()
		p.open()
		assert.Equal(t, []string{onlyB}, subscriptions(p.server.session))
		assert.Equal(t, []string{onlyB}, subscriptions(p.client.session))
		p.cut()
		p.server.wire = nil
		p.open()
		assert.Len(t, p.server.wire, 1, "the CONNECT alone")
	}
}

func TestASubscribeBehindAnUnsubscribeThatIsOpenIsKept(t *testing.T) {
	for _, crash := range []bool{false, true} {
		p := unsubscribing(t, mqttwire.V5)
		_, err := p.client.session.Subscribe(p.now, asking(0, "a"))
		require.NoError(t, err)
		p.write(&p.client)
		if crash {
			p.crash(&p.client)
			p.open()
		}
		p.run()
		assert.ElementsMatch(t, []string{"a 1 false false 0 0", onlyB}, subscriptions(p.client.session))
		assert.ElementsMatch(t, []string{"a 1 false false 0 0", onlyB}, subscriptions(p.server.session))
	}
}

func TestAnUnsubscribeThatTheServerHasNotSeenLeavesTheSubscription(t *testing.T) {
	p := newPair(t, mqttwire.V5, session.Options{Journal: true}, session.Options{})
	p.connect.Properties.SetSessionExpiryInterval(1000)
	p.open()
	p.subscribe("a", "b")
	token, err := p.client.session.Unsubscribe(p.now, leaving(0, "a", "a"))
	require.NoError(t, err)
	assert.Equal(t, session.CanceledNotSent, p.client.session.Cancel(token))
	p.run()
	assert.ElementsMatch(t, subscriptions(p.server.session), subscriptions(p.client.session))
	require.Len(t, subscriptions(p.client.session), 2)
	token, err = p.client.session.Unsubscribe(p.now, leaving(0, "a"))
	require.NoError(t, err)
	p.write(&p.client)
	assert.Equal(t, session.CanceledSent, p.client.session.Cancel(token))
	p.run()
	assert.Equal(t, []string{onlyB}, subscriptions(p.client.session))
	assert.Equal(t, []string{onlyB}, subscriptions(p.server.session))
}
