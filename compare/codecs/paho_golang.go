package codecs

import (
	"bytes"

	"github.com/eclipse/paho.golang/packets"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
)

const pahoGolangCalls = "`ReadPacket`, which calls `ValidateID` for each property; `ControlPacket.WriteTo` to encode. 5.0 only."

// PahoGolang is github.com/eclipse/paho.golang/packets, which knows 5.0 only.
//
// ReadPacket is the one door for bytes. It checks by ValidateID that a property
// belongs to its packet; the package has no other validation to call.
type PahoGolang struct{}

// Decode implements mqttwiretest.Codec.
func (PahoGolang) Decode(b []byte, v mqttwire.Version, _ mqttwire.Sender) ([]byte, error) {
	if v != mqttwire.V5 {
		return nil, mqttwiretest.ErrVersion
	}
	p, err := packets.ReadPacket(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	if c, ok := p.Content.(*packets.Connect); ok && c.ProtocolVersion != byte(v) {
		return nil, errOtherVersion
	}
	var out bytes.Buffer
	if _, err := p.WriteTo(&out); err != nil {
		return nil, nil // decoded, but not to be encoded
	}
	return out.Bytes(), nil
}
