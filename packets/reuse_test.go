package packets_test

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"weak"

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

// decodedWeakly has the set decode b, a packet of 3.1.1, and returns what tells
// whether its bytes are still there.
func decodedWeakly(t *testing.T, set *packets.Set, b []byte, tolerance *mqttwire.Tolerance, refused bool) weak.Pointer[byte] {
	t.Helper()
	f, _, err := mqttwire.CutFrame(b, 0)
	require.NoError(t, err)
	_, err = set.DecodeTolerant(f, mqttwire.V311, tolerance)
	require.Equal(t, refused, err != nil)
	return weak.Make(&b[0])
}

// encodedLists returns the bytes of a packet of each type whose list has views of
// the frame.
func encodedLists(t *testing.T, entries int) map[string][]byte {
	t.Helper()
	subscribe, err := subscribeOf(entries).Append(nil, mqttwire.V311)
	require.NoError(t, err)
	unsubscribe, err := unsubscribeOf(entries).Append(nil, mqttwire.V311)
	require.NoError(t, err)
	return map[string][]byte{"SUBSCRIBE": subscribe, "UNSUBSCRIBE": unsubscribe}
}

func TestAListThatIsUsedAgainKeepsNoFrameAlive(t *testing.T) {
	for name, c := range map[string]struct {
		next    string
		refused bool
	}{
		"SUBSCRIBE":                     {"\x82\x06\x00\x01\x00\x01a\x00", false},
		"SUBSCRIBE not in ASCII":        {"\x82\x07\x00\x01\x00\x02\xc3\xa4\x00", false},
		"SUBSCRIBE of a wrong filter":   {"\x82\x07\x00\x01\x00\x02a#\x00", true},
		"SUBSCRIBE without a filter":    {"\x82\x02\x00\x01", true},
		"UNSUBSCRIBE":                   {"\xa2\x05\x00\x01\x00\x01a", false},
		"UNSUBSCRIBE not in ASCII":      {"\xa2\x06\x00\x01\x00\x02\xc3\xa4", false},
		"UNSUBSCRIBE of a wrong filter": {"\xa2\x06\x00\x01\x00\x02a#", true},
		"UNSUBSCRIBE without a filter":  {"\xa2\x02\x00\x01", true},
	} {
		for way, tolerance := range map[string]*mqttwire.Tolerance{"strict": nil, "tolerant": {}} {
			t.Run(name+"/"+way, func(t *testing.T) {
				typ := strings.Fields(name)[0]
				var set packets.Set
				first := decodedWeakly(t, &set, encodedLists(t, 100)[typ], tolerance, false)
				runtime.GC()
				require.NotNil(t, first.Value(), "the packet is there until the next")
				decodedWeakly(t, &set, []byte(c.next), tolerance, c.refused)
				runtime.GC()
				assert.Nil(t, first.Value())
				runtime.KeepAlive(&set)
			})
		}
	}
}

func TestAPacketThatWasRefusedDoesNotKeepItsFrameAlive(t *testing.T) {
	for _, typ := range []string{"SUBSCRIBE", "UNSUBSCRIBE"} {
		for way, tolerance := range map[string]*mqttwire.Tolerance{"strict": nil, "tolerant": {}} {
			t.Run(typ+"/"+way, func(t *testing.T) {
				var set packets.Set
				decodedWeakly(t, &set, encodedLists(t, 100)[typ], tolerance, false)
				b := encodedLists(t, 50)[typ]
				b[bytes.LastIndexByte(b, '/')] = '+' // the last filter is a+b
				refused := decodedWeakly(t, &set, b, tolerance, true)
				b = nil
				runtime.GC()
				assert.Nil(t, refused.Value())
				runtime.KeepAlive(&set)
			})
		}
	}
}

func TestALargePacketIsLetGoAfterTheNext(t *testing.T) {
	filters := make([]packets.Subscription, 10000)
	for i := range filters {
		filters[i].Filter = []byte("a/b/c/d")
	}
	large, err := (&packets.Subscribe{PacketID: 1, Subscriptions: filters}).Append(nil, mqttwire.V5)
	require.NoError(t, err)
	var set packets.Set
	const subscribe = "\x82\x07\x00\x01\x00\x00\x01a\x00" // a type that was seen takes a shorter way
	for _, small := range []string{pingreq, "\xd0\x00", "\x30\x04\x00\x01a\x00", subscribe} {
		_, err := set.Decode(frameOf(t, small), mqttwire.V5)
		require.NoError(t, err)
	}
	p, err := set.Decode(frameOf(t, string(large)), mqttwire.V5)
	require.NoError(t, err)
	_, err = set.Decode(frameOf(t, pingreq), mqttwire.V5)
	require.NoError(t, err)
	assert.Zero(t, cap(p.(*packets.Subscribe).Subscriptions))
}
