package simulation

import (
	"bytes"
	"slices"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// end is one side of a pair: its session and link, and the driver that does with
// their outputs what a program would do, in the order that is asked for.
type end struct {
	pair    *Pair
	side    mqttwire.Sender
	options session.Options
	session *session.Session
	link    *session.Link
	watcher *watcher
	out     wire   // what it writes
	handed  []byte // handed out by the core, and not yet written
	durable store
	acks    []held
	late    []held   // of connections that have ended
	recent  []*entry // taken on since changes were made durable
}

// held is a message whose acknowledgement the application has still to give.
type held struct {
	token   session.AckToken
	payload string
	number  int // of the connection
}

// store is what a side has made durable: a snapshot, and the changes after it.
type store struct {
	snapshot []byte
	changes  [][]byte
}

func newEnd(p *Pair, side mqttwire.Sender, o session.Options) *end {
	o.Side = side
	e := &end{pair: p, side: side, options: o}
	e.renew()
	return e
}

// renew gives the side a session that begins.
func (e *end) renew() {
	e.session = session.New(e.options)
	e.durable, e.late = store{}, nil
	e.pair.forgotten = e.side == mqttwire.FromServer && e.pair.connections > 0
	clear(e.pair.ledger.byToken[e.side]) // its tokens begin anew
}

// peer returns the other side.
func (e *end) peer() *end {
	if e == e.pair.client {
		return e.pair.server
	}
	return e.pair.client
}

// drive does what a driver does until there is nothing more to do: changes, events,
// and up to max bytes.
func (e *end) drive(max int) {
	for {
		e.takeChanges()
		e.takeEvents()
		n := len(e.handed)
		if e.link != nil && max > n {
			e.append(max - n)
		}
		if len(e.handed) == n && !e.takeChanges() {
			return
		}
	}
}

// append lets the core hand out up to n bytes, and holds it to what it says of them before.
func (e *end) append(n int) {
	e.pair.t.Helper()
	has, before := e.link.HasOutput(), len(e.handed)
	e.handed = e.link.Append(e.handed, n)
	switch any := len(e.handed) > before; {
	case any && !has:
		e.pair.t.Fatalf("%v: there is no output, and %d bytes come", e.side, len(e.handed)-before)
	case has && !any && !e.takeChanges() && e.link.HasOutput():
		e.pair.t.Fatalf("%v: there is output, and nothing comes", e.side)
	}
}

// unlink lets go the connection, of which the application still has what it held.
func (e *end) unlink() {
	e.late = append(e.late, e.acks...)
	e.link, e.handed, e.acks = nil, nil, nil
}

// takeOn takes on the i-th message whose connection has ended.
func (e *end) takeOn(i int) {
	if len(e.late) == 0 {
		return
	}
	i %= len(e.late)
	a := e.late[i]
	e.late = slices.Delete(e.late, i, i+1)
	if e.session.TakeOn(a.token) == nil {
		entry := e.pair.ledger.byName[a.payload]
		entry.taken++
		e.recent = append(e.recent, entry)
	}
}

// cameAgain takes a message that has come again out of those that are held.
func (e *end) cameAgain(earlier session.AckToken, payload string) {
	e.pair.t.Helper()
	for i, a := range e.late {
		if a.token == earlier {
			if a.payload != payload {
				e.pair.t.Fatalf("%v: %q came again with the token of %q", e.side, payload, a.payload)
			}
			e.late = slices.Delete(e.late, i, i+1)
			return
		}
	}
	e.pair.t.Fatalf("%v: %q came again, and nobody has held it", e.side, payload)
}

// takeChanges makes changes durable, and reports whether there was any.
func (e *end) takeChanges() (any bool) {
	for {
		if !e.takeChange() {
			e.recent = e.recent[:0]
			e.pair.ledger.kept(e.side)
			return any
		}
		any = true
	}
}

// takeChange makes one change durable.
func (e *end) takeChange() bool {
	c, ok := e.session.Change()
	if ok {
		e.durable.changes = append(e.durable.changes, slices.Clone(c.Data))
	}
	return ok
}

// crash ends the side before more than n of the changes that wait are durable; what it
// has handed out is lost, and so is what was not told. It comes back with what is
// durable.
func (e *end) crash(n int) {
	p := e.pair
	p.t.Helper()
	unheard := false
	for range n {
		unheard = e.takeChange() || unheard
	}
	for ev, ok := e.nextEvent(); ok; ev, ok = e.nextEvent() {
		if m := p.ledger.byToken[e.side][ev.Token]; m != nil {
			m.lost = true // its end is durable, and was not told
			if ev.Drop == session.DropFull {
				delete(p.ledger.byToken[e.side], ev.Token) // it was never kept: its token may come again
			}
		}
	}
	p.ledger.crashed(e.side, unheard)
	for _, m := range e.recent {
		m.again++
	}
	e.recent = nil
	if other := e.peer(); other.link != nil {
		other.link.Lost(p.now, nil)
		other.drive(0)
		other.unlink()
	}
	e.unlink()
	e.late = nil
	e.session = e.restored()
	e.takeEvents()
}

// rash is a driver that breaks the order: it writes before it has made the changes
// durable, and crashes. The core gives it no byte that depends on them.
func (e *end) rash() {
	other := e.peer()
	if e.link == nil || !e.session.Stats().Connected {
		return
	}
	other.drive(1 << 20)
	other.write(1 << 20)
	e.feed(other.out.waiting())
	open := e.pair.ledger.openOf(e.side)
	for _, ok := e.link.Packet(); ok; _, ok = e.link.Packet() {
		e.link.Handle(e.pair.now)
		e.takeEvents()
	}
	e.handed = e.link.Append(e.handed, 1<<20)
	e.write(1 << 20)
	other.receive(1 << 20)
	for _, m := range open { // what was told of them was not durable
		m.lost, m.ended = m.lost || m.ended, false
	}
	e.crash(0)
}

// restored returns a session made of what is durable.
func (e *end) restored() *session.Session {
	e.pair.t.Helper()
	s, _, err := session.Restore(e.options, e.pair.now, e.durable.snapshot, slices.Values(e.durable.changes))
	if err != nil {
		e.pair.t.Fatalf("Restore: %v", err)
	}
	return s
}

// compact makes a snapshot durable in place of what is.
func (e *end) compact() {
	e.takeChanges()
	e.durable = store{snapshot: e.session.AppendSnapshot(nil)}
}

// same holds the changes to be enough: a session made of them is the one that lives.
func (e *end) same() {
	p := e.pair
	p.t.Helper()
	if !e.options.Journal {
		return
	}
	e.takeChanges()
	s := e.restored()
	if want, got := e.session.AppendSnapshot(nil), s.AppendSnapshot(nil); !bytes.Equal(want, got) {
		p.t.Fatalf("%v: the session made of the changes is another one: %+v, not %+v", e.side, s.Stats(), e.session.Stats())
	}
}

// takeEvents hands on what has happened.
func (e *end) takeEvents() {
	for {
		ev, ok := e.nextEvent()
		if !ok {
			return
		}
		e.event(ev)
	}
}

func (e *end) nextEvent() (session.Event, bool) {
	if e.link != nil {
		if ev, ok := e.link.Event(); ok {
			return ev, true
		}
	}
	if e.session.Link() == nil {
		return e.session.Event()
	}
	return session.Event{}, false
}

func (e *end) event(ev session.Event) {
	p := e.pair
	p.t.Helper()
	switch ev.Kind {
	case session.Arrived:
		m := ev.Packet.(*packets.Publish)
		entry := p.ledger.handed(string(m.Topic), string(m.Payload))
		if ev.Earlier != 0 {
			e.cameAgain(ev.Earlier, string(m.Payload))
		}
		if ev.Ack == 0 {
			entry.taken++
			e.recent = append(e.recent, entry)
			return
		}
		e.acks = append(e.acks, held{token: ev.Ack, payload: string(m.Payload), number: p.connections})
	case session.Done, session.Dropped:
		if m := ev.Message; m == nil || !p.ledger.sent[string(m.Payload())] {
			p.ledger.ends(e.side, ev)
		}
	case session.Connected:
		p.connected(ev.Packet.(*packets.Connack))
	case session.Ended:
		p.era++
		if e.side == mqttwire.FromServer {
			e.renew()
		}
	}
}

// write puts up to n of the bytes that were handed out on the wire.
func (e *end) write(n int) {
	n = min(n, len(e.handed))
	if n == 0 || e.link == nil {
		return
	}
	e.out.bytes = append(e.out.bytes, e.handed[:n]...)
	e.handed = e.handed[n:]
	e.link.Wrote(e.pair.now, n)
	var list []mqttwire.Frame
	list, e.out.read = e.out.packetsIn(e.out.read, len(e.out.bytes))
	for _, f := range list {
		e.watcher.wrote(f)
	}
}

// receive moves up to n bytes from the other side, and handles what they hold.
func (e *end) receive(n int) {
	w := &e.peer().out
	n = min(n, w.waiting())
	if n == 0 || e.link == nil {
		return
	}
	e.feed(n)
	e.handle()
}

// feed moves n bytes from the other side.
func (e *end) feed(n int) {
	w := &e.peer().out
	chunk := slices.Clone(w.bytes[w.moved : w.moved+n])
	w.moved += n
	var list []mqttwire.Frame
	list, w.came = w.packetsIn(w.came, w.moved)
	for _, f := range list {
		p, err := packets.Decode(f, e.pair.version)
		if err != nil {
			e.pair.t.Fatalf("what was written cannot be read: %v", err)
		}
		e.watcher.came(packets.Clone(p))
	}
	e.link.Feed(e.pair.now, chunk)
}

// handle handles the packets that are there.
func (e *end) handle() {
	for {
		packet, ok := e.link.Packet()
		if !ok {
			break
		}
		e.link.Handle(e.pair.now)
		connect, asked := packet.(*packets.Connect)
		if asked {
			e.pair.clean = connect.CleanStart
		}
		e.takeChanges()
		e.takeEvents()
		if asked {
			e.pair.accept()
		}
	}
	e.takeChanges()
	e.takeEvents()
}

// acknowledge gives the i-th acknowledgement that is held.
func (e *end) acknowledge(i int, code mqttwire.ReasonCode) {
	p := e.pair
	if len(e.acks) == 0 {
		return
	}
	i %= len(e.acks)
	a := e.acks[i]
	e.acks = slices.Delete(e.acks, i, i+1)
	err := e.session.Ack(a.token, code)
	current := e.link != nil && a.number == p.connections && e.session.Link() == e.link
	if err != nil {
		e.late = append(e.late, a)
	}
	switch {
	case err == nil && !current:
		p.t.Fatalf("an acknowledgement of an old connection was taken")
	case err != nil && current && e.session.Stats().Connected:
		p.t.Fatalf("an acknowledgement was refused: %v", err)
	case err == nil && !code.IsError():
		p.ledger.byName[a.payload].taken++
		e.recent = append(e.recent, p.ledger.byName[a.payload])
	}
	if err == nil && e.session.Ack(a.token, 0) == nil {
		p.t.Fatalf("a message was acknowledged twice")
	}
}

// tick lets the side look at the time, and holds it to its Deadline.
func (e *end) tick(now time.Time) {
	p := e.pair
	if e.link != nil {
		e.link.Tick(now)
		if at, ok := e.link.Deadline(); ok && !at.After(now) {
			p.t.Fatalf("%v: after Tick at %v the Deadline of the link is %v", e.side, now, at)
		}
	}
	e.session.Tick(now)
	if at, ok := e.session.Deadline(); ok && !at.After(now) {
		p.t.Fatalf("%v: after Tick at %v the Deadline of the session is %v", e.side, now, at)
	}
}
