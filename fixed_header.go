package mqttwire

import "strconv"

// PacketType is the MQTT control packet type, the high four bits of a packet's
// first byte. Section 2.1.2 (in 3.1.1: 2.2.1).
type PacketType uint8

// The control packet types. Section 2.1.2. Type 0 is forbidden, and so is AUTH
// before MQTT 5.0.
const (
	CONNECT     PacketType = 1
	CONNACK     PacketType = 2
	PUBLISH     PacketType = 3
	PUBACK      PacketType = 4
	PUBREC      PacketType = 5
	PUBREL      PacketType = 6
	PUBCOMP     PacketType = 7
	SUBSCRIBE   PacketType = 8
	SUBACK      PacketType = 9
	UNSUBSCRIBE PacketType = 10
	UNSUBACK    PacketType = 11
	PINGREQ     PacketType = 12
	PINGRESP    PacketType = 13
	DISCONNECT  PacketType = 14
	AUTH        PacketType = 15
)

// packetTypeRow says of a packet type what its first byte fixes.
type packetTypeRow struct {
	name   string
	flags  uint8    // the one legal value of the four flag bits (PUBLISH has its own)
	client Versions // versions in which a client may send it
	server Versions // versions in which a server may send it
}

// packetTypes is the table of sections 2.1.2 and 2.1.3.
var packetTypes = [16]packetTypeRow{
	CONNECT:     {"CONNECT", 0, inAll, 0},
	CONNACK:     {"CONNACK", 0, 0, inAll},
	PUBLISH:     {"PUBLISH", 0, inAll, inAll},
	PUBACK:      {"PUBACK", 0, inAll, inAll},
	PUBREC:      {"PUBREC", 0, inAll, inAll},
	PUBREL:      {"PUBREL", 2, inAll, inAll},
	PUBCOMP:     {"PUBCOMP", 0, inAll, inAll},
	SUBSCRIBE:   {"SUBSCRIBE", 2, inAll, 0},
	SUBACK:      {"SUBACK", 0, 0, inAll},
	UNSUBSCRIBE: {"UNSUBSCRIBE", 2, inAll, 0},
	UNSUBACK:    {"UNSUBACK", 0, 0, inAll},
	PINGREQ:     {"PINGREQ", 0, inAll, 0},
	PINGRESP:    {"PINGRESP", 0, 0, inAll},
	DISCONNECT:  {"DISCONNECT", 0, inAll, in5},
	AUTH:        {"AUTH", 0, in5, in5},
}

// String returns the name the standard gives, such as "PUBLISH".
func (t PacketType) String() string {
	if int(t) < len(packetTypes) && packetTypes[t].name != "" {
		return packetTypes[t].name
	}
	return "PacketType(" + strconv.Itoa(int(t)) + ")"
}

// Known reports whether version v has packets of type t.
func (t PacketType) Known(v Version) bool {
	return t.MayBeSentBy(FromClient, v) || t.MayBeSentBy(FromServer, v)
}

// MayBeSentBy reports whether the given side may send packets of type t in
// version v. Section 2.1.2.
func (t PacketType) MayBeSentBy(s Sender, v Version) bool {
	if int(t) >= len(packetTypes) {
		return false
	}
	switch s {
	case FromClient:
		return packetTypes[t].client.Has(v)
	case FromServer:
		return packetTypes[t].server.Has(v)
	}
	return false
}

// Flags returns the value that the four flag bits of a packet of type t must
// have from 3.1.1 on. PUBLISH has no such value: its flags are DUP, QoS and
// RETAIN. Section 2.1.3.
func (t PacketType) Flags() uint8 { return packetTypes[t&15].flags }

// packetSet holds a bit for each PacketType.
type packetSet uint16

func setOf(types ...PacketType) (s packetSet) {
	for _, t := range types {
		s |= 1 << t
	}
	return s
}

func (s packetSet) has(t PacketType) bool { return s>>t&1 != 0 }

// FixedHeader is the fixed header of a packet. Section 2.1.
type FixedHeader struct {
	Type  PacketType
	Flags uint8 // the low four bits of the first byte
	Size  uint8 // bytes of the fixed header itself, 2 to 5; 0 where it was never on a wire

	// RemainingLength counts the bytes after the fixed header, 0 to 268435455.
	RemainingLength uint32
}

// PacketSize returns the size of the whole packet in bytes, the number that
// Maximum Packet Size limits. Section 3.1.2.11.4.
func (h FixedHeader) PacketSize() int { return h.size() + int(h.RemainingLength) }

// size is the fixed header's own size: as read or, if it was not read, the
// shortest.
func (h FixedHeader) size() int {
	if h.Size != 0 {
		return int(h.Size)
	}
	return 1 + SizeVarint(h.RemainingLength)
}

// plain reports whether the fixed header is of a packet of type t with n bytes of
// body, has the flags of t, unless t is PUBLISH, and is as short as can be.
func (h FixedHeader) plain(t PacketType, n int) bool {
	return h.Type == t && int(h.RemainingLength) == n && (h.Flags == t.Flags() || t == PUBLISH) &&
		(n < 1<<7 && h.Size == 2 || h.size() == 1+SizeVarint(h.RemainingLength))
}

// ConsumeFixedHeader reads the fixed header at the start of b and returns it
// with the bytes after it. It returns ErrIncomplete while b ends inside the
// header, and an *Error for packet type 0 and for a remaining length of more
// than four bytes; both are found as early as their byte is there. The flags
// are not looked at: what they must be depends on the version.
func ConsumeFixedHeader(b []byte) (h FixedHeader, rest []byte, err error) {
	if len(b) == 0 {
		return FixedHeader{}, b, ErrIncomplete
	}
	h.Type, h.Flags = PacketType(b[0]>>4), b[0]&0x0F
	if h.Type == 0 {
		return FixedHeader{}, b, NewError(RulePacketType, 0, 0, FieldPacketType, 0, 0)
	}
	n, size := scanVarint(b[1:])
	if size <= 0 {
		return FixedHeader{}, b, headerFault(h.Type, size)
	}
	h.RemainingLength, h.Size = n, uint8(1+size)
	return h, b[h.Size:], nil
}

// headerFault is the error for what scanVarint says of a remaining length.
func headerFault(t PacketType, size int) error {
	if size == varintIncomplete {
		return ErrIncomplete
	}
	return NewError(RuleVarintLength, t, 0, FieldRemainingLength, MaxVarintSize, NotANumber)
}
