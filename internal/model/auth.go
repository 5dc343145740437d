package model

// auth reads reason code and properties. Without a body it stands for Success,
// though the method is missing. // U-3.15.2.1-1
func auth(r *reading) {
	if len(r.left) == 0 {
		return
	}
	r.judgeReasonCode(r.integer(1), "AUTH") // [MQTT-3.15.2-1]
	// The property length may not be left out. // U-3.15.2.2.1-1
	if !has(r.properties("AUTH"), 0x15) {
		r.refuse("AUTH: no Authentication Method") // U-3.15.2.2.2-1
	}
}
