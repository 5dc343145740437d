package mqttwire

// Tolerance decides, rule by rule, whether a violation that leaves the structure
// of a packet readable is an error or a finding. With one, packets are decoded by
// the same functions: where they would stop, they ask, and after a finding go on
// with what the packet says. See packets.DecodeTolerant. For one goroutine at a
// time.
//
// What a tolerated packet holds may break rules, so its Append refuses it until
// the fields are mended; its property lists are checked anew.
//
// Strict, the default, is to have no Tolerance, or one whose Allow is nil.
// The profiles Interop and ReportAll are functions for Allow.
type Tolerance struct {
	// Allow reports whether a violation is let pass as a finding. It is asked for
	// each violation of a rule that is Readable. nil lets nothing pass.
	Allow func(e *Error) bool

	// Findings are the violations that were let pass, in the order in which they
	// were found, of all packets since Reset. If a packet is refused, what was
	// found before stays here.
	Findings []*Error

	// Max is the largest number of Findings, so that a peer cannot make them grow
	// without end; 0 stands for DefaultFindings, less for none.
	Max int

	// Dropped counts the violations that were let pass and are not in Findings,
	// which were full.
	Dropped int
}

// DefaultFindings is how many findings a Tolerance keeps if it does not say.
const DefaultFindings = 256

// Reset forgets all findings. The slice that Findings was stays as it is.
func (t *Tolerance) Reset() { t.Findings, t.Dropped = nil, 0 }

// Judge reports whether e is let pass, and if so keeps it as a finding. It never
// lets a rule pass that is not Readable. It is for those who check more than one
// packet alone can show. A nil Tolerance lets nothing pass.
func (t *Tolerance) Judge(e *Error) bool {
	if t == nil || t.Allow == nil || !e.Rule.Readable() || !t.Allow(e) {
		return false
	}
	limit := t.Max
	if limit == 0 {
		limit = DefaultFindings
	}
	if len(t.Findings) < limit {
		t.Findings = append(t.Findings, e)
	} else {
		t.Dropped++
	}
	return true
}

// ReportAll is the profile that lets everything pass, for diagnosis: every
// violation in the packet becomes a finding, with its offset. One that leaves
// the rest of the packet unreadable stays an error, the last of the list.
func ReportAll(*Error) bool { return true }
