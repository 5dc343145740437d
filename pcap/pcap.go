package pcap

import (
	"errors"
	"io"

	"github.com/gopacket/gopacket/pcapgo"
)

// pcapSource reads the records of a pcap file, of either byte order and of
// microseconds or nanoseconds.
type pcapSource struct {
	r    *pcapgo.Reader
	read int
}

func newPcapSource(r io.Reader) (*pcapSource, error) {
	p, err := pcapgo.NewReader(r)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = errors.New("the file ends inside its header")
	}
	if err != nil {
		return nil, &FileError{Err: err}
	}
	return &pcapSource{r: p}, nil
}

func (s *pcapSource) next() (record, error) {
	data, info, err := s.r.ZeroCopyReadPacketData()
	if err == io.EOF && info.CaptureLength != 0 {
		// A file that ends right behind a record's header is cut too.
		err = io.ErrUnexpectedEOF
	}
	if err == io.EOF {
		return record{}, err
	}
	s.read++
	if err != nil {
		return record{}, &FileError{Record: s.read, Err: err}
	}
	return record{
		number:   s.read,
		time:     info.Timestamp,
		link:     s.r.LinkType(),
		data:     data,
		wireSize: info.Length,
	}, nil
}
