package main

import (
	"errors"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire/packets"
)

func TestMain(m *testing.M) {
	if is, err := beMochi(); err != nil {
		log.Fatal(err)
	} else if is {
		return
	}
	os.Exit(m.Run())
}

// run runs the cells that match, with few messages.
func run(t *testing.T, only string, n int) []result {
	t.Helper()
	pattern := regexp.MustCompile(only)
	results, err := matrix(t.Context(), func(c cell) bool { return pattern.MatchString(c.String()) }, n)
	require.NoError(t, err)
	require.NotEmpty(t, results)
	for _, r := range results {
		if errors.Is(r.err, errMissing) {
			t.Skip(r.err)
		}
	}
	return results
}

func TestOurServerPassesOverLinksThatBreak(t *testing.T) {
	results := run(t, "^mqtt serve, mqttwire, .*QoS [12]$", 40)
	require.Len(t, results, 18)
	for _, r := range results {
		assert.Equal(t, "passed", r.verdict(), r.cell)
		assert.Positive(t, r.broken, "connections that broke: %s", r.cell)
	}
	assert.Contains(t, string(document(results, 40)), "| 5.0 | ws | 2 | 40 | 0 | 0 |")
	assert.NotContains(t, string(document(results, 40)), "mqttwire | 5.0 | 1 passed", "no trial has run")
}

func TestOurServerAndTheClientsOfOthers(t *testing.T) {
	for _, k := range others {
		t.Run(k.name, func(t *testing.T) {
			for _, r := range run(t, "^mqtt serve, "+regexp.QuoteMeta(k.name)+", [^ ]*, tcp, QoS 2, no cuts$", 20) {
				assert.Equal(t, "passed", r.verdict(), r.cell)
			}
		})
	}
}

func TestOurClientAndTheServersOfOthers(t *testing.T) {
	for _, server := range []string{"mosquitto", "mochi", "aedes"} {
		t.Run(server, func(t *testing.T) {
			for _, r := range run(t, "^"+server+".*, mqttwire, 3.1.1, tls, QoS 2$", 20) {
				assert.True(t, r.passed(), "%s: %s", r.cell, r.verdict())
			}
		})
	}
}

func TestInTurnEachCellRunsAndOfEachVersionOne(t *testing.T) {
	all := cells((&lab{}).servers())
	times := make([]int, len(all))
	for number := range 9 * 4 {
		wanted := rotated(number)
		seen := map[string]int{}
		for i, c := range all {
			if wanted(c) {
				times[i]++
				seen[c.server.name+c.kind.name+c.version.String()+c.variant.what]++
			}
		}
		for what, n := range seen {
			assert.Equal(t, 1, n, what)
		}
	}
	assert.NotContains(t, times, 0)
}

func TestATallyTellsWhatIsAgainstThePromise(t *testing.T) {
	for _, c := range []struct {
		what    string
		arrived []int
		counts  counts
		faults  [3][]string
	}{
		{"all", []int{0, 1, 2}, counts{arrived: 3}, [3][]string{}},
		{"one is lost", []int{0, 2}, counts{arrived: 2, lost: 1}, [3][]string{nil, {"lost"}, {"lost"}}},
		{"one comes again", []int{0, 1, 0, 2}, counts{arrived: 3, again: 1}, [3][]string{{"twice"}, nil, {"twice"}}},
		{"two change places", []int{0, 2, 1}, counts{arrived: 3, disorder: 1}, [3][]string{{"out of order"}, {"out of order"}, {"out of order"}}},
		{"one is strange", []int{0, 1, 2, 3}, counts{arrived: 3, strange: 1}, [3][]string{{"strange payloads"}, {"strange payloads"}, {"strange payloads"}}},
		{"none", nil, counts{lost: 3}, [3][]string{nil, {"lost"}, {"lost"}}},
	} {
		tally := newTally(3)
		for _, i := range c.arrived {
			tally.got(payload(i))
		}
		assert.Equal(t, c.counts, tally.counts(), c.what)
		for qos := range byte(3) {
			assert.Equal(t, c.faults[qos], c.counts.faults(qos, blame{}), "%s, QoS %d", c.what, qos)
		}
	}
}

func TestAFaultIsTheServersIfItWasSeenOnTheWire(t *testing.T) {
	w := newWatcher(3)
	listen := w.listener()
	publish := func(i int, id uint16) {
		listen.Publish(nil, &packets.Publish{QoS: 2, PacketID: id, Payload: payload(i)})
	}
	publish(1, 1)
	publish(1, 1) // again, before PUBREL: it may
	listen.PublishRelease(nil, &packets.Pubrel{PacketID: 1})
	publish(0, 2) // late
	publish(1, 1) // behind PUBREL
	publish(0, 3) // with another identifier
	assert.Equal(t, blame{known: true, unsent: 1, late: 1, again: 2}, w.blame())
	for _, c := range []struct {
		counts counts
		faults []string
	}{
		{counts{arrived: 2, lost: 1}, []string{"lost by the server"}},
		{counts{arrived: 1, lost: 2}, []string{"lost"}},
		{counts{arrived: 3, disorder: 1, again: 2}, []string{"out of order by the server", "twice by the server"}},
		{counts{arrived: 3, disorder: 2, again: 3}, []string{"out of order", "twice"}},
	} {
		assert.Equal(t, c.faults, c.counts.faults(2, w.blame()), c.counts)
	}
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
