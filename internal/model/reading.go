package model

// reading is a packet, or a part of it, that is read field by field. The first
// refusal ends it: nothing is left, and all that is read after it is zero.
type reading struct {
	left    []byte
	version int
	why     string
}

// refuse ends the reading for a reason.
func (r *reading) refuse(why string) {
	if r.why == "" {
		r.why = why
	}
	r.left = nil
}

// take takes the next n bytes, or none if there are fewer.
func (r *reading) take(n int) []byte {
	if n > len(r.left) {
		r.refuse("a field runs past the end") // U-1.5.4-1, U-1.5.6-1, U-2.1.4-2
		return nil
	}
	taken := r.left[:n]
	r.left = r.left[n:]
	return taken
}

// integer takes an unsigned big-endian integer of one or two bytes. // U-1.5.2-1
func (r *reading) integer(n int) int {
	value := 0
	for _, b := range r.take(n) {
		value = value*256 + int(b)
	}
	return value
}

// variableByteInteger takes a variable byte integer in any of its forms, and
// tells how many bytes it took.
func (r *reading) variableByteInteger() (value, size int) {
	weight := 1
	for size = 1; size <= 4; size++ {
		b := r.integer(1)
		value += b % 128 * weight
		if b < 128 {
			return value, size
		}
		weight *= 128
	}
	r.refuse("variable byte integer: more than four bytes") // U-1.5.5-1
	return 0, 1
}

// shortInteger takes a variable byte integer in its shortest form.
func (r *reading) shortInteger() int {
	value, size := r.variableByteInteger()
	if size > shortest(value) {
		r.refuse("variable byte integer: not the shortest form") // [MQTT-1.5.5-1]
	}
	return value
}

// shortest is how many bytes the shortest form of a value has.
func shortest(value int) int {
	switch {
	case value <= 127:
		return 1
	case value <= 16383:
		return 2
	case value <= 2097151:
		return 3
	}
	return 4
}

// binary takes binary data: a two byte length and as many bytes.
func (r *reading) binary() []byte {
	return r.take(r.integer(2))
}

// packetIdentifier takes a packet identifier, which is not 0 in any packet.
func (r *reading) packetIdentifier() {
	if r.integer(2) == 0 {
		r.refuse("packet identifier 0") // [MQTT-2.2.1-3], U-2.2.1-1; 3.1.1: [MQTT-2.3.1-1]
	}
}
