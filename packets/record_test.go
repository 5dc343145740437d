package packets_test

import (
	"errors"
	"hash/crc32"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// drawRecord draws a record of a message as one side has sent it.
func drawRecord(t *rapid.T) packets.Record {
	p, topic, _ := drawReceived(t)
	p.Topic = topic
	if mqttwire.CheckTopicName(topic, v5) != nil {
		p.Topic = []byte("a") // what only 3.1 allows has no form at rest
	}
	if rapid.Bool().Draw(t, "without identifier") {
		p.PacketID = 0
	}
	r := packets.Record{
		Publish:   *p,
		Sender:    mqttwire.Sender(rapid.IntRange(0, 2).Draw(t, "side")),
		Publisher: rapid.Uint32().Draw(t, "publisher"),
	}
	if r.Sender == mqttwire.FromClient {
		r.Publish.Properties.Remove(mqttwire.SubscriptionIdentifier)
	}
	if n := rapid.SampledFrom([]int64{0, 1, 1 << 40, 1<<48 - 1}).Draw(t, "arrived"); n != 0 {
		r.Arrived = time.UnixMilli(n).UTC()
	}
	return r
}

// atRest returns the record as it comes back.
func atRest(r packets.Record) packets.Record {
	r.Publish.Dup = false
	r.Publish.Properties.Remove(mqttwire.TopicAlias)
	if r.Publish.QoS == 0 {
		r.Publish.PacketID = 0
	}
	return r
}

func TestARecordComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prefix := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "prefix")
		var b []byte
		var records []packets.Record
		b = append(b, prefix...)
		for range rapid.IntRange(1, 3).Draw(t, "records") {
			r := drawRecord(t)
			next, err := packets.AppendRecord(b, &r)
			require.NoError(t, err)
			require.Equal(t, r.Size(), len(next)-len(b))
			require.Equal(t, string(b), string(next[:len(b)]))
			records, b = append(records, r), next
		}
		b = b[len(prefix):]
		for _, r := range records {
			got, rest, err := packets.DecodeRecord(b)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(atRest(r), got, sameFields))
			again, err := packets.AppendRecord(nil, &got)
			require.NoError(t, err)
			require.Equal(t, string(b[:len(b)-len(rest)]), string(again))
			b = rest
		}
		require.Empty(t, b)
	})
}

func TestAppendingARecordDoesNotChangeIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRecord(t)
		before := r
		before.Publish = *r.Publish.Clone()
		_, err := packets.AppendRecord(nil, &r)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(before, r, sameFields))
	})
}

// full is a record that has all that one can have.
func full() packets.Record {
	return packets.Record{
		Publish: packets.Publish{Topic: []byte("a/b"), Payload: []byte("payload"), QoS: 2, PacketID: 0x1234, Retain: true, Dup: true,
			Properties: props(withUser, withAlias, func(p *mqttwire.Properties) { p.AddSubscriptionID(300) })},
		Arrived: time.UnixMilli(0x010203040506).UTC(), Sender: mqttwire.FromServer, Publisher: 0xA1B2C3D4,
	}
}

func mustRecord(t require.TestingT, r packets.Record) []byte {
	b, err := packets.AppendRecord(nil, &r)
	require.NoError(t, err)
	return b
}

func TestTheBytesOfARecord(t *testing.T) {
	b := mustRecord(t, full())
	assert.Equal(t, "\x01\x25\x12\x34\x00\x00\x00\x17\x01\x02\x03\x04\x05\x06\xA1\xB2\xC3\xD4", string(b[:18]))
	assert.Equal(t, "\x00\x03a/b\x0A\x26\x00\x01k\x00\x01v\x0B\xAC\x02payload", string(b[24:]))
	sum := crc32.Checksum(b[:18], crc32.MakeTable(crc32.Castagnoli))
	assert.Equal(t, []byte{byte(sum>>8) ^ byte(sum>>24), byte(sum) ^ byte(sum>>16)}, b[18:20])
	sum = crc32.Checksum(append(append([]byte(nil), b[:20]...), b[24:]...), crc32.MakeTable(crc32.Castagnoli))
	assert.Equal(t, []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}, b[20:24])
	assert.Equal(t, uint32(0xE3069283), crc32.Checksum([]byte("123456789"), crc32.MakeTable(crc32.Castagnoli)), "it is CRC-32C")
}

