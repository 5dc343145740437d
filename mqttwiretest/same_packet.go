package mqttwiretest

import (
	"bytes"
	"slices"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// samePacket reports whether b, to which a codec encoded the packet of a case
// again, is the same packet.
func samePacket(c *Case, b []byte) bool {
	return bytes.Equal(b, c.encoding()) || sameForm(b, c.Bytes, c.Version)
}

// sameForm reports whether a and b are packets, and the same.
func sameForm(a, b []byte, v mqttwire.Version) bool {
	x, ok := standardForm(a, v)
	if !ok {
		return false
	}
	y, ok := standardForm(b, v)
	return ok && bytes.Equal(x, y)
}

// standardForm returns the packet in the one form that all writings of the same
// packet have: encoded by package packets, with the properties sorted by
// identifier.
func standardForm(b []byte, v mqttwire.Version) ([]byte, bool) {
	f, rest, err := mqttwire.CutFrame(b, 0)
	if err != nil || len(rest) > 0 {
		return nil, false
	}
	p, err := packets.Decode(f, v)
	if err != nil {
		return nil, false
	}
	encoded, err := p.Append(nil, v)
	if err != nil {
		return nil, false
	}
	a, ok := dissect(encoded, v)
	for _, p := range a.find(propertiesPart) {
		a.sortProperties(p)
	}
	return a.packet(a.body), ok
}

// sortProperties sorts a property list in place. User Properties keep their
// order, which is a part of the message [MQTT-3.3.2-18]; Subscription Identifiers
// may stand in any [MQTT-3.3.4-4].
func (a *anatomy) sortProperties(p part) {
	entries := a.properties(p)
	slices.SortStableFunc(entries, func(x, y property) int {
		if x.id == mqttwire.SubscriptionIdentifier && y.id == x.id {
			return bytes.Compare(x.value, y.value)
		}
		return int(x.id) - int(y.id)
	})
	copy(a.body[p.start:], propertyBlock(entries...))
}
