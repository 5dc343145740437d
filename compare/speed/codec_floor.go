package main

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/speed/floor"
)

// floorCodec is the package floor, with or without text checks.
func floorCodec(name string, check bool) codec {
	c := codec{
		name:  name,
		calls: "`floor.Cut`, then `Decode` of the concrete packet, which is reused; `floor.Stream`",
		lacks: "Checks nothing but that fields lie inside the frame. Its functions are kept from being inlined, as a decoder that checks is not.",
		decode: func(w *workload) loop {
			b, v, p := w.wire, w.v, &floorPackets{check: check}
			return func(n int) (sum uint64) {
				for range n {
					f, _, ok := floor.Cut(b)
					held(ok)
					sum += p.read(f, v)
				}
				return sum
			}
		},
		stream: func(src *source, v mqttwire.Version) loop {
			s, p := floor.NewStream(src), &floorPackets{check: check}
			return func(n int) (sum uint64) {
				for range n {
					f, ok := s.Next()
					held(ok)
					sum += p.read(f, v)
				}
				return sum
			}
		},
	}
	if check {
		c.lacks = "As the floor, but text is checked: UTF-8, NUL, and + and # in topic names; one pass of eight bytes at a time over " +
			"ASCII, `utf8.Valid` and `bytes.IndexByte` over the rest. On text of under 100 bytes that is faster than these two alone."
	}
	return c
}

// held stops the program: the workloads are legal.
func held(ok bool) {
	if !ok {
		panic("floor: bad packet")
	}
}

type floorPackets struct {
	check       bool
	connect     floor.Connect
	connack     floor.Connack
	publish     floor.Publish
	ack         floor.Ack
	subscribe   floor.Subscribe
	suback      floor.Suback
	unsubscribe floor.Unsubscribe
	reason      floor.Reason
}

// read decodes a frame of any type, as that of mqttwirePackets.
func (p *floorPackets) read(f floor.Frame, v mqttwire.Version) uint64 {
	switch mqttwire.PacketType(f.Type()) {
	case mqttwire.CONNECT:
		held(p.connect.Decode(f, p.check))
		return p.connectSum()
	case mqttwire.CONNACK:
		held(p.connack.Decode(f, v, p.check))
		return connackSum(p.connack.SessionPresent, byte(p.connack.ReasonCode), propertySums(p.connack.List))
	case mqttwire.PUBLISH:
		held(p.publish.Decode(f, v, p.check))
		return p.publishSum()
	case mqttwire.PUBACK, mqttwire.PUBREC, mqttwire.PUBREL, mqttwire.PUBCOMP:
		held(p.ack.Decode(f, p.check))
		return ackSum(p.ack.PacketID, byte(p.ack.ReasonCode), propertySums(p.ack.List))
	case mqttwire.SUBSCRIBE:
		held(p.subscribe.Decode(f, v, p.check))
		return listSum(p.subscribe.PacketID, subscriptionSums(p.subscribe.Subscriptions), propertySums(p.subscribe.List))
	case mqttwire.SUBACK, mqttwire.UNSUBACK:
		held(p.suback.Decode(f, v, p.check))
		return listSum(p.suback.PacketID, mqttwireCodes(p.suback.ReasonCodes), propertySums(p.suback.List))
	case mqttwire.UNSUBSCRIBE:
		held(p.unsubscribe.Decode(f, v, p.check))
		return listSum(p.unsubscribe.PacketID, filterSums(p.unsubscribe.Filters), propertySums(p.unsubscribe.List))
	case mqttwire.PINGREQ, mqttwire.PINGRESP:
		held(floor.DecodeEmpty(f))
		return emptySum
	case mqttwire.DISCONNECT, mqttwire.AUTH:
		held(p.reason.Decode(f, p.check))
		return ackSum(0, byte(p.reason.ReasonCode), propertySums(p.reason.List))
	}
	panic(f.Type())
}

func (p *floorPackets) connectSum() uint64 {
	c := &p.connect
	var will uint64
	if w := c.Will; w != nil {
		will = willSum(textSum(w.Topic), textSum(w.Payload), byte(w.QoS), w.Retain, propertySums(c.WillList))
	}
	return connectSum(byte(c.Version), c.CleanStart, c.KeepAlive, textSum(c.ClientID), textSum(c.UserName), textSum(c.Password),
		will, propertySums(c.List))
}

func (p *floorPackets) publishSum() uint64 {
	m := &p.publish
	return publishSum(textSum(m.Topic), textSum(m.Payload), m.PacketID, byte(m.QoS), m.Dup, m.Retain, propertySums(m.List))
}

func propertySums(list []floor.Property) (sum uint64) {
	for i := range list {
		p := &list[i]
		sum += propertySum(p.ID, p.Number, p.Name, p.Value)
	}
	return sum
}

// memcpyCodec copies the bytes.
var memcpyCodec = codec{
	name:   nameMemcpy,
	calls:  "`copy` of the packet's bytes",
	lacks:  "Does nothing else.",
	decode: memcpyLoop,
	encode: func(w *workload) (loop, func() []byte) {
		return memcpyLoop(w), func() []byte { return append([]byte(nil), w.wire...) }
	},
}

func memcpyLoop(w *workload) loop {
	src, dst := w.wire, make([]byte, len(w.wire))
	return func(n int) (sum uint64) {
		for range n {
			sum += uint64(copy(dst, src))
		}
		return sum
	}
}
