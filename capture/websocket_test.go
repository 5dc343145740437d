package capture

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

// frame puts a packet into a WebSocket frame, masked or not.
func webSocketFrameOf(packet string, masked bool) string {
	b := []byte{0x82}
	switch n := len(packet); {
	case n < 126:
		b = append(b, byte(n))
	case n < 1<<16:
		b = append(b, 126, byte(n>>8), byte(n))
	default:
		b = append(b, 127, 0, 0, 0, 0, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	if !masked {
		return string(b) + packet
	}
	b[1] |= 0x80
	key := [4]byte{0x12, 0x34, 0x56, 0x78}
	b = append(b, key[:]...)
	for i := range len(packet) {
		b = append(b, packet[i]^key[i&3])
	}
	return string(b)
}

func TestWebSocketWhoseUpgradeIsNotInTheCaptureIsNamed(t *testing.T) {
	large, err := mqttwire.AppendFrame(nil, mqttwire.PUBLISH, 0, append([]byte("\x00\x01t"), make([]byte, 70000)...))
	require.NoError(t, err)
	middle, err := mqttwire.AppendFrame(nil, mqttwire.PUBLISH, 0, append([]byte("\x00\x01t"), make([]byte, 300)...))
	require.NoError(t, err)
	for name, packet := range map[string]string{"small": publish3, "middle": string(middle), "large": string(large)} {
		for _, masked := range []bool{true, false} {
			for _, port := range []uint16{1883, 9001} {
				t.Run(name, func(t *testing.T) {
					tr := newTrace(t)
					c := tr.begin(port)
					if masked {
						c.says(webSocketFrameOf(packet, true))
					} else {
						c.hears(webSocketFrameOf(packet, false))
					}
					events := tr.events(Options{})
					require.Len(t, events, 1)
					assert.Equal(t, NotMQTT, events[0].Kind)
					assert.Equal(t, mqttwire.ForeignWebSocket, events[0].Foreign)
				})
			}
		}
	}
}

func TestAStageIsAskedForWebSocketInMidstream(t *testing.T) {
	for _, masked := range []bool{true, false} {
		var starts []StageStart
		tr := newTrace(t)
		c := tr.begin(9001)
		if masked {
			c.says("end of a frame")
			c.says(webSocketFrameOf(pingreq, true))
		} else {
			c.hears("end of a frame")
			c.hears(webSocketFrameOf(pingresp, false))
		}
		tr.events(Options{Stages: []StageOpener{func(s StageStart) Stage {
			starts = append(starts, s)
			return nil
		}}})
		require.Len(t, starts, 1)
		assert.True(t, starts[0].Midstream)
		assert.Equal(t, mqttwire.ForeignWebSocket, starts[0].Foreign)
		want := mqttwire.FromServer
		if masked {
			want = mqttwire.FromClient
		}
		assert.Equal(t, want, starts[0].Sender[starts[0].By])
	}
}

func TestFramesThatHoldNoPacketAreNoWebSocketOfMQTT(t *testing.T) {
	for name, first := range map[string]string{
		"text inside":                 webSocketFrameOf("hello, world", false),
		"two packets, cut elsewhere":  webSocketFrameOf(publish3+"\x30", false),
		"not final":                   "\x02" + webSocketFrameOf(publish3, false)[1:],
		"text":                        "\x81" + webSocketFrameOf(publish3, false)[1:],
		"a length that is not there":  "\x82\x7E\x00",
		"a longer one that is not":    "\x82\x7F\x00\x00\x00\x00\x00",
		"a mask that is not there":    "\x82\x8A\x01\x02",
		"nothing of the packet there": "\x82\x0A",
	} {
		tr := newTrace(t)
		c := tr.begin(9001)
		c.hears(first)
		events := tr.events(Options{})
		require.Len(t, events, 1, name)
		assert.Equal(t, NotMQTT, events[0].Kind, name)
		assert.Equal(t, mqttwire.Foreign(0), events[0].Foreign, name)
	}
}

func TestTLSThatBeginsInARecordIsNamedAtTheNext(t *testing.T) {
	for _, port := range []uint16{8883, 1883} {
		tr := newTrace(t)
		c := tr.begin(port)
		c.says("the end of a record")
		c.says("\x17\x03\x03\x00\x05hello")
		events := tr.events(Options{})
		require.Len(t, events, 1)
		assert.Equal(t, mqttwire.ForeignTLSRecord, events[0].Foreign, port)
	}
}
