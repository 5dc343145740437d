package packets_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
	"github.com/mqttwire/mqttwire/mqttwiretest"
	"github.com/mqttwire/mqttwire/packets"
)

// tolerate decodes one packet with a hook, and returns what was let pass.
func tolerate(f mqttwire.Frame, v mqttwire.Version, allow func(*mqttwire.Error) bool) (mqttwire.Packet, []*mqttwire.Error, error) {
	to := &mqttwire.Tolerance{Allow: allow}
	p, err := packets.DecodeTolerant(f, v, to)
	return p, to.Findings, err
}

// rejected calls check for each case of the corpus that a decoder refuses, with
// its frame and the error of the strict way.
func rejected(t *testing.T, check func(c *corpus.Case, f mqttwire.Frame, strict *mqttwire.Error)) {
	t.Helper()
	checked := 0
	for _, c := range loadCorpus(t) {
		f, _, err := mqttwire.CutFrame(c.Bytes, c.Max)
		if c.Outcome != corpus.Reject || err != nil {
			continue
		}
		_, err = packets.Decode(f, c.Version)
		var strict *mqttwire.Error
		require.ErrorAs(t, err, &strict, c.Where())
		check(&c, f, strict)
		checked++
	}
	require.Greater(t, checked, 100)
}

func TestReportAllFindsWhatTheStrictWayRefuses(t *testing.T) {
	passed, stopped := map[mqttwire.Rule]bool{}, map[mqttwire.Rule]bool{}
	rejected(t, func(c *corpus.Case, f mqttwire.Frame, strict *mqttwire.Error) {
		p, findings, err := tolerate(f, c.Version, mqttwire.ReportAll)
		if !strict.Rule.Readable() {
			stopped[strict.Rule] = true
			require.Equal(t, error(strict), err, c.Where())
			require.Empty(t, findings, c.Where())
			return
		}
		passed[strict.Rule] = true
		require.NotEmpty(t, findings, c.Where())
		requireRule(t, c, findings[0])
		require.Equal(t, strict, findings[0], c.Where())
		if err != nil { // the case breaks another rule, further on
			var e *mqttwire.Error
			require.ErrorAs(t, err, &e)
			require.False(t, e.Rule.Readable(), "%s: %v", c.Where(), err)
			return
		}
		require.NotNil(t, p, c.Where())
		requireFindings(t, findings, f)
	})
	assert.Greater(t, len(passed), 35, "rules with a finding")
	assert.Greater(t, len(stopped), 15, "rules that stop")
}

// requireFindings checks that each finding is complete and points into the
// packet, and that none stands twice.
func requireFindings(t require.TestingT, findings []*mqttwire.Error, f mqttwire.Frame) {
	seen := map[mqttwire.Error]bool{}
	for _, e := range findings {
		require.True(t, e.Rule.Readable(), e)
		require.NotEmpty(t, e.Statement, e)
		require.NotEmpty(t, e.Field, e)
		require.GreaterOrEqual(t, e.Offset, 0, e)
		require.LessOrEqual(t, e.Offset, f.Header.PacketSize(), e)
		require.False(t, seen[*e], "twice: %v", e)
		seen[*e] = true
	}
}

func TestALegalPacketGivesNoFindings(t *testing.T) {
	for _, c := range loadCorpus(t) {
		if !c.Decodes() {
			continue
		}
		p, findings, err := tolerate(c.Frame(), c.Version, mqttwire.ReportAll)
		require.NoError(t, err, c.Where())
		require.Empty(t, findings, c.Where())
		require.Equal(t, c.Fields, textOf(p), c.Where())
	}
}

func TestAToleranceWithoutAHookIsStrict(t *testing.T) {
	rejected(t, func(c *corpus.Case, f mqttwire.Frame, strict *mqttwire.Error) {
		p, findings, err := tolerate(f, c.Version, nil)
		require.Equal(t, error(strict), err, c.Where())
		require.Nil(t, p)
		require.Empty(t, findings)
	})
}

func TestAToleranceThatSaysNoIsStrict(t *testing.T) {
	rejected(t, func(c *corpus.Case, f mqttwire.Frame, strict *mqttwire.Error) {
		asked := 0
		_, findings, err := tolerate(f, c.Version, func(e *mqttwire.Error) bool {
			require.Equal(t, strict, e, c.Where())
			asked++
			return false
		})
		require.Equal(t, error(strict), err, c.Where())
		require.Empty(t, findings)
		require.LessOrEqual(t, asked, 1, "%s: asked again after no", c.Where())
	})
}

