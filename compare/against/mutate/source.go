// Package mutate makes packets out of those of the corpus: most are broken in a
// place or two, many are legal still.
package mutate

import (
	"math/rand/v2"
	"slices"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/against/texts"
	"github.com/mqttwire/mqttwire/internal/corpus"
)

// Source makes packets. It may be shared, as it does not change.
type Source struct {
	seeds      []seed
	legal      []int // indices of the seeds that a version takes
	lists      []int // indices of those of them in which a property list was found
	properties [][]byte
}

// seed is a packet of the corpus.
type seed struct {
	first byte // of the fixed header
	body  []byte
	list  span // its property list, if that was found
}

// span is a property list in a body: the place of its length, which is one byte,
// and its end. The zero span is none.
type span struct{ at, end int }

// Load returns a Source of the packets of the corpus.
func Load() (*Source, error) {
	cases, err := corpus.Load()
	if err != nil {
		return nil, err
	}
	s := &Source{}
	for i := range cases {
		c := &cases[i]
		f, _, err := mqttwire.CutFrame(c.Bytes, 0)
		if err != nil || len(f.Body) > 1<<12 { // large ones take long, and have no other rules
			continue
		}
		n := len(s.seeds)
		next := seed{first: byte(f.Header.Type)<<4 | f.Header.Flags, body: f.Body}
		if c.Decodes() {
			s.legal = append(s.legal, n)
			if c.Version == mqttwire.V5 {
				next.list = findList(next)
			}
			if next.list.end > 0 {
				s.lists = append(s.lists, n)
				s.properties = append(s.properties, split(f.Body[next.list.at+1:next.list.end])...)
			}
		}
		s.seeds = append(s.seeds, next)
	}
	return s, nil
}

// findList looks for the first run of properties with its length before it that
// fills that length.
func findList(s seed) span {
	for at := range s.body {
		n := int(s.body[at])
		if n == 0 || n > 0x7F || at+1+n > len(s.body) {
			continue
		}
		if split(s.body[at+1:at+1+n]) != nil {
			return span{at, at + 1 + n}
		}
	}
	return span{}
}

// widths are the sizes of the properties that are numbers. Section 2.2.2.2.
var widths = map[byte]int{0x01: 1, 0x02: 4, 0x0B: 1, 0x11: 4, 0x13: 2, 0x17: 1, 0x18: 4, 0x19: 1, 0x21: 2, 0x22: 2, 0x23: 2, 0x24: 1,
	0x25: 1, 0x27: 4, 0x28: 1, 0x29: 1, 0x2A: 1}

// split cuts a list into its properties, and returns nil if it is none.
func split(list []byte) (properties [][]byte) {
	for len(list) > 0 {
		n := propertySize(list)
		if n == 0 || n > len(list) {
			return nil
		}
		properties, list = append(properties, list[:n]), list[n:]
	}
	return properties
}

func propertySize(b []byte) int {
	if n := widths[b[0]]; n > 0 {
		return 1 + n
	}
	switch b[0] {
	case 0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F:
		return 1 + textSize(b[1:])
	case 0x26:
		n := 1 + textSize(b[1:])
		if n > len(b) {
			return 0
		}
		return n + textSize(b[n:])
	}
	return 0
}

// textSize is the size of a text with its length, or too much.
func textSize(b []byte) int {
	if len(b) < 2 {
		return 1 << 16
	}
	return 2 + int(b[0])<<8 + int(b[1])
}

// Packet makes a packet in the memory of dst.
func (s *Source) Packet(dst []byte, d *rand.Rand) []byte {
	w := work{Rand: d, source: s}
	switch d.IntN(16) {
	case 0, 1:
		w.short()
	case 2, 3, 4:
		w.take(s.lists)
		w.shuffle()
	case 5, 6, 7, 8:
		w.take(s.legal)
		w.retext()
	case 9, 10, 11:
		w.seed = clone(s.seeds[d.IntN(len(s.seeds))])
	default:
		w.take(s.legal)
	}
	for d.IntN(5) < 3 {
		w.change()
	}
	return w.wire(dst)
}

func clone(s seed) seed {
	s.body = slices.Clone(s.body)
	return s
}

// work is a packet that is being made.
type work struct {
	*rand.Rand
	source *Source
	seed
}

func (w *work) take(indices []int) { w.seed = clone(w.source.seeds[indices[w.IntN(len(indices))]]) }

// telling are bytes that mean something in many places.
var telling = []byte{0, 0, 0, 0, 1, 1, 2, 2, 3, 4, 5, 7, 8, 0x0F, 0x10, 0x11, 0x18, 0x1F, 0x21, 0x22, 0x23, 0x26, 0x2F, 0x7F, 0x80, 0x80, 0x83, 0x87, 0xC0,
	0xC3, 0xA9, 0xED, 0xEF, 0xF0, 0xFF, 'a', 'a', 'b', '+', '#', '/', '$', 'M', 'Q', 'T'}

func (w *work) byte() byte { return telling[w.IntN(len(telling))] }

// short makes a short body of any bytes.
func (w *work) short() {
	t := mqttwire.PacketType(1 + w.IntN(15))
	w.first = byte(t)<<4 | t.Flags()
	if t == mqttwire.PUBLISH {
		w.first |= byte(w.IntN(16))
	}
	for range w.IntN(15) {
		w.body = append(w.body, w.byte())
	}
}

// wire returns the packet with its fixed header; at times with another length, or
// with one that is longer than need be.
func (w *work) wire(dst []byte) []byte {
	n := len(w.body)
	if w.IntN(64) == 0 {
		n = max(0, n+w.IntN(7)-3)
	}
	dst = append(dst[:0], w.first)
	for n > 0x7F {
		dst = append(dst, byte(n)|0x80)
		n >>= 7
	}
	dst = append(dst, byte(n))
	if w.IntN(64) == 0 {
		for range 1 + w.IntN(3) {
			dst[len(dst)-1] |= 0x80
			dst = append(dst, 0)
		}
	}
	return append(dst, w.body...)
}

// retext puts another text in the place of one, and mends the lengths.
func (w *work) retext() {
	if at, end, ok := w.text(); ok {
		text := texts.All[w.IntN(len(texts.All))]
		w.replace(at, end, append([]byte{byte(len(text) >> 8), byte(len(text))}, text...))
	}
}
