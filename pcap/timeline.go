package pcap

import (
	"io"
	"slices"
	"time"
)

// timeline puts the records of several files in order: of captures that were rotated,
// one follows the other; of those that were made at the same time, the record that was
// first comes first. Only files are open that are being read.
type timeline struct {
	options *Options
	waiting []waitingFile // by the time of their first record
	reading []*file
}

// waitingFile is a file that is not being read yet.
type waitingFile struct {
	number int
	input  Input
	first  time.Time // of its first record, or behindAll
	opened *file     // with its first record, if it cannot be read twice or is the only one
	err    error     // why it cannot be read
}

func newTimeline(inputs []Input, o *Options) *timeline {
	t := &timeline{options: o}
	for i, in := range inputs {
		w := waitingFile{number: i, input: in}
		if len(inputs) > 1 {
			w.look(o)
		}
		t.waiting = append(t.waiting, w)
	}
	slices.SortStableFunc(t.waiting, func(a, b waitingFile) int { return a.first.Compare(b.first) })
	return t
}

// behindAll is later than any time that a file can have.
var behindAll = time.Unix(1<<40, 0)

// look looks at the first record of a file.
func (w *waitingFile) look(o *Options) {
	f, err := openFile(w.number, w.input, o)
	if err != nil {
		w.err = err
		return
	}
	w.first = f.firstTime()
	if f.records == nil {
		w.first = behindAll
	}
	if w.input.Reader != nil {
		w.opened = f
		return
	}
	f.end()
}

// open opens a file that was waiting.
func (t *timeline) open(w waitingFile) (*file, error) {
	if w.err != nil || w.opened != nil {
		return w.opened, w.err
	}
	return openFile(w.number, w.input, t.options)
}

// next returns the file whose record is next, or one of raw bytes or that has ended;
// nil if all have ended. The error is that of a file that cannot be opened.
func (t *timeline) next() (*file, error) {
	for {
		at := t.earliest()
		if len(t.waiting) > 0 && (at < 0 || t.reading[at].isLater(t.waiting[0].first)) {
			w := t.waiting[0]
			t.waiting = t.waiting[1:]
			f, err := t.open(w)
			if err != nil {
				return nil, err
			}
			t.reading = append(t.reading, f)
			continue
		}
		if at < 0 {
			return nil, io.EOF
		}
		return t.reading[at], nil
	}
}

// earliest returns the index of the file to be read next: one that has ended or has
// no times, or that whose record is the earliest; -1 if none is being read.
func (t *timeline) earliest() int {
	if len(t.reading) == 1 {
		t.reading[0].advance()
		return 0
	}
	at := -1
	for i, f := range t.reading {
		f.advance()
		if f.records == nil || f.err != nil {
			return i
		}
		if at < 0 || f.head.time.Before(t.reading[at].head.time) {
			at = i
		}
	}
	return at
}

// isLater reports whether what comes next of a file is later than a time.
func (f *file) isLater(first time.Time) bool {
	return f.records != nil && f.err == nil && f.head.time.After(first)
}

// remove ends a file.
func (t *timeline) remove(f *file) {
	f.end()
	t.reading = slices.DeleteFunc(t.reading, func(other *file) bool { return other == f })
}

// end closes all files.
func (t *timeline) end() {
	for _, f := range t.reading {
		f.end()
	}
	for _, w := range t.waiting {
		if w.opened != nil {
			w.opened.end()
		}
	}
	t.reading, t.waiting = nil, nil
}
