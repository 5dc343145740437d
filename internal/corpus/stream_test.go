package corpus

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

const goodPlain = `packet: CONNECT
version: 3.1.1
bytes:
  10 01 04         # not one, but short
packet: CONNECT
version: 5.0
bytes:
  10 01
  05
`

const goodStream = `# a group
case: twice
shows: MQTT-3.1.0-2
version: 3.1.1 5.0
told: yes
max: 30
first: 20
client: CONNECT "a"*2  # and more
server:
  20 00*3
client:
  CONNECT
  E0 00
outcome: reject second-connect
packets: CONNECT CONNACK
at: 0
reason: 0x82
statement: MQTT-3.1.0-2
reply: close, E0 02 82 00
`

func parseGood(t *testing.T, stream string) ([]Stream, error) {
	t.Helper()
	plain, err := parsePlain("p.txt", goodPlain)
	require.NoError(t, err)
	return parseStreams("f.txt", stream, plain)
}

func TestAStreamIsSpreadOverItsVersions(t *testing.T) {
	streams, err := parseGood(t, goodStream)
	require.NoError(t, err)
	require.Len(t, streams, 2)
	for i, level := range []string{"\x04", "\x05"} {
		s := streams[i]
		v := mqttwire.V311 + mqttwire.Version(i)
		assert.Equal(t, "twice/"+v.String(), s.Name)
		assert.Equal(t, "f.txt:2: "+s.Name, s.Where())
		assert.Equal(t, v, s.Version)
		assert.Equal(t, []Turn{
			{mqttwire.FromClient, []byte("\x10\x01" + level + "aa")},
			{mqttwire.FromServer, []byte("\x20\x00\x00\x00")},
			{mqttwire.FromClient, []byte("\x10\x01" + level + "\xE0\x00")},
		}, s.Turns)
		assert.Equal(t, "\x10\x01"+level+"aa\x10\x01"+level+"\xE0\x00", string(s.Sent(mqttwire.FromClient)))
		assert.Equal(t, mqttwire.FromClient, s.Last())
		assert.Equal(t, []string{"CONNECT", "CONNACK"}, s.Packets)
		assert.Equal(t, Rejected, s.End)
		assert.Equal(t, "second-connect", s.Rule)
		assert.Equal(t, "MQTT-3.1.0-2", s.Statement)
		assert.Equal(t, mqttwire.ReasonProtocolError, s.Reason)
		assert.Equal(t, []string{"MQTT-3.1.0-2"}, s.Shows)
		assert.Equal(t, Yes, s.Told)
		assert.Equal(t, 30, s.Max)
		assert.Equal(t, 20, s.First)
	}
	assert.Nil(t, streams[0].Reply)
	assert.Equal(t, "\xE0\x02\x82\x00", string(streams[1].Reply))
	assert.Equal(t, "twice/3.1.1", CasesOf(streams)[0].Name)
}

func TestAStreamThatDoesNotParseNamesFileAndLine(t *testing.T) {
	for name, c := range map[string]struct{ from, to, want string }{
		"unknown key":         {"told: yes", "tolt: yes", `f.txt:5: unknown key "tolt"`},
		"no plain packet":     {"  CONNECT", "  CONNACK", `f.txt:12: there is no plain packet CONNACK`},
		"half a byte":         {"E0 00", "E0 0", `f.txt:13: "0" is no byte`},
		"indented":            {"told: yes", "  00", `f.txt:5: an indented line`},
		"version after bytes": {"version: 3.1.1 5.0\n", "", `f.txt:7: "version" stands before the bytes`},
		"twice":               {"told: yes", "told: yes\ntold: yes", `f.txt:6: "told" stands twice`},
		"no colon":            {"told: yes", "told", `f.txt:5: expected "key: value"`},
		"unknown outcome":     {"outcome: reject", "outcome: optional", `f.txt:2: case twice: unknown outcome "optional"`},
		"missing key":         {"reason: 0x82\n", "", `f.txt:2: case twice: "reason" is missing`},
		"key too many":        {"outcome: reject second-connect", "outcome: accept", `does not go with outcome accept`},
		"no rule":             {"reject second-connect", "reject", `f.txt:2: case twice: outcome reject: a rule goes`},
		"told something else": {"told: yes", "told: perhaps", `f.txt:2: case twice: told is yes or no, not "perhaps"`},
		"counts differ":       {"reply: close, ", "reply: close, close, ", `f.txt:2: case twice: 3 entries for 2 versions`},
		"a reply of no bytes": {"reply: close, E0", "reply: close, EZ", `f.txt:2: case twice: reply: "EZ" is no byte`},
	} {
		text := strings.Replace(goodStream, c.from, c.to, 1)
		require.NotEqual(t, goodStream, text, name)
		_, err := parseGood(t, text)
		assert.ErrorContains(t, err, c.want, name)
	}
}

func TestAStreamWithoutAByteIsNoticed(t *testing.T) {
	_, err := parseGood(t, "case: a\nversion: 5.0\npackets:\noutcome: accept\n")
	assert.ErrorContains(t, err, "f.txt:1: case a: nobody sends a byte")
}

func TestPlainPacketsAreCheckedToo(t *testing.T) {
	for text, want := range map[string]string{
		strings.Replace(goodPlain, "5.0", "3.1.1", 1):       "p.txt: packet CONNECT stands twice for 3.1.1",
		strings.Replace(goodPlain, "version: 5.0\n", "", 1): `p.txt:5: packet CONNECT: "version" or "bytes" is missing`,
		strings.Replace(goodPlain, "bytes:", "byte:", 1):    `p.txt:3: unknown key "byte"`,
		"case: x": `p.txt:1: expected a line "packet: NAME"`,
	} {
		_, err := parsePlain("p.txt", text)
		assert.ErrorContains(t, err, want)
	}
}

func TestTheStreamsLoad(t *testing.T) {
	streams, err := LoadStreams()
	require.NoError(t, err)
	assert.Greater(t, len(streams), 100)
}
