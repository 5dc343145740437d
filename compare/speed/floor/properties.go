package floor

import (
	"encoding/binary"

	"github.com/mqttwire/mqttwire"
)

// kind is the wire type of a property.
type kind uint8

const (
	unknown kind = iota
	oneByte
	twoByte
	fourByte
	variable
	text
	binaryData
	pair
	topic
)

var kinds = [256]kind{
	mqttwire.PayloadFormatIndicator:          oneByte,
	mqttwire.MessageExpiryInterval:           fourByte,
	mqttwire.ContentType:                     text,
	mqttwire.ResponseTopic:                   topic,
	mqttwire.CorrelationData:                 binaryData,
	mqttwire.SubscriptionIdentifier:          variable,
	mqttwire.SessionExpiryInterval:           fourByte,
	mqttwire.AssignedClientIdentifier:        text,
	mqttwire.ServerKeepAlive:                 twoByte,
	mqttwire.AuthenticationMethod:            text,
	mqttwire.AuthenticationData:              binaryData,
	mqttwire.RequestProblemInformation:       oneByte,
	mqttwire.WillDelayInterval:               fourByte,
	mqttwire.RequestResponseInformation:      oneByte,
	mqttwire.ResponseInformation:             text,
	mqttwire.ServerReference:                 text,
	mqttwire.ReasonString:                    text,
	mqttwire.ReceiveMaximum:                  twoByte,
	mqttwire.TopicAliasMaximum:               twoByte,
	mqttwire.TopicAlias:                      twoByte,
	mqttwire.MaximumQoS:                      oneByte,
	mqttwire.RetainAvailable:                 oneByte,
	mqttwire.UserProperty:                    pair,
	mqttwire.MaximumPacketSize:               fourByte,
	mqttwire.WildcardSubscriptionAvailable:   oneByte,
	mqttwire.SubscriptionIdentifierAvailable: oneByte,
	mqttwire.SharedSubscriptionAvailable:     oneByte,
}

// Property is an entry of a property list.
type Property struct {
	ID     mqttwire.PropertyID
	Number uint32
	Name   []byte
	Value  []byte
}

// properties reads the property length and the properties at the start of b into
// list, and returns the bytes after them.
func properties(list []Property, b []byte, check bool) (_ []Property, rest []byte, ok bool) {
	n, size := varint(b)
	b = b[size:]
	if size == 0 || n > len(b) {
		return list, nil, false
	}
	rest, b = b[n:], b[:n]
	for len(b) > 0 {
		p := Property{ID: mqttwire.PropertyID(b[0])}
		if b, ok = value(&p, b[1:], check); !ok {
			return list, nil, false
		}
		list = append(list, p)
	}
	return list, rest, true
}

// value reads the value of the property p at the start of b, and returns the
// bytes after it.
func value(p *Property, b []byte, check bool) (rest []byte, ok bool) {
	k := kinds[p.ID]
	if n := width[k]; n > len(b) {
		return nil, false
	}
	switch k {
	case oneByte:
		p.Number = uint32(b[0])
		return b[1:], true
	case twoByte:
		p.Number = uint32(binary.BigEndian.Uint16(b))
		return b[2:], true
	case fourByte:
		p.Number = binary.BigEndian.Uint32(b)
		return b[4:], true
	case variable:
		n, size := varint(b)
		p.Number = uint32(n)
		return b[size:], size > 0
	case binaryData:
		p.Value, rest, ok = field(b)
		return rest, ok
	case text:
		p.Value, rest, ok = field(b)
		return rest, ok && (!check || Text(p.Value))
	case topic:
		p.Value, rest, ok = field(b)
		return rest, ok && (!check || Topic(p.Value))
	case pair:
		if p.Name, b, ok = field(b); !ok {
			return nil, false
		}
		p.Value, rest, ok = field(b)
		return rest, ok && (!check || Text(p.Name) && Text(p.Value))
	}
	return nil, false
}

// width is the size of the numbers.
var width = [...]int{unknown: 0, oneByte: 1, twoByte: 2, fourByte: 4, variable: 0, text: 0, binaryData: 0, pair: 0, topic: 0}
