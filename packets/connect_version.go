package packets

import "github.com/mqttwire/mqttwire"

// ConnectVersion returns the version that the body of a CONNECT asks for by
// protocol name and level, and whether the level has the bridge bit, without
// looking at what follows: the rest may be malformed or not there yet. v is 0 if
// the body ends before the level, or if name and level are those of no known
// version. Sections 3.1.2.1 and 3.1.2.2.
func ConnectVersion(body []byte) (v mqttwire.Version, bridge bool) {
	name, rest, err := mqttwire.ConsumeBinary(body)
	if err != nil || len(rest) == 0 {
		return 0, false
	}
	v, bridge = mqttwire.Version(rest[0]&^bridgeBit), rest[0]&bridgeBit != 0
	if !v.Known() || string(name) != protocolName(v) || bridge && v == mqttwire.V5 { // [MQTT-3.1.2-1] [MQTT-3.1.2-2]
		return 0, false
	}
	return v, bridge
}
