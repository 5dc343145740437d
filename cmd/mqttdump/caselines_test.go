package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
	"github.com/mqttwire/mqttwire/packets"
)

// TestCasesAreThoseOfTheCorpus reads the cases as the corpus does, and decodes them.
func TestCasesAreThoseOfTheCorpus(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(ownCaptures, "*.pcap*"))
	require.NoError(t, err)
	outcomes := map[corpus.Outcome]int{}
	for _, file := range files {
		if strings.HasSuffix(file, ".jsonl") {
			continue
		}
		cases, err := corpus.Parse(file, dump(t, "-q", "-s", "--case", file))
		require.NoError(t, err)
		for _, c := range cases {
			outcomes[c.Outcome]++
			requireOutcome(t, c)
		}
	}
	assert.Greater(t, outcomes[corpus.Accept], 500)
	assert.Greater(t, outcomes[corpus.Reject], 5)
}

// requireOutcome demands that decoding a case gives what it says.
func requireOutcome(t *testing.T, c corpus.Case) {
	t.Helper()
	var p mqttwire.Packet
	f, _, err := mqttwire.CutFrame(c.Bytes, 0)
	if err == nil {
		p, err = packets.Decode(f, c.Version)
	}
	if err == nil {
		err = packets.CheckSender(p, c.Version, c.Sender)
	}
	var fault *mqttwire.Error
	if c.Outcome == corpus.Accept {
		require.NoError(t, err, c.Where())
		return
	}
	require.True(t, errors.As(err, &fault), c.Where())
	require.Equal(t, c.Rule, fault.Rule.String(), c.Where())
	require.Equal(t, c.Statement, fault.Statement, c.Where())
	require.Equal(t, c.Reason, fault.Reason, c.Where())
}

func TestCasesHaveSecretsOnDemandOnly(t *testing.T) {
	file := filepath.Join(ownCaptures, "mqttjs-v5-auth.pcap")
	out := dump(t, "-q", "--case", file)
	assert.NotContains(t, out, "case: auth")
	assert.Contains(t, out, "# AUTH of record 6, stream 0: it may hold secrets, and --secrets shows it\n")
	assert.Contains(t, out, "case: subscribe")
	assert.Contains(t, dump(t, "-qs", "--case", file), "case: auth")
	named := dump(t, "-q", "--case", temp(t, "10 12 00 04 4D 51 54 54 04 82 00 3C 00 00 00 04 75 73 65 72\n"))
	assert.Equal(t, "# CONNECT of record 1, stream 0: it may hold secrets, and --secrets shows it\n", named)
	malformed := dump(t, "-q", "--case", filepath.Join(ownCaptures, "raw-invalid-connects.pcap"))
	assert.Contains(t, malformed, "# CONNECT of record")
}
