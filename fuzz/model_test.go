package fuzz

import (
	"strings"
	"testing"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
	"github.com/mqttwire/mqttwire/internal/model"
	"github.com/mqttwire/mqttwire/packets"
)

// FuzzModel gives any bytes to the library and to the reference model, as one
// packet of any version: both must accept it, or both refuse it.
func FuzzModel(f *testing.F) {
	for _, c := range corpusCases(f) {
		if len(c.Bytes) <= 4096 {
			f.Add(c.Bytes, uint8(c.Version))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, version uint8) {
		var set packets.Set
		compareVerdict(t, &set, b, mqttwire.V31+mqttwire.Version(version)%3)
	})
}

// compareVerdict reports whether library and model agree on b, and fails the test
// if not. It returns the packet and its frame if the library accepts it.
func compareVerdict(t *testing.T, set *packets.Set, b []byte, v mqttwire.Version) (mqttwire.Packet, mqttwire.Frame, bool) {
	p, frame, err := decodeOne(set, b, v)
	ok, why := model.Verdict(b, int(v))
	if ok == (err == nil) {
		return p, frame, true
	}
	t.Helper()
	t.Errorf("version %d: % X\nthe model:   accepted %t %s\nthe library: %v", v, b, ok, why, err)
	return p, frame, false
}

// decodeOne decodes b, which must be exactly one packet. A CONNECT may be of any
// version.
func decodeOne(set *packets.Set, b []byte, v mqttwire.Version) (mqttwire.Packet, mqttwire.Frame, error) {
	frame, rest, err := mqttwire.CutFrame(b, 0)
	if err != nil {
		return nil, frame, err
	}
	if len(rest) > 0 {
		return nil, frame, mqttwire.ErrMalformed
	}
	if frame.Header.Type == mqttwire.CONNECT {
		v = 0
	}
	p, err := set.Decode(frame, v)
	return p, frame, err
}

func TestModelAgreesWithTheCorpus(t *testing.T) {
	cases, err := corpus.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		// The model knows no maximum packet size but the protocol's, and serves all
		// versions.
		if c.Max != 0 || strings.Contains(c.Name, "-where-only-") {
			continue
		}
		if ok, why := model.Verdict(c.Bytes, int(c.Version)); ok != c.Decodes() {
			t.Errorf("%s: accepted %t %s, expected %s %s", c.Where(), ok, why, c.Outcome, c.Rule)
		}
	}
}
