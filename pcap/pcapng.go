package pcap

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/gopacket/gopacket/layers"
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
	blockSecrets         = 10
	blockCustom          = 0x00000BAD
	blockCustomDontShare = 0x40000BAD
)

// secretsTLS is the type of decryption secrets that are an NSS key log.
const secretsTLS = 0x544C534B

// maxInterfaces is how many interfaces a section may have; no machine has so many.
const maxInterfaces = 1 << 16

// errCutBlock is what a file gives that ends inside a block.
var errCutBlock = errors.New("the file ends inside a block")

// pcapngSource reads the records of a pcapng file: packet blocks of the three
// kinds, over all sections and interfaces.
type pcapngSource struct {
	in         window
	order      byteOrder
	interfaces []pcapngInterface // of the section
	records    int               // how many blocks with a record number came
	last       int               // number of the last record that was read
	secrets    func([]byte)      // takes key logs, unless it is nil
}

// pcapngInterface is what an interface description tells.
type pcapngInterface struct {
	link       layers.LinkType
	clock      interfaceClock
	snapLength uint32
}

func newPcapngSource(in *bufio.Reader, secrets func([]byte)) (*pcapngSource, error) {
	s := &pcapngSource{in: window{in: in}, order: binary.LittleEndian, secrets: secrets}
	if _, err := s.block(new(record)); err != nil {
		if err == io.EOF {
			err = errCutBlock
		}
		return nil, &FileError{Err: err}
	}
	return s, nil
}

func (s *pcapngSource) next(r *record) error {
	for {
		at := s.in.offset
		ok, err := s.block(r)
		switch {
		case err == io.EOF:
			return err
		case err != nil:
			// What broke off may not have got as far as its number.
			fault := &FileError{Record: max(s.records, s.last+1), Offset: at, Err: err}
			switch {
			case errors.As(err, new(blockFault)):
				fault.soft = true
			case errors.As(err, new(*damagedBlock)):
				s.resume(fault)
			}
			return fault
		case ok:
			r.offset, s.last = at, s.records
			return nil
		}
	}
}

// blockFault is what is wrong inside a block whose end is known.
type blockFault string

func (f blockFault) Error() string { return string(f) }

func blockFaultf(format string, a ...any) error { return blockFault(fmt.Sprintf(format, a...)) }

// damagedBlock is what is wrong with a block whose end is not known.
type damagedBlock struct{ error }

func damagedf(format string, a ...any) error { return &damagedBlock{fmt.Errorf(format, a...)} }

// maxBlock is how long a block may be, in bytes; those that are not looked into too.
const maxBlock = maxRecord + 1<<12

// block reads the next block; ok says that it has a record.
func (s *pcapngSource) block(r *record) (ok bool, err error) {
	if err := s.readOrder(); err != nil {
		return false, err
	}
	head, err := s.in.peek(8)
	if err != nil {
		return false, cutBlock(cutAt(len(head), err))
	}
	kind, size := s.order.Uint32(head), s.order.Uint32(head[4:])
	if size < 12 || size%4 != 0 || size > maxBlock || int(size) > s.in.in.Size() && !slices.Contains(knownBlocks, kind) {
		return false, damagedf("a block has the impossible length %d", size)
	}
	if isRecord(kind) {
		s.records++
	}
	body, err := s.body(int(size))
	if err != nil || !s.needs(kind) {
		return false, err
	}
	return s.read(kind, body, r)
}

// body takes a block, whose end has to tell the same length as its start, and returns
// what is between. If they differ nothing is taken.
func (s *pcapngSource) body(size int) ([]byte, error) {
	large := size > s.in.in.Size()
	look := s.in.peek
	if large {
		look = s.in.take
	}
	b, err := look(size)
	if err != nil {
		err = &damagedBlock{cutBlock(cutAt(1, err))}
	} else if end := s.order.Uint32(b[size-4:]); int64(end) != int64(size) {
		err = damagedf("a block of length %d ends with the length %d", size, end)
	}
	switch {
	case err != nil && large && !s.in.unread(b):
		return nil, err.(*damagedBlock).error // nothing is looked for behind it
	case err != nil || large:
	default:
		_, err = s.in.take(size)
	}
	if err != nil {
		return nil, err
	}
	return b[8 : size-4], nil
}

func cutBlock(err error) error {
	if err == io.ErrUnexpectedEOF {
		return errCutBlock
	}
	return err
}

// isRecord reports whether a block has a record number.
func isRecord(kind uint32) bool {
	switch kind {
	case blockPacket, blockSimplePacket, blockEnhancedPacket, blockJournalEntry, blockCustom, blockCustomDontShare:
		return true
	}
	return false
}

// needs reports whether a block is looked into.
func (s *pcapngSource) needs(kind uint32) bool {
	switch kind {
	case blockSectionHeader, blockInterface, blockPacket, blockSimplePacket, blockEnhancedPacket:
		return true
	case blockSecrets:
		return s.secrets != nil
	}
	return false
}

