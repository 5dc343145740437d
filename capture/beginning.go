package capture

import "github.com/mqttwire/mqttwire"

// MayBegin reports whether b may be how MQTT begins, from the first byte of a packet
// on: that what is there of the first packet is legal in some version or, of a CONNECT,
// has at least the protocol name. While more is true, further bytes may show that it is
// none: ask again with all of them. It is for who has bytes of an unknown kind and wants
// to read no packets out of what is none; four bytes or fewer are a legal packet in many
// a file, so then what follows has to be the start of another.
func MayBegin(b []byte) (ok, more bool) {
	switch recogniseConnect(b) {
	case isMQTT:
		return true, false
	case undecided:
		return true, true
	}
	f, rest, err := mqttwire.CutFrame(b, 0)
	switch {
	case err != nil:
		ok = mayBegin(b)
		return ok, ok
	case !legalInAny(f):
		return false, false
	case f.Header.PacketSize() > weakPacket:
		return true, false
	}
	return mayBegin(rest), len(rest) == 0
}
