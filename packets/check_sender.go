package packets

import "github.com/mqttwire/mqttwire"

// CheckSender returns an *mqttwire.Error if p, a packet that was decoded or is
// to be sent in version v, is one that the given side may not send: a packet
// type or a code of the other side, a client's PUBLISH with a Subscription
// Identifier, a server's DISCONNECT with a Session Expiry Interval. The error
// has no offset. For a Connect, v may be 0: it tells its own version.
func CheckSender(p mqttwire.Packet, v mqttwire.Version, from mqttwire.Sender) error {
	var first error
	senderFaults(p, v, from, func(e *mqttwire.Error) bool {
		first = e
		return false
	})
	return first
}

// senderFaults calls report with each rule of CheckSender that p breaks, until
// report says not to go on.
func senderFaults(p mqttwire.Packet, v mqttwire.Version, from mqttwire.Sender, report func(*mqttwire.Error) (goOn bool)) {
	c := senderCheck{p.Type(), versionOf(p, v), from, report}
	if !c.direction() || c.version != mqttwire.V5 {
		return
	}
	switch p := p.(type) {
	case *Publish:
		if from == mqttwire.FromClient && p.Properties.Has(mqttwire.SubscriptionIdentifier) { // [MQTT-3.3.4-6]
			c.fail(mqttwire.RuleSubscriptionIDSender, mqttwire.SubscriptionIdentifier.Field(mqttwire.PropertyOwner(c.typ)), mqttwire.NotANumber)
		}
	case *Puback:
		c.code(p.ReasonCode) // U-3.4.2.1-2
	case *Pubrec:
		c.code(p.ReasonCode) // U-3.5.2.1-2
	case *Disconnect:
		if from == mqttwire.FromServer && p.Properties.Has(mqttwire.SessionExpiryInterval) && // [MQTT-3.14.2-2]
			!c.fail(mqttwire.RuleSessionExpirySender, mqttwire.SessionExpiryInterval.Field(mqttwire.PropertyOwner(c.typ)), mqttwire.NotANumber) {
			return
		}
		c.code(p.ReasonCode) // U-3.14.2.1-2
	case *Auth:
		c.code(p.ReasonCode) // U-3.15.2.1-2
	}
}

// versionOf returns v or, if v is 0 and p is a Connect, the version that it
// tells.
func versionOf(p mqttwire.Packet, v mqttwire.Version) mqttwire.Version {
	if c, ok := p.(*Connect); ok {
		return c.version(v)
	}
	return v
}

// senderCheck is what the sender rules look at besides the packet's fields, and
// whom they tell. Its checks return whether to go on.
type senderCheck struct {
	typ     mqttwire.PacketType
	version mqttwire.Version
	from    mqttwire.Sender
	report  func(*mqttwire.Error) (goOn bool)
}

// direction checks that the side sends packets of this type. U-2.1.2-2
func (c senderCheck) direction() bool {
	return c.typ.MayBeSentBy(c.from, c.version) ||
		c.fail(mqttwire.RuleDirection, mqttwire.FieldPacketType, int64(c.typ))
}

// code checks a code that the packet may carry but the side may not send.
func (c senderCheck) code(code mqttwire.ReasonCode) {
	if !code.AllowedIn(c.typ, c.version, c.from) && code.AllowedIn(c.typ, c.version, 0) {
		c.fail(mqttwire.RuleReasonSender, mqttwire.FieldReasonCode, int64(code))
	}
}

func (c senderCheck) fail(rule mqttwire.Rule, field mqttwire.Field, found int64) bool {
	return c.report(mqttwire.NewError(rule, c.typ, c.version, field, mqttwire.NoOffset, found))
}

// The properties that only go together.
var (
	fieldAuthMethod = mqttwire.AuthenticationMethod.Field(mqttwire.PropertyOwner(mqttwire.AUTH))
	fieldAuthData   = mqttwire.AuthenticationData.Field(mqttwire.PropertyOwner(mqttwire.AUTH))
)
