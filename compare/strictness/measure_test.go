package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/codecs"
	"github.com/mqttwire/mqttwire/mqttwiretest"
)

func TestDeclared(t *testing.T) {
	for packet, want := range map[string]uint64{
		"":                                  0,
		"\x30":                              0,
		"\x30\x7F":                          127,
		"\x30\xFF\xFF\xFF\x7F":              268435455,
		"\x30\xFF":                          127,
		"\xC0\x80\x80\x80\x80\x01":          1 << 28,
		"\xC0\x80\x80\x80\x80\x00":          0,
		"\xC0" + strings.Repeat("\xFF", 12): 1<<56 - 1,
		"\xC0" + strings.Repeat("\x80", 12) + "\x01\x0F": 0,
	} {
		if got := declared([]byte(packet)); got != want {
			t.Errorf("%x declares %d, want %d", packet, got, want)
		}
	}
}

func TestTheCasesAreDivided(t *testing.T) {
	s := selectCases()
	if all := len(s.put) + len(s.sender) + len(s.maximum) + len(s.declared); all != len(mqttwiretest.Cases()) {
		t.Errorf("%d cases, of %d", all, len(mqttwiretest.Cases()))
	}
	for _, c := range s.put {
		if declared(c.Bytes) > maxDeclared {
			t.Errorf("%s declares %d bytes", c.Name, declared(c.Bytes))
		}
	}
}

// stub is a codec that does the same to every packet of one version.
type stub struct {
	version mqttwire.Version
	err     error
}

func (s stub) Decode(b []byte, v mqttwire.Version, _ mqttwire.Sender) ([]byte, error) {
	if v != s.version {
		return nil, mqttwiretest.ErrVersion
	}
	return b, s.err
}

// measure judges a stub by two cases: the legal PINGREQ and one with a body.
func measure(s stub) measured {
	ping := mqttwiretest.Case{Version: s.version, Sender: mqttwire.FromClient, Where: "f.txt:1: ping"}
	legal, malformed := ping, ping
	legal.Name, legal.Bytes, legal.Outcome = "ping/5.0", []byte{0xC0, 0}, mqttwiretest.Accept
	malformed.Name, malformed.Bytes, malformed.Outcome = "long", []byte{0xC0, 1, 0}, mqttwiretest.Reject
	legal.Encodes, malformed.Rule = legal.Bytes, mqttwire.RuleLeftOver
	report := mqttwiretest.JudgeCases(s, []mqttwiretest.Case{legal, malformed})
	return measured{codecs.Entry{Package: "stub"}, report}
}

func TestACodecThatAcceptsEverything(t *testing.T) {
	m := measure(stub{version: mqttwire.V5})
	if got, want := m.summaryLine(mqttwire.V5), "| stub | 5.0 | 2 | 1 of 1 = 100.0 % | 0 of 1 | 0 of 1 | 0 | 0 | 0 | 0 |\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := m.verdicts(); !strings.Contains(got, "| left-over |") || !strings.Contains(got, "| 1 of 1 | `long` |") {
		t.Errorf("the rule and the case are not in %s", got)
	}
}

func TestACodecThatRefusesEverything(t *testing.T) {
	m := measure(stub{mqttwire.V5, errors.New("a | b")})
	if got, want := m.summaryLine(mqttwire.V5), "| stub | 5.0 | 2 | 0 of 1 | 1 of 1 = 100.0 % | 0 of 0 | 0 | 0 | 0 | 0 |\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := m.verdicts(); !strings.Contains(got, "| a \\| b | 1 | `ping` |") {
		t.Errorf("the error and the case are not in %s", got)
	}
}

func TestAVersionThatTheCodecDoesNotKnowHasNoLine(t *testing.T) {
	m := measure(stub{version: mqttwire.V5})
	if got := m.summaryLine(mqttwire.V311); got != "" {
		t.Errorf("got %s", got)
	}
}

func TestACodecThatIsCutOffIsToldOf(t *testing.T) {
	m := measure(stub{mqttwire.V5, codecs.ErrDeadline})
	if got := len(m.rows(cutOff)); got != 2 {
		t.Errorf("%d rows are cut off, want 2", got)
	}
	if got := m.verdicts(); !strings.Contains(got, "Cut off:\n\n- `ping/5.0` (5.0): "+codecs.ErrDeadline.Error()) {
		t.Errorf("the case is not in %s", got)
	}
}
