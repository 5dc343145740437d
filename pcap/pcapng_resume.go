package pcap

import (
	"fmt"
	"slices"
)

// resume looks for the next block behind one whose end is not known: a whole one of a
// known type, which tells its length at both ends, and behind it the start of another or
// the end of the file. The fault is soft then, and says what was passed over.
func (s *pcapngSource) resume(fault *FileError) {
	for from := 1; ; from = 0 {
		b, err := s.in.peek(s.in.in.Size())
		last := err != nil
		scan := len(b) / 2 // for the others the end may not be in sight
		if last {
			scan = len(b)
		}
		for i := from; i < scan; i++ {
			if s.mayResume(b[i:], last) {
				s.in.discardNext(i)
				fault.soft, fault.Err = true, fmt.Errorf("%w; the next that can be read is %d bytes on", fault.Err, s.in.offset-fault.Offset)
				return
			}
		}
		if last {
			return
		}
		s.in.discardNext(scan)
	}
}

// mayResume reports whether b begins with a block, and with another behind it or the end
// of the file.
func (s *pcapngSource) mayResume(b []byte, last bool) bool {
	order := orderIn(b, s.order)
	size := plausible(b, order)
	if size == 0 || size > len(b) || int(order.Uint32(b[size-4:])) != size {
		return false
	}
	rest := b[size:]
	return last && len(rest) == 0 || plausible(rest, orderIn(rest, order)) > 0
}

// knownBlocks are the types of blocks that captures have.
var knownBlocks = []uint32{
	blockSectionHeader, blockInterface, blockPacket, blockSimplePacket, 4, 5, blockEnhancedPacket, blockJournalEntry, blockSecrets,
	blockCustom, blockCustomDontShare,
}

// plausible returns the size of a block whose start b begins with, or 0 if it is none.
func plausible(b []byte, order byteOrder) int {
	if order == nil {
		return 0
	}
	kind, size := order.Uint32(b), order.Uint32(b[4:])
	if size < 12 || size%4 != 0 || size > maxBlock || !slices.Contains(knownBlocks, kind) {
		return 0
	}
	return int(size)
}

// orderIn is the byte order of a block that b begins with, in a section of some order; nil
// if there is too little of it.
func orderIn(b []byte, section byteOrder) byteOrder {
	switch {
	case len(b) < 12:
		return nil
	case section.Uint32(b) == blockSectionHeader:
		return orderOf(b)
	}
	return section
}
