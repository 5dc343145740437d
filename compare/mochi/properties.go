package mochi

import (
	"slices"

	mochi "github.com/mochi-mqtt/server/v2/packets"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// field is where mochi's struct has a property.
type field struct {
	id      mqttwire.PropertyID
	value   any   // a pointer to the field
	present *bool // to its flag; nil where 0 and empty stand for a property that is not there
}

// fields are those of p, in the order in which they are written.
func fields(p *mochi.Properties) []field {
	return []field{
		{mqttwire.PayloadFormatIndicator, &p.PayloadFormat, &p.PayloadFormatFlag},
		{mqttwire.MessageExpiryInterval, &p.MessageExpiryInterval, nil},
		{mqttwire.ContentType, &p.ContentType, nil},
		{mqttwire.ResponseTopic, &p.ResponseTopic, nil},
		{mqttwire.CorrelationData, &p.CorrelationData, nil},
		{mqttwire.SubscriptionIdentifier, &p.SubscriptionIdentifier, nil},
		{mqttwire.SessionExpiryInterval, &p.SessionExpiryInterval, &p.SessionExpiryIntervalFlag},
		{mqttwire.AssignedClientIdentifier, &p.AssignedClientID, nil},
		{mqttwire.ServerKeepAlive, &p.ServerKeepAlive, &p.ServerKeepAliveFlag},
		{mqttwire.AuthenticationMethod, &p.AuthenticationMethod, nil},
		{mqttwire.AuthenticationData, &p.AuthenticationData, nil},
		{mqttwire.RequestProblemInformation, &p.RequestProblemInfo, &p.RequestProblemInfoFlag},
		{mqttwire.WillDelayInterval, &p.WillDelayInterval, nil},
		{mqttwire.RequestResponseInformation, &p.RequestResponseInfo, nil},
		{mqttwire.ResponseInformation, &p.ResponseInfo, nil},
		{mqttwire.ServerReference, &p.ServerReference, nil},
		{mqttwire.ReasonString, &p.ReasonString, nil},
		{mqttwire.ReceiveMaximum, &p.ReceiveMaximum, nil},
		{mqttwire.TopicAliasMaximum, &p.TopicAliasMaximum, nil},
		{mqttwire.TopicAlias, &p.TopicAlias, &p.TopicAliasFlag},
		{mqttwire.MaximumQoS, &p.MaximumQos, &p.MaximumQosFlag},
		{mqttwire.RetainAvailable, &p.RetainAvailable, &p.RetainAvailableFlag},
		{mqttwire.UserProperty, &p.User, nil},
		{mqttwire.MaximumPacketSize, &p.MaximumPacketSize, nil},
		{mqttwire.WildcardSubscriptionAvailable, &p.WildcardSubAvailable, &p.WildcardSubAvailableFlag},
		{mqttwire.SubscriptionIdentifierAvailable, &p.SubIDAvailable, &p.SubIDAvailableFlag},
		{mqttwire.SharedSubscriptionAvailable, &p.SharedSubAvailable, &p.SharedSubAvailableFlag},
	}
}

// toProperties returns a property list as mochi's struct.
func toProperties(list *mqttwire.Properties) (p mochi.Properties) {
	all := fields(&p)
	for q := range list.All() {
		all[slices.IndexFunc(all, func(f field) bool { return f.id == q.ID })].read(q)
	}
	return p
}

// read puts the property into the field.
func (f field) read(q mqttwire.Property) {
	switch v := f.value.(type) {
	case *byte:
		*v = byte(q.Number)
	case *uint16:
		*v = uint16(q.Number)
	case *uint32:
		*v = q.Number
	case *string:
		*v = string(q.Value())
	case *[]byte:
		*v = q.Value()
	case *[]int:
		*v = append(*v, int(q.Number))
	case *[]mochi.UserProperty:
		*v = append(*v, mochi.UserProperty{Key: string(q.Name()), Val: string(q.Value())})
	}
	if f.present != nil {
		*f.present = true
	}
}

// fromProperties returns the property list of p for a packet, or a will, that may
// have them; mochi's server answers with the properties of the request.
func fromProperties(p *mochi.Properties, owner mqttwire.PropertyOwner) mqttwire.Properties {
	var list mqttwire.PropertyBuilder
	for _, f := range fields(p) {
		if f.id.AllowedIn(owner) {
			f.write(&list)
		}
	}
	return list.Properties()
}

// write puts the field into the list, if the property is there.
func (f field) write(list *mqttwire.PropertyBuilder) {
	value, there := any(nil), false
	switch v := f.value.(type) {
	case *byte:
		value, there = *v, *v != 0
	case *uint16:
		value, there = *v, *v != 0
	case *uint32:
		value, there = *v, *v != 0
	case *string:
		value, there = *v, *v != ""
	case *[]byte:
		value, there = *v, len(*v) != 0
	case *[]int:
		for _, id := range *v {
			if id != 0 { // mochi's server lists 0 for a subscription without one
				list.Set(f.id, id)
			}
		}
	case *[]mochi.UserProperty:
		for _, u := range *v {
			list.Set(f.id, [2]string{u.Key, u.Val})
		}
	}
	if f.present != nil {
		there = *f.present
	}
	if there {
		list.Set(f.id, value)
	}
}

// applyMods leaves out of p what the receiver does not wish: Response Information
// that it did not ask for, and a Reason String and User Properties that it does not
// take, or for which its Maximum Packet Size has no room. A PUBLISH keeps them.
// [MQTT-3.1.2-28] [MQTT-3.1.2-29] [MQTT-3.2.2-19] [MQTT-3.3.2-17]
func applyMods(p mqttwire.Packet, v mqttwire.Version, mods mochi.Mods) {
	list := packets.PropertiesOf(p)
	if list == nil || p.Type() == mqttwire.PUBLISH {
		return
	}
	if !mods.AllowResponseInfo {
		list.Remove(mqttwire.ResponseInformation)
	}
	for _, id := range []mqttwire.PropertyID{mqttwire.UserProperty, mqttwire.ReasonString} {
		if mods.DisallowProblemInfo || mods.MaxSize > 0 && p.Size(v) > int(mods.MaxSize) {
			list.Remove(id)
		}
	}
}
