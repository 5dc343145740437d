package capture

import (
	"bytes"
	"errors"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// packet takes the next frame of a direction. It is decoded at once if the
// version is known; else it waits.
func (c *conversation) packet(d *direction, f mqttwire.Frame, m mark) {
	c.learnSender(d, f.Header.Type)
	q := &queuedEvent{Event: d.event(WholePacket, m), conv: c, from: d}
	q.Frame, q.Err = f, c.checkOrder(d, f.Header.Type)
	if c.raw {
		c.count++
		q.Record = c.count
		q.Sender = onlySender(f.Header.Type)
	}
	c.queue.push(q)
	if f.Header.Type == mqttwire.CONNECT && q.Sender != mqttwire.FromServer {
		c.connect = true
		d.aliases = nil
		c.opposite(d).aliases = nil
		if v := toldVersion(f); v != 0 {
			c.settle(v, false)
			c.version, c.guessed = v, false
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

// checkOrder checks the place of a packet, in a conversation whose start is in
// the capture.
func (c *conversation) checkOrder(d *direction, t mqttwire.PacketType) error {
	if c.raw || c.client != d || !d.wholeStart {
		return nil
	}
	switch {
	case d.frames == 1 && t != mqttwire.CONNECT:
		return &OrderError{t, mqttwire.ReasonProtocolError, "MQTT-3.1.0-1", "the client's first packet is a CONNECT"}
	case t == mqttwire.CONNECT && c.connect:
		return &OrderError{t, mqttwire.ReasonProtocolError, "MQTT-3.1.0-2", "a client sends one CONNECT"}
	}
	return nil
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
	if q.Err == nil && q.Sender != 0 {
		q.Err = packets.CheckSender(p, q.Version, q.Sender)
	}
}

// refused reports whether a CONNACK is the one by which a server that knows
// only the older versions refuses 5.0: in the older form, which is legal there.
func refused(err error) bool {
	var e *mqttwire.Error
	return errors.As(err, &e) && e.Rule == mqttwire.RuleVersionRefused
}

// resolveAlias keeps what topic aliases stand for, and returns the topic name
// of a PUBLISH that has only an alias. Section 3.3.2.3.4.
func (d *direction) resolveAlias(p *packets.Publish) []byte {
	alias, ok := p.Properties.TopicAlias()
	if !ok {
		return nil
	}
	if len(p.Topic) == 0 {
		return bytes.Clone(d.aliases[alias])
	}
	if d.aliases == nil {
		d.aliases = make(map[uint16][]byte)
	}
	d.aliases[alias] = bytes.Clone(p.Topic)
	return nil
}
