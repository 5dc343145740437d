package rows

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/interleaved"
	"github.com/mqttwire/mqttwire/packets"
)

// encode encodes what was decoded, into memory that is used again.
func encode(p mqttwire.Packet, f mqttwire.Frame, v mqttwire.Version) interleaved.Loop {
	q := packets.New(p.Type())
	must(q.Decode(f, v))
	dst := make([]byte, 0, len(f.Body)+16)
	switch q := q.(type) {
	case *packets.Connect:
		return encodeConnect(q, dst, v)
	case *packets.Connack:
		return encodeConnack(q, dst, v)
	case *packets.Publish:
		return encodePublish(q, dst, v)
	case *packets.Puback:
		return encodePuback(q, dst, v)
	case *packets.Pubrec:
		return encodePubrec(q, dst, v)
	case *packets.Pubrel:
		return encodePubrel(q, dst, v)
	case *packets.Pubcomp:
		return encodePubcomp(q, dst, v)
	case *packets.Subscribe:
		return encodeSubscribe(q, dst, v)
	case *packets.Suback:
		return encodeSuback(q, dst, v)
	case *packets.Unsubscribe:
		return encodeUnsubscribe(q, dst, v)
	case *packets.Unsuback:
		return encodeUnsuback(q, dst, v)
	case *packets.Pingreq:
		return encodePingreq(q, dst, v)
	case *packets.Pingresp:
		return encodePingresp(q, dst, v)
	case *packets.Disconnect:
		return encodeDisconnect(q, dst, v)
	case *packets.Auth:
		return encodeAuth(q, dst, v)
	}
	panic(p.Type())
}

func encodeConnect(p *packets.Connect, dst []byte, v mqttwire.Version) interleaved.Loop {
	return func(n int) (sum uint64) {
		for range n {
			b, err := p.Append(dst, v)
			must(err)
			sum += uint64(len(b))
		}
		return sum
	}
}

func encodeConnack(p *packets.Connack, dst []byte, v mqttwire.Version) interleaved.Loop {
	return func(n int) (sum uint64) {
		for range n {
			b, err := p.Append(dst, v)
			must(err)
			sum += uint64(len(b))
		}
		return sum
	}
}

func encodePublish(p *packets.Publish, dst []byte, v mqttwire.Version) interleaved.Loop {
	return func(n int) (sum uint64) {
		for range n {
			b, err := p.Append(dst, v)
			must(err)
			sum += uint64(len(b))
		}
		return sum
	}
}

func encodePuback(p *packets.Puback, dst []byte, v mqttwire.Version) interleaved.Loop {
	return func(n int) (sum uint64) {
		for range n {
			b, err := p.Append(dst, v)
			must(err)
			sum += uint64(len(b))
		}
		return sum
	}
}

func encodePubrec(p *packets.Pubrec, dst []byte, v mqttwire.Version) interleaved.Loop {
	return func(n int) (sum uint64) {
		for range n {
			b, err := p.Append(dst, v)
			must(err)
			sum += uint64(len(b))
		}
		return sum
	}
}

func encodePubrel(p *packets.Pubrel, dst []byte, v mqttwire.Version) interleaved.Loop {
	return func(n int) (sum uint64) {
		for range n {
			b, err := p.Append(dst, v)
			must(err)
			sum += uint64(len(b))
		}
		return sum
	}
}

func encodePubcomp(p *packets.Pubcomp, dst []byte, v mqttwire.Version) interleaved.Loop {
	return func(n int) (sum uint64) {
		for range n {
			b, err := p.Append(dst, v)
			must(err)
			sum += uint64(len(b))
		}
		return sum
	}
}

func encodeSubscribe(p *packets.Subscribe, dst []byte, v mqttwire.Version) interleaved.Loop {
	return func(n int) (sum uint64) {
		for range n {
			b, err := p.Append(dst, v)
			must(err)
			sum += uint64(len(b))
		}
		return sum
	}
}

func encodeSuback(p *packets.Suback, dst []byte, v mqttwire.Version) interleaved.Loop {
	return func(n int) (sum uint64) {
		for range n {
			b, err := p.Append(dst, v)
			must(err)
			sum += uint64(len(b))
		}
		return sum
	}
}

func encodeUnsubscribe(p *packets.Unsubscribe, dst []byte, v mqttwire.Version) interleaved.Loop {
	return func(n int) (sum uint64) {
		for range n {
			b, err := p.Append(dst, v)
			must(err)
			sum += uint64(len(b))
		}
		return sum
	}
}

func encodeUnsuback(p *packets.Unsuback, dst []byte, v mqttwire.Version) interleaved.Loop {
	return func(n int) (sum uint64) {
		for range n {
			b, err := p.Append(dst, v)
			must(err)
			sum += uint64(len(b))
		}
		return sum
	}
}

func encodePingreq(p *packets.Pingreq, dst []byte, v mqttwire.Version) interleaved.Loop {
	return func(n int) (sum uint64) {
		for range n {
			b, err := p.Append(dst, v)
			must(err)
			sum += uint64(len(b))
		}
		return sum
	}
}

func encodePingresp(p *packets.Pingresp, dst []byte, v mqttwire.Version) interleaved.Loop {
	return func(n int) (sum uint64) {
		for range n {
			b, err := p.Append(dst, v)
			must(err)
			sum += uint64(len(b))
		}
		return sum
	}
}

func encodeDisconnect(p *packets.Disconnect, dst []byte, v mqttwire.Version) interleaved.Loop {
	return func(n int) (sum uint64) {
		for range n {
			b, err := p.Append(dst, v)
			must(err)
			sum += uint64(len(b))
		}
		return sum
	}
}

func encodeAuth(p *packets.Auth, dst []byte, v mqttwire.Version) interleaved.Loop {
	return func(n int) (sum uint64) {
		for range n {
			b, err := p.Append(dst, v)
			must(err)
			sum += uint64(len(b))
		}
		return sum
	}
}