// With QoS 0 the field of the packet is not looked at.
func TestARecordOfQoS0HasNoPacketIdentifier(t *testing.T) {
	r := full()
	r.Publish.QoS, r.Publish.Dup = 0, false
	got, _, err := packets.DecodeRecord(mustRecord(t, r))
	require.NoError(t, err)
	assert.Zero(t, got.Publish.PacketID)
}

func TestARecordThatWasCutOffIsIncomplete(t *testing.T) {
	b := mustRecord(t, full())
	for n := range b {
		r, rest, err := packets.DecodeRecord(b[:n:n])
		require.Equal(t, mqttwire.ErrIncomplete, err, n)
		require.Len(t, rest, n)
		require.Equal(t, packets.Record{}, r)
	}
}

// A record in the middle of a file is never taken for the torn end of it.
func TestARecordOfWhichABitOrTwoAreChangedIsDamagedAndNotIncomplete(t *testing.T) {
	r := full()
	r.Publish.Payload = []byte(strings.Repeat("x", 300))
	b := mustRecord(t, r)
	damaged := func(what ...int) {
		for _, bit := range what {
			b[bit/8] ^= 1 << (bit % 8)
		}
		got, rest, err := packets.DecodeRecord(b)
		var e *packets.RecordError
		require.ErrorAs(t, err, &e, "bits %d", what)
		require.Equal(t, packets.Record{}, got)
		require.Equal(t, len(b), len(rest))
		switch first := what[0] / 8; {
		case first == 0:
			require.Zero(t, e.Offset)
		case first < 20:
			require.Equal(t, 18, e.Offset)
		default:
			require.Equal(t, 20, e.Offset)
		}
		for _, bit := range what {
			b[bit/8] ^= 1 << (bit % 8)
		}
	}
	for first := range 8 * len(b) {
		damaged(first)
	}
	for first := range 8 * 20 {
		for second := range first {
			damaged(second, first)
		}
	}
}

// The check of the header is believed as soon as it is there.
func TestARecordThatIsCutOffBehindADamagedHeaderIsDamaged(t *testing.T) {
	b := mustRecord(t, full())
	for bit := range 8 * 20 {
		b[bit/8] ^= 1 << (bit % 8)
		for n := 20; n < len(b); n++ {
			_, _, err := packets.DecodeRecord(b[:n:n])
			var e *packets.RecordError
			require.ErrorAs(t, err, &e, "bit %d, %d bytes", bit, n)
		}
		b[bit/8] ^= 1 << (bit % 8)
	}
}

// sealed returns the bytes with the check and the checksum that they need.
func sealed(b []byte) []byte {
	b = append([]byte(nil), b...)
	table := crc32.MakeTable(crc32.Castagnoli)
	sum := crc32.Checksum(b[:18], table)
	b[18], b[19] = byte(sum>>8)^byte(sum>>24), byte(sum)^byte(sum>>16)
	sum = crc32.Update(crc32.Checksum(b[:20], table), table, b[24:])
	b[20], b[21], b[22], b[23] = byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum)
	return b
}

