package model

// subscribe reads the pairs of topic filter and options.
func subscribe(r *reading) {
	r.packetIdentifier()
	if r.version == v5 {
		r.properties("SUBSCRIBE")
	}
	if len(r.left) == 0 && r.version != v31 {
		r.refuse("SUBSCRIBE: no topic filter") // [MQTT-3.8.3-2], U-3.8.3-1; 3.1.1: [MQTT-3.8.3-3]
	}
	for len(r.left) > 0 {
		shared := r.topicFilter()
		options := r.integer(1) // U-3.8.3-2
		judgeQoS(r, options&3)
		switch {
		case r.version == v5:
			judgeOptions(r, options, shared)
		case r.version == v311 && options > 3: // 3.1 does not use bits 7 to 2
			r.refuse("SUBSCRIBE: reserved bits of the requested QoS") // 3.1.1: [MQTT-3.8.3-4]
		}
	}
}

func judgeQoS(r *reading, qos int) {
	if qos == 3 {
		r.refuse("SUBSCRIBE: QoS 3") // U-3.8.3.1-1; 3.1.1: [MQTT-3.8.3-4]
	}
}

// judgeOptions checks the other bits of the subscription options.
func judgeOptions(r *reading, options int, shared bool) {
	noLocal, retainHandling, reserved := options>>2&1, options>>4&3, options>>6
	switch {
	case reserved != 0:
		r.refuse("SUBSCRIBE: reserved bits of the options") // [MQTT-3.8.3-5]
	case retainHandling == 3:
		r.refuse("SUBSCRIBE: Retain Handling 3") // U-3.8.3.1-2
	case noLocal == 1 && shared:
		r.refuse("SUBSCRIBE: No Local on a shared subscription") // [MQTT-3.8.3-4]
	}
}

// unsubscribe reads the topic filters.
func unsubscribe(r *reading) {
	r.packetIdentifier()
	if r.version == v5 {
		r.properties("UNSUBSCRIBE")
	}
	if len(r.left) == 0 && r.version != v31 {
		r.refuse("UNSUBSCRIBE: no topic filter") // [MQTT-3.10.3-2], U-3.10.3-1
	}
	for len(r.left) > 0 {
		r.topicFilter()
	}
}
