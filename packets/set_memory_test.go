package packets_test

import (
	"bytes"
	"runtime"
	"testing"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// decodedFrame encodes the packet in 3.1.1, has the set decode it, and returns
// what tells whether the frame is still there.
func decodedFrame(t *testing.T, set *packets.Set, p mqttwire.Packet) weak.Pointer[byte] {
	t.Helper()
	b, err := p.Append(nil, mqttwire.V311)
	require.NoError(t, err)
	f, _, err := mqttwire.CutFrame(b, 0)
	require.NoError(t, err)
	_, err = set.Decode(f, mqttwire.V311)
	require.NoError(t, err)
	return weak.Make(&b[0])
}

func connectWithWill(payload int) *packets.Connect {
	will := &packets.Will{Topic: []byte("a/b"), Payload: make([]byte, payload)}
	return &packets.Connect{ClientID: []byte("c"), CleanStart: true, Will: will}
}

func TestASetKeepsNoWillOfAnEarlierConnect(t *testing.T) {
	const large = 65535 // then the body has over 64 KiB
	without := &packets.Connect{ClientID: []byte("c"), CleanStart: true}
	for name, c := range map[string]struct {
		payload int
		next    mqttwire.Packet
	}{
		"small, then a CONNECT without a will": {100, without},
		"small, then one with a will":          {100, connectWithWill(10)},
		"large, then a CONNECT without a will": {large, without},
		"large, then one with a will":          {large, connectWithWill(10)},
		"large, then a PINGREQ":                {large, &packets.Pingreq{}},
	} {
		t.Run(name, func(t *testing.T) {
			var set packets.Set
			first := decodedFrame(t, &set, connectWithWill(c.payload))
			runtime.GC()
			assert.NotNil(t, first.Value(), "the packet is there until the next")
			decodedFrame(t, &set, c.next)
			runtime.GC()
			assert.Nil(t, first.Value())
			runtime.KeepAlive(&set)
		})
	}
}

// streamedTopic has d decode a PUBLISH with n bytes of topic name, whose payload
// is left in the source, and returns what tells whether its header is still there.
func streamedTopic(t *testing.T, d *packets.Decoder, n int) weak.Pointer[byte] {
	t.Helper()
	b, err := (&packets.Publish{Topic: bytes.Repeat([]byte("t"), n), Payload: make([]byte, 100)}).Append(nil, mqttwire.V311)
	require.NoError(t, err)
	p, err := d.Next(mqttwire.NewReader(bytes.NewReader(b), mqttwire.Limits{}))
	require.NoError(t, err)
	require.Equal(t, 100, d.PayloadSize())
	return weak.Make(&p.(*packets.Publish).Topic[0])
}

func TestADecoderLetsTheMemoryOfAGiantHeaderGoWithTheNextOne(t *testing.T) {
	for name, c := range map[string]struct {
		topic int
		kept  bool
	}{"giant": {65535, false}, "small": {1000, true}} {
		t.Run(name, func(t *testing.T) {
			d := packets.NewDecoder(packets.Options{From: mqttwire.FromClient, StreamFrom: 10})
			_, err := d.Decode(frameOf(t, connect311))
			require.NoError(t, err)
			first := streamedTopic(t, d, c.topic)
			runtime.GC()
			require.NotNil(t, first.Value(), "the packet is there until the next")
			streamedTopic(t, d, 10)
			runtime.GC()
			assert.Equal(t, c.kept, first.Value() != nil)
			runtime.KeepAlive(d)
		})
	}
}
