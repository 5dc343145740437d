package capture

import (
	"encoding/binary"

	"github.com/mqttwire/mqttwire"
)

// midWebSocket reports whether what is searched begins with a WebSocket frame that
// holds one MQTT packet: a conversation whose upgrade is not in the capture. Binary
// frames, of which clients mask theirs: RFC 6455 section 5.2, [MQTT-6.0.0-1].
func (d *direction) midWebSocket() bool {
	if d.conv.mqtt {
		return false
	}
	start, size, masked, ok := webSocketFrame(d.search.buf)
	if !ok || !mayBegin(start) {
		return false
	}
	h, _, err := mqttwire.ConsumeFixedHeader(start)
	if err != nil || uint64(h.PacketSize()) != size {
		return false
	}
	if d.conv.client == nil {
		d.conv.client = d
		if !masked {
			d.conv.client = d.conv.opposite(d)
		}
	}
	return true
}

// webSocketFrame returns the first bytes of the payload of the final binary frame that
// b begins with, the size of the payload, and whether it was masked.
func webSocketFrame(b []byte) (start []byte, size uint64, masked, ok bool) {
	const finalBinary, mask, length = 0x82, 0x80, 0x7F
	if len(b) < 2 || b[0] != finalBinary {
		return nil, 0, false, false
	}
	masked, size = b[1]&mask != 0, uint64(b[1]&length)
	at := 2
	switch {
	case size == 126 && len(b) >= 4:
		size, at = uint64(binary.BigEndian.Uint16(b[2:])), 4
	case size == 127 && len(b) >= 10:
		size, at = binary.BigEndian.Uint64(b[2:]), 10
	case size >= 126:
		return nil, 0, false, false
	}
	var key [4]byte
	if masked {
		if len(b) < at+len(key) {
			return nil, 0, false, false
		}
		at += copy(key[:], b[at:])
	}
	for i, c := range b[at:min(len(b), at+longestLook)] {
		if uint64(i) == size {
			break
		}
		start = append(start, c^key[i&3])
	}
	return start, size, masked, len(start) > 0
}
