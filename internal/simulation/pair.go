package simulation

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// Terms are what the two sides announce on one connection.
type Terms struct {
	CleanStart     bool
	Expiry         uint32    // of the session, in seconds
	ReceiveMaximum [2]uint16 // of client and server; 0 is not announced
	AliasMaximum   [2]uint16
	PacketSize     [2]uint32 // the largest packet; 0 is not announced
	Hold           [2]bool   // the application acknowledges messages itself
	Aliases        int       // how many each side sets at most
}

// Pair is a client and a server, and the bytes between them.
type Pair struct {
	t           TB
	version     mqttwire.Version
	client      *end
	server      *end
	now         time.Time
	terms       Terms
	connections int
	era         int // how often a side has lost its session
	published   int
	clean       bool
	forgotten   bool // the server has lost the session, and the client has not heard of it
	ledger      *ledger
	seen        map[string]int // payloads that were written, and the era of the pair in which they last were
}

// Began is when the time of every pair begins.
var Began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// NewPair returns a pair that is not connected.
func NewPair(t TB, v mqttwire.Version, client, server session.Options) *Pair {
	p := &Pair{t: t, version: v, now: Began, ledger: newLedger(t), seen: map[string]int{}}
	p.client, p.server = newEnd(p, mqttwire.FromClient, client), newEnd(p, mqttwire.FromServer, server)
	return p
}

// Connected reports whether there is a connection, open or not.
func (p *Pair) Connected() bool { return p.client.link != nil }

// Connect makes a new connection.
func (p *Pair) Connect(terms Terms) {
	p.t.Helper()
	if p.Connected() {
		p.Cut()
	}
	if p.forgotten && p.version == mqttwire.V31 {
		terms.CleanStart = true // no CONNACK tells
	}
	p.terms = terms
	p.connections++
	for i, e := range []*end{p.client, p.server} {
		e.link = session.NewLink(session.LinkOptions{Side: e.side, Hold: terms.Hold[i], TopicAliases: terms.Aliases})
		e.out, e.handed = wire{}, nil
		e.watcher = newWatcher(p, e.side)
	}
	p.server.link.Tick(p.now)
	connect := packets.Connect{Version: p.version, ClientID: []byte("c"), CleanStart: terms.CleanStart, KeepAlive: 60}
	if p.version == mqttwire.V5 {
		connect.Properties.SetSessionExpiryInterval(terms.Expiry)
		terms.announce(&connect.Properties, 0)
		p.server.watcher.maximum = int(terms.ReceiveMaximum[0])
		p.client.watcher.maximum = int(terms.ReceiveMaximum[1])
	}
	if err := p.client.link.Open(p.now, p.client.session, &connect); err != nil {
		p.t.Fatalf("Open: %v", err)
	}
	if p.forgotten { // a client that does not get this CONNACK takes the next session for the old one
		p.Run()
	}
}

func (terms *Terms) announce(p *mqttwire.Properties, side int) {
	if n := terms.ReceiveMaximum[side]; n > 0 {
		p.SetReceiveMaximum(n)
	}
	if n := terms.AliasMaximum[side]; n > 0 {
		p.SetTopicAliasMaximum(n)
	}
	if n := terms.PacketSize[side]; n > 0 {
		p.SetMaximumPacketSize(n)
	}
}

// accept answers the CONNECT.
func (p *Pair) accept() {
	p.t.Helper()
	var connack packets.Connack
	if p.version == mqttwire.V5 {
		p.terms.announce(&connack.Properties, 1)
	}
	if p.clean && p.server.session.Stats() != (session.Stats{}) {
		p.era++
	}
	if p.clean {
		p.era++
	}
	err := p.server.link.Accept(p.now, p.server.session, &connack)
	if err == session.ErrEnded { // and was not told yet
		p.server.takeEvents()
		err = p.server.link.Accept(p.now, p.server.session, &connack)
	}
	if err != nil {
		p.t.Fatalf("Accept: %v", err)
	}
	p.server.takeChanges()
	p.server.takeEvents()
}

// connected sees the CONNACK at the client.
func (p *Pair) connected(c *packets.Connack) {
	p.forgotten = false
	if !c.SessionPresent && p.version != mqttwire.V31 {
		p.era++
	}
}

// Cut ends the connection without a packet: what is on the way is lost.
func (p *Pair) Cut() {
	p.t.Helper()
	for _, e := range []*end{p.client, p.server} {
		if e.link != nil {
			e.link.Lost(p.now, nil)
			e.drive(0)
			e.unlink()
		}
	}
}

