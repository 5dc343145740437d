package session_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// withWill returns a pair whose client has a will.
func withWill(t *testing.T, v mqttwire.Version, delay, expiry uint32) *pair {
	p := newPair(t, v, session.Options{}, session.Options{})
	p.connect.Will = &packets.Will{Topic: []byte("gone"), Payload: []byte("bye"), QoS: 1, Retain: true}
	if v == mqttwire.V5 {
		p.connect.Properties.SetSessionExpiryInterval(expiry)
		p.connect.Will.Properties.SetWillDelayInterval(delay)
		p.connect.Will.Properties.SetContentType([]byte("text"))
	}
	p.open()
	return p
}

// wills returns the wills that are due.
func (p *pair) wills() (list []*session.Message) {
	for _, e := range p.ofServer(session.WillDue) {
		list = append(list, e.Message)
	}
	return list
}

func TestAWillIsPublishedUnlessTheClientSaysThatItGoes(t *testing.T) { // [MQTT-3.1.2-8] [MQTT-3.14.4-3] [trap 19]
	for _, v := range versions {
		for name, end := range map[string]struct {
			way  func(p *pair)
			want int
		}{
			"lost":       {func(p *pair) { p.cut() }, 1},
			"disconnect": {func(p *pair) { _ = p.client.link.Disconnect(p.now, nil); p.run() }, 0},
			"by us": {func(p *pair) {
				_ = p.server.link.Disconnect(p.now, &packets.Disconnect{ReasonCode: code(v, 0x8B)})
				p.run()
			}, 1},
			"silence": {func(p *pair) { p.now = p.now.Add(100 * time.Second); p.server.link.Tick(p.now); p.run() }, 1},
			"with will": {func(p *pair) {
				if v == mqttwire.V5 {
					_ = p.client.link.Disconnect(p.now, &packets.Disconnect{ReasonCode: mqttwire.ReasonDisconnectWithWillMessage})
				} else {
					p.client.link.Lost(p.now, nil)
					p.server.link.Lost(p.now, nil)
				}
				p.run()
			}, 1},
		} {
			p := withWill(t, v, 0, 100)
			_, ok := p.server.session.Will()
			require.True(t, ok)
			end.way(p)
			wills := p.wills()
			require.Len(t, wills, end.want, "%s %s", v, name)
			if end.want == 1 {
				assert.Equal(t, "gone", string(wills[0].Topic()))
				assert.Equal(t, "bye", string(wills[0].Payload()))
				published := wills[0].Publish()
				assert.True(t, published.Retain)
				assert.False(t, published.Properties.Has(mqttwire.WillDelayInterval))
				assert.Equal(t, v == mqttwire.V5, published.Properties.Has(mqttwire.ContentType))
			}
			_, ok = p.server.session.Will()
			assert.False(t, ok)
		}
	}
}

func TestAWillWaitsForItsDelayOrTheEndOfTheSession(t *testing.T) { // [MQTT-3.1.3-9] [trap 19]
	for _, c := range []struct{ delay, expiry, at uint32 }{{5, 100, 5}, {100, 5, 5}, {5, 0, 0}, {5, 1<<32 - 1, 5}, {7, 7, 7}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			p := withWill(t, mqttwire.V5, c.delay, c.expiry)
			p.cut()
			if c.at == 0 {
				require.Len(t, p.wills(), 1)
				return
			}
			assert.Empty(t, p.wills())
			at, ok := p.server.session.Deadline()
			require.True(t, ok)
			assert.Equal(t, p.now.Add(time.Duration(c.at)*time.Second), at)
			p.server.session.Tick(at.Add(-1))
			assert.Empty(t, p.wills())
			p.server.session.Tick(at)
			assert.Len(t, p.wills(), 1)
			p.server.session.Tick(at.Add(1000 * time.Second))
			assert.Len(t, p.wills(), 1, "once")
		})
	}
}

func TestAWillIsNotPublishedIfTheClientIsBackInTime(t *testing.T) { // [MQTT-3.1.3-9]
	for _, clean := range []bool{false, true} {
		p := withWill(t, mqttwire.V5, 50, 100)
		p.cut()
		p.now = p.now.Add(20 * time.Second)
		p.connect.CleanStart = clean
		p.connect.Will = nil
		p.open()
		want := 0
		if clean {
			want = 1 // the session has ended
		}
		assert.Len(t, p.server.all(session.WillDue), want)
		_, ok := p.server.session.Will()
		assert.False(t, ok)
		p.cut()
		p.server.session.Tick(p.now.Add(99 * time.Second))
		assert.Len(t, p.wills(), want)
	}
}

func TestAWillThatWasPublishedOutlivesNoReconnect(t *testing.T) {
	p := withWill(t, mqttwire.V5, 5, 100)
	p.cut()
	p.server.session.Tick(p.now.Add(6 * time.Second))
	require.Len(t, p.wills(), 1)
	p.open()
	p.cut()
	p.server.session.Tick(p.now.Add(12 * time.Second))
	assert.Len(t, p.wills(), 2, "that of the second connection")
}

func TestATakeoverPublishesTheWillThatHasNoDelay(t *testing.T) { // [MQTT-3.1.4-3]
	p := withWill(t, mqttwire.V5, 0, 100)
	require.NoError(t, p.server.link.Disconnect(p.now, &packets.Disconnect{ReasonCode: mqttwire.ReasonSessionTakenOver}))
	assert.Nil(t, p.server.session.Link())
	p.move(&p.server, &p.client)
	require.Len(t, p.client.all(session.Disconnected), 1)
	assert.Equal(t, mqttwire.ReasonSessionTakenOver, p.client.all(session.Disconnected)[0].Code)
	p.open()
	assert.Len(t, p.server.all(session.WillDue), 1)
}

func TestAWillThatTheServerDoesNotTakeIsNotAccepted(t *testing.T) { // [MQTT-3.2.2-12] [MQTT-3.2.2-13]
	for _, c := range []struct {
		qos    mqttwire.QoS
		retain bool
		err    error
	}{{1, false, nil}, {2, false, session.ErrNotSupported}, {1, true, session.ErrNotSupported}} {
		l := session.NewLink(session.LinkOptions{Side: mqttwire.FromServer})
		will := &packets.Will{Topic: []byte("gone"), QoS: c.qos, Retain: c.retain}
		b, err := (&packets.Connect{Version: mqttwire.V5, ClientID: []byte("c"), Will: will}).Append(nil, mqttwire.V5)
		require.NoError(t, err)
		l.Feed(began, b)
		_, ok := l.Packet()
		require.True(t, ok)
		var a packets.Connack
		a.Properties.SetMaximumQoS(1)
		a.Properties.SetRetainAvailable(false)
		assert.ErrorIs(t, l.Accept(began, session.New(session.Options{Side: mqttwire.FromServer}), &a), c.err)
		if c.err != nil {
			assert.NoError(t, l.Refuse(began, &packets.Connack{ReasonCode: mqttwire.ReasonQoSNotSupported}))
		}
	}
}
