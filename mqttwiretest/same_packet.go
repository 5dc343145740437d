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
	if bytes.Equal(b, c.Encodes) {
		return true
	}
	got, ok := standardForm(b, c.Version)
	if !ok {
		return false
	}
	want, ok := standardForm(c.Bytes, c.Version)
	return ok && bytes.Equal(got, want)
}

// standardForm returns the packet in the one form that all writings of the same
// packet have: encoded by package packets, with the properties sorted by
// identifier. Properties of the same identifier keep their order, which for User
// Property is a part of the message. [MQTT-3.3.2-18]
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

// sortProperties sorts a property list in place.
func (a *anatomy) sortProperties(p part) {
	entries := a.properties(p)
	slices.SortStableFunc(entries, func(x, y property) int { return int(x.id) - int(y.id) })
	copy(a.body[p.start:], propertyBlock(entries...))
}
