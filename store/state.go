package store

import (
	"encoding/binary"
	"hash/crc32"
)

// state is what a Store knows of all its records: with it, one that is missing shows.
type state struct {
	last  uint64 // number of the record that came last
	count uint64 // records that are kept
	sum   uint64 // of their checksums
}

// stateVersion is that of the form of a file.
const stateVersion = 1

// stateSize is that of a state in bytes.
const stateSize = 1 + 3*8 + checksumSize

// append appends the state: version, 8 bytes for each field, CRC-32C.
func (s state) append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, stateVersion)
	for _, n := range []uint64{s.last, s.count, s.sum} {
		dst = binary.BigEndian.AppendUint64(dst, n)
	}
	return binary.BigEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

// readState reads a state; why says what is wrong with it.
func readState(b []byte) (s state, why string) {
	switch n := stateSize - checksumSize; {
	case len(b) != stateSize:
		return s, "the state has a wrong length"
	case crc32.Checksum(b[:n], castagnoli) != binary.BigEndian.Uint32(b[n:]):
		return s, "the checksum of the state is another"
	case b[0] != stateVersion:
		return s, "its form is that of a later version"
	}
	for i, field := range []*uint64{&s.last, &s.count, &s.sum} {
		*field = binary.BigEndian.Uint64(b[1+8*i:])
	}
	return s, ""
}

// add counts a record.
func (s *state) add(sum uint32) {
	s.count++
	s.sum += uint64(sum)
}

// remove takes a record out of the count.
func (s *state) remove(sum uint32) {
	s.count--
	s.sum -= uint64(sum)
}
