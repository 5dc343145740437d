package capture

import (
	"net/netip"
	"time"

	"github.com/mqttwire/mqttwire"
)

// Kind says what an Event reports.
type Kind uint8

// The kinds of events.
const (
	// WholePacket: a packet with all its bytes, decoded or malformed.
	WholePacket Kind = iota + 1

	// BrokenHeader: bytes that are no fixed header stand where a packet must
	// begin. Where the next packet begins cannot be known, so the direction
	// ends here.
	BrokenHeader

	// PartialPacket: a packet that begins in the capture and is not wholly in
	// it.
	PartialPacket

	// LostBytes: bytes of a direction that are not in the capture.
	LostBytes

	// SkippedBytes: the capture begins inside a packet; these bytes come before
	// the first packet boundary.
	SkippedBytes

	// NotMQTT: the conversation carries another protocol, Foreign, or one that
	// is not known. Behind what the server has sent of MQTT it is of this
	// direction alone.
	NotMQTT

	// ProxyHeader: the direction begins with a PROXY protocol header, Proxy.
	// What stands behind it is decoded.
	ProxyHeader

	// StageNote: what a Stage says of the connection.
	StageNote
)

// String returns the kind in words.
func (k Kind) String() string {
	switch k {
	case WholePacket:
		return "packet"
	case BrokenHeader:
		return "broken fixed header"
	case PartialPacket:
		return "partial packet"
	case LostBytes:
		return "lost bytes"
	case SkippedBytes:
		return "skipped bytes"
	case NotMQTT:
		return "not MQTT"
	case ProxyHeader:
		return "PROXY protocol header"
	case StageNote:
		return "note"
	}
	return "unknown kind"
}

// Event is one packet of a conversation, or something about the conversation
// that its reader has to know. Its memory belongs to the receiver.
type Event struct {
	Kind Kind

	// Record is the number of the capture record that completed the packet, the
	// first being 1. In raw bytes and hex text, which have no records, it counts
	// the packets.
	Record int

	// Time is the time of that record, to the nanosecond and in UTC. It is the
	// zero Time where the file does not tell it.
	Time time.Time

	// Stream is the number of the conversation, the first being 0.
	Stream int

	// Src and Dst are the addresses of this direction; not valid in raw bytes
	// and hex text.
	Src, Dst netip.AddrPort

	// Client is the client's own address, where a PROXY protocol header has told
	// it: in the event of the header, and in those of the conversation that
	// follow it. Src or Dst is the proxy's then. Else it is not valid.
	Client netip.AddrPort

	// Via names the stages that the bytes came through, the outermost first and with
	// ", " between them, such as "TLS, WebSocket"; "" if there are none.
	Via string

	// Sender is the side that Src is, or 0 if nothing tells.
	Sender mqttwire.Sender

	// Version is the version the packet was decoded in, or 0 if it was not.
	// VersionGuessed: neither a CONNECT nor the caller told it.
	Version        mqttwire.Version
	VersionGuessed bool

	// Frame is the packet's bytes. In a BrokenHeader and a PartialPacket only
	// what is known of the header is set.
	Frame mqttwire.Frame

	// Packet is the decoded packet; nil if it is malformed. Its byte slices
	// alias Frame.Body.
	Packet mqttwire.Packet

	// AliasTopic is the topic name that the topic alias of a PUBLISH without
	// one stands for; nil if the packet has its own or the alias was never set
	// in the capture.
	AliasTopic []byte

	// Err is what is wrong with the packet, a *mqttwire.Error. If Packet is
	// there too, the packet is legal by itself, but not from this sender or not
	// at this place.
	Err error

	// Foreign is what begins a conversation that is NotMQTT, if it is known.
	Foreign mqttwire.Foreign

	// Proxy is the header of a ProxyHeader; else nil.
	Proxy *mqttwire.ProxyHeader

	// Bytes counts bytes: those present of a PartialPacket, those missing in
	// LostBytes, those passed over in SkippedBytes.
	Bytes int64

	// Stopped says that no more packets of this direction follow, though the
	// capture may have more of its bytes.
	Stopped bool

	// Note says in a few words what happened, for events that are no packets.
	Note string
}

// mark is where in the capture something was seen.
type mark struct {
	record int
	time   time.Time
}

// later returns the later of two marks. Times may run backwards in a file, so
// the record number counts.
func (m mark) later(o mark) mark {
	if o.record > m.record {
		return o
	}
	return m
}
