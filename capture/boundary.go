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

// Where MQTT is known to be spoken, packets are enough that end where a segment does,
// as senders write them whole; or so many in a row; or one behind which more bytes
// came than are written at once. One of weakPacket bytes or fewer, such as PINGREQ
// and PUBACK, leaves too much to chance: it is enough only if the capture of its
// direction begins with it.
const (
	enoughInARow = 3
	longestWrite = 64 << 10
	weakPacket   = 4
)

// What is looked at of a packet that is not wholly there: how long one other
// than PUBLISH may be declared, where it is not sure that it is one; and how
// many bytes of a topic name.
const (
	longestUnsure = 8 << 10
	longestLook   = 256
)

// context is what is known where a packet boundary is looked for.
type context struct {
	known     bool             // that the conversation is MQTT
	version   mqttwire.Version // or 0
	sender    mqttwire.Sender  // or 0
	connected bool             // a CONNECT came before
	atStart   bool             // the capture of the direction begins with what is judged
	pieces    []searchPiece    // what is judged, as it came; nil for at once
}

// endsPiece reports whether n bytes end where one of the pieces does, of all bytes.
func (c context) endsPiece(n, all int) bool {
	for _, p := range c.pieces {
		if n -= p.size; n <= 0 {
			return n == 0
		}
	}
	return n == all
}

// enough reports whether the packets of a trial are enough where MQTT is known to be
// spoken.
func (c context) enough(t trial, strong bool, all int) bool {
	switch {
	case t.packets >= enoughInARow || strong && all-t.decoded > longestWrite:
		return true
	case t.packets == 0 || t.packets == 1 && !strong && !c.atStart:
		return false
	}
	return c.endsPiece(t.decoded, all)
}

// trial is what came of a judgement.
type trial struct {
	verdict
	decoded  int             // how many bytes of packets it took
	packets  int             // how many packets those are
	whole    bool            // they are all the bytes there are
	sender   mqttwire.Sender // who alone sends one of them, or 0
	opposing bool            // one is legal, but not from this sender, or not from that of another
}

// judgeStart tells whether a packet begins at the start of b, for a direction
// whose first bytes are not in the capture: isMQTT if packets are there and legal,
// and what follows them may begin another; unknown if no packet can begin here;
// undecided if it may, but there is too little to tell. If it is not known that the
// conversation is MQTT, all packets in b have to be legal.
func judgeStart(b []byte, c context) (t trial) {
	t.sender = c.sender
	telling, strong := false, false
	for {
		if !mayBegin(b[t.decoded:]) {
			t.verdict = unknown
			return t
		}
		if c.known && c.enough(t, strong, len(b)) || t.packets == enoughLegalPackets {
			t.verdict = isMQTT
			return t
		}
		f, _, err := mqttwire.CutFrame(b[t.decoded:], 0)
		switch {
		case err != nil && !c.known && (telling || t.decoded >= enoughLegalBytes):
			t.verdict = isMQTT
			return t
		case err != nil:
			t.whole = t.packets > 0 && t.decoded == len(b)
			return t
		}
		t.decoded += f.Header.PacketSize()
		t.packets++
		if !c.plausible(f) {
			t.verdict = unknown
			return t
		}
		if t.opposes(f.Header.Type) {
			t.verdict, t.opposing = unknown, true
			return t
		}
		telling = telling || isTelling(f.Header.Type)
		strong = strong || telling || f.Header.PacketSize() > weakPacket
	}
}

// opposes takes note of who sends a packet of a type, and reports whether the
// packets before are of the other side.
func (t *trial) opposes(typ mqttwire.PacketType) bool {
	s := onlySender(typ)
	if s != 0 && t.sender != 0 && s != t.sender {
		return true
	}
	if s != 0 {
		t.sender = s
	}
	return false
}

// plausible reports whether a packet is legal where it was found.
func (c context) plausible(f mqttwire.Frame) bool {
	const packetID = 2
	switch {
	case (f.Header.Type == mqttwire.SUBSCRIBE || f.Header.Type == mqttwire.UNSUBSCRIBE) && len(f.Body) <= packetID:
		return false // 3.1 does not forbid it, and a WebSocket frame may look so
	case f.Header.Type == mqttwire.CONNECT && c.connected:
		return false // one connection has one [MQTT-3.1.0-2]
	case c.version == 0 || f.Header.Type == mqttwire.CONNECT:
		return legalInAny(f)
	}
	_, err := packets.Decode(f, c.version)
	return err == nil
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

// legalInAny reports whether a version allows a packet; of what 3.1 alone allows, only
// the DUP flag counts, which it has for more packets: its other liberties nobody takes.
func legalInAny(f mqttwire.Frame) bool {
	const dup = 0x08
	versions := []mqttwire.Version{mqttwire.V5, mqttwire.V311, mqttwire.V31}
	switch {
	case f.Header.Type == mqttwire.CONNECT:
		versions = []mqttwire.Version{0} // it tells its own
	case f.Header.Flags&dup == 0:
		versions = versions[:2]
	}
	for _, v := range versions {
		if _, err := packets.Decode(f, v); err == nil {
			return true
		}
	}
	return false
}

// mayBegin reports whether what is there of b may be the start of a packet: flags
// that its type has, and in a PUBLISH a topic name that one would use. DUP with QoS 0
// and control characters in topic names are legal in some versions, but nobody sends
// them; payloads have such bytes.
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
	const dup, qos = 0x08, 0x06
	if flags&qos == qos || flags&(dup|qos) == dup {
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
		if r < ' ' || r == 0x7F || r == '#' || r == '+' {
			return false
		}
		topic = topic[width:]
	}
	return true
}
