package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
)

func TestOfTooManyNamesTheRestIsCountedTogether(t *testing.T) {
	m := map[string]*tally{}
	for i := range mostNames + 500 {
		tallyOf(m, fmt.Sprint(i)).add(&capture.Event{}, 2, 0)
	}
	require.Len(t, m, mostNames+1)
	assert.Equal(t, 500, m[others].Packets)
	tallyOf(m, "0").add(&capture.Event{}, 2, 0)
	assert.Equal(t, 2, m["0"].Packets, "those that are known are counted on")
	long := map[string]*tally{}
	tallyOf(long, strings.Repeat("é", 1000))
	for name := range long {
		assert.Equal(t, strings.Repeat("é", mostOfName/2)+"…", name)
	}
}

func TestRatesAreThoseOfTheWholeSpan(t *testing.T) {
	s := &stats{by: []string{"type"}, types: map[string]*tally{}, clients: map[string]*tally{}, topics: map[string]*tally{}}
	e := &capture.Event{Kind: capture.WholePacket, Sender: mqttwire.FromServer}
	e.Frame.Header = mqttwire.FixedHeader{Type: mqttwire.PINGRESP, Size: 2}
	for _, second := range []int64{0, 10, 4} { // the last one is out of order
		e.Time = time.Unix(1700000000+second, 0)
		require.NoError(t, s.take("", e))
	}
	out := string(s.json(nil))
	assert.Contains(t, out, `"packets":3,"bytes":6,"packets_per_second":0.3,"bytes_per_second":0.6,"packets_from_client":0,"packets_from_server":3,"size_min":2,"size_avg":2,"size_max":2`)
	assert.Contains(t, out, `"from":"1700000000.000000000","to":"1700000010.000000000"`)
}

func TestAnswersOfNothingSayThatThereIsNothing(t *testing.T) {
	file := temp(t, hexPing)
	for _, command := range []string{"stats", "sessions", "latency", "check"} {
		out, _, status := dumpAll("", command, "-k", "CONNECT", file)
		assert.Equal(t, statusDecoded, status)
		assert.NotContains(t, out, "NaN")
		out, _, _ = dumpAll("", command, "-j", "-k", "CONNECT", file)
		for _, d := range decodedLines(t, out) {
			assert.NotNil(t, d)
		}
	}
}

func TestWhereNothingCouldBeReadThereIsNoAnswer(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.html")
	for _, args := range [][]string{{"stats"}, {"sessions"}, {"latency"}, {"check"}, {"check", "-j"}, {"report", "-o", page}} {
		out, notes, status := dumpAll("", append(args, filepath.Join(t.TempDir(), "none"))...)
		assert.Equal(t, statusUnread, status)
		assert.Empty(t, out, args)
		assert.Contains(t, notes, "none: no such file or directory\n")
		assert.Equal(t, 1, strings.Count(notes, "\n"))
	}
	assert.NoFileExists(t, page)
}
