package packets

import (
	"hash/crc32"
	"slices"
	"strconv"
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
// A record that was cut off, as the last one of a file that was being written, is told
// apart from one that was damaged, whatever byte it was: the length is believed only if
// the header's own check is right. The checksum is part of the form, and not left to the
// journal, so that damage is found wherever a record lies: stores for retained messages
// have none of their own, and a changed byte of a payload would be a legal message.
type Record struct {
	// Publish is the message. Its topic name is in full, also where it came with a Topic
	// Alias; that and DUP are of one connection and are never stored. PacketID is stored
	// with QoS 1 and 2, and may be 0 for none. Properties are legal for Sender.
	Publish Publish

	// Arrived is when the message came, in whole milliseconds, from 1970 to 10889, in
	// UTC; the zero time if it is not known, as what comes back of the first millisecond
	// of 1970 too. Forwarding.Waited is the time since.
	Arrived time.Time

	// Sender is the side that sent the message, or 0 if it came over no connection.
	Sender mqttwire.Sender

	// Publisher is who sent it, by a number of the caller's, such as the one of the
	// session: for No Local. 0 is nobody. Section 3.8.3.1.
	Publisher uint32
}

// RecordHeaderSize is the size of a record's header in bytes.
const RecordHeaderSize = 24

// Where the fields of the header begin.
const (
	recordFlagsAt     = 1
	recordPacketIDAt  = 2
	recordLengthAt    = 4
	recordArrivedAt   = 8
	recordPublisherAt = 14
	recordCheckAt     = 18
	recordSumAt       = 20
)

// The version of the form, and the bits of the flags.
const (
	recordForm        = 1
	recordSender      = 0x30
	recordSenderShift = 4
)

// castagnoli is the polynomial of CRC-32C, for which most processors have an
// instruction.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// The times that six bytes of milliseconds can tell.
var earliestArrival, latestArrival = time.UnixMilli(0), time.UnixMilli(1<<48 - 1)

// Size returns the number of bytes that AppendRecord adds.
func (r *Record) Size() int {
	p := r.body()
	return RecordHeaderSize + int(p.recordBodySize())
}

// body returns the PUBLISH whose body the record has.
func (r *Record) body() Publish {
	p := r.Publish
	p.QoS, p.Dup, p.PacketID = mqttwire.AtMostOnce, false, 0
	if p.Properties.Has(mqttwire.TopicAlias) {
		p.Properties.Remove(mqttwire.TopicAlias)
	}
	return p
}

// recordBodySize is the size of the body of a PUBLISH of 5.0.
func (p *Publish) recordBodySize() uint64 {
	return p.headerSize(propertiesSize(&p.Properties, mqttwire.V5)) + uint64(len(p.Payload))
}

// AppendRecord appends the record to dst, behind which there must be nothing that the
// record aliases. What DecodeRecord would refuse gives an *mqttwire.Error or, for what
// is in no PUBLISH, a *RecordError. On error it returns dst as it was. r is not changed.
// Nothing is allocated but the room for the record, and a copy of a property list that
// has a Topic Alias.
func AppendRecord(dst []byte, r *Record) ([]byte, error) {
	if err := r.check(); err != nil {
		return dst, err
	}
	p := r.body()
	start, n := len(dst), p.recordBodySize()
	if n > mqttwire.MaxVarint {
		return p.Append(dst, mqttwire.V5) // which says so
	}
	header := packetSize(n) - int(n)        // of the PUBLISH, at whose end that of the record will end
	const most = 1 + mqttwire.MaxVarintSize // for which Append makes room
	b := slices.Grow(dst, RecordHeaderSize+most+int(n))
	b, err := p.Append(b[:start+RecordHeaderSize-header], mqttwire.V5)
	if err != nil {
		return dst, err
	}
	r.putHeader(b[start:start+RecordHeaderSize], b[start+RecordHeaderSize:])
	return b, nil
}

// check checks what the body alone does not show.
func (r *Record) check() error {
	switch p := &r.Publish; {
	case !p.QoS.Valid(): // [MQTT-3.3.1-4]
		return refuseForwarded(mqttwire.V5, mqttwire.RuleQoS, mqttwire.FieldQoS, int64(p.QoS))
	case len(p.Topic) == 0:
		return wire.CheckTopicName(p.Topic, mqttwire.PUBLISH, mqttwire.V5, mqttwire.FieldTopicName)
	case r.Sender > mqttwire.FromServer:
		return &RecordError{Offset: mqttwire.NoOffset, Why: whySender}
	case !r.Arrived.IsZero() && (r.Arrived.Before(earliestArrival) || r.Arrived.After(latestArrival)):
		return &RecordError{Offset: mqttwire.NoOffset, Why: "the time of arrival is from 1970 to 10889, or not known"}
	}
	return ownFault(r.checkSender())
}

// checkSender checks that the side may send the message. [MQTT-3.3.4-6]
func (r *Record) checkSender() error {
	if r.Sender != mqttwire.FromClient || !r.Publish.Properties.Has(mqttwire.SubscriptionIdentifier) {
		return nil
	}
	p := Publish{Properties: r.Publish.Properties} // which goes to the heap, and r does not
	return CheckSender(&p, mqttwire.V5, r.Sender)
}

// ownFault makes an error of checkSender that of who appends the record.
func ownFault(err error) error {
	if e, ok := err.(*mqttwire.Error); ok {
		e.Own = true
	}
	return err
}

// putHeader writes the header of a record with that body.
func (r *Record) putHeader(b, body []byte) {
	p := r.Publish
	flags, id := byte(p.QoS)<<qosShift|byte(r.Sender)<<recordSenderShift, p.PacketID
	if p.Retain {
		flags |= flagRetain
	}
	if p.QoS == mqttwire.AtMostOnce {
		id = 0
	}
	arrived := int64(0)
	if !r.Arrived.IsZero() {
		arrived = r.Arrived.UnixMilli()
	}
	b[0], b[recordFlagsAt] = recordForm, flags
	putBigEndian(b[recordPacketIDAt:recordLengthAt], uint64(id))
	putBigEndian(b[recordLengthAt:recordArrivedAt], uint64(len(body)))
	putBigEndian(b[recordArrivedAt:recordPublisherAt], uint64(arrived))
	putBigEndian(b[recordPublisherAt:recordCheckAt], uint64(r.Publisher))
	putBigEndian(b[recordCheckAt:recordSumAt], uint64(recordCheck(b)))
	putBigEndian(b[recordSumAt:], uint64(recordSum(b, body)))
}

// recordCheck is the check of a header.
func recordCheck(header []byte) uint16 {
	sum := crc32.Checksum(header[:recordCheckAt], castagnoli)
	return uint16(sum) ^ uint16(sum>>16)
}

// recordSum is the checksum of a record.
func recordSum(header, body []byte) uint32 {
	return crc32.Update(crc32.Checksum(header[:recordSumAt], castagnoli), castagnoli, body)
}

// bigEndian reads a number of as many bytes.
func bigEndian(b []byte) (n uint64) {
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

// putBigEndian writes a number in as many bytes.
func putBigEndian(b []byte, n uint64) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte(n)
		n >>= 8
	}
}

