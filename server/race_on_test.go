//go:build race

package server_test

import "testing"

// skipUnderRace skips a test that measures memory: the race detector takes some too. CI
// runs the tests without it as well.
func skipUnderRace(t *testing.T) {
	t.Helper()
	t.Skip("memory is measured without the race detector")
}
