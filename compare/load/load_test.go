//go:build linux

package main

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each test runs on each broker, with little to do.
func TestEachTestRunsOnEachBroker(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a command, and starts brokers")
	}
	p := &plan{percent: 1, rounds: 1, idle: 20, storm: 20, retained: 100, dir: t.TempDir(), self: self(t)}
	p.half = 100
	require.NoError(t, build(t.Context(), filepath.Join(p.dir, program)))
	var results []result
	for _, test := range tests {
		r, err := test.measure(t.Context(), p)
		require.NoError(t, err, test.what)
		assert.Positive(t, r.runs[ours][0].n[1], "%s: %v", test.what, r.runs)
		results = append(results, r)
	}
	text := string(document(results, p))
	assert.Equal(t, 2*len(tests)+2, strings.Count(text, "\n|"))
	assert.NotContains(t, text, "mqttwire, round", "all messages come")
}

// self builds this program, which is mochi and a broker of ours.
func self(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "load")
	require.NoError(t, buildIn(t.Context(), ".", path, "."))
	return path
}

func TestAGoalIsJudgedByTheRatiosOfEachRound(t *testing.T) {
	r := result{test: test{unit: [2]string{"a", "b"}, goals: []goal{
		{figure: 0, than: mosquitto, most: 1}, {figure: 0, than: mochi, most: 0.5}, {figure: 1, than: nobody, most: 10}, {figure: 1, than: mosquitto, least: 2},
	}}}
	r.runs = [][]figures{
		{{n: [2]float64{1, 10}}, {n: [2]float64{8, 8}}, {n: [2]float64{3, 30}}},
		{{n: [2]float64{2, 5}}, {n: [2]float64{8, 4}}, {n: [2]float64{2, 10}}},
		{{n: [2]float64{4, 5}}, {n: [2]float64{10, 8}}, {n: [2]float64{0, math.NaN()}, note: "nothing came"}},
	}
	assert.Equal(t, "at most 1.00 of mosquitto: met; **at most 0.50 of mochi: missed**", r.judged(0))
	assert.Equal(t, "at most 10.00: met; at least 2.00 of mosquitto: met", r.judged(1))
	assert.Equal(t, 2.0, r.ratio(1, mosquitto))
	assert.Contains(t, notes([]result{r}), "mochi, round 3: nothing came")
	assert.Equal(t, []string{"none", "1.23", "12.3", "123"}, []string{digits(math.NaN()), digits(1.234), digits(12.34), digits(123.4)})
}
