package text

import (
	"bytes"
	"math"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// wellFormedTwin is WellFormed, written plainly.
func wellFormedTwin(b []byte) bool { return utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 }

// plainStringTwin, plainNameTwin and plainFilterTwin are PlainString, PlainTopicName
// and PlainTopicFilter, written plainly.
func plainStringTwin(b []byte) bool { return len(b) <= MaxLength && wellFormedTwin(b) }

func plainNameTwin(b []byte) bool {
	return len(b) > 0 && plainStringTwin(b) && !bytes.ContainsAny(b, "+#")
}

func plainFilterTwin(b []byte) bool {
	return len(b) > 0 && plainStringTwin(b) && wildcardsTwin(b) && shareTwin(b)
}

// wildcardsTwin says whether each wildcard is a level of its own, the # the last.
func wildcardsTwin(b []byte) bool {
	if !bytes.ContainsAny(b, "+#") {
		return true
	}
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

// shareTwin says whether what starts like a shared filter is one.
func shareTwin(b []byte) bool {
	rest, ok := bytes.CutPrefix(b, []byte("$share/"))
	if !ok {
		return true
	}
	name, filter, ok := bytes.Cut(rest, []byte("/"))
	return ok && len(name) > 0 && len(filter) > 0 && !bytes.ContainsAny(name, "+#")
}

// requirePlain checks the verdicts on b: that they are those of the plain twins.
func requirePlain(t *testing.T, b []byte) {
	t.Helper()
	if len(b) > 0 && ASCIIName(b) != (plainNameTwin(b) && isASCII(b)) && len(b) <= MaxLength {
		t.Fatalf("%q: name in ASCII %v", b, ASCIIName(b))
	}
	filter, name, str, wellFormed := plainFilterTwin(b), plainNameTwin(b), plainStringTwin(b), wellFormedTwin(b)
	if PlainTopicFilter(b) != filter || PlainTopicName(b) != name || PlainString(b) != str || WellFormed(b) != wellFormed {
		t.Fatalf("%q: filter %v, name %v, string %v, well-formed %v", b, PlainTopicFilter(b), PlainTopicName(b), PlainString(b), WellFormed(b))
	}
	requirePut(t, b, PutTopicFilter, filter)
	requirePut(t, b, putFilter, filter)
	requirePut(t, b, PutTopicName, name)
}

// putFilter is PutTopicFilters for one filter; it returns 0 if that is not put.
func putFilter(dst []byte, at int, b []byte) int {
	if end, n := PutTopicFilters(dst, at, [][]byte{b}); n == 1 {
		return end
	}
	return 0
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
		if n%3 == 0 {
			b = bytes.Repeat([]byte("語"), n/3)
		}
		dst := make([]byte, n+4)
		for at := -n; at <= len(dst)+n; at++ {
			want := 0
			if at >= 0 && at <= 2 {
				want = at + 2 + n
			}
			require.Equal(t, want, PutTopicFilter(dst, at, b), "%d bytes at %d", n, at)
			require.Equal(t, want, putFilter(dst, at, b), "%d bytes at %d", n, at)
			require.Equal(t, want, PutTopicName(dst, at, b), "%d bytes at %d", n, at)
		}
		for _, at := range []int{math.MaxInt, math.MaxInt - n, math.MaxInt - n - 2, math.MinInt, math.MinInt + n} {
			require.Zero(t, PutTopicFilter(dst, at, b), "%d bytes at %d", n, at)
			require.Zero(t, putFilter(dst, at, b), "%d bytes at %d", n, at)
			require.Zero(t, PutTopicName(dst, at, b), "%d bytes at %d", n, at)
		}
	}
}

// TestPlainFiltersArePutUpToTheFirstThatIsNot goes on where PutTopicFilters stops, as
// long as it gets on.
func TestPlainFiltersArePutUpToTheFirstThatIsNot(t *testing.T) {
	plain := [][]byte{[]byte("site/7/line/12"), []byte("+/line/12/temperature/#"), []byte("$SYS/broker/+"), []byte("$share/consumers/site/+/temperature"),
		[]byte("a/#"), []byte("صالة/درجة حرارة"), []byte("$share/salle/température"), []byte("site/7/line/12")}
	for _, stop := range []string{"", "a+", "a/#/line/12", "line/12\x00", "line/1\xC3", "$share/consumers"} {
		for i := range plain {
			list := append(append(append([][]byte(nil), plain[:i]...), []byte(stop)), plain...)
			want := []byte("ab")
			for _, f := range plain[:i] {
				want = append(append(want, 0, byte(len(f))), f...)
			}
			dst, end := append([]byte("ab"), make([]byte, 300)...), 2
			for n := 1; n > 0; list = list[n:] {
				end, n = PutTopicFilters(dst, end, list)
			}
			require.Equal(t, string(want), string(dst[:end]), "%q", stop)
			require.Equal(t, stop, string(list[0]))
		}
	}
	end, n := PutTopicFilters(nil, 0, nil)
	require.Equal(t, [2]int{}, [2]int{end, n})
}

// plainEdges are the bytes at which the verdicts change.
var plainEdges = []byte("a/+#$,\x00\x7F\x80\xC3")

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
	longest := 27
	if testing.Short() {
		longest = 13 // a word, and a part of the next
	}
	for n := 4; n <= longest; n++ {
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

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}
