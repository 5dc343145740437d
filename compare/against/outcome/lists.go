package outcome

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/against/texts"
)

// setters are all that can be set, by what it takes.
var (
	textSetters = []func(*mqttwire.Properties, []byte){
		(*mqttwire.Properties).SetContentType, (*mqttwire.Properties).SetResponseTopic, (*mqttwire.Properties).SetCorrelationData,
		(*mqttwire.Properties).SetAssignedClientIdentifier, (*mqttwire.Properties).SetAuthenticationMethod,
		(*mqttwire.Properties).SetAuthenticationData, (*mqttwire.Properties).SetResponseInformation,
		(*mqttwire.Properties).SetServerReference, (*mqttwire.Properties).SetReasonString,
		func(p *mqttwire.Properties, v []byte) { p.AddUser(v, v) },
		func(p *mqttwire.Properties, v []byte) { p.AddUser([]byte("name"), v) },
	}
	numberSetters = []func(*mqttwire.Properties, uint32){
		(*mqttwire.Properties).SetMessageExpiryInterval, (*mqttwire.Properties).SetSessionExpiryInterval,
		(*mqttwire.Properties).SetWillDelayInterval, (*mqttwire.Properties).SetMaximumPacketSize, (*mqttwire.Properties).AddSubscriptionID,
		func(p *mqttwire.Properties, n uint32) { p.SetPayloadFormatIndicator(uint8(n)) },
		func(p *mqttwire.Properties, n uint32) { p.SetServerKeepAlive(uint16(n)) },
		func(p *mqttwire.Properties, n uint32) { p.SetReceiveMaximum(uint16(n)) },
		func(p *mqttwire.Properties, n uint32) { p.SetTopicAliasMaximum(uint16(n)) },
		func(p *mqttwire.Properties, n uint32) { p.SetTopicAlias(uint16(n)) },
		func(p *mqttwire.Properties, n uint32) { p.SetMaximumQoS(mqttwire.QoS(n)) },
		func(p *mqttwire.Properties, n uint32) { p.SetRequestProblemInformation(n&1 != 0) },
		func(p *mqttwire.Properties, n uint32) { p.SetRequestResponseInformation(n&1 != 0) },
		func(p *mqttwire.Properties, n uint32) { p.SetRetainAvailable(n&1 != 0) },
		func(p *mqttwire.Properties, n uint32) { p.SetWildcardSubscriptionAvailable(n&1 != 0) },
		func(p *mqttwire.Properties, n uint32) { p.SetSubscriptionIdentifierAvailable(n&1 != 0) },
		func(p *mqttwire.Properties, n uint32) { p.SetSharedSubscriptionAvailable(n&1 != 0) },
	}
)

// usual are the setters of what an owner may have, where that is more than a
// reason string and user properties.
var usual = map[mqttwire.PropertyOwner][]func(*mqttwire.Properties, []byte){
	mqttwire.PropertyOwner(mqttwire.PUBLISH):     message,
	mqttwire.WillProperties:                      message,
	mqttwire.PropertyOwner(mqttwire.CONNECT):     {(*mqttwire.Properties).SetAuthenticationMethod, addUser},
	mqttwire.PropertyOwner(mqttwire.AUTH):        {(*mqttwire.Properties).SetAuthenticationMethod, (*mqttwire.Properties).SetReasonString, addUser},
	mqttwire.PropertyOwner(mqttwire.SUBSCRIBE):   {addUser},
	mqttwire.PropertyOwner(mqttwire.UNSUBSCRIBE): {addUser},
}

var message = []func(*mqttwire.Properties, []byte){
	(*mqttwire.Properties).SetContentType, (*mqttwire.Properties).SetResponseTopic, (*mqttwire.Properties).SetCorrelationData, addUser,
}

func addUser(p *mqttwire.Properties, v []byte) { p.AddUser([]byte("name"), v) }

// properties draws a list for an owner: mostly none, or one that it may have; at
// times one with anything in it.
func (d drawn) properties(owner mqttwire.PropertyOwner) (p mqttwire.Properties) {
	if d.IntN(2) == 0 {
		return p
	}
	setters := usual[owner]
	if setters == nil {
		setters = []func(*mqttwire.Properties, []byte){(*mqttwire.Properties).SetReasonString, addUser}
	}
	for range 1 + d.IntN(3) {
		switch d.IntN(8) {
		case 0:
			textSetters[d.IntN(len(textSetters))](&p, d.text("value"))
		case 1:
			numberSetters[d.IntN(len(numberSetters))](&p, d.number())
		case 2:
			p.Remove(mqttwire.PropertyID(d.IntN(0x30)))
		case 3:
			setters[d.IntN(len(setters))](&p, []byte(texts.All[d.IntN(len(texts.All))]))
		default:
			setters[d.IntN(len(setters))](&p, []byte("value"))
		}
	}
	if d.rarely() {
		return p.Clone()
	}
	return p
}

func (d drawn) number() uint32 {
	switch d.IntN(4) {
	case 0:
		return d.Uint32N(3)
	case 1:
		return 1 << 28 >> d.Uint32N(29)
	case 2:
		return 1<<28 - 1
	}
	return d.Uint32()
}
