package broker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
)

// Trap 19: a will that is not published when it should be, or twice, or too soon.
func TestAWillIsPublishedOnceAndInItsTime(t *testing.T) {
	const second = time.Second
	silent := func(p *peer) { p.w.pass(16 * second) } // its keep alive is 10 s
	lose := func(p *peer) { p.lose() }
	disconnect := func(code mqttwire.ReasonCode) func(*peer) {
		return func(p *peer) { p.send(&packets.Disconnect{ReasonCode: code}) }
	}
	malformed := func(p *peer) { p.bytes([]byte{0xC0, 1, 0}) }
	again := func(with ...func(*packets.Connect)) func(*peer) {
		return func(p *peer) { p.w.connect(mqttwire.V5, "p", with...) }
	}
	for name, test := range map[string]struct {
		delay, expiry uint32
		ends          func(*peer)
		back          time.Duration // when the client is back; 0 is not
		clean         bool          // it begins a new session then
		want          time.Duration // when the will is published; 0 is at once, less is never
	}{
		"lost":                                      {0, 0, lose, 0, false, 0},
		"silent":                                    {0, 0, silent, 0, false, 0},
		"a packet that breaks a rule":               {0, 0, malformed, 0, false, 0},
		"it says that it goes":                      {0, 60, disconnect(0), 0, false, -1},
		"it says that it goes, with the will":       {0, 60, disconnect(4), 0, false, 0},
		"it says that it goes by an error":          {0, 60, disconnect(0x83), 0, false, 0},
		"delayed":                                   {5, 60, lose, 0, false, 5 * second},
		"delayed, and the session ends before":      {60, 5, lose, 0, false, 5 * second},
		"delayed, and the session ends at once":     {60, 0, lose, 0, false, 0},
		"delayed, and it is back":                   {5, 60, lose, 3 * second, false, -1},
		"delayed, and it is back too late":          {5, 60, lose, 7 * second, false, 5 * second},
		"delayed, and it begins a new session":      {5, 60, lose, 3 * second, true, 3 * second},
		"taken over":                                {0, 60, again(keeps), 0, false, 0},
		"taken over within the delay":               {5, 60, again(keeps), 0, false, -1},
		"taken over by a new session":               {5, 60, again(), 0, false, 0},
		"taken over, and the session ends":          {5, 0, again(keeps), 0, false, 0},
		"it says that it goes with the will, later": {5, 60, disconnect(4), 0, false, 5 * second},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, broker.Options{})
			watcher := w.connect(mqttwire.V5, "watcher", func(c *packets.Connect) { c.KeepAlive = 0 })
			watcher.subscribe(0, packets.Subscription{Filter: []byte("#"), QoS: 2, RetainAsPublished: true})
			watcher.take()
			p := w.connect(mqttwire.V5, "p", func(c *packets.Connect) {
				c.CleanStart, c.KeepAlive = false, 10
				c.Properties.SetSessionExpiryInterval(test.expiry)
				c.Will = &packets.Will{Topic: []byte("w"), Payload: []byte("gone"), QoS: 1, Retain: true}
				if test.delay > 0 {
					c.Will.Properties.SetWillDelayInterval(test.delay)
				}
				c.Will.Properties.SetMessageExpiryInterval(100)
				c.Will.Properties.AddUser([]byte("k"), []byte("v"))
			})
			w.pass(second)
			test.ends(p)
			came := time.Duration(-1)
			for at := time.Duration(0); at < 80*second; at += second / 2 {
				if test.back > 0 && at == test.back {
					with := []func(*packets.Connect){keeps}
					if test.clean {
						with = nil
					}
					w.connect(mqttwire.V5, "p", with...)
				}
				for _, packet := range watcher.take() {
					m := packet.(*packets.Publish)
					assert.Equal(t, time.Duration(-1), came, "twice")
					assert.Equal(t, "w gone QoS1 retain", describe(m))
					assert.Equal(t, "[Message Expiry Interval: 100, User Property: \"k\"=\"v\"]", ordered(m))
					came = at
				}
				w.pass(second / 2)
			}
			assert.Equal(t, test.want, came)
			if test.want >= 0 {
				assert.Equal(t, 1, w.b.Stats().Retained)
			}
		})
	}
}

// ordered returns the properties of a message in words, the interval first.
func ordered(m *packets.Publish) string {
	interval, ok := m.Properties.MessageExpiryInterval()
	p := m.Properties.Clone()
	p.Remove(mqttwire.MessageExpiryInterval)
	var q mqttwire.Properties
	if ok {
		q.SetMessageExpiryInterval(interval)
	}
	for k, v := range p.User() {
		q.AddUser(k, v)
	}
	return q.String()
}

func TestTheHookPublishIsAskedAboutAWill(t *testing.T) {
	var asked []string
	w := newWorld(t, broker.Options{Hooks: broker.Hooks{Publish: func(c *broker.Peer, p *packets.Publish) mqttwire.ReasonCode {
		asked = append(asked, c.ClientID+" "+string(p.Topic))
		return mqttwire.ReasonNotAuthorized
	}}})
	q := w.connect(mqttwire.V311, "q")
	q.subscribe(0, sub("#", 0))
	p := w.connect(mqttwire.V311, "p", func(c *packets.Connect) { c.Will = &packets.Will{Topic: []byte("w")} })
	p.lose()
	assert.Equal(t, []string{"p w"}, asked)
	assert.Empty(t, q.messages())
}