// readOrder takes the byte order from the next block, if that is a section header.
func (s *pcapngSource) readOrder() error {
	head, err := s.in.peek(12)
	if len(head) < 8 || binary.BigEndian.Uint32(head) != blockSectionHeader {
		return nil
	}
	if err != nil {
		return cutBlock(cutAt(1, err))
	}
	order := orderOf(head)
	if order == nil {
		return damagedf("a section header has no byte-order magic")
	}
	s.order = order
	return nil
}

// orderOf is the byte order of a section header, by its magic; nil if that is none.
func orderOf(head []byte) byteOrder {
	switch binary.BigEndian.Uint32(head[8:]) {
	case 0x1A2B3C4D:
		return binary.BigEndian
	case 0x4D3C2B1A:
		return binary.LittleEndian
	}
	return nil
}

// read reads the body of a block.
func (s *pcapngSource) read(kind uint32, body []byte, r *record) (ok bool, err error) {
	switch kind {
	case blockSectionHeader:
		err = s.readSection(body)
	case blockInterface:
		err = s.readInterface(body)
	case blockSecrets:
		err = s.readSecrets(body)
	case blockSimplePacket:
		err = s.readSimplePacket(body, r)
		return err == nil, err
	default:
		err = s.readPacket(kind, body, r)
		return err == nil, err
	}
	return false, err
}

// readSection begins a section. Later minor versions add to the format and change
// nothing of it.
func (s *pcapngSource) readSection(body []byte) error {
	if len(body) < 16 {
		return errors.New("a section header is too short")
	}
	if major := s.order.Uint16(body[4:]); major != 1 {
		return fmt.Errorf("pcapng version %d is not known", major)
	}
	s.interfaces = s.interfaces[:0]
	return nil
}

// readInterface reads an interface description. One that is damaged counts all the
// same, as packets name interfaces by their numbers.
func (s *pcapngSource) readInterface(body []byte) error {
	if len(s.interfaces) == maxInterfaces {
		return fmt.Errorf("a section has more than %d interfaces", maxInterfaces)
	}
	if len(body) < 8 {
		s.interfaces = append(s.interfaces, pcapngInterface{link: 0xFFFF})
		return blockFault("an interface description is too short")
	}
	clock, err := readInterfaceClock(body[8:], s.order)
	s.interfaces = append(s.interfaces, pcapngInterface{
		link:       layers.LinkType(s.order.Uint16(body)),
		clock:      clock,
		snapLength: s.order.Uint32(body[4:]),
	})
	if err != nil {
		return blockFault(err.Error())
	}
	return nil
}

// readSecrets hands decryption secrets on, if they are a key log of TLS.
func (s *pcapngSource) readSecrets(body []byte) error {
	if len(body) < 8 || uint64(s.order.Uint32(body[4:])) > uint64(len(body)-8) {
		return blockFault("a block of decryption secrets is shorter than its secrets")
	}
	if s.order.Uint32(body) == secretsTLS {
		s.secrets(body[8:][:s.order.Uint32(body[4:])])
	}
	return nil
}

// readSimplePacket reads a packet without time, of the first interface.
func (s *pcapngSource) readSimplePacket(body []byte, r *record) error {
	if len(body) < 4 {
		return blockFault("a simple packet block is too short")
	}
	if len(s.interfaces) == 0 {
		return blockFault("a packet comes before its section's first interface")
	}
	first := &s.interfaces[0]
	onWire := s.order.Uint32(body)
	size := onWire
	if first.snapLength != 0 {
		size = min(size, first.snapLength)
	}
	if uint64(size) > uint64(len(body)-4) {
		return blockFaultf("a simple packet block has %d bytes for a packet of %d", len(body)-4, size)
	}
	s.record(r, first, time.Time{}, body[4:][:size], onWire)
	return nil
}

// readPacket reads a packet of the interface that it names.
func (s *pcapngSource) readPacket(kind uint32, body []byte, r *record) error {
	if len(body) < 20 {
		return blockFault("a packet block is too short")
	}
	id := s.order.Uint32(body)
	if kind == blockPacket {
		id = uint32(s.order.Uint16(body))
	}
	if uint64(id) >= uint64(len(s.interfaces)) {
		return blockFaultf("a packet is of interface %d, but its section has %d", id, len(s.interfaces))
	}
	size := s.order.Uint32(body[12:])
	if uint64(size) > uint64(len(body)-20) {
		return blockFaultf("a packet block has %d bytes for a packet of %d", len(body)-20, size)
	}
	ticks := uint64(s.order.Uint32(body[4:]))<<32 | uint64(s.order.Uint32(body[8:]))
	from := &s.interfaces[id]
	s.record(r, from, from.clock.time(ticks), body[20:][:size], s.order.Uint32(body[16:]))
	return nil
}

// record fills in a record of an interface.
func (s *pcapngSource) record(r *record, from *pcapngInterface, at time.Time, data []byte, onWire uint32) {
	r.number, r.time, r.link, r.data, r.wireSize = s.records, at, from.link, data, int(onWire&0x7FFFFFFF)
}
