package packets

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

// Whatever a Judge tells, the places tile the packet: what it leaves out has one without
// a name, and what it tells twice counts once.
func TestWhatIsNotToldHasAPlaceWithoutAName(t *testing.T) {
	m := fieldMap{packet: make([]byte, 9), typ: mqttwire.PINGREQ, version: mqttwire.V5}
	m.add(mqttwire.FieldRemainingLength, 0, 1, 1, 3)
	m.add(mqttwire.FieldRemainingLength, 0, 1, 1, 3)
	m.add(mqttwire.FieldPacketEnd, 0, 5, 5, 5)
	m.add(mqttwire.FieldPacketEnd, 0, 5, 5, 7)
	require.Equal(t, []FieldPlace{
		{Start: 0, End: 1, Mask: 0xFF},
		{Field: mqttwire.FieldRemainingLength, Start: 1, Value: 1, End: 3, Mask: 0xFF, Section: "2.1.4"},
		{Start: 3, Value: 3, End: 5, Mask: 0xFF},
		{Field: mqttwire.FieldPacketEnd, Start: 5, Value: 5, End: 7, Mask: 0xFF},
		{Start: 7, Value: 7, End: 9, Mask: 0xFF},
	}, m.end())
}
