package rows

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/interleaved"
	"github.com/mqttwire/mqttwire/packets"
)

// anySize keeps the Size of a header.
const anySize = 0xFF

// Each loop calls the method of the packet itself, since a call through an interface
// takes as long as some of what is measured, and would hide how it changes.

// cut cuts the frame, which is part of decoding. All that sizeMask does not keep of
// the header's Size is forgotten, as in a header that was made by hand.
func cut(b []byte, sizeMask uint8) mqttwire.Frame {
	f, _, err := mqttwire.CutFrame(b, 0)
	must(err)
	f.Header.Size &= sizeMask
	return f
}

// decode decodes the bytes into a packet like p, which is used again.
func decode(p mqttwire.Packet, b []byte, sizeMask uint8, v mqttwire.Version) interleaved.Loop {
	switch p.(type) {
	case *packets.Connect:
		return decodeConnect(b, sizeMask, v)
	case *packets.Connack:
		return decodeConnack(b, sizeMask, v)
	case *packets.Publish:
		return decodePublish(b, sizeMask, v)
	case *packets.Puback:
		return decodePuback(b, sizeMask, v)
	case *packets.Pubrec:
		return decodePubrec(b, sizeMask, v)
	case *packets.Pubrel:
		return decodePubrel(b, sizeMask, v)
	case *packets.Pubcomp:
		return decodePubcomp(b, sizeMask, v)
	case *packets.Subscribe:
		return decodeSubscribe(b, sizeMask, v)
	case *packets.Suback:
		return decodeSuback(b, sizeMask, v)
	case *packets.Unsubscribe:
		return decodeUnsubscribe(b, sizeMask, v)
	case *packets.Unsuback:
		return decodeUnsuback(b, sizeMask, v)
	case *packets.Pingreq:
		return decodePingreq(b, sizeMask, v)
	case *packets.Pingresp:
		return decodePingresp(b, sizeMask, v)
	case *packets.Disconnect:
		return decodeDisconnect(b, sizeMask, v)
	case *packets.Auth:
		return decodeAuth(b, sizeMask, v)
	}
	panic(p.Type())
}

func decodeConnect(b []byte, sizeMask uint8, v mqttwire.Version) interleaved.Loop {
	p, will := new(packets.Connect), new(packets.Will)
	return func(n int) (sum uint64) {
		for range n {
			p.Will = will // to be used again
			must(p.Decode(cut(b, sizeMask), v))
			sum += uint64(p.KeepAlive)
		}
		return sum
	}
}

func decodeConnack(b []byte, sizeMask uint8, v mqttwire.Version) interleaved.Loop {
	p := new(packets.Connack)
	return func(n int) (sum uint64) {
		for range n {
			must(p.Decode(cut(b, sizeMask), v))
			sum += uint64(p.ReasonCode)
		}
		return sum
	}
}

func decodePublish(b []byte, sizeMask uint8, v mqttwire.Version) interleaved.Loop {
	p := new(packets.Publish)
	return func(n int) (sum uint64) {
		for range n {
			must(p.Decode(cut(b, sizeMask), v))
			sum += uint64(p.PacketID)
		}
		return sum
	}
}

func decodePuback(b []byte, sizeMask uint8, v mqttwire.Version) interleaved.Loop {
	p := new(packets.Puback)
	return func(n int) (sum uint64) {
		for range n {
			must(p.Decode(cut(b, sizeMask), v))
			sum += uint64(p.PacketID)
		}
		return sum
	}
}

func decodePubrec(b []byte, sizeMask uint8, v mqttwire.Version) interleaved.Loop {
	p := new(packets.Pubrec)
	return func(n int) (sum uint64) {
		for range n {
			must(p.Decode(cut(b, sizeMask), v))
			sum += uint64(p.PacketID)
		}
		return sum
	}
}

func decodePubrel(b []byte, sizeMask uint8, v mqttwire.Version) interleaved.Loop {
	p := new(packets.Pubrel)
	return func(n int) (sum uint64) {
		for range n {
			must(p.Decode(cut(b, sizeMask), v))
			sum += uint64(p.PacketID)
		}
		return sum
	}
}

func decodePubcomp(b []byte, sizeMask uint8, v mqttwire.Version) interleaved.Loop {
	p := new(packets.Pubcomp)
	return func(n int) (sum uint64) {
		for range n {
			must(p.Decode(cut(b, sizeMask), v))
			sum += uint64(p.PacketID)
		}
		return sum
	}
}

func decodeSubscribe(b []byte, sizeMask uint8, v mqttwire.Version) interleaved.Loop {
	p := new(packets.Subscribe)
	return func(n int) (sum uint64) {
		for range n {
			must(p.Decode(cut(b, sizeMask), v))
			sum += uint64(p.PacketID)
		}
		return sum
	}
}

func decodeSuback(b []byte, sizeMask uint8, v mqttwire.Version) interleaved.Loop {
	p := new(packets.Suback)
	return func(n int) (sum uint64) {
		for range n {
			must(p.Decode(cut(b, sizeMask), v))
			sum += uint64(p.PacketID)
		}
		return sum
	}
}

func decodeUnsubscribe(b []byte, sizeMask uint8, v mqttwire.Version) interleaved.Loop {
	p := new(packets.Unsubscribe)
	return func(n int) (sum uint64) {
		for range n {
			must(p.Decode(cut(b, sizeMask), v))
			sum += uint64(p.PacketID)
		}
		return sum
	}
}

func decodeUnsuback(b []byte, sizeMask uint8, v mqttwire.Version) interleaved.Loop {
	p := new(packets.Unsuback)
	return func(n int) (sum uint64) {
		for range n {
			must(p.Decode(cut(b, sizeMask), v))
			sum += uint64(p.PacketID)
		}
		return sum
	}
}

func decodePingreq(b []byte, sizeMask uint8, v mqttwire.Version) interleaved.Loop {
	p := new(packets.Pingreq)
	return func(n int) (sum uint64) {
		for range n {
			must(p.Decode(cut(b, sizeMask), v))
			sum += 1
		}
		return sum
	}
}

func decodePingresp(b []byte, sizeMask uint8, v mqttwire.Version) interleaved.Loop {
	p := new(packets.Pingresp)
	return func(n int) (sum uint64) {
		for range n {
			must(p.Decode(cut(b, sizeMask), v))
			sum += 1
		}
		return sum
	}
}

func decodeDisconnect(b []byte, sizeMask uint8, v mqttwire.Version) interleaved.Loop {
	p := new(packets.Disconnect)
	return func(n int) (sum uint64) {
		for range n {
			must(p.Decode(cut(b, sizeMask), v))
			sum += uint64(p.ReasonCode)
		}
		return sum
	}
}

func decodeAuth(b []byte, sizeMask uint8, v mqttwire.Version) interleaved.Loop {
	p := new(packets.Auth)
	return func(n int) (sum uint64) {
		for range n {
			must(p.Decode(cut(b, sizeMask), v))
			sum += uint64(p.ReasonCode)
		}
		return sum
	}
}

// tolerant decodes the bytes into a packet that is used again, asking for what
// widely used peers get wrong.
func tolerant(b []byte, v mqttwire.Version) interleaved.Loop {
	var set packets.Set
	tolerance := &mqttwire.Tolerance{Allow: mqttwire.Interop}
	return func(n int) (sum uint64) {
		for range n {
			p, err := set.DecodeTolerant(cut(b, anySize), v, tolerance)
			must(err)
			sum += uint64(p.Type())
		}
		return sum
	}
}
