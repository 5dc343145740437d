package mqttwire

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// plainFilterTwin is PlainTopicFilter, written plainly.
func plainFilterTwin(b []byte) bool {
	if len(b) == 0 || len(b) > maxPrefixed || b[0] == '$' || !plainTwin(b, "") {
		return false
	}
	rule, _ := wildcardFault(b, 0, 0)
	return rule == 0
}

// requirePlain checks the verdicts on b: that they are those of the plain twins,
// and that what is plain is legal in every version.
func requirePlain(t *testing.T, b []byte) {
	t.Helper()
	filter := plainFilterTwin(b)
	name := len(b) > 0 && len(b) <= maxPrefixed && plainTwin(b, "+#")
	if PlainTopicFilter(b) != filter || PlainTopicName(b) != name || PlainString(b) != (len(b) <= maxPrefixed && plainTwin(b, "")) {
		t.Fatalf("%q: filter %v, name %v, string %v", b, PlainTopicFilter(b), PlainTopicName(b), PlainString(b))
	}
	requirePut(t, b, PutPlainTopicFilter, filter)
	requirePut(t, b, PutPlainTopicName, name)
	for v := V31; v <= V5; v++ {
		if filter && CheckTopicFilter(b, v) != nil || name && CheckTopicName(b, v) != nil || PlainString(b) && CheckString(b, v) != nil {
			t.Fatalf("%q is plain, but not legal in %s", b, v)
		}
	}
}

// putInto is what requirePut writes into, again and again: it is called often.
var putInto = make([]byte, maxPrefixed+16)

// requirePut checks that put writes b, with its length, if it is plain and there
// is room, and that not a byte is written that is not of its place.
func requirePut(t *testing.T, b []byte, put func(dst []byte, at int, b []byte) int, plain bool) {
	t.Helper()
	const before, after, guard = 3, 2, 0xEE
	end := before + 2 + len(b)
	dst := putInto[:min(end+after, len(putInto))]
	for i := range dst {
		dst[i] = guard
	}
	if got := put(dst, before, b); got != 0 != plain || plain && got != end {
		t.Fatalf("%q: ends at %d", b, got)
	}
	if plain && (int(uint16At(dst[before:])) != len(b) || !bytes.Equal(dst[before+2:end], b)) {
		t.Fatalf("%q: wrote %x", b, dst)
	}
	for i, c := range dst {
		if (i < before || i >= end) && c != guard {
			t.Fatalf("%q: wrote at %d, of its place %d:%d", b, i, before, end)
		}
	}
	if put(dst[:end-1], before, b) != 0 {
		t.Fatalf("%q: found room that is not there", b)
	}
}

func TestPlainTextIsPutOnlyWhereThereIsRoom(t *testing.T) {
	for n := 1; n <= 40; n++ {
		b := bytes.Repeat([]byte("a"), n)
		dst := make([]byte, n+4)
		for at := -n; at <= len(dst)+n; at++ {
			want := 0
			if at >= 0 && at <= 2 {
				want = at + 2 + n
			}
			require.Equal(t, want, PutPlainTopicFilter(dst, at, b), "%d bytes at %d", n, at)
			require.Equal(t, want, PutPlainTopicName(dst, at, b), "%d bytes at %d", n, at)
		}
		for _, at := range []int{math.MaxInt, math.MaxInt - n, math.MaxInt - n - 2, math.MinInt, math.MinInt + n} {
			require.Zero(t, PutPlainTopicFilter(dst, at, b), "%d bytes at %d", n, at)
			require.Zero(t, PutPlainTopicName(dst, at, b), "%d bytes at %d", n, at)
		}
	}
}

// plainEdges are the bytes at which the verdicts change.
var plainEdges = []byte("a/+#$,\x00\x7F\x80")

func TestPlainTextOfTheEdgesIsLegal(t *testing.T) {
	most := 6
	if testing.Short() {
		most = 5
	}
	for n, total := 0, 1; n <= most; n, total = n+1, total*len(plainEdges) {
		b := make([]byte, n)
		for x := range total {
			for i := range b {
				b[i] = plainEdges[x%len(plainEdges)]
				x /= len(plainEdges)
			}
			requirePlain(t, b)
		}
	}
}

