package corpus

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

const good = `# a group
case: ping
version: 3.1.1 5.0
sender: client
bytes:
  C0 "a"*2 00*3  # six bytes
  "#"
outcome: accept
fields: PINGREQ
`

func TestACaseIsSpreadOverItsVersions(t *testing.T) {
	cases, err := Parse("f.txt", good)
	require.NoError(t, err)
	require.Len(t, cases, 2)
	for i, v := range []mqttwire.Version{mqttwire.V311, mqttwire.V5} {
		c := cases[i]
		assert.Equal(t, "ping/"+v.String(), c.Name)
		assert.Equal(t, v, c.Version)
		assert.Equal(t, mqttwire.FromClient, c.Sender)
		assert.Equal(t, "\xC0aa\x00\x00\x00#", string(c.Bytes))
		assert.Equal(t, c.Bytes, c.Encodes)
		assert.Equal(t, "f.txt:2: "+c.Name, c.Where())
	}
}

func TestAFileThatDoesNotParseNamesFileAndLine(t *testing.T) {
	for name, c := range map[string]struct{ from, to, want string }{
		"unknown key":       {"sender: client", "sendr: client", `f.txt:4: unknown key "sendr"`},
		"unknown version":   {"3.1.1 5.0", "3.2", `f.txt:3: version "3.2" is not`},
		"unknown sender":    {"sender: client", "sender: broker", `f.txt:4: sender "broker"`},
		"half a byte":       {"00*3", "0", `f.txt:6: `},
		"no hex":            {"00*3", "0G", `f.txt:6: "0G" is no byte`},
		"open quote":        {`"a"*2`, `"a`, `f.txt:6: text without an end`},
		"no count":          {`"a"*2`, `"a"*x`, `f.txt:6: *x is no number`},
		"no colon":          {"sender: client", "sender", `f.txt:4: expected "key: value"`},
		"twice":             {"sender: client", "sender: client\nsender: client", `f.txt:5: "sender" stands twice`},
		"indented":          {"sender: client", "  00", `f.txt:4: an indented line`},
		"empty version":     {"3.1.1 5.0", "", `f.txt:3: version: there is none`},
		"version twice":     {"3.1.1 5.0", "5.0 3.1.1 5.0", `f.txt:3: version 5.0 stands twice`},
		"too many times":    {"00*3", "00*300001", `f.txt:6: *300001 is no number of times, of 0 to 300000`},
		"negative times":    {"00*3", "00*-1", `f.txt:6: *-1 is no number of times`},
		"negative max":      {"sender: client", "sender: client\nmax: -1", `f.txt:5: max: "-1" is no number from 1 on`},
		"max of nothing":    {"sender: client", "sender: client\nmax: 0", `f.txt:5: max: "0" is no number from 1 on`},
		"no max":            {"sender: client", "sender: client\nmax: many", `f.txt:5: max: "many" is no number`},
		"negative at":       {"sender: client", "sender: client\nat: -1", `f.txt:5: at: "-1" is no number from 0 on`},
		"no reason":         {"sender: client", "sender: client\nreason: 0x100", `f.txt:5: reason: "0x100" is no code`},
		"name and comment":  {"case: ping", "case: ping  # plain", `f.txt:2: name "ping  # plain"`},
		"name with a space": {"case: ping", "case: a ping", `f.txt:2: name "a ping"`},
		"missing outcome":   {"outcome: accept\n", "", `f.txt:2: case ping: "outcome" is missing`},
		"at beyond":         {"accept\nfields: PINGREQ", "reject dup\nat: 8\nreason: 0\nstatement: x", `f.txt:2: case ping: at: 8 is beyond the 7 bytes`},
		"unknown rule":      {"accept\nfields: PINGREQ", "reject dupp\nat: 7\nreason: 0\nstatement: x", `f.txt:2: case ping: unknown rule "dupp"`},
		"outside of a case": {"case: ping", "version: 5.0", `f.txt:2: expected a line "case: NAME"`},
		"missing key":       {"sender: client\n", "", `f.txt:2: case ping: "sender" is missing`},
		"unknown outcome":   {"accept", "maybe", `f.txt:2: case ping: unknown outcome "maybe"`},
		"key too many":      {"fields: PINGREQ", "fields: PINGREQ\nat: 3", `f.txt:2: case ping: "at" does not go with`},
		"rule too many":     {"accept", "accept dup", `f.txt:2: case ping: outcome accept: a rule`},
		"counts differ":     {"fields: PINGREQ", "fields: A\nfields: B\nfields: C", `f.txt:2: case ping: 3 entries for 2 versions`},
	} {
		text := strings.Replace(good, c.from, c.to, 1)
		require.NotEqual(t, good, text, name)
		_, err := Parse("f.txt", text)
		assert.ErrorContains(t, err, c.want, name)
	}
}

func TestNamesAreUnique(t *testing.T) {
	cases, err := Parse("f.txt", good+good)
	require.NoError(t, err)
	assert.ErrorContains(t, unique(cases), "f.txt:11: ping/3.1.1: the same name stands in f.txt:2")
}

func TestTheCorpusLoads(t *testing.T) {
	cases, err := Load()
	require.NoError(t, err)
	assert.Greater(t, len(cases), 10)
}
