package pcap

import (
	"io"

	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// pcapngSource reads the records of a pcapng file: packet blocks of the three
// kinds, over all sections and interfaces.
type pcapngSource struct {
	blocks *blockFeed
	r      *pcapgo.NgReader
	last   int // number of the last record that was read
}

func newPcapngSource(r io.Reader) (*pcapngSource, error) {
	blocks := newBlockFeed(r)
	p, err := pcapgo.NewNgReader(blocks, pcapgo.NgReaderOptions{WantMixedLinkType: true})
	if blocks.err != nil {
		err = blocks.err
	}
	if err != nil {
		return nil, &FileError{Err: err}
	}
	return &pcapngSource{blocks: blocks, r: p}, nil
}

func (s *pcapngSource) next() (record, error) {
	data, info, err := s.r.ZeroCopyReadPacketData()
	if s.blocks.err != nil {
		err = s.blocks.err
	}
	if err == io.EOF {
		return record{}, err
	}
	if err != nil {
		// What broke off may not have got as far as its number.
		return record{}, &FileError{Record: max(s.blocks.records, s.last+1), Err: err}
	}
	s.last = s.blocks.records
	link, _ := info.AncillaryData[0].(layers.LinkType)
	return record{
		number:   s.last,
		time:     s.blocks.packetTime(),
		link:     link,
		data:     data,
		wireSize: info.Length,
	}, nil
}
