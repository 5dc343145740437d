package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire/compare/interleaved"
)

func TestEachContenderFindsTheThreeSubscriptionsOfAName(t *testing.T) {
	var out strings.Builder
	require.NoError(t, compare(&out, 1000, interleaved.Quick))
	for _, name := range []string{"mqttwire", "gomqtt", "mochi"} {
		assert.Equal(t, len(shapes), strings.Count(out.String(), "| "+name+" |"))
	}
}
