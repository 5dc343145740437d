package client

import (
	"net"
	"sync"
	"time"

	"github.com/mqttwire/mqttwire/session"
)

// writeMost is how much is written at once. What a connection takes of it counts as
// written only then, so that it is small enough for slow ones.
const writeMost = 64 << 10

// buffers are what is written stands in. There is one only while there is something to
// write.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// wake lets what there is be kept and written. Under the lock.
func (c *Client) wake() {
	if c.writing {
		return
	}
	c.writing, c.written = true, make(chan struct{})
	go c.write()
}

// write keeps changes and writes bytes until there are none.
func (c *Client) write() {
	buf := buffers.Get().(*[]byte)
	c.mu.Lock()
	for {
		link, conn := c.link, c.conn
		out, kept := c.collect((*buf)[:0])
		c.drain()
		if len(out) == 0 && kept == nil {
			break
		}
		c.arm()
		c.unlock()
		err := c.keep(kept)
		n := 0
		if err == nil && len(out) > 0 {
			n, err = conn.Write(out)
		}
		*buf = out
		c.mu.Lock()
		c.stats.BytesOut += uint64(n)
		if link != nil {
			c.wrote(link, n, err)
		}
	}
	c.writing = false
	close(c.written)
	c.checkFlushes()
	c.finished()
	c.arm()
	c.unlock()
	buffers.Put(buf)
}

// collect takes the changes, and the bytes that depend on them, in one go: what is
// asked for meanwhile is kept by the next.
func (c *Client) collect(out []byte) ([]byte, []session.Record) {
	var records []session.Record
	for {
		records = c.takeChanges(records)
		before := len(out)
		if c.link != nil && !c.gated && !c.deaf && len(out) < writeMost {
			out = c.link.Append(out, writeMost-len(out))
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
