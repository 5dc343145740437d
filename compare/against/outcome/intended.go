package outcome

import "github.com/mqttwire/mqttwire"

// What the working tree does otherwise than an older commit on purpose stands
// here, so that all else is still compared. Where Intended is set, a Side notes
// what it would have come to: it is set for the older commit alone, and does
// nothing if that is young enough to do the same.

// interop is the profile Interop, which now lets pass two more.
func (s *Side) interop(e *mqttwire.Error) bool {
	return mqttwire.Interop(e) || s.Intended && e.Rule == mqttwire.RuleReasonCode && e.Version == mqttwire.V5 &&
		(e.Type == mqttwire.PUBACK && (e.Found == 1 || e.Found == 2) || e.Type == mqttwire.PUBREC && e.Found == 0x93)
}

// intended is b, a packet that was encoded in version v, as it is written now:
// since bytes that a peer need not send are not sent, acknowledgements and
// DISCONNECT of 5.0 have no length of an empty property list.
func intended(b []byte, v mqttwire.Version) []byte {
	if v != mqttwire.V5 || len(b) < 2 {
		return b
	}
	code := 2 // where the reason code stands
	switch mqttwire.PacketType(b[0] >> 4) {
	case mqttwire.PUBACK, mqttwire.PUBREC, mqttwire.PUBREL, mqttwire.PUBCOMP:
		code += 2
	case mqttwire.DISCONNECT:
	default:
		return b
	}
	if len(b) != code+2 || b[code+1] != 0 {
		return b
	}
	short := append([]byte(nil), b[:code+1]...)
	short[1]--
	return short
}