// DecodeRecord reads the record that b begins with, and returns what follows it. The
// byte slices of r alias b; use Publish.Clone to keep them. A store is untrusted input:
// the record is read as strictly as a PUBLISH from the wire, and what is read is written
// to the same bytes.
//
// If b ends before the record does, as at the end of a file that was being written, it
// returns mqttwire.ErrIncomplete: as far as the bytes are there, nothing is wrong with
// them. What is damaged, or was never a record, gives a *RecordError with the byte at
// which. On error r is empty, and rest is b. Nothing is allocated.
func DecodeRecord(b []byte) (r Record, rest []byte, err error) {
	n, err := r.readHeader(b)
	if err != nil {
		return Record{}, b, err
	}
	end := RecordHeaderSize + n
	body := b[RecordHeaderSize:end:end]
	if recordSum(b, body) != uint32(bigEndian(b[recordSumAt:RecordHeaderSize])) {
		return Record{}, b, &RecordError{Offset: recordSumAt, Why: "the checksum is not that of the record"}
	}
	if err := r.readBody(body); err != nil {
		return Record{}, b, err
	}
	return r, b[end:], nil
}

// whySender is what there is to say of a side that is none.
const whySender = "the side that sent the message is 1, the client, 2, the server, or 0 for neither"

// readHeader reads the header of the record that b begins with, and returns the length
// of its body, all of which is there.
func (r *Record) readHeader(b []byte) (n int, err error) {
	switch {
	case len(b) > 0 && b[0] != recordForm:
		return 0, &RecordError{Offset: 0, Why: "a record of this form begins with 0x01"}
	case len(b) >= recordSumAt && recordCheck(b) != uint16(bigEndian(b[recordCheckAt:recordSumAt])):
		return 0, &RecordError{Offset: recordCheckAt, Why: "the check is not that of the header"}
	case len(b) < RecordHeaderSize:
		return 0, mqttwire.ErrIncomplete
	}
	flags, id := b[recordFlagsAt], uint16(bigEndian(b[recordPacketIDAt:recordLengthAt]))
	r.Sender = mqttwire.Sender(flags & recordSender >> recordSenderShift)
	length := bigEndian(b[recordLengthAt:recordArrivedAt])
	r.Publish.setFlags(flags)
	r.Publish.PacketID = id
	rule, _, _ := r.Publish.flagsFault(mqttwire.V5)
	switch {
	case rule != 0 || r.Publish.Dup || flags&^(flagRetain|flagQoS|recordSender) != 0:
		return 0, &RecordError{Offset: recordFlagsAt, Why: "the QoS is 0, 1 or 2, and DUP and bits 6 and 7 are 0"}
	case r.Sender > mqttwire.FromServer:
		return 0, &RecordError{Offset: recordFlagsAt, Why: whySender}
	case id != 0 && r.Publish.QoS == mqttwire.AtMostOnce:
		return 0, &RecordError{Offset: recordPacketIDAt, Why: "with QoS 0 there is no packet identifier"}
	case length > mqttwire.MaxVarint:
		return 0, &RecordError{Offset: recordLengthAt, Why: "the body has 0 to 268435455 bytes"}
	case length > uint64(len(b)-RecordHeaderSize):
		return 0, mqttwire.ErrIncomplete
	}
	if arrived := bigEndian(b[recordArrivedAt:recordPublisherAt]); arrived != 0 {
		r.Arrived = time.UnixMilli(int64(arrived)).UTC()
	}
	r.Publisher = uint32(bigEndian(b[recordPublisherAt:recordCheckAt]))
	return int(length), nil
}

