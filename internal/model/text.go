package model

// text takes a UTF-8 encoded string: its code points.
func (r *reading) text() []rune {
	var points []rune
	for b := r.binary(); len(b) > 0 && r.why == ""; {
		point, size := character(b)
		if !r.legalCharacter(point, size) {
			r.refuse("string: ill-formed UTF-8 or U+0000") // [MQTT-1.5.4-1] [MQTT-1.5.4-2]
			return nil
		}
		points = append(points, point)
		b = b[size:]
	}
	return points
}

// character reads the first character by the pattern of its bytes alone: its code
// point and how many bytes it has, 0 if the pattern is that of no character.
func character(b []byte) (point rune, size int) {
	switch first := rune(b[0]); {
	case first < 0b1000_0000:
		point, size = first, 1
	case first < 0b1100_0000:
		return 0, 0 // a later byte of a character
	case first < 0b1110_0000:
		point, size = first-0b1100_0000, 2
	case first < 0b1111_0000:
		point, size = first-0b1110_0000, 3
	case first < 0b1111_1000:
		point, size = first-0b1111_0000, 4
	default:
		return 0, 0
	}
	if size > len(b) {
		return 0, 0
	}
	for _, next := range b[1:size] {
		if next < 0b1000_0000 || next >= 0b1100_0000 {
			return 0, 0
		}
		point = point*64 + rune(next) - 0b1000_0000
	}
	return point, size
}

// legalCharacter reports whether a string may hold a code point in that many
// bytes. In 3.1 strings may be Java's modified UTF-8, which has C0 80 for U+0000
// and surrogates.
func (r *reading) legalCharacter(point rune, size int) bool {
	switch {
	case size == 0 || point > 0x10FFFF:
		return false
	case point == 0:
		return r.version == v31 && size <= 2 // as 00 or C0 80
	case point >= 0xD800 && point <= 0xDFFF:
		return r.version == v31 && size == 3
	}
	return size == fewestBytes(point)
}

// fewestBytes is how many bytes UTF-8 gives a code point.
func fewestBytes(point rune) int {
	switch {
	case point <= 0x7F:
		return 1
	case point <= 0x7FF:
		return 2
	case point <= 0xFFFF:
		return 3
	}
	return 4
}
