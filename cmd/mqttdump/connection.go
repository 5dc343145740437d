package main

import (
	"net/netip"
	"slices"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/packets"
)

// connection is what is known of one connection, as far as it has been followed.
type connection struct {
	stream   int
	file     string
	src, dst netip.AddrPort // of client and server or, if nobody knows which is which, of the first event
	sides    bool           // it is known which is which
	client   string         // its identifier
	named    string         // by which it is found when that connects again
	bridge   bool
	via      string
	version  mqttwire.Version
	guessed  bool

	first, last time.Time
	packets     [3]int // by sender
	bytes       [3]int64
	publishes   [3]int // by sender

	connect   *packets.Connect // without what may be a secret
	connected time.Time        // when it was sent
	connack   *packets.Connack
	answered  time.Duration // the CONNACK, behind the CONNECT

	subscriptions     []subscription
	open              map[exchangeKey]*exchange
	tallies           [steps]exchangeTally
	inFlight          [3]int    // unacknowledged PUBLISH of QoS 1 and 2, by sender
	receiveMaximum    [3]uint16 // that a side has announced; 0 if none
	repeats           int
	moreSubscriptions int
	untracked         int // exchanges that are not followed, as there are too many
	unfinished        []*exchange
	troubles          []trouble
	moreTroubles      int
	violations        int

	closed       [3]bool // FIN, by sender
	firstToClose *trouble
	cut          *trouble // it was reset, refused, not answered, or is not followed any more
	goodbye      *trouble // a DISCONNECT
	takenOver    *connection
	queued       bool // it is among those that are over
	lossy        bool // bytes of it are missing
	rules        *connectionRules
	spent        int // bytes that it holds of what is bounded
}

// subscription is a topic filter that the client has asked for.
type subscription struct {
	filter  string
	qos     mqttwire.QoS
	code    mqttwire.ReasonCode
	granted bool // code is known
	ended   bool // by UNSUBSCRIBE
	id      uint16
}

// trouble is something that went wrong, or that tells why: with who is at fault, if
// somebody is, and by which statement.
type trouble struct {
	time      time.Time
	record    int
	what      string
	fault     mqttwire.Sender
	statement string
	rule      string
	violation bool
}

// newConnection begins to follow a connection, at its first event.
func newConnection(file string, e *capture.Event) *connection {
	return &connection{
		stream: e.Stream, file: file, src: e.Src, dst: e.Dst, first: e.Time, last: e.Time,
		open: make(map[exchangeKey]*exchange),
	}
}

// see takes note of what every event tells.
func (c *connection) see(e *capture.Event) {
	if e.Sender != 0 && e.Src.IsValid() {
		c.src, c.dst, c.sides = e.Src, e.Dst, true
		if e.Sender == mqttwire.FromServer {
			c.src, c.dst = e.Dst, e.Src
		}
	}
	if e.Client.IsValid() {
		c.src = e.Client
	}
	if e.ClientID != "" {
		c.client = e.ClientID
	}
	if e.Version != 0 && isPacket(e) {
		c.version, c.guessed = e.Version, e.VersionGuessed
	}
	c.bridge = c.bridge || e.Bridge
	c.via = e.Via
	if e.Time.After(c.last) {
		c.last = e.Time
	}
	if isPacket(e) {
		side := min(e.Sender, mqttwire.FromServer)
		c.packets[side]++
		c.bytes[side] += packetSize(e)
	}
}

// granted notes the answer to a SUBSCRIBE.
func (c *connection) granted(id uint16, codes []mqttwire.ReasonCode) {
	i := 0
	for n := range c.subscriptions {
		if s := &c.subscriptions[n]; s.id == id && !s.granted && i < len(codes) {
			s.code, s.granted = codes[i], true
			i++
		}
	}
}

// unsubscribed notes that a filter is no longer asked for.
func (c *connection) unsubscribed(filter []byte) {
	i := slices.IndexFunc(c.subscriptions, func(s subscription) bool { return s.filter == string(filter) && !s.ended })
	if i >= 0 {
		c.subscriptions[i].ended = true
	}
}

// isOver reports whether the connection has ended.
func (c *connection) isOver() bool {
	return c.cut != nil || c.closed[mqttwire.FromClient] && c.closed[mqttwire.FromServer]
}

// sideWord is a side in words.
func sideWord(s mqttwire.Sender) string {
	if name := sideName(s); name != "" {
		return "the " + name
	}
	return "a side"
}

// other is the other side.
func other(s mqttwire.Sender) mqttwire.Sender {
	switch s {
	case mqttwire.FromClient:
		return mqttwire.FromServer
	case mqttwire.FromServer:
		return mqttwire.FromClient
	}
	return 0
}
