package model

// connectVersion is the version that a CONNECT tells: 0 for none that is known.
// [MQTT-3.1.2-1] [MQTT-3.1.2-2]
func connectVersion(body []byte) int {
	r := &reading{left: body}
	name, level := string(r.binary()), r.integer(1)
	switch {
	case r.why != "":
		return 0
	case name == "MQIsdp" && (level == 3 || level == 0x83):
		return v31
	case name == "MQTT" && (level == 4 || level == 0x84): // 0x80: bridges set it before 5.0
		return v311
	case name == "MQTT" && level == 5:
		return v5
	}
	return 0
}

// connectFlags are the connect flags.
type connectFlags struct {
	userName, password, willRetain, will, cleanStart, reserved bool
	willQoS                                                    int
}

// connect reads a CONNECT whose version is known.
func connect(r *reading) {
	r.binary() // protocol name
	r.integer(1)
	flags := splitConnectFlags(r.integer(1))
	judgeConnectFlags(r, flags)
	r.integer(2) // keep alive
	if r.version == v5 {
		judgeConnectProperties(r, r.properties("CONNECT"))
	}
	clientIdentifier(r, flags)
	if flags.will {
		will(r)
	}
	credentials(r, flags)
}

func splitConnectFlags(b int) connectFlags {
	bit := func(n int) bool { return b>>n&1 == 1 }
	return connectFlags{
		userName: bit(7), password: bit(6), willRetain: bit(5), will: bit(2), cleanStart: bit(1), reserved: bit(0),
		willQoS: b >> 3 & 3,
	}
}

// judgeConnectFlags checks the flags by themselves. 3.1 does not use bit 0, and
// disregards the will bits if there is no will.
func judgeConnectFlags(r *reading, f connectFlags) {
	if f.reserved && r.version != v31 {
		r.refuse("connect flags: bit 0") // [MQTT-3.1.2-3]
	}
	if !f.will && f.willQoS != 0 && r.version != v31 {
		r.refuse("connect flags: will QoS without a will") // [MQTT-3.1.2-11]
	}
	if !f.will && f.willRetain && r.version != v31 {
		r.refuse("connect flags: will retain without a will") // [MQTT-3.1.2-13]
	}
	if f.will && f.willQoS == 3 {
		r.refuse("connect flags: will QoS 3") // [MQTT-3.1.2-12]
	}
	if f.password && !f.userName && r.version != v5 {
		r.refuse("connect flags: password without user name") // 3.1.1: [MQTT-3.1.2-22]
	}
}

// judgeConnectProperties checks what goes beyond a single property.
func judgeConnectProperties(r *reading, list []property) {
	if has(list, 0x16) && !has(list, 0x15) {
		r.refuse("Authentication Data without Authentication Method") // U-3.1.2.11.10-1
	}
}

// clientIdentifier takes the client identifier, whose length each version
// restricts in its own way. Each half of a surrogate pair counts as a character.
func clientIdentifier(r *reading, f connectFlags) {
	characters := len(r.text())
	switch {
	case r.version == v31 && (characters < 1 || characters > 23):
		r.refuse("client identifier: not 1 to 23 characters")
	case r.version == v311 && characters == 0 && !f.cleanStart:
		r.refuse("client identifier: empty without CleanSession") // 3.1.1: [MQTT-3.1.3-7]
	}
}

// will takes the parts of the will. // [MQTT-3.1.2-9]
func will(r *reading) {
	if r.version == v5 {
		r.properties("WILL")
	}
	r.topicName()
	r.binary() // will message or will payload
}

// credentials takes user name and password. In 3.1 the remaining length has
// priority: where the packet ends they are not there, whatever the flags say.
func credentials(r *reading, f connectFlags) {
	ended := func() bool { return r.version == v31 && len(r.left) == 0 }
	if f.userName && !ended() {
		r.text() // [MQTT-3.1.3-12]
	}
	if f.password && !ended() {
		r.binary()
	}
}
