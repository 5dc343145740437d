package model

import "slices"

// connack reads acknowledge flags, code and, in 5.0, properties.
func connack(r *reading) {
	flags, code := r.integer(1), r.integer(1)
	if r.version != v31 { // where the first byte is reserved, and ignored
		judgeSessionPresent(r, flags, code)
	}
	if r.version == v5 {
		r.judgeReasonCode(code, "CONNACK") // [MQTT-3.2.2-8]
		r.properties("CONNACK")
		return
	}
	if !slices.Contains(connectReturnCodes, code) {
		r.refuse("CONNACK: reserved return code")
	}
}

func judgeSessionPresent(r *reading, flags, code int) {
	if flags > 1 {
		r.refuse("CONNACK: reserved acknowledge flags") // [MQTT-3.2.2-1]
	}
	if flags == 1 && code != 0 {
		r.refuse("CONNACK: Session Present with a refusal") // [MQTT-3.2.2-6]; 3.1.1: [MQTT-3.2.2-4]
	}
}

// judgeReasonCode checks that a packet has the reason code in its list.
func (r *reading) judgeReasonCode(code int, packet string) {
	if !slices.Contains(reasonCodes[code], packet) {
		r.refuse("reason code: not one of this packet")
	}
}