func TestInteropAcceptsItsRulesAndNoOthers(t *testing.T) {
	shown := map[mqttwire.Rule]bool{}
	rejected(t, func(c *corpus.Case, f mqttwire.Frame, strict *mqttwire.Error) {
		_, findings, err := tolerate(f, c.Version, mqttwire.Interop)
		if !mqttwire.Interop(strict) {
			require.Equal(t, error(strict), err, c.Where())
			require.Empty(t, findings, c.Where())
			return
		}
		shown[strict.Rule] = true
		require.NotEmpty(t, findings, c.Where())
		for _, e := range findings {
			require.True(t, mqttwire.Interop(e), c.Where())
		}
	})
	assert.GreaterOrEqual(t, len(shown), 4, "%v", shown)
}

// interopPackets are packets that peers are known to send, and the one rule that
// each breaks.
var interopPackets = []struct {
	name  string
	v     mqttwire.Version
	bytes string
	rule  mqttwire.Rule
	want  string
}{
	{"SUBACK 92", v311, "\x92\x03\x00\x0A\x01", mqttwire.RuleFlags, "SUBACK packet_id=10 code=0x01 (Granted QoS 1)"},
	{"PUBACK 42", v311, "\x42\x02\x00\x0A", mqttwire.RuleFlags, "PUBACK packet_id=10 code=0x00 (Success)"},
	{"PUBREL with DUP", v311, "\x6A\x02\x00\x0A", mqttwire.RuleFlags, "PUBREL packet_id=10 code=0x00 (Success)"},
	{"AUTH F1", v5, "\xF1\x06\x18\x04\x15\x00\x01m", mqttwire.RuleFlags, "AUTH code=0x18 (Continue authentication) properties=[Authentication Method: \"m\"]"},
	{"DUP with QoS 0", v5, "\x38\x04\x00\x01t\x00", mqttwire.RuleDup, "PUBLISH topic=\"t\" qos=0 dup payload=0B"},
	{"long client identifier", v31, "\x10\x27\x00\x06MQIsdp\x03\x02\x00\x00\x00\x19abcdefghijklmnopqrstuvwxy", mqttwire.RuleClientIDLength,
		"CONNECT version=3.1 client_id=\"abcdefghijklmnopqrstuvwxy\" clean_start keep_alive=0"},
	{"token as password", v311, "\x10\x10\x00\x04MQTT\x04\x42\x00\x00\x00\x00\x00\x02pw", mqttwire.RulePasswordAlone,
		"CONNECT version=3.1.1 client_id=\"\" clean_start keep_alive=0 password=2B"},
	{"PUBACK with the code of a SUBACK", v5, "\x40\x0A\x00\x01\x01\x06\x26\x00\x01k\x00\x00", mqttwire.RuleReasonCode,
		"PUBACK packet_id=1 code=0x01 properties=[User Property: \"k\"=\"\"]"},
	{"PUBACK with the code of a SUBACK that grants QoS 2", v5, "\x40\x03\x00\x01\x02", mqttwire.RuleReasonCode, "PUBACK packet_id=1 code=0x02"},
	{"PUBREC with the code of a DISCONNECT", v5, "\x50\x03\x00\x01\x93", mqttwire.RuleReasonCode, "PUBREC packet_id=1 code=0x93"},
	{"failure in 3.1", v31, "\x90\x04\x00\x0A\x01\x80", mqttwire.RuleReasonCode, "SUBACK packet_id=10 code=0x01 (Granted QoS 1) code=0x80"},
}

func TestInteropTakesThePacketsThatPeersSend(t *testing.T) {
	for _, c := range interopPackets {
		t.Run(c.name, func(t *testing.T) {
			f := cut(t, c.bytes)
			_, strict := packets.Decode(f, c.v)
			require.Error(t, strict)
			p, findings, err := tolerate(f, c.v, mqttwire.Interop)
			require.NoError(t, err)
			assert.Equal(t, c.want, textOf(p))
			require.Len(t, findings, 1)
			assert.Equal(t, c.rule.String(), findings[0].Rule.String())
			assert.Equal(t, strict, error(findings[0]))
			requireNoIllegalBytes(t, p)
		})
	}
}

// cut returns the frame of b, which is one packet.
func cut(t require.TestingT, b string) mqttwire.Frame {
	f, rest, err := mqttwire.CutFrame([]byte(b), 0)
	require.NoError(t, err)
	require.Empty(t, rest)
	return f
}