// readBody reads the body into the PUBLISH, of which the header has been read.
func (r *Record) readBody(body []byte) error {
	header := mqttwire.FixedHeader{Type: mqttwire.PUBLISH, RemainingLength: uint32(len(body))}
	var p Publish
	if err := p.Decode(mqttwire.Frame{Header: header, Body: body}, mqttwire.V5); err != nil {
		e := err.(*mqttwire.Error)
		return &RecordError{Offset: RecordHeaderSize + e.Offset - (header.PacketSize() - len(body)), Why: e.Error(), Err: e}
	}
	if at, ok := p.Properties.Offset(mqttwire.TopicAlias); ok {
		list := len(body) - len(p.Payload) - len(p.Properties.Bytes())
		return &RecordError{Offset: RecordHeaderSize + list + at, Why: "a Topic Alias is of one connection"}
	}
	r.Publish.Topic, r.Publish.Properties, r.Publish.Payload = p.Topic, p.Properties, p.Payload
	if err := r.checkSender(); err != nil {
		at, _ := p.Properties.Offset(mqttwire.SubscriptionIdentifier)
		list := len(body) - len(p.Payload) - len(p.Properties.Bytes())
		return &RecordError{Offset: RecordHeaderSize + list + at, Why: err.Error(), Err: err}
	}
	return nil
}

// RecordError says that a record is damaged, or that a value has no place in one.
type RecordError struct {
	// Offset is the byte of the record, counted from the first of its header, at which it
	// is wrong; mqttwire.NoOffset on encoding. Where a checksum is not that of its bytes,
	// any of which may be wrong, it is that of the checksum.
	Offset int

	// Why says what is wrong, in words.
	Why string

	// Err is the *mqttwire.Error, if a rule of PUBLISH is broken; else nil. Its own Offset
	// counts from the fixed header that the PUBLISH would have, or is NoOffset.
	Err error
}

// Error returns one line.
func (e *RecordError) Error() string {
	if e.Offset == mqttwire.NoOffset {
		return "packets: no record can hold this: " + e.Why
	}
	return "packets: damaged record: at byte " + strconv.Itoa(e.Offset) + ": " + e.Why
}

// Unwrap returns Err.
func (e *RecordError) Unwrap() error { return e.Err }
