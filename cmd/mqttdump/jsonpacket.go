package main

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/packets"
)

// describe adds the fields of the packet.
func (o *object) describe(e capture.Event, secrets bool) {
	v, size := e.Version, e.Frame.Header.RemainingLength
	switch p := e.Packet.(type) {
	case *packets.Connect:
		o.describeConnect(p, e.Frame.Body, secrets)
	case *packets.Connack:
		if v != mqttwire.V31 { // which has no acknowledge flags
			o.SessionPresent = &p.SessionPresent
		}
		o.Reason = ref(uint8(p.ReasonCode))
		o.setProps(p.Properties, v == mqttwire.V5, secrets)
	case *packets.Publish:
		o.describePublish(p, v, e.AliasTopic)
	case *packets.Puback:
		o.describeAck(p.PacketID, p.ReasonCode, p.Properties, v, size)
	case *packets.Pubrec:
		o.describeAck(p.PacketID, p.ReasonCode, p.Properties, v, size)
	case *packets.Pubrel:
		o.describeAck(p.PacketID, p.ReasonCode, p.Properties, v, size)
	case *packets.Pubcomp:
		o.describeAck(p.PacketID, p.ReasonCode, p.Properties, v, size)
	case *packets.Subscribe:
		o.describeSubscribe(p, v)
	case *packets.Suback:
		o.PacketID, o.Reasons = &p.PacketID, reasons(p.ReasonCodes)
		o.setProps(p.Properties, v == mqttwire.V5, secrets)
	case *packets.Unsubscribe:
		o.describeUnsubscribe(p, v)
	case *packets.Unsuback:
		o.PacketID = &p.PacketID
		if v == mqttwire.V5 {
			o.Reasons = reasons(p.ReasonCodes)
			o.setProps(p.Properties, true, secrets)
		}
	case *packets.Disconnect:
		o.describeReason(p.ReasonCode, p.Properties, size, secrets)
	case *packets.Auth:
		o.describeReason(p.ReasonCode, p.Properties, size, secrets)
	}
}

func (o *object) describeConnect(p *packets.Connect, body []byte, secrets bool) {
	// The protocol name, the level as sent and the flags are in the bytes only.
	name, rest, err := mqttwire.ConsumeBinary(body)
	if err == nil && len(rest) >= 2 {
		o.Protocol, o.Version, o.ConnectFlags = string(name), &rest[0], &rest[1]
	}
	o.CleanStart, o.KeepAlive, o.ClientID = &p.CleanStart, &p.KeepAlive, shown(p.ClientID)
	o.setProps(p.Properties, p.Version == mqttwire.V5, secrets)
	if w := p.Will; w != nil {
		o.Will = &will{
			QoS: uint8(w.QoS), Retain: w.Retain, Topic: shown(w.Topic),
			PayloadLen: len(w.Payload), PayloadHex: wholeHex(w.Payload),
		}
		if p.Version == mqttwire.V5 {
			o.Will.Props = props(w.Properties, secrets)
		}
	}
	if !secrets {
		return
	}
	if p.UserName != nil {
		o.UserName = shown(p.UserName)
	}
	if p.Password != nil {
		o.Password = shown(p.Password)
	}
}

func (o *object) describePublish(p *packets.Publish, v mqttwire.Version, aliasTopic []byte) {
	o.Dup, o.QoS, o.Retain = &p.Dup, ref(uint8(p.QoS)), &p.Retain
	o.Topic, o.AliasTopic = shown(p.Topic), aliasTopic
	if p.QoS > 0 {
		o.PacketID = &p.PacketID
	}
	o.setProps(p.Properties, v == mqttwire.V5, true)
	sum := sha256.Sum256(p.Payload)
	o.PayloadLen, o.PayloadSHA256 = ref(len(p.Payload)), hex.EncodeToString(sum[:8])
	o.PayloadHex = wholeHex(p.Payload)
}

// describeAck shows the code and the properties if they are on the wire: 5.0
// lets an acknowledgement end before either. Section 3.4.2.
func (o *object) describeAck(id uint16, code mqttwire.ReasonCode, p mqttwire.Properties, v mqttwire.Version, size uint32) {
	o.PacketID = &id
	if v == mqttwire.V5 && size >= 3 {
		o.Reason = ref(uint8(code))
		o.setProps(p, size >= 4, true)
	}
}

// describeReason does the same for DISCONNECT and AUTH. Section 3.14.2.
func (o *object) describeReason(code mqttwire.ReasonCode, p mqttwire.Properties, size uint32, secrets bool) {
	if size >= 1 {
		o.Reason = ref(uint8(code))
		o.setProps(p, size >= 2, secrets)
	}
}

func (o *object) describeSubscribe(p *packets.Subscribe, v mqttwire.Version) {
	o.PacketID = &p.PacketID
	o.setProps(p.Properties, v == mqttwire.V5, true)
	o.Filters = make([]filter, 0, len(p.Subscriptions))
	for _, s := range p.Subscriptions {
		f := filter{Topic: shown(s.Filter), QoS: ref(uint8(s.QoS))}
		if v == mqttwire.V5 {
			f.NoLocal, f.RetainAsPublished, f.RetainHandling = ref(s.NoLocal), ref(s.RetainAsPublished), ref(uint8(s.RetainHandling))
		}
		o.Filters = append(o.Filters, f)
	}
}

func (o *object) describeUnsubscribe(p *packets.Unsubscribe, v mqttwire.Version) {
	o.PacketID = &p.PacketID
	o.setProps(p.Properties, v == mqttwire.V5, true)
	o.Filters = make([]filter, 0, len(p.Filters))
	for _, t := range p.Filters {
		o.Filters = append(o.Filters, filter{Topic: shown(t)})
	}
}

// setProps adds the properties if they are on the wire, even if there are none.
func (o *object) setProps(p mqttwire.Properties, there, secrets bool) {
	if there {
		o.Props = props(p, secrets)
	}
}

// props are properties in the order of the wire.
func props(list mqttwire.Properties, secrets bool) []prop {
	out := []prop{}
	for p := range list.All() {
		j := prop{ID: uint8(p.ID), Name: strings.ReplaceAll(p.ID.String(), " ", "")}
		switch {
		case p.ID == mqttwire.AuthenticationData && !secrets:
			j.Hidden = true
		case p.ID == mqttwire.UserProperty:
			j.Key, j.Value = shown(p.Name()), shown(p.Value())
		case p.IsNumber():
			j.Value = p.Number
		case p.IsText():
			j.Value = shown(p.Value())
		default:
			j.Hex = ref(hex.EncodeToString(p.Value()))
		}
		out = append(out, j)
	}
	return out
}

// reasons are reason codes as numbers.
func reasons(codes []mqttwire.ReasonCode) []int {
	out := slices.Grow([]int{}, len(codes))
	for _, c := range codes {
		out = append(out, int(c))
	}
	return out
}

// shown makes text that is shown even if it is empty.
func shown(b []byte) text {
	if b == nil {
		return text{}
	}
	return b
}

// ref returns a pointer to v, for fields that are left out when nil.
func ref[T any](v T) *T { return &v }