// requireNoIllegalBytes checks that a packet that was tolerated can be looked at
// and encoded, and that what it encodes to, if it does, a strict decoder takes.
func requireNoIllegalBytes(t require.TestingT, p mqttwire.Packet) {
	require.NotEmpty(t, textOf(p))
	for _, list := range listsOf(p) {
		for q := range list.All() {
			list.Has(q.ID)
		}
		for range list.User() {
		}
		for range list.SubscriptionIDs() {
		}
	}
	for v := v31; v <= v5; v++ {
		size := p.Size(v)
		b, err := p.Append([]byte("dst"), v)
		if err != nil {
			require.Equal(t, "dst", string(b))
			continue
		}
		require.Len(t, b, 3+size)
		_, err = packets.Decode(cut(t, string(b[3:])), v)
		require.NoError(t, err, "%v in %s: %x", p, v, b[3:])
	}
}

func TestWhatWasToleratedIsNeverEncodedToIllegalBytes(t *testing.T) {
	rejected(t, func(c *corpus.Case, f mqttwire.Frame, strict *mqttwire.Error) {
		p, _, err := tolerate(f, c.Version, mqttwire.ReportAll)
		if err == nil {
			requireNoIllegalBytes(t, p)
			requireNoIllegalBytes(t, cloneOf(t, p))
		}
	})
}

// at is a rule and the offset at which it is broken.
type at struct {
	Rule   string
	Offset int
}

func rulesOf(findings []*mqttwire.Error) (all []at) {
	for _, e := range findings {
		all = append(all, at{e.Rule.String(), e.Offset})
	}
	return all
}

// severalFaults are packets that break more than one rule.
var severalFaults = []struct {
	name  string
	v     mqttwire.Version
	bytes string
	want  []at
	end   string // the unreadable rule that ends the packet, if any
}{
	{"CONNECT 3.1.1, flags", v311,
		"\x13\x10\x00\x04MQTT\x04\x79\x00\x00\x00\x00\x00\x02pw",
		[]at{{"flags", 0}, {"connect-reserved", 9}, {"will-qos-alone", 9}, {"will-retain-alone", 9}, {"password-alone", 9}, {"client-id-length", 12}}, ""},
	{"CONNECT 5.0, all over", v5,
		"\x10\x3A\x00\x04MQTT\x05\x9D\x00\x00" + "\x0B\x17\x02\x16\x00\x01a\x21\x00\x00\x17\x00" + "\x00\x02\xFF\x00" +
			"\x09\x01\x07\x02\x00\x00\x00\x00\x19\x00" + "\x00\x03a/+" + "\x00\x01p" + "\x00\x03u\xC3\x28" + "left-over",
		[]at{{"connect-reserved", 9}, {"will-qos", 9}, {"property-bool", 14}, {"property-zero", 20}, {"property-repeated", 22},
			{"auth-data-alone", 15}, {"utf8", 26}, {"nul", 27},
			{"property-bool", 30}, {"property-not-allowed", 36}, {"topic-wildcard", 42}, {"utf8", 49}, {"password-unflagged", 51}}, ""},
	{"CONNACK 5.0", v5, "\x22\x08\xFF\x04\x05\x24\x02\x21\x00\x00",
		[]at{{"flags", 0}, {"acknowledge-flags", 2}, {"reason-code", 3}, {"session-present", 2}, {"property-bool", 6}, {"property-zero", 8}}, ""},
	{"PUBLISH of QoS 3", v5, "\x3E\x85\x80\x00\x00\x00\x00\x00\x00",
		[]at{{"varint-minimal", 3}, {"qos", 0}, {"packet-id-zero", 6}, {"topic-or-alias", 4}}, ""},
	{"PUBLISH of QoS 3 in 3.1.1", v311, "\x3F\x06\x00\x00\x00\x07pl", []at{{"qos", 0}, {"topic-empty", 2}}, ""},
	{"PUBLISH 5.0", v5, "\x38\x11\x00\x03#\x00\xFF\x07\x23\x00\x00\x0B\x80\x00\x11payl",
		[]at{{"dup", 0}, {"topic-wildcard", 4}, {"topic-nul", 5}, {"utf8", 6}, {"topic-alias-zero", 9}, {"varint-minimal", 13}, {"property-zero", 12}, {"property-not-allowed", 14}},
		"property-cut"},
	{"PUBREL 5.0", v5, "\x6F\x0A\x00\x00\x87\x80\x00\x1F\x00\x00\x00\x00",
		[]at{{"flags", 0}, {"packet-id-zero", 2}, {"reason-code", 4}, {"varint-minimal", 6}, {"left-over", 7}}, ""},
	{"SUBSCRIBE 5.0", v5, "\x80\x1A\x00\x00\x02\x0B\x00\x00\x05$shar\x40\x00\x08$share//\xF7\x00\x00",
		[]at{{"flags", 0}, {"packet-id-zero", 2}, {"property-zero", 6}, {"options-reserved", 14}, {"share-name-empty", 24},
			{"options-reserved", 25}, {"requested-qos", 25}, {"retain-handling", 25}, {"no-local-shared", 25}, {"topic-empty", 26}}, "options-missing"},
	{"SUBSCRIBE 3.1.1", v311, "\x82\x0F\x00\x01\x00\x02a#\xFC\x00\x03a+#\x03\x00\x00",
		[]at{{"filter-hash", 7}, {"options-reserved", 8}, {"filter-plus", 12}, {"filter-hash", 13}, {"requested-qos", 14}, {"topic-empty", 15}}, "options-missing"},
	{"SUBACK 3.1.1", v311, "\x9F\x06\x00\x00\x80\x03\x00\xFF", []at{{"flags", 0}, {"packet-id-zero", 2}, {"reason-code", 5}, {"reason-code", 7}}, ""},
	{"UNSUBSCRIBE 3.1.1", v311, "\xA0\x02\x00\x00", []at{{"flags", 0}, {"packet-id-zero", 2}, {"no-filters", 4}}, ""},
	{"UNSUBACK 3.1.1", v311, "\xB1\x03\x00\x00\x80", []at{{"flags", 0}, {"packet-id-zero", 2}, {"left-over", 4}}, ""},
	{"UNSUBACK 5.0", v5, "\xB0\x05\x00\x00\x02\x1F\x00", []at{{"packet-id-zero", 2}}, "property-cut"},
	{"PINGREQ 5.0", v5, "\xC2\x82\x00\xC0\x00", []at{{"varint-minimal", 2}, {"flags", 0}, {"left-over", 3}}, ""},
	{"DISCONNECT 5.0", v5, "\xE8\x0C\x01\x07\x1F\x00\x01\x00\x26\x00\x00\x00\x00\x00",
		[]at{{"flags", 0}, {"reason-code", 2}, {"nul", 7}}, "property-cut"},
	{"AUTH 5.0", v5, "\xF1\x07\x01\x04\x16\x00\x01a\x00", []at{{"flags", 0}, {"reason-code", 2}, {"auth-method-missing", 3}, {"left-over", 8}}, ""},
}