// TestPlainTextIsSeenAtEveryPlace puts four edges in a row at every place of
// texts that take some words and a part of one.
func TestPlainTextIsSeenAtEveryPlace(t *testing.T) {
	for n := 4; n <= 27; n++ {
		for i := 0; i+4 <= n; i++ {
			for _, fill := range []string{"a", "/"} {
				b := bytes.Repeat([]byte(fill), n)
				for x := range len(plainEdges) * len(plainEdges) * len(plainEdges) * len(plainEdges) {
					for j := range 4 {
						b[i+j] = plainEdges[x%len(plainEdges)]
						x /= len(plainEdges)
					}
					requirePlain(t, b)
				}
			}
		}
	}
}

func TestPlainTextHasEveryByteJudged(t *testing.T) {
	for n := 1; n <= 17; n++ {
		b := bytes.Repeat([]byte("/"), n)
		for i := range b {
			for c := range 256 {
				b[i] = byte(c)
				requirePlain(t, b)
			}
			b[i] = '/'
		}
	}
	b := []byte("a/aaaaaaaaa/a")
	for c := range 256 {
		for d := range 256 {
			b[5], b[6] = byte(c), byte(d)
			requirePlain(t, b)
		}
	}
}

func TestPlainTextIsNeverTooLong(t *testing.T) {
	b := bytes.Repeat([]byte("a"), maxPrefixed)
	requirePlain(t, b)
	require.True(t, PlainTopicFilter(b))
	requirePlain(t, append(b, 'a'))
	require.False(t, PlainTopicFilter(append(b, 'a')))
}

func TestPlainListsAreThoseThatTheOwnerMayHave(t *testing.T) {
	for _, id := range allIDs() {
		for times := range 3 {
			raw := bytes.Repeat(legalValue(id), times)
			p := decodedBySomeone(raw)
			if p == nil {
				continue
			}
			for owner := WillProperties; owner <= ofAuth; owner++ {
				list, ok := p.Plain(owner)
				_, _, bad := scanProperties(raw, owner)
				require.Equal(t, bad == nil, ok, "%d times %s in %d", times, id, owner)
				require.Equal(t, string(raw), string(list))
				list, ok = p.Legal(owner)
				require.Equal(t, bad == nil, ok, "legal: %d times %s in %d", times, id, owner)
				require.Equal(t, string(raw), string(list))
			}
		}
	}
	var refused Properties
	refused.SetTopicAlias(0)
	_, ok := refused.Plain(ofPublish)
	require.False(t, ok, "a value that was refused")
	var built Properties
	built.Reset(make([]byte, 0, 16))
	built.SetTopicAlias(1)
	_, ok = built.Plain(ofPublish)
	require.False(t, ok, "a list in memory of someone else")
	_, err := built.Append(nil, ofPublish)
	require.NoError(t, err)
}

func TestAListBuiltInPlaceIsLegalUntilItIsOverwritten(t *testing.T) {
	var p Properties
	p.Reset(make([]byte, 0, 16))
	p.SetTopicAlias(1)
	other := p
	p.SetPayloadFormatIndicator(1)
	list, ok := p.Legal(ofPublish)
	require.True(t, ok)
	require.Equal(t, "\x23\x00\x01\x01\x01", string(list))
	_, ok = p.Legal(ofConnect)
	require.False(t, ok, "a list for PUBLISH")
	other.AddSubscriptionID(1)
	_, ok = p.Legal(ofPublish)
	require.False(t, ok, "a list that another copy's setter wrote into")
	_, ok = other.Legal(ofPublish)
	require.True(t, ok)
	p.SetTopicAlias(0)
	_, ok = p.Legal(ofPublish)
	require.False(t, ok, "a value that was refused")
}

// decodedBySomeone returns the list as one of its owners gets it, or nil if none
// may have it.
func decodedBySomeone(raw []byte) *Properties {
	for owner := WillProperties; owner <= ofAuth; owner++ {
		if p, bad := viewProperties(raw, owner); bad == nil {
			return &p
		}
	}
	return nil
}
