package mochi

import (
	mochi "github.com/mochi-mqtt/server/v2/packets"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// ToMochi puts p into pk, but for the remaining length, which is that of bytes. The
// byte slices of pk alias p.
func ToMochi(pk *mochi.Packet, p mqttwire.Packet) {
	pk.FixedHeader.Type = byte(p.Type())
	pk.PacketID, _ = packets.PacketID(p)
	code, _ := packets.ReasonCode(p)
	pk.ReasonCode = byte(code)
	if list := packets.PropertiesOf(p); list != nil {
		pk.Properties = toProperties(list)
	}
	switch p := p.(type) {
	case *packets.Connect:
		toConnect(pk, p)
	case *packets.Connack:
		pk.SessionPresent = p.SessionPresent
	case *packets.Publish:
		pk.FixedHeader.Qos, pk.FixedHeader.Dup, pk.FixedHeader.Retain = byte(p.QoS), p.Dup, p.Retain
		pk.TopicName, pk.Payload = string(p.Topic), p.Payload
	case *packets.Pubrel:
		pk.FixedHeader.Qos, pk.FixedHeader.Dup = 1, p.Dup
	case *packets.Subscribe:
		pk.FixedHeader.Qos, pk.FixedHeader.Dup = 1, p.Dup
		pk.Filters = toSubscriptions(p)
	case *packets.Suback:
		pk.ReasonCodes = each(p.ReasonCodes, as[byte])
	case *packets.Unsubscribe:
		pk.FixedHeader.Qos, pk.FixedHeader.Dup = 1, p.Dup
		pk.Filters = each(p.Filters, func(f []byte) mochi.Subscription { return mochi.Subscription{Filter: string(f)} })
	case *packets.Unsuback:
		pk.ReasonCodes = each(p.ReasonCodes, as[byte])
	}
}

// toConnect puts the fields of a CONNECT into pk.
func toConnect(pk *mochi.Packet, p *packets.Connect) {
	pk.ProtocolVersion = byte(p.Version)
	if p.Bridge {
		pk.ProtocolVersion |= bridge
	}
	pk.Connect = mochi.ConnectParams{
		ProtocolName: []byte("MQTT"), ClientIdentifier: string(p.ClientID), Clean: p.CleanStart, Keepalive: p.KeepAlive,
		UsernameFlag: p.UserName != nil, Username: p.UserName, PasswordFlag: p.Password != nil, Password: p.Password,
	}
	if p.Version == mqttwire.V31 {
		pk.Connect.ProtocolName = []byte("MQIsdp")
	}
	if w, c := p.Will, &pk.Connect; w != nil {
		c.WillFlag, c.WillQos, c.WillRetain = true, byte(w.QoS), w.Retain
		c.WillTopic, c.WillPayload, c.WillProperties = string(w.Topic), w.Payload, toProperties(&w.Properties)
	}
}

// toSubscriptions returns the subscriptions of p; mochi's have its identifier too.
func toSubscriptions(p *packets.Subscribe) mochi.Subscriptions {
	id, _ := p.Properties.SubscriptionIdentifier()
	return each(p.Subscriptions, func(s packets.Subscription) mochi.Subscription {
		return mochi.Subscription{
			Filter: string(s.Filter), Identifier: int(id), Qos: byte(s.QoS),
			NoLocal: s.NoLocal, RetainAsPublished: s.RetainAsPublished, RetainHandling: s.RetainHandling,
		}
	})
}

// FromMochi returns the packet that pk says, or nil if its type is none. Its byte
// slices alias pk. Whether it is legal, Append says.
func FromMochi(pk *mochi.Packet) mqttwire.Packet {
	p := packets.New(mqttwire.PacketType(pk.FixedHeader.Type))
	if p == nil {
		return nil
	}
	if list := packets.PropertiesOf(p); list != nil {
		*list = fromProperties(&pk.Properties, mqttwire.PropertyOwner(p.Type()))
	}
	v := version(pk.ProtocolVersion)
	setFields(p, pk, v)
	packets.SetPacketID(p, pk.PacketID)                   // a PUBLISH has one by its QoS
	if v == mqttwire.V5 || p.Type() == mqttwire.CONNACK { // mochi's server fills in others in 3.x too
		packets.SetReasonCode(p, mqttwire.ReasonCode(pk.ReasonCode))
	}
	return p
}

// setFields sets the fields of p that are those of its type.
func setFields(p mqttwire.Packet, pk *mochi.Packet, v mqttwire.Version) {
	switch p := p.(type) {
	case *packets.Connect:
		setConnect(p, pk, v)
	case *packets.Connack:
		p.SessionPresent = pk.SessionPresent
	case *packets.Publish:
		p.QoS, p.Dup, p.Retain = mqttwire.QoS(pk.FixedHeader.Qos), pk.FixedHeader.Dup, pk.FixedHeader.Retain
		p.Topic, p.Payload = []byte(pk.TopicName), pk.Payload
	case *packets.Pubrel:
		p.Dup = pk.FixedHeader.Dup
	case *packets.Subscribe:
		p.Dup, p.Subscriptions = pk.FixedHeader.Dup, each(pk.Filters, fromSubscription)
	case *packets.Suback:
		p.ReasonCodes = each(pk.ReasonCodes, as[mqttwire.ReasonCode])
	case *packets.Unsubscribe:
		p.Dup = pk.FixedHeader.Dup
		p.Filters = each(pk.Filters, func(s mochi.Subscription) []byte { return []byte(s.Filter) })
	case *packets.Unsuback:
		if v == mqttwire.V5 {
			p.ReasonCodes = each(pk.ReasonCodes, as[mqttwire.ReasonCode])
		}
	}
}

// setConnect sets the fields of a CONNECT of version v.
func setConnect(p *packets.Connect, pk *mochi.Packet, v mqttwire.Version) {
	c := &pk.Connect
	p.Version, p.Bridge = v, pk.ProtocolVersion&bridge != 0
	p.CleanStart, p.KeepAlive, p.ClientID = c.Clean, c.Keepalive, []byte(c.ClientIdentifier)
	if c.UsernameFlag {
		p.UserName = append([]byte{}, c.Username...) // not nil, which is none
	}
	if c.PasswordFlag {
		p.Password = append([]byte{}, c.Password...)
	}
	if c.WillFlag {
		p.Will = &packets.Will{
			Topic: []byte(c.WillTopic), Payload: c.WillPayload, QoS: mqttwire.QoS(c.WillQos), Retain: c.WillRetain,
			Properties: fromProperties(&c.WillProperties, mqttwire.WillProperties),
		}
	}
}

// fromSubscription returns a subscription as SUBSCRIBE has it.
func fromSubscription(s mochi.Subscription) packets.Subscription {
	return packets.Subscription{
		Filter: []byte(s.Filter), QoS: mqttwire.QoS(s.Qos),
		NoLocal: s.NoLocal, RetainAsPublished: s.RetainAsPublished, RetainHandling: s.RetainHandling,
	}
}

// each returns what f makes of each of the list.
func each[A, B any](list []A, f func(A) B) (out []B) {
	for _, a := range list {
		out = append(out, f(a))
	}
	return out
}

// as is a reason code in the type that the other side has for it.
func as[B, A ~uint8](a A) B { return B(a) }
