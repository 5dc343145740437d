//go:build !race

package mqttwire_test

import "testing"

func skipUnderRace(t *testing.T) { t.Helper() }
