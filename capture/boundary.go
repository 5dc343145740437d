package capture

import (
	"unicode/utf8"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// allVersions are the versions a packet may be of, the newest first.
var allVersions = [...]mqttwire.Version{mqttwire.V5, mqttwire.V311, mqttwire.V31}

// How much it takes to be taken for MQTT where nothing but the packets tells:
// this many bytes of legal ones and nothing else, or this many packets, so that
// a judgement costs no more than that. Two or four bytes are a legal packet in
// many a protocol.
const (
	enoughLegalBytes   = 16
	enoughLegalPackets = 16
)

// What is looked at of a packet that is not wholly there: how long one other
// than PUBLISH may be declared, where it is not sure that it is one; and how
// many bytes of a topic name.
const (
	longestUnsure = 8 << 10
	longestLook   = 256
)

// judgeStart tells whether a packet begins at the start of b, for a direction
// whose first bytes are not in the capture: isMQTT if the first packet is there
// and legal in some version, and what follows it may begin another; unknown if
// no packet can begin here; undecided if it may, but there is too little to
// tell. If it is not known that the conversation is MQTT, all packets in b have
// to be legal. decoded is how many bytes it took.
func judgeStart(b []byte, known bool) (v verdict, decoded int) {
	needed := enoughLegalPackets
	if known {
		needed = 1
	}
	telling := false
	for n := 0; ; n++ {
		if !mayBegin(b[decoded:]) {
			return unknown, decoded
		}
		if n == needed {
			return isMQTT, decoded
		}
		f, _, err := mqttwire.CutFrame(b[decoded:], 0)
		switch {
		case err != nil && (telling || decoded >= enoughLegalBytes):
			return isMQTT, decoded
		case err != nil:
			return undecided, decoded
		}
		decoded += f.Header.PacketSize()
		if !legalInAny(f) {
			return unknown, decoded
		}
		telling = telling || isTelling(f.Header.Type)
	}
}

// isTelling reports whether a legal packet of a type is enough by itself to be
// taken for MQTT: those leave little to chance, by values that are fixed and
// lengths that have to agree.
func isTelling(t mqttwire.PacketType) bool {
	switch t {
	case mqttwire.CONNECT, mqttwire.CONNACK, mqttwire.SUBSCRIBE, mqttwire.UNSUBSCRIBE:
		return true
	}
	return false
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
		if h.RemainingLength > longestUnsure {
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
// A long topic name is judged by its start until the packet is whole, since b
// comes again with each segment.
func mayBeTopic(b []byte, size int) bool {
	if len(b) < 2 {
		return true
	}
	n := int(b[0])<<8 | int(b[1])
	if n+2 > size {
		return false
	}
	topic := b[2:min(len(b), n+2, 2+longestLook)]
	cut := len(topic) < n
	for len(topic) > 0 {
		r, width := utf8.DecodeRune(topic)
		if r == utf8.RuneError && width == 1 {
			return cut && !utf8.FullRune(topic)
		}
		if r == 0 || r == '#' || r == '+' {
			return false
		}
		topic = topic[width:]
	}
	return true
}