func TestARecordIsReadAsStrictlyAsThePacket(t *testing.T) {
	header := func(b string) string { return b + strings.Repeat("\x00", 24-len(b)) }
	for name, c := range map[string]struct {
		b    string
		at   int
		rule mqttwire.Rule // 0 if it is none of PUBLISH
	}{
		"another form":                      {"\x02", 0, 0},
		"no form":                           {header("\x00"), 0, 0},
		"QoS 3":                             {header("\x01\x06"), 1, 0},
		"DUP":                               {header("\x01\x0A\x00\x01"), 1, 0},
		"DUP with QoS 0":                    {header("\x01\x08"), 1, 0},
		"side 3":                            {header("\x01\x30"), 1, 0},
		"bit 6 of the flags":                {header("\x01\x40"), 1, 0},
		"bit 7 of the flags":                {header("\x01\x80"), 1, 0},
		"an identifier with QoS 0":          {header("\x01\x00\x00\x01"), 2, 0},
		"a body that no packet has":         {header("\x01\x00\x00\x00\x10\x00\x00\x00"), 4, 0},
		"no body":                           {header("\x01"), 24, mqttwire.RuleFieldMissing},
		"no topic name":                     {header("\x01\x00\x00\x00\x00\x00\x00\x03") + "\x00\x00\x00", 24, mqttwire.RuleTopicOrAlias},
		"a wildcard":                        {header("\x01\x00\x00\x00\x00\x00\x00\x05") + "\x00\x02a+\x00", 27, mqttwire.RuleTopicWildcard},
		"no property length":                {header("\x01\x00\x00\x00\x00\x00\x00\x03") + "\x00\x01a", 27, mqttwire.RulePropertyLengthMissing},
		"a property of another packet":      {header("\x01\x00\x00\x00\x00\x00\x00\x07") + "\x00\x01a\x03\x21\x00\x01", 28, mqttwire.RulePropertyNotAllowed},
		"a length that is not the shortest": {header("\x01\x00\x00\x00\x00\x00\x00\x05") + "\x00\x01a\x80\x00", 28, mqttwire.RuleVarintMinimal},
		"a topic alias":                     {header("\x01\x00\x00\x00\x00\x00\x00\x09") + "\x00\x01a\x05\x01\x01\x23\x00\x01", 30, 0},
		"a topic alias alone":               {header("\x01\x00\x00\x00\x00\x00\x00\x06") + "\x00\x00\x03\x23\x00\x01", 27, 0},
		"a client's subscription identifier": {header("\x01\x10\x00\x00\x00\x00\x00\x09") + "\x00\x01a\x04\x01\x01\x0B\x07x", 30,
			mqttwire.RuleSubscriptionIDSender},
	} {
		t.Run(name, func(t *testing.T) {
			b := []byte(c.b)
			if len(b) >= 24 {
				b = sealed(b)
			}
			r, rest, err := packets.DecodeRecord(b)
			var e *packets.RecordError
			require.ErrorAs(t, err, &e)
			assert.Equal(t, c.at, e.Offset, err)
			assert.Equal(t, packets.Record{}, r)
			assert.Equal(t, len(b), len(rest))
			assert.True(t, strings.HasPrefix(err.Error(), "packets: damaged record: at byte "), err)
			if c.rule != 0 {
				requireBreach(t, c.rule, err)
			} else {
				assert.NoError(t, e.Err)
				assert.NotEmpty(t, e.Why)
			}
		})
	}
}

func TestAByteBehindTheFieldsOfARecordIsPayload(t *testing.T) {
	b := sealed([]byte("\x01\x12\x00\x00\x00\x00\x00\x05" + strings.Repeat("\x00", 16) + "\x00\x01a\x00x"))
	r, rest, err := packets.DecodeRecord(append(b, 1))
	require.NoError(t, err)
	assert.Equal(t, []byte{1}, rest)
	assert.Equal(t, "x", string(r.Publish.Payload))
	assert.Equal(t, mqttwire.FromClient, r.Sender)
}

