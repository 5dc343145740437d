package codecs

import (
	"bytes"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
)

const pahoMQTTGolangCalls = "`ReadPacket`, then `ConnectPacket.Validate` for CONNECT; `ControlPacket.Write` to encode. 3.1 and 3.1.1 only."

// PahoMQTTGolang is github.com/eclipse/paho.mqtt.golang/packets, which knows
// 3.1 and 3.1.1.
//
// ReadPacket decodes; CONNECT alone has a Validate, which is called too.
type PahoMQTTGolang struct{}

// Decode implements mqttwiretest.Codec.
func (PahoMQTTGolang) Decode(b []byte, v mqttwire.Version, _ mqttwire.Sender) ([]byte, error) {
	if v == mqttwire.V5 {
		return nil, mqttwiretest.ErrVersion
	}
	p, err := packets.ReadPacket(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	if c, ok := p.(*packets.ConnectPacket); ok {
		if err := validateConnect(c, v); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	if err := p.Write(&out); err != nil {
		return nil, nil // decoded, but not to be encoded
	}
	return out.Bytes(), nil
}

// validateConnect turns the code of Validate into an error; for some codes the
// library's own error is nil.
func validateConnect(c *packets.ConnectPacket, v mqttwire.Version) error {
	if code := c.Validate(); code != packets.Accepted {
		if err := packets.ConnErrors[code]; err != nil {
			return err
		}
		return packets.ErrorProtocolViolation
	}
	if c.ProtocolVersion != byte(v) {
		return errOtherVersion
	}
	return nil
}