// Publish publishes a message at a side; the payload names it.
func (p *Pair) Publish(e *end, topic string, q mqttwire.QoS, size int, expiry uint32) session.Token {
	p.t.Helper()
	p.published++
	payload := fmt.Sprintf("%*s#%d", size, e.side, p.published)
	packet := packets.Publish{Topic: []byte(topic), Payload: []byte(payload)}
	if expiry > 0 && p.version == mqttwire.V5 {
		packet.Properties.SetMessageExpiryInterval(expiry)
		packet.Properties.SetTopicAlias(1) // as one that came has
	}
	token, err := e.session.Publish(p.now, session.NewMessage(p.now, &packet), session.Delivery{QoS: q})
	switch {
	case err == session.ErrNotConnected && q == mqttwire.AtMostOnce, err == session.ErrQueueFull,
		err == session.ErrEnded && e.side == mqttwire.FromServer:
		return 0
	case err != nil:
		p.t.Fatalf("Publish: %v", err)
	}
	m := &entry{payload: payload, topic: topic, from: e.side, qos: q, token: token, era: p.era}
	if expiry > 0 && p.version == mqttwire.V5 {
		m.expires = p.now.Add(time.Duration(expiry) * time.Second)
	}
	p.ledger.published(m)
	return token
}

// Send sends a message of QoS 0 at a side, of which nobody hears how it ended.
func (p *Pair) Send(e *end, topic string, size int) {
	p.t.Helper()
	p.published++
	payload := fmt.Sprintf("%*s#%d", size, e.side, p.published)
	if e.link == nil {
		return
	}
	switch err := e.link.Send(p.now, &packets.Publish{Topic: []byte(topic), Payload: []byte(payload)}); {
	case err == session.ErrNotConnected, err == session.ErrQueueFull, errors.Is(err, mqttwire.ErrTooLarge):
		return
	case err != nil:
		p.t.Fatalf("Send: %v", err)
	}
	m := &entry{payload: payload, topic: topic, from: e.side, era: p.era, silent: true}
	p.ledger.messages, p.ledger.byName[payload], p.ledger.sent[payload] = append(p.ledger.messages, m), m, true
}

// written sees a whole PUBLISH written: one that was before is marked as such, unless
// the session it was written in is lost [MQTT-3.3.1-1]; one that has expired is not
// begun [MQTT-3.3.2-5], and others say what is left [MQTT-3.3.2-6].
func (p *Pair) written(from mqttwire.Sender, m *packets.Publish) {
	p.t.Helper()
	name := string(m.Payload)
	e, era := p.ledger.byName[name], -1
	if before, was := p.seen[name]; was {
		era = before
	}
	switch {
	case e == nil || e.from != from:
		p.t.Fatalf("%v has written a message that it has not published: %q", from, name)
	case era == p.era && m.QoS != mqttwire.AtMostOnce && !m.Dup:
		p.t.Fatalf("%v has written a message again without DUP [MQTT-3.3.1-1]: %v", from, e)
	case era < 0 && !m.Dup && !e.expires.IsZero() && !p.now.Before(e.expires):
		p.t.Fatalf("%v has begun a message that has expired [MQTT-3.3.2-5]: %v", from, e)
	}
	if left, says := m.Properties.MessageExpiryInterval(); says && left != uint32(max(0, e.expires.Sub(p.now))/time.Second) {
		p.t.Fatalf("%v says that %d seconds are left [MQTT-3.3.2-6]: %v", from, left, e)
	}
	p.seen[name] = p.era
}

// Cancel withdraws a message.
func (p *Pair) Cancel(m *entry) {
	if p.ledger.sent[m.payload] {
		return // which has no token
	}
	e := p.client
	if m.from == mqttwire.FromServer {
		e = p.server
	}
	if p.ledger.byToken[m.from][m.token] != m {
		return // of a session that is gone
	}
	switch got := e.session.Cancel(m.token); {
	case got == session.CanceledNotSent && !m.ended && !m.silent:
		m.ended, m.withdrawn, m.outcome = true, true, session.NotSent
	case got == session.CanceledSent && !m.ended && !m.silent:
		m.silent = true
	case got == session.CanceledUnknown && (m.ended || m.silent || m.lost):
	case got == session.CanceledSent && m.silent:
	default:
		e.drive(len(e.handed)) // its end may be among the events
		if got != session.CanceledUnknown || !m.ended {
			p.t.Fatalf("Cancel returns %d: %v", got, m)
		}
	}
}

