package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestACellWithOurServerPassesOverLinksThatBreak(t *testing.T) {
	own, err := startOurs()
	require.NoError(t, err)
	defer own.stop()
	only := regexp.MustCompile("QoS [12]")
	var results []result
	for _, c := range ours.cells(own) {
		if only.MatchString(c.String()) {
			r := c.run(t.Context(), 40)
			assert.Equal(t, "passed", r.verdict(), c)
			assert.Positive(t, r.broken, "connections that broke")
			results = append(results, r)
		}
	}
	require.Len(t, results, 12)
	assert.Contains(t, string(document(results, 40)), "| 5.0 | ws | 2 | 40 | 0 | 0 |")
}

func TestPahosClientsAndOurServer(t *testing.T) {
	own, err := startOurs()
	require.NoError(t, err)
	defer own.stop()
	for _, k := range others[1:] {
		for _, c := range k.cells(own) {
			assert.Equal(t, "passed", c.run(t.Context(), 20).verdict(), c)
		}
	}
}

func TestMosquittoAndItsPrograms(t *testing.T) {
	if _, err := exec.LookPath("mosquitto_sub"); err != nil {
		t.Skip("mosquitto and its programs are not installed (apt-get install mosquitto mosquitto-clients)")
	}
	results, err := matrix(context.Background(), regexp.MustCompile("mosquitto.*5.0, tcp, QoS 2$"), 20)
	require.NoError(t, err)
	require.Len(t, results, 2)
	for _, r := range results {
		assert.Equal(t, "passed", r.verdict(), r.cell)
	}
}

func TestATallyTellsWhatIsAgainstThePromise(t *testing.T) {
	for _, c := range []struct {
		what    string
		arrived []int
		counts  counts
		faults  [3]string
	}{
		{"all", []int{0, 1, 2}, counts{arrived: 3}, [3]string{}},
		{"one is lost", []int{0, 2}, counts{arrived: 2, lost: 1}, [3]string{"", "lost", "lost"}},
		{"one comes again", []int{0, 1, 0, 2}, counts{arrived: 3, again: 1}, [3]string{"twice", "", "twice"}},
		{"two change places", []int{0, 2, 1}, counts{arrived: 3, disorder: 1}, [3]string{"out of order", "out of order", "out of order"}},
		{"one is strange", []int{0, 1, 2, 3}, counts{arrived: 3, strange: 1}, [3]string{"strange payloads", "strange payloads", "strange payloads"}},
		{"none", nil, counts{lost: 3}, [3]string{"nothing has come", "lost", "lost"}},
	} {
		tally := newTally(3)
		for _, i := range c.arrived {
			tally.got(payload(i))
		}
		assert.Equal(t, c.counts, tally.counts(), c.what)
		for qos := range byte(3) {
			assert.Equal(t, c.faults[qos], c.counts.faults(qos, 0), "%s, QoS %d", c.what, qos)
		}
	}
	assert.Empty(t, counts{arrived: 3, again: 1}.faults(2, 1), "the server is known to have published it again")
}

func TestWhatOthersHaveWrittenStays(t *testing.T) {
	file := filepath.Join(t.TempDir(), "interop.md")
	require.NoError(t, write(file, []byte("one\n"+endMark+"\n")))
	old, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, append(old, "theirs\n"...), 0o600))
	require.NoError(t, write(file, []byte("two\n"+endMark+"\n")))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "two\n"+endMark+"\ntheirs\n", string(text))
}
