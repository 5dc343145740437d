package model

import "slices"

// property is one property of a packet. Only one of its values is there.
type property struct {
	identifier int
	number     uint32
	text       []rune
}

// form is what the model knows of a property.
type form struct {
	value  string   // the type of its value
	owners []string // the packets that may have it; WILL for the will properties
}

// everyOwner are the packets that have properties.
var everyOwner = []string{"CONNECT", "WILL", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP",
	"SUBSCRIBE", "SUBACK", "UNSUBSCRIBE", "UNSUBACK", "DISCONNECT", "AUTH"}

// forms are the properties, by identifier.
var forms = map[int]form{
	0x01: {"byte", []string{"PUBLISH", "WILL"}},                                                                              // Payload Format Indicator
	0x02: {"four byte", []string{"PUBLISH", "WILL"}},                                                                         // Message Expiry Interval
	0x03: {"utf8", []string{"PUBLISH", "WILL"}},                                                                              // Content Type
	0x08: {"utf8", []string{"PUBLISH", "WILL"}},                                                                              // Response Topic
	0x09: {"binary", []string{"PUBLISH", "WILL"}},                                                                            // Correlation Data
	0x0B: {"vbi", []string{"PUBLISH", "SUBSCRIBE"}},                                                                          // Subscription Identifier
	0x11: {"four byte", []string{"CONNECT", "CONNACK", "DISCONNECT"}},                                                        // Session Expiry Interval
	0x12: {"utf8", []string{"CONNACK"}},                                                                                      // Assigned Client Identifier
	0x13: {"two byte", []string{"CONNACK"}},                                                                                  // Server Keep Alive
	0x15: {"utf8", []string{"CONNECT", "CONNACK", "AUTH"}},                                                                   // Authentication Method
	0x16: {"binary", []string{"CONNECT", "CONNACK", "AUTH"}},                                                                 // Authentication Data
	0x17: {"byte", []string{"CONNECT"}},                                                                                      // Request Problem Information
	0x18: {"four byte", []string{"WILL"}},                                                                                    // Will Delay Interval
	0x19: {"byte", []string{"CONNECT"}},                                                                                      // Request Response Information
	0x1A: {"utf8", []string{"CONNACK"}},                                                                                      // Response Information
	0x1C: {"utf8", []string{"CONNACK", "DISCONNECT"}},                                                                        // Server Reference
	0x1F: {"utf8", []string{"CONNACK", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBACK", "UNSUBACK", "DISCONNECT", "AUTH"}}, // Reason String
	0x21: {"two byte", []string{"CONNECT", "CONNACK"}},                                                                       // Receive Maximum
	0x22: {"two byte", []string{"CONNECT", "CONNACK"}},                                                                       // Topic Alias Maximum
	0x23: {"two byte", []string{"PUBLISH"}},                                                                                  // Topic Alias
	0x24: {"byte", []string{"CONNACK"}},                                                                                      // Maximum QoS
	0x25: {"byte", []string{"CONNACK"}},                                                                                      // Retain Available
	0x26: {"utf8 pair", everyOwner},                                                                                          // User Property
	0x27: {"four byte", []string{"CONNECT", "CONNACK"}},                                                                      // Maximum Packet Size
	0x28: {"byte", []string{"CONNACK"}},                                                                                      // Wildcard Subscription Available
	0x29: {"byte", []string{"CONNACK"}},                                                                                      // Subscription Identifier Available
	0x2A: {"byte", []string{"CONNACK"}},                                                                                      // Shared Subscription Available
}

// notZero are the numbers that may not be 0: Subscription Identifier, Receive
// Maximum, Topic Alias, Maximum Packet Size.
var notZero = map[int]string{
	0x0B: "Subscription Identifier 0", // U-3.3.2.3.8-1, U-3.8.2.1.2-1
	0x21: "Receive Maximum 0",         // U-3.1.2.11.3-2, U-3.2.2.3.3-2
	0x23: "Topic Alias 0",             // [MQTT-3.3.2-8]
	0x27: "Maximum Packet Size 0",     // U-3.1.2.11.4-2, U-3.2.2.3.6-2
}

// properties takes the property length and the properties of an owner.
func (r *reading) properties(owner string) []property {
	block := &reading{left: r.take(r.shortInteger()), version: r.version}
	var list []property
	for len(block.left) > 0 && r.why == "" {
		p := block.property()
		if block.why != "" {
			r.refuse(block.why) // U-2.2.2.1-2
		}
		r.judgeProperty(p, owner, list)
		list = append(list, p)
	}
	return list
}

// property takes an identifier and its value.
func (r *reading) property() property {
	p := property{identifier: r.shortInteger()}
	switch forms[p.identifier].value {
	case "byte":
		p.number = uint32(r.integer(1))
	case "two byte":
		p.number = uint32(r.integer(2))
	case "four byte":
		p.number = uint32(r.integer(2))<<16 + uint32(r.integer(2))
	case "vbi":
		p.number = uint32(r.shortInteger())
	case "utf8":
		p.text = r.text()
	case "utf8 pair":
		r.text()
		r.text()
	case "binary":
		r.binary()
	}
	return p
}

// judgeProperty checks a property of an owner that has those before already.
func (r *reading) judgeProperty(p property, owner string, before []property) {
	// An unknown property has no owners.
	if !slices.Contains(forms[p.identifier].owners, owner) {
		r.refuse("property: unknown, or not one of this packet") // U-2.2.2.2-1
	}
	if has(before, p.identifier) && !mayRepeat(p.identifier, owner) {
		r.refuse("property: repeated")
	}
	// All byte properties are 0 or 1.
	if forms[p.identifier].value == "byte" && p.number > 1 {
		r.refuse("property: neither 0 nor 1")
	}
	if why, applies := notZero[p.identifier]; applies && p.number == 0 {
		r.refuse("property: " + why)
	}
	if p.identifier == 0x08 {
		r.judgeResponseTopic(p.text)
	}
}

// judgeResponseTopic checks the rules of topic names. // [MQTT-3.3.2-14]
func (r *reading) judgeResponseTopic(name []rune) {
	if len(name) == 0 {
		r.refuse("Response Topic: empty") // U-3.1.3.2.6-2, U-3.3.2.3.5-2
	}
	r.judgeName(name)
}

// mayRepeat tells of User Property, and of Subscription Identifier from the
// server. // U-3.3.2.3.8-2
func mayRepeat(identifier int, owner string) bool {
	return identifier == 0x26 || identifier == 0x0B && owner == "PUBLISH"
}

// has reports whether a property is in the list.
func has(list []property, identifier int) bool {
	return slices.ContainsFunc(list, func(p property) bool { return p.identifier == identifier })
}
