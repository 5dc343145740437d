package sessiontest

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/mqttwire/mqttwire/session"
)

// Journal tests a session.Journal, and tells t of each check that it does not pass.
//
// open opens the journal of that name: a name that is new is an empty journal, and a name
// whose journal was closed is the journal as it was left. A journal in memory is the same
// one again. No journal is open twice.
func Journal(t TB, open func(name string) (session.Journal, error)) {
	t.Helper()
	for i, check := range journalChecks {
		k := &kit{t: t, open: open, name: fmt.Sprintf("kit%d", i), what: check.what, kept: map[string][]session.Record{}}
		if k.opens() {
			check.run(k)
			k.close()
		}
	}
}

// journalChecks are what Journal holds a journal to.
var journalChecks = []struct {
	what string
	run  func(*kit)
}{
	{"an empty journal has no records", (*kit).holds},
	{"records are loaded in their order", (*kit).order},
	{"records are there after Close, however often", (*kit).reopened},
	{"what Append was given may be changed after it", (*kit).copied},
	{"a snapshot takes the place of what was before it", (*kit).snapshots},
	{"an empty snapshot ends the records of a session", (*kit).ends},
	{"a key may be any bytes", (*kit).keys},
	{"data may be of any size", (*kit).sizes},
	{"nothing at all may be appended", (*kit).nothing},
	{"loading may be given up, and be done again", (*kit).givenUp},
	{"records are appended while others are loaded", (*kit).whileLoading},
	{"many append at once", (*kit).atOnce},
	{"a session that is restored of it goes on", (*kit).restores},
}

// kit runs one check.
type kit struct {
	t    TB
	open func(name string) (session.Journal, error)
	j    session.Journal
	name string
	what string
	kept map[string][]session.Record // what has to be there, by session
	told bool
}

// fail says what is wrong: of each check the first, as one fault makes many.
func (k *kit) fail(format string, args ...any) {
	k.t.Helper()
	if !k.told {
		k.t.Errorf("%s: %s", k.what, fmt.Sprintf(format, args...))
	}
	k.told = true
}

// opens opens the journal, and reports whether it could be.
func (k *kit) opens() bool {
	k.t.Helper()
	j, err := k.open(k.name)
	if err != nil {
		k.fail("it cannot be opened: %v", err)
		return false
	}
	k.j = j
	return true
}

func (k *kit) close() {
	k.t.Helper()
	if k.j == nil {
		return
	}
	if err := k.j.Close(); err != nil {
		k.fail("Close: %v", err)
	}
	k.j = nil
}

// again closes the journal and opens it again, and reports whether it could be.
func (k *kit) again() bool {
	k.t.Helper()
	k.close()
	return k.opens()
}

// append appends records, and notes what has to be there.
func (k *kit) append(records ...session.Record) {
	k.t.Helper()
	for _, r := range records {
		keep(k.kept, r)
	}
	if err := k.j.Append(records); err != nil {
		k.fail("Append: %v", err)
	}
}

// keep notes a record as a journal does.
func keep(kept map[string][]session.Record, r session.Record) {
	name := string(r.Session)
	switch {
	case r.Snapshot && len(r.Data) == 0:
		delete(kept, name)
		return
	case r.Snapshot:
		kept[name] = nil
	}
	kept[name] = append(kept[name], session.Record{Session: bytes.Clone(r.Session), Data: bytes.Clone(r.Data), Snapshot: r.Snapshot})
}

// load returns what the journal has, by session.
func load(j session.Journal) (map[string][]session.Record, error) {
	got := map[string][]session.Record{}
	for r, err := range j.Load() {
		if err != nil {
			return got, err
		}
		name := string(r.Session)
		got[name] = append(got[name], session.Record{Session: bytes.Clone(r.Session), Data: bytes.Clone(r.Data), Snapshot: r.Snapshot})
	}
	return got, nil
}

// holds compares what the journal has with what has to be there.
func (k *kit) holds() {
	k.t.Helper()
	got, err := load(k.j)
	if err != nil {
		k.fail("Load: %v", err)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(k.kept)) {
		want := k.kept[name]
		if i := differ(got[name], want); i >= 0 {
			k.fail("session %.40q: %d records were appended and are needed, %d are loaded, and they differ from record %d on", name, len(want), len(got[name]), i)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, ok := k.kept[name]; !ok {
			k.fail("session %.40q: %d records are loaded, and none is needed", name, len(got[name]))
		}
	}
}

// differ returns the first record in which two lists differ, or -1.
func differ(a, b []session.Record) int {
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || !same(a[i], b[i]) {
			return i
		}
	}
	return -1
}

func same(a, b session.Record) bool {
	return bytes.Equal(a.Session, b.Session) && bytes.Equal(a.Data, b.Data) && a.Snapshot == b.Snapshot
}

// change and snapshot return records.
func change(name, data string) session.Record {
	return session.Record{Session: []byte(name), Data: []byte(data)}
}

