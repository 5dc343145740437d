package broker

import (
	"bytes"
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
	made    Mark // that many there were
	durable Mark // so many of them are durable
	waiting []*Conn
	open    []*turn      // that have added records, and may add more
	size    atomic.Int64 // bytes of records that are not durable
	taken   int64        // of these, those that Changes has returned
	changed chan struct{}
}

// add adds a record, whose memory is the log's from now on. Those of one turn come out
// together, so that a message is handed on in the same step in which others get it.
func (g *changeLog) add(t *turn, r session.Record) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !t.recorded {
		t.recorded, t.since = true, g.made
		g.open = append(g.open, t)
	}
	g.records = append(g.records, r)
	g.size.Add(sizeOf(r))
	g.made++
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
// of the last call if there were several. They are to become durable together: what one
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
	g.records = append(g.records[:0], g.records[n:]...)
	clear(g.records[len(g.records):cap(g.records)])
	return dst, max(cut, first)
}

// Durable says that what Changes has returned up to the mark is durable.
func (b *Broker) Durable(m Mark) {
	g := &b.log
	g.mu.Lock()
	g.durable = max(g.durable, min(m, g.made))
	g.size.Add(-g.taken)
	g.taken = 0
	list := g.waiting
	g.waiting = nil
	for _, c := range list {
		c.waits = false
	}
	g.mu.Unlock()
	for _, c := range list {
		if c.ready != nil {
			c.ready()
		}
	}
}

// Undurable returns about how many bytes of records wait to become durable: those that
// Changes has to return, and those that it has returned since the last call of Durable.
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
		cl.b.log.add(t, session.Record{Session: cl.key(), Data: bytes.Clone(c.Data)})
	}
	if (cl.changes >= changesPerSnapshot || cl.changed >= bytesPerSnapshot+2*cl.snapshot) && !cl.gone {
		data := cl.session.AppendSnapshot(nil)
		cl.changes, cl.changed, cl.snapshot = 0, 0, len(data)
		cl.b.log.add(t, session.Record{Session: cl.key(), Data: data, Snapshot: true})
	}
}

// recordName takes the Name of the client into the log, without which a restored session
// would be nobody's; "" is none.
func (cl *client) recordName(t *turn, name string) {
	same := !cl.named && name == "" || cl.named && cl.peer.Name == name
	if !cl.b.o.Journal || same {
		return
	}
	cl.named = name != ""
	cl.b.log.add(t, session.Record{Session: recordKey(nameKey, cl.space.name, cl.id), Data: []byte(name), Snapshot: true})
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

// key returns the key of the client's session in a journal.
func (cl *client) key() []byte { return recordKey(sessionKey, cl.space.name, cl.id) }

// recordKey returns a key: the kind, the length of the namespace, the namespace, and the
// client identifier or topic name.
func recordKey[T string | []byte](kind byte, namespace string, name T) []byte {
	key := binary.AppendUvarint([]byte{kind}, uint64(len(namespace)))
	return append(append(key, namespace...), name...)
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
	bytes []byte
	needs Mark
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
		if s.bytes = c.link.Append(s.bytes[:0], stagedAtOnce); s.empty() {
			s.bytes = nil
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
	if n > 0 {
		c.staged.bytes, c.part = c.staged.bytes[n:], true
	}
	return append(dst, b[:n]...), waits
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
	c.staged.bytes = nil
	return append(bufs, b), false
}
