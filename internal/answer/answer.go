// Package answer says of an answer that somebody else has made whether it can be one at
// all, whatever it answers.
package answer

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// IsNil reports whether there is no answer: nil, or a nil pointer to a packet, which a
// function returns easily whose result is an interface, and which is not nil there.
func IsNil(a mqttwire.Packet) bool {
	switch a := a.(type) {
	case nil:
		return true
	case *packets.Connack:
		return a == nil
	case *packets.Puback:
		return a == nil
	case *packets.Pubrec:
		return a == nil
	case *packets.Pubrel:
		return a == nil
	case *packets.Pubcomp:
		return a == nil
	case *packets.Suback:
		return a == nil
	case *packets.Unsuback:
		return a == nil
	case *packets.Pingresp:
		return a == nil
	case *packets.Auth:
		return a == nil
	}
	return false // one of another type answers nothing, and is refused for that
}
