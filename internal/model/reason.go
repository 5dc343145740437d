package model

// reasonCodes are the reason codes of 5.0, with the packets that have them. In
// DISCONNECT, 0x8C stands in the general table only; it is accepted.
var reasonCodes = map[int][]string{
	0x00: {"CONNACK", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "UNSUBACK", "AUTH", "DISCONNECT", "SUBACK"},
	0x01: {"SUBACK"},
	0x02: {"SUBACK"},
	0x04: {"DISCONNECT"},
	0x10: {"PUBACK", "PUBREC"},
	0x11: {"UNSUBACK"},
	0x18: {"AUTH"},
	0x19: {"AUTH"},
	0x80: {"CONNACK", "PUBACK", "PUBREC", "SUBACK", "UNSUBACK", "DISCONNECT"},
	0x81: {"CONNACK", "DISCONNECT"},
	0x82: {"CONNACK", "DISCONNECT"},
	0x83: {"CONNACK", "PUBACK", "PUBREC", "SUBACK", "UNSUBACK", "DISCONNECT"},
	0x84: {"CONNACK"},
	0x85: {"CONNACK"},
	0x86: {"CONNACK"},
	0x87: {"CONNACK", "PUBACK", "PUBREC", "SUBACK", "UNSUBACK", "DISCONNECT"},
	0x88: {"CONNACK"},
	0x89: {"CONNACK", "DISCONNECT"},
	0x8A: {"CONNACK"},
	0x8B: {"DISCONNECT"},
	0x8C: {"CONNACK", "DISCONNECT"},
	0x8D: {"DISCONNECT"},
	0x8E: {"DISCONNECT"},
	0x8F: {"SUBACK", "UNSUBACK", "DISCONNECT"},
	0x90: {"CONNACK", "PUBACK", "PUBREC", "DISCONNECT"},
	0x91: {"PUBACK", "PUBREC", "SUBACK", "UNSUBACK"},
	0x92: {"PUBREL", "PUBCOMP"},
	0x93: {"DISCONNECT"},
	0x94: {"DISCONNECT"},
	0x95: {"CONNACK", "DISCONNECT"},
	0x96: {"DISCONNECT"},
	0x97: {"CONNACK", "PUBACK", "PUBREC", "SUBACK", "DISCONNECT"},
	0x98: {"DISCONNECT"},
	0x99: {"CONNACK", "PUBACK", "PUBREC", "DISCONNECT"},
	0x9A: {"CONNACK", "DISCONNECT"},
	0x9B: {"CONNACK", "DISCONNECT"},
	0x9C: {"CONNACK", "DISCONNECT"},
	0x9D: {"CONNACK", "DISCONNECT"},
	0x9E: {"SUBACK", "DISCONNECT"},
	0x9F: {"CONNACK", "DISCONNECT"},
	0xA0: {"DISCONNECT"},
	0xA1: {"SUBACK", "DISCONNECT"},
	0xA2: {"SUBACK", "DISCONNECT"},
}

// connectReturnCodes are those of CONNACK in 3.1 and 3.1.1.
var connectReturnCodes = []int{0, 1, 2, 3, 4, 5}

// subackReturnCodes are those of SUBACK in 3.1 and 3.1.1. // [MQTT-3.9.3-2]
var subackReturnCodes = map[int][]int{
	v31:  {0, 1, 2},
	v311: {0, 1, 2, 0x80},
}
