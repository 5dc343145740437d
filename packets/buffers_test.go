package packets_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// Packets are collected while a connection is busy, and sent by one system call.
func ExampleBuffers() {
	var queued packets.Buffers
	for _, payload := range []string{"20", "21"} {
		p := packets.Publish{Topic: []byte("t"), Payload: []byte(payload)}
		if err := queued.Append(&p, mqttwire.V311); err != nil {
			fmt.Println(err)
			return
		}
	}
	var conn bytes.Buffer // stands for a net.Conn
	parts := net.Buffers(queued.Parts())
	n, err := parts.WriteTo(&conn)
	fmt.Println(n, err)
	fmt.Printf("%q\n", conn.String())
	queued.Reset()
	// Output:
	// 14 <nil>
	// "0\x05\x00\x01t200\x05\x00\x01t21"
}

func TestBuffersOfManyPacketsWrittenAtOnceAreTheirBytes(t *testing.T) {
	var queued packets.Buffers
	for range 2 { // the second time in memory that was used before
		var want []byte
		parts := 0
		for _, c := range loadCorpus(t) {
			if !c.Decodes() || len(c.Bytes) > 1000 {
				continue
			}
			p, err := packets.Decode(c.Frame(), c.Version)
			require.NoError(t, err)
			require.NoError(t, queued.Append(p, c.Version))
			want = append(want, c.Encodes...)
			parts++
			if p, ok := p.(*packets.Publish); ok && len(p.Payload) > 0 {
				parts++
				last := queued.Parts()[parts-1]
				require.Same(t, &p.Payload[0], &last[0], "the payload is not copied")
			}
		}
		bufs := net.Buffers(queued.Parts())
		require.Len(t, bufs, parts)
		near, far := net.Pipe()
		go func() {
			_, err := bufs.WriteTo(near)
			assert.NoError(t, err)
			assert.NoError(t, near.Close())
		}()
		got, err := io.ReadAll(far)
		require.NoError(t, err)
		require.Equal(t, want, got)
		queued.Reset()
		require.Empty(t, queued.Parts())
	}
}

func TestPartsOfBuffersCannotReachIntoOneAnother(t *testing.T) {
	var queued packets.Buffers
	for id := range uint16(100) {
		require.NoError(t, queued.Append(&packets.Puback{PacketID: id + 1}, v311))
	}
	for i, part := range queued.Parts() {
		require.Equal(t, []byte{0x40, 2, 0, byte(i + 1)}, part)
		require.Equal(t, len(part), cap(part))
	}
}

func TestARefusedPacketIsNotInTheBuffers(t *testing.T) {
	var queued packets.Buffers
	require.NoError(t, queued.Append(&packets.Pingreq{}, v5))
	for _, p := range []mqttwire.Packet{
		&packets.Publish{Topic: []byte("#"), Payload: []byte("x")},
		&packets.Puback{},
	} {
		var e *mqttwire.Error
		require.ErrorAs(t, queued.Append(p, v5), &e)
		require.Equal(t, [][]byte{{0xC0, 0}}, queued.Parts())
	}
}

func TestAnEncoderAddsToBuffersWhatTheConnectionAllows(t *testing.T) {
	e := packets.NewEncoder(packets.Options{From: mqttwire.FromServer})
	e.Observe(connectOf(announcing(20, false)))
	var queued packets.Buffers
	require.ErrorIs(t, e.AppendBuffers(&queued, &packets.Pingresp{}), mqttwire.ErrProtocol)
	require.NoError(t, e.AppendBuffers(&queued, &packets.Connack{}))
	require.ErrorIs(t, e.AppendBuffers(&queued, &packets.Publish{Topic: []byte("a"), Payload: long(20)}), mqttwire.ErrTooLarge)
	require.NoError(t, e.AppendBuffers(&queued, &packets.Publish{Topic: []byte("a"), Payload: []byte("x")}))
	require.NoError(t, e.AppendBuffers(&queued, &packets.Puback{PacketID: 1, ReasonCode: 0x99, Properties: problem(30, 0)}))
	require.Equal(t, "\x20\x03\x00\x00\x00\x30\x05\x00\x01a\x00x\x40\x0a\x00\x01\x99\x06\x26\x00\x01k\x00\x00",
		string(bytes.Join(queued.Parts(), nil)))
	require.True(t, e.Dropped().ReasonString)
}
