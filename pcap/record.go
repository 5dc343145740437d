package pcap

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gopacket/gopacket/layers"
)

// record is one link-layer packet of a capture file.
type record struct {
	number   int // counted from 1
	time     time.Time
	link     layers.LinkType
	data     []byte // valid until the next record is read
	wireSize int    // bytes it had on the wire, of which data may be the first part
}

// recordSource reads the records of a capture file. After the last it returns
// io.EOF; a *FileError says that there is more, but it cannot be read.
type recordSource interface {
	next() (record, error)
}

// FileError says that a file cannot be read from some record on. The events
// that came before it are good.
type FileError struct {
	// Record is the number of the first record that could not be read, counted
	// from 1; 0 if the fault is not in a record.
	Record int

	// Err is the cause.
	Err error
}

// Error says which record, and why.
func (e *FileError) Error() string {
	reason := e.Err.Error()
	if errors.Is(e.Err, io.ErrUnexpectedEOF) {
		reason = "the file ends inside it"
	}
	if e.Record == 0 {
		return reason
	}
	return fmt.Sprintf("record %d: %s", e.Record, reason)
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }
