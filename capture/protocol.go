package capture

import (
	"slices"

	"github.com/mqttwire/mqttwire"
)

// verdict says what the first bytes of a direction are.
type verdict uint8

const (
	undecided verdict = iota // more bytes are needed
	unknown                  // nothing that is known by its first bytes
	isMQTT
	isOther
)

// recognise tells a protocol by the first bytes of a direction.
func recognise(b []byte) (verdict, mqttwire.Foreign) {
	switch foreign, more := mqttwire.Identify(b); {
	case foreign != 0:
		return isOther, foreign
	case more:
		return undecided, 0
	}
	return recogniseConnect(b), 0
}

// cutForeign tells a protocol by the first bytes of a direction that has no more
// of them: of HTTP the head may be cut, which is read as if it ended here.
func cutForeign(b []byte) mqttwire.Foreign {
	foreign, _ := mqttwire.Identify(append(slices.Clip(b), "\n\n"...))
	return foreign
}

// protocolNote is what an event says of a protocol other than MQTT.
func protocolNote(foreign mqttwire.Foreign) string {
	if foreign == 0 {
		return "not MQTT"
	}
	return foreign.Protocol()
}

// recogniseConnect looks for a CONNECT, by its type and the start of the
// protocol name, so that a malformed one is still known for what it is.
func recogniseConnect(b []byte) verdict {
	h, rest, err := mqttwire.ConsumeFixedHeader(b)
	switch {
	case len(b) > 0 && b[0]>>4 != byte(mqttwire.CONNECT):
		return unknown
	case err == mqttwire.ErrIncomplete:
		return undecided
	case err != nil || h.RemainingLength < 4:
		return unknown
	}
	for _, start := range []string{"\x00\x04MQ", "\x00\x06MQ"} {
		n := min(len(rest), len(start))
		if string(rest[:n]) == start[:n] {
			if n < len(start) {
				return undecided
			}
			return isMQTT
		}
	}
	return unknown
}
