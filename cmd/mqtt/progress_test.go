package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A message is not done before it is acknowledged.
func TestABarShowsHowMuchOfAMessageWasWritten(t *testing.T) {
	defer func(d time.Duration) { progressAfter = d }(progressAfter)
	progressAfter = 0
	b := newBroker(t)
	b.silent = true
	ctx, stop := context.WithCancel(t.Context())
	p := &process{terminal: true, in: strings.Repeat("x", 5<<20)}
	status := p.begin(ctx, b.flags("pub", "-t", "a", "-s", "-q", "1")...)
	b.await("publish")
	p.errs.await(t, "99%")
	assert.Contains(t, p.errs.String(), "B/s")
	stop()
	assert.Equal(t, statusUnsure, <-status)
	assert.NotContains(t, p.errs.String(), "100%")
}

func TestABarShowsRateAndTimeLeftWhereMuchIsSentOnATerminal(t *testing.T) {
	defer func(d time.Duration) { progressAfter = d }(progressAfter)
	progressAfter = 0
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, make([]byte, 900_000), 0o600))
	for name, test := range map[string]struct {
		args     []string
		terminal bool
		shown    bool
	}{
		"several times":               {[]string{"-f", file, "-q", "1", "--repeat", "4"}, true, true},
		"a small one":                 {[]string{"-m", "x"}, true, false},
		"without a terminal":          {[]string{"-f", file}, false, false},
		"quietly":                     {[]string{"-f", file, "--quiet"}, true, false},
		"without a bar":               {[]string{"-f", file, "--no-progress"}, true, false},
		"where debug text would be":   {[]string{"-f", file, "-d"}, true, false},
		"lines from the terminal too": {[]string{"-l"}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBroker(t)
			p := &process{terminal: test.terminal, in: "a line\n"}
			require.Equal(t, statusDone, p.run(t.Context(), b.flags(append([]string{"pub", "-t", "a"}, test.args...)...)...))
			if !test.shown {
				assert.NotContains(t, p.errs.String(), "%")
				return
			}
			first := regexp.MustCompile(`([1-9]\d*)%`).FindStringSubmatch(p.errs.String())
			require.NotNil(t, first, p.errs.String())
			assert.LessOrEqual(t, len(first[1]), 2, "of all four, and not of one")
			assert.Contains(t, p.errs.String(), "B/s")
			assert.True(t, strings.HasSuffix(strings.TrimRight(p.errs.String(), " "), "\r"), "and it is gone at the end")
		})
	}
}
