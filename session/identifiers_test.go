package session_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// sentID publishes a message of QoS 2 and returns its packet identifier.
func (p *peer) sentID(payload string) uint16 {
	p.publish(payload, mqttwire.ExactlyOnce)
	got := p.Got()
	require.Len(p.t, got, 1)
	return got[0].(*packets.Publish).PacketID
}

// finish ends the exchange of a message of QoS 2.
func (p *peer) finish(id uint16) {
	p.Say(&packets.Pubrec{PacketID: id})
	p.Got()
	p.Say(&packets.Pubcomp{PacketID: id})
	p.Got()
}

// A peer may have a message of QoS 2 left that the session knows nothing of any more, as one for
// which two clients with one client identifier fight. It takes the next one with that packet
// identifier for the same, and does not hand it on. [MQTT-4.3.3-10]
func TestIdentifiersGoOnWhenASessionWasIdle(t *testing.T) {
	for _, v := range versions {
		for _, side := range sides {
			p := newPeer(t, v, against{Side: side})
			for _, want := range []uint16{1, 2, 3} {
				id := p.sentID("m")
				assert.Equal(t, want, id, "%s %s", v, side)
				p.finish(id)
				p.Link.Release()
			}
		}
	}
}

func TestIdentifiersGoOnAfterARestart(t *testing.T) {
	o := session.Options{Side: mqttwire.FromClient, Journal: true}
	connect := func(s *session.Session) *peer {
		return newPeer(t, mqttwire.V311, against{Side: mqttwire.FromClient, Old: s})
	}
	s := session.New(o)
	p := connect(s)
	p.finish(p.sentID("m"))
	p.finish(p.sentID("m"))
	snapshot := s.AppendSnapshot(nil)
	for name, restored := range map[string]func() (*session.Session, session.Report, error){
		"a snapshot": func() (*session.Session, session.Report, error) { return session.Restore(o, began, snapshot, nil) },
		"changes": func() (*session.Session, session.Report, error) {
			return session.Restore(o, began, nil, slices.Values(p.Changes))
		},
	} {
		again, _, err := restored()
		require.NoError(t, err, name)
		assert.Equal(t, snapshot, again.AppendSnapshot(nil), name)
		assert.Equal(t, uint16(3), connect(again).sentID("m"), name)
	}
}
