// Package sessiontest is a test kit for what stands on package session.
//
// Journal and TornJournal hold a session.Journal of one's own to what a session asks of
// it: that what was appended is there, in its order, after the process has ended, also if
// it ended in the middle of a write.
//
// A Peer is the other side of a Link: a script of packets that come, and a list of those
// that go. It may break any rule, so that a test can show what becomes of that.
package sessiontest

// TB is what a fault is told to: a *testing.T, a *testing.B or a *rapid.T.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}
