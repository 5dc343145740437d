package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestNoCommandFailsOnADamagedCapture changes, cuts and repeats bytes of captures, and
// asks all that can be asked. That it comes back is all that is demanded.
func TestNoCommandFailsOnADamagedCapture(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(ownCaptures, "*.pcap*"))
	require.NoError(t, err)
	var captures []string
	for _, file := range files {
		if !strings.HasSuffix(file, ".jsonl") {
			captures = append(captures, readFile(t, file))
		}
	}
	page, damaged := filepath.Join(t.TempDir(), "page.html"), filepath.Join(t.TempDir(), "damaged")
	commands := [][]string{
		{"-v"}, {"-x"}, {"-j"}, {"--case"}, {"-w", `type == "PUBLISH" && payload.size > 0 && topicMatch("#")`}, {"-e", "-t", "+/#"},
		{"stats"}, {"sessions"}, {"latency"}, {"check", "--optional"}, {"report", "--force", "-o", page}, {"sessions", "-j"}, {"check", "-j"},
	}
	rapid.Check(t, func(t *rapid.T) {
		b := []byte(rapid.SampledFrom(captures).Draw(t, "capture"))
		for range rapid.IntRange(1, 20).Draw(t, "changes") {
			at := rapid.IntRange(0, len(b)-1).Draw(t, "at")
			switch rapid.IntRange(0, 3).Draw(t, "change") {
			case 0:
				b = b[:max(at, 1)]
			case 1:
				end := min(at+rapid.IntRange(1, 500).Draw(t, "repeated"), len(b))
				b = append(b[:end:end], b[at:]...)
			default:
				b[at] = rapid.Byte().Draw(t, "byte")
			}
		}
		if err := os.WriteFile(damaged, b, 0o600); err != nil {
			t.Fatal(err)
		}
		dumpAll("", append([]string{"-qs"}, append(rapid.SampledFrom(commands).Draw(t, "command"), damaged)...)...)
	})
}
