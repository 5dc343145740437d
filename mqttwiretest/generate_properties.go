package mqttwiretest

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
)

// Properties returns a generator of property lists of MQTT 5.0 for an owner, as
// the given side sends them: each property that the owner may have, in any
// order, with repeats of those that may repeat. Properties that need each other
// are drawn together.
func Properties(owner mqttwire.PropertyOwner, from mqttwire.Sender) *rapid.Generator[mqttwire.Properties] {
	ids := idsOf(owner, func(id mqttwire.PropertyID) bool { return !foreign(id, owner, from) })
	return rapid.Custom(func(t *rapid.T) (p mqttwire.Properties) {
		for _, id := range drawIDs(t, ids, owner) {
			propertySetters[id](t, &p)
		}
		if p.Has(mqttwire.AuthenticationData) && !p.Has(mqttwire.AuthenticationMethod) { // U-3.1.2.11.10-1
			propertySetters[mqttwire.AuthenticationMethod](t, &p)
		}
		fillProperties(t, &p)
		return p
	})
}

// foreign reports whether the side may not put the property there although the
// owner may have it. [MQTT-3.3.4-6] [MQTT-3.14.2-2] U-3.14.2.2.5-2
func foreign(id mqttwire.PropertyID, owner mqttwire.PropertyOwner, from mqttwire.Sender) bool {
	switch id {
	case mqttwire.SubscriptionIdentifier:
		return owner == mqttwire.PropertyOwner(mqttwire.PUBLISH) && from == mqttwire.FromClient
	case mqttwire.SessionExpiryInterval:
		return owner == mqttwire.PropertyOwner(mqttwire.DISCONNECT) && from == mqttwire.FromServer
	case mqttwire.ServerReference:
		return owner == mqttwire.PropertyOwner(mqttwire.DISCONNECT) && from == mqttwire.FromClient
	}
	return false
}

// drawReference gives a packet with a Server Reference one of the two codes that
// go with it, or takes the reference away. U-3.2.2.3.16-2 U-3.14.2.2.5-2
func drawReference(t *rapid.T, code *mqttwire.ReasonCode, p *mqttwire.Properties) {
	if p.Has(mqttwire.ServerReference) && drawBool(t, "another server") {
		*code = rapid.SampledFrom([]mqttwire.ReasonCode{mqttwire.ReasonUseAnotherServer, mqttwire.ReasonServerMoved}).Draw(t, "code")
	}
	if *code != mqttwire.ReasonUseAnotherServer && *code != mqttwire.ReasonServerMoved {
		p.Remove(mqttwire.ServerReference)
	}
}

// drawIDs draws which properties a list has, in their order: often none, and
// now and then all.
func drawIDs(t *rapid.T, ids []mqttwire.PropertyID, owner mqttwire.PropertyOwner) []mqttwire.PropertyID {
	if drawBool(t, "no properties") {
		return nil
	}
	many := slices.Clone(ids)
	for _, id := range ids {
		if id.MayRepeat(owner) {
			many = append(many, id, id)
		}
	}
	n := rapid.OneOf(rapid.IntRange(1, min(4, len(many))), rapid.IntRange(1, len(many)), rapid.Just(len(many))).Draw(t, "properties")
	return rapid.Permutation(many).Draw(t, "order")[:n]
}

// listSizes are sizes of a property list at which its length takes one more
// byte, and 0 for any size.
var listSizes = append(slices.Repeat([]int{0}, 28), 127, 128, 16383, 16384)

// fillProperties seldom adds a User Property that makes the list one of the
// sizes.
func fillProperties(t *rapid.T, p *mqttwire.Properties) {
	const overhead = 1 + 2 + 2
	size := rapid.SampledFrom(listSizes).Draw(t, "list size")
	if missing := size - len(p.Bytes()) - overhead; missing >= 0 {
		p.AddUser(nil, filled(nil, missing))
	}
}

