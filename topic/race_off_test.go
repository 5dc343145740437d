//go:build !race

package topic_test

import "testing"

func skipUnderRace(t *testing.T) { t.Helper() }
