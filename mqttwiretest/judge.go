package mqttwiretest

import (
	"fmt"
	"slices"
	"time"

	"github.com/mqttwire/mqttwire"
)

// DefaultTimeLimit is how long one call of Decode may take where Options do not
// say.
const DefaultTimeLimit = 10 * time.Second

// maxCutOff is how many calls of Decode are cut off before no more cases are
// tried, since each of them goes on running.
const maxCutOff = 8

// Options say how a codec is judged. The zero value is the ordinary way.
type Options struct {
	// Cases are what the codec is judged by; nil stands for the corpus. Cases
	// that are refused for a maximum packet size that the receiver sets are left
	// out, since a Codec is given no such maximum.
	Cases []Case

	// TimeLimit is how long one call of Decode may take; 0 stands for
	// DefaultTimeLimit. A call over the limit is cut off: it is left running, as
	// nothing can stop it, its case is not tried again, and it counts neither as
	// accepted nor as refused. After eight such calls the cases left are not
	// tried.
	TimeLimit time.Duration
}

// Judge puts every case of the corpus to c and returns what came of it. It does
// not stop at a wrong verdict or a panic.
func Judge(c Codec) Report { return Options{}.Judge(c) }

// Judge is the function Judge with options. It panics if a case is not one: if
// its outcome, version or sender is none that there is.
func (o Options) Judge(c Codec) Report { return o.judge(c, func(*Row) {}) }

// judge is Judge, and calls tell with each row once it is final.
func (o Options) judge(c Codec, tell func(*Row)) (report Report) {
	cases := o.cases()
	j := judge{codec: c, limit: o.TimeLimit, judged: map[mqttwire.Version]bool{}}
	if j.limit == 0 {
		j.limit = DefaultTimeLimit
	}
	for i := range cases {
		row := j.judge(&cases[i])
		report.Rows = append(report.Rows, row)
		if row.Got != NotInVersion {
			tell(&row)
		}
	}
	for i := range report.Rows {
		if row := &report.Rows[i]; row.Got == NotInVersion && j.judged[row.Case.Version] {
			*row = j.judge(&row.Case) // ErrVersion is not true
			tell(row)
		}
	}
	return report
}

// cases returns the cases to judge by.
func (o Options) cases() []Case {
	cases := slices.Clone(o.Cases)
	if o.Cases == nil {
		cases = Cases()
	}
	for i := range cases {
		if err := cases[i].check(); err != nil {
			panic(fmt.Sprintf("mqttwiretest: case %q: %v", cases[i].Name, err))
		}
	}
	return slices.DeleteFunc(cases, func(c Case) bool { return c.Rule == mqttwire.RulePacketSize })
}

// judge is the judging of one codec.
type judge struct {
	codec   Codec
	limit   time.Duration
	cutOffs int
	judged  map[mqttwire.Version]bool // versions that a case got a verdict in
}

// judge puts one case to the codec: as it is, and with other bytes behind it.
func (j *judge) judge(k *Case) Row {
	row := Row{Case: *k, Got: NotTried}
	if len(k.Bytes) > 0 {
		row.Type = mqttwire.PacketType(k.Bytes[0] >> 4)
	}
	row.Expected, row.Freedom = expectation(k)
	if j.cutOffs >= maxCutOff {
		return row
	}
	all := []trial{j.try(k, nil, 0)}
	row.Got, row.Err, row.Encoded = all[0].verdict, all[0].err, all[0].encoded
	if row.Got == NotInVersion {
		return row
	}
	j.judged[k.Version] = true
	for _, sentinel := range sentinels {
		for _, spare := range []int{0, len(sentinel)} {
			if !slices.ContainsFunc(all, trial.isCutOff) {
				all = append(all, j.try(k, sentinel, spare))
			}
		}
	}
	row.find(all, j.repeat(k, all))
	return row
}

// maxRepeats is how often a case whose trials differ is tried again, to see
// whether they differ because of the bytes behind it.
const maxRepeats = 8

// repeat tries the case again as it is. The trials are to come to the same as
// the first of all.
func (j *judge) repeat(k *Case, all []trial) (again []trial) {
	n := 1
	if slices.ContainsFunc(all, func(t trial) bool { return !t.same(all[0], k.Version) }) {
		n = maxRepeats
	}
	if slices.ContainsFunc(all, trial.isCutOff) {
		n = 0
	}
	for range n {
		again = append(again, j.try(k, nil, 0))
		if again[len(again)-1].isCutOff() {
			break
		}
	}
	return again
}

// encodedAgain reports whether a packet that may be accepted was, and was
// encoded again.
func (r *Row) encodedAgain() bool {
	return r.Expected != MustRefuse && r.Case.encoding() != nil && r.Got == Accepted && r.Encoded != nil
}

// find says what is wrong with the trials. The first of all is the row's own;
// again are those that repeat it.
func (r *Row) find(all, again []trial) {
	differs := func(t trial) bool { return !t.isCutOff() && !t.same(all[0], r.Case.Version) }
	wrong := map[Finding]bool{
		AcceptedWrongly:  r.Expected == MustRefuse && r.Got == Accepted,
		RefusedWrongly:   r.Expected == MustAccept && r.Got == Refused,
		EncodedOtherwise: r.encodedAgain() && !samePacket(&r.Case, r.Encoded),
		Unsteady:         slices.ContainsFunc(again, differs),
	}
	wrong[ReadOutside] = !wrong[Unsteady] && slices.ContainsFunc(all, differs)
	for _, t := range slices.Concat(all, again) {
		if t.verdict == Panicked && r.Panic == nil {
			r.Panic = t.err
		}
		wrong[DecodeCutOff] = wrong[DecodeCutOff] || t.isCutOff()
		wrong[WroteInput] = wrong[WroteInput] || t.wrote
	}
	wrong[DecodePanicked] = r.Panic != nil
	for _, f := range Findings() {
		if wrong[f] {
			r.Findings = append(r.Findings, f)
		}
	}
}
