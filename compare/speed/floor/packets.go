package floor

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// The packets have the structs of package packets, and their properties as a
// list of values. Decode reads f, a frame of version v, and returns false if a
// field ends outside it; check asks for the text checks.
type (
	Connect struct {
		packets.Connect
		List     []Property
		WillList []Property
		will     packets.Will
	}
	Connack struct {
		packets.Connack
		List []Property
	}
	Publish struct {
		packets.Publish
		List []Property
	}
	// Ack is PUBACK, PUBREC, PUBREL or PUBCOMP.
	Ack struct {
		packets.Puback
		List []Property
	}
	Subscribe struct {
		packets.Subscribe
		List []Property
	}
	// Suback is SUBACK or UNSUBACK.
	Suback struct {
		packets.Suback
		List []Property
	}
	Unsubscribe struct {
		packets.Unsubscribe
		List []Property
	}
	// Reason is DISCONNECT or AUTH.
	Reason struct {
		packets.Disconnect
		List []Property
	}
)

// Decode reads a CONNECT of either version.
//
//go:noinline
func (p *Connect) Decode(f Frame, check bool) bool {
	name, b, ok := field(f.Body)
	if !ok || len(b) < 4 || check && !Text(name) {
		return false
	}
	flags := b[1]
	p.Version = mqttwire.Version(b[0])
	p.CleanStart = flags&0x02 != 0
	p.KeepAlive = uint16(b[2])<<8 | uint16(b[3])
	v5 := p.Version == mqttwire.V5
	p.List = p.List[:0]
	b = b[4:]
	if v5 {
		if p.List, b, ok = properties(p.List, b, check); !ok {
			return false
		}
	}
	if p.ClientID, b, ok = field(b); !ok || check && !Text(p.ClientID) {
		return false
	}
	p.Will = nil
	if flags&0x04 != 0 {
		if b, ok = p.decodeWill(b, flags, v5, check); !ok {
			return false
		}
	}
	p.UserName, p.Password = nil, nil
	if flags&0x80 != 0 {
		if p.UserName, b, ok = field(b); !ok || check && !Text(p.UserName) {
			return false
		}
	}
	if flags&0x40 != 0 {
		p.Password, _, ok = field(b)
	}
	return ok
}

func (p *Connect) decodeWill(b []byte, flags byte, v5, check bool) (rest []byte, ok bool) {
	w := &p.will
	p.Will = w
	w.QoS = mqttwire.QoS(flags >> 3 & 3)
	w.Retain = flags&0x20 != 0
	p.WillList = p.WillList[:0]
	if v5 {
		if p.WillList, b, ok = properties(p.WillList, b, check); !ok {
			return nil, false
		}
	}
	if w.Topic, b, ok = field(b); !ok || check && !Topic(w.Topic) {
		return nil, false
	}
	w.Payload, b, ok = field(b)
	return b, ok
}

// Decode reads a CONNACK.
//
//go:noinline
func (p *Connack) Decode(f Frame, v mqttwire.Version, check bool) (ok bool) {
	b := f.Body
	if len(b) < 2 {
		return false
	}
	p.SessionPresent = b[0]&1 != 0
	p.ReasonCode = mqttwire.ReasonCode(b[1])
	p.List, ok = p.List[:0], true
	if v == mqttwire.V5 {
		p.List, _, ok = properties(p.List, b[2:], check)
	}
	return ok
}

// Decode reads a PUBLISH.
//
//go:noinline
func (p *Publish) Decode(f Frame, v mqttwire.Version, check bool) (ok bool) {
	p.Dup = f.First&0x08 != 0
	p.QoS = mqttwire.QoS(f.First >> 1 & 3)
	p.Retain = f.First&0x01 != 0
	topic, b, ok := field(f.Body)
	if !ok || check && !Topic(topic) {
		return false
	}
	p.Topic = topic
	p.PacketID = 0
	if p.QoS > 0 {
		if len(b) < 2 {
			return false
		}
		p.PacketID = uint16(b[0])<<8 | uint16(b[1])
		b = b[2:]
	}
	p.List = p.List[:0]
	if v == mqttwire.V5 {
		if p.List, b, ok = properties(p.List, b, check); !ok {
			return false
		}
	}
	p.Payload = b
	return true
}

