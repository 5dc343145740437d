package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestThereAreCompletionsForEachShell(t *testing.T) {
	for _, shell := range shells {
		out, notes, status := dumpAll("", "completions", shell)
		assert.Equal(t, statusDecoded, status)
		assert.Empty(t, notes)
		assert.Contains(t, out, "mqttdump")
	}
	_, notes, status := dumpAll("", "completions", "csh")
	assert.Equal(t, statusUnread, status)
	assert.Contains(t, notes, "there are no completions for csh, but for bash, fish, powershell, zsh\n")
}

func TestWordsAreCompleted(t *testing.T) {
	for want, args := range map[string][]string{
		"PUBLISH\n":  {"--type", ""},
		"delta\n":    {"--time", ""},
		"client\n":   {"stats", "--by", ""},
		"sessions\t": {"se"},
		"3.1.1\n":    {"--mqtt-version", ""},
		"zsh\n":      {"completions", ""},
	} {
		out, _, _ := dumpAll("", append([]string{"__complete"}, args...)...)
		assert.Contains(t, out, want)
	}
}

func TestManPagesTellOfEachCommand(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "man")
	_, notes, status := dumpAll("", "man-pages", folder)
	assert.Equal(t, statusDecoded, status, notes)
	pages := filesIn(t, folder)
	for _, name := range []string{"mqttdump.1", "mqttdump-stats.1", "mqttdump-sessions.1", "mqttdump-latency.1", "mqttdump-check.1", "mqttdump-report.1"} {
		assert.Contains(t, pages[name], `.TH "MQTTDUMP`, name)
	}
	assert.Contains(t, pages["mqttdump.1"], "Exit status")
	_, _, status = dumpAll("", "man-pages", folder)
	assert.Equal(t, statusUnread, status, "it is there")
}
