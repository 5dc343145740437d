package packets_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

func TestSizeIsExactWhereTheRemainingLengthGetsLonger(t *testing.T) {
	payload := make([]byte, mqttwire.MaxVarint)
	var dst []byte
	for _, body := range []int{127, 128, 16383, 16384, 2097151, 2097152, 268435454, 268435455} {
		p := packets.Publish{Topic: []byte("a"), Payload: payload[:body-3]}
		b, err := p.Append(dst[:0], v311)
		require.NoError(t, err)
		require.Equal(t, len(b), p.Size(v311))
		header, err := p.AppendHeader(nil, v311)
		require.NoError(t, err)
		require.Equal(t, len(b), len(header)+len(p.Payload))
		require.Equal(t, string(b[:len(header)]), string(header))
		require.LessOrEqual(t, cap(header), 64, "AppendHeader makes no room for the payload")
		dst = b
	}
}

func TestSizeIsExactWhereThePropertyLengthGetsLonger(t *testing.T) {
	for _, n := range []int{127, 128, 16383, 16384, 2097151, 2097152} {
		p := packets.Publish{Topic: []byte("a"), Payload: []byte("x"), Properties: listOf(n)}
		require.Len(t, p.Properties.Bytes(), n)
		b, err := p.Append(nil, v5)
		require.NoError(t, err)
		require.Equal(t, len(b), p.Size(v5))
		f, _, err := mqttwire.CutFrame(b, 0)
		require.NoError(t, err)
		var q packets.Publish
		require.NoError(t, q.Decode(f, v5))
		require.True(t, p.Properties.Equal(q.Properties))
		require.Equal(t, "x", string(q.Payload), "no property leaks into the payload")
	}
}

// listOf returns a property list of n bytes, which is at least 5.
func listOf(n int) mqttwire.Properties {
	const empty, chunk = 5, 60000 // an empty User Property takes 5 bytes
	var p mqttwire.PropertyBuilder
	p.Reset()
	for ; n > chunk+empty; n -= chunk {
		p.AddUser(nil, long(chunk-empty))
	}
	p.AddUser(nil, long(n-empty))
	return p.Properties()
}

func TestSizesOfManyLongFieldsDoNotWrap(t *testing.T) {
	// 65537 times the same 65535 bytes: over 4 GiB on the wire, and over what an
	// int of 32 bits holds.
	f := long(65535)
	p := packets.Unsubscribe{PacketID: 1}
	for range 65537 {
		p.Filters = append(p.Filters, f)
	}
	b, err := p.Append(nil, v311)
	require.ErrorIs(t, err, mqttwire.ErrTooLarge)
	require.Nil(t, b)
	require.Positive(t, p.Size(v311))
}
