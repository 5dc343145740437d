package mqttwiretest

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/mqttwire/mqttwire"
)

// propertyForm is what the value of a property is on the wire, and what it may
// be beyond that. Section 2.2.2.2 and the sections of the properties.
type propertyForm uint8

const (
	_            propertyForm = iota
	boolForm                  // a byte, 0 or 1
	twoByteForm               // a two byte integer
	twoByteForm1              // a two byte integer, not 0
	fourByteForm
	fourByteForm1 // a four byte integer, not 0
	varintForm1   // a variable byte integer, not 0
	stringForm
	topicForm // a string that is a topic name
	binaryForm
	pairForm // two strings
)

// propertyForms has the form of each property.
var propertyForms = map[mqttwire.PropertyID]propertyForm{
	mqttwire.PayloadFormatIndicator:          boolForm,
	mqttwire.MessageExpiryInterval:           fourByteForm,
	mqttwire.ContentType:                     stringForm,
	mqttwire.ResponseTopic:                   topicForm,
	mqttwire.CorrelationData:                 binaryForm,
	mqttwire.SubscriptionIdentifier:          varintForm1,
	mqttwire.SessionExpiryInterval:           fourByteForm,
	mqttwire.AssignedClientIdentifier:        stringForm,
	mqttwire.ServerKeepAlive:                 twoByteForm,
	mqttwire.AuthenticationMethod:            stringForm,
	mqttwire.AuthenticationData:              binaryForm,
	mqttwire.RequestProblemInformation:       boolForm,
	mqttwire.WillDelayInterval:               fourByteForm,
	mqttwire.RequestResponseInformation:      boolForm,
	mqttwire.ResponseInformation:             stringForm,
	mqttwire.ServerReference:                 stringForm,
	mqttwire.ReasonString:                    stringForm,
	mqttwire.ReceiveMaximum:                  twoByteForm1,
	mqttwire.TopicAliasMaximum:               twoByteForm,
	mqttwire.TopicAlias:                      twoByteForm1,
	mqttwire.MaximumQoS:                      boolForm,
	mqttwire.RetainAvailable:                 boolForm,
	mqttwire.UserProperty:                    pairForm,
	mqttwire.MaximumPacketSize:               fourByteForm1,
	mqttwire.WildcardSubscriptionAvailable:   boolForm,
	mqttwire.SubscriptionIdentifierAvailable: boolForm,
	mqttwire.SharedSubscriptionAvailable:     boolForm,
}

// size returns the size of the legal value at the start of b.
func (f propertyForm) size(b []byte) int {
	switch f {
	case boolForm:
		return 1
	case twoByteForm, twoByteForm1:
		return 2
	case fourByteForm, fourByteForm1:
		return 4
	case varintForm1:
		_, rest, _ := mqttwire.ConsumeVarint(b)
		return len(b) - len(rest)
	case pairForm:
		n := stringForm.size(b)
		return n + stringForm.size(b[n:])
	}
	return 2 + int(binary.BigEndian.Uint16(b))
}

// plain returns a legal value of the form.
func (f propertyForm) plain() []byte {
	switch f {
	case boolForm, varintForm1:
		return []byte{1}
	case twoByteForm, twoByteForm1:
		return []byte{0, 7}
	case fourByteForm, fourByteForm1:
		return []byte{0, 0, 0, 7}
	case pairForm:
		return []byte("\x00\x01k\x00\x01v")
	}
	return []byte("\x00\x01t")
}

// property is an entry of a property list: its identifier and encoded value.
type property struct {
	id    mqttwire.PropertyID
	value []byte
}

// plainProperty returns a property with a legal value.
func plainProperty(id mqttwire.PropertyID) property { return property{id, propertyForms[id].plain()} }

// properties returns the entries of a property list.
func (a *anatomy) properties(p part) (entries []property) {
	_, list, _ := mqttwire.ConsumeVarint(a.bytes(p))
	for list = bytes.Clone(list); len(list) > 0; {
		id := mqttwire.PropertyID(list[0])
		n := 1 + propertyForms[id].size(list[1:])
		entries = append(entries, property{id, list[1:n:n]})
		list = list[n:]
	}
	return entries
}

// propertyBlock encodes a property list with its length.
func propertyBlock(entries ...property) []byte {
	var list []byte
	for _, e := range entries {
		list = append(append(list, byte(e.id)), e.value...)
	}
	return propertyBlockOf(list)
}

// propertyBlockOf puts the property length before a list of any bytes.
func propertyBlockOf(list []byte) []byte {
	b, err := mqttwire.AppendVarint(nil, uint32(len(list)))
	if err != nil {
		panic("mqttwiretest: " + err.Error()) // no list here is near the protocol's maximum
	}
	return append(b, list...)
}

// without returns the entries but those of the given identifiers.
func without(entries []property, ids ...mqttwire.PropertyID) (kept []property) {
	for _, e := range entries {
		if !slices.Contains(ids, e.id) {
			kept = append(kept, e)
		}
	}
	return kept
}
