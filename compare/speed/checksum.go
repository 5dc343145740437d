package main

import "github.com/mqttwire/mqttwire"

// The checksums are over all fields of a packet, so that every codec has to bring
// each of them out, and that all are seen to bring out the same. Of a string or
// binary data its length, its first and its last byte count. They are sums, which
// cost little beside decoding and do not depend on the order of properties.

func textSum(b []byte) uint64 {
	n := len(b)
	if n == 0 {
		return 0
	}
	return uint64(n) + uint64(b[0])<<16 + uint64(b[n-1])<<24
}

func stringSum(s string) uint64 {
	n := len(s)
	if n == 0 {
		return 0
	}
	return uint64(n) + uint64(s[0])<<16 + uint64(s[n-1])<<24
}

func flagSum(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// numberSum is the sum of a property that is a number. A property of value 0
// counts as none, since some codecs do not tell the two apart.
func numberSum(id mqttwire.PropertyID, n uint32) uint64 { return uint64(n) * (2*uint64(id) + 1) }

// valueSum is the sum of a property that is a string or binary data.
func valueSum(id mqttwire.PropertyID, value uint64) uint64 { return 5 * value * (2*uint64(id) + 1) }

// userSum is the sum of a User Property.
func userSum(name, value uint64) uint64 {
	return (3*name + 5*value) * (2*uint64(mqttwire.UserProperty) + 1)
}

// propertySum is the sum of any property.
func propertySum(id mqttwire.PropertyID, n uint32, name, value []byte) uint64 {
	return (uint64(n) + 3*textSum(name) + 5*textSum(value)) * (2*uint64(id) + 1)
}

func willSum(topic, payload uint64, qos byte, retain bool, properties uint64) uint64 {
	return topic*19 + payload*21 + uint64(qos)*23 + flagSum(retain)*25 + properties*27
}

func connectSum(version byte, clean bool, keepAlive uint16, id, user, password, will, properties uint64) uint64 {
	return uint64(version)*3 + flagSum(clean)*5 + uint64(keepAlive)*7 + id*9 + user*11 + password*13 + will + properties
}

func connackSum(present bool, code byte, properties uint64) uint64 {
	return flagSum(present)*3 + uint64(code)*5 + properties
}

func publishSum(topic, payload uint64, id uint16, qos byte, dup, retain bool, properties uint64) uint64 {
	return topic*3 + payload*5 + uint64(id)*7 + uint64(qos)*9 + flagSum(dup)*11 + flagSum(retain)*13 + properties
}

// ackSum is the sum of PUBACK, PUBREC, PUBREL and PUBCOMP; with identifier 0, of
// DISCONNECT and AUTH.
func ackSum(id uint16, code byte, properties uint64) uint64 {
	return uint64(id)*7 + uint64(code)*5 + properties
}

// listSum is the sum of SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK, whose
// entries have the sum entries.
func listSum(id uint16, entries, properties uint64) uint64 {
	return uint64(id)*7 + entries + properties
}

// entrySum is the sum of entry i of a list.
func entrySum(i int, entry uint64) uint64 { return entry * (2*uint64(i) + 1) }

func subscriptionSum(i int, filter uint64, qos byte, noLocal, asPublished bool, handling byte) uint64 {
	return entrySum(i, filter+uint64(qos)<<40+flagSum(noLocal)<<42+flagSum(asPublished)<<43+uint64(handling)<<44)
}

// emptySum is the sum of a packet without fields.
const emptySum = 1