// propertySetters draw a value for a property and put it into a list.
var propertySetters = map[mqttwire.PropertyID]func(*rapid.T, *mqttwire.Properties){
	mqttwire.PayloadFormatIndicator: func(t *rapid.T, p *mqttwire.Properties) {
		p.SetPayloadFormatIndicator(rapid.Uint8Range(0, 1).Draw(t, "format"))
	},
	mqttwire.MessageExpiryInterval: func(t *rapid.T, p *mqttwire.Properties) { p.SetMessageExpiryInterval(draw32(t, 0)) },
	mqttwire.ContentType:           func(t *rapid.T, p *mqttwire.Properties) { p.SetContentType(Text().Draw(t, "text")) },
	mqttwire.ResponseTopic:         func(t *rapid.T, p *mqttwire.Properties) { p.SetResponseTopic(TopicName().Draw(t, "topic")) },
	mqttwire.CorrelationData:       func(t *rapid.T, p *mqttwire.Properties) { p.SetCorrelationData(Binary().Draw(t, "data")) },
	mqttwire.SubscriptionIdentifier: func(t *rapid.T, p *mqttwire.Properties) {
		p.AddSubscriptionID(drawSubscriptionID(t))
	},
	mqttwire.SessionExpiryInterval: func(t *rapid.T, p *mqttwire.Properties) { p.SetSessionExpiryInterval(draw32(t, 0)) },
	mqttwire.AssignedClientIdentifier: func(t *rapid.T, p *mqttwire.Properties) {
		p.SetAssignedClientIdentifier(Text().Draw(t, "text"))
	},
	mqttwire.ServerKeepAlive: func(t *rapid.T, p *mqttwire.Properties) { p.SetServerKeepAlive(draw16(t, 0)) },
	mqttwire.AuthenticationMethod: func(t *rapid.T, p *mqttwire.Properties) {
		p.SetAuthenticationMethod(Text().Draw(t, "method"))
	},
	mqttwire.AuthenticationData: func(t *rapid.T, p *mqttwire.Properties) {
		p.SetAuthenticationData(Binary().Draw(t, "data"))
	},
	mqttwire.RequestProblemInformation: func(t *rapid.T, p *mqttwire.Properties) {
		p.SetRequestProblemInformation(drawBool(t, "problem information"))
	},
	mqttwire.WillDelayInterval: func(t *rapid.T, p *mqttwire.Properties) { p.SetWillDelayInterval(draw32(t, 0)) },
	mqttwire.RequestResponseInformation: func(t *rapid.T, p *mqttwire.Properties) {
		p.SetRequestResponseInformation(drawBool(t, "response information"))
	},
	mqttwire.ResponseInformation: func(t *rapid.T, p *mqttwire.Properties) {
		p.SetResponseInformation(Text().Draw(t, "text"))
	},
	mqttwire.ServerReference:   func(t *rapid.T, p *mqttwire.Properties) { p.SetServerReference(Text().Draw(t, "text")) },
	mqttwire.ReasonString:      func(t *rapid.T, p *mqttwire.Properties) { p.SetReasonString(Text().Draw(t, "text")) },
	mqttwire.ReceiveMaximum:    func(t *rapid.T, p *mqttwire.Properties) { p.SetReceiveMaximum(draw16(t, 1)) },
	mqttwire.TopicAliasMaximum: func(t *rapid.T, p *mqttwire.Properties) { p.SetTopicAliasMaximum(draw16(t, 0)) },
	mqttwire.TopicAlias:        func(t *rapid.T, p *mqttwire.Properties) { p.SetTopicAlias(draw16(t, 1)) },
	mqttwire.MaximumQoS: func(t *rapid.T, p *mqttwire.Properties) {
		p.SetMaximumQoS(rapid.SampledFrom([]mqttwire.QoS{0, 1}).Draw(t, "QoS"))
	},
	mqttwire.RetainAvailable: func(t *rapid.T, p *mqttwire.Properties) { p.SetRetainAvailable(drawBool(t, "retain")) },
	mqttwire.UserProperty: func(t *rapid.T, p *mqttwire.Properties) {
		p.AddUser(Text().Draw(t, "name"), Text().Draw(t, "value"))
	},
	mqttwire.MaximumPacketSize: func(t *rapid.T, p *mqttwire.Properties) { p.SetMaximumPacketSize(draw32(t, 1)) },
	mqttwire.WildcardSubscriptionAvailable: func(t *rapid.T, p *mqttwire.Properties) {
		p.SetWildcardSubscriptionAvailable(drawBool(t, "wildcards"))
	},
	mqttwire.SubscriptionIdentifierAvailable: func(t *rapid.T, p *mqttwire.Properties) {
		p.SetSubscriptionIdentifierAvailable(drawBool(t, "identifiers"))
	},
	mqttwire.SharedSubscriptionAvailable: func(t *rapid.T, p *mqttwire.Properties) {
		p.SetSharedSubscriptionAvailable(drawBool(t, "shared"))
	},
}

// drawProperties draws the list of an owner, which before 5.0 is empty.
func drawProperties(t *rapid.T, v mqttwire.Version, owner mqttwire.PropertyOwner, from mqttwire.Sender) mqttwire.Properties {
	if v != mqttwire.V5 {
		return mqttwire.Properties{}
	}
	return Properties(owner, from).Draw(t, "properties")
}
