package main

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/packets"
)

// talk makes the TCP segments of connections, for what no capture at hand shows.
type talk struct {
	t        *testing.T
	version  mqttwire.Version
	now      time.Time
	segments []capture.Segment
	conns    int
}

// conn is a connection of a talk.
type conn struct {
	talk *talk
	addr [3]netip.AddrPort // by sender
	seq  [3]uint32
}

func newTalk(t *testing.T, v mqttwire.Version) *talk {
	return &talk{t: t, version: v, now: time.Unix(1700000000, 0).UTC()}
}

// open opens a connection.
func (k *talk) open() *conn {
	k.conns++
	c := &conn{talk: k}
	c.addr[mqttwire.FromClient] = netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), uint16(40000+k.conns))
	c.addr[mqttwire.FromServer] = netip.MustParseAddrPort("192.0.2.9:1883")
	c.segment(mqttwire.FromClient, capture.Segment{SYN: true})
	c.segment(mqttwire.FromServer, capture.Segment{SYN: true, ACK: true})
	return c
}

// segment adds a segment, a millisecond later.
func (c *conn) segment(from mqttwire.Sender, s capture.Segment) *conn {
	k := c.talk
	k.now = k.now.Add(time.Millisecond)
	s.Src, s.Dst, s.Seq, s.Ack, s.Time = c.addr[from], c.addr[other(from)], c.seq[from], c.seq[other(from)], k.now
	s.ACK = s.ACK || !s.SYN
	c.seq[from] += uint32(len(s.Payload))
	if s.SYN || s.FIN {
		c.seq[from]++
	}
	k.segments = append(k.segments, s)
	return c
}

// client and server send a packet each.
func (c *conn) client(p mqttwire.Packet) *conn { return c.send(mqttwire.FromClient, p) }
func (c *conn) server(p mqttwire.Packet) *conn { return c.send(mqttwire.FromServer, p) }

func (c *conn) send(from mqttwire.Sender, p mqttwire.Packet) *conn {
	c.talk.t.Helper()
	b, err := p.Append(nil, c.talk.version)
	require.NoError(c.talk.t, err)
	return c.segment(from, capture.Segment{Payload: b})
}

// wait lets time pass.
func (c *conn) wait(d time.Duration) *conn {
	c.talk.now = c.talk.now.Add(d)
	return c
}

// connects begins a session that is new.
func (c *conn) connects(id string, props func(*packets.Connect, *packets.Connack)) *conn {
	p, q := &packets.Connect{Version: c.talk.version, ClientID: []byte(id), CleanStart: true, KeepAlive: 10}, &packets.Connack{}
	if props != nil {
		props(p, q)
	}
	return c.client(p).server(q)
}

// closes ends the connection, the given side first.
func (c *conn) closes(first mqttwire.Sender) *conn {
	return c.segment(first, capture.Segment{FIN: true}).segment(other(first), capture.Segment{FIN: true})
}

// events returns what package capture makes of it.
func (k *talk) events() (events []capture.Event) {
	for e, err := range capture.Iterate(func(yield func(capture.Segment) bool) {
		for _, s := range k.segments {
			if !yield(s) {
				return
			}
		}
	}, capture.Options{}) {
		require.NoError(k.t, err)
		events = append(events, e)
	}
	return events
}

// follow follows the connections, and returns them as they end.
func (k *talk) follow() (over []*connection) {
	f := newFollower()
	f.onOver = func(c *connection) { over = append(over, c) }
	for _, e := range k.events() {
		f.take("", &e)
	}
	f.end()
	require.Zero(k.t, f.spent, "what was kept is given back")
	require.Empty(k.t, f.open)
	require.Empty(k.t, f.names)
	return over
}
