package pcap

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gopacket/gopacket/layers"
)

// snoopSource reads the records of a file that Solaris's snoop wrote, of version 2:
// RFC 1761.
type snoopSource struct {
	in   window
	link layers.LinkType
	read int
}

// snoopEthernet is the one link layer that is read of those that snoop numbers.
const snoopEthernet = 4

func newSnoopSource(in *bufio.Reader) (*snoopSource, error) {
	s := &snoopSource{in: window{in: in}, link: layers.LinkTypeEthernet}
	h, err := s.in.take(16)
	if err != nil {
		return nil, &FileError{Err: endsIn("its header", err)}
	}
	if version := binary.BigEndian.Uint32(h[8:]); version != 2 {
		return nil, &FileError{Err: fmt.Errorf("snoop version %d is not known", version)}
	}
	if kind := binary.BigEndian.Uint32(h[12:]); kind != snoopEthernet {
		return nil, &FileError{Err: fmt.Errorf("link layer %d of snoop is not known; editcap -F pcapng converts it", kind)}
	}
	return s, nil
}

func (s *snoopSource) next(r *record) error {
	const header = 24
	at := s.in.offset
	h, err := s.in.take(header)
	if err == io.EOF {
		return err
	}
	s.read++
	if err != nil {
		return &FileError{Record: s.read, Offset: at, Err: err}
	}
	onWire, size, whole := binary.BigEndian.Uint32(h), binary.BigEndian.Uint32(h[4:]), binary.BigEndian.Uint32(h[8:])
	seconds, micros := binary.BigEndian.Uint32(h[16:]), binary.BigEndian.Uint32(h[20:])
	if whole > maxRecord || whole < header || size > whole-header {
		return &FileError{Record: s.read, Offset: at, Err: errors.New("its lengths are impossible")}
	}
	data, err := s.in.take(int(whole - header))
	if err != nil && !(err == io.EOF && whole == header) {
		return &FileError{Record: s.read, Offset: at, Err: cutAt(1, err)}
	}
	r.number, r.offset, r.link = s.read, at, s.link
	r.time = time.Unix(int64(seconds), int64(micros)*1000).UTC()
	r.data, r.wireSize = data[:size], int(onWire&0x7FFFFFFF)
	return nil
}
