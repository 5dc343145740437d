package mqttwire

import "strconv"

// Version is a protocol version, as its protocol level byte in CONNECT. The
// zero Version means "not known yet"; where a function accepts it, it says so.
type Version uint8

// The three versions of the protocol.
const (
	V31  Version = 3 // MQTT 3.1, protocol name MQIsdp
	V311 Version = 4 // MQTT 3.1.1, protocol name MQTT
	V5   Version = 5 // MQTT 5.0, protocol name MQTT
)

// Known reports whether v is one of V31, V311 and V5.
func (v Version) Known() bool { return v >= V31 && v <= V5 }

// String returns the version as the standards print it: "3.1", "3.1.1", "5.0".
func (v Version) String() string {
	switch v {
	case V31:
		return "3.1"
	case V311:
		return "3.1.1"
	case V5:
		return "5.0"
	}
	return "Version(" + strconv.Itoa(int(v)) + ")"
}

// QoS is a quality of service level, 0 to 2. Section 4.3.
type QoS uint8

// The quality of service levels. Section 4.3.
const (
	AtMostOnce  QoS = 0
	AtLeastOnce QoS = 1
	ExactlyOnce QoS = 2
)

// Valid reports whether q is 0, 1 or 2.
func (q QoS) Valid() bool { return q <= ExactlyOnce }

// String returns "QoS 0", "QoS 1", "QoS 2".
func (q QoS) String() string { return "QoS " + strconv.Itoa(int(q)) }

// Sender tells which side of a connection sent a packet.
type Sender uint8

// The two sides of a connection.
const (
	FromClient Sender = 1
	FromServer Sender = 2
)

// String returns "client" or "server".
func (s Sender) String() string {
	switch s {
	case FromClient:
		return "client"
	case FromServer:
		return "server"
	}
	return "Sender(" + strconv.Itoa(int(s)) + ")"
}

// Packet is one MQTT control packet of any type. The fifteen types stand in
// package packets.
//
// Calls through this interface let the value escape to the heap; where every
// allocation counts, call the methods of the concrete type.
type Packet interface {
	// Type returns the packet type.
	Type() PacketType

	// Decode resets the packet and reads it from f, a frame of version v. The
	// packet's byte slices alias f.Body; use Clone to keep them. On error the
	// packet is left reset. Errors are of type *Error.
	Decode(f Frame, v Version) error

	// Size returns the number of bytes that Append adds for version v. For a
	// packet that Append refuses the result has no meaning.
	Size(v Version) int

	// Append appends the packet, encoded for version v, to dst and returns the
	// extended slice. It neither keeps dst nor changes the packet, whose slices
	// must not alias what is behind dst. It refuses what a receiver would refuse;
	// then dst is returned as it was, with an error of type *Error.
	Append(dst []byte, v Version) ([]byte, error)
}
