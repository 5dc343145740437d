//go:build !race

package broker_test

import "testing"

func skipUnderRace(t *testing.T) { t.Helper() }
