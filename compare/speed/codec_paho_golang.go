package main

import (
	"bufio"
	"bytes"

	"github.com/eclipse/paho.golang/packets"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/speed/floor"
)

var pahoGolangCodec = codec{
	name:   namePahoGolang,
	module: "github.com/eclipse/paho.golang",
	calls: "`Unpack` of the concrete packet, which is reused, from a reused `bytes.Buffer` over the body, which `floor.Cut` cuts, as no function " +
		"here takes bytes; `ControlPacket.WriteTo`; for streams `ReadPacket` over a `bufio.Reader`",
	lacks:  "5.0 only. Checks that a property belongs to its packet; no text, repeats or values.",
	decode: pahoGolangDecode,
	encode: pahoGolangEncode,
	build:  pahoGolangBuild,
	stream: pahoGolangStream,
}

// pahoGolangPackets are packets that are used again.
type pahoGolangPackets struct {
	properties  packets.Properties // of the packet at hand
	connect     packets.Connect
	connack     packets.Connack
	publish     packets.Publish
	puback      packets.Puback
	pubrec      packets.Pubrec
	pubrel      packets.Pubrel
	pubcomp     packets.Pubcomp
	subscribe   packets.Subscribe
	suback      packets.Suback
	unsubscribe packets.Unsubscribe
	unsuback    packets.Unsuback
	pingreq     packets.Pingreq
	pingresp    packets.Pingresp
	disconnect  packets.Disconnect
	auth        packets.Auth
}

// read decodes a body of type t with the given flags, in one switch as for each
// codec.
func (p *pahoGolangPackets) read(t, flags byte, b *bytes.Buffer) uint64 {
	q := &p.properties
	*q = packets.Properties{User: q.User[:0]}
	switch t {
	case packets.CONNECT:
		p.connect = packets.Connect{Properties: q}
		must(p.connect.Unpack(b))
		return pahoGolangSum(&p.connect)
	case packets.CONNACK:
		p.connack.Properties = q
		must(p.connack.Unpack(b))
		return connackSum(p.connack.SessionPresent, p.connack.ReasonCode, pahoConnack(q))
	case packets.PUBLISH:
		p.publish = packets.Publish{Properties: q, QoS: flags >> 1 & 3, Duplicate: flags&8 != 0, Retain: flags&1 != 0}
		must(p.publish.Unpack(b))
		return pahoGolangSum(&p.publish)
	case packets.PUBACK:
		p.puback = packets.Puback{Properties: q}
		must(p.puback.Unpack(b))
		return ackSum(p.puback.PacketID, p.puback.ReasonCode, pahoReason(q))
	case packets.PUBREC:
		p.pubrec = packets.Pubrec{Properties: q}
		must(p.pubrec.Unpack(b))
		return ackSum(p.pubrec.PacketID, p.pubrec.ReasonCode, pahoReason(q))
	case packets.PUBREL:
		p.pubrel = packets.Pubrel{Properties: q}
		must(p.pubrel.Unpack(b))
		return ackSum(p.pubrel.PacketID, p.pubrel.ReasonCode, pahoReason(q))
	case packets.PUBCOMP:
		p.pubcomp = packets.Pubcomp{Properties: q}
		must(p.pubcomp.Unpack(b))
		return ackSum(p.pubcomp.PacketID, p.pubcomp.ReasonCode, pahoReason(q))
	case packets.SUBSCRIBE:
		p.subscribe.Properties, p.subscribe.Subscriptions = q, p.subscribe.Subscriptions[:0]
		must(p.subscribe.Unpack(b))
		return pahoGolangSum(&p.subscribe)
	case packets.SUBACK:
		p.suback.Properties = q
		must(p.suback.Unpack(b))
		return listSum(p.suback.PacketID, byteSums(p.suback.Reasons), pahoReason(q))
	case packets.UNSUBSCRIBE:
		p.unsubscribe.Properties, p.unsubscribe.Topics = q, p.unsubscribe.Topics[:0]
		must(p.unsubscribe.Unpack(b))
		return pahoGolangSum(&p.unsubscribe)
	case packets.UNSUBACK:
		p.unsuback.Properties = q
		must(p.unsuback.Unpack(b))
		return listSum(p.unsuback.PacketID, byteSums(p.unsuback.Reasons), pahoReason(q))
	case packets.PINGREQ:
		must(p.pingreq.Unpack(b))
		return emptySum
	case packets.PINGRESP:
		must(p.pingresp.Unpack(b))
		return emptySum
	case packets.DISCONNECT:
		p.disconnect.Properties = q
		must(p.disconnect.Unpack(b))
		return ackSum(0, p.disconnect.ReasonCode, pahoDisconnect(q))
	case packets.AUTH:
		p.auth = packets.Auth{Properties: q}
		must(p.auth.Unpack(b))
		return ackSum(0, p.auth.ReasonCode, pahoAuth(q))
	}
	panic(t)
}

