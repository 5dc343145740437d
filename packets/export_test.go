package packets

import "github.com/mqttwire/mqttwire"

// AppendExact is p.Append by an Appender, also where all is plain.
func AppendExact(p mqttwire.Packet, dst []byte, v mqttwire.Version) ([]byte, error) {
	switch p := p.(type) {
	case *Connect:
		return p.appendExact(dst, p.version(v))
	case *Publish:
		return p.appendExact(dst, v, uint64(len(p.Payload)), p.Payload)
	case *Puback:
		a := p.ack()
		return a.appendExact(dst, p.Type(), v)
	case *Pubrec:
		a := p.ack()
		return a.appendExact(dst, p.Type(), v)
	case *Pubrel:
		a := p.ack()
		return a.appendExact(dst, p.Type(), v)
	case *Pubcomp:
		a := p.ack()
		return a.appendExact(dst, p.Type(), v)
	case *Pingreq, *Pingresp:
		return appendExactPing(dst, p.Type(), v)
	}
	return p.(interface {
		appendExact(dst []byte, v mqttwire.Version) ([]byte, error)
	}).appendExact(dst, v)
}

// AppendHeaderExact is p.AppendStreamHeader by an Appender.
func AppendHeaderExact(p *Publish, dst []byte, v mqttwire.Version, payloadSize uint64) ([]byte, error) {
	return p.appendExact(dst, v, payloadSize, nil)
}
