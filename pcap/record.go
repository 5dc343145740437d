package pcap

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gopacket/gopacket/layers"
)

// record is one link-layer packet of a capture file.
type record struct {
	number   int   // counted from 1
	offset   int64 // of the record in the file
	time     time.Time
	link     layers.LinkType
	data     []byte // valid until the next record is read
	wireSize int    // bytes it had on the wire, of which data may be the first part
}

// recordSource reads the records of a capture file, one after the other, into r. After
// the last it returns io.EOF; a *FileError says that there is more, but it cannot be
// read. If that is a soft one, the next record can be read all the same.
type recordSource interface {
	next(r *record) error
}

// maxRecord is how long a record may be, in bytes: no link layer has such packets, so
// a longer one is damage.
const maxRecord = 16 << 20

// FileError says that a file, or a part of it, cannot be read. The events that came
// before it are good.
type FileError struct {
	// File is the name of the file, "" where it has none.
	File string

	// Record is the number of the first record that could not be read, counted
	// from 1; 0 if the fault is not in a record.
	Record int

	// Offset is where in the file the fault begins, in bytes from 0; where the file
	// is compressed, in what it holds. It is 0 if the fault has no place.
	Offset int64

	// Err is the cause.
	Err error

	soft bool // what follows can be read
}

// Error says which record, and why, and where. The name of the file is not in it.
func (e *FileError) Error() string {
	reason := e.Err.Error()
	if errors.Is(e.Err, io.ErrUnexpectedEOF) {
		reason = "the file ends inside it"
		if e.Record == 0 {
			reason = "the file ends too early"
		}
	}
	if e.Record != 0 {
		reason = fmt.Sprintf("record %d: %s", e.Record, reason)
	}
	if e.Offset != 0 {
		reason += fmt.Sprintf(" (byte %d)", e.Offset)
	}
	return reason
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// window reads a file piece by piece, without copying those that its buffer holds.
type window struct {
	in     *bufio.Reader
	offset int64  // of the next byte
	ahead  []byte // what the buffer has from there on, as far as it was looked at
	shown  int    // bytes of the buffer before that
	last   int    // how many of those were taken last
	again  int    // how many were read again
	large  bytes.Buffer
}

// take returns the next n bytes, valid until the next call. The memory follows the
// bytes that are there, not n. The error is io.EOF if there are none, and
// io.ErrUnexpectedEOF if there are fewer.
func (w *window) take(n int) ([]byte, error) {
	if n > len(w.ahead) {
		return w.read(n)
	}
	return w.pass(n), nil
}

// pass passes over bytes of the buffer.
func (w *window) pass(n int) []byte {
	b := w.ahead[:n:n]
	w.ahead = w.ahead[n:]
	w.offset += int64(n)
	w.shown += n
	w.last = n
	return b
}

// read is take for what has to be read.
func (w *window) read(n int) ([]byte, error) {
	w.discard()
	if n > w.in.Size() {
		w.large.Reset()
		have, err := io.CopyN(&w.large, w.in, int64(n))
		w.offset += have
		return w.large.Bytes(), cutAt(int(have), err)
	}
	b, err := w.in.Peek(n)
	n = len(b)
	w.ahead, _ = w.in.Peek(w.in.Buffered())
	return w.pass(n), cutAt(n, err)
}

// peek returns the next n bytes without taking them, or as many as there are, and an
// error then. They are valid until the next call.
func (w *window) peek(n int) ([]byte, error) {
	if n <= len(w.ahead) {
		return w.ahead[:n:n], nil
	}
	w.discard()
	b, err := w.in.Peek(n)
	w.ahead, _ = w.in.Peek(w.in.Buffered())
	return b, err
}

// discardNext passes over the next n bytes, which peek has shown.
func (w *window) discardNext(n int) {
	w.discard()
	w.in.Discard(n)
	w.offset += int64(n)
}

// maxUnread is how many bytes of a file are read again at most: as often as wrong
// lengths ask for it, work would not be linear.
const maxUnread = 64 << 20

// unread has bytes that take has returned, and that were more than the buffer holds, be
// the next again. It reports false if that was done too often.
func (w *window) unread(b []byte) bool {
	if w.again += len(b); w.again > maxUnread {
		return false
	}
	w.discard()
	w.in = bufio.NewReaderSize(io.MultiReader(bytes.NewReader(bytes.Clone(b)), w.in), w.in.Size())
	w.offset -= int64(len(b))
	return true
}

// putBack has the bytes that were taken last be the next again; they were no more than
// the buffer holds.
func (w *window) putBack() {
	w.offset -= int64(w.last)
	w.shown -= w.last
	w.last, w.ahead = 0, nil
}

// discard lets go of what was taken.
func (w *window) discard() {
	w.in.Discard(w.shown)
	w.shown, w.last, w.ahead = 0, 0, nil
}

// cutAt is the error of a read that got n bytes.
func cutAt(n int, err error) error {
	if err == io.EOF && n > 0 {
		return io.ErrUnexpectedEOF
	}
	return err
}
