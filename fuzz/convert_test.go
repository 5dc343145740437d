package fuzz

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
	"github.com/mqttwire/mqttwire/packets"
)

// FuzzConvert converts what any bytes decode to into every version. What comes out is
// encoded, and decodes strictly; where nothing was lost it comes back as it was; and
// what does not come out leaves its destination as it was and says why.
func FuzzConvert(f *testing.F) {
	cases, err := corpus.Load()
	require.NoError(f, err)
	for _, c := range cases {
		if c.Decodes() && len(c.Bytes) <= 2048 {
			f.Add(c.Bytes, uint8(c.Version), uint8(c.Sender), 1)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, version, sender uint8, filters int) {
		frame, _, err := mqttwire.CutFrame(b, 0)
		if err != nil {
			return
		}
		from := mqttwire.Version(version)
		p, err := packets.Decode(frame, from)
		if err != nil {
			return
		}
		if c, ok := p.(*packets.Connect); ok {
			from = c.Version
		}
		for to := mqttwire.V31; to <= mqttwire.V5; to++ {
			c := packets.Conversion{From: from, To: to, Sender: mqttwire.Sender(sender % 3), Topic: []byte("a/b"), Filters: filters & 0xFFFF,
				Allow: packets.AnyLoss}
			convertThereAndBack(t, p, c)
		}
	})
}

func convertThereAndBack(t *testing.T, p mqttwire.Packet, c packets.Conversion) {
	before, q := bytesOf(t, p, c.From), packets.New(p.Type())
	err := packets.Convert(q, p, &c)
	require.Equal(t, before, bytesOf(t, p, c.From))
	if err != nil {
		requireReason(t, p, q, err)
		return
	}
	b := bytesOf(t, q, c.To)
	frame, rest, err := mqttwire.CutFrame(b, 0)
	require.NoError(t, err)
	require.Empty(t, rest)
	decoded, err := packets.Decode(frame, c.To)
	require.NoError(t, err)
	require.Equal(t, b, bytesOf(t, decoded, c.To))
	if len(c.Losses) == 0 {
		requireBack(t, p, q, c)
	}
}

// requireBack checks that q, into which p was converted without a loss, becomes p again.
func requireBack(t *testing.T, p, q mqttwire.Packet, c packets.Conversion) {
	there := packets.Conversion{From: c.To, To: c.From}
	switch p := p.(type) {
	case *packets.Unsuback:
		there.Filters = len(p.ReasonCodes)
	case *packets.Connect:
		if expiry, _ := p.Properties.SessionExpiryInterval(); expiry == 0 && c.From != c.To { // says what none says
			p.Properties.Remove(mqttwire.SessionExpiryInterval)
		}
	}
	want, back := bytesOf(t, p, c.From), packets.New(p.Type())
	require.NoError(t, packets.Convert(back, q, &there))
	require.Empty(t, there.Losses)
	require.Equal(t, want, bytesOf(t, back, c.From))
}

// bytesOf returns the packet as it is on the wire.
func bytesOf(t *testing.T, p mqttwire.Packet, v mqttwire.Version) []byte {
	b, err := p.Append(nil, v)
	require.NoError(t, err)
	return b
}

// requireReason checks the error with which a packet was not converted into q.
func requireReason(t *testing.T, p, q mqttwire.Packet, err error) {
	require.Equal(t, packets.New(p.Type()), q)
	var lost *packets.LossError
	var e *mqttwire.Error
	switch {
	case errors.As(err, &lost):
		require.Equal(t, packets.NoForm, lost.Loss.Effect)
	default:
		require.ErrorAs(t, err, &e)
		require.True(t, e.Own)
	}
}
