package capture

import (
	"net/netip"

	"github.com/mqttwire/mqttwire"
)

// mqttPort is the port that is registered for MQTT over TCP.
const mqttPort uint16 = 1883

// conversation is one TCP connection, or one file of raw bytes.
type conversation struct {
	all     *Conversations
	stream  int
	both    [2]direction
	sides   [2]*direction // of both
	client  *direction
	proxied netip.AddrPort // of the client, by a PROXY protocol header

	raw      bool // the bytes of both senders may stand in one direction
	mqtt     bool // it is known to be MQTT
	other    bool // it is known not to be
	inferred bool // packets alone told who the client is
	over     bool // it has ended
	refused  bool // its SYN was answered by RST
	connect  bool // a CONNECT came
	bridge   bool // see Event.Bridge

	version   mqttwire.Version // 0 until it is known
	guessed   bool
	malformed bool // the last packet was
	guess     versionGuess
	waiting   []*queuedEvent // packets that wait for the version
	clientID  string
	alive     keepAlive
	count     int       // packets, in raw bytes
	file      int       // that those are from
	recorded  bool      // raw bytes have records
	early     []Segment // that wait for what they acknowledge

	foreign mqttwire.Foreign // what it carries, if it is other
	stages  []Stage
	via     string // what Event.Via is

	opened, latest mark // of its first and its last segment
}

// begin makes c, which is empty, a new conversation.
func (c *conversation) begin(stream int, src, dst netip.AddrPort, all *Conversations) {
	c.all, c.stream, c.version = all, stream, all.options.versionOf(stream)
	for i, d := range [...]*direction{&c.both[0], &c.both[1]} {
		d.conv, d.index, c.sides[i] = c, Direction(i), d
	}
	c.both[0].src, c.both[0].dst, c.both[1].src, c.both[1].dst = src, dst, dst, src
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

// onMQTTPort reports whether one side has a port of MQTT.
func (c *conversation) onMQTTPort() bool {
	return c.all.options.isMQTT(c.sides[0].src.Port()) || c.all.options.isMQTT(c.sides[0].dst.Port())
}

// clientSide returns the direction of the client, or nil if nothing tells.
func (c *conversation) clientSide() *direction {
	if c.client != nil || c.raw {
		return c.client
	}
	d := c.sides[0]
	switch from, to := c.all.options.isMQTT(d.src.Port()), c.all.options.isMQTT(d.dst.Port()); {
	case to && !from:
		return d
	case from && !to:
		return c.sides[1]
	}
	return nil
}

// sender returns which side sends a direction, or 0 if nothing tells.
func (c *conversation) sender(d *direction) mqttwire.Sender {
	switch c.clientSide() {
	case nil:
		return 0
	case d:
		return mqttwire.FromClient
	}
	return mqttwire.FromServer
}

// learnSender learns from a packet type that only one side sends which side is
// which. It reports whether that is contradicted by what was learned before, in a
// conversation of which nothing else tells.
func (c *conversation) learnSender(d *direction, t mqttwire.PacketType) (contradiction bool) {
	s := onlySender(t)
	if c.raw || s == 0 {
		return false
	}
	if c.client == nil {
		c.client, c.inferred = d, true
		if s == mqttwire.FromServer {
			c.client = c.opposite(d)
		}
		return false
	}
	return c.inferred && !c.connect && c.sender(d) != s
}

// contradicted takes back that the conversation is MQTT, if only its packets told,
// and reports whether it did: a direction had packets of both sides, or both had
// those of one.
func (c *conversation) contradicted(m mark) bool {
	if !c.mqtt || !c.inferred || c.connect || c.onMQTTPort() {
		return false
	}
	c.mqtt, c.other = false, true
	for _, q := range c.waiting {
		q.void = true
	}
	c.waiting = nil
	c.end(0, "not MQTT after all: packets of client and server in one direction", m)
	return true
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
	if foreign != 0 {
		c.foreign = foreign
	}
	e := c.sides[0].event(NotMQTT, m)
	e.Foreign, e.Note, e.Stopped, e.Sender = foreign, note, true, 0
	c.sides[0].stop()
	c.sides[1].stop()
	c.emit(&e)
}

// finish ends the conversation: no more segments of it come, for a cause, which the
// record at end told.
func (c *conversation) finish(cause Cause, end mark) {
	c.releaseAll()
	c.sides[0].finish(cause, end)
	c.sides[1].finish(cause, end)
	c.settle(c.guess.best(), true)
	c.stages = nil
}

// emit puts an event that needs no decoding into the queue.
func (c *conversation) emit(e *Event) { c.all.queue.emit(e, c) }
