package text

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// plainTwin is Plain and plainName, written plainly.
func plainTwin(b []byte, forbidden string) bool {
	for _, c := range b {
		if c == 0 || c >= 0x80 || strings.IndexByte(forbidden, c) >= 0 {
			return false
		}
	}
	return true
}

// plainFilterTwin is PlainTopicFilter, written plainly.
func plainFilterTwin(b []byte) bool {
	return len(b) > 0 && len(b) <= MaxLength && b[0] != '$' && plainTwin(b, "") && wildcardsTwin(b)
}

// wildcardsTwin is LegalWildcards, written plainly.
func wildcardsTwin(b []byte) bool {
	levels := bytes.Split(b, []byte("/"))
	for i, level := range levels {
		switch {
		case string(level) == "#" && i == len(levels)-1, string(level) == "+":
		case bytes.ContainsAny(level, "+#"):
			return false
		}
	}
	return true
}

// requirePlain checks the verdicts on b: that they are those of the plain twins.
func requirePlain(t *testing.T, b []byte) {
	t.Helper()
	filter := plainFilterTwin(b)
	name := len(b) > 0 && len(b) <= MaxLength && plainTwin(b, "+#")
	if PlainTopicFilter(b) != filter || PlainTopicName(b) != name || PlainString(b) != (len(b) <= MaxLength && plainTwin(b, "")) {
		t.Fatalf("%q: filter %v, name %v, string %v", b, PlainTopicFilter(b), PlainTopicName(b), PlainString(b))
	}
	if LegalWildcards(b) != wildcardsTwin(b) || IndexWildcard(b) != bytes.IndexAny(b, "+#") {
		t.Fatalf("%q: wildcards %v, at %d", b, LegalWildcards(b), IndexWildcard(b))
	}
	requirePut(t, b, PutTopicFilter, filter)
	requirePut(t, b, PutTopicName, name)
}

// putInto is what requirePut writes into, again and again: it is called often.
var putInto = make([]byte, MaxLength+16)

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
	if plain && (int(dst[before])<<8|int(dst[before+1]) != len(b) || !bytes.Equal(dst[before+2:end], b)) {
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
			require.Equal(t, want, PutTopicFilter(dst, at, b), "%d bytes at %d", n, at)
			require.Equal(t, want, PutTopicName(dst, at, b), "%d bytes at %d", n, at)
		}
		for _, at := range []int{math.MaxInt, math.MaxInt - n, math.MaxInt - n - 2, math.MinInt, math.MinInt + n} {
			require.Zero(t, PutTopicFilter(dst, at, b), "%d bytes at %d", n, at)
			require.Zero(t, PutTopicName(dst, at, b), "%d bytes at %d", n, at)
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
	b := bytes.Repeat([]byte("a"), MaxLength)
	requirePlain(t, b)
	require.True(t, PlainTopicFilter(b))
	requirePlain(t, append(b, 'a'))
	require.False(t, PlainTopicFilter(append(b, 'a')))
}

func TestFastTextChecksAgreeWithTheirPlainTwin(t *testing.T) {
	for n := range 25 {
		b := bytes.Repeat([]byte("a"), n)
		for i := range b {
			for c := range 256 {
				b[i] = byte(c)
				require.Equal(t, plainTwin(b, ""), Plain(b), "%x", b)
				require.Equal(t, plainTwin(b, "+#"), plainName(b), "%x", b)
			}
			b[i] = 'a'
		}
		require.True(t, Plain(b))
		require.True(t, plainName(b))
	}
}

func TestFastTextChecksSeeEveryPairOfNeighbours(t *testing.T) {
	b := []byte("aaaaaaaa")
	for c := range 256 {
		for d := range 256 {
			b[3], b[4] = byte(c), byte(d)
			require.Equal(t, plainTwin(b, ""), Plain(b), "%x", b)
			require.Equal(t, plainTwin(b, "+#"), plainName(b), "%x", b)
		}
	}
}
