package text

import "bytes"

// IndexWildcard returns where the first + or # stands in b, or -1.
func IndexWildcard(b []byte) int {
	i := bytes.IndexByte(b, '+')
	if i >= 0 {
		b = b[:i]
	}
	if j := bytes.IndexByte(b, '#'); j >= 0 {
		return j
	}
	return i
}

// LegalWildcards reports whether each wildcard of the topic filter b is a whole
// level and, if it is #, the last. The filter need not be ASCII. [MQTT-4.7.1-1]
// [MQTT-4.7.1-2]
func LegalWildcards(b []byte) bool {
	if i := bytes.IndexByte(b, '#'); i >= 0 && (i != len(b)-1 || i > 0 && b[i-1] != '/') {
		return false
	}
	return bytes.IndexByte(b, '+') < 0 || legalPlus(b)
}

// legalPlus reports whether each + of b is a whole level, eight bytes at a time.
// [MQTT-4.7.1-2]
func legalPlus(b []byte) bool {
	plus, slash := uint64(0), uint64(firstByte) // what the byte before was; what the first may follow is as a /
	for ; ; b = b[8:] {
		w := uint64('/' * lowBits) // so is what the last may be followed by
		if len(b) >= 8 {
			w = Load64(b)
		} else {
			for i, c := range b {
				w ^= uint64(c^'/') << (8 * i)
			}
		}
		pluses, slashes := equalBytes(w, '+')&^w, equalBytes(w, '/')&^w
		if pluses&^(slashes<<8|slash)|(pluses<<8|plus)&^slashes != 0 {
			return false
		}
		if len(b) < 8 {
			return true
		}
		plus, slash = pluses>>56, slashes>>56
	}
}
