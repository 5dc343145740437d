package fuzz

import (
	"bytes"
	"testing"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// FuzzEncode fills structs with arbitrary values. Append must refuse them, and
// give back the slice as it was, or write bytes that Decode accepts and that
// mean the same value.
func FuzzEncode(f *testing.F) {
	for typ := mqttwire.CONNECT; typ <= mqttwire.AUTH; typ++ {
		for v := mqttwire.V31; v <= mqttwire.V5; v++ {
			f.Add(uint8(typ), uint8(v), []byte("\x01\x03abc\x02\x01x\x00\x01\x00\x07\x05hello\x00\x00\x01\x01\x02"))
		}
	}
	for _, c := range corpusCases(f) {
		if len(c.Bytes) > 2 && len(c.Bytes) <= 256 {
			f.Add(c.Bytes[0]>>4, uint8(c.Version), c.Bytes[2:]) // raw material, as good as any
		}
	}
	f.Fuzz(func(t *testing.T, typ, version uint8, data []byte) {
		a := arbitrary{data}
		p := a.packet(mqttwire.PacketType(typ % 16))
		if p == nil {
			return
		}
		v := mqttwire.Version(version)
		dst := append(make([]byte, 0, 64), "prefix"...)
		out, err := p.Append(dst, v)
		if err != nil {
			requireKnownError(t, err)
			if string(out) != "prefix" || &out[0] != &dst[0] || cap(out) != cap(dst) {
				t.Fatalf("refused, but dst is now %q", out)
			}
			return
		}
		if !bytes.HasPrefix(out, dst) || p.Size(v) != len(out)-len(dst) {
			t.Fatalf("%v: size %d, appended %d", p, p.Size(v), len(out)-len(dst))
		}
		requireOwnBytes(t, p, out[len(dst):], v)
	})
}

// requireOwnBytes checks that bytes the library wrote are accepted by it, and
// encode to themselves.
func requireOwnBytes(t *testing.T, p mqttwire.Packet, b []byte, v mqttwire.Version) {
	t.Helper()
	f, rest, err := mqttwire.CutFrame(b, 0)
	if err != nil || len(rest) != 0 {
		t.Fatalf("%v: %x is no frame: %v, %d bytes left", p, b, err, len(rest))
	}
	q, err := packets.Decode(f, v)
	if err != nil {
		t.Fatalf("%v encodes to %x, which is refused: %v", p, b, err)
	}
	again, err := q.Append(nil, v)
	if err != nil || !bytes.Equal(again, b) {
		t.Fatalf("%v encodes to %x, then to %x, %v", p, b, again, err)
	}
}

// arbitrary makes values of the bytes it has; when they are gone, zeroes.
type arbitrary struct{ data []byte }

func (a *arbitrary) byte() byte {
	if len(a.data) == 0 {
		return 0
	}
	b := a.data[0]
	a.data = a.data[1:]
	return b
}

func (a *arbitrary) bool() bool { return a.byte()&1 != 0 }

func (a *arbitrary) uint16() uint16 { return uint16(a.byte())<<8 | uint16(a.byte()) }

func (a *arbitrary) uint32() uint32 { return uint32(a.uint16())<<16 | uint32(a.uint16()) }

// bytes makes nil, empty, short and, seldom, too long fields.
func (a *arbitrary) bytes() []byte {
	switch n := int(a.byte()); n {
	case 0:
		return nil
	case 255:
		return bytes.Repeat([]byte{'x'}, 65535+int(a.byte()&1))
	default:
		n = min(n-1, len(a.data))
		b := a.data[:n:n]
		a.data = a.data[n:]
		return b
	}
}

func (a *arbitrary) codes() (codes []mqttwire.ReasonCode) {
	for range a.byte() % 5 {
		codes = append(codes, mqttwire.ReasonCode(a.byte()))
	}
	return codes
}

// properties calls setters with any values.
func (a *arbitrary) properties() (p mqttwire.Properties) {
	for range a.byte() % 6 {
		a.property(&p)
	}
	return p
}

func (a *arbitrary) property(p *mqttwire.Properties) {
	numbers := []func(uint32){p.SetMessageExpiryInterval, p.SetSessionExpiryInterval, p.SetWillDelayInterval, p.SetMaximumPacketSize, p.AddSubscriptionID}
	shorts := []func(uint16){p.SetServerKeepAlive, p.SetReceiveMaximum, p.SetTopicAliasMaximum, p.SetTopicAlias}
	bools := []func(bool){p.SetRequestProblemInformation, p.SetRequestResponseInformation, p.SetRetainAvailable,
		p.SetWildcardSubscriptionAvailable, p.SetSubscriptionIdentifierAvailable, p.SetSharedSubscriptionAvailable}
	texts := []func([]byte){p.SetContentType, p.SetResponseTopic, p.SetCorrelationData, p.SetAssignedClientIdentifier,
		p.SetAuthenticationMethod, p.SetAuthenticationData, p.SetResponseInformation, p.SetServerReference, p.SetReasonString}
	which := int(a.byte())
	switch which % 7 {
	case 0:
		numbers[which/7%len(numbers)](a.uint32())
	case 1:
		shorts[which/7%len(shorts)](a.uint16())
	case 2:
		bools[which/7%len(bools)](a.bool())
	case 3:
		texts[which/7%len(texts)](a.bytes())
	case 4:
		p.AddUser(a.bytes(), a.bytes())
	case 5:
		p.Remove(mqttwire.PropertyID(a.byte()))
	case 6:
		p.SetPayloadFormatIndicator(a.byte())
		p.SetMaximumQoS(mqttwire.QoS(a.byte()))
	}
}

// packet makes a packet of the given type, or nil if there is none.
func (a *arbitrary) packet(t mqttwire.PacketType) mqttwire.Packet {
	switch t {
	case mqttwire.CONNECT:
		return a.connect()
	case mqttwire.CONNACK:
		return &packets.Connack{SessionPresent: a.bool(), ReasonCode: mqttwire.ReasonCode(a.byte()), Properties: a.properties()}
	case mqttwire.PUBLISH:
		return &packets.Publish{Topic: a.bytes(), Payload: a.bytes(), Properties: a.properties(), PacketID: a.uint16(),
			QoS: mqttwire.QoS(a.byte()), Dup: a.bool(), Retain: a.bool()}
	case mqttwire.PUBACK:
		return &packets.Puback{PacketID: a.uint16(), ReasonCode: mqttwire.ReasonCode(a.byte()), Properties: a.properties()}
	case mqttwire.PUBREC:
		return &packets.Pubrec{PacketID: a.uint16(), ReasonCode: mqttwire.ReasonCode(a.byte()), Properties: a.properties()}
	case mqttwire.PUBREL:
		return &packets.Pubrel{PacketID: a.uint16(), ReasonCode: mqttwire.ReasonCode(a.byte()), Properties: a.properties(), Dup: a.bool()}
	case mqttwire.PUBCOMP:
		return &packets.Pubcomp{PacketID: a.uint16(), ReasonCode: mqttwire.ReasonCode(a.byte()), Properties: a.properties()}
	case mqttwire.SUBSCRIBE:
		return a.subscribe()
	case mqttwire.SUBACK:
		return &packets.Suback{PacketID: a.uint16(), ReasonCodes: a.codes(), Properties: a.properties()}
	case mqttwire.UNSUBSCRIBE:
		p := &packets.Unsubscribe{PacketID: a.uint16(), Dup: a.bool(), Properties: a.properties()}
		for range a.byte() % 4 {
			p.Filters = append(p.Filters, a.bytes())
		}
		return p
	case mqttwire.UNSUBACK:
		return &packets.Unsuback{PacketID: a.uint16(), ReasonCodes: a.codes(), Properties: a.properties()}
	case mqttwire.DISCONNECT:
		return &packets.Disconnect{ReasonCode: mqttwire.ReasonCode(a.byte()), Properties: a.properties()}
	case mqttwire.AUTH:
		return &packets.Auth{ReasonCode: mqttwire.ReasonCode(a.byte()), Properties: a.properties()}
	}
	return packets.New(t)
}

func (a *arbitrary) connect() *packets.Connect {
	p := &packets.Connect{
		Version: mqttwire.Version(a.byte() % 7), Bridge: a.bool(), CleanStart: a.bool(), KeepAlive: a.uint16(),
		ClientID: a.bytes(), UserName: a.bytes(), Password: a.bytes(), Properties: a.properties(),
	}
	if a.bool() {
		p.Will = &packets.Will{Topic: a.bytes(), Payload: a.bytes(), Properties: a.properties(), QoS: mqttwire.QoS(a.byte()), Retain: a.bool()}
	}
	return p
}

func (a *arbitrary) subscribe() *packets.Subscribe {
	p := &packets.Subscribe{PacketID: a.uint16(), Dup: a.bool(), Properties: a.properties()}
	for range a.byte() % 4 {
		p.Subscriptions = append(p.Subscriptions, packets.Subscription{
			Filter: a.bytes(), QoS: mqttwire.QoS(a.byte()), NoLocal: a.bool(), RetainAsPublished: a.bool(), RetainHandling: a.byte(),
		})
	}
	return p
}
