package main

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

var mqttwireCodec = codec{
	name:   nameMqttwire,
	module: "github.com/mqttwire/mqttwire",
	calls: "`CutFrame`, then `Decode` of the concrete packet, which is reused, and `Properties.All`; `Append` to a buffer that is reused, and " +
		"`AppendHeader`; for streams `Reader.Frame`, or `Feeder.Feed` and `Feeder.Frame`",
	lacks:  "Checks all that one packet alone can show.",
	decode: mqttwireDecode,
	encode: mqttwireEncode,
	build:  mqttwireBuild,
	stream: mqttwireStream,
}

func mqttwireCut(b []byte) mqttwire.Frame {
	f, _, err := mqttwire.CutFrame(b, 0)
	if err != nil {
		panic(err)
	}
	return f
}

func mqttwireProperties(list *mqttwire.Properties) (sum uint64) {
	if list.Empty() {
		return 0
	}
	for p := range list.All() {
		sum += propertySum(p.ID, p.Number, p.Name(), p.Value())
	}
	return sum
}

// mqttwirePackets are the packets that a connection uses again and again.
type mqttwirePackets struct {
	connect     packets.Connect
	will        packets.Will
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

// read decodes a frame of any type. It calls each Decode itself, so that the
// frame is handed on once only.
func (p *mqttwirePackets) read(f mqttwire.Frame, v mqttwire.Version) uint64 {
	switch f.Header.Type {
	case mqttwire.CONNECT:
		p.connect.Will = &p.will // to be used again
		must(p.connect.Decode(f, v))
		return p.connectSum()
	case mqttwire.CONNACK:
		must(p.connack.Decode(f, v))
		return connackSum(p.connack.SessionPresent, byte(p.connack.ReasonCode), mqttwireProperties(&p.connack.Properties))
	case mqttwire.PUBLISH:
		must(p.publish.Decode(f, v))
		return p.publishSum()
	case mqttwire.PUBACK:
		must(p.puback.Decode(f, v))
		return ackSum(p.puback.PacketID, byte(p.puback.ReasonCode), mqttwireProperties(&p.puback.Properties))
	case mqttwire.PUBREC:
		must(p.pubrec.Decode(f, v))
		return ackSum(p.pubrec.PacketID, byte(p.pubrec.ReasonCode), mqttwireProperties(&p.pubrec.Properties))
	case mqttwire.PUBREL:
		must(p.pubrel.Decode(f, v))
		return ackSum(p.pubrel.PacketID, byte(p.pubrel.ReasonCode), mqttwireProperties(&p.pubrel.Properties))
	case mqttwire.PUBCOMP:
		must(p.pubcomp.Decode(f, v))
		return ackSum(p.pubcomp.PacketID, byte(p.pubcomp.ReasonCode), mqttwireProperties(&p.pubcomp.Properties))
	case mqttwire.SUBSCRIBE:
		must(p.subscribe.Decode(f, v))
		return p.subscribeSum()
	case mqttwire.SUBACK:
		must(p.suback.Decode(f, v))
		return listSum(p.suback.PacketID, mqttwireCodes(p.suback.ReasonCodes), mqttwireProperties(&p.suback.Properties))
	case mqttwire.UNSUBSCRIBE:
		must(p.unsubscribe.Decode(f, v))
		return p.unsubscribeSum()
	case mqttwire.UNSUBACK:
		must(p.unsuback.Decode(f, v))
		return listSum(p.unsuback.PacketID, mqttwireCodes(p.unsuback.ReasonCodes), mqttwireProperties(&p.unsuback.Properties))
	case mqttwire.PINGREQ:
		must(p.pingreq.Decode(f, v))
		return emptySum
	case mqttwire.PINGRESP:
		must(p.pingresp.Decode(f, v))
		return emptySum
	case mqttwire.DISCONNECT:
		must(p.disconnect.Decode(f, v))
		return ackSum(0, byte(p.disconnect.ReasonCode), mqttwireProperties(&p.disconnect.Properties))
	case mqttwire.AUTH:
		must(p.auth.Decode(f, v))
		return ackSum(0, byte(p.auth.ReasonCode), mqttwireProperties(&p.auth.Properties))
	}
	panic(f.Header.Type)
}

func (p *mqttwirePackets) connectSum() uint64 {
	c := &p.connect
	var will uint64
	if w := c.Will; w != nil {
		will = willSum(textSum(w.Topic), textSum(w.Payload), byte(w.QoS), w.Retain, mqttwireProperties(&w.Properties))
	}
	return connectSum(byte(c.Version), c.CleanStart, c.KeepAlive, textSum(c.ClientID), textSum(c.UserName), textSum(c.Password),
		will, mqttwireProperties(&c.Properties))
}

func (p *mqttwirePackets) publishSum() uint64 {
	m := &p.publish
	return publishSum(textSum(m.Topic), textSum(m.Payload), m.PacketID, byte(m.QoS), m.Dup, m.Retain, mqttwireProperties(&m.Properties))
}

func (p *mqttwirePackets) subscribeSum() uint64 {
	return listSum(p.subscribe.PacketID, subscriptionSums(p.subscribe.Subscriptions), mqttwireProperties(&p.subscribe.Properties))
}

func (p *mqttwirePackets) unsubscribeSum() uint64 {
	return listSum(p.unsubscribe.PacketID, filterSums(p.unsubscribe.Filters), mqttwireProperties(&p.unsubscribe.Properties))
}

// subscriptionSums, filterSums and mqttwireCodes are the sums of lists.

func subscriptionSums(list []packets.Subscription) (sum uint64) {
	for i := range list {
		s := &list[i]
		sum += subscriptionSum(i, textSum(s.Filter), byte(s.QoS), s.NoLocal, s.RetainAsPublished, s.RetainHandling)
	}
	return sum
}

func filterSums(list [][]byte) (sum uint64) {
	for i, filter := range list {
		sum += entrySum(i, textSum(filter))
	}
	return sum
}

func mqttwireCodes(list []mqttwire.ReasonCode) (sum uint64) {
	for i, c := range list {
		sum += entrySum(i, uint64(c))
	}
	return sum
}

// write appends the packet of type t that read has left.
func (p *mqttwirePackets) write(dst []byte, t mqttwire.PacketType, v mqttwire.Version) ([]byte, error) {
	switch t {
	case mqttwire.CONNECT:
		return p.connect.Append(dst, v)
	case mqttwire.CONNACK:
		return p.connack.Append(dst, v)
	case mqttwire.PUBLISH:
		return p.publish.Append(dst, v)
	case mqttwire.PUBACK:
		return p.puback.Append(dst, v)
	case mqttwire.PUBREC:
		return p.pubrec.Append(dst, v)
	case mqttwire.PUBREL:
		return p.pubrel.Append(dst, v)
	case mqttwire.PUBCOMP:
		return p.pubcomp.Append(dst, v)
	case mqttwire.SUBSCRIBE:
		return p.subscribe.Append(dst, v)
	case mqttwire.SUBACK:
		return p.suback.Append(dst, v)
	case mqttwire.UNSUBSCRIBE:
		return p.unsubscribe.Append(dst, v)
	case mqttwire.UNSUBACK:
		return p.unsuback.Append(dst, v)
	case mqttwire.PINGREQ:
		return p.pingreq.Append(dst, v)
	case mqttwire.PINGRESP:
		return p.pingresp.Append(dst, v)
	case mqttwire.DISCONNECT:
		return p.disconnect.Append(dst, v)
	case mqttwire.AUTH:
		return p.auth.Append(dst, v)
	}
	panic(t)
}

func mqttwireDecode(w *workload) loop {
	b, v, p := w.wire, w.v, new(mqttwirePackets)
	return func(n int) (sum uint64) {
		for range n {
			sum += p.read(mqttwireCut(b), v)
		}
		return sum
	}
}

func mqttwireEncode(w *workload) (loop, func() []byte) {
	t, v, p := w.kind(), w.v, new(mqttwirePackets)
	p.read(mqttwireCut(w.wire), v)
	dst := make([]byte, 0, len(w.wire)+16)
	run := func(n int) (sum uint64) {
		for range n {
			b, err := p.write(dst, t, v)
			must(err)
			sum += uint64(len(b))
		}
		return sum
	}
	return run, func() []byte { return mustAppend(nil, w.packet, v) }
}

func mqttwireBuild(w *workload) (loop, func() []byte) {
	p := *w.packet.(*packets.Publish)
	content, response, correlation := []byte(contentType), []byte(responseTopic), []byte(correlationData)
	trace, traced, span, spanned := []byte(traceName), []byte(traceValue), []byte(spanName), []byte(spanValue)
	dst, list := make([]byte, 0, len(w.wire)+16), new(mqttwire.PropertyBuilder)
	build := func(dst []byte) []byte {
		list.Reset()
		list.SetPayloadFormatIndicator(1)
		list.SetMessageExpiryInterval(expiry)
		list.SetContentType(content)
		list.SetResponseTopic(response)
		list.SetCorrelationData(correlation)
		list.AddUser(trace, traced)
		list.AddUser(span, spanned)
		list.AddSubscriptionID(subscriptionID)
		p.Properties = list.Properties()
		dst, err := p.Append(dst, v5)
		must(err)
		return dst
	}
	return func(n int) (sum uint64) {
		for range n {
			sum += uint64(len(build(dst)))
		}
		return sum
	}, func() []byte { return build(nil) }
}

// unlimited are limits for sources that are trusted.
var unlimited = mqttwire.Limits{PacketSize: mqttwire.MaxPacketSize, FirstPacketSize: mqttwire.MaxPacketSize}

func mqttwireStream(src *source, v mqttwire.Version) loop {
	r, p := mqttwire.NewReader(src, unlimited), new(mqttwirePackets)
	return func(n int) (sum uint64) {
		for range n {
			f, err := r.Frame()
			must(err)
			sum += p.read(f, v)
		}
		return sum
	}
}

// chunkSize is the size of the chunks that a Feeder is fed.
const chunkSize = 4 << 10

func mqttwireFeed(src *source, v mqttwire.Version) loop {
	feeder, p, chunk := mqttwire.NewFeeder(unlimited), new(mqttwirePackets), make([]byte, chunkSize)
	return func(n int) (sum uint64) {
		for i := 0; i < n; {
			f, err := feeder.Frame()
			if err == mqttwire.ErrIncomplete {
				taken(src.Read(chunk))
				feeder.Feed(chunk)
				continue
			}
			must(err)
			sum += p.read(f, v)
			i++
		}
		return sum
	}
}
