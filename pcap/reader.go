package pcap

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/mqttwire/mqttwire/capture"
)

// Reader reads the MQTT conversations of one file.
type Reader struct {
	file          io.Closer
	records       recordSource
	headers       headerDecoder
	raw           io.Reader // instead of records, in raw bytes and hex text
	chunk         []byte
	conversations *capture.Conversations
	unknownLink   error
	err           error // what Next returns when there are no more events
}

// Open opens a file and tells its format from its content. Errors are those of
// package os, those of NewReader, and *FileError if the file's header is broken.
func Open(name string, o capture.Options) (*Reader, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	r, err := NewReader(f, o)
	if err != nil {
		f.Close()
		return nil, err
	}
	r.file = f
	return r, nil
}

// NewReader reads a file of any known format from r, which may be a pipe that
// is still being written to. Errors are those of r, a *FileError, and one for
// options that cannot be met.
func NewReader(r io.Reader, o capture.Options) (*Reader, error) {
	conversations, err := capture.NewConversations(o)
	if err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(r, sniffSize)
	f, err := sniff(in)
	if err != nil {
		return nil, err
	}
	c := &Reader{conversations: conversations}
	switch f {
	case formatPcap:
		c.records, err = newPcapSource(in)
	case formatPcapng:
		c.records, err = newPcapngSource(in)
	case formatGzip:
		err = &FileError{Err: errGzip}
	case formatPcapModified:
		err = &FileError{Err: errModifiedPcap}
	case formatHex:
		c.readRaw(newHexReader(in))
	default:
		c.readRaw(in)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Summary returns what the capture had in it, in numbers; it is complete when Next
// has returned io.EOF or another error.
func (r *Reader) Summary() capture.Summary { return r.conversations.Summary() }

// Close closes the file that Open opened.
func (r *Reader) Close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// Next returns the next event, in the order of the records that completed them;
// what stands behind a hole in a direction comes when the hole is given up.
// After the last event it returns io.EOF, or a *FileError if the file could not
// be read to its end.
func (r *Reader) Next() (capture.Event, error) {
	for {
		if e, ok := r.conversations.Next(); ok {
			return e, nil
		}
		if r.err != nil {
			return capture.Event{}, r.err
		}
		r.read()
	}
}

// Events iterates over what Next returns, without letting events wait: so memory is
// bounded, whatever the file. An error other than io.EOF comes last.
func (r *Reader) Events() iter.Seq2[capture.Event, error] {
	return func(yield func(capture.Event, error) bool) {
		stopped := false
		r.conversations.Handle(func(e capture.Event) bool {
			stopped = !yield(e, nil)
			return !stopped
		})
		for !stopped && r.err == nil {
			r.read()
		}
		if !stopped && r.err != io.EOF {
			yield(capture.Event{}, r.err)
		}
	}
}

// read reads on, and remembers why there is no more.
func (r *Reader) read() {
	err := r.step()
	if err == nil {
		return
	}
	r.conversations.Finish()
	if err == io.EOF && r.unknownLink != nil {
		err = r.unknownLink
	}
	r.err = err
}

// step reads one more record, or some more raw bytes.
func (r *Reader) step() error {
	if r.raw != nil {
		return r.stepRaw()
	}
	rec, err := r.records.next()
	if err != nil {
		return err
	}
	if !knownLink(rec.link) && r.unknownLink == nil {
		r.unknownLink = &FileError{Record: rec.number, Err: fmt.Errorf("link type %d (%v) is not known; records of it are passed over", rec.link, rec.link)}
	}
	if s, ok := r.headers.segmentOf(rec); ok {
		r.conversations.Add(s)
	}
	return nil
}

// rawChunk is how many raw bytes are read at a time.
const rawChunk = 32 << 10

// readRaw makes the Reader read bytes, not records.
func (r *Reader) readRaw(in io.Reader) { r.raw, r.chunk = in, make([]byte, rawChunk) }

func (r *Reader) stepRaw() error {
	n, err := r.raw.Read(r.chunk)
	r.conversations.AddBytes(r.chunk[:n])
	if err != nil && err != io.EOF {
		return &FileError{Err: err}
	}
	return err
}
