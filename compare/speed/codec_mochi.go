package main

import (
	"bufio"
	"bytes"
	"io"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/mqttwire/mqttwire"
)

var mochiCodec = codec{
	name:   nameMochi,
	module: "github.com/mochi-mqtt/server/v2",
	calls: "`FixedHeader.Decode`, `DecodeLength` from a reused `bytes.Reader`, `Packet.XxxDecode` of the bytes in place, on a reused `Packet`; " +
		"`Packet.XxxEncode` to a reused `bytes.Buffer`; for streams these over a `bufio.Reader`, with new memory for each body, as its server does",
	lacks:  "`XxxValidate`, `ReasonCodeValid` and `IsValidFilter` are not called: UTF-8 is checked, wildcards, repeats and most values are not.",
	decode: mochiDecode,
	encode: mochiEncode,
	build:  mochiBuild,
	stream: mochiStream,
}

// mochiPacket is a Packet that is used again.
type mochiPacket struct {
	packets.Packet
	header bytes.Reader
}

// clear empties what the next Decode would add to or leave as it is.
func (p *mochiPacket) clear() {
	if p.ProtocolVersion == byte(v5) {
		p.Properties = packets.Properties{
			User: p.Properties.User[:0], SubscriptionIdentifier: p.Properties.SubscriptionIdentifier[:0],
		}
		p.ReasonCode = 0
	}
}

// cut reads the fixed header of b and returns the body.
func (p *mochiPacket) cut(b []byte) []byte {
	p.header.Reset(b[1:])
	must(p.FixedHeader.Decode(b[0]))
	n, size, err := packets.DecodeLength(&p.header)
	must(err)
	p.FixedHeader.Remaining = n
	return b[1+size : 1+size+n]
}

// read decodes a body of any type, in one switch as for each codec.
func (p *mochiPacket) read(body []byte) uint64 {
	p.clear()
	switch p.FixedHeader.Type {
	case packets.Connect:
		return p.readConnect(body)
	case packets.Connack:
		must(p.ConnackDecode(body))
		return connackSum(p.SessionPresent, p.ReasonCode, p.connackProperties())
	case packets.Publish:
		must(p.PublishDecode(body))
		if p.FixedHeader.Qos == 0 {
			p.PacketID = 0
		}
		h := &p.FixedHeader
		return publishSum(stringSum(p.TopicName), textSum(p.Payload), p.PacketID, h.Qos, h.Dup, h.Retain, p.publishProperties())
	case packets.Puback:
		must(p.PubackDecode(body))
		return ackSum(p.PacketID, p.ReasonCode, p.reasonProperties())
	case packets.Pubrec:
		must(p.PubrecDecode(body))
		return ackSum(p.PacketID, p.ReasonCode, p.reasonProperties())
	case packets.Pubrel:
		must(p.PubrelDecode(body))
		return ackSum(p.PacketID, p.ReasonCode, p.reasonProperties())
	case packets.Pubcomp:
		must(p.PubcompDecode(body))
		return ackSum(p.PacketID, p.ReasonCode, p.reasonProperties())
	case packets.Subscribe:
		must(p.SubscribeDecode(body))
		return listSum(p.PacketID, p.filters(), p.subscribeProperties())
	case packets.Suback:
		must(p.SubackDecode(body))
		return listSum(p.PacketID, p.codes(), p.reasonProperties())
	case packets.Unsubscribe:
		must(p.UnsubscribeDecode(body))
		return listSum(p.PacketID, p.filters(), mochiUser(p.Properties.User))
	case packets.Unsuback:
		must(p.UnsubackDecode(body))
		return listSum(p.PacketID, p.codes(), p.reasonProperties())
	case packets.Pingreq:
		must(p.PingreqDecode(body))
		return emptySum
	case packets.Pingresp:
		must(p.PingrespDecode(body))
		return emptySum
	case packets.Disconnect:
		must(p.DisconnectDecode(body))
		return ackSum(0, p.ReasonCode, p.disconnectProperties())
	case packets.Auth:
		must(p.AuthDecode(body))
		return ackSum(0, p.ReasonCode, p.authProperties())
	}
	panic(p.FixedHeader.Type)
}

func (p *mochiPacket) readConnect(body []byte) uint64 {
	c := &p.Connect
	*c = packets.ConnectParams{WillProperties: packets.Properties{User: c.WillProperties.User[:0]}}
	must(p.ConnectDecode(body))
	var will uint64
	if c.WillFlag {
		will = willSum(stringSum(c.WillTopic), textSum(c.WillPayload), c.WillQos, c.WillRetain, mochiWill(&c.WillProperties))
	}
	return connectSum(p.ProtocolVersion, c.Clean, c.Keepalive, stringSum(c.ClientIdentifier), textSum(c.Username), textSum(c.Password),
		will, p.connectProperties())
}