// pahoGolangSum is the sum of a packet.
func pahoGolangSum(p packets.Packet) uint64 {
	switch p := p.(type) {
	case *packets.Connect:
		return pahoGolangConnect(p)
	case *packets.Connack:
		return connackSum(p.SessionPresent, p.ReasonCode, pahoConnack(p.Properties))
	case *packets.Publish:
		return publishSum(stringSum(p.Topic), textSum(p.Payload), p.PacketID, p.QoS, p.Duplicate, p.Retain, pahoMessage(p.Properties))
	case *packets.Puback:
		return ackSum(p.PacketID, p.ReasonCode, pahoReason(p.Properties))
	case *packets.Pubrec:
		return ackSum(p.PacketID, p.ReasonCode, pahoReason(p.Properties))
	case *packets.Pubrel:
		return ackSum(p.PacketID, p.ReasonCode, pahoReason(p.Properties))
	case *packets.Pubcomp:
		return ackSum(p.PacketID, p.ReasonCode, pahoReason(p.Properties))
	case *packets.Subscribe:
		return listSum(p.PacketID, pahoSubscriptions(p.Subscriptions), pahoMessage(p.Properties))
	case *packets.Suback:
		return listSum(p.PacketID, byteSums(p.Reasons), pahoReason(p.Properties))
	case *packets.Unsubscribe:
		return listSum(p.PacketID, stringSums(p.Topics), pahoReason(p.Properties))
	case *packets.Unsuback:
		return listSum(p.PacketID, byteSums(p.Reasons), pahoReason(p.Properties))
	case *packets.Pingreq, *packets.Pingresp:
		return emptySum
	case *packets.Disconnect:
		return ackSum(0, p.ReasonCode, pahoDisconnect(p.Properties))
	case *packets.Auth:
		return ackSum(0, p.ReasonCode, pahoAuth(p.Properties))
	}
	panic(p)
}

func byteSums(list []byte) (sum uint64) {
	for i, c := range list {
		sum += entrySum(i, uint64(c))
	}
	return sum
}

func stringSums(list []string) (sum uint64) {
	for i, s := range list {
		sum += entrySum(i, stringSum(s))
	}
	return sum
}

func pahoSubscriptions(list []packets.SubOptions) (sum uint64) {
	for i := range list {
		s := &list[i]
		sum += subscriptionSum(i, stringSum(s.Topic), s.QoS, s.NoLocal, s.RetainAsPublished, s.RetainHandling)
	}
	return sum
}

func pahoGolangConnect(p *packets.Connect) uint64 {
	var will uint64
	if p.WillFlag {
		will = willSum(stringSum(p.WillTopic), textSum(p.WillMessage), p.WillQOS, p.WillRetain,
			pahoMessage(p.WillProperties)+pahoNumber4(mqttwire.WillDelayInterval, p.WillProperties.WillDelayInterval))
	}
	q := p.Properties
	properties := pahoNumber4(mqttwire.SessionExpiryInterval, q.SessionExpiryInterval) +
		pahoNumber2(mqttwire.ReceiveMaximum, q.ReceiveMaximum) +
		pahoNumber4(mqttwire.MaximumPacketSize, q.MaximumPacketSize) +
		pahoNumber2(mqttwire.TopicAliasMaximum, q.TopicAliasMaximum) +
		pahoNumber1(mqttwire.RequestProblemInformation, q.RequestProblemInfo) +
		pahoNumber1(mqttwire.RequestResponseInformation, q.RequestResponseInfo) +
		pahoAuth(q)
	return connectSum(p.ProtocolVersion, p.CleanStart, p.KeepAlive, stringSum(p.ClientID), stringSum(p.Username), textSum(p.Password),
		will, properties)
}

// The properties of each type of packet. Numbers that are not there are nil.

func pahoNumber1(id mqttwire.PropertyID, n *byte) uint64 {
	if n == nil {
		return 0
	}
	return numberSum(id, uint32(*n))
}

func pahoNumber2(id mqttwire.PropertyID, n *uint16) uint64 {
	if n == nil {
		return 0
	}
	return numberSum(id, uint32(*n))
}

func pahoNumber4(id mqttwire.PropertyID, n *uint32) uint64 {
	if n == nil {
		return 0
	}
	return numberSum(id, *n)
}

// pahoMessage is the sum of what PUBLISH, a will and SUBSCRIBE may have.
func pahoMessage(q *packets.Properties) uint64 {
	sum := pahoNumber1(mqttwire.PayloadFormatIndicator, q.PayloadFormat) +
		pahoNumber4(mqttwire.MessageExpiryInterval, q.MessageExpiry) +
		pahoNumber2(mqttwire.TopicAlias, q.TopicAlias) +
		valueSum(mqttwire.ContentType, stringSum(q.ContentType)) +
		valueSum(mqttwire.ResponseTopic, stringSum(q.ResponseTopic)) +
		valueSum(mqttwire.CorrelationData, textSum(q.CorrelationData))
	if q.SubscriptionIdentifier != nil {
		sum += numberSum(mqttwire.SubscriptionIdentifier, uint32(*q.SubscriptionIdentifier))
	}
	return sum + pahoUser(q.User)
}