func TestWhatNoRecordCanHoldIsRefused(t *testing.T) {
	with := func(change func(*packets.Record)) packets.Record {
		r := full()
		change(&r)
		return r
	}
	for name, c := range map[string]struct {
		r    packets.Record
		rule mqttwire.Rule // 0 if it is none of PUBLISH
	}{
		"QoS 3":           {with(func(r *packets.Record) { r.Publish.QoS = 3 }), mqttwire.RuleQoS},
		"no topic name":   {with(func(r *packets.Record) { r.Publish.Topic = nil }), mqttwire.RuleTopicEmpty},
		"a wildcard":      {with(func(r *packets.Record) { r.Publish.Topic = []byte("#") }), mqttwire.RuleTopicWildcard},
		"a reason string": {with(func(r *packets.Record) { withReason(&r.Publish.Properties) }), mqttwire.RulePropertyNotAllowed},
		"a list that was built over": {with(func(r *packets.Record) { r.Publish.Properties = builtOver() }),
			mqttwire.RulePropertiesReset},
		"a client's subscription identifier": {with(func(r *packets.Record) { r.Sender = mqttwire.FromClient }),
			mqttwire.RuleSubscriptionIDSender},
		"a body that no packet has": {packets.Record{Publish: packets.Publish{Topic: []byte("a"), Payload: make([]byte, mqttwire.MaxVarint-3)}},
			mqttwire.RuleRemainingLength},
		"side 3":          {with(func(r *packets.Record) { r.Sender = 3 }), 0},
		"before 1970":     {with(func(r *packets.Record) { r.Arrived = time.Unix(0, -1) }), 0},
		"after 10889":     {with(func(r *packets.Record) { r.Arrived = time.UnixMilli(1 << 48) }), 0},
		"after all years": {with(func(r *packets.Record) { r.Arrived = time.Unix(math.MaxInt64>>1, 0) }), 0},
	} {
		t.Run(name, func(t *testing.T) {
			dst := []byte("before")
			b, err := packets.AppendRecord(dst, &c.r)
			assert.Equal(t, "before", string(b))
			if c.rule != 0 {
				requireBreach(t, c.rule, err)
				var e *mqttwire.Error
				require.ErrorAs(t, err, &e)
				assert.True(t, e.Own)
				return
			}
			var e *packets.RecordError
			require.ErrorAs(t, err, &e)
			assert.Equal(t, mqttwire.NoOffset, e.Offset)
			assert.Equal(t, "packets: no record can hold this: "+e.Why, err.Error())
			assert.NoError(t, errors.Unwrap(err))
		})
	}
	if testing.Short() {
		return // 256 MiB
	}
	largest := packets.Record{Publish: packets.Publish{Topic: []byte("a"), Payload: make([]byte, mqttwire.MaxVarint-4)}}
	r, _, err := packets.DecodeRecord(mustRecord(t, largest))
	require.NoError(t, err)
	assert.Len(t, r.Publish.Payload, mqttwire.MaxVarint-4)
}

// A message that waits in a store until it is forwarded counts the time from its
// arrival.
func TestARecordedMessageIsForwardedWithTheTimeThatItWaited(t *testing.T) {
	r := full()
	r.Publish.Properties.SetMessageExpiryInterval(60)
	kept, _, err := packets.DecodeRecord(mustRecord(t, r))
	require.NoError(t, err)
	now := kept.Arrived.Add(20*time.Second + 500*time.Millisecond)
	var sent packets.Publish
	require.NoError(t, packets.Forward(&sent, &kept.Publish, kept.Publish.Topic, &packets.Forwarding{Version: v5, Waited: now.Sub(kept.Arrived)}))
	left, _ := sent.Properties.MessageExpiryInterval()
	assert.EqualValues(t, 40, left)
}

func TestAMessageOfEveryVersionCanBeRecorded(t *testing.T) {
	for _, c := range loadCorpus(t) {
		if !c.Decodes() || c.Frame().Header.Type != mqttwire.PUBLISH {
			continue
		}
		p, err := packets.Decode(c.Frame(), c.Version)
		require.NoError(t, err)
		r := packets.Record{Publish: *p.(*packets.Publish)}
		if len(r.Publish.Topic) == 0 {
			r.Publish.Topic = []byte("alias/resolved")
		}
		b, err := packets.AppendRecord(nil, &r)
		if err != nil {
			require.Error(t, mqttwire.CheckTopicName(r.Publish.Topic, v5), c.Where())
			continue
		}
		got, rest, err := packets.DecodeRecord(b)
		require.NoError(t, err, c.Where())
		require.Empty(t, rest)
		require.Empty(t, cmp.Diff(atRest(r), got, sameFields), c.Where())
	}
}
