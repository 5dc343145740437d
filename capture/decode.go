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

// packet takes the next frame of a direction. It is decoded at once if the
// version is known; else it waits.
func (c *conversation) packet(d *direction, f mqttwire.Frame, m mark) {
	c.learnSender(d, f.Header.Type)
	q := &queuedEvent{Event: d.event(WholePacket, m), conv: c, from: d}
	q.Frame, q.misplaced = f, c.orderFault(d, f.Header.Type)
	if c.raw {
		c.count++
		q.Record = c.count
		q.Sender = onlySender(f.Header.Type)
	}
	c.queue.push(q)
	if f.Header.Type == mqttwire.CONNECT && q.Sender != mqttwire.FromServer {
		c.connect = true
		d.aliases, c.opposite(d).aliases = packets.TopicAliases{}, packets.TopicAliases{}
		if start, _ := packets.PeekConnectFrame(f); start.Version != 0 { // whatever else is wrong with it
			c.settle(start.Version, false)
			c.version, c.guessed = start.Version, false
		}
	}
	if c.version != 0 || f.Header.Type == mqttwire.CONNECT {
		q.decode()
		return
	}
	c.guess.see(f)
	c.waiting = append(c.waiting, q)
	if v := c.guess.certain(); v != 0 && !c.awaitsConnect() {
		c.settle(v, true)
	}
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
		q.decode()
	}
}

// decode decodes a packet in the version of its conversation.
func (q *queuedEvent) decode() {
	v := q.conv.version
	if q.Frame.Header.Type == mqttwire.CONNECT {
		v = 0 // it tells its own
	}
	p, err := packets.Decode(q.Frame, v)
	if refused(err) {
		v = mqttwire.V311
		p, err = packets.Decode(q.Frame, v)
	}
	if !q.conv.raw {
		q.Sender = q.conv.sender(q.from)
	}
	q.ready, q.Version, q.VersionGuessed = true, v, q.conv.guessed && v != 0
	if err != nil {
		q.Err = err // graver than to be out of order
		return
	}
	switch p := p.(type) {
	case *packets.Connect:
		q.Version = p.Version
	case *packets.Publish:
		q.AliasTopic = q.from.resolveAlias(p)
	}
	q.Packet = p
	q.Err = q.placeFault()
}

// placeFault returns what is wrong with a packet that is legal by itself, where
// it stands and from this sender; or nil.
func (q *queuedEvent) placeFault() error {
	switch t := q.Frame.Header.Type; {
	case q.misplaced != 0:
		return wire.SentBy(mqttwire.NewError(q.misplaced, t, q.Version, mqttwire.FieldPacketType, 0, int64(t)), q.Sender)
	case q.Sender != 0:
		return packets.CheckSender(q.Packet, q.Version, q.Sender)
	}
	return nil
}

// refused reports whether a CONNACK is the one by which a server that knows
// only the older versions refuses 5.0: in the older form, which is legal there.
func refused(err error) bool {
	var e *mqttwire.Error
	return errors.As(err, &e) && e.Rule == mqttwire.RuleVersionRefused
}

// resolveAlias returns the topic name of a PUBLISH that has only an alias.
func (d *direction) resolveAlias(p *packets.Publish) []byte {
	topic := d.aliases.Resolve(p)
	if len(p.Topic) > 0 {
		return nil
	}
	return bytes.Clone(topic)
}
