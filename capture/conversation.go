package capture

import (
	"net/netip"

	"github.com/mqttwire/mqttwire"
)

// mqttPort is the port that is registered for MQTT over TCP.
const mqttPort uint16 = 1883

// flow is the pair of addresses of a conversation, the same for both
// directions.
type flow struct{ low, high netip.AddrPort }

func flowOf(a, b netip.AddrPort) flow {
	if a.Compare(b) > 0 {
		a, b = b, a
	}
	return flow{a, b}
}

// conversation is one TCP connection, or one file of raw bytes.
type conversation struct {
	stream  int
	queue   *eventQueue
	sides   [2]*direction
	raw     bool // the bytes of both senders may stand in one direction
	mqtt    bool // it is known to be MQTT
	other   bool // it is known not to be
	client  *direction
	proxied netip.AddrPort   // of the client, by a PROXY protocol header
	version mqttwire.Version // 0 until it is known
	guessed bool
	guess   versionGuess
	waiting []*queuedEvent // packets that wait for the version
	connect bool           // a CONNECT came
	openers []StageOpener
	stages  []Stage
	via     string // what Event.Via is
	count   int    // packets, in raw bytes
}

// newConversation begins a conversation whose first direction goes from src to
// dst.
func newConversation(stream int, src, dst netip.AddrPort, q *eventQueue, o Options) *conversation {
	c := &conversation{stream: stream, queue: q, version: o.Version, openers: o.Stages}
	c.sides[0] = &direction{conv: c, src: src, dst: dst}
	c.sides[1] = &direction{conv: c, index: 1, src: dst, dst: src}
	return c
}

// from returns the direction that starts at an address.
func (c *conversation) from(src netip.AddrPort) *direction {
	if c.sides[0].src == src {
		return c.sides[0]
	}
	return c.sides[1]
}

func (c *conversation) opposite(d *direction) *direction {
	if d == c.sides[0] {
		return c.sides[1]
	}
	return c.sides[0]
}

// add takes a segment. The side that opens the connection is the client: "The
// Client always establishes the Network Connection", section 1.2.
func (c *conversation) add(s Segment) {
	d := c.from(s.Src)
	if s.SYN && c.client == nil {
		c.client = d
		if s.ACK {
			c.client = c.opposite(d)
		}
	}
	d.add(s)
}

// isReplacedBy reports whether a segment opens another connection between the
// same addresses. A SYN or SYN+ACK of this one, sent again or recorded late, has
// the sequence number before the first byte. A SYN whose direction has nothing
// yet opens another if the opposite one began in the middle of a connection: in
// this one it would have come first.
func (c *conversation) isReplacedBy(s Segment) bool {
	d := c.from(s.Src)
	own, other := &d.bytes, &c.opposite(d).bytes
	switch {
	case !s.SYN:
		return false
	case own.started:
		return own.first != s.Seq+1
	}
	return !s.ACK && other.started && !other.fromStart
}

// onMQTTPort reports whether one side has the port of MQTT.
func (c *conversation) onMQTTPort() bool {
	return c.sides[0].src.Port() == mqttPort || c.sides[0].dst.Port() == mqttPort
}

// sender returns which side sends a direction, or 0 if nothing tells.
func (c *conversation) sender(d *direction) mqttwire.Sender {
	client := c.client
	if client == nil && !c.raw && d.src.Port() != d.dst.Port() {
		switch mqttPort {
		case d.dst.Port():
			client = d
		case d.src.Port():
			client = c.opposite(d)
		}
	}
	switch client {
	case nil:
		return 0
	case d:
		return mqttwire.FromClient
	}
	return mqttwire.FromServer
}

// learnSender learns from a packet type that only one side sends which side is
// which.
func (c *conversation) learnSender(d *direction, t mqttwire.PacketType) {
	if c.client != nil || c.raw {
		return
	}
	switch onlySender(t) {
	case mqttwire.FromClient:
		c.client = d
	case mqttwire.FromServer:
		c.client = c.opposite(d)
	}
}

// onlySender returns the side that alone sends packets of a type; or 0. 5.0 lets
// each side send whatever older versions let it send.
func onlySender(t mqttwire.PacketType) mqttwire.Sender {
	client, server := t.MayBeSentBy(mqttwire.FromClient, mqttwire.V5), t.MayBeSentBy(mqttwire.FromServer, mqttwire.V5)
	switch {
	case client && !server:
		return mqttwire.FromClient
	case server && !client:
		return mqttwire.FromServer
	}
	return 0
}

// isMQTT notes that the conversation is MQTT, and lets the other direction go
// on with that knowledge.
func (c *conversation) isMQTT() {
	if c.mqtt {
		return
	}
	c.mqtt = true
	for _, d := range c.sides {
		if d.state == seeking && len(d.search.buf) > 0 {
			d.seek(d.bytes.last)
		}
	}
}

// carries notes that the conversation is something else, and reports it. 0 is a
// protocol that is not known.
func (c *conversation) carries(foreign mqttwire.Foreign, m mark) {
	c.carriesOther(foreign, protocolNote(foreign), m)
}

// carriesOther is carries, with what is said of it.
func (c *conversation) carriesOther(foreign mqttwire.Foreign, note string, m mark) {
	if c.mqtt || c.other {
		return
	}
	c.other = true
	c.end(foreign, note, m)
}

// end reports what the conversation is, and reads no more of it.
func (c *conversation) end(foreign mqttwire.Foreign, note string, m mark) {
	e := c.sides[0].event(NotMQTT, m)
	e.Foreign, e.Note, e.Stopped, e.Sender = foreign, note, true, 0
	c.sides[0].stop()
	c.sides[1].stop()
	c.emit(e)
}

// finish ends the conversation: no more segments come.
func (c *conversation) finish() {
	c.sides[0].finish()
	c.sides[1].finish()
	c.settle(c.guess.best(), true)
}

// emit puts an event that needs no decoding into the queue.
func (c *conversation) emit(e Event) { c.queue.push(&queuedEvent{Event: e, conv: c, ready: true}) }
