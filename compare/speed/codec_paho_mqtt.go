package main

import (
	"bufio"
	"bytes"
	"io"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/speed/floor"
)

var pahoMQTTCodec = codec{
	name:   namePahoMQTT,
	module: "github.com/eclipse/paho.mqtt.golang",
	calls: "`Unpack` of the concrete packet, which is reused, from a reused `bytes.Reader` over the body, which `floor.Cut` cuts, as no function " +
		"here takes bytes; `Write`; for streams `ReadPacket` over a `bufio.Reader`",
	lacks:  "3.1.1 only. Checks lengths only in part, and neither text nor values; `ConnectPacket.Validate` is not called.",
	decode: pahoMQTTDecode,
	encode: pahoMQTTEncode,
	stream: pahoMQTTStream,
}

// pahoMQTTPackets are packets that are used again.
type pahoMQTTPackets struct {
	connect     packets.ConnectPacket
	connack     packets.ConnackPacket
	publish     packets.PublishPacket
	puback      packets.PubackPacket
	pubrec      packets.PubrecPacket
	pubrel      packets.PubrelPacket
	pubcomp     packets.PubcompPacket
	subscribe   packets.SubscribePacket
	suback      packets.SubackPacket
	unsubscribe packets.UnsubscribePacket
	unsuback    packets.UnsubackPacket
	pingreq     packets.PingreqPacket
	pingresp    packets.PingrespPacket
	disconnect  packets.DisconnectPacket
}

// read decodes a body with the fixed header h, in one switch as for each codec.
func (p *pahoMQTTPackets) read(h packets.FixedHeader, r io.Reader) uint64 {
	switch h.MessageType {
	case packets.Connect:
		p.connect = packets.ConnectPacket{FixedHeader: h}
		must(p.connect.Unpack(r))
		return pahoMQTTSum(&p.connect)
	case packets.Connack:
		p.connack.FixedHeader = h
		must(p.connack.Unpack(r))
		return connackSum(p.connack.SessionPresent, p.connack.ReturnCode, 0)
	case packets.Publish:
		p.publish.FixedHeader, p.publish.MessageID = h, 0
		must(p.publish.Unpack(r))
		return pahoMQTTSum(&p.publish)
	case packets.Puback:
		p.puback.FixedHeader = h
		must(p.puback.Unpack(r))
		return ackSum(p.puback.MessageID, 0, 0)
	case packets.Pubrec:
		p.pubrec.FixedHeader = h
		must(p.pubrec.Unpack(r))
		return ackSum(p.pubrec.MessageID, 0, 0)
	case packets.Pubrel:
		p.pubrel.FixedHeader = h
		must(p.pubrel.Unpack(r))
		return ackSum(p.pubrel.MessageID, 0, 0)
	case packets.Pubcomp:
		p.pubcomp.FixedHeader = h
		must(p.pubcomp.Unpack(r))
		return ackSum(p.pubcomp.MessageID, 0, 0)
	case packets.Subscribe:
		s := &p.subscribe
		s.FixedHeader, s.Topics, s.Qoss = h, s.Topics[:0], s.Qoss[:0]
		must(s.Unpack(r))
		return pahoMQTTSum(s)
	case packets.Suback:
		p.suback.FixedHeader = h
		must(p.suback.Unpack(r))
		return listSum(p.suback.MessageID, byteSums(p.suback.ReturnCodes), 0)
	case packets.Unsubscribe:
		p.unsubscribe.FixedHeader, p.unsubscribe.Topics = h, p.unsubscribe.Topics[:0]
		must(p.unsubscribe.Unpack(r))
		return pahoMQTTSum(&p.unsubscribe)
	case packets.Unsuback:
		p.unsuback.FixedHeader = h
		must(p.unsuback.Unpack(r))
		return ackSum(p.unsuback.MessageID, 0, 0)
	case packets.Pingreq:
		p.pingreq.FixedHeader = h
		must(p.pingreq.Unpack(r))
		return emptySum
	case packets.Pingresp:
		p.pingresp.FixedHeader = h
		must(p.pingresp.Unpack(r))
		return emptySum
	case packets.Disconnect:
		p.disconnect.FixedHeader = h
		must(p.disconnect.Unpack(r))
		return ackSum(0, 0, 0)
	}
	panic(h.MessageType)
}

// pahoMQTTSum is the sum of a packet.
func pahoMQTTSum(p packets.ControlPacket) uint64 {
	switch p := p.(type) {
	case *packets.ConnectPacket:
		var will uint64
		if p.WillFlag {
			will = willSum(stringSum(p.WillTopic), textSum(p.WillMessage), p.WillQos, p.WillRetain, 0)
		}
		return connectSum(p.ProtocolVersion, p.CleanSession, p.Keepalive, stringSum(p.ClientIdentifier), stringSum(p.Username),
			textSum(p.Password), will, 0)
	case *packets.ConnackPacket:
		return connackSum(p.SessionPresent, p.ReturnCode, 0)
	case *packets.PublishPacket:
		return publishSum(stringSum(p.TopicName), textSum(p.Payload), p.MessageID, p.Qos, p.Dup, p.Retain, 0)
	case *packets.PubackPacket:
		return ackSum(p.MessageID, 0, 0)
	case *packets.PubrecPacket:
		return ackSum(p.MessageID, 0, 0)
	case *packets.PubrelPacket:
		return ackSum(p.MessageID, 0, 0)
	case *packets.PubcompPacket:
		return ackSum(p.MessageID, 0, 0)
	case *packets.SubscribePacket:
		var entries uint64
		for i, topic := range p.Topics {
			entries += subscriptionSum(i, stringSum(topic), p.Qoss[i], false, false, 0)
		}
		return listSum(p.MessageID, entries, 0)
	case *packets.SubackPacket:
		return listSum(p.MessageID, byteSums(p.ReturnCodes), 0)
	case *packets.UnsubscribePacket:
		return listSum(p.MessageID, stringSums(p.Topics), 0)
	case *packets.UnsubackPacket:
		return ackSum(p.MessageID, 0, 0)
	case *packets.PingreqPacket, *packets.PingrespPacket:
		return emptySum
	case *packets.DisconnectPacket:
		return ackSum(0, 0, 0)
	}
	panic(p)
}

func pahoMQTTDecode(w *workload) loop {
	if w.v == v5 {
		return nil
	}
	b, p, r := w.wire, new(pahoMQTTPackets), new(bytes.Reader)
	return func(n int) (sum uint64) {
		for range n {
			f, _, ok := floor.Cut(b)
			held(ok)
			r.Reset(f.Body)
			h := packets.FixedHeader{MessageType: f.Type(), Dup: f.First&8 != 0, Qos: f.First >> 1 & 3, Retain: f.First&1 != 0,
				RemainingLength: len(f.Body)}
			sum += p.read(h, r)
		}
		return sum
	}
}

func pahoMQTTEncode(w *workload) (loop, func() []byte) {
	if w.v == v5 {
		return nil, nil
	}
	p, err := packets.ReadPacket(bytes.NewReader(w.wire))
	must(err)
	out := new(writer)
	return func(n int) uint64 {
		out.n = 0
		for range n {
			must(p.Write(out))
		}
		return out.n
	}, func() []byte { return out.kept(func() { must(p.Write(out)) }) }
}

func pahoMQTTStream(src *source, v mqttwire.Version) loop {
	if v == v5 {
		return nil
	}
	r := bufio.NewReader(src)
	return func(n int) (sum uint64) {
		for range n {
			p, err := packets.ReadPacket(r)
			must(err)
			sum += pahoMQTTSum(p)
		}
		return sum
	}
}