// Decode reads one of the four acknowledgements.
//
//go:noinline
func (p *Ack) Decode(f Frame, check bool) (ok bool) {
	b := f.Body
	if len(b) < 2 {
		return false
	}
	p.PacketID = uint16(b[0])<<8 | uint16(b[1])
	p.List = p.List[:0]
	p.ReasonCode = 0
	if len(b) > 2 {
		p.ReasonCode = mqttwire.ReasonCode(b[2])
		if len(b) > 3 {
			p.List, _, ok = properties(p.List, b[3:], check)
			return ok
		}
	}
	return true
}

// Decode reads a SUBSCRIBE.
//
//go:noinline
func (p *Subscribe) Decode(f Frame, v mqttwire.Version, check bool) (ok bool) {
	b := f.Body
	if len(b) < 2 {
		return false
	}
	p.PacketID = uint16(b[0])<<8 | uint16(b[1])
	b = b[2:]
	p.List = p.List[:0]
	if v == mqttwire.V5 {
		if p.List, b, ok = properties(p.List, b, check); !ok {
			return false
		}
	}
	p.Subscriptions = p.Subscriptions[:0]
	for len(b) > 0 {
		filter, rest, ok := field(b)
		if !ok || len(rest) == 0 || check && !Text(filter) {
			return false
		}
		o := rest[0]
		p.Subscriptions = append(p.Subscriptions, packets.Subscription{Filter: filter, QoS: mqttwire.QoS(o & 3),
			NoLocal: o&4 != 0, RetainAsPublished: o&8 != 0, RetainHandling: o >> 4 & 3})
		b = rest[1:]
	}
	return true
}

// Decode reads a SUBACK, or an UNSUBACK, which has no codes before 5.0.
//
//go:noinline
func (p *Suback) Decode(f Frame, v mqttwire.Version, check bool) (ok bool) {
	b := f.Body
	if len(b) < 2 {
		return false
	}
	p.PacketID = uint16(b[0])<<8 | uint16(b[1])
	b = b[2:]
	p.List = p.List[:0]
	if v == mqttwire.V5 {
		if p.List, b, ok = properties(p.List, b, check); !ok {
			return false
		}
	}
	p.ReasonCodes = p.ReasonCodes[:0]
	for _, c := range b {
		p.ReasonCodes = append(p.ReasonCodes, mqttwire.ReasonCode(c))
	}
	return true
}

// Decode reads an UNSUBSCRIBE.
//
//go:noinline
func (p *Unsubscribe) Decode(f Frame, v mqttwire.Version, check bool) (ok bool) {
	b := f.Body
	if len(b) < 2 {
		return false
	}
	p.PacketID = uint16(b[0])<<8 | uint16(b[1])
	b = b[2:]
	p.List = p.List[:0]
	if v == mqttwire.V5 {
		if p.List, b, ok = properties(p.List, b, check); !ok {
			return false
		}
	}
	p.Filters = p.Filters[:0]
	for len(b) > 0 {
		filter, rest, ok := field(b)
		if !ok || check && !Text(filter) {
			return false
		}
		p.Filters = append(p.Filters, filter)
		b = rest
	}
	return true
}

// Decode reads a DISCONNECT or an AUTH.
//
//go:noinline
func (p *Reason) Decode(f Frame, check bool) (ok bool) {
	b := f.Body
	p.List = p.List[:0]
	p.ReasonCode = 0
	if len(b) > 0 {
		p.ReasonCode = mqttwire.ReasonCode(b[0])
		if len(b) > 1 {
			p.List, _, ok = properties(p.List, b[1:], check)
			return ok
		}
	}
	return true
}

// DecodeEmpty reads a packet without a body: PINGREQ or PINGRESP.
//
//go:noinline
func DecodeEmpty(f Frame) bool { return len(f.Body) == 0 }
