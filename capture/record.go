package capture

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gopacket/gopacket/layers"
)

// record is one link-layer packet of a capture file.
type record struct {
	mark
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
	Record int // the first record that could not be read, counted from 1; 0 if it is no record that could not be read
	Err    error
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

// errEmpty is what an empty file gives.
var errEmpty = errors.New("the file is empty")

// format is the kind of a file, told by its content.
type format uint8

const (
	formatRaw format = iota
	formatHex
	formatPcap
	formatPcapng
	formatGzip
)

// sniffSize is how many bytes of a file are looked at to tell its format.
const sniffSize = 4096

// sniff tells the format of what r holds. Raw MQTT bytes are never taken for
// hex text: each packet type but PINGREQ and its kin, which are not ASCII, has
// a zero byte or a control character in its first few bytes. It waits for no
// more bytes than it takes, since r may be a pipe.
func sniff(r *bufio.Reader) (format, error) {
	b, err := r.Peek(4)
	switch {
	case len(b) == 0 && err == io.EOF:
		return 0, &FileError{Err: errEmpty}
	case len(b) == 0:
		return 0, &FileError{Err: err}
	case hasPrefix(b, "\xd4\xc3\xb2\xa1", "\xa1\xb2\xc3\xd4", "\x4d\x3c\xb2\xa1", "\xa1\xb2\x3c\x4d"):
		return formatPcap, nil
	case hasPrefix(b, "\x0a\x0d\x0d\x0a"):
		return formatPcapng, nil
	case hasPrefix(b, "\x1f\x8b"):
		return formatGzip, nil
	}
	if b, _ = r.Peek(r.Buffered()); bytes.IndexByte(b, 0) >= 0 {
		return formatRaw, nil // no text has a zero byte
	}
	if b, _ = r.Peek(sniffSize); looksLikeHex(b) {
		return formatHex, nil
	}
	return formatRaw, nil
}

func hasPrefix(b []byte, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(string(b[:min(len(b), len(p))]), p) {
			return true
		}
	}
	return false
}
