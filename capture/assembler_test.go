package capture

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// heard is a stream that writes down what it is given: bytes as they are, holes
// as [n].
type heard struct {
	text  string
	marks []int
}

func (h *heard) take(data []byte, m mark) {
	h.text += string(data)
	h.marks = append(h.marks, m.record)
}

func (h *heard) lose(n int64, m mark) {
	h.text += fmt.Sprintf("[%d]", n)
	h.marks = append(h.marks, m.record)
}

func (h *heard) add(a *assembler, s Segment) { a.add(&s, h) }

// assemble adds segments, numbered from 1, and finishes.
func assemble(segments ...Segment) *heard {
	var a assembler
	var h heard
	for i, s := range segments {
		s.Record = i + 1
		h.add(&a, s)
	}
	if missing := a.finish(&h); missing > 0 {
		h.lose(missing, a.last)
	}
	return &h
}

func syn(seq uint32) Segment                  { return Segment{Seq: seq, SYN: true} }
func data(seq uint32, payload string) Segment { return Segment{Seq: seq, Payload: []byte(payload)} }
func fin(seq uint32) Segment                  { return Segment{Seq: seq, FIN: true} }

func TestAssemblerOrdersSegments(t *testing.T) {
	cut := data(101, "abc")
	cut.Missing = 2
	reset := data(104, "no room")
	reset.RST = true
	early := syn(100)
	early.Payload = []byte("ab")
	for name, test := range map[string]struct {
		segments []Segment
		want     string
	}{
		"in order":                             {[]Segment{syn(100), data(101, "abc"), data(104, "def")}, "abcdef"},
		"swapped":                              {[]Segment{syn(100), data(104, "def"), data(101, "abc")}, "abcdef"},
		"repeated":                             {[]Segment{syn(100), data(101, "abc"), data(101, "abc"), data(104, "d")}, "abcd"},
		"repeated while held":                  {[]Segment{syn(100), data(104, "def"), data(104, "def"), data(101, "abc")}, "abcdef"},
		"repeated with more":                   {[]Segment{syn(100), data(101, "abc"), data(101, "abcdef")}, "abcdef"},
		"repeated in one":                      {[]Segment{syn(100), data(101, "ab"), data(103, "cd"), data(101, "abcdef")}, "abcdef"},
		"overlap: the first to arrive counts":  {[]Segment{syn(100), data(101, "abc"), data(102, "XXd")}, "abcd"},
		"overlap with what is held":            {[]Segment{syn(100), data(103, "cd"), data(107, "g"), data(101, "abXXefX")}, "abcdefg"},
		"repeated SYN":                         {[]Segment{syn(100), syn(100), data(101, "abc"), syn(100), data(104, "d")}, "abcd"},
		"payload in SYN":                       {[]Segment{early, data(103, "cd")}, "abcd"},
		"payload of RST is no data":            {[]Segment{syn(100), data(101, "abc"), reset}, "abc"},
		"keepalive probe of an old byte":       {[]Segment{syn(100), data(101, "abc"), data(103, "\x00"), data(104, "d")}, "abcd"},
		"sequence number wraps":                {[]Segment{syn(0xFFFFFFFD), data(0xFFFFFFFE, "abc"), data(1, "def")}, "abcdef"},
		"wraps while swapped":                  {[]Segment{syn(0xFFFFFFFD), data(1, "def"), data(0xFFFFFFFE, "abc")}, "abcdef"},
		"starts without SYN":                   {[]Segment{data(500, "abc"), data(503, "def")}, "abcdef"},
		"starts with a probe without payload":  {[]Segment{data(499, ""), data(500, "abc"), data(503, "def")}, "abcdef"},
		"older than the start is not known":    {[]Segment{data(500, "abc"), data(490, "x")}, "abc"},
		"lost in the middle":                   {[]Segment{syn(100), data(101, "abc"), data(108, "hi")}, "abc[4]hi"},
		"lost at the start":                    {[]Segment{syn(100), data(104, "def")}, "[3]def"},
		"lost twice":                           {[]Segment{syn(100), data(103, "c"), data(105, "e")}, "[2]c[1]e"},
		"lost before FIN":                      {[]Segment{syn(100), data(101, "abc"), fin(106)}, "abc[2]"},
		"nothing lost before FIN":              {[]Segment{syn(100), data(101, "abc"), fin(104)}, "abc"},
		"cut by the snap length":               {[]Segment{syn(100), cut, data(106, "fg")}, "abc[2]fg"},
		"cut by the snap length, out of order": {[]Segment{syn(100), data(106, "fg"), cut}, "abc[2]fg"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, assemble(test.segments...).text)
		})
	}
}

func TestAssemblerMarksBytesWithTheRecordThatCompletedThem(t *testing.T) {
	h := assemble(syn(100), data(104, "def"), data(107, "ghi"), data(101, "abc"), data(110, "j"))
	assert.Equal(t, "abcdefghij", h.text)
	assert.Equal(t, []int{4, 4, 4, 5}, h.marks, "the record that filled the hole completed what was held")

	h = assemble(syn(100), data(104, "def"), data(110, "j"), data(107, "ghi"))
	assert.Equal(t, "[3]defghij", h.text)
	assert.Equal(t, []int{2, 2, 4, 4}, h.marks, "behind a hole that was given up, each its own")
}

func TestAssemblerGivesUpAHoleWhenTooMuchIsHeld(t *testing.T) {
	var a assembler
	var h heard
	h.add(&a, syn(0))
	piece := bytes.Repeat([]byte("x"), 64<<10)
	seq := uint32(11) // ten bytes are lost
	for range maxHeldBytes/len(piece) + 1 {
		assert.Empty(t, h.text, "the hole may still be filled")
		h.add(&a, Segment{Seq: seq, Payload: piece})
		seq += uint32(len(piece))
	}
	require.Equal(t, "[10]xx", h.text[:6])
	assert.Zero(t, a.heldBytes)
	assert.Empty(t, a.held)
	h.add(&a, data(1, "too late!!"))
	h.add(&a, data(seq, "y"))
	assert.Equal(t, "xy", h.text[len(h.text)-2:])
}

func TestAssemblerHoldsABoundedNumberOfPieces(t *testing.T) {
	var a assembler
	var h heard
	h.add(&a, syn(0))
	for i := range uint32(3 * maxHeldPieces) {
		h.add(&a, data(2*i+2, "x"))
		require.LessOrEqual(t, len(a.held), maxHeldPieces)
	}
	assert.NotEmpty(t, h.text)
}

// TestAssemblerDeliversAnyOrderOfSegmentsOnce cuts a text into segments that
// overlap, and lets them arrive in any order after the SYN.
func TestAssemblerDeliversAnyOrderOfSegmentsOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "text")
		start := rapid.Uint32().Draw(t, "start")
		var segments []Segment
		for at := 0; at < len(text); {
			size := rapid.IntRange(1, 20).Draw(t, "size")
			back := rapid.IntRange(0, min(at, 5)).Draw(t, "overlap")
			end := min(at+size, len(text))
			segments = append(segments, Segment{Seq: start + 1 + uint32(at-back), Payload: text[at-back : end]})
			at = end
		}
		again := rapid.SliceOfN(rapid.SampledFrom(segments), 0, 5).Draw(t, "sent again")
		segments = append(segments, again...)
		order := rapid.Permutation(segments).Draw(t, "order")

		h := assemble(slices.Insert(order, 0, syn(start))...)
		if h.text != string(text) {
			t.Fatalf("got %q, want %q", h.text, text)
		}
	})
}

// TestAssemblerTellsEveryByteApartFromTheLost leaves segments out: what is
// delivered and what is reported lost have to add up.
func TestAssemblerTellsEveryByteApartFromTheLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.ByteRange('a', 'z'), 1, 100).Draw(t, "text")
		segments := []Segment{syn(7)}
		want, lost := "", 0
		for at := 0; at < len(text); {
			end := min(at+rapid.IntRange(1, 9).Draw(t, "size"), len(text))
			if rapid.Bool().Draw(t, "lost") {
				lost += end - at
			} else {
				if lost > 0 {
					want += fmt.Sprintf("[%d]", lost)
				}
				lost = 0
				want += string(text[at:end])
				segments = append(segments, data(8+uint32(at), string(text[at:end])))
			}
			at = end
		}
		if lost > 0 {
			want += fmt.Sprintf("[%d]", lost)
		}
		segments = append(segments, fin(8+uint32(len(text))))
		rest := rapid.Permutation(segments[1:]).Draw(t, "order")
		if got := assemble(slices.Insert(rest, 0, segments[0])...).text; got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}