func (p *mochiPacket) filters() (sum uint64) {
	for i := range p.Filters {
		s := &p.Filters[i]
		sum += subscriptionSum(i, stringSum(s.Filter), s.Qos, s.NoLocal, s.RetainAsPublished, s.RetainHandling)
	}
	return sum
}

func (p *mochiPacket) codes() (sum uint64) {
	for i, c := range p.ReasonCodes {
		sum += entrySum(i, uint64(c))
	}
	return sum
}

func mochiUser(list []packets.UserProperty) (sum uint64) {
	for i := range list {
		sum += userSum(stringSum(list[i].Key), stringSum(list[i].Val))
	}
	return sum
}

// The properties of each type of packet. Those that are not there are zero.

func (p *mochiPacket) publishProperties() uint64 {
	if p.ProtocolVersion != byte(v5) {
		return 0
	}
	q := &p.Properties
	sum := numberSum(mqttwire.PayloadFormatIndicator, uint32(q.PayloadFormat)) +
		numberSum(mqttwire.MessageExpiryInterval, q.MessageExpiryInterval) +
		numberSum(mqttwire.TopicAlias, uint32(q.TopicAlias)) +
		valueSum(mqttwire.ContentType, stringSum(q.ContentType)) +
		valueSum(mqttwire.ResponseTopic, stringSum(q.ResponseTopic)) +
		valueSum(mqttwire.CorrelationData, textSum(q.CorrelationData))
	for _, id := range q.SubscriptionIdentifier {
		sum += numberSum(mqttwire.SubscriptionIdentifier, uint32(id))
	}
	return sum + mochiUser(q.User)
}

func mochiWill(q *packets.Properties) uint64 {
	return numberSum(mqttwire.PayloadFormatIndicator, uint32(q.PayloadFormat)) +
		numberSum(mqttwire.MessageExpiryInterval, q.MessageExpiryInterval) +
		numberSum(mqttwire.WillDelayInterval, q.WillDelayInterval) +
		valueSum(mqttwire.ContentType, stringSum(q.ContentType)) +
		valueSum(mqttwire.ResponseTopic, stringSum(q.ResponseTopic)) +
		valueSum(mqttwire.CorrelationData, textSum(q.CorrelationData)) +
		mochiUser(q.User)
}

func (p *mochiPacket) connectProperties() uint64 {
	if p.ProtocolVersion != byte(v5) {
		return 0
	}
	q := &p.Properties
	return numberSum(mqttwire.SessionExpiryInterval, q.SessionExpiryInterval) +
		numberSum(mqttwire.ReceiveMaximum, uint32(q.ReceiveMaximum)) +
		numberSum(mqttwire.MaximumPacketSize, q.MaximumPacketSize) +
		numberSum(mqttwire.TopicAliasMaximum, uint32(q.TopicAliasMaximum)) +
		numberSum(mqttwire.RequestProblemInformation, uint32(q.RequestProblemInfo)) +
		numberSum(mqttwire.RequestResponseInformation, uint32(q.RequestResponseInfo)) +
		p.authProperties()
}

func (p *mochiPacket) connackProperties() uint64 {
	if p.ProtocolVersion != byte(v5) {
		return 0
	}
	q := &p.Properties
	return numberSum(mqttwire.SessionExpiryInterval, q.SessionExpiryInterval) +
		numberSum(mqttwire.ReceiveMaximum, uint32(q.ReceiveMaximum)) +
		numberSum(mqttwire.MaximumPacketSize, q.MaximumPacketSize) +
		numberSum(mqttwire.TopicAliasMaximum, uint32(q.TopicAliasMaximum)) +
		numberSum(mqttwire.ServerKeepAlive, uint32(q.ServerKeepAlive)) +
		numberSum(mqttwire.MaximumQoS, uint32(q.MaximumQos)) +
		numberSum(mqttwire.RetainAvailable, uint32(q.RetainAvailable)) +
		numberSum(mqttwire.WildcardSubscriptionAvailable, uint32(q.WildcardSubAvailable)) +
		numberSum(mqttwire.SubscriptionIdentifierAvailable, uint32(q.SubIDAvailable)) +
		numberSum(mqttwire.SharedSubscriptionAvailable, uint32(q.SharedSubAvailable)) +
		valueSum(mqttwire.AssignedClientIdentifier, stringSum(q.AssignedClientID)) +
		valueSum(mqttwire.ResponseInformation, stringSum(q.ResponseInfo)) +
		valueSum(mqttwire.ServerReference, stringSum(q.ServerReference)) +
		p.authProperties()
}

func (p *mochiPacket) authProperties() uint64 {
	q := &p.Properties
	return valueSum(mqttwire.AuthenticationMethod, stringSum(q.AuthenticationMethod)) +
		valueSum(mqttwire.AuthenticationData, textSum(q.AuthenticationData)) + p.reasonProperties()
}

