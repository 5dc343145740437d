package mqttwire

// The limits that hold where Limits says nothing.
const (
	DefaultPacketSize      = 1 << 20
	DefaultFirstPacketSize = 128 << 10
)

// Limits are the limits that a receiver sets for what it reads. Both count as
// Maximum Packet Size counts: the whole packet in bytes, fixed header included.
// Section 3.1.2.11.4.
//
// The zero value is safe for peers that are not trusted. Five bytes can declare a
// packet of 256 MiB, and whoever is asked for the whole packet has to hold it as
// it arrives: the receiver says how much one peer may make it hold. The first
// packet has a limit of its own, because it comes from a peer that nobody has
// authenticated yet. A receiver that expects larger packets raises the limits.
// Decoded, a packet takes no more memory than it has bytes, but for lists: a
// SUBSCRIBE or UNSUBSCRIBE of very short filters takes up to ten times as much.
//
// A receiver of 5.0 should announce PacketSize as Maximum Packet Size in CONNECT
// or CONNACK: that binds the sender. [MQTT-3.1.2-24] [MQTT-3.2.2-15]
type Limits struct {
	// PacketSize is the size of the largest packet; 0 or less is
	// DefaultPacketSize, MaxPacketSize is all that the protocol allows, and more
	// is the same as MaxPacketSize.
	PacketSize int

	// FirstPacketSize is the size of the largest first packet of the stream,
	// which from a client is its CONNECT; 0 or less is DefaultFirstPacketSize.
	// It is never more than PacketSize.
	FirstPacketSize int
}

// packetSize is the size of the largest packet that l allows.
func (l Limits) packetSize() int {
	if l.PacketSize <= 0 {
		return DefaultPacketSize
	}
	return min(l.PacketSize, MaxPacketSize)
}

// firstPacketSize is the size of the largest first packet that l allows.
func (l Limits) firstPacketSize() int {
	if l.FirstPacketSize <= 0 {
		return min(DefaultFirstPacketSize, l.packetSize())
	}
	return min(l.FirstPacketSize, l.packetSize())
}
