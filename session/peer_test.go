package session_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
	"github.com/mqttwire/mqttwire/sessiontest"
)

// peer is the other side of a Link.
type peer struct {
	*sessiontest.Peer
	t testing.TB
	v mqttwire.Version
}

// against describes the Link that a peer is against.
type against = sessiontest.Options

// newPeer returns a peer of a connection that is open.
func newPeer(t testing.TB, v mqttwire.Version, a against) *peer {
	if a.Version = v; a.Now.IsZero() {
		a.Now = began
	}
	return &peer{sessiontest.Connect(t, a), t, v}
}

// peerOf returns a peer of a connection that a test opens itself.
func peerOf(t testing.TB, v mqttwire.Version, l *session.Link, s *session.Session) *peer {
	return &peer{sessiontest.NewPeer(t, v, l, s, began), t, v}
}

// closed returns why the Link has closed.
func (p *peer) closed() session.Cause {
	p.Got()
	c, ok := p.Link.Closed()
	require.True(p.t, ok)
	return c
}

// publish publishes a message.
func (p *peer) publish(payload string, q mqttwire.QoS) session.Token {
	t, err := p.Session.Publish(p.Now, message("t", payload), session.Delivery{QoS: q})
	require.NoError(p.t, err)
	return t
}

// arriving returns a PUBLISH of the peer.
func arriving(id uint16, q mqttwire.QoS) *packets.Publish {
	return &packets.Publish{Topic: []byte("t"), Payload: []byte{byte(id)}, PacketID: id, QoS: q}
}

// again returns the PUBLISH with DUP.
func again(p *packets.Publish) *packets.Publish {
	q := *p
	q.Dup = true
	return &q
}

// both sides of a connection.
var sides = []mqttwire.Sender{mqttwire.FromClient, mqttwire.FromServer}
