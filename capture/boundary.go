package capture

import (
	"unicode/utf8"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// allVersions are the versions a packet may be of, the newest first.
var allVersions = [...]mqttwire.Version{mqttwire.V5, mqttwire.V311, mqttwire.V31}

// How much it takes to be taken for MQTT where nothing but the packets tells:
// this many bytes of legal ones, and nothing else. And how long a packet other
// than PUBLISH may be declared, where it is not sure that it is one.
const (
	enoughLegalBytes = 4
	longestDoubtful  = 8 << 10
)

// judgeStart tells whether a packet begins at the start of b, for a direction
// whose first bytes are not in the capture: isMQTT if the first packet is there
// and legal in some version, and what follows it may begin another; unknown if
// no packet can begin here; undecided if it may, but is not wholly there. If it
// is not known that the conversation is MQTT, all packets in b have to be legal.
func judgeStart(b []byte, known bool) verdict {
	for rest := b; ; {
		if !mayBegin(rest) {
			return unknown
		}
		f, after, err := mqttwire.CutFrame(rest, 0)
		switch {
		case err != nil && len(rest) == len(b):
			return undecided
		case err != nil:
			return isMQTT
		case !legalInAny(f):
			return unknown
		case known && (len(after) == 0 || mayBegin(after)):
			return isMQTT
		case len(after) == 0 && len(b) < enoughLegalBytes:
			return undecided
		case len(after) == 0:
			return isMQTT
		}
		rest = after
	}
}

// legalInAny reports whether any version allows a packet.
func legalInAny(f mqttwire.Frame) bool {
	for _, v := range allVersions {
		if _, err := packets.Decode(f, v); err == nil {
			return true
		}
	}
	return false
}

// mayBegin reports whether what is there of b may be the start of a packet:
// flags that its type has, and in a PUBLISH a topic name.
func mayBegin(b []byte) bool {
	h, rest, err := mqttwire.ConsumeFixedHeader(b)
	if err != nil && err != mqttwire.ErrIncomplete {
		return false
	}
	if len(b) == 0 {
		return true
	}
	t, flags := mqttwire.PacketType(b[0]>>4), b[0]&0x0F
	if t != mqttwire.PUBLISH {
		if h.RemainingLength > longestDoubtful {
			return false
		}
		return flags == t.Flags() || t.Flags() != 0 && flags == t.Flags()|8 // DUP in 3.1
	}
	if flags>>1&3 == 3 {
		return false
	}
	return err != nil || mayBeTopic(rest, int(h.RemainingLength))
}

// mayBeTopic reports whether a PUBLISH body of the given size may start with b.
func mayBeTopic(b []byte, size int) bool {
	if len(b) < 2 {
		return true
	}
	n := int(b[0])<<8 | int(b[1])
	if n+2 > size {
		return false
	}
	topic := b[2:min(len(b), n+2)]
	for len(topic) > 0 {
		r, width := utf8.DecodeRune(topic)
		if r == utf8.RuneError && width == 1 {
			return !utf8.FullRune(topic) && len(b) < n+2
		}
		if r == 0 || r == '#' || r == '+' {
			return false
		}
		topic = topic[width:]
	}
	return true
}
