package mqttwiretest

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// listFaults are faults of packet identifiers and of the lists in SUBSCRIBE,
// SUBACK, UNSUBSCRIBE and UNSUBACK.
var listFaults = []Fault{
	{"packet identifier 0", mqttwire.RulePacketIDZero, func(f *faulty) bool {
		id := packetIDOf(f.packet)
		if id != nil {
			*id = 0
		}
		return id != nil
	}},
	{"no topic filters", mqttwire.RuleNoFilters, func(f *faulty) bool {
		if f.version == mqttwire.V31 { // which does not say so
			return false
		}
		switch p := f.packet.(type) {
		case *packets.Subscribe:
			p.Subscriptions = nil
		case *packets.Unsubscribe:
			p.Filters = nil
		default:
			return false
		}
		return true
	}},
	{"no codes", mqttwire.RuleNoReasonCodes, func(f *faulty) bool {
		codes := f.codes()
		if codes == nil || f.version == mqttwire.V31 { // which does not say so
			return false
		}
		*codes = nil
		return true
	}},
	{"requested QoS over 2", mqttwire.RuleRequestedQoS, func(f *faulty) bool {
		return f.subscription(func(s *packets.Subscription) { s.QoS = among(f, mqttwire.QoS(3), 4, 255) })
	}},
	{"retain handling over 2", mqttwire.RuleRetainHandling, func(f *faulty) bool {
		return f.version == mqttwire.V5 &&
			f.subscription(func(s *packets.Subscription) { s.RetainHandling = among(f, uint8(3), 4, 255) })
	}},
	{"no local with a shared filter", mqttwire.RuleNoLocalShared, func(f *faulty) bool {
		return f.version == mqttwire.V5 &&
			f.subscription(func(s *packets.Subscription) { s.Filter, s.NoLocal = []byte("$share/g/a"), true })
	}},
	{"options of 5.0 before it", mqttwire.RuleNotInVersion, func(f *faulty) bool {
		return f.version != mqttwire.V5 && f.subscription(func(s *packets.Subscription) {
			switch f.choose(3) {
			case 0:
				s.NoLocal = true
			case 1:
				s.RetainAsPublished = true
			case 2:
				s.RetainHandling = among(f, uint8(1), 2, 3, 255)
			}
		})
	}},
}

// packetIDOf returns the packet identifier of a packet that has one on the wire,
// or nil.
func packetIDOf(p mqttwire.Packet) *uint16 {
	switch p := p.(type) {
	case *packets.Publish:
		if p.QoS > 0 {
			return &p.PacketID
		}
	case *packets.Puback:
		return &p.PacketID
	case *packets.Pubrec:
		return &p.PacketID
	case *packets.Pubrel:
		return &p.PacketID
	case *packets.Pubcomp:
		return &p.PacketID
	case *packets.Subscribe:
		return &p.PacketID
	case *packets.Suback:
		return &p.PacketID
	case *packets.Unsubscribe:
		return &p.PacketID
	case *packets.Unsuback:
		return &p.PacketID
	}
	return nil
}

// codes returns the list of codes of a packet that has it in the version, or
// nil.
func (f *faulty) codes() *[]mqttwire.ReasonCode {
	switch p := f.packet.(type) {
	case *packets.Suback:
		return &p.ReasonCodes
	case *packets.Unsuback:
		if f.version == mqttwire.V5 {
			return &p.ReasonCodes
		}
	}
	return nil
}

// subscription changes an entry of SUBSCRIBE.
func (f *faulty) subscription(change func(*packets.Subscription)) bool {
	p, ok := as[*packets.Subscribe](f)
	if ok = ok && len(p.Subscriptions) > 0; ok {
		change(&p.Subscriptions[f.choose(len(p.Subscriptions))])
	}
	return ok
}
