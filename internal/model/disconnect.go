package model

// disconnect reads what 5.0 has after the fixed header, all of which may be left
// out. // U-3.14.2.1-1, U-3.14.2.2.1-1
func disconnect(r *reading) {
	if r.version != v5 || len(r.left) == 0 {
		return
	}
	r.judgeReasonCode(r.integer(1), "DISCONNECT") // [MQTT-3.14.2-1]
	if len(r.left) == 0 {
		return
	}
	r.properties("DISCONNECT")
}
