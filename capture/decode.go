package capture

import (
	"bytes"
	"errors"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal"
	"github.com/mqttwire/mqttwire/packets"
)

// wire is what package mqttwire has for the packages of this module alone.
var wire = mqttwire.Internal.Export(&internal.AllowInternalUse)

// maxNamed is how many bytes of topic names the aliases of a direction may stand
// for, about; beyond, all are forgotten.
const maxNamed = 1 << 20

// packet takes the next frame of a direction.
func (c *conversation) packet(d *direction, f mqttwire.Frame, m mark) {
	c.malformed = false
	if c.learnSender(d, f.Header.Type) && c.contradicted(m) {
		return
	}
	if d == c.clientSide() {
		c.heard(m)
	}
	var e Event
	d.describe(&e, WholePacket, m)
	e.Frame = f
	if d.resumed {
		e.Resumed, d.resumed = f.Header.Type != mqttwire.CONNECT, false
	}
	misplaced := c.orderFault(d, f.Header.Type)
	if c.raw {
		if c.count++; !c.recorded {
			e.Record = c.count
		}
		e.Sender = onlySender(f.Header.Type)
	}
	if f.Header.Type == mqttwire.CONNECT && e.Sender != mqttwire.FromServer {
		c.connects(f)
	}
	c.submit(d, &e, misplaced)
}

// submit decodes a packet if its version is known; else it waits.
func (c *conversation) submit(d *direction, e *Event, misplaced mqttwire.Rule) {
	if c.version != 0 || e.Frame.Header.Type == mqttwire.CONNECT || e.Frame.Header.Type == 0 {
		c.decode(d, e, misplaced)
		c.malformed = e.Err != nil && e.Packet == nil
		c.all.queue.emit(e, c)
		return
	}
	q := &queuedEvent{Event: *e, conv: c, from: d, misplaced: misplaced}
	c.waiting = append(c.waiting, q) // before the queue may find that too many wait
	c.all.queue.push(q)
	if q.Kind == WholePacket {
		c.guess.see(q.Frame)
	}
	if v := c.guess.certain(); v != 0 && !c.awaitsConnect() {
		c.settle(v, true)
	}
}

// connects takes note of a CONNECT, of which there may be only the first part: a new
// connection begins, and its version is known, whatever else is wrong with it.
func (c *conversation) connects(f mqttwire.Frame) {
	c.connect, c.inferred = true, false
	for _, side := range c.sides {
		side.forgetAliases()
	}
	c.clientID, c.bridge, c.alive = "", false, keepAlive{last: c.alive.last}
	if n := len(f.Body); n > int(f.Header.RemainingLength) {
		f.Header.RemainingLength = uint32(n) // see unencoded
	}
	start, _ := packets.PeekConnectFrame(f)
	c.clientID, c.bridge = string(start.ClientID), start.Bridge
	if start.Version == 0 {
		return
	}
	c.settle(start.Version, false)
	c.version, c.guessed = start.Version, false
}

// begins takes note of a packet of which only the first part is there.
func (c *conversation) begins(d *direction, p partialPacket) {
	if p.header.Type != mqttwire.CONNECT || c.sender(d) == mqttwire.FromServer {
		return
	}
	if c.client == nil {
		c.client = d
	}
	c.connects(mqttwire.Frame{Header: p.header, Body: p.body})
}

// orderFault returns the rule that a packet of type t breaks by its place, in a
// conversation whose start is in the capture; or 0.
func (c *conversation) orderFault(d *direction, t mqttwire.PacketType) mqttwire.Rule {
	switch {
	case c.raw || c.client != d || !d.wholeStart:
		return 0
	case d.frames == 1 && t != mqttwire.CONNECT: // [MQTT-3.1.0-1]
		return mqttwire.RuleFirstPacket
	case c.connect && t == mqttwire.CONNECT: // [MQTT-3.1.0-2]
		return mqttwire.RuleSecondConnect
	}
	return 0
}

// awaitsConnect reports whether the client's first packet, which tells the
// version, is still to come: the server's answer may be recorded before it.
func (c *conversation) awaitsConnect() bool {
	return c.client != nil && c.client.bytes.fromStart && c.client.frames == 0 && c.client.state != done
}

