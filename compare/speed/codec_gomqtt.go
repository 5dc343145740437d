package main

import (
	"github.com/256dpi/gomqtt/packet"

	"github.com/mqttwire/mqttwire"
)

var gomqttCodec = codec{
	name:   nameGomqtt,
	module: "github.com/256dpi/gomqtt",
	calls: "`Decode` of the concrete packet, which is reused, from the packet's bytes; `Encode` to a buffer that is reused; for streams " +
		"`Decoder.Read`",
	lacks:  "3.1.1 only. Checks flags, identifiers, QoS and codes; no text, no wildcards. Copies strings and payloads.",
	decode: gomqttDecode,
	encode: gomqttEncode,
	stream: gomqttStream,
}

// gomqttPackets are packets that are used again.
type gomqttPackets struct {
	connect     packet.Connect
	connack     packet.Connack
	publish     packet.Publish
	puback      packet.Puback
	pubrec      packet.Pubrec
	pubrel      packet.Pubrel
	pubcomp     packet.Pubcomp
	subscribe   packet.Subscribe
	suback      packet.Suback
	unsubscribe packet.Unsubscribe
	unsuback    packet.Unsuback
	pingreq     packet.Pingreq
	pingresp    packet.Pingresp
	disconnect  packet.Disconnect
}

// taken stops the program if a packet was refused.
func taken(_ int, err error) { must(err) }

// read decodes the packet that b is. It is one switch, as for each codec: to hand on
// some types would cost them a call.
func (p *gomqttPackets) read(b []byte) uint64 {
	switch packet.Type(b[0] >> 4) {
	case packet.CONNECT:
		p.connect = packet.Connect{}
		taken(p.connect.Decode(b))
		return gomqttConnect(&p.connect)
	case packet.CONNACK:
		taken(p.connack.Decode(b))
		return connackSum(p.connack.SessionPresent, byte(p.connack.ReturnCode), 0)
	case packet.PUBLISH:
		p.publish.ID = 0
		taken(p.publish.Decode(b))
		return gomqttPublish(&p.publish)
	case packet.PUBACK:
		taken(p.puback.Decode(b))
		return ackSum(uint16(p.puback.ID), 0, 0)
	case packet.PUBREC:
		taken(p.pubrec.Decode(b))
		return ackSum(uint16(p.pubrec.ID), 0, 0)
	case packet.PUBREL:
		taken(p.pubrel.Decode(b))
		return ackSum(uint16(p.pubrel.ID), 0, 0)
	case packet.PUBCOMP:
		taken(p.pubcomp.Decode(b))
		return ackSum(uint16(p.pubcomp.ID), 0, 0)
	case packet.SUBSCRIBE:
		taken(p.subscribe.Decode(b))
		return listSum(uint16(p.subscribe.ID), gomqttSubscriptions(p.subscribe.Subscriptions), 0)
	case packet.SUBACK:
		taken(p.suback.Decode(b))
		return listSum(uint16(p.suback.ID), gomqttCodes(p.suback.ReturnCodes), 0)
	case packet.UNSUBSCRIBE:
		taken(p.unsubscribe.Decode(b))
		return listSum(uint16(p.unsubscribe.ID), stringSums(p.unsubscribe.Topics), 0)
	case packet.UNSUBACK:
		taken(p.unsuback.Decode(b))
		return ackSum(uint16(p.unsuback.ID), 0, 0)
	case packet.PINGREQ:
		taken(p.pingreq.Decode(b))
		return emptySum
	case packet.PINGRESP:
		taken(p.pingresp.Decode(b))
		return emptySum
	case packet.DISCONNECT:
		taken(p.disconnect.Decode(b))
		return ackSum(0, 0, 0)
	}
	panic(b[0])
}

func gomqttConnect(p *packet.Connect) uint64 {
	var will uint64
	if w := p.Will; w != nil {
		will = willSum(stringSum(w.Topic), textSum(w.Payload), byte(w.QOS), w.Retain, 0)
	}
	return connectSum(p.Version, p.CleanSession, p.KeepAlive, stringSum(p.ClientID), stringSum(p.Username), stringSum(p.Password), will, 0)
}

