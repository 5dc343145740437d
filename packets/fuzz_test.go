package packets_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// Each decoder is attacked by itself: flags and body of a packet of its type,
// without the fixed header that would have to fit them.

func FuzzConnect(f *testing.F)     { fuzzDecoder(f, mqttwire.CONNECT) }
func FuzzConnack(f *testing.F)     { fuzzDecoder(f, mqttwire.CONNACK) }
func FuzzPublish(f *testing.F)     { fuzzDecoder(f, mqttwire.PUBLISH) }
func FuzzPuback(f *testing.F)      { fuzzDecoder(f, mqttwire.PUBACK) }
func FuzzPubrec(f *testing.F)      { fuzzDecoder(f, mqttwire.PUBREC) }
func FuzzPubrel(f *testing.F)      { fuzzDecoder(f, mqttwire.PUBREL) }
func FuzzPubcomp(f *testing.F)     { fuzzDecoder(f, mqttwire.PUBCOMP) }
func FuzzSubscribe(f *testing.F)   { fuzzDecoder(f, mqttwire.SUBSCRIBE) }
func FuzzSuback(f *testing.F)      { fuzzDecoder(f, mqttwire.SUBACK) }
func FuzzUnsubscribe(f *testing.F) { fuzzDecoder(f, mqttwire.UNSUBSCRIBE) }
func FuzzUnsuback(f *testing.F)    { fuzzDecoder(f, mqttwire.UNSUBACK) }
func FuzzPingreq(f *testing.F)     { fuzzDecoder(f, mqttwire.PINGREQ) }
func FuzzPingresp(f *testing.F)    { fuzzDecoder(f, mqttwire.PINGRESP) }
func FuzzDisconnect(f *testing.F)  { fuzzDecoder(f, mqttwire.DISCONNECT) }
func FuzzAuth(f *testing.F)        { fuzzDecoder(f, mqttwire.AUTH) }

// maxSeed is the size of the largest corpus case that seeds a target; larger
// ones only slow the mutations down.
const maxSeed = 2048

// fuzzDecoder decodes any flags and body as a packet of one type. A packet that
// is refused is left reset; one that decodes encodes, and the same again after
// another round.
func fuzzDecoder(f *testing.F, typ mqttwire.PacketType) {
	for _, c := range loadCorpus(f) {
		frame, _, err := mqttwire.CutFrame(c.Bytes, 0)
		if err == nil && frame.Header.Type == typ && len(c.Bytes) <= maxSeed {
			f.Add(frame.Header.Flags, frame.Body, uint8(c.Version))
		}
	}
	reset := packets.New(typ)
	p := packets.New(typ) // reused: nothing of the packet before may show
	f.Fuzz(func(t *testing.T, flags uint8, body []byte, version uint8) {
		v := mqttwire.Version(version)
		frame := mqttwire.Frame{Header: mqttwire.FixedHeader{Type: typ, Flags: flags & 15, RemainingLength: uint32(len(body))}, Body: body}
		if err := p.Decode(frame, v); err != nil {
			var e *mqttwire.Error
			require.ErrorAs(t, err, &e)
			require.LessOrEqual(t, e.Offset, 5+len(body))
			require.Equal(t, textOf(reset), textOf(p), "left over by a refused packet")
			return
		}
		fresh := packets.New(typ)
		require.NoError(t, fresh.Decode(frame, v))
		require.Equal(t, textOf(fresh), textOf(p))
		if c, ok := p.(*packets.Connect); ok {
			v = c.Version
		}
		requireStable(t, p, v)
	})
}

func textOf(p mqttwire.Packet) string { return p.(interface{ String() string }).String() }

// requireStable checks that a decoded packet encodes to bytes that decode to
// the same packet.
func requireStable(t *testing.T, p mqttwire.Packet, v mqttwire.Version) {
	b, err := p.Append(nil, v)
	require.NoError(t, err)
	require.Len(t, b, p.Size(v))
	f, rest, err := mqttwire.CutFrame(b, 0)
	require.NoError(t, err)
	require.Empty(t, rest)
	q, err := packets.Decode(f, v)
	require.NoError(t, err)
	require.Equal(t, textOf(p), textOf(q))
	again, err := q.Append(nil, v)
	require.NoError(t, err)
	require.Equal(t, b, again)
}
