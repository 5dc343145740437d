package pcap

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire/capture"
)

// piecesOf cuts what is behind a header of IP into fragments, at multiples of 8.
func piecesOf(t testing.TB, v6 bool, id uint32, payload []byte, cuts ...int) (records [][]byte) {
	t.Helper()
	cuts = append(append([]int{0}, cuts...), len(payload))
	for i, at := range cuts[:len(cuts)-1] {
		piece, more := gopacket.Payload(payload[at:cuts[i+1]]), i < len(cuts)-2
		if v6 {
			h := ip6()
			h.NextHeader = layers.IPProtocolIPv6Fragment
			records = append(records, serialize(t, h, &layers.IPv6Fragment{NextHeader: layers.IPProtocolTCP, Identification: id, FragmentOffset: uint16(at / 8), MoreFragments: more}, piece))
			continue
		}
		h := ip4()
		h.Id, h.FragOffset = uint16(id), uint16(at/8)
		if more {
			h.Flags = layers.IPv4MoreFragments
		}
		records = append(records, serialize(t, h, piece))
	}
	return records
}

// joining is a decoder, and the segments that it has found.
type joining struct {
	headerDecoder
	found []capture.Segment
}

func newJoining() *joining {
	j := new(joining)
	j.add = func(s capture.Segment) {
		s.Payload = bytes.Clone(s.Payload)
		j.found = append(j.found, s)
	}
	return j
}

func (j *joining) take(number int, at time.Time, data []byte) {
	j.decode(&record{number: number, time: at, link: layers.LinkTypeRaw, data: data, wireSize: len(data)}, 0)
}

func TestFragmentsInAnyOrderAndTwiceAreOneSegment(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		payload := strings.Repeat("0123456789", rapid.IntRange(1, 300).Draw(rt, "size"))
		whole := serialize(t, tcp(), gopacket.Payload(payload))
		var cuts []int
		for at := 8; at < len(whole); at += 8 {
			if rapid.Bool().Draw(rt, "cut") {
				cuts = append(cuts, at)
			}
		}
		v6 := rapid.Bool().Draw(rt, "IPv6")
		records := piecesOf(t, v6, 7, whole, cuts...)
		records = append(records, rapid.SliceOfN(rapid.SampledFrom(records), 0, 3).Draw(rt, "again")...)
		if len(cuts) == 0 {
			records = records[:1]
		}
		records = rapid.Permutation(records).Draw(rt, "order")
		j := newJoining()
		for i, r := range records {
			j.take(i+1, time.Unix(1700000000, 0), r)
		}
		j.finish()
		if len(j.found) == 0 || !slices.ContainsFunc(j.found, func(s capture.Segment) bool { return string(s.Payload) == payload && s.Missing == 0 }) {
			rt.Fatalf("%d segments", len(j.found))
		}
		for _, s := range j.found { // of what came again the first part may be all that is there
			if s.Seq != 1000 || !strings.HasPrefix(payload, string(s.Payload)) {
				rt.Fatalf("%q", s.Payload)
			}
		}
		want := client4
		if v6 {
			want = client6
		}
		if j.found[0].Src != want {
			rt.Fatalf("from %v", j.found[0].Src)
		}
	})
}

func TestFragmentsOfSeveralPacketsAreKeptApart(t *testing.T) {
	first := piecesOf(t, false, 1, serialize(t, tcp(), gopacket.Payload("0123456789")), 24)
	second := piecesOf(t, false, 2, serialize(t, tcp(), gopacket.Payload("abcdefghij")), 24)
	j := newJoining()
	for i, r := range [][]byte{first[0], second[0], second[1], first[1]} {
		j.take(i+1, time.Time{}, r)
	}
	require.Len(t, j.found, 2)
	assert.Equal(t, "abcdefghij", string(j.found[0].Payload))
	assert.Equal(t, 3, j.found[0].Record)
	assert.Equal(t, "0123456789", string(j.found[1].Payload))
	assert.Equal(t, 4, j.found[1].Record)
	assert.Equal(t, Records{Total: 4, TCP: 2, Fragments: 2}, j.counts)
}

func TestAPacketThatIsNotCompletedGivesItsFirstPart(t *testing.T) {
	whole := serialize(t, tcp(), gopacket.Payload(strings.Repeat("x", 44)))
	pieces := piecesOf(t, false, 1, whole, 24, 32, 48)
	for name, test := range map[string]struct {
		pieces        [][]byte
		size, missing int
	}{
		"the second is missing": {[][]byte{pieces[0], pieces[2], pieces[3]}, 4, 40},
		"the third is missing":  {[][]byte{pieces[0], pieces[1], pieces[3]}, 12, 32},
		"the last is missing":   {pieces[:3], 28, 0},
		"the first alone":       {pieces[:1], 4, 0},
	} {
		j := newJoining()
		for i, r := range test.pieces {
			j.take(i+1, time.Unix(100, 0), r)
		}
		assert.Empty(t, j.found)
		j.take(9, time.Unix(161, 0), piecesOf(t, false, 2, whole, 24)[0])
		require.Len(t, j.found, 1, name)
		assert.Len(t, j.found[0].Payload, test.size, name)
		assert.Equal(t, test.missing, j.found[0].Missing, name)
		assert.Equal(t, 1, j.found[0].Record, name)
		j.finish()
		assert.Len(t, j.found, 2, name)
		assert.Equal(t, 2, j.counts.Incomplete)
	}
	j := newJoining()
	j.take(1, time.Time{}, pieces[1])
	j.finish()
	assert.Empty(t, j.found, "of a packet without its first piece nothing is known")
}

