package model

import "slices"

// suback reads the codes, one for each topic filter.
func suback(r *reading) {
	r.packetIdentifier()
	if r.version == v5 {
		r.properties("SUBACK")
	}
	if len(r.left) == 0 && r.version != v31 {
		r.refuse("SUBACK: no code") // U-2.3-2
	}
	for len(r.left) > 0 {
		code := r.integer(1)
		if r.version == v5 {
			r.judgeReasonCode(code, "SUBACK") // [MQTT-3.9.3-2]
		} else if !slices.Contains(subackReturnCodes[r.version], code) {
			r.refuse("SUBACK: reserved return code") // [MQTT-3.9.3-2]
		}
	}
}

// unsuback reads the codes, which there are none of before 5.0.
func unsuback(r *reading) {
	r.packetIdentifier()
	if r.version != v5 {
		return
	}
	r.properties("UNSUBACK")
	if len(r.left) == 0 {
		r.refuse("UNSUBACK: no code") // U-2.3-2
	}
	for len(r.left) > 0 {
		r.judgeReasonCode(r.integer(1), "UNSUBACK") // [MQTT-3.11.3-2]
	}
}