func pahoUser(list []packets.User) (sum uint64) {
	for i := range list {
		sum += userSum(stringSum(list[i].Key), stringSum(list[i].Value))
	}
	return sum
}

func pahoReason(q *packets.Properties) uint64 {
	return valueSum(mqttwire.ReasonString, stringSum(q.ReasonString)) + pahoUser(q.User)
}

func pahoAuth(q *packets.Properties) uint64 {
	return valueSum(mqttwire.AuthenticationMethod, stringSum(q.AuthMethod)) +
		valueSum(mqttwire.AuthenticationData, textSum(q.AuthData)) + pahoReason(q)
}

func pahoDisconnect(q *packets.Properties) uint64 {
	return pahoNumber4(mqttwire.SessionExpiryInterval, q.SessionExpiryInterval) +
		valueSum(mqttwire.ServerReference, stringSum(q.ServerReference)) + pahoReason(q)
}

func pahoConnack(q *packets.Properties) uint64 {
	return pahoNumber4(mqttwire.SessionExpiryInterval, q.SessionExpiryInterval) +
		pahoNumber2(mqttwire.ReceiveMaximum, q.ReceiveMaximum) +
		pahoNumber4(mqttwire.MaximumPacketSize, q.MaximumPacketSize) +
		pahoNumber2(mqttwire.TopicAliasMaximum, q.TopicAliasMaximum) +
		pahoNumber2(mqttwire.ServerKeepAlive, q.ServerKeepAlive) +
		pahoNumber1(mqttwire.MaximumQoS, q.MaximumQOS) +
		pahoNumber1(mqttwire.RetainAvailable, q.RetainAvailable) +
		pahoNumber1(mqttwire.WildcardSubscriptionAvailable, q.WildcardSubAvailable) +
		pahoNumber1(mqttwire.SubscriptionIdentifierAvailable, q.SubIDAvailable) +
		pahoNumber1(mqttwire.SharedSubscriptionAvailable, q.SharedSubAvailable) +
		valueSum(mqttwire.AssignedClientIdentifier, stringSum(q.AssignedClientID)) +
		valueSum(mqttwire.ResponseInformation, stringSum(q.ResponseInfo)) +
		valueSum(mqttwire.ServerReference, stringSum(q.ServerReference)) +
		pahoAuth(q)
}

func pahoGolangDecode(w *workload) loop {
	if w.v != v5 {
		return nil
	}
	b, p, body := w.wire, new(pahoGolangPackets), new(bytes.Buffer)
	return func(n int) (sum uint64) {
		for range n {
			f, _, ok := floor.Cut(b)
			held(ok)
			*body = *bytes.NewBuffer(f.Body)
			sum += p.read(f.Type(), f.First&15, body)
		}
		return sum
	}
}

// pahoGolangDecoded returns the packet of w, ready to be written.
func pahoGolangDecoded(w *workload) *packets.ControlPacket {
	p, err := packets.ReadPacket(bytes.NewReader(w.wire))
	must(err)
	return p
}

func pahoGolangWrite(p *packets.ControlPacket, set func()) (loop, func() []byte) {
	out := new(writer)
	once := func() {
		set()
		_, err := p.WriteTo(out)
		must(err)
	}
	return func(n int) uint64 {
		out.n = 0
		for range n {
			once()
		}
		return out.n
	}, func() []byte { return out.kept(once) }
}

func pahoGolangEncode(w *workload) (loop, func() []byte) {
	if w.v != v5 {
		return nil, nil
	}
	return pahoGolangWrite(pahoGolangDecoded(w), func() {})
}

func pahoGolangBuild(w *workload) (loop, func() []byte) {
	p := pahoGolangDecoded(w)
	correlation := []byte(correlationData)
	q := p.Content.(*packets.Publish).Properties
	return pahoGolangWrite(p, func() {
		format, seconds, id := byte(1), uint32(expiry), subscriptionID
		*q = packets.Properties{PayloadFormat: &format, MessageExpiry: &seconds, SubscriptionIdentifier: &id,
			ContentType: contentType, ResponseTopic: responseTopic, CorrelationData: correlation, User: q.User[:0]}
		q.User = append(q.User, packets.User{Key: traceName, Value: traceValue}, packets.User{Key: spanName, Value: spanValue})
	})
}

func pahoGolangStream(src *source, v mqttwire.Version) loop {
	if v != v5 {
		return nil
	}
	r := bufio.NewReader(src)
	return func(n int) (sum uint64) {
		for range n {
			p, err := packets.ReadPacket(r)
			must(err)
			sum += pahoGolangSum(p.Content)
		}
		return sum
	}
}