func TestReportAllFindsEveryViolationInThePacket(t *testing.T) {
	for _, c := range severalFaults {
		t.Run(c.name, func(t *testing.T) {
			f := cut(t, c.bytes)
			p, findings, err := tolerate(f, c.v, mqttwire.ReportAll)
			assert.Empty(t, cmp.Diff(c.want, rulesOf(findings)))
			requireFindings(t, findings, f)
			if c.end != "" {
				var e *mqttwire.Error
				require.ErrorAs(t, err, &e)
				assert.Equal(t, c.end, e.Rule.String())
				assert.Nil(t, p)
				return
			}
			require.NoError(t, err)
			requireNoIllegalBytes(t, p)
			_, strict := packets.Decode(f, c.v)
			assert.Equal(t, strict, error(findings[0]), "the first finding is the strict error")
		})
	}
}

func TestAToleratedPacketHoldsWhatItSays(t *testing.T) {
	decode := func(v mqttwire.Version, b string) mqttwire.Packet {
		p, _, err := tolerate(cut(t, b), v, mqttwire.ReportAll)
		require.NoError(t, err)
		return p
	}
	publish := decode(v5, "\x3E\x0B\x00\x03a/#\x00\x07\x03\x23\x00\x00").(*packets.Publish)
	assert.Equal(t, "a/#", string(publish.Topic))
	assert.Equal(t, mqttwire.QoS(3), publish.QoS)
	assert.Equal(t, uint16(7), publish.PacketID, "as with any QoS but 0")
	alias, ok := publish.Properties.TopicAlias()
	assert.True(t, ok)
	assert.Zero(t, alias)

	subscribe := decode(v311, "\x82\x06\x00\x01\x00\x01a\xFD").(*packets.Subscribe)
	assert.Equal(t, []packets.Subscription{{Filter: []byte("a"), QoS: 1}}, subscribe.Subscriptions, "before 5.0 there are no other options")

	connect := decode(v311, "\x10\x11\x00\x04MQTT\x04\x40\x00\x00\x00\x01c\x00\x02pw").(*packets.Connect)
	assert.Nil(t, connect.UserName)
	assert.Equal(t, "pw", string(connect.Password))

	suback := decode(v5, "\x90\x05\x00\x00\x00\x55\x87").(*packets.Suback)
	assert.Equal(t, []mqttwire.ReasonCode{0x55, 0x87}, suback.ReasonCodes)
}

