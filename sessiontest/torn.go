package sessiontest

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/mqttwire/mqttwire/session"
)

// File is a journal in a file whose bytes can be had.
type File struct {
	session.Journal

	// Content returns the bytes that the file has when the journal is closed.
	Content func() ([]byte, error)
}

// TornJournal tests a journal that appends to one file, with files that were cut off or have
// changed, and tells t of each thing that is not as it has to be. Not every good journal is
// of this kind: one whose file is more than a list may refuse what was cut off.
//
// open opens a journal whose file has this content; no content is a new one.
//
//   - A file that was cut off anywhere is opened, and has what came first: of each call of
//     Append all records, or those before some point. More can be appended to it.
//   - If a byte has changed, either Load or open says so, or no more is missing than the
//     records of the last Append. In no case a record is loaded that nobody has appended.
func TornJournal(t TB, open func(content []byte) (File, error)) {
	t.Helper()
	k := &torn{t: t, open: open}
	whole := k.write()
	if whole == nil {
		return
	}
	for n := range len(whole) + 1 {
		k.cutOff(whole, n)
	}
	for i := range whole {
		for _, bit := range []byte{0x01, 0x80} {
			k.changed(whole, i, bit)
		}
	}
}

// torn runs the checks of TornJournal.
type torn struct {
	t       TB
	open    func([]byte) (File, error)
	records []session.Record // in their order
	last    int              // where the last Append begins
	faults  int
}

// mostFaults is how many faults are told, as one makes many.
const mostFaults = 5

func (k *torn) fail(format string, args ...any) {
	k.t.Helper()
	if k.faults++; k.faults <= mostFaults {
		k.t.Errorf("torn journal: %s", fmt.Sprintf(format, args...))
	}
}

// write makes a file with some records, and returns its content.
func (k *torn) write() []byte {
	k.t.Helper()
	f, err := k.open(nil)
	if err != nil {
		k.fail("a new one cannot be opened: %v", err)
		return nil
	}
	for _, batch := range [][]session.Record{
		{change("a", "first"), change("b", "second")},
		{snapshot("a", "whole")},
		{change("a", string(bytes.Repeat([]byte("long"), 50))), change("", "no name")},
		{change("b", "the last but one"), change("c", "the last")},
	} {
		k.last = len(k.records)
		k.records = append(k.records, batch...)
		if err := f.Append(batch); err != nil {
			k.fail("Append: %v", err)
			return nil
		}
	}
	return k.content(f)
}

// content closes a journal and returns what its file has.
func (k *torn) content(f File) []byte {
	k.t.Helper()
	if err := f.Close(); err != nil {
		k.fail("Close: %v", err)
	}
	b, err := f.Content()
	if err != nil {
		k.t.Fatalf("torn journal: Content: %v", err)
	}
	return b
}

// kept returns what is to be loaded of the first n records.
func (k *torn) kept(n int, more ...session.Record) map[string][]session.Record {
	m := map[string][]session.Record{}
	for _, r := range slices.Concat(k.records[:n], more) {
		keep(m, r)
	}
	return m
}

// first returns how many of the records, from the first on, a journal has; ok is false if
// what it has is not that.
func (k *torn) first(got map[string][]session.Record, more ...session.Record) (n int, ok bool) {
	for n := len(k.records); n >= 0; n-- {
		if alike(got, k.kept(n, more...)) {
			return n, true
		}
	}
	return 0, false
}

func alike(a, b map[string][]session.Record) bool {
	for name := range a {
		if len(b[name]) == 0 {
			return false
		}
	}
	for name := range b {
		if differ(a[name], b[name]) >= 0 {
			return false
		}
	}
	return true
}

// cutOff opens a file that ends after n bytes, and goes on with it.
func (k *torn) cutOff(whole []byte, n int) {
	k.t.Helper()
	f, err := k.open(bytes.Clone(whole[:n]))
	if err != nil {
		k.fail("cut off after %d of %d bytes it cannot be opened: %v", n, len(whole), err)
		return
	}
	got, err := load(f)
	had, ok := k.first(got)
	switch {
	case err != nil:
		k.fail("cut off after %d of %d bytes: Load: %v", n, len(whole), err)
	case !ok:
		k.fail("cut off after %d of %d bytes it has what was not appended, or not in that order: %v", n, len(whole), got)
	case n == len(whole) && had != len(k.records):
		k.fail("not cut off it has %d of %d records", had, len(k.records))
	}
	if err != nil || !ok {
		k.content(f)
		return
	}
	more := change("a", "behind the end")
	if err := f.Append([]session.Record{more}); err != nil {
		k.fail("cut off after %d of %d bytes: Append: %v", n, len(whole), err)
	}
	f, err = k.open(k.content(f))
	if err == nil {
		got, err = load(f)
		k.content(f)
	}
	if err != nil || !alike(got, k.kept(had, more)) {
		k.fail("cut off after %d of %d bytes, and appended to, and opened again: %v, and %v", n, len(whole), err, got)
	}
}

// changed opens a file in which a byte has changed.
func (k *torn) changed(whole []byte, i int, bit byte) {
	k.t.Helper()
	b := bytes.Clone(whole)
	b[i] ^= bit
	f, err := k.open(b)
	if err != nil {
		return // and so it was told
	}
	got, err := load(f)
	k.content(f)
	if had, ok := k.first(got); !ok || err == nil && had < k.last {
		k.fail("byte %d of %d has changed, and in silence it has %d of %d records, and what was not appended: %t", i, len(whole), had, len(k.records), !ok)
	}
}
