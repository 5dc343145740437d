package broker

import (
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/mqttwire/mqttwire/session"
)

// Mark is how far Changes has come.
type Mark uint64

// changeLog are changes of all sessions and retained messages, in order.
type changeLog struct {
	mu      sync.Mutex // nothing else is locked meanwhile
	records []session.Record
	memory  recordMemory // of them
	made    Mark         // that many there were
	durable Mark         // so many of them are durable
	waiting []*Conn
	spare   []*Conn      // memory for waiting
	open    []*turn      // that have added records, and may add more
	size    atomic.Int64 // bytes of records that are not durable
	taken   int64        // of these, those that Changes has returned
	changed chan struct{}
}

// add adds a copy of a record. Those of one turn come out together, so that a message is
// handed on in the same step in which others get it.
func (g *changeLog) add(t *turn, r session.Record) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !t.recorded {
		t.recorded, t.since = true, g.made
		g.open = append(g.open, t)
	}
	g.made++
	r.Session, r.Data = g.memory.copy(r.Session, g.made), g.memory.copy(r.Data, g.made)
	g.records = append(g.records, r)
	g.size.Add(sizeOf(r))
}

// sizeOf returns about how many bytes a record takes.
func sizeOf(r session.Record) int64 {
	const itself = 64
	return int64(len(r.Session) + len(r.Data) + itself)
}

