package pcap

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// The pcapng block types that matter here. All others are passed over. Journal
// entries and custom blocks are passed over too, but have a record number, as
// they have in Wireshark.
const (
	blockSectionHeader   = 0x0A0D0D0A
	blockInterface       = 1
	blockPacket          = 2 // obsolete, still found
	blockSimplePacket    = 3
	blockEnhancedPacket  = 6
	blockJournalEntry    = 9
	blockCustom          = 0x00000BAD
	blockCustomDontShare = 0x40000BAD
)

// errCutBlock is what a file gives that ends inside a block.
var errCutBlock = errors.New("the file ends inside a block")

// byteOrder reads and appends numbers.
type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// blockFeed hands a pcapng file to pcapgo's NgReader, one checked block at a
// time. It is there for what NgReader does not do: lengths and interface
// numbers are checked before they are used; options that cannot be parsed do
// not end the file; a minor version other than 0 does not either; and times of
// every resolution are kept exact (NgReader rounds those of powers of two, and
// takes seconds for microseconds).
//
// NgReader asks for more bytes only when it has used up what it has, and gets
// one block at a time, so the last packet block fed is the one it returns.
type blockFeed struct {
	in         *bufio.Reader
	order      byteOrder
	interfaces []interfaceClock
	snapLength uint32 // of the section's first interface, which simple packet blocks use
	records    int    // how many blocks with a record number came
	block      bytes.Buffer
	out        []byte // the block being handed out
	rest       []byte // what is left of it
	last       time.Time
	err        error // why no more blocks come, unless it is the end of the file
}

func newBlockFeed(r io.Reader) *blockFeed {
	return &blockFeed{in: bufio.NewReader(r), order: binary.LittleEndian}
}

// packetTime returns the time of the last packet block, or the zero Time if
// that has none.
func (f *blockFeed) packetTime() time.Time { return f.last }

