// Package work says what one side of a comparison of times has to do, in a form
// that knows nothing of the library.
package work

import "github.com/mqttwire/mqttwire/compare/interleaved"

// The groups of rows, for each of which a mean is told.
const (
	Decode      = "decode"
	Encode      = "encode"
	DecodeOther = "decode, other texts" // topics and filters that are not ASCII, or start with $
	EncodeOther = "encode, other texts"
	Tolerant    = "decode tolerantly"
	Refuse      = "refuse"
	ByHand      = "decode, header by hand" // whose Size is 0
)

// Groups are all, in the order in which they are shown.
var Groups = []string{Decode, Encode, DecodeOther, EncodeOther, Tolerant, Refuse, ByHand}

// Row is what is measured.
type Row struct {
	Group, Name string
	Run         interleaved.Loop
}
