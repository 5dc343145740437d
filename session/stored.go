package session

import (
	"encoding/binary"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// stored is what is left to be read of a change. What is cut off or broken makes it
// short, and reads as 0.
type stored struct {
	b     []byte
	at    int // where it stands in the change
	short bool
}

// take returns the next n bytes.
func (b *stored) take(n int) []byte {
	if n > len(b.b) {
		b.short, b.b = true, nil
		return nil
	}
	t := b.b[:n]
	b.b = b.b[n:]
	b.at += n
	return t
}

// rest returns all that is left.
func (b *stored) rest() []byte { return b.take(len(b.b)) }

func (b *stored) byte() byte {
	if t := b.take(1); t != nil {
		return t[0]
	}
	return 0
}

func (b *stored) uint16() uint16 {
	if t := b.take(2); t != nil {
		return binary.BigEndian.Uint16(t)
	}
	return 0
}

func (b *stored) uint32() uint32 {
	if t := b.take(4); t != nil {
		return binary.BigEndian.Uint32(t)
	}
	return 0
}

func (b *stored) uint64() uint64 {
	if t := b.take(8); t != nil {
		return binary.BigEndian.Uint64(t)
	}
	return 0
}

// entry reads a message that waits or is in flight.
func (b *stored) entry() (e entry) {
	e.token = Token(b.uint64())
	e.qos = mqttwire.QoS(b.byte())
	e.flags = entryFlags(b.byte()) & keptFlags
	n, size := binary.Uvarint(b.b)
	if size <= 0 || n > uint64(len(b.b))/4 || e.qos == 0 || !e.qos.Valid() {
		b.short = true
		return e
	}
	b.take(size)
	ids := make([]uint32, n)
	for i := range ids {
		if ids[i] = b.uint32(); ids[i] == 0 || ids[i] > mqttwire.MaxVarint {
			b.short = true
			return e
		}
	}
	switch {
	case n == 1:
		e.id = ids[0]
	case n > 1:
		e.ids = &ids
	}
	e.message = b.message()
	return e
}

// message reads a message, up to the end.
func (b *stored) message() *Message {
	received := b.time()
	at := Position{b.uint16(), b.uint64()}
	v := mqttwire.V5
	switch form := b.byte(); form {
	case storedHollow:
		size := b.uint32()
		if (at == Position{}) || size > maxHollow {
			b.short = true
			return nil
		}
		m := HollowMessage(at, int(size))
		m.received = received
		return m
	case storedBare:
		n, size := binary.Uvarint(b.b)
		if size <= 0 || n > uint64(len(b.b)-size) || at != (Position{}) {
			b.short = true
			return nil
		}
		b.take(size)
		return NewMessage(received, &packets.Publish{Topic: b.take(int(n)), Payload: b.rest()})
	case storedV31:
		v = mqttwire.V31
	case storedV5:
	default:
		b.short = true
		return nil
	}
	f, rest, err := mqttwire.CutFrame(b.b, 0)
	var p packets.Publish
	if err != nil || len(rest) > 0 || p.Decode(f, v) != nil || len(p.Topic) == 0 || at != (Position{}) {
		b.short = true
		return nil
	}
	b.rest()
	return NewMessage(received, &p)
}