// settle decides the version, unless that is done, and decodes what waited.
func (c *conversation) settle(v mqttwire.Version, guessed bool) {
	if c.version == 0 {
		c.version, c.guessed = v, guessed
	}
	waiting := c.waiting
	c.waiting = nil
	for _, q := range waiting {
		c.decode(q.from, &q.Event, q.misplaced)
		q.ready = true
	}
	if len(waiting) > 0 {
		c.all.queue.flush()
	}
}

// decode decodes a packet of a direction in the version of its conversation.
func (c *conversation) decode(d *direction, e *Event, misplaced mqttwire.Rule) {
	v := c.version
	if e.Frame.Header.Type == mqttwire.CONNECT {
		v = 0 // it tells its own
	}
	if !c.raw {
		e.Sender = c.sender(d)
	}
	if e.Kind == PartialPacket {
		e.Version, e.VersionGuessed = v, c.guessed && v != 0
		e.Partial = readable(e.Frame, v, false)
		c.identify(d, e, e.Partial)
		return
	}
	p, err := packets.Decode(e.Frame, v)
	if refused(err) {
		v = mqttwire.V311
		p, err = packets.Decode(e.Frame, v)
	}
	e.Version, e.VersionGuessed = v, c.guessed && v != 0
	if err != nil {
		e.Err = err // graver than to be out of order
		e.Partial = readable(e.Frame, v, true)
		c.identify(d, e, e.Partial)
		return
	}
	e.Packet = p
	c.identify(d, e, p)
	e.Err = placeFault(e, misplaced)
}

// identify fills in what a packet tells of the connection, and what the connection
// tells of a packet.
func (c *conversation) identify(d *direction, e *Event, p mqttwire.Packet) {
	switch p := p.(type) {
	case *packets.Connect:
		e.Version = p.Version
		if c.clientID != string(p.ClientID) {
			c.clientID = string(p.ClientID)
		}
		c.bridge = p.Bridge
		c.keepAliveOf(p)
	case *packets.Connack:
		if id, ok := p.Properties.AssignedClientIdentifier(); ok { // [MQTT-3.2.2-16]
			c.clientID = string(id)
		}
		c.keepAliveOf(p)
	case *packets.Publish:
		e.AliasTopic = d.resolveAlias(p)
	case *packets.Subscribe:
		c.bridge = c.bridge || subscribesAsBridge(p)
	}
	e.ClientID, e.Bridge = c.clientID, c.bridge
}

// subscribesAsBridge reports whether all subscriptions ask for what bridges need,
// and clients hardly ever do together: not to get back what they sent, and to get the
// RETAIN flag as it was. In 5.0 no bit of the CONNECT says it.
func subscribesAsBridge(p *packets.Subscribe) bool {
	for _, s := range p.Subscriptions {
		if !s.NoLocal || !s.RetainAsPublished {
			return false
		}
	}
	return len(p.Subscriptions) > 0
}

// placeFault returns what is wrong with a packet that is legal by itself, where
// it stands and from this sender; or nil.
func placeFault(e *Event, misplaced mqttwire.Rule) error {
	switch t := e.Frame.Header.Type; {
	case misplaced != 0:
		return wire.SentBy(mqttwire.NewError(misplaced, t, e.Version, mqttwire.FieldPacketType, 0, int64(t)), e.Sender)
	case e.Sender != 0:
		return packets.CheckSender(e.Packet, e.Version, e.Sender)
	}
	return nil
}

// refused reports whether a CONNACK is the one by which a server that knows
// only the older versions refuses 5.0: in the older form, which is legal there.
func refused(err error) bool {
	if err == nil {
		return false // and nothing is allocated
	}
	var e *mqttwire.Error
	return errors.As(err, &e) && e.Rule == mqttwire.RuleVersionRefused
}

// resolveAlias returns the topic name of a PUBLISH that has only an alias.
func (d *direction) resolveAlias(p *packets.Publish) []byte {
	if _, ok := p.Properties.TopicAlias(); !ok {
		return nil
	}
	if d.named += len(p.Topic); d.named > maxNamed {
		d.forgetAliases()
		d.named = len(p.Topic)
	}
	topic := d.aliases.Resolve(p)
	if len(p.Topic) > 0 {
		return nil
	}
	return bytes.Clone(topic)
}
