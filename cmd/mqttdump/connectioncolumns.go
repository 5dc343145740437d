package main

import (
	"net/netip"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
)

// How wide the columns of a line are: at least, and what they grow to.
const (
	leastAddress, mostAddress = len("10.0.0.1:50000"), len("[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:65535")
	leastClient, mostClient   = 8, 24
	streamWidth               = len("#123")
)

// connectionColumns prints which connection a line is about: the number of the
// stream, the client's address, its client identifier, and an arrow that says which
// side has sent the packet. The columns grow with what stands in them.
type connectionColumns struct {
	address, client int
	layout          int // counted up when a column grows
	paint           palette
	lanes           recentStreams[*lane]
	stream          int   // that the last line was about
	lane            *lane // of it; nil if that was its last line
}

// lane is what is remembered of a stream: most of its lines begin alike.
type lane struct {
	last   time.Time // of its last line
	layout int
	id     string
	addr   netip.AddrPort
	ready  [3][]byte // by sender
	closed bool      // one side has closed the connection
}

func newConnectionColumns(paint palette) *connectionColumns {
	return &connectionColumns{address: leastAddress, client: leastClient, layout: 1, paint: paint}
}

// of returns what is remembered of the stream of an event.
func (c *connectionColumns) of(e *capture.Event) *lane {
	l := c.lane
	if l == nil || c.stream != e.Stream {
		l, _ = c.lanes.get(e.Stream)
	}
	last := l.ends(e.Kind)
	switch {
	case last && l != nil:
		c.lanes.forget(e.Stream)
	case l == nil:
		if l = new(lane); !last {
			c.lanes.set(e.Stream, l)
		}
	}
	l.closed = l.closed || e.Kind == capture.Closed
	if c.stream, c.lane = e.Stream, l; last {
		c.lane = nil
	}
	return l
}

// ends reports whether an event is the last of its stream; l may be nil.
func (l *lane) ends(k capture.Kind) bool {
	switch k {
	case capture.Unanswered, capture.Refused, capture.Reset, capture.Dropped:
		return true
	case capture.Closed:
		return l != nil && l.closed
	}
	return false
}

// append appends the columns for an event that has addresses.
func (c *connectionColumns) append(b []byte, l *lane, e *capture.Event) []byte {
	addr := clientAddress(e)
	if l.layout != c.layout || l.addr != addr || l.id != e.ClientID {
		c.grow(&c.address, addrWidth(addr), mostAddress)
		c.grow(&c.client, clientWidth(e.ClientID), mostClient)
		l.layout, l.addr, l.id, l.ready = c.layout, addr, e.ClientID, [3][]byte{}
	}
	side := min(e.Sender, mqttwire.FromServer)
	if l.ready[side] == nil {
		l.ready[side] = c.build(e.Stream, addr, e.ClientID, side)
	}
	return append(b, l.ready[side]...)
}

// grow makes a column as wide as what stands in it, up to a width.
func (c *connectionColumns) grow(column *int, width, most int) {
	if width > *column && *column < most {
		*column = min(width, most)
		c.layout++
	}
}

func (c *connectionColumns) build(stream int, addr netip.AddrPort, id string, side mqttwire.Sender) []byte {
	b := append(make([]byte, 0, streamWidth+c.address+c.client+len(c.paint.name.on)+len(c.paint.name.off)+16), '#')
	b = append(pad(strconv.AppendInt(b, int64(stream), 10), 0, streamWidth), ' ')
	start := len(b)
	b = append(pad(addr.AppendTo(b), start, c.address), ' ')
	return c.appendClient(b, id, side)
}

// appendClient appends client identifier and arrow.
func (c *connectionColumns) appendClient(b []byte, id string, side mqttwire.Sender) []byte {
	b = append(b, c.paint.name.on...)
	b = appendIdentifier(b, id)
	b = append(b, c.paint.name.off...)
	if n := c.client - clientWidth(id); n > 0 {
		b = append(b, blanks[:n]...)
	}
	return append(b, arrows[side]...)
}

// arrows say who has sent a packet, by sender: nobody knows, the client, the server.
var arrows = [3]string{" -- ", " -> ", " <- "}

// clientAddress is the client's address, or that of the sender if nobody knows which
// side is the client.
func clientAddress(e *capture.Event) netip.AddrPort {
	switch {
	case e.Client.IsValid():
		return e.Client
	case e.Sender == mqttwire.FromServer:
		return e.Dst
	}
	return e.Src
}

// addrWidth is how wide an address is when it is printed.
func addrWidth(a netip.AddrPort) int {
	var room [64]byte
	return len(a.AppendTo(room[:0]))
}

// noClient stands for a client identifier that is not known, or empty.
const noClient = "-"

// appendIdentifier appends a client identifier: in quotes, unless it is plain.
func appendIdentifier(b []byte, id string) []byte {
	switch {
	case id == "":
		return append(b, noClient...)
	case isBare(id):
		return append(b, id...)
	}
	return appendQuote(b, []byte(id), mostName)
}

// isBare reports whether text needs no quotes in a column.
func isBare(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7F || s[i] == '"' {
			return false
		}
	}
	return s != noClient && len(s) <= mostName
}

// clientWidth is how many characters appendIdentifier appends.
func clientWidth(id string) int {
	if isBare(id) {
		return max(len(id), 1)
	}
	var room [2 * mostName]byte
	return utf8.RuneCount(appendIdentifier(room[:0], id))
}

// pad fills a column up from what stands from start on.
func pad(b []byte, start, width int) []byte {
	if n := width - (len(b) - start); n > 0 {
		return append(b, blanks[:n]...)
	}
	return b
}
