package client

import (
	"net"
	"runtime"
	"sync"
	"time"

	"github.com/mqttwire/mqttwire/session"
)

// writeMost is how much is written at once. What a connection takes of it counts as
// written only then, so that it is small enough for slow ones.
const writeMost = 64 << 10

// batch is what is kept and written at once.
type batch struct {
	start   func() // writes it, and what comes meanwhile
	c       *Client
	late    bool // it is still to be filled
	link    *session.Link
	conn    net.Conn
	out     []byte
	records []session.Record
}

// batches have the memory of what is written. It is in use only while there is something
// to write.
var batches sync.Pool

// newBatch returns one out of the pool, or a new one.
func newBatch() *batch {
	if b, ok := batches.Get().(*batch); ok {
		return b
	}
	b := new(batch)
	b.start = b.write // once, as it allocates
	return b
}

// wake lets what there is be kept and written. Under the lock, and not while an event is
// handled.
func (c *Client) wake() {
	if c.writing {
		return
	}
	b := newBatch()
	b.c = c
	if b.late = c.o.Journal == nil && c.writes() && c.link.HasOutput(); !b.late && !c.fill(b) {
		b.release()
		return
	}
	c.writing = true
	go b.start()
}

// writes reports whether the connection takes bytes.
func (c *Client) writes() bool {
	return c.link != nil && !c.gated && !c.deaf && c.keeper.err == nil
}

// fillLate is the first fill of a batch, once others that are ready to run have: what they
// publish is written along.
func (b *batch) fillLate() bool {
	if !b.late {
		return true
	}
	runtime.Gosched()
	b.c.mu.Lock()
	defer b.c.unlock()
	return b.c.fill(b)
}

// write keeps changes and writes bytes until there are none.
func (b *batch) write() {
	c := b.c
	for more := b.fillLate(); more; {
		err := c.keepBatch(b)
		n := 0
		if err == nil && len(b.out) > 0 {
			n, err = b.conn.Write(b.out)
		}
		c.mu.Lock()
		c.stats.BytesOut += uint64(n)
		if b.link != nil {
			c.wrote(b.link, n, err)
		}
		c.wroteBatch()
		more = c.fill(b)
		c.unlock()
	}
	b.release()
}

// keepBatch keeps the changes of a batch.
func (c *Client) keepBatch(b *batch) error {
	if len(b.records) == 0 {
		return nil
	}
	err := c.keep(b.records)
	c.mu.Lock()
	defer c.unlock()
	c.endKeeping()
	return err
}

func (b *batch) release() {
	b.c, b.link, b.conn, b.records = nil, nil, nil, nil
	batches.Put(b)
}

// fill takes what is to be kept and written next, and reports whether there is anything.
// Else nobody writes any more. Under the lock.
func (c *Client) fill(b *batch) bool {
	for again := true; again; {
		if c.keeping != nil { // which calls wake when it has ended
			c.stopWriting()
			return false
		}
		b.link, b.conn = c.link, c.conn
		b.out, b.records = c.collect(b.out[:0])
		happened := c.drain()
		if len(b.out) > 0 || len(b.records) > 0 {
			if len(b.records) > 0 {
				c.beginKeeping()
			}
			c.arm()
			return true
		}
		again = happened // which may have made something to write
	}
	c.stopWriting()
	c.checkFlushes()
	c.finished()
	c.arm()
	return false
}

// stopWriting says that nobody writes any more. Under the lock.
func (c *Client) stopWriting() {
	c.writing = false
	if c.written != nil {
		close(c.written)
		c.written = nil
	}
}

// collect takes the changes, and the bytes that depend on them, in one go: what is
// asked for meanwhile is kept by the next.
func (c *Client) collect(out []byte) ([]byte, []session.Record) {
	var records []session.Record
	for {
		records = c.takeChanges(records)
		before := len(out)
		if c.writes() && len(out) < writeMost {
			out = c.append(out)
		}
		if len(out) > before {
			continue
		}
		taken := len(records)
		if records = c.takeChanges(records); len(records) == taken {
			return out, records
		}
	}
}

// append takes bytes.
func (c *Client) append(out []byte) []byte {
	if len(c.flushes) == 0 {
		return c.link.Append(out, writeMost-len(out))
	}
	waited, before := c.session.Stats().Waiting, len(out)
	out = c.link.Append(out, writeMost-before)
	waits := c.session.Stats().Waiting
	c.taken(waited-waits, waits, len(out) > before && len(out) < writeMost)
	return out
}

// wrote says what has become of bytes. If they could not be written nothing more is, and
// what the server has sent until then is read: it may say why.
func (c *Client) wrote(link *session.Link, n int, err error) {
	link.Wrote(time.Now(), n)
	if err != nil && c.link == link {
		c.deaf = true
		time.AfterFunc(linger, func() { c.lose(link, err) })
	}
	c.drain()
}

// finished ends a connection of which all is written, once the server has it.
func (c *Client) finished() {
	if c.link == nil {
		return
	}
	if _, closed := c.link.Closed(); closed && !c.lingering {
		c.lingering = true
		go finish(c.conn)
	}
}

// finish says that nothing more is written, and closes the connection if the server
// does not within some time. What it sends until then is read and thrown away: were it
// not, the last packet might be thrown away with it.
func finish(conn net.Conn) {
	time.AfterFunc(linger, func() { hangUp(conn) })
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}
