//go:build linux

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// terminal opens a pseudo terminal: what is written to its slave comes out of its master.
func terminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no pseudo terminals here: ", err)
	}
	t.Cleanup(func() { master.Close() })
	require.NoError(t, unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	slave, err = os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { slave.Close() })
	return master, slave
}

// onTerminal runs the program with standard error on a terminal, and with standard output
// there too if none is given, and returns what appeared on it.
func onTerminal(t *testing.T, out *os.File, args ...string) string {
	t.Helper()
	master, slave := terminal(t)
	if out == nil {
		out = slave
	}
	self, err := os.Executable()
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), self, args...)
	command.Env = append(os.Environ(), asCommand+"=1", "TERM=xterm")
	command.Stdout, command.Stderr = out, slave
	require.NoError(t, command.Start())
	require.NoError(t, slave.Close())
	var shown bytes.Buffer
	_, _ = io.Copy(&shown, master) // ends in an error, as the other end is closed
	_ = command.Wait()             // the status is another test's
	return shown.String()
}

// largeFile is a capture of a ping, and of what is no TCP, that has a size.
func largeFile(t *testing.T, size int64) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "large.pcap")
	content := readFile(t, filepath.Join(ownCaptures, "faults", "ping-then-late-publish-17501.pcap"))
	record := strings.Repeat("\x00", 8) + "\x00\x00\x04\x00\x00\x00\x04\x00" + strings.Repeat("\x00", 1<<18)
	file, err := os.Create(name)
	require.NoError(t, err)
	_, err = file.WriteString(content)
	require.NoError(t, err)
	for have := int64(len(content)); have < size; have += int64(len(record)) {
		_, err = file.WriteString(record)
		require.NoError(t, err)
	}
	require.NoError(t, file.Close())
	return name
}

func TestAProgressBarIsShownOfLargeInputOnATerminal(t *testing.T) {
	large, small := largeFile(t, progressFrom+1), largeFile(t, progressFrom/2)
	halves := []string{small, largeFile(t, progressFrom/2)}
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer file.Close()
	from, pipe, err := os.Pipe()
	require.NoError(t, err)
	defer from.Close()
	defer pipe.Close()
	many := []string{large}
	for range mostOpenFiles {
		many = append(many, filepath.Join(ownCaptures, "faults", "ping-then-late-publish-17501.pcap"))
	}
	page := filepath.Join(t.TempDir(), "page.html")
	for name, test := range map[string]struct {
		out   *os.File // nil is the terminal
		args  []string
		shows bool
	}{
		"lines into a file":              {file, []string{large}, true},
		"small":                          {file, []string{small}, false},
		"small, but not together":        {file, halves, true},
		"more files than are open":       {file, many, true},
		"lines on the terminal":          {nil, []string{large}, false},
		"lines into a pipe":              {pipe, []string{large}, false},
		"sessions on the terminal":       {nil, []string{"sessions", large}, false},
		"an answer on the terminal":      {nil, []string{"stats", large}, true},
		"an answer into a pipe":          {pipe, []string{"latency", large}, true},
		"a report":                       {nil, []string{"report", "--force", "-o", page, large}, true},
		"a report, but nobody wants any": {nil, []string{"report", "--force", "-q", "-o", page, large}, false},
	} {
		t.Run(name, func(t *testing.T) {
			shown := onTerminal(t, test.out, test.args...)
			require.Equal(t, test.shows, strings.Contains(shown, "mqttdump   0% "), "%q", shown)
			if test.shows { // and is taken away before anything else is printed
				last := shown[strings.LastIndex(shown, "% "):]
				assert.Regexp(t, `\r +\r`, last)
			}
		})
	}
}

func TestWithoutATerminalThereIsNoProgressBar(t *testing.T) {
	_, notes, _ := dumpAll("", largeFile(t, progressFrom+1))
	assert.NotContains(t, notes, "%")
}

func TestALineIsToldInPlaceOfTheProgressBar(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer file.Close()
	cut := largeFile(t, progressFrom+1)
	require.NoError(t, os.Truncate(cut, progressFrom+20))
	shown := onTerminal(t, file, cut, filepath.Join(ownCaptures, "faults", "plain.pcap"))
	assert.Regexp(t, `\r +\rmqttdump: `+cut+`: record \d+: the file ends inside it`, shown)
}
