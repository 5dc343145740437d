package sessiontest

import (
	"bytes"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// Options describe the connection that a Peer is the other side of.
type Options struct {
	// Side is who the Link is, FromClient or FromServer. The Peer is the other one.
	Side mqttwire.Sender

	// Version is that of the connection; 0 is 5.0.
	Version mqttwire.Version

	// Session and Link are the options of the side that is tested. Their Side is set.
	Session session.Options
	Link    session.LinkOptions

	// Connect and Connack open the connection. The version is set, and a ClientID that is
	// nil is "c".
	Connect packets.Connect
	Connack packets.Connack

	// Old is a session that goes on, in place of one made of Session; nil is a new one.
	Old *session.Session

	// Now is the time at which the connection begins; the zero time is the begin of 2026.
	Now time.Time
}

// Peer is the other side of a Link: a script of packets that come, which may break any
// rule, and what goes. It does the four steps of a driver: what comes about is taken from
// the session into Changes and Events, as copies.
type Peer struct {
	Link    *session.Link
	Session *session.Session
	Now     time.Time         // that the Link is told; a test may move it on
	Opened  []mqttwire.Packet // that went while the connection was opened, but for CONNECT and CONNACK
	Events  []session.Event   // so far; a test may take them out
	Changes [][]byte          // so far
	t       TB
	version mqttwire.Version
}

// NewPeer returns the peer of a connection of that version which the caller opens, by calls of
// the Link and with Feed.
func NewPeer(t TB, v mqttwire.Version, l *session.Link, s *session.Session, now time.Time) *Peer {
	return &Peer{t: t, version: v, Link: l, Session: s, Now: now}
}

// Connect returns the peer of a connection that it has opened.
func Connect(t TB, o Options) *Peer {
	t.Helper()
	if o.Version == 0 {
		o.Version = mqttwire.V5
	}
	if o.Now.IsZero() {
		o.Now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	o.Session.Side, o.Link.Side = o.Side, o.Side
	if o.Old == nil {
		o.Old = session.New(o.Session)
	}
	if o.Connect.Version = o.Version; o.Connect.ClientID == nil {
		o.Connect.ClientID = []byte("c")
	}
	p := NewPeer(t, o.Version, session.NewLink(o.Link), o.Old, o.Now)
	if o.Side == mqttwire.FromClient {
		p.must("Open", p.Link.Open(p.Now, p.Session, &o.Connect))
		p.Got()
		p.Say(&o.Connack)
		p.Opened = p.Got()
		return p
	}
	p.Feed(&o.Connect)
	if _, ok := p.Link.Packet(); !ok {
		cause, _ := p.Link.Closed()
		t.Fatalf("the CONNECT is refused: %v", cause)
	}
	p.must("Accept", p.Link.Accept(p.Now, p.Session, &o.Connack))
	p.Opened = p.Got()
	if len(p.Opened) > 0 {
		p.Opened = p.Opened[1:]
	}
	return p
}

func (p *Peer) must(what string, err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
}

// Say lets packets come, and handles them in the usual way.
func (p *Peer) Say(list ...mqttwire.Packet) {
	p.t.Helper()
	p.Feed(list...)
	p.handle()
}

// SayBytes lets bytes come, which need be no packets, and handles what is in them.
func (p *Peer) SayBytes(b []byte) {
	p.Link.Feed(p.Now, b)
	p.handle()
}

// Feed lets packets come, and handles nothing: for a test that calls Link.Packet itself.
func (p *Peer) Feed(list ...mqttwire.Packet) {
	p.t.Helper()
	var b []byte
	for _, packet := range list {
		out, err := packet.Append(b, p.version)
		p.must("the packet cannot be encoded", err)
		b = out
	}
	p.Link.Feed(p.Now, b)
}

func (p *Peer) handle() {
	for _, ok := p.Link.Packet(); ok; _, ok = p.Link.Packet() {
		p.Link.Handle(p.Now)
		p.Take()
	}
	p.Take()
}

// Take takes changes and events. All methods but Feed do so.
func (p *Peer) Take() {
	for c, ok := p.Session.Change(); ok; c, ok = p.Session.Change() {
		p.Changes = append(p.Changes, bytes.Clone(c.Data))
	}
	for e, ok := p.Link.Event(); ok; e, ok = p.Link.Event() {
		if e.Packet != nil {
			e.Packet = packets.Clone(e.Packet)
		}
		p.Events = append(p.Events, e)
	}
}

// Got returns the packets that the Link has written since the last call.
func (p *Peer) Got() (list []mqttwire.Packet) {
	p.t.Helper()
	for {
		p.Take()
		b := p.Link.Append(nil, 1<<20)
		p.Link.Wrote(p.Now, len(b))
		p.Take()
		if len(b) == 0 {
			return list
		}
		for len(b) > 0 {
			f, rest, err := mqttwire.CutFrame(b, 0)
			p.must("what is written is no packet", err)
			packet, err := packets.Decode(f, p.version)
			p.must("what is written is no packet", err)
			list, b = append(list, packet), rest
		}
	}
}

// All returns the events of a kind, so far.
func (p *Peer) All(k session.Kind) (list []session.Event) {
	for _, e := range p.Events {
		if e.Kind == k {
			list = append(list, e)
		}
	}
	return list
}

// Advance moves the time on, and tells it to the Link and the session.
func (p *Peer) Advance(d time.Duration) {
	p.Now = p.Now.Add(d)
	p.Link.Tick(p.Now)
	p.Session.Tick(p.Now)
	p.Take()
}

// Cut ends the connection without a packet.
func (p *Peer) Cut() {
	p.Link.Lost(p.Now, nil)
	p.Take()
}

// Closed reports whether the connection has ended, and why.
func (p *Peer) Closed() (session.Cause, bool) {
	p.t.Helper()
	p.Got()
	return p.Link.Closed()
}
