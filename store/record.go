package store

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/mqttwire/mqttwire/session"
)

// A record stands under its number, 8 bytes, counted over all sessions from 1. Its
// value is a byte of flags, the length of the session's key as a uvarint, that key,
// the data, and 4 bytes of CRC-32C of number and all that.
const (
	numberSize   = 8
	checksumSize = 4
)

// snapshotFlag says that a record is a snapshot.
const snapshotFlag = 1

// maxRecord is the most bytes of session key and data of a record, which bbolt and an
// int of 32 bits have room for.
const maxRecord = 1<<31 - 1 - 64

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendRecord appends the value of a record, and returns its checksum too.
func appendRecord(dst []byte, number uint64, r session.Record) (out []byte, sum uint32) {
	start := len(dst)
	flags := byte(0)
	if r.Snapshot {
		flags = snapshotFlag
	}
	dst = binary.AppendUvarint(append(dst, flags), uint64(len(r.Session)))
	dst = append(append(dst, r.Session...), r.Data...)
	sum = checksum(number, dst[start:])
	return binary.BigEndian.AppendUint32(dst, sum), sum
}

// checksum is that of a record: of its number and what is before the checksum.
func checksum(number uint64, value []byte) uint32 {
	var key [numberSize]byte
	binary.BigEndian.PutUint64(key[:], number)
	return crc32.Update(crc32.Checksum(key[:], castagnoli), castagnoli, value)
}

// readRecord reads the value of a record, whose slices are cut from it; why says what
// is wrong with it.
func readRecord(number uint64, value []byte) (r session.Record, sum uint32, why string) {
	n := len(value) - checksumSize
	if n < 2 {
		return r, 0, "a record is too short"
	}
	sum = binary.BigEndian.Uint32(value[n:])
	if checksum(number, value[:n]) != sum {
		return r, 0, "the checksum of a record is another"
	}
	length, size := binary.Uvarint(value[1:n])
	if size <= 0 || length > uint64(n-1-size) || value[0] > snapshotFlag {
		return r, 0, "a record is none"
	}
	key, data := value[1+size:1+size+int(length)], value[1+size+int(length):n]
	return session.Record{Session: key, Data: data, Snapshot: value[0] == snapshotFlag}, sum, ""
}