func TestAFragmentThatIsCutLeavesAHole(t *testing.T) {
	whole := serialize(t, tcp(), gopacket.Payload(strings.Repeat("x", 44)))
	pieces := piecesOf(t, true, 1, whole, 24, 48)
	j := newJoining()
	for i, r := range pieces {
		size := len(r)
		if i == 1 {
			r = r[:len(r)-4]
		}
		j.decode(&record{number: i + 1, link: layers.LinkTypeRaw, data: r, wireSize: size}, 0)
	}
	require.Len(t, j.found, 1)
	assert.Len(t, j.found[0].Payload, 24)
	assert.Equal(t, 20, j.found[0].Missing)
}

func TestFragmentsThatCannotBeAreNotHeld(t *testing.T) {
	whole := serialize(t, tcp(), gopacket.Payload(strings.Repeat("x", 44)))
	for name, record := range map[string][]byte{
		"not at a multiple of 8": piecesOf(t, false, 1, whole, 20)[0],
		"behind the longest":     piecesOf(t, false, 1, make([]byte, 65600), 65520)[1],
		"empty":                  piecesOf(t, true, 1, whole, len(whole))[1],
	} {
		j := newJoining()
		j.take(1, time.Time{}, record)
		assert.Zero(t, j.fragments.bytes, name)
		assert.Equal(t, Records{Total: 1, Other: 1}, j.counts, name)
	}
}

func TestFragmentsAreHeldInBoundedMemory(t *testing.T) {
	for name, size := range map[string]int{"large": 60000, "small": 8} {
		j := newJoining()
		payload := make([]byte, size+8)
		for id := range uint32(20000) {
			j.take(int(id), time.Time{}, piecesOf(t, true, id, payload, size)[0])
			require.LessOrEqual(t, j.fragments.bytes, maxFragmentBytes, name)
			require.LessOrEqual(t, len(j.fragments.packets), maxFragmented, name)
			if size > 8 && id == 500 {
				break
			}
		}
		j.finish()
		assert.Zero(t, j.fragments.bytes)
		assert.Empty(t, j.fragments.packets)
	}
	var many []int
	for at := 8; at < 60000; at += 8 {
		many = append(many, at)
	}
	pieces := piecesOf(t, true, 1, make([]byte, 60000), many...)
	slices.Reverse(pieces)
	j := newJoining()
	for i, r := range pieces {
		j.take(i, time.Time{}, r)
		for _, p := range j.fragments.packets {
			require.LessOrEqual(t, len(p.pieces), maxFragmentPieces)
		}
	}
}

func TestATunnelInFragmentsOfFragmentsEnds(t *testing.T) {
	inner := serialize(t, ip4(), tcp(), gopacket.Payload(strings.Repeat("x", 40)))
	for range 20 {
		h := outer4(4)
		h.Flags = layers.IPv4MoreFragments
		inner = serialize(t, h, append(gopacket.Payload(inner), make([]byte, (8-len(inner)%8)%8)...))
	}
	j := newJoining()
	for id := range uint16(2 * maxFragmented) {
		binary.BigEndian.PutUint16(inner[4:], id)
		j.take(int(id), time.Time{}, inner)
	}
	j.finish()
	assert.Empty(t, j.found)
	assert.Zero(t, j.fragments.bytes)
}

func TestAtTheEndOfACaptureTheFirstPartOfAPacketIsRead(t *testing.T) {
	whole := serialize(t, tcp(), gopacket.Payload(connect311+publish5))
	cut := 8 * ((20 + len(connect311) + 7) / 8)
	file := pcapFile(binary.LittleEndian, magicMicroseconds, layers.LinkTypeRaw, 0, piecesOf(t, false, 1, whole, cut)[0])
	events, err := read(t, file, capture.Options{})
	require.NoError(t, err)
	require.NotEmpty(t, events)
	assert.Equal(t, "1/0 client CONNECT 3.1.1", tell(events)[0])
}

func TestFragmentsToSeveralReceiversAreKeptApart(t *testing.T) {
	one := piecesOf(t, false, 7, serialize(t, tcp(), gopacket.Payload(strings.Repeat("1", 40))), 24)
	two := piecesOf(t, false, 7, serialize(t, tcp(), gopacket.Payload(strings.Repeat("2", 40))), 24)
	for _, r := range two {
		r[19]++ // the last byte of the receiver's address
	}
	j := newJoining()
	for i, r := range [][]byte{one[0], two[0], two[1], one[1]} {
		j.take(i+1, time.Time{}, r)
	}
	require.Len(t, j.found, 2)
	assert.Equal(t, strings.Repeat("2", 40), string(j.found[0].Payload))
	assert.Equal(t, strings.Repeat("1", 40), string(j.found[1].Payload))
	assert.NotEqual(t, j.found[0].Dst, j.found[1].Dst)
}
