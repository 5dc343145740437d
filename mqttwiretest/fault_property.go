package mqttwiretest

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// propertyFaults are faults of properties, which are written in 5.0 only.
var propertyFaults = []Fault{
	{"property of another packet", mqttwire.RulePropertyNotAllowed, func(f *faulty) bool {
		list, owner, ok := f.list()
		if !ok {
			return false
		}
		*list = plainList(among(f, allIDs(func(id mqttwire.PropertyID) bool { return !id.AllowedIn(owner) })...))
		f.needNoAlias()
		return true
	}},
	{"two Subscription Identifiers in SUBSCRIBE", mqttwire.RulePropertyRepeated, func(f *faulty) bool {
		p, ok := as[*packets.Subscribe](f)
		if ok = ok && f.version == mqttwire.V5; ok {
			p.Properties.AddSubscriptionID(1)
			p.Properties.AddSubscriptionID(1)
		}
		return ok
	}},
	{"Payload Format Indicator over 1", mqttwire.RulePropertyBool, func(f *faulty) bool {
		return f.property(mqttwire.PayloadFormatIndicator, func(p *mqttwire.Properties) { p.SetPayloadFormatIndicator(2) })
	}},
	{"Maximum QoS over 1", mqttwire.RulePropertyBool, func(f *faulty) bool {
		return f.property(mqttwire.MaximumQoS, func(p *mqttwire.Properties) { p.SetMaximumQoS(2) })
	}},
	{"Receive Maximum 0", mqttwire.RulePropertyZero, func(f *faulty) bool {
		return f.property(mqttwire.ReceiveMaximum, func(p *mqttwire.Properties) { p.SetReceiveMaximum(0) })
	}},
	{"Maximum Packet Size 0", mqttwire.RulePropertyZero, func(f *faulty) bool {
		return f.property(mqttwire.MaximumPacketSize, func(p *mqttwire.Properties) { p.SetMaximumPacketSize(0) })
	}},
	{"Subscription Identifier 0", mqttwire.RulePropertyZero, func(f *faulty) bool {
		return f.property(mqttwire.SubscriptionIdentifier, func(p *mqttwire.Properties) { p.AddSubscriptionID(0) })
	}},
	{"Subscription Identifier over 268435455", mqttwire.RuleVarintLength, func(f *faulty) bool {
		return f.property(mqttwire.SubscriptionIdentifier, func(p *mqttwire.Properties) { p.AddSubscriptionID(mqttwire.MaxVarint + 1) })
	}},
	{"Topic Alias 0", mqttwire.RuleTopicAliasZero, func(f *faulty) bool {
		f.needNoAlias()
		return f.property(mqttwire.TopicAlias, func(p *mqttwire.Properties) { p.SetTopicAlias(0) })
	}},
	{"empty Response Topic", mqttwire.RuleResponseTopicEmpty, func(f *faulty) bool {
		return f.property(mqttwire.ResponseTopic, func(p *mqttwire.Properties) { p.SetResponseTopic(nil) })
	}},
	{"wildcard in the Response Topic", mqttwire.RuleResponseTopicWildcard, func(f *faulty) bool {
		return f.property(mqttwire.ResponseTopic, func(p *mqttwire.Properties) { p.SetResponseTopic([]byte("a/#")) })
	}},
	{"Correlation Data of 65536 bytes", mqttwire.RuleBinaryLength, func(f *faulty) bool {
		return f.property(mqttwire.CorrelationData, func(p *mqttwire.Properties) { p.SetCorrelationData(overlong()) })
	}},
	{"Reason String of 65536 bytes", mqttwire.RuleStringLength, func(f *faulty) bool {
		return f.property(mqttwire.ReasonString, func(p *mqttwire.Properties) { p.SetReasonString(overlong()) })
	}},
	{"User Property name of 65536 bytes", mqttwire.RuleStringLength, func(f *faulty) bool {
		return f.property(mqttwire.UserProperty, func(p *mqttwire.Properties) { p.AddUser(overlong(), nil) })
	}},
	{"User Property value with U+0000", mqttwire.RuleNUL, func(f *faulty) bool {
		return f.property(mqttwire.UserProperty, func(p *mqttwire.Properties) { p.AddUser(nil, []byte{0}) })
	}},
	{"User Property value that is not UTF-8", mqttwire.RuleUTF8, func(f *faulty) bool {
		return f.property(mqttwire.UserProperty, func(p *mqttwire.Properties) { p.AddUser(nil, []byte{0xC3}) })
	}},
}

// needNoAlias gives a PUBLISH a topic name, without which the loss of its alias
// would be a second fault.
func (f *faulty) needNoAlias() {
	if p, ok := as[*packets.Publish](f); ok && len(p.Topic) == 0 {
		p.Topic = []byte("a")
	}
}

// property calls a setter on a list that may hold the property.
func (f *faulty) property(id mqttwire.PropertyID, set func(*mqttwire.Properties)) bool {
	if f.version != mqttwire.V5 {
		return false
	}
	var lists []*mqttwire.Properties
	for owner, list := range listsOf(f.packet) {
		if list != nil && id.AllowedIn(mqttwire.PropertyOwner(owner)) {
			lists = append(lists, list)
		}
	}
	if len(lists) == 0 {
		return false
	}
	set(among(f, lists...))
	return true
}

// list chooses a property list of the packet.
func (f *faulty) list() (list *mqttwire.Properties, owner mqttwire.PropertyOwner, ok bool) {
	if f.version != mqttwire.V5 {
		return nil, 0, false
	}
	lists := listsOf(f.packet)
	var owners []mqttwire.PropertyOwner
	for owner, list := range lists {
		if list != nil {
			owners = append(owners, mqttwire.PropertyOwner(owner))
		}
	}
	if len(owners) == 0 {
		return nil, 0, false
	}
	owner = among(f, owners...)
	return lists[owner], owner, true
}

// listsOf returns the property lists of a packet by their owner.
func listsOf(p mqttwire.Packet) (lists [16]*mqttwire.Properties) {
	own := &lists[p.Type()]
	switch p := p.(type) {
	case *packets.Connect:
		*own = &p.Properties
		if p.Will != nil {
			lists[mqttwire.WillProperties] = &p.Will.Properties
		}
	case *packets.Connack:
		*own = &p.Properties
	case *packets.Publish:
		*own = &p.Properties
	case *packets.Puback:
		*own = &p.Properties
	case *packets.Pubrec:
		*own = &p.Properties
	case *packets.Pubrel:
		*own = &p.Properties
	case *packets.Pubcomp:
		*own = &p.Properties
	case *packets.Subscribe:
		*own = &p.Properties
	case *packets.Suback:
		*own = &p.Properties
	case *packets.Unsubscribe:
		*own = &p.Properties
	case *packets.Unsuback:
		*own = &p.Properties
	case *packets.Disconnect:
		*own = &p.Properties
	case *packets.Auth:
		*own = &p.Properties
	}
	return lists
}

// plainList returns the list of one property with a legal value. It is read for
// the first owner that may have it.
func plainList(id mqttwire.PropertyID) mqttwire.Properties {
	owner := mqttwire.WillProperties
	for !id.AllowedIn(owner) {
		owner++
	}
	list, _, err := mqttwire.ConsumeProperties(propertyBlock(plainProperty(id)), owner)
	if err != nil {
		panic("mqttwiretest: " + err.Error()) // a plain value is legal
	}
	return list
}