// Read gives NgReader the next bytes, never of two blocks at once.
func (f *blockFeed) Read(p []byte) (int, error) {
	for len(f.rest) == 0 {
		if f.err != nil {
			return 0, f.err
		}
		if err := f.load(); err != nil {
			if err != io.EOF {
				f.err = err
			}
			return 0, err
		}
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

// load reads the next block, and puts it into rest if NgReader needs it.
func (f *blockFeed) load() error {
	var head [8]byte
	if n, err := io.ReadFull(f.in, head[:]); err != nil {
		if n == 0 {
			return err
		}
		return cut(err)
	}
	if err := f.readOrder(head[:4]); err != nil {
		return err
	}
	kind, size := f.order.Uint32(head[:4]), f.order.Uint32(head[4:])
	if size < 12 || size%4 != 0 {
		return fmt.Errorf("a block has the impossible length %d", size)
	}
	body, err := f.readBody(kind, int64(size)-12)
	if err != nil {
		return err
	}
	var tail [4]byte
	if _, err := io.ReadFull(f.in, tail[:]); err != nil {
		return cut(err)
	}
	if f.order.Uint32(tail[:]) != size {
		return fmt.Errorf("a block of length %d ends with the length %d", size, f.order.Uint32(tail[:]))
	}
	if body == nil {
		return nil
	}
	return f.feed(kind, body)
}

func cut(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errCutBlock
	}
	return err
}

// readOrder takes the byte order from the start of a section header's body, if
// the block is one.
func (f *blockFeed) readOrder(kind []byte) error {
	if binary.BigEndian.Uint32(kind) != blockSectionHeader {
		return nil
	}
	magic, err := f.in.Peek(4)
	if err != nil {
		return cut(err)
	}
	switch binary.BigEndian.Uint32(magic) {
	case 0x1A2B3C4D:
		f.order = binary.BigEndian
	case 0x4D3C2B1A:
		f.order = binary.LittleEndian
	default:
		return errors.New("a section header has no byte-order magic")
	}
	return nil
}

// readBody reads a block's body, or passes it over and returns nil if nobody
// needs it. The buffer grows with what is read: the length is not to be
// trusted.
func (f *blockFeed) readBody(kind uint32, size int64) ([]byte, error) {
	f.block.Reset()
	var to io.Writer = &f.block
	switch kind {
	case blockSectionHeader, blockInterface:
	case blockPacket, blockSimplePacket, blockEnhancedPacket:
		f.records++
	case blockJournalEntry, blockCustom, blockCustomDontShare:
		f.records++
		to = io.Discard
	default:
		to = io.Discard
	}
	if _, err := io.CopyN(to, f.in, size); err != nil {
		return nil, cut(err)
	}
	if to == io.Discard {
		return nil, nil
	}
	return f.block.Bytes(), nil
}

// feed checks a block and hands it out without its options.
func (f *blockFeed) feed(kind uint32, body []byte) error {
	switch kind {
	case blockSectionHeader:
		return f.feedSection(body)
	case blockInterface:
		return f.feedInterface(body)
	case blockSimplePacket:
		return f.feedSimplePacket(body)
	}
	return f.feedPacket(kind, body)
}

func (f *blockFeed) feedSection(body []byte) error {
	if len(body) < 16 {
		return errors.New("a section header is too short")
	}
	if major := f.order.Uint16(body[4:]); major != 1 {
		return fmt.Errorf("pcapng version %d is not known", major)
	}
	// Later minor versions add to the format and change nothing of it, but
	// NgReader takes only 0.
	f.order.PutUint16(body[6:], 0)
	f.interfaces = f.interfaces[:0]
	f.hand(blockSectionHeader, body[:16])
	return nil
}

func (f *blockFeed) feedInterface(body []byte) error {
	if len(body) < 8 {
		return errors.New("an interface description is too short")
	}
	clock, err := readInterfaceClock(body[8:], f.order)
	if err != nil {
		return err
	}
	if len(f.interfaces) == 0 {
		f.snapLength = f.order.Uint32(body[4:])
	}
	f.interfaces = append(f.interfaces, clock)
	f.hand(blockInterface, body[:8])
	return nil
}

func (f *blockFeed) feedSimplePacket(body []byte) error {
	if len(body) < 4 {
		return errors.New("a simple packet block is too short")
	}
	if len(f.interfaces) == 0 {
		return errors.New("a packet comes before its section's first interface")
	}
	size := f.order.Uint32(body)
	if f.snapLength != 0 {
		size = min(size, f.snapLength)
	}
	if uint64(size) > uint64(len(body)-4) {
		return fmt.Errorf("a simple packet block has %d bytes for a packet of %d", len(body)-4, size)
	}
	f.last = time.Time{}
	f.hand(blockSimplePacket, body)
	return nil
}

func (f *blockFeed) feedPacket(kind uint32, body []byte) error {
	if len(body) < 20 {
		return errors.New("a packet block is too short")
	}
	id := f.order.Uint32(body)
	if kind == blockPacket {
		id = uint32(f.order.Uint16(body))
	}
	if uint64(id) >= uint64(len(f.interfaces)) {
		return fmt.Errorf("a packet is of interface %d, but its section has %d", id, len(f.interfaces))
	}
	size := uint64(f.order.Uint32(body[12:]))
	padded := 20 + (size+3)&^3
	if padded > uint64(len(body)) {
		return fmt.Errorf("a packet block has %d bytes for a packet of %d", len(body)-20, size)
	}
	ticks := uint64(f.order.Uint32(body[4:]))<<32 | uint64(f.order.Uint32(body[8:]))
	f.last = f.interfaces[id].time(ticks)
	f.hand(kind, body[:padded])
	return nil
}

// hand puts a block together again, of a body whose length is a multiple of 4.
func (f *blockFeed) hand(kind uint32, body []byte) {
	size := uint32(len(body) + 12)
	f.out = f.order.AppendUint32(f.out[:0], kind)
	f.out = f.order.AppendUint32(f.out, size)
	f.out = append(f.out, body...)
	f.out = f.order.AppendUint32(f.out, size)
	f.rest = f.out
}
