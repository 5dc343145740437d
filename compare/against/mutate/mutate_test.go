package mutate

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
	"github.com/mqttwire/mqttwire/packets"
)

func load(t *testing.T) *Source {
	t.Helper()
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// tried is what came of many packets.
type tried struct {
	legal int
	types map[mqttwire.PacketType]int // of legal packets
	rules map[mqttwire.Rule]int       // that were broken
}

// tryEach decodes packets in all versions.
func tryEach(s *Source, count int) tried {
	got := tried{types: map[mqttwire.PacketType]int{}, rules: map[mqttwire.Rule]int{}}
	d := rand.New(rand.NewPCG(1, 2))
	var b []byte
	for range count {
		b = s.Packet(b, d)
		f, _, err := mqttwire.CutFrame(b, 0)
		if err != nil {
			continue
		}
		legal := false
		for v := mqttwire.V31; v <= mqttwire.V5; v++ {
			p, err := packets.Decode(f, v)
			if e, ok := err.(*mqttwire.Error); ok {
				got.rules[e.Rule]++
				continue
			}
			legal = true
			got.types[p.Type()]++
		}
		if legal {
			got.legal++
		}
	}
	return got
}

func TestPacketsOfEveryTypeAreLegalAndBreakEveryRuleOfTheCorpus(t *testing.T) {
	const count = 60000
	got := tryEach(load(t), count)
	if got.legal < count/20 || got.legal > count*19/20 {
		t.Errorf("%d of %d are legal", got.legal, count)
	}
	if len(got.types) != 15 {
		t.Errorf("legal packets are of the types %v", got.types)
	}
	for rule := range brokenInCorpus(t) {
		if got.rules[rule] == 0 {
			t.Errorf("no packet breaks %s", rule)
		}
	}
}

// brokenInCorpus are the rules that cases of the corpus break.
func brokenInCorpus(t *testing.T) map[mqttwire.Rule]bool {
	cases, err := corpus.Load()
	if err != nil {
		t.Fatal(err)
	}
	rules := map[mqttwire.Rule]bool{}
	for _, c := range cases {
		if f, _, err := mqttwire.CutFrame(c.Bytes, 0); err == nil {
			_, err := packets.Decode(f, c.Version)
			if e, ok := err.(*mqttwire.Error); ok {
				rules[e.Rule] = true
			}
		}
	}
	return rules
}

func TestTheSameDrawsMakeTheSamePackets(t *testing.T) {
	s := load(t)
	a, b := rand.New(rand.NewPCG(1, 2)), rand.New(rand.NewPCG(1, 2))
	var last []byte
	same := 0
	for range 1000 {
		p := s.Packet(nil, a)
		if !bytes.Equal(p, s.Packet(nil, b)) {
			t.Fatalf("%x is not made again", p)
		}
		if bytes.Equal(p, last) {
			same++
		}
		last = p
	}
	if same > 100 {
		t.Errorf("%d packets are those before them", same)
	}
}

func TestSplitCutsAListIntoItsProperties(t *testing.T) {
	list := "\x01\x01" + "\x0b\x05" + "\x26\x00\x01a\x00\x02bc" + "\x23\x00\x07" + "\x1f\x00\x00"
	got := split([]byte(list))
	if len(got) != 5 || string(bytes.Join(got, nil)) != list || string(got[2]) != "\x26\x00\x01a\x00\x02bc" {
		t.Errorf("got %q", got)
	}
	for _, none := range []string{"\x26\x00\x01a\x00\x03bc", "\x26\x00", "\x00", "\x02\x00\x00"} {
		if got := split([]byte(none)); got != nil {
			t.Errorf("%q is split into %q", none, got)
		}
	}
}

func TestLengthsAreMendedAroundAChange(t *testing.T) {
	w := work{seed: seed{body: []byte("\x00\x01a\x05\x1f\x00\x02bc!"), list: span{3, 9}}}
	w.replace(5, 9, []byte("\x00\x03def")) // in the list
	if got := string(w.body); got != "\x00\x01a\x06\x1f\x00\x03def!" {
		t.Errorf("got %q", got)
	}
	w.replace(0, 3, []byte("\x00\x02xy")) // before it
	if want := (span{4, 11}); w.list != want || string(w.body) != "\x00\x02xy\x06\x1f\x00\x03def!" {
		t.Errorf("the list is at %v in %q", w.list, w.body)
	}
	w.cut(10)
	if w.list != (span{}) {
		t.Errorf("a list that was cut is at %v", w.list)
	}
}