func (p *mochiPacket) subscribeProperties() (sum uint64) {
	for _, id := range p.Properties.SubscriptionIdentifier {
		sum += numberSum(mqttwire.SubscriptionIdentifier, uint32(id))
	}
	return sum + mochiUser(p.Properties.User)
}

func (p *mochiPacket) disconnectProperties() uint64 {
	q := &p.Properties
	return numberSum(mqttwire.SessionExpiryInterval, q.SessionExpiryInterval) +
		valueSum(mqttwire.ServerReference, stringSum(q.ServerReference)) + p.reasonProperties()
}

func (p *mochiPacket) reasonProperties() uint64 {
	return valueSum(mqttwire.ReasonString, stringSum(p.Properties.ReasonString)) + mochiUser(p.Properties.User)
}

func mochiDecode(w *workload) loop {
	b, p := w.wire, new(mochiPacket)
	p.ProtocolVersion = byte(w.v)
	return func(n int) (sum uint64) {
		for range n {
			sum += p.read(p.cut(b))
		}
		return sum
	}
}

// write encodes the packet that read has left.
func (p *mochiPacket) write(b *bytes.Buffer) error {
	switch p.FixedHeader.Type {
	case packets.Connect:
		return p.ConnectEncode(b)
	case packets.Connack:
		return p.ConnackEncode(b)
	case packets.Publish:
		return p.PublishEncode(b)
	case packets.Puback:
		return p.PubackEncode(b)
	case packets.Pubrec:
		return p.PubrecEncode(b)
	case packets.Pubrel:
		return p.PubrelEncode(b)
	case packets.Pubcomp:
		return p.PubcompEncode(b)
	case packets.Subscribe:
		return p.SubscribeEncode(b)
	case packets.Suback:
		return p.SubackEncode(b)
	case packets.Unsubscribe:
		return p.UnsubscribeEncode(b)
	case packets.Unsuback:
		return p.UnsubackEncode(b)
	case packets.Pingreq:
		return p.PingreqEncode(b)
	case packets.Pingresp:
		return p.PingrespEncode(b)
	case packets.Disconnect:
		return p.DisconnectEncode(b)
	case packets.Auth:
		return p.AuthEncode(b)
	}
	panic(p.FixedHeader.Type)
}

// mochiDecoded returns the packet of w.
func mochiDecoded(w *workload) *mochiPacket {
	p := new(mochiPacket)
	p.ProtocolVersion = byte(w.v)
	p.read(p.cut(w.wire))
	p.Mods.AllowResponseInfo = true // otherwise properties are left out
	return p
}

func mochiEncode(w *workload) (loop, func() []byte) {
	p, b := mochiDecoded(w), new(bytes.Buffer)
	once := func() []byte {
		b.Reset()
		must(p.write(b))
		return b.Bytes()
	}
	return func(n int) (sum uint64) {
		for range n {
			b.Reset()
			must(p.write(b))
			sum += uint64(b.Len())
		}
		return sum
	}, once
}

func mochiBuild(w *workload) (loop, func() []byte) {
	p, b := mochiDecoded(w), new(bytes.Buffer)
	correlation := []byte(correlationData)
	build := func() []byte {
		q := &p.Properties
		*q = packets.Properties{User: q.User[:0], SubscriptionIdentifier: q.SubscriptionIdentifier[:0]}
		q.PayloadFormat, q.PayloadFormatFlag = 1, true
		q.MessageExpiryInterval = expiry
		q.ContentType = contentType
		q.ResponseTopic = responseTopic
		q.CorrelationData = correlation
		q.User = append(q.User, packets.UserProperty{Key: traceName, Val: traceValue}, packets.UserProperty{Key: spanName, Val: spanValue})
		q.SubscriptionIdentifier = append(q.SubscriptionIdentifier, subscriptionID)
		b.Reset()
		must(p.write(b))
		return b.Bytes()
	}
	return func(n int) (sum uint64) {
		for range n {
			sum += uint64(len(build()))
		}
		return sum
	}, build
}

func mochiStream(src *source, v mqttwire.Version) loop {
	r, p := bufio.NewReader(src), new(mochiPacket)
	p.ProtocolVersion = byte(v)
	return func(n int) (sum uint64) {
		for range n {
			first, err := r.ReadByte()
			must(err)
			p.FixedHeader = packets.FixedHeader{}
			must(p.FixedHeader.Decode(first))
			size, _, err := packets.DecodeLength(r)
			must(err)
			p.FixedHeader.Remaining = size
			body := make([]byte, size)
			_, err = io.ReadFull(r, body)
			must(err)
			sum += p.read(body)
		}
		return sum
	}
}
