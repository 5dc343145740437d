package model

// publish reads topic name, packet identifier, properties and payload.
func publish(r *reading, flags int) {
	dup, qos := flags&8 != 0, flags>>1&3
	if qos == 3 {
		r.refuse("PUBLISH: QoS 3") // [MQTT-3.3.1-4]
	}
	if dup && qos == 0 && r.version != v31 {
		r.refuse("PUBLISH: DUP with QoS 0") // [MQTT-3.3.1-2]
	}
	name := r.text()
	r.judgeName(name)
	if qos > 0 {
		r.packetIdentifier()
	}
	alias := r.version == v5 && has(r.properties("PUBLISH"), 0x23)
	if len(name) == 0 && !alias {
		r.refuse("PUBLISH: empty topic name without an alias") // U-3.3.2.1-1 [MQTT-4.7.3-1]
	}
	r.take(len(r.left)) // the payload // U-3.3.3-1
}
