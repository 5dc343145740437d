package model

// acknowledgement reads a PUBACK, PUBREC, PUBREL or PUBCOMP. 5.0 may leave out
// the properties, or the reason code too. // U-3.4.2.1-1, U-3.4.2.2.1-1
func acknowledgement(r *reading, packet string) {
	r.packetIdentifier()
	if r.version != v5 || len(r.left) == 0 {
		return
	}
	// [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1]
	r.judgeReasonCode(r.integer(1), packet)
	if len(r.left) == 0 {
		return
	}
	r.properties(packet)
}
