package mqttwiretest

// TB is the part of testing.TB that Run needs.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
}

// Run judges c by every case of the corpus, fails t with a line for each case
// that something is wrong with, and returns the report.
func Run(t TB, c Codec) Report {
	t.Helper()
	report := Judge(c)
	for _, row := range report.Failed() {
		t.Errorf("%s", row.String())
	}
	return report
}
