// Package simulation runs sessions against each other without a network: bytes go
// through queues that can be cut anywhere, time is a number that the test moves, and
// what a side has made durable survives its crash. Watchers read the bytes on their
// way and a ledger knows what became of each message, so that what the standard
// promises is checked from outside and not asked of the code that has to keep it.
package simulation

// TB is what a fault is told to: a *testing.T, or a *rapid.T.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}
