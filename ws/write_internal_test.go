package ws

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	mqtt "github.com/mqttwire/mqttwire/packets"
)

// However a stream of packets is written, no piece holds bytes of two of them, and a
// packet that is written whole is one piece.
func TestAPieceNeverHoldsTwoPackets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stream []byte
		var ends []int
		for range rapid.IntRange(1, 8).Draw(t, "packets") {
			size := rapid.SampledFrom([]int{-1, 0, 1, 120, 130, 16_380, 16_390, 2_097_150}).Draw(t, "size")
			p := mqttwire.Packet(&mqtt.Pingreq{})
			if size >= 0 {
				p = &mqtt.Publish{Topic: []byte("t"), Payload: make([]byte, size)}
			}
			var err error
			stream, err = p.Append(stream, mqttwire.V311)
			require.NoError(t, err)
			ends = append(ends, len(stream))
		}
		var p packets
		at := 0
		for at < len(stream) {
			n := rapid.OneOf(rapid.IntRange(1, 5), rapid.IntRange(1, len(stream))).Draw(t, "written")
			for b := stream[at:min(at+n, len(stream))]; len(b) > 0; {
				k := p.next(b)
				end := ends[0]
				require.Equal(t, min(len(b), end-at), k)
				if at += k; at == end {
					ends = ends[1:]
				}
				b = b[k:]
			}
		}
	})
}

// What is written need not be MQTT: it only has to go out.
func TestWhatIsNoPacketGoesOutToo(t *testing.T) {
	var p packets
	for b := bytes.Repeat([]byte{0xFF}, 1<<20); len(b) > 0; {
		n := p.next(b)
		require.Positive(t, n)
		b = b[n:]
	}
}

func TestTheFirstReasonToCloseIsTheOneThatIsTold(t *testing.T) {
	var a answer
	a.close(CodeProtocol)
	a.close(CodeNormal)
	_, code, ok := a.take()
	require.True(t, ok)
	require.Equal(t, uint16(CodeProtocol), code)
}
