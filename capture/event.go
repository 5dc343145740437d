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
	// begin. Where the next packet begins cannot be known, so it is looked for; in
	// raw bytes, which show no place to look at, they end there.
	BrokenHeader

	// PartialPacket: a packet that begins in the capture and is not wholly in it,
	// or too large to be shown whole; Cause says why, Partial what could be read.
	PartialPacket

	// LostBytes: bytes of a direction that are not in the capture.
	LostBytes

	// SkippedBytes: bytes that come before the next packet boundary, where that had
	// to be looked for: the capture begins inside a packet, or bytes were lost.
	SkippedBytes

	// NotMQTT: the conversation carries another protocol, Foreign, or one that
	// is not known. Behind what the server has sent of MQTT it is of this
	// direction alone. If packets of the conversation came before, with no CONNECT
	// among them, they were none: a direction has sent what only the other may.
	NotMQTT

	// ProxyHeader: the direction begins with a PROXY protocol header, Proxy.
	// What stands behind it is decoded.
	ProxyHeader

	// StageNote: what a Stage says of the connection.
	StageNote

	// Closed: the sender has closed the connection, by FIN. Once both have, it is
	// over.
	Closed

	// Reset: the sender has reset the connection, by RST.
	Reset

	// Refused: a SYN to a port of MQTT was answered by RST, whose sender this is.
	Refused

	// Unanswered: a SYN to a port of MQTT was not answered.
	Unanswered

	// Silence: the client sent nothing for Gap, which is longer than its Keep Alive
	// allows; the event comes with what ended it. A connection of which bytes are
	// missing may seem to have one.
	Silence

	// Dropped: more connections were under way than are held, and this one was idle
	// for the longest time. What comes of it later is another stream.
	Dropped

	// PacketPiece: the next bytes of a packet over 16 MiB, in Frame.Body, of which
	// Bytes says where in the body of the packet they begin, from 0. They come only
	// if Options.Pieces asks for them, before the PartialPacket.
	PacketPiece
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
	case Closed:
		return "closed"
	case Reset:
		return "reset"
	case Refused:
		return "refused"
	case Unanswered:
		return "unanswered"
	case Silence:
		return "silence"
	case Dropped:
		return "dropped"
	case PacketPiece:
		return "piece of a packet"
	}
	return "unknown kind"
}

// Event is one packet of a conversation, or something about the conversation
// that its reader has to know. Its memory belongs to the receiver.
type Event struct {
	Kind Kind

	// Record is the number of the capture record that completed the packet, the
	// first being 1. In raw bytes and hex text, which have no records, it counts
	// the packets. Of an event that is no packet it is the record that told.
	Record int

	// File is the number of the file that the record is in, as Segment.File or
	// BeginBytes said.
	File int

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

	// ClientID is the client identifier of the conversation, once a CONNECT has told
	// it or, where that left it to the server, the CONNACK; else "".
	ClientID string

	// Bridge says that the client is the bridge of another server: its CONNECT has
	// the bridge bit, or, in 5.0 which has none, it has subscribed as bridges do, with
	// No Local and Retain As Published for all.
	Bridge bool

	// Version is the version the packet was decoded in, or 0 if it was not.
	// VersionGuessed: neither a CONNECT nor the caller told it.
	Version        mqttwire.Version
	VersionGuessed bool

	// Frame is the packet's bytes. In a BrokenHeader only what is known of the header
	// is set; in a PartialPacket also the first bytes of the body, up to what is
	// missing, 64 KiB at most. Type 0, which is forbidden, is there too, with its
	// length.
	Frame mqttwire.Frame

	// Packet is the decoded packet; nil if it is malformed. Its byte slices
	// alias Frame.Body.
	Packet mqttwire.Packet

	// Partial is what could be read of a packet that is malformed or not whole, nil
	// if that is nothing: of a PUBLISH what stands before the payload, and of this the
	// first part; of a CONNECT at least protocol name and version, and the client
	// identifier, if they are there. Where a field could not be read it is zero. Its
	// byte slices alias Frame.Body.
	Partial mqttwire.Packet

	// Cause says why a PartialPacket is one, and why SkippedBytes were passed over.
	Cause Cause

	// Resumed says that where this packet begins had to be looked for: it is the
	// first that is legal and stands where a segment begins, in the middle of a
	// conversation or behind a hole. A payload that holds such packets itself can
	// feign it.
	Resumed bool

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
	// LostBytes, or 0 if nobody knows how many, those passed over in SkippedBytes.
	Bytes int64

	// PacketsLost says that whole packets may be among LostBytes: behind them the next
	// packet boundary is looked for.
	PacketsLost bool

	// Gap is how long a Silence was.
	Gap time.Duration

	// Stopped says that no more packets of this direction follow, though the
	// capture may have more of its bytes.
	Stopped bool

	// Note says in a few words what happened, for events that are no packets.
	Note string
}

// mark is where in the capture something was seen.
type mark struct {
	record int
	file   int
	order  int // how many segments came before
	time   time.Time
}

// later returns the later of two marks. Times may run backwards in a file, and
// record numbers begin again in another, so the order counts in which they came.
func (m mark) later(o mark) mark {
	if o.order > m.order || o.order == m.order && o.record > m.record {
		return o
	}
	return m
}
