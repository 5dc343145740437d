package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/interleaved"
)

// missing are the workloads that a library has no way for, by column.
var missing = map[string]*regexp.Regexp{
	nameMochi:      regexp.MustCompile(`^$`),
	namePahoGolang: regexp.MustCompile(`/v3\.1\.1/`),
	namePahoMQTT:   regexp.MustCompile(`/v5\.0/`),
	nameGomqtt:     regexp.MustCompile(`/v5\.0/`),
	nameNatiu:      regexp.MustCompile(`/v5\.0/`),
}

func TestEveryCodecReadsTheSameFieldsOfEachPacket(t *testing.T) {
	list := workloads()
	for i := range list {
		w := &list[i]
		want := mqttwireDecode(w)(1)
		for _, c := range codecs() {
			run := c.decode(w)
			switch {
			case c.name == nameMemcpy:
			case (run == nil) != (missing[c.name] != nil && missing[c.name].MatchString(w.name)):
				t.Errorf("%s has a loop for %s: %t", c.name, w.name, run != nil)
			case run == nil:
			case run(1) != want || run(3) != 3*want:
				t.Errorf("%s reads other fields of %s", c.name, w.name)
			}
		}
	}
}

// decodedSum is the checksum of the fields of an encoded packet.
func decodedSum(t *testing.T, w *workload, b []byte) uint64 {
	f, rest, err := mqttwire.CutFrame(b, 0)
	if err != nil || len(rest) > 0 {
		t.Fatalf("%s: %x: %v", w.name, b, err)
	}
	return new(mqttwirePackets).read(f, w.v)
}

func TestEveryCodecEncodesTheSameFieldsOfEachPacket(t *testing.T) {
	list := workloads()
	for i := range list {
		w := &list[i]
		want := decodedSum(t, w, w.wire)
		for _, c := range codecs() {
			if c.encode == nil {
				continue
			}
			run, once := c.encode(w)
			if run == nil {
				continue
			}
			b := once()
			if decodedSum(t, w, b) != want || run(2) != 2*uint64(len(b)) {
				t.Errorf("%s encodes other fields of %s: %x", c.name, w.name, b)
			}
		}
	}
}

func TestPropertiesSetAnewAreThoseOfTheWorkload(t *testing.T) {
	w := built()
	want := decodedSum(t, w, w.wire)
	for _, c := range codecs() {
		if c.build == nil {
			continue
		}
		run, once := c.build(w)
		sum := run(2)
		if b := once(); decodedSum(t, w, b) != want || sum != 2*uint64(len(b)) {
			t.Errorf("%s sets other properties: %x", c.name, b)
		}
	}
}

// TestAChecksumNeedsEveryField changes one byte of a packet at a time: what is
// read of the packet, if it is still one, has another checksum.
func TestAChecksumNeedsEveryField(t *testing.T) {
	w := built()
	want := decodedSum(t, w, w.wire)
	for _, change := range []struct{ old, new string }{
		{"site/7/line", "zite/7/line"}, {"temperature", "temperaturf"}, {"\x00\x0a", "\x00\x0b"}, {"application", "bpplication"},
		{"replies", "repliez"}, {"0123456789abcdef", "1123456789abcdef"}, {"\x02\x00\x00\x00\x3c", "\x02\x00\x00\x00\x3d"},
		{"trace", "tracf"}, {"4bf92f", "5bf92f"}, {"span", "zpan"}, {"02b7", "02b8"}, {"\x0b\x01x", "\x0b\x02x"}, {"\x01\x01", "\x01\x00"},
	} {
		b := []byte(strings.Replace(string(w.wire), change.old, change.new, 1))
		if string(b) == string(w.wire) || decodedSum(t, w, b) == want {
			t.Errorf("%q in place of %q has the same checksum", change.new, change.old)
		}
	}
}

func TestStreamsGiveTheSamePacketsToAll(t *testing.T) {
	for _, r := range streamRows() {
		if err := verify(&r); err != nil {
			t.Error(err)
		}
	}
}

func TestAFanOutSharesThePayload(t *testing.T) {
	out := newOutbox(8, 2)
	payload := []byte("payload")
	for range 2 {
		out.send(append(out.headers, "header"...), len(out.headers), payload)
	}
	if len(out.parts) != 4 || &out.parts[1][0] != &payload[0] || &out.parts[3][0] != &payload[0] {
		t.Errorf("parts are %q", out.parts)
	}
	if string(out.parts[0]) != "header" || string(out.parts[2]) != "header" {
		t.Errorf("parts are %q", out.parts)
	}
}

func TestQuickMeasuresEachRowAndEachGoal(t *testing.T) {
	rows, err := measured(interleaved.Plan{Rounds: 1, Slice: time.Microsecond}, "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		for _, c := range rows[i].contenders {
			if len(c.NS) != 1 {
				t.Errorf("%s, %s was not measured", rows[i].name, c.name)
			}
		}
	}
	for _, g := range goals(rows) {
		if len(g.figures) == 0 {
			t.Errorf("no figure for the goal %s", g.work)
		}
	}
	versions, err := moduleVersions()
	if err != nil {
		t.Fatal(err)
	}
	requireStructure(t, document(rows, interleaved.Quick, versions), rows)
}

// requireStructure demands a line for each row and each codec.
func requireStructure(t *testing.T, text string, rows []row) {
	t.Helper()
	for i := range rows {
		if !strings.Contains(text, "\n| "+rows[i].name+" | ") {
			t.Errorf("no line for %s", rows[i].name)
		}
	}
	for _, c := range codecs() {
		if !strings.Contains(text, " | "+c.calls+" | "+c.lacks+" |") {
			t.Errorf("no line for what %s calls", c.name)
		}
	}
}

func TestTheFileHasTheRowsAndVersionsOfToday(t *testing.T) {
	written, err := os.ReadFile("../RESULTS.md")
	if err != nil {
		t.Fatal(err)
	}
	requireStructure(t, string(written), allRows())
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	required := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\t(\S+) (v\S+)`).FindAllStringSubmatch(string(mod), -1) {
		required[m[1]] = m[2]
	}
	for _, c := range codecs() {
		if isLibrary(c.name) && !strings.Contains(string(written), fmt.Sprintf("\n| %s | %s %s | ", c.name, c.module, required[c.module])) {
			t.Errorf("%s %s is not in the file: run \"go run ./speed\" in compare/", c.module, required[c.module])
		}
	}
}

func TestAGoalSaysByHowMuchItIsMissed(t *testing.T) {
	g := goal{limit: 2, atLeast: true, figures: []figure{{row: "a", value: 3}, {row: "b", value: 1.5}, {row: "c", value: 2}}}
	if got, want := g.verdict(), "**missed** in 1 of 3 rows, by up to 25 %"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	g = goal{limit: 1.5, noAllocs: true, figures: []figure{{row: "a", value: 1.2}}}
	if got, want := g.verdict(), "met in all 1 rows"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	g.figures[0].allocs = 1
	if g.met(g.figures[0]) {
		t.Error("a figure with an allocation meets a goal of none")
	}
}
