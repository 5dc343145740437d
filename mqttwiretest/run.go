package mqttwiretest

// TB is the part of testing.TB that Run needs.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
}

// Run judges c by every case of the corpus and returns the report. It fails t
// with a line for each case that something is wrong with, as soon as the case is
// judged, but not with more than three alike, and if no case was judged at all.
// Last it logs the counts.
func Run(t TB, c Codec) Report {
	t.Helper()
	return Options{}.Run(t, c)
}

// Run is the function Run with options. It panics as Judge does.
func (o Options) Run(t TB, c Codec) Report {
	t.Helper()
	var told lines
	report := o.judge(c, func(r *Row) {
		t.Helper()
		if r.Failed() && told.add(r) {
			t.Errorf("%s", r)
		}
	})
	for _, k := range told.kinds {
		if more := told.count[k] - maxAlike; more > 0 {
			t.Errorf("%s: %d more", k, more)
		}
	}
	if n := report.count(func(r *Row) bool { return r.Got == NotTried }); n > 0 {
		t.Errorf("%d cases were not tried, since %d calls of Decode did not end", n, maxCutOff)
	}
	if report.Judged() == 0 {
		t.Errorf("no case was judged: the codec knows no version that there are cases of")
	}
	t.Logf("%s", report)
	return report
}

// maxAlike is how many rows alike are written out.
const maxAlike = 3

// kind is what failed rows that are alike have in common.
type kind struct {
	finding Finding // the first
	packet  string  // the rule that it breaks or, if it breaks none, its type
}

func kindOf(r *Row) kind {
	if r.Case.Rule != 0 {
		return kind{r.Findings[0], r.Case.Rule.String()}
	}
	if r.Case.Outcome == Incomplete {
		return kind{r.Findings[0], "incomplete " + r.Type.String()}
	}
	return kind{r.Findings[0], "legal " + r.Type.String()}
}

// String returns what the last line on rows of the kind begins with.
func (k kind) String() string { return string(k.finding) + ", " + k.packet }

// lines counts the failed rows of each kind.
type lines struct {
	count map[kind]int
	kinds []kind // in the order of their first rows
}

// add counts a row, and reports whether it is one to write out.
func (l *lines) add(r *Row) bool {
	k := kindOf(r)
	if l.count == nil {
		l.count = map[kind]int{}
	}
	if l.count[k]++; l.count[k] == 1 {
		l.kinds = append(l.kinds, k)
	}
	return l.count[k] <= maxAlike
}
