//go:build race

package broker_test

import "testing"

// skipUnderRace skips a test that counts allocations: the race detector
// allocates too. CI runs the tests without it as well.
func skipUnderRace(t *testing.T) {
	t.Helper()
	t.Skip("allocations are counted without the race detector")
}