// Move lets a side write up to n bytes, and the other one receive up to m.
func (p *Pair) Move(from *end, n, m int) {
	p.t.Helper()
	from.drive(n)
	from.write(n)
	from.drive(0)
	from.peer().receive(m)
	p.closed()
}

// closed ends a connection that one side wants to be closed.
func (p *Pair) closed() {
	p.t.Helper()
	for _, e := range []*end{p.client, p.server} {
		if e.link == nil {
			continue
		}
		if cause, ok := e.link.Closed(); ok {
			if cause.Kind == session.PacketRefused || cause.Kind == session.ReceiveMaximumExceeded || cause.Kind == session.IdentifierInUse {
				p.t.Fatalf("%v has closed: %v", e.side, cause)
			}
			p.Cut()
			return
		}
	}
}

// Run lets everything run until nothing moves, as long as there is a connection.
func (p *Pair) Run() {
	p.t.Helper()
	for range 10_000 {
		moved := false
		for _, e := range []*end{p.client, p.server} {
			if e.link == nil {
				continue
			}
			before, waits := len(e.out.bytes), e.out.waiting()
			p.Move(e, 1<<20, 1<<20)
			moved = moved || len(e.out.bytes) != before || waits > 0
		}
		for _, e := range []*end{p.client, p.server} {
			for len(e.acks) > 0 {
				e.acknowledge(0, 0)
				moved = true
			}
			e.drive(len(e.handed))
		}
		if !moved {
			return
		}
	}
	p.t.Fatalf("it does not come to rest")
}

// Settle lets everything run to its end, over a new connection if there is none, and
// holds every message to what was promised.
func (p *Pair) Settle() {
	p.t.Helper()
	for range 3 {
		if !p.Connected() {
			p.Connect(Terms{Expiry: 3600, Aliases: -1})
		}
		p.Run()
	}
	if !p.Connected() {
		p.t.Fatalf("no connection holds")
	}
	resendAll := p.client.options.OnLost == session.ResendAll
	p.ledger.settled(p.era, p.seen, resendAll)
	for _, e := range []*end{p.client, p.server} {
		st := e.session.Stats()
		if st.Waiting+st.InFlight+st.Released+st.Requests+st.Received+st.Bytes+st.IDs != 0 {
			p.t.Fatalf("%v: nothing is under way, and %+v", e.side, st)
		}
		if len(e.link.Append(nil, 1)) != 0 {
			p.t.Fatalf("%v: there is something to be written", e.side)
		}
	}
	if asked, granted := filters(p.client.session), filters(p.server.session); !slices.Equal(asked, granted) {
		p.t.Fatalf("the client is subscribed to %q, and the server has %q", asked, granted)
	}
}

// filters returns those that a session is subscribed to, sorted.
func filters(s *session.Session) (list []string) {
	for sub := range s.Subscriptions() {
		list = append(list, string(sub.Filter))
	}
	slices.Sort(list)
	return list
}

// Advance moves the time on, when all that was begun is written.
func (p *Pair) Advance(d time.Duration) {
	p.t.Helper()
	for _, e := range []*end{p.client, p.server} {
		e.drive(1 << 20)
		e.write(1 << 20)
	}
	p.now = p.now.Add(d)
	for _, e := range []*end{p.client, p.server} {
		e.tick(p.now)
		e.drive(len(e.handed))
	}
	p.closed()
}

// Subscribe asks for a subscription, or for the end of one.
func (p *Pair) Subscribe(filter string, off bool) {
	p.t.Helper()
	var token session.Token
	var err error
	if off {
		token, err = p.client.session.Unsubscribe(p.now, &packets.Unsubscribe{Filters: [][]byte{[]byte(filter)}})
	} else {
		token, err = p.client.session.Subscribe(p.now, &packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: []byte(filter)}}})
	}
	if err != nil {
		p.t.Fatalf("Subscribe: %v", err)
	}
	p.ledger.requests[token] = false
}

// LoseServer makes the server forget its session.
func (p *Pair) LoseServer() {
	p.t.Helper()
	p.Cut()
	for _, m := range p.ledger.byToken[mqttwire.FromServer] {
		m.lost = true
	}
	p.server.renew()
	p.era++
}
