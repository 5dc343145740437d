package mqttwiretest

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/mqttwire/mqttwire"
)

// Expectation is the verdict that a case demands of a codec.
type Expectation string

// The expectations.
const (
	MustAccept Expectation = "accept"
	MustRefuse Expectation = "refuse"
	MayEither  Expectation = "either" // the standard leaves the receiver free
)

// Verdict is what a codec made of a case.
type Verdict string

// The verdicts.
const (
	Accepted     Verdict = "accepted"
	Refused      Verdict = "refused"
	Panicked     Verdict = "panicked"
	CutOff       Verdict = "cut off"           // Decode did not return in time
	NotInVersion Verdict = "version not known" // ErrVersion, in all cases of the version
	NotTried     Verdict = "not tried"         // too many calls were cut off before
)

// Finding is a thing that is wrong with what a codec did.
type Finding string

// The findings.
const (
	// AcceptedWrongly: a packet that must be refused was accepted.
	AcceptedWrongly Finding = "accepted wrongly"

	// RefusedWrongly: a packet that must be accepted was refused.
	RefusedWrongly Finding = "refused wrongly"

	// DecodePanicked: Decode panicked, or ended its goroutine.
	DecodePanicked Finding = "panicked"

	// DecodeCutOff: Decode did not return within Options.TimeLimit.
	DecodeCutOff Finding = "cut off"

	// EncodedOtherwise: a packet that may be accepted was, but what it encodes
	// to again is another packet, or none. Another order of properties, but for
	// User Properties among each other, and the forms that the standard leaves
	// free, are the same packet; a property left out because it has its default
	// value is not.
	EncodedOtherwise Finding = "encoded otherwise"

	// ReadOutside: the bytes behind the packet, after the slice's length or its
	// capacity, changed the verdict or the packet.
	ReadOutside Finding = "read outside"

	// Unsteady: the same bytes with nothing behind them did not always come to
	// the same verdict and packet. Whether the codec reads outside is then not
	// known.
	Unsteady Finding = "not the same each time"

	// WroteInput: Decode wrote to the packet, or to the bytes behind it.
	WroteInput Finding = "wrote to its input"
)

// Findings returns every finding, in the order in which they are tabulated.
func Findings() []Finding {
	return []Finding{
		AcceptedWrongly, RefusedWrongly, DecodePanicked, DecodeCutOff, EncodedOtherwise, ReadOutside, Unsteady, WroteInput,
	}
}

// Row is the judgement of one case.
type Row struct {
	// Case is the case that was put to the codec.
	Case Case

	// Type is the packet type that the first byte names.
	Type mqttwire.PacketType

	// Expected is the verdict that the case demands.
	Expected Expectation

	// Freedom says why Expected is MayEither; else it is "".
	Freedom string

	// Got is what the codec did when the slice held the packet and nothing else.
	Got Verdict

	// Err is the error with which the codec refused, or says that it panicked or
	// was cut off; nil if it accepted.
	Err error

	// Panic is what Decode panicked with, and in which function, file and line:
	// with nothing behind the packet, or else with other bytes there. It is nil
	// if it did not panic.
	Panic error

	// Encoded is what the codec encoded the packet to again; nil if it refused
	// or cannot.
	Encoded []byte

	// Findings is what is wrong, in the order of the function Findings; nil if
	// nothing is.
	Findings []Finding
}

// Failed reports whether something is wrong.
func (r Row) Failed() bool { return len(r.Findings) > 0 }

// Judged reports whether the case was put to the codec and the codec knows its
// version.
func (r Row) Judged() bool { return r.Got != NotInVersion && r.Got != NotTried }

// Has reports whether the row has the finding.
func (r Row) Has(f Finding) bool {
	for _, have := range r.Findings {
		if have == f {
			return true
		}
	}
	return false
}

// How much String shows: bytes of a packet, and bytes of an error's text.
const (
	maxShown = 64
	maxError = 200
)

// String returns the row in one line: the case's name, version and sender, both
// verdicts, what is wrong, the rule, and the bytes in hexadecimal.
func (r Row) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s (%s, %s): expected %s", cmp.Or(r.Case.Where, r.Case.Name), r.Case.Version, r.Case.Sender, r.Expected)
	if r.Case.Rule != 0 {
		fmt.Fprintf(&s, " [%s, %s]", r.Case.Rule, r.Case.Statement)
	}
	fmt.Fprintf(&s, ", got %s", r.Got)
	if r.Err != nil {
		fmt.Fprintf(&s, " (%s)", quoted(r.Err))
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&s, "; %s", f)
		if f == DecodePanicked && r.Got != Panicked {
			fmt.Fprintf(&s, " with other bytes behind the packet (%s)", quoted(r.Panic))
		}
	}
	fmt.Fprintf(&s, "; bytes %s", hexOf(r.Case.Bytes))
	if r.Has(EncodedOtherwise) {
		fmt.Fprintf(&s, " -> %s", hexOf(r.Encoded))
	}
	return s.String()
}

// quoted returns the text of an error, which may be anything, as a Go string.
func quoted(err error) string {
	text := fmt.Sprint(err) // which also works for an Error that panics
	if len(text) > maxError {
		return fmt.Sprintf("%q... (%d bytes)", text[:maxError], len(text))
	}
	return strconv.Quote(text)
}

func hexOf(b []byte) string {
	if len(b) > maxShown {
		return fmt.Sprintf("%X... (%d bytes)", b[:maxShown], len(b))
	}
	return fmt.Sprintf("%X", b)
}

// Report is the judgement of a codec.
type Report struct {
	// Rows has a row for each case that was put to the codec, in their order.
	Rows []Row
}

// Judged returns how many cases the codec gave a verdict on.
func (r Report) Judged() int {
	return r.count((*Row).Judged)
}

// Count returns how many rows have the finding.
func (r Report) Count(f Finding) int {
	return r.count(func(row *Row) bool { return row.Has(f) })
}

func (r Report) count(has func(*Row) bool) (n int) {
	for i := range r.Rows {
		if has(&r.Rows[i]) {
			n++
		}
	}
	return n
}

// Failed returns the rows with something wrong, in their order.
func (r Report) Failed() []Row {
	var failed []Row
	for i := range r.Rows {
		if r.Rows[i].Failed() {
			failed = append(failed, r.Rows[i])
		}
	}
	return failed
}

// String returns the counts in one line, and the versions that were not judged.
func (r Report) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%d cases, %d judged, %d failed", len(r.Rows), r.Judged(), r.count((*Row).Failed))
	for _, f := range Findings() {
		fmt.Fprintf(&s, "; %s: %d", f, r.Count(f))
	}
	for v := mqttwire.V31; v.Known(); v++ {
		of := func(row *Row) bool { return row.Case.Version == v }
		if r.count(of) > 0 && r.count(func(row *Row) bool { return of(row) && row.Judged() }) == 0 {
			fmt.Fprintf(&s, "; not judged: %s", v)
		}
	}
	return s.String()
}
