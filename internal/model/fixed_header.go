package model

// header is the fixed header of a packet.
type header struct {
	packet   string
	flags    int
	overlong bool // the remaining length has more bytes than it needs
}

// packetNames are the packet types, by bits 7 to 4 of the first byte. Type 0 is
// forbidden.
var packetNames = map[int]string{
	1: "CONNECT", 2: "CONNACK", 3: "PUBLISH", 4: "PUBACK", 5: "PUBREC", 6: "PUBREL", 7: "PUBCOMP",
	8: "SUBSCRIBE", 9: "SUBACK", 10: "UNSUBSCRIBE", 11: "UNSUBACK", 12: "PINGREQ", 13: "PINGRESP",
	14: "DISCONNECT", 15: "AUTH",
}

// fixedHeader splits b into the fixed header and what follows it, which must be
// as long as the remaining length says.
func fixedHeader(b []byte) (h header, body []byte, why string) {
	if len(b) == 0 {
		return h, nil, "no packet"
	}
	name, known := packetNames[int(b[0]>>4)]
	if !known {
		return h, nil, "packet type 0" // U-2.1.2-1
	}
	r := &reading{left: b[1:]}
	remaining, size := r.variableByteInteger()
	if r.why == "" && remaining != len(r.left) {
		r.refuse("the packet has another length than it says") // U-2.1.4-2
	}
	return header{name, int(b[0] & 0x0F), size > shortest(remaining)}, r.left, r.why
}

// judgeHeader checks what depends on the version.
func judgeHeader(r *reading, h header) {
	if h.overlong && r.version == v5 {
		r.refuse("remaining length: not the shortest form") // [MQTT-1.5.5-1]
	}
	if h.packet == "AUTH" && r.version != v5 {
		r.refuse("packet type 15 is reserved before 5.0")
	}
	// In 3.1 the flags of all but PUBLISH are unused, or DUP may be set.
	if h.packet != "PUBLISH" && r.version != v31 && h.flags != reservedFlags(h.packet) {
		r.refuse("flags of the fixed header") // [MQTT-2.1.3-1]
	}
}

// reservedFlags are the flags of a packet other than PUBLISH.
func reservedFlags(packet string) int {
	switch packet {
	case "PUBREL", "SUBSCRIBE", "UNSUBSCRIBE":
		return 2 // [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1]
	}
	return 0
}
