// Package model is a second reading of the standards: of any bytes it says
// whether they are one legal packet of MQTT 3.1, 3.1.1 or 5.0. It is written to
// be compared with the text, not to be fast, and shares no code with the library
// that tests hold against it.
//
// Where the standards leave a receiver free, it accepts. It knows neither what
// came before on the connection nor which side sent the packet.
package model

// The versions, by their protocol level.
const (
	v31  = 3
	v311 = 4
	v5   = 5
)

// Verdict reports whether b is exactly one legal packet of version v, which is 3,
// 4 or 5, and if not, the rule that it breaks. A CONNECT tells its own version,
// and is judged by that.
func Verdict(b []byte, v int) (ok bool, why string) {
	h, body, why := fixedHeader(b)
	if why != "" {
		return false, why
	}
	if h.packet == "CONNECT" {
		v = connectVersion(body)
	}
	r := &reading{left: body, version: v}
	judge(r, h)
	if len(r.left) > 0 {
		r.refuse("bytes are left over at the end of the packet") // U-2.1.4-2
	}
	return r.why == "", r.why
}

// judge reads the packet from its first byte to its last.
func judge(r *reading, h header) {
	if r.version != v31 && r.version != v311 && r.version != v5 {
		r.refuse("no such version") // [MQTT-3.1.2-2]
		return
	}
	judgeHeader(r, h)
	switch h.packet {
	case "CONNECT":
		connect(r)
	case "CONNACK":
		connack(r)
	case "PUBLISH":
		publish(r, h.flags)
	case "PUBACK", "PUBREC", "PUBREL", "PUBCOMP":
		acknowledgement(r, h.packet)
	case "SUBSCRIBE":
		subscribe(r)
	case "SUBACK":
		suback(r)
	case "UNSUBSCRIBE":
		unsubscribe(r)
	case "UNSUBACK":
		unsuback(r)
	case "PINGREQ", "PINGRESP": // nothing follows the fixed header
	case "DISCONNECT":
		disconnect(r)
	case "AUTH":
		auth(r)
	}
}
