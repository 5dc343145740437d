package pcap

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/gopacket/gopacket/layers"
)

// The magic numbers of pcap files, in the byte order of the file.
const (
	magicMicroseconds     = 0xA1B2C3D4
	magicNanoseconds      = 0xA1B23C4D
	magicModified         = 0xA1B2CD34 // Kuznetsov's: records have eight bytes more
	magicIxiaMicroseconds = 0x1C0001AB // Ixia's lcap: the file header has four bytes more
	magicIxiaNanoseconds  = 0x1C0001AC
)

const (
	pcapHeaderSize = 24
	linkTypeMask   = 0xFFFF // above are flags, such as the length of a checksum
)

// byteOrder reads and appends numbers.
type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// pcapSource reads the records of a pcap file of any version and byte order, of
// microseconds or nanoseconds.
type pcapSource struct {
	in    window
	order byteOrder
	link  layers.LinkType
	read  int
	last  time.Time // of the record before

	headerSize int           // of a record
	tick       time.Duration // what the fraction of its time counts
	lengths    lengthOrder
}

// lengthOrder says which of the two lengths of a record comes first.
type lengthOrder uint8

const (
	recordedFirst lengthOrder = iota
	wireFirst                 // before version 2.3
	eitherFirst               // in 2.3: the shorter is what was recorded
)

func newPcapSource(in *bufio.Reader) (*pcapSource, error) {
	s := &pcapSource{in: window{in: in}}
	if err := s.readFileHeader(); err != nil {
		return nil, &FileError{Err: endsIn("its header", err)}
	}
	return s, nil
}

// readFileHeader reads the header of a file.
func (s *pcapSource) readFileHeader() error {
	h, err := s.in.take(pcapHeaderSize)
	if err != nil {
		return err
	}
	s.order, s.headerSize, s.tick = binary.LittleEndian, 16, time.Microsecond
	if h[0] == 0xA1 || h[0] == 0x1C { // the first byte of each magic number
		s.order = binary.BigEndian
	}
	s.link = layers.LinkType(s.order.Uint32(h[20:]) & linkTypeMask)
	s.lengths = lengthsOf(s.order.Uint16(h[4:]), s.order.Uint16(h[6:]))
	switch s.order.Uint32(h) {
	case magicNanoseconds:
		s.tick = time.Nanosecond
	case magicModified:
		s.headerSize = 24
	case magicIxiaNanoseconds:
		s.tick = time.Nanosecond
		_, err = s.in.take(4) // the size of all records
	case magicIxiaMicroseconds:
		_, err = s.in.take(4)
	}
	return err
}

// beginsFile reports whether another file begins where a record is due, as in captures
// that were put together by appending them: with the magic number, version 2.4 and
// zeros.
func beginsFile(b []byte) bool {
	return (string(b[4:8]) == "\x02\x00\x04\x00" || string(b[4:8]) == "\x00\x02\x00\x04") &&
		string(b[8:16]) == "\x00\x00\x00\x00\x00\x00\x00\x00" &&
		slices.ContainsFunc(formats, func(f fileFormat) bool { return f.format == formatPcap && f.start == string(b[:4]) })
}

// endsIn is the error of a file that ends too early.
func endsIn(place string, err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("the file ends inside " + place)
	}
	return err
}

// lengthsOf returns the order of lengths in a version, 2.4 being the last. 543.0 is
// what DG/UX wrote.
func lengthsOf(major, minor uint16) lengthOrder {
	switch {
	case major == 2 && minor == 3:
		return eitherFirst
	case major == 2 && minor < 3, major < 2, major == 543:
		return wireFirst
	}
	return recordedFirst
}

func (s *pcapSource) next(r *record) error {
	at := s.in.offset
	h, err := s.in.take(s.headerSize)
	if err == nil && beginsFile(h) {
		s.in.putBack()
		if err := s.readFileHeader(); err != nil {
			return &FileError{Offset: at, Err: endsIn("a header", err)}
		}
		at, s.last = s.in.offset, time.Time{}
		h, err = s.in.take(s.headerSize)
	}
	if err == io.EOF {
		return err
	}
	s.read++
	if err != nil {
		return &FileError{Record: s.read, Offset: at, Err: err}
	}
	when, size, onWire := s.header(h)
	if size > maxRecord {
		return s.resume(at, size)
	}
	data, err := s.in.take(int(size))
	if err != nil && !(err == io.EOF && size == 0) {
		return &FileError{Record: s.read, Offset: at, Err: cutAt(1, err)}
	}
	s.last = when
	r.number, r.offset, r.time, r.link = s.read, at, when, s.link
	r.data, r.wireSize = data, int(onWire&0x7FFFFFFF)
	return nil
}

// header reads the header of a record.
func (s *pcapSource) header(h []byte) (at time.Time, size, onWire uint32) {
	seconds, fraction := s.order.Uint32(h), s.order.Uint32(h[4:])
	size, onWire = s.order.Uint32(h[8:]), s.order.Uint32(h[12:])
	if s.lengths == wireFirst || s.lengths == eitherFirst && size > onWire {
		size, onWire = onWire, size
	}
	return time.Unix(int64(seconds), int64(fraction)*int64(s.tick)).UTC(), size, onWire
}