func gomqttPublish(p *packet.Publish) uint64 {
	m := &p.Message
	return publishSum(stringSum(m.Topic), textSum(m.Payload), uint16(p.ID), byte(m.QOS), p.Dup, m.Retain, 0)
}

func gomqttSubscriptions(list []packet.Subscription) (sum uint64) {
	for i := range list {
		sum += subscriptionSum(i, stringSum(list[i].Topic), byte(list[i].QOS), false, false, 0)
	}
	return sum
}

func gomqttCodes(list []packet.QOS) (sum uint64) {
	for i, c := range list {
		sum += entrySum(i, uint64(c))
	}
	return sum
}

func gomqttDecode(w *workload) loop {
	if w.v == v5 {
		return nil
	}
	b, p := w.wire, new(gomqttPackets)
	return func(n int) (sum uint64) {
		for range n {
			sum += p.read(b)
		}
		return sum
	}
}

// write encodes the packet of type t that read has left.
func (p *gomqttPackets) write(dst []byte, t packet.Type) (int, error) {
	switch t {
	case packet.CONNECT:
		return p.connect.Encode(dst)
	case packet.CONNACK:
		return p.connack.Encode(dst)
	case packet.PUBLISH:
		return p.publish.Encode(dst)
	case packet.PUBACK:
		return p.puback.Encode(dst)
	case packet.PUBREC:
		return p.pubrec.Encode(dst)
	case packet.PUBREL:
		return p.pubrel.Encode(dst)
	case packet.PUBCOMP:
		return p.pubcomp.Encode(dst)
	case packet.SUBSCRIBE:
		return p.subscribe.Encode(dst)
	case packet.SUBACK:
		return p.suback.Encode(dst)
	case packet.UNSUBSCRIBE:
		return p.unsubscribe.Encode(dst)
	case packet.UNSUBACK:
		return p.unsuback.Encode(dst)
	case packet.PINGREQ:
		return p.pingreq.Encode(dst)
	case packet.PINGRESP:
		return p.pingresp.Encode(dst)
	case packet.DISCONNECT:
		return p.disconnect.Encode(dst)
	}
	panic(t)
}

func gomqttEncode(w *workload) (loop, func() []byte) {
	if w.v == v5 {
		return nil, nil
	}
	t, p, dst := packet.Type(w.kind()), new(gomqttPackets), make([]byte, len(w.wire))
	p.read(w.wire)
	return func(n int) (sum uint64) {
			for range n {
				size, err := p.write(dst, t)
				must(err)
				sum += uint64(size)
			}
			return sum
		}, func() []byte {
			size, err := p.write(dst, t)
			must(err)
			return dst[:size]
		}
}

// gomqttSum is the sum of a packet.
func gomqttSum(p packet.Generic) uint64 {
	switch p := p.(type) {
	case *packet.Publish:
		return gomqttPublish(p)
	case *packet.Puback:
		return ackSum(uint16(p.ID), 0, 0)
	case *packet.Pubrec:
		return ackSum(uint16(p.ID), 0, 0)
	case *packet.Pubrel:
		return ackSum(uint16(p.ID), 0, 0)
	case *packet.Pubcomp:
		return ackSum(uint16(p.ID), 0, 0)
	case *packet.Subscribe:
		return listSum(uint16(p.ID), gomqttSubscriptions(p.Subscriptions), 0)
	case *packet.Unsubscribe:
		return listSum(uint16(p.ID), stringSums(p.Topics), 0)
	case *packet.Pingreq:
		return emptySum
	}
	panic(p)
}

func gomqttStream(src *source, v mqttwire.Version) loop {
	if v == v5 {
		return nil
	}
	d := packet.NewDecoder(src)
	return func(n int) (sum uint64) {
		for range n {
			p, err := d.Read()
			must(err)
			sum += gomqttSum(p)
		}
		return sum
	}
}
