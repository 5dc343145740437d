package fuzz

import (
	"errors"
	"hash/crc32"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// sealRecord puts the checks into a record's header that its bytes need, so that what
// is behind them is reached.
func sealRecord(b []byte) {
	table := crc32.MakeTable(crc32.Castagnoli)
	sum := crc32.Checksum(b[:18], table)
	b[18], b[19] = byte(sum>>24)^byte(sum>>8), byte(sum>>16)^byte(sum)
	body := b[24:]
	if n := int(b[4])<<24 | int(b[5])<<16 | int(b[6])<<8 | int(b[7]); n < len(body) {
		body = body[:n]
	}
	sum = crc32.Update(crc32.Checksum(b[:20], table), table, body)
	b[20], b[21], b[22], b[23] = byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum)
}

// FuzzRecord decodes any bytes as a record of a message at rest, as they are and with
// the right checks. What decodes encodes to the same bytes, and is a legal PUBLISH of
// the side that sent it; what does not is cut off or damaged, at a byte that is there.
func FuzzRecord(f *testing.F) {
	for _, p := range []packets.Publish{
		{Topic: []byte("a")},
		{Topic: []byte("a/b"), Payload: []byte("payload"), QoS: 2, PacketID: 7, Retain: true},
	} {
		for n := range 3 {
			p.Properties.AddUser([]byte("name"), []byte("value"))
			p.Properties.SetMessageExpiryInterval(60)
			b, err := packets.AppendRecord(nil, &packets.Record{Publish: p, Sender: mqttwire.Sender(n), Publisher: uint32(n)})
			require.NoError(f, err)
			f.Add(b, false)
			f.Add(b[24:], true)
			f.Add(b, true)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, seal bool) {
		if seal && len(b) >= 24 {
			b = append([]byte(nil), b...)
			sealRecord(b)
		}
		before := string(b)
		r, rest, err := packets.DecodeRecord(b)
		require.Equal(t, before, string(b))
		if err != nil {
			requireNoRecord(t, b, r, rest, err)
			return
		}
		record := b[:len(b)-len(rest)]
		require.Len(t, record, r.Size())
		again, err := packets.AppendRecord(nil, &r)
		require.NoError(t, err)
		require.Equal(t, string(record), string(again))
		requireLegalMessage(t, r)
		for n := range record {
			_, _, err := packets.DecodeRecord(record[:n:n])
			require.Equal(t, mqttwire.ErrIncomplete, err)
		}
	})
}

// requireNoRecord checks an error of DecodeRecord, and what comes with it.
func requireNoRecord(t *testing.T, b []byte, r packets.Record, rest []byte, err error) {
	require.Equal(t, packets.Record{}, r)
	require.Len(t, rest, len(b))
	if errors.Is(err, mqttwire.ErrIncomplete) {
		return
	}
	var e *packets.RecordError
	require.ErrorAs(t, err, &e)
	require.GreaterOrEqual(t, e.Offset, 0)
	require.LessOrEqual(t, e.Offset, len(b))
}

// requireLegalMessage checks that the message is one that the side may have sent.
func requireLegalMessage(t *testing.T, r packets.Record) {
	require.False(t, r.Publish.Dup)
	require.False(t, r.Publish.Properties.Has(mqttwire.TopicAlias))
	if r.Publish.QoS > 0 && r.Publish.PacketID == 0 {
		r.Publish.PacketID = 1
	}
	_, err := r.Publish.Append(nil, mqttwire.V5)
	require.NoError(t, err)
	if r.Sender != 0 {
		require.NoError(t, packets.CheckSender(&r.Publish, mqttwire.V5, r.Sender))
	}
}