// close says that a turn adds no more.
func (g *changeLog) close(t *turn) {
	if !t.recorded {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	t.recorded = false
	i := slices.Index(g.open, t)
	g.open = slices.Delete(g.open, i, i+1)
	select {
	case g.changed <- struct{}{}:
	default:
	}
}

// Changed returns a channel on which there is something when Changes has something to
// return, and nobody has looked since.
func (b *Broker) Changed() <-chan struct{} { return b.log.changed }

// now returns how many there are.
func (g *changeLog) now() Mark {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.made
}

// wait reports whether so many are durable. Else the Conn is told when they are.
func (g *changeLog) wait(m Mark, c *Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if m <= g.durable {
		return true
	}
	if !c.waits {
		c.waits = true
		g.waiting = append(g.waiting, c)
	}
	return false
}

// Changes appends to dst what is to be made durable: records in their order, as a
// session.Journal takes them. When they are, Durable is to be called with the mark, that
// of the last call if there were several; up to then the memory of the records stays as it
// is, and is used again afterwards. They are to become durable together: what one
// step has changed at several places is not torn apart. With Options.Journal nothing is written to
// clients that depends on what is not durable. It may be called at any time, by one
// goroutine.
func (b *Broker) Changes(dst []session.Record) ([]session.Record, Mark) {
	g := &b.log
	g.mu.Lock()
	defer g.mu.Unlock()
	cut := g.made
	for _, t := range g.open {
		cut = min(cut, t.since)
	}
	first := g.made - Mark(len(g.records))
	n := int(max(cut, first) - first)
	for _, r := range g.records[:n] {
		g.taken += sizeOf(r)
	}
	dst = append(dst, g.records[:n]...)
	if g.records = slices.Delete(g.records, 0, n); len(g.records) == 0 && cap(g.records) > keptRecords {
		g.records = nil
	}
	return dst, max(cut, first)
}

// keptRecords is for how many records the memory of their list is kept.
const keptRecords = 4096

// Durable says that what Changes has returned up to the mark is durable.
func (b *Broker) Durable(m Mark) {
	g := &b.log
	g.mu.Lock()
	g.durable = max(g.durable, min(m, g.made))
	g.size.Add(-g.taken)
	g.taken = 0
	g.memory.free(min(g.durable, g.made-Mark(len(g.records)))) // not those that Changes has still to return, whatever the mark
	list := g.waiting
	g.waiting, g.spare = g.spare[:0], nil
	for _, c := range list {
		c.waits = false
	}
	g.mu.Unlock()
	for _, c := range list {
		if c.ready != nil {
			c.ready()
		}
	}
	list = emptied(list)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.spare = list
}

// Undurable returns about how many bytes of records wait to become durable: those that
// Changes has to return, and those that it has returned since the last call of Durable; for
// a driver that calls Changes again before Durable they are taken for durable with the first.
// They grow while packets are handled faster than a journal takes them; who has a bound for
// them handles no more packets until there are less.
func (b *Broker) Undurable() int64 { return b.log.size.Load() }

// record takes the changes of the session into the log; in place of many it puts a
// snapshot.
func (cl *client) record(t *turn) {
	if cl.hold != nil {
		cl.hold.changed(t)
		return
	}
	if !cl.b.o.Journal {
		return
	}
	for c, ok := cl.session.Change(); ok; c, ok = cl.session.Change() {
		cl.changes++
		cl.changed += len(c.Data)
		cl.b.log.add(t, session.Record{Session: cl.key(t), Data: c.Data})
	}
	if (cl.changes >= changesPerSnapshot || cl.changed >= bytesPerSnapshot+2*cl.snapshot) && !cl.gone {
		data := cl.session.AppendSnapshot(nil)
		cl.changes, cl.changed, cl.snapshot = 0, 0, len(data)
		cl.b.log.add(t, session.Record{Session: cl.key(t), Data: data, Snapshot: true})
	}
}

// recordName takes the Name of the client into the log, without which a restored session
// would be nobody's; "" is none.
func (cl *client) recordName(t *turn, name string) {
	if h := cl.hold; h != nil && cl.peer.Name != name {
		h.made++ // which is recorded with what is written next: only then the peer is this one
	}
	same := !cl.named && name == "" || cl.named && cl.peer.Name == name
	if !cl.b.o.Journal || same {
		return
	}
	cl.named = name != ""
	cl.b.log.add(t, session.Record{Session: appendKey(nil, nameKey, cl.space.name, cl.id), Data: []byte(name), Snapshot: true})
}

// changesPerSnapshot is how many changes of a session a journal has at most before a
// snapshot replaces them.
const changesPerSnapshot = 10_000

// bytesPerSnapshot is how many bytes they are at most, with twice those of the snapshot
// before, so that a session with much in it is not written again and again. Without it
// 10,000 large messages would stay in the journal long after they were acknowledged.
const bytesPerSnapshot = 1 << 20

// What a key of a record is about: its first byte.
const (
	sessionKey  = 's'
	retainedKey = 'r'
	nameKey     = 'n'
)

// key returns the key of the client's session in a journal, in the memory of the turn.
func (cl *client) key(t *turn) []byte {
	t.key = appendKey(t.key[:0], sessionKey, cl.space.name, cl.id)
	return t.key
}

// appendKey appends a key: the kind, the length of the namespace, the namespace, and the
// client identifier or topic name.
func appendKey[T string | []byte](dst []byte, kind byte, namespace string, name T) []byte {
	dst = binary.AppendUvarint(append(dst, kind), uint64(len(namespace)))
	return append(append(dst, namespace...), name...)
}

// splitKey is the reverse of recordKey.
func splitKey(key []byte) (kind byte, namespace, name string, ok bool) {
	if len(key) == 0 {
		return 0, "", "", false
	}
	n, size := binary.Uvarint(key[1:])
	if size <= 0 || n > uint64(len(key)-1-size) {
		return 0, "", "", false
	}
	rest := key[1+size:]
	return key[0], string(rest[:n]), string(rest[n:]), true
}

// staged are bytes of a connection that wait until what they depend on is durable. What
// comes behind them does not hold them up.
type staged struct {
	bytes  []byte
	needs  Mark
	memory *[stagedSize]byte // in which the bytes stand, unless they are more
}

// stagedSize is of how many bytes the memory is used again.
const stagedSize = 4 << 10

var stagedMemory = sync.Pool{New: func() any { return new([stagedSize]byte) }}

// begin returns memory for what is staged next.
func (s *staged) begin() []byte {
	if s.memory == nil {
		s.memory = stagedMemory.Get().(*[stagedSize]byte)
	}
	return s.memory[:0]
}

// end gives the memory back: nothing is staged.
func (s *staged) end() {
	if s.bytes = nil; s.memory != nil {
		stagedMemory.Put(s.memory)
		s.memory = nil
	}
}

func (s *staged) empty() bool { return s == nil || len(s.bytes) == 0 }

// stagedAtOnce is how many bytes are staged at once.
const stagedAtOnce = 64 << 10

// stage returns what may be written. What waits is told of by Durable.
func (c *Conn) stage(t *turn) (b []byte, waits bool) {
	if c.staged == nil {
		c.staged = new(staged)
	}
	s := c.staged
	if s.empty() {
		c.record(t) // Append gives nothing while there are changes to be taken
		c.part = !c.link.Whole()
		if s.bytes = c.link.Append(s.begin(), stagedAtOnce); s.empty() {
			s.end()
			return nil, false
		}
		c.record(t)
		s.needs = c.mark()
	}
	if !c.isKept(s.needs) {
		return nil, true
	}
	return s.bytes, false
}

func (c *Conn) record(t *turn) {
	if c.client != nil {
		c.client.record(t)
	}
}

// appendStaged appends what may be written, up to max bytes.
func (c *Conn) appendStaged(t *turn, dst []byte, max int) (_ []byte, waits bool) {
	if max <= 0 {
		return dst, false
	}
	b, waits := c.stage(t)
	n := min(len(b), max)
	dst = append(dst, b[:n]...)
	if n > 0 {
		c.staged.bytes, c.part = c.staged.bytes[n:], true
	}
	if n > 0 && c.staged.empty() {
		c.staged.end()
	}
	return dst, waits
}

// stagedBuffers is appendStaged for Buffers.
func (c *Conn) stagedBuffers(t *turn, bufs [][]byte) (_ [][]byte, waits bool) {
	if c.handed != c.wrote {
		return bufs, false
	}
	b, waits := c.stage(t)
	if len(b) == 0 {
		return bufs, waits
	}
	c.staged.bytes, c.staged.memory = nil, nil // it is the caller's
	return append(bufs, b), false
}
