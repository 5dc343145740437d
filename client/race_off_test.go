//go:build !race

package client_test

import "testing"

func skipUnderRace(t *testing.T) { t.Helper() }
