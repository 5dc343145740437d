//go:build !race

package server_test

import "testing"

func skipUnderRace(*testing.T) {}
