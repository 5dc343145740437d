package main

import (
	"reflect"
	"strings"
	"testing"

	"github.com/mqttwire/mqttwire/compare/against/mutate"
	"github.com/mqttwire/mqttwire/compare/against/outcome"
	"github.com/mqttwire/mqttwire/compare/against/record"
)

// another is a side that treats packets otherwise that begin as told.
type another struct {
	*outcome.Side
	begins string
}

func (a another) Decode(r *record.Record, b []byte, choice uint64) bool {
	legal := a.Side.Decode(r, b, choice)
	if strings.HasPrefix(string(b), a.begins) {
		r.In("all", "made up")
		r.Number("offset", 7)
	}
	return legal
}

// trialBeside compares the library with another side.
func trialBeside(t *testing.T, newBefore func() side) trial {
	t.Helper()
	source, err := mutate.Load()
	if err != nil {
		t.Fatal(err)
	}
	return trial{count: 3 * chunk / 2, workers: 2, shown: 3, seed: 1, source: source, newNow: func() side { return outcome.New() }, newBefore: newBefore}
}

func TestTheLibraryIsLikeItself(t *testing.T) {
	beside := trialBeside(t, func() side { return newBefore(true) })
	beside.words = true
	all := beside.run()
	if all.unlike != 0 {
		t.Errorf("%s", all.report())
	}
	if all.decoded+all.encoded != beside.count || all.legal < all.decoded/20 || all.legalDrawn < all.encoded/20 {
		t.Errorf("%s", all.report())
	}
}

func TestWhatIsUnlikeIsShownAndCounted(t *testing.T) {
	beside := trialBeside(t, func() side { return another{outcome.New(), "\xc0"} })
	all := beside.run()
	text := all.report()
	if all.unlike < 4 || len(all.cases) != 3 || all.kinds["all, made up: offset"] != all.unlike {
		t.Fatalf("%s", text)
	}
	for _, want := range []string{": c0", "  before  all, made up: offset = 7\n", " more\n", " unlike in all, made up: offset\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// broken is a side that panics, or makes believe so.
type broken struct{ *outcome.Side }

func (b broken) Decode(r *record.Record, _ []byte, _ uint64) bool {
	r.Panicked = true
	return false
}

func TestAPanicOfBothIsUnlike(t *testing.T) {
	beside := trialBeside(t, func() side { return broken{outcome.New()} })
	beside.newNow = beside.newBefore
	if all := beside.run(); all.unlike != all.decoded || all.kinds["nothing: both panic"] != all.unlike {
		t.Errorf("%s", all.report())
	}
}

func TestTheSeedAloneDecidesWhatIsFound(t *testing.T) {
	beside := trialBeside(t, func() side { return another{outcome.New(), "\x30"} })
	beside.workers = 1
	one := beside.run()
	beside.workers = 4
	if four := beside.run(); !reflect.DeepEqual(one, four) {
		t.Errorf("one at a time:\n%s\nfour:\n%s", one.report(), four.report())
	}
	beside.seed = 2
	if other := beside.run(); reflect.DeepEqual(one, other) {
		t.Error("another seed finds the same")
	}
}