func TestFindingsOfSeveralPacketsAddUp(t *testing.T) {
	to := &mqttwire.Tolerance{Allow: mqttwire.ReportAll}
	var set packets.Set
	for _, b := range []string{"\x42\x02\x00\x01", "\x40\x02\x00\x02", "\x42\x02\x00\x00", "\x42\x01\x00"} {
		_, _ = set.DecodeTolerant(cut(t, b), v311, to)
	}
	assert.Equal(t, []at{{"flags", 0}, {"flags", 0}, {"packet-id-zero", 2}, {"flags", 0}}, rulesOf(to.Findings))
}

func TestFindingsStopGrowing(t *testing.T) {
	codes := make([]byte, 100000)
	for i := range codes {
		codes[i] = 0x55
	}
	b, err := mqttwire.AppendFrame(nil, mqttwire.SUBACK, 0, append([]byte("\x00\x01\x00"), codes...))
	require.NoError(t, err)
	to := &mqttwire.Tolerance{Allow: mqttwire.ReportAll, Max: 10}
	p, err := packets.DecodeTolerant(cut(t, string(b)), v5, to)
	require.NoError(t, err)
	assert.Len(t, p.(*packets.Suback).ReasonCodes, len(codes))
	assert.Len(t, to.Findings, 10)
	assert.Equal(t, len(codes)-10, to.Dropped)
}

func TestAPlantedViolationIsTheFirstFinding(t *testing.T) {
	checkGenerated(t, 2, func(t *rapid.T, g generated) {
		choose := drawChoose(t)
		for _, x := range mqttwiretest.Violations() {
			c, ok := x.Plant(g.bytes, g.version, g.from, choose)
			if !ok || c.Outcome != mqttwiretest.Reject {
				continue
			}
			f, _, err := mqttwire.CutFrame(c.Bytes, 0)
			if err != nil {
				require.False(t, x.Rule.Readable(), c.Name)
				continue
			}
			requirePlanted(t, &c, f)
			if c.Version != v31 && f.Header.Type != mqttwire.PUBLISH && x.Rule != mqttwire.RuleFlags {
				requireBothPlanted(t, &c, f, choose)
			}
		}
	})
}

// requirePlanted checks that what was planted is the first finding, or the error
// if the rest cannot be read.
func requirePlanted(t *rapid.T, c *mqttwiretest.Case, f mqttwire.Frame) {
	p, findings, err := tolerate(f, c.Version, mqttwire.ReportAll)
	requireFindings(t, findings, f)
	var first *mqttwire.Error
	if c.Rule.Readable() {
		require.NotEmpty(t, findings, "%s: %x", c.Name, c.Bytes)
		first = findings[0]
	} else {
		require.ErrorAs(t, err, &first, "%s: %x", c.Name, c.Bytes)
		require.Empty(t, findings, "%s: %x", c.Name, c.Bytes)
	}
	require.Equal(t, c.Rule.String(), first.Rule.String(), "%s: %x", c.Name, c.Bytes)
	require.Equal(t, c.Statement, first.Statement, c.Name)
	if err == nil {
		requireNoIllegalBytes(t, p)
	}
}

// requireBothPlanted breaks the flags of the packet too, and checks that all else
// is found as before.
func requireBothPlanted(t *rapid.T, c *mqttwiretest.Case, f mqttwire.Frame, choose func(int) int) {
	_, alone, aloneErr := tolerate(f, c.Version, mqttwire.ReportAll)
	f.Header.Flags ^= byte(1 + choose(15))
	_, both, bothErr := tolerate(f, c.Version, mqttwire.ReportAll)
	if len(both) == 0 { // unreadable before the flags are looked at
		require.Empty(t, alone, c.Name)
		require.Equal(t, aloneErr, bothErr, c.Name)
		return
	}
	var rest []*mqttwire.Error
	flags := 0
	for _, e := range both {
		if e.Rule == mqttwire.RuleFlags {
			require.Zero(t, e.Offset)
			flags++
			continue
		}
		rest = append(rest, e)
	}
	require.Equal(t, 1, flags, "%s: %x", c.Name, c.Bytes)
	require.Equal(t, alone, rest, "%s: %x", c.Name, c.Bytes)
	require.Equal(t, aloneErr, bothErr, c.Name)
}
