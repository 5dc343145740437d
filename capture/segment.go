package capture

import (
	"net/netip"
	"time"
)

// Segment is a TCP segment as it was recorded.
type Segment struct {
	// Record is the number by which events name the segment. It grows from one
	// segment of a file to the next; where it is 0 the segments are counted from 1.
	Record int

	// File is the number by which events name the file that the segment is from, where
	// one timeline is put together of several; Record counts in each of them then.
	File int

	// Time is when the segment was recorded, or the zero Time.
	Time time.Time

	// Src and Dst are the addresses of sender and receiver. They differ, and
	// tell the conversation and the direction. Segments that have neither are of one
	// conversation, as bytes that are given to AddBytes, but have a record and a time.
	Src, Dst netip.AddrPort

	// Seq is the sequence number: of the SYN if there is one, which takes a
	// number itself, else of the first byte of Payload.
	Seq uint32

	// Ack is the acknowledgement number, if ACK is set: the sequence number of the
	// next byte that the sender waits for. It tells which bytes of the other
	// direction have come although they are not in the capture. Who does not know
	// it leaves it 0.
	Ack uint32

	SYN, ACK, FIN, RST bool

	// Payload is what the segment carries. It is not kept.
	Payload []byte

	// Missing counts the bytes that the segment carried behind Payload, but
	// that were not recorded.
	Missing int

	order int // how many segments came before
}

// mark returns where the segment stands in the capture.
func (s *Segment) mark() mark { return mark{s.Record, s.File, s.order, s.Time} }

// size is how many bytes the segment carried.
func (s *Segment) size() int64 { return int64(len(s.Payload)) + int64(s.Missing) }
