package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/mqttwire/mqttwire/compare/against/mutate"
	"github.com/mqttwire/mqttwire/compare/against/record"
)

// side is one of the two libraries at work.
type side interface {
	Decode(r *record.Record, b []byte, choice uint64) (legal bool)
	Encode(r *record.Record, d *rand.Rand) (legal bool)
}

// trial is what is to be compared.
type trial struct {
	count, workers, shown int
	seed                  uint64
	words                 bool
	source                *mutate.Source
	newNow, newBefore     func() side
	progress              io.Writer // where to say how far it is, or nil
}

// chunk is how many packets a side sees before another one takes its place. What
// comes of a packet depends on the seed and on those of its chunk, and on nothing
// that is done at the same time.
const chunk = 4096

// tally is what came of packets.
type tally struct {
	decoded, legal      int // that are bytes, and those of them that a version takes
	encoded, legalDrawn int // that were drawn, and those of them that a version takes
	unlike              int
	kinds               map[string]int // of the unlike, by what differs first
	cases               []unlike       // the first
}

// unlike is a packet of which the two sides make different things.
type unlike struct {
	packet      int    // which one
	what        []byte // nil if it was drawn
	kind        string
	now, before []string // from the first line on that differs
}

// run compares the packets, chunk by chunk.
func (t *trial) run() *tally {
	chunks := (t.count + chunk - 1) / chunk
	done := make([]*tally, chunks)
	var next, ready atomic.Int64
	var wait sync.WaitGroup
	for range max(1, t.workers) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < chunks; i = int(next.Add(1)) - 1 {
				done[i] = t.chunk(i)
				t.tell(int(ready.Add(1)))
			}
		})
	}
	wait.Wait()
	all := &tally{kinds: map[string]int{}}
	for _, one := range done {
		all.add(one, t.shown)
	}
	return all
}

// told is after how many chunks it is said how far it is: about a million packets.
const told = 244

func (t *trial) tell(chunks int) {
	if t.progress != nil && chunks%told == 0 {
		fmt.Fprintf(t.progress, "%d of %d packets\n", chunks*chunk, t.count)
	}
}

func (a *tally) add(b *tally, shown int) {
	a.decoded += b.decoded
	a.legal += b.legal
	a.encoded += b.encoded
	a.legalDrawn += b.legalDrawn
	a.unlike += b.unlike
	for kind, n := range b.kinds {
		a.kinds[kind] += n
	}
	a.cases = append(a.cases, b.cases[:min(len(b.cases), max(0, shown-len(a.cases)))]...)
}

// pair is the two sides, with what they note.
type pair struct {
	now, before             side
	nowRecord, beforeRecord record.Record
}

func (t *trial) chunk(number int) *tally {
	p := pair{now: t.newNow(), before: t.newBefore()}
	p.nowRecord.Words, p.beforeRecord.Words = t.words, t.words
	got := &tally{kinds: map[string]int{}}
	d := rand.New(rand.NewPCG(t.seed, uint64(number)))
	var b []byte
	for i := number * chunk; i < min(t.count, (number+1)*chunk); i++ {
		if i%16 == 15 {
			drawnBy := d.Uint64()
			got.encoded++
			p.compare(got, t.shown, unlike{packet: i}, &got.legalDrawn, func(s side, r *record.Record) bool {
				return s.Encode(r, rand.New(rand.NewPCG(drawnBy, t.seed)))
			})
			continue
		}
		b = t.source.Packet(b, d)
		choice := d.Uint64()
		got.decoded++
		p.compare(got, t.shown, unlike{packet: i, what: b}, &got.legal, func(s side, r *record.Record) bool { return s.Decode(r, b, choice) })
	}
	return got
}

// compare lets both sides do the work. If they note different things they do it
// once more, and note it in words.
func (p *pair) compare(got *tally, shown int, u unlike, legal *int, work func(side, *record.Record) bool) {
	isLegal := p.do(work)
	if isLegal {
		*legal++
	}
	if bytes.Equal(p.nowRecord.Bytes(), p.beforeRecord.Bytes()) && !p.nowRecord.Panicked {
		return
	}
	p.nowRecord.Readable, p.beforeRecord.Readable = true, true
	p.do(work)
	p.nowRecord.Readable, p.beforeRecord.Readable = false, false
	u.tell(lines(&p.nowRecord), lines(&p.beforeRecord), p.nowRecord.Panicked)
	got.unlike++
	got.kinds[u.kind]++
	if len(got.cases) < shown {
		u.what = slices.Clone(u.what)
		got.cases = append(got.cases, u)
	}
}

func (p *pair) do(work func(side, *record.Record) bool) (legal bool) {
	p.nowRecord.Reset()
	p.beforeRecord.Reset()
	legal = work(p.now, &p.nowRecord)
	work(p.before, &p.beforeRecord)
	return legal
}

func lines(r *record.Record) []string {
	return strings.Split(strings.TrimSuffix(string(r.Bytes()), "\n"), "\n")
}

// shownLines is how many lines are shown of each side.
const shownLines = 4

// tell takes from the notes of both sides what is shown.
func (u *unlike) tell(now, before []string, panicked bool) {
	i := 0
	for i < min(len(now), len(before)) && now[i] == before[i] {
		i++
	}
	u.now, u.before = now[i:min(i+shownLines, len(now))], before[i:min(i+shownLines, len(before))]
	for _, side := range [][]string{u.now, u.before} {
		if len(side) > 0 && u.kind == "" {
			u.kind, _, _ = strings.Cut(side[0], " = ")
		}
	}
	switch {
	case u.kind == "" && panicked:
		u.kind = "nothing: both panic"
	case u.kind == "":
		u.kind = "nothing, once it is done again"
	}
}