func snapshot(name, data string) session.Record {
	return session.Record{Session: []byte(name), Data: []byte(data), Snapshot: true}
}

// order appends records of three sessions, in turn and in batches.
func (k *kit) order() {
	k.t.Helper()
	for i := range 30 {
		var batch []session.Record
		for j := range i%4 + 1 {
			batch = append(batch, change(string(rune('a'+(i+j)%3)), fmt.Sprint(100-i, j)))
		}
		k.append(batch...)
	}
	k.holds()
	k.holds()
}

func (k *kit) reopened() {
	k.t.Helper()
	for i := range 5 {
		for j := range 3 {
			k.append(change("a", fmt.Sprint(i, j)), change("b", fmt.Sprint(j, i)))
		}
		if !k.again() {
			return
		}
		k.holds()
	}
}

func (k *kit) copied() {
	k.t.Helper()
	r := change("name", "data")
	k.append(r)
	copy(r.Session, "else")
	copy(r.Data, "gone")
	k.holds()
	if k.again() {
		k.holds()
	}
}

func (k *kit) snapshots() {
	k.t.Helper()
	k.append(change("a", "1"), change("b", "1"), change("a", "2"))
	k.append(snapshot("a", "whole"))
	k.holds()
	k.append(change("a", "3"), snapshot("a", "whole again"), change("a", "4"), snapshot("b", "b"), snapshot("b", "b once more"))
	k.holds()
	k.append(snapshot("new", "the first of it"), change("a", "5"))
	if k.again() {
		k.holds()
	}
}

func (k *kit) ends() {
	k.t.Helper()
	k.append(change("a", "1"), change("b", "1"), snapshot("c", "c"))
	k.append(snapshot("a", ""), snapshot("never there", ""))
	k.holds()
	k.append(change("c", "2"), snapshot("c", ""), change("c", "begins again"), change("d", "1"), snapshot("d", ""))
	k.holds()
	if k.again() {
		k.holds()
	}
	k.append(change("a", "begins again, too"))
	k.holds()
}

// keys are client identifiers, as a rule: any text, and one may begin with another.
func (k *kit) keys() {
	k.t.Helper()
	for i, name := range []string{
		"", "a", "a\x00", "a\x00b", "a/b", "../a", "a b", "A", "ä", "\xFF", "\xFF\xFF", "a\n", "0",
		string(bytes.Repeat([]byte("k"), 1000)), string(bytes.Repeat([]byte("k"), 1001)),
		string(bytes.Repeat([]byte("k"), 65535)), // the longest client identifier
	} {
		k.append(change(name, fmt.Sprint(i)), change(name, "more"))
	}
	k.append(snapshot("a", "of that one alone"), snapshot("\xFF", ""))
	k.holds()
	if k.again() {
		k.holds()
	}
}

func (k *kit) sizes() {
	k.t.Helper()
	for _, n := range []int{1, 2, 100, 4095, 4096, 4097, 65535, 65536, 1 << 20} {
		data := make([]byte, n)
		for i := range data {
			data[i] = byte(i * n)
		}
		k.append(session.Record{Session: []byte("a"), Data: data}, change("b", "between"))
	}
	k.holds()
	if k.again() {
		k.holds()
	}
}

func (k *kit) nothing() {
	k.t.Helper()
	k.append()
	k.append(change("a", "1"))
	k.append()
	k.holds()
}

func (k *kit) givenUp() {
	k.t.Helper()
	k.append(change("a", "1"), change("b", "1"), change("a", "2"))
	for range k.j.Load() {
		break
	}
	k.append(change("a", "3"))
	k.holds()
}

// whileLoading appends while others are loaded. Whether these are among them is left open.
func (k *kit) whileLoading() {
	k.t.Helper()
	k.append(change("a", "1"), change("b", "1"))
	more := change("c", "1")
	keep(k.kept, more)
	fault := make(chan error, 1)
	go func() { fault <- k.j.Append([]session.Record{more}) }()
	if got, err := load(k.j); err != nil || len(got["a"]) != 1 || len(got["b"]) != 1 {
		k.fail("Load: %v, and %v", err, got)
	}
	if err := <-fault; err != nil {
		k.fail("Append: %v", err)
	}
	k.holds()
}

// atOnce appends from many goroutines, each the records of a session of its own.
func (k *kit) atOnce() {
	k.t.Helper()
	const many, each = 16, 20
	var wait sync.WaitGroup
	var faults [many]error
	for i := range many {
		name := fmt.Sprint("session ", i)
		var list []session.Record
		for j := range each {
			list = append(list, change(name, fmt.Sprint(j)))
		}
		k.kept[name] = list
		wait.Go(func() {
			for len(list) > 0 && faults[i] == nil {
				n := min(len(list), i%3+1)
				faults[i] = k.j.Append(list[:n])
				list = list[n:]
			}
		})
	}
	wait.Wait()
	for _, err := range slices.Compact(faults[:]) {
		if err != nil {
			k.fail("Append: %v", err)
		}
	}
	k.holds()
	if k.again() {
		k.holds()
	}
}
