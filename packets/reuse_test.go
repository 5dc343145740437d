package packets_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// encoded returns the frame of a packet in 5.0.
func encoded(t *testing.T, p mqttwire.Packet) mqttwire.Frame {
	t.Helper()
	b, err := p.Append(nil, mqttwire.V5)
	require.NoError(t, err)
	f, _, err := mqttwire.CutFrame(b, 0)
	require.NoError(t, err)
	return f
}

func subscribeOf(entries int) *packets.Subscribe {
	p := &packets.Subscribe{PacketID: 1}
	for range entries {
		p.Subscriptions = append(p.Subscriptions, packets.Subscription{Filter: []byte("a/b")})
	}
	return p
}

func unsubscribeOf(entries int) *packets.Unsubscribe {
	p := &packets.Unsubscribe{PacketID: 1}
	for range entries {
		p.Filters = append(p.Filters, []byte("a/b"))
	}
	return p
}

func codes(entries int) []mqttwire.ReasonCode { return make([]mqttwire.ReasonCode, entries) }

// listRooms decodes large and then small packets of each type that has a list,
// into the same packet, and returns how many entries each has room for after each
// of the two.
func listRooms(t *testing.T, large, small int) (after [4][2]int) {
	var s packets.Subscribe
	var sa packets.Suback
	var u packets.Unsubscribe
	var ua packets.Unsuback
	for i, n := range []int{large, small} {
		require.NoError(t, s.Decode(encoded(t, subscribeOf(n)), mqttwire.V5))
		require.NoError(t, sa.Decode(encoded(t, &packets.Suback{PacketID: 1, ReasonCodes: codes(n)}), mqttwire.V5))
		require.NoError(t, u.Decode(encoded(t, unsubscribeOf(n)), mqttwire.V5))
		require.NoError(t, ua.Decode(encoded(t, &packets.Unsuback{PacketID: 1, ReasonCodes: codes(n)}), mqttwire.V5))
		for j, room := range []int{cap(s.Subscriptions), cap(sa.ReasonCodes), cap(u.Filters), cap(ua.ReasonCodes)} {
			after[j][i] = room
		}
	}
	return after
}

func TestTheRoomOfALongListIsGivenBackWithAPacketThatCannotFillIt(t *testing.T) {
	for _, room := range listRooms(t, 10000, 1) {
		assert.GreaterOrEqual(t, room[0], 10000)
		assert.Less(t, room[1], 100)
	}
}

func TestTheRoomOfAShortListIsKept(t *testing.T) {
	for _, room := range listRooms(t, 500, 1) {
		assert.GreaterOrEqual(t, room[0], 500)
		assert.Equal(t, room[0], room[1])
	}
}
