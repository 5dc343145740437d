package capture

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"net/netip"
	"os"
	"slices"

	"github.com/mqttwire/mqttwire"
)

// Options say how a file is read. The zero value is good.
type Options struct {
	// Version is the version of conversations whose CONNECT is not in the
	// capture. If it is 0 their packets tell it, as far as they can.
	Version mqttwire.Version
}

// Reader reads the MQTT conversations of one file.
type Reader struct {
	options       Options
	file          io.Closer
	records       recordSource
	raw           io.Reader // instead of records, in raw bytes and hex text
	chunk         []byte
	headers       headerDecoder
	conversations map[flow]*conversation
	streams       int
	queue         eventQueue
	unknownLink   error
	err           error // what Next returns when the queue is empty
}

// Open opens a file and tells its format from its content. Errors are those of
// package os, and *FileError if the file's header is broken.
func Open(name string, o Options) (*Reader, error) {
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
func NewReader(r io.Reader, o Options) (*Reader, error) {
	if o.Version != 0 && !o.Version.Known() {
		return nil, fmt.Errorf("there is no MQTT version %v", o.Version)
	}
	in := bufio.NewReaderSize(r, sniffSize)
	f, err := sniff(in)
	if err != nil {
		return nil, err
	}
	c := &Reader{options: o, conversations: make(map[flow]*conversation)}
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
		c.openRaw(newHexReader(in))
	default:
		c.openRaw(in)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

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
func (r *Reader) Next() (Event, error) {
	for {
		if e, ok := r.queue.pop(); ok {
			return e, nil
		}
		if r.err != nil {
			return Event{}, r.err
		}
		if err := r.step(); err != nil {
			r.finish()
			if err == io.EOF && r.unknownLink != nil {
				err = r.unknownLink
			}
			r.err = err
		}
	}
}

// Events iterates over what Next returns. An error other than io.EOF comes last.
func (r *Reader) Events() iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			e, err := r.Next()
			if err == io.EOF || !yield(e, err) || err != nil {
				return
			}
		}
	}
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
		r.unknownLink = &FileError{Record: rec.record, Err: fmt.Errorf("link type %d (%v) is not known; records of it are passed over", rec.link, rec.link)}
	}
	if s, ok := r.headers.segmentOf(rec); ok {
		r.conversation(s).add(s)
	}
	return nil
}

// conversation returns the conversation that a segment belongs to.
func (r *Reader) conversation(s segment) *conversation {
	key := flowOf(s.src, s.dst)
	c := r.conversations[key]
	if c != nil && c.isReplacedBy(s) {
		c.finish()
		c = nil
	}
	if c == nil {
		c = newConversation(r.streams, s.src, s.dst, &r.queue, r.options.Version)
		r.streams++
		r.conversations[key] = c
	}
	return c
}

// finish ends all conversations that are open, in the order of their streams.
func (r *Reader) finish() {
	open := make([]*conversation, 0, len(r.conversations))
	for _, c := range r.conversations {
		open = append(open, c)
	}
	slices.SortFunc(open, func(a, b *conversation) int { return a.stream - b.stream })
	for _, c := range open {
		c.finish()
	}
}

// rawChunk is how many raw bytes are read at a time.
const rawChunk = 32 << 10

// openRaw makes the bytes of r the only direction of the only conversation. A
// packet begins at the first byte.
func (r *Reader) openRaw(in io.Reader) {
	r.raw, r.chunk = in, make([]byte, rawChunk)
	c := newConversation(0, netip.AddrPort{}, netip.AddrPort{}, &r.queue, r.options.Version)
	c.raw, c.mqtt = true, true
	c.sides[0].state = framing
	r.conversations[flow{}] = c
}

func (r *Reader) stepRaw() error {
	n, err := r.raw.Read(r.chunk)
	c := r.conversations[flow{}]
	if n > 0 {
		c.sides[0].take(r.chunk[:n], mark{record: c.count + 1})
	}
	if err != nil && err != io.EOF {
		return &FileError{Err: err}
	}
	return err
}
