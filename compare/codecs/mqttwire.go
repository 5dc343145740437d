package codecs

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

const mqttwireCalls = "`CutFrame`, `packets.Decode`, `packets.CheckSender`; `Append` to encode."

// Mqttwire is the codec of this module: CutFrame, packets.Decode and
// packets.CheckSender.
type Mqttwire struct{}

// Decode implements mqttwiretest.Codec.
func (Mqttwire) Decode(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
	f, _, err := mqttwire.CutFrame(b, 0)
	if err != nil {
		return nil, err
	}
	p, err := packets.Decode(f, v)
	if err != nil {
		return nil, err
	}
	if err := packets.CheckSender(p, v, from); err != nil {
		return nil, err
	}
	out, err := p.Append(nil, v)
	if err != nil {
		return nil, nil // decoded, but not to be encoded
	}
	return out, nil
}
