package packets

import (
	"errors"
	"time"

	"github.com/mqttwire/mqttwire"
)

// Record is a message at rest: a PUBLISH with what the wire has no place for, for
// queues, retained messages, journals and snapshots. AppendRecord writes it,
// DecodeRecord reads it.
//
// The form is a header of 24 bytes, big-endian, and the body of a PUBLISH of 5.0 with
// QoS 0, which has no packet identifier:
//
//	byte   0      the version of this form, 1
//	byte   1      bits 0 to 3 as in PUBLISH: RETAIN, QoS, and DUP, which is 0;
//	              bits 4 and 5 the side that sent it: 0 none, 1 client, 2 server
//	bytes  2-3    packet identifier, or 0 for none; with QoS 0 it is 0
//	bytes  4-7    length of the body
//	bytes  8-13   time of arrival, in milliseconds since 1970 began; 0 if not known
//	bytes 14-17   the publisher
//	bytes 18-19   check of bytes 0 to 17, from their CRC-32C, both halves xored
//	bytes 20-23   CRC-32C of bytes 0 to 19 and of the body
//	bytes 24-     topic name, property length and properties, payload
//
// So a record that was cut off, as the last one of a file that was being written, is
// told apart from one that was damaged, whatever byte it was: the length is believed
// only if the header's own check is right.
type Record struct {
	// Publish is the message. Its topic name is in full, also where it came with a Topic
	// Alias; that and DUP are of one connection and are never stored. PacketID is stored
	// with QoS 1 and 2, and may be 0 for none. Properties are legal for Sender.
	Publish Publish

	// Arrived is when the message came, in whole milliseconds, from 1970 to 10889, in
	// UTC; the zero time if it is not known. Forwarding.Waited is the time since.
	Arrived time.Time

	// Sender is the side that sent the message, or 0 if it came over no connection.
	Sender mqttwire.Sender

	// Publisher is who sent it, by a number of the caller's, such as the one of the
	// session: for No Local. 0 is nobody. Section 3.8.3.1.
	Publisher uint32
}

// RecordHeaderSize is the size of a record's header in bytes.
const RecordHeaderSize = 24

// Size returns the number of bytes that AppendRecord adds.
func (r *Record) Size() int { return RecordHeaderSize }

// AppendRecord appends the record to dst, behind which there must be nothing that the
// record aliases. What DecodeRecord would refuse gives an *mqttwire.Error, or a
// *RecordError for what stands in the header alone. On error it returns dst as it was.
// r is not changed.
func AppendRecord(dst []byte, r *Record) ([]byte, error) { return dst, errors.New("not yet") }

// DecodeRecord reads the record that b begins with, and returns what follows it. The
// byte slices of r alias b; use Publish.Clone to keep them. A store is untrusted input:
// the record is read as strictly as a PUBLISH from the wire.
//
// If b ends before the record does, as at the end of a file that was being written, it
// returns mqttwire.ErrIncomplete; nothing is wrong with the bytes that are there, as
// far as they can be checked. What is damaged, or was never a record, gives a
// *RecordError with the byte at which. On error r is empty, and rest is b.
func DecodeRecord(b []byte) (r Record, rest []byte, err error) {
	return Record{}, b, errors.New("not yet")
}

// RecordError says that a record is damaged, or that a value has no place in one.
type RecordError struct {
	// Offset is the byte of the record, counted from the first of its header, at which it
	// is wrong; mqttwire.NoOffset on encoding. Of a record whose checksum is not that of
	// its bytes, it is that of the checksum.
	Offset int

	// Why says what is wrong, in words.
	Why string

	// Err is the *mqttwire.Error, if the rule is one of PUBLISH; else nil. Its own Offset
	// counts from the fixed header that the PUBLISH would have.
	Err error
}

// Error returns one line.
func (e *RecordError) Error() string { return e.Why }

// Unwrap returns Err.
func (e *RecordError) Unwrap() error { return e.Err }
