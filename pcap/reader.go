package pcap

import (
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/mqttwire/mqttwire/capture"
)

// Reader reads the MQTT conversations of one file, or of several as one timeline.
type Reader struct {
	options       Options
	files         *timeline
	headers       headerDecoder
	chunk         []byte
	rawFile       *file // whose bytes were read last
	conversations *capture.Conversations
	faults        []error // that are still to be told
	ended         bool
}

// Open opens a file and tells its format from its content. Errors are those of
// package os, those of NewReader, and *FileError if the file's header is broken.
func Open(name string, o capture.Options) (*Reader, error) {
	return OpenInputs([]Input{{Name: name}}, Options{Options: o})
}

// NewReader reads a file of any known format from r, which may be a pipe that
// is still being written to. Errors are those of r, a *FileError, and one for
// options that cannot be met.
func NewReader(r io.Reader, o capture.Options) (*Reader, error) {
	return OpenInputs([]Input{{Reader: r}}, Options{Options: o})
}

// OpenInputs opens files that are read as one timeline: their records are taken in the
// order of their times, whatever the order of the files, so that connections go on from
// one file to the next, as of a capture that was rotated. Raw bytes and hex text, which
// have no times, come behind them, each as a conversation of its own. Event.File is the
// index of an event's file in inputs.
//
// If there is only one input, errors are those of Open. Of several, one that cannot be
// read, or not to its end, does not keep the others from being read: Next and Events
// tell of it.
func OpenInputs(inputs []Input, o Options) (*Reader, error) {
	if o.KeyLog == nil {
		o.KeyLog = NewKeyLog(nil)
	}
	o.Stages = append(slices.Clip(o.Stages), o.KeyLog.OpenTLS, OpenWebSocket)
	conversations, err := capture.NewConversations(o.Options)
	if err != nil {
		return nil, err
	}
	r := &Reader{options: o, conversations: conversations}
	r.headers.add = conversations.Add
	r.files = newTimeline(inputs, &r.options)
	if len(inputs) == 1 {
		w := &r.files.waiting[0]
		if w.opened, err = openFile(0, w.input, &r.options); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Summary returns what the capture had in it, in numbers; it is complete when Next
// has returned io.EOF.
func (r *Reader) Summary() capture.Summary { return r.conversations.Summary() }

// Records counts the records of the captures that were read so far.
func (r *Reader) Records() Records { return r.headers.counts }

// Close closes the files that were opened by their names.
func (r *Reader) Close() error {
	r.files.end()
	return nil
}

// Next returns the next event, in the order of the records that completed them;
// what stands behind a hole in a direction comes when the hole is given up. An error
// that is a *FileError, or one of package os, says that a file could not be read, or not
// all of it; call Next again for what is left, of other files. After the last event it
// returns io.EOF.
func (r *Reader) Next() (capture.Event, error) {
	for {
		if e, ok := r.conversations.Next(); ok {
			return e, nil
		}
		if err := r.fault(); err != nil {
			return capture.Event{}, err
		}
		if r.ended {
			return capture.Event{}, io.EOF
		}
		r.read()
	}
}

// Events iterates over what Next returns, without letting events wait: so memory is
// bounded, whatever the file. An error other than io.EOF is told where it came about;
// of a single file it comes last.
func (r *Reader) Events() iter.Seq2[capture.Event, error] {
	return func(yield func(capture.Event, error) bool) {
		stopped := false
		r.conversations.Handle(func(e capture.Event) bool {
			stopped = !yield(e, nil)
			return !stopped
		})
		for !stopped {
			if err := r.fault(); err != nil {
				stopped = !yield(capture.Event{}, err)
				continue
			}
			if r.ended {
				return
			}
			r.read()
		}
	}
}

// fault returns the next error that is to be told, or nil.
func (r *Reader) fault() error {
	if len(r.faults) == 0 {
		return nil
	}
	err := r.faults[0]
	r.faults = r.faults[1:]
	return err
}

// read reads one more record, or some more raw bytes; at the end of all files it ends
// the conversations before the last errors are told.
func (r *Reader) read() {
	f, err := r.files.next()
	switch {
	case err == io.EOF:
		r.finish()
	case err != nil:
		r.faults = append(r.faults, err)
	case f.records == nil:
		r.readRaw(f)
	case f.err != nil:
		r.endFile(f)
	default:
		r.addRecord(f, &f.head)
		f.due = true
	}
}

// endFile ends a file. Behind the last one nothing is to come, so the conversations
// end before its errors are told.
func (r *Reader) endFile(f *file) {
	r.files.remove(f)
	r.faults = append(r.faults, f.faults()...)
	if len(r.files.reading) == 0 && len(r.files.waiting) == 0 {
		r.finish()
	}
}

// finish ends the conversations.
func (r *Reader) finish() {
	if r.ended {
		return
	}
	r.headers.finish()
	r.conversations.Finish()
	r.ended = true
}

// addRecord looks for the TCP segment in a record.
func (r *Reader) addRecord(f *file, rec *record) {
	if f.unknown == nil && !knownLink(rec.link) {
		f.unknown = &FileError{Record: rec.number, Offset: rec.offset, Err: fmt.Errorf("link type %d (%v) is not known; records of it are passed over", rec.link, rec.link)}
	}
	r.headers.decode(rec, f.number)
}

// rawChunk is how many raw bytes are read at a time.
const rawChunk = 32 << 10

// readRaw reads some bytes of a file that has no records.
func (r *Reader) readRaw(f *file) {
	if r.chunk == nil {
		r.chunk = make([]byte, rawChunk)
	}
	if r.rawFile != f {
		r.rawFile = f
		r.conversations.BeginBytes(f.number)
	}
	n, err := f.raw.Read(r.chunk)
	r.conversations.AddBytes(r.chunk[:n])
	if err != nil {
		if err != io.EOF {
			err = &FileError{Err: err}
		}
		f.err = err
		r.endFile(f)
	}
}
