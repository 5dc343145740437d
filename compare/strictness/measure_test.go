package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/codecs"
	"github.com/mqttwire/mqttwire/mqttwiretest"
)

func TestTheCasesAreDivided(t *testing.T) {
	s := selectCases()
	if all := len(s.put) + len(s.sender) + len(s.maximum) + len(s.declared); all != len(mqttwiretest.Cases()) {
		t.Errorf("%d cases, of %d", all, len(mqttwiretest.Cases()))
	}
	for _, c := range s.put {
		if c.DeclaresLarge() || c.WrongSenderOnly() {
			t.Errorf("%s is put to the codecs", c.Name)
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
	options := mqttwiretest.Options{Cases: []mqttwiretest.Case{legal, malformed}}
	report := options.Judge(s)
	return measured{codecs.Entry{Package: "stub"}, report}
}

func TestACodecThatAcceptsEverything(t *testing.T) {
	m := measure(stub{version: mqttwire.V5})
	if got, want := m.summaryLine(mqttwire.V5), "| stub | 5.0 | 2 | 1 of 1 = 100.0 % | 0 of 1 | 0 of 1 | 0 | 0 | 0 | 0 | 0 |\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := m.verdicts(); !strings.Contains(got, "| left-over |") || !strings.Contains(got, "| 1 of 1 | `long` |") {
		t.Errorf("the rule and the case are not in %s", got)
	}
}

func TestACodecThatRefusesEverything(t *testing.T) {
	m := measure(stub{mqttwire.V5, errors.New("a | b")})
	if got, want := m.summaryLine(mqttwire.V5), "| stub | 5.0 | 2 | 0 of 1 | 1 of 1 = 100.0 % | 0 of 0 | 0 | 0 | 0 | 0 | 0 |\n"; got != want {
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

func TestACodecThatDoesNotEndIsReported(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	hangs := mqttwiretest.CodecFunc(func([]byte, mqttwire.Version, mqttwire.Sender) ([]byte, error) { <-release; return nil, nil })
	var cases []mqttwiretest.Case
	for range 10 {
		cases = append(cases, mqttwiretest.Case{
			Name: "ping", Version: mqttwire.V5, Sender: mqttwire.FromClient, Bytes: []byte{0xC0, 0}, Outcome: mqttwiretest.Accept,
		})
	}
	options := mqttwiretest.Options{Cases: cases, TimeLimit: time.Millisecond}
	m := measured{codecs.Entry{Package: "stub"}, options.Judge(hangs)}
	if got, want := m.summaryLine(mqttwire.V5), "| stub | 5.0 | 8 | 0 of 0 | 0 of 8 | 0 of 0 | 0 | 0 | 0 | 0 | 8 |\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, want := range []string{"Cut off:\n\n- `ping` (5.0): no result after 1ms\n", "before: 2 cases.\n"} {
		if got := m.verdicts(); !strings.Contains(got, want) {
			t.Errorf("%q is not in %s", want, got)
		}
	}
}

func TestAPanicIsReportedWithItsPlace(t *testing.T) {
	m := measured{report: mqttwiretest.Options{Cases: selectCases().put[:1]}.Judge(mqttwiretest.CodecFunc(
		func(b []byte, _ mqttwire.Version, _ mqttwire.Sender) ([]byte, error) {
			if cap(b) > len(b) {
				panic("behind")
			}
			return nil, errors.New("no")
		}))}
	if got, want := m.verdicts(), "panic: behind in strictness.TestAPanicIsReportedWithItsPlace.func1, measure_test.go:"; !strings.Contains(got, want) {
		t.Errorf("%q is not in %s", want, got)
	}
}
