package packets_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

func ExamplePeekType() {
	t, err := packets.PeekType([]byte("\x30"))
	fmt.Println(t, err)
	_, err = packets.PeekType(nil)
	fmt.Println(err == mqttwire.ErrIncomplete)
	// Output:
	// PUBLISH <nil>
	// true
}

// A router decides by the topic name, before the message has come.
func ExamplePeekPublish() {
	first := []byte("\x32\xC8\x01\x00\x03a/b\x00\x0A") // and 193 bytes to come
	start, err := packets.PeekPublish(first[:8])
	fmt.Printf("%q %v\n", start.Topic, err == mqttwire.ErrIncomplete)
	start, err = packets.PeekPublish(first)
	fmt.Printf("%q %d %v\n", start.Topic, start.PacketID, err)
	_, err = packets.PeekPublish([]byte("\x30\x05\x00\x04ab"))
	fmt.Println(err)
	// Output:
	// "a/b" true
	// "a/b" 10 <nil>
	// mqttwire: PUBLISH malformed packet: Topic Name at byte 2, length 4; a string has 0 to 65535 bytes, all inside the packet and its property block, here at most 3 [U-1.5.4-1], reason 0x81 Malformed Packet
}

// A Reader shows the header of a packet, and of its body what has come.
func ExamplePeekPublishFrame() {
	f := mqttwire.NewFeeder(mqttwire.Limits{})
	f.Feed([]byte("\x30\xC8\x01\x00\x03a/b"))
	h, err := f.Next()
	if err != nil {
		fmt.Println(err)
		return
	}
	body, _ := f.Peek(5)
	start, err := packets.PeekPublishFrame(mqttwire.Frame{Header: h, Body: body})
	fmt.Printf("%q %v\n", start.Topic, err)
	// Output:
	// "a/b" <nil>
}

func ExamplePeekPacketID() {
	id, ok, err := packets.PeekPacketID([]byte("\x40\x02\x00\x0A"))
	fmt.Println(id, ok, err)
	_, ok, err = packets.PeekPacketID([]byte("\xC0\x00"))
	fmt.Println(ok, err)
	// Output:
	// 10 true <nil>
	// false <nil>
}

func ExamplePeekPacketIDFrame() {
	f, _, err := mqttwire.CutFrame([]byte("\x90\x04\x00\x0A\x00\x01"), 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	id, ok, err := packets.PeekPacketIDFrame(f)
	fmt.Println(id, ok, err)
	// Output:
	// 10 true <nil>
}

// requirePeeks checks what every peek says of each beginning of the bytes of a packet,
// as if more was to come: nothing yet, or what the packet has.
func requirePeeks(t require.TestingT, b []byte, p mqttwire.Packet, where string) {
	id, hasID := packets.PacketID(p)
	publish, isPublish := p.(*packets.Publish)
	topicEnd, idEnd := -1, -1
	for n := range len(b) + 1 {
		part := b[:n:n]
		typ, err := packets.PeekType(part)
		require.Equal(t, n == 0, err == mqttwire.ErrIncomplete, where)
		require.True(t, n == 0 || err == nil && typ == p.Type(), where)
		gotID, ok, err := packets.PeekPacketID(part)
		switch {
		case err == mqttwire.ErrIncomplete:
			require.Equal(t, -1, idEnd, where)
			require.False(t, ok, where)
		default:
			require.NoError(t, err, where)
			require.Equal(t, hasID, ok, where)
			require.Equal(t, id, gotID, where)
			if idEnd < 0 {
				idEnd = n
			}
		}
		if f, headerErr := frameStart(part); headerErr == nil {
			frameID, frameOK, frameErr := packets.PeekPacketIDFrame(f)
			require.Equal(t, []any{gotID, ok, err}, []any{frameID, frameOK, frameErr}, where)
		}
		if !isPublish || n == 0 {
			continue
		}
		start, err := packets.PeekPublish(part)
		require.Equal(t, publish.QoS, start.QoS, where)
		require.Equal(t, publish.Dup, start.Dup, where)
		require.Equal(t, publish.Retain, start.Retain, where)
		if start.Topic != nil {
			require.Equal(t, string(publish.Topic), string(start.Topic), where)
			require.Equal(t, len(start.Topic), cap(start.Topic), where)
			if topicEnd < 0 {
				topicEnd = n
			}
		}
		if f, headerErr := frameStart(part); headerErr == nil {
			inFrame, frameErr := packets.PeekPublishFrame(f)
			require.Equal(t, start, inFrame, where)
			require.Equal(t, err, frameErr, where)
		}
		if err != mqttwire.ErrIncomplete {
			require.NoError(t, err, where)
			require.NotNil(t, start.Topic, where)
			require.True(t, !hasID || start.PacketID == id, where)
			require.False(t, hasID && n < idEnd, where)
		}
	}
	h, _, err := mqttwire.ConsumeFixedHeader(b)
	require.NoError(t, err, where)
	require.Equal(t, endOfPacketID(p, int(h.Size)), idEnd, where)
	if isPublish {
		require.Equal(t, int(h.Size)+2+len(publish.Topic), topicEnd, "%s: as soon as it is there", where)
	}
}

// frameStart returns the frame that b begins with, with what has come of its body.
func frameStart(b []byte) (mqttwire.Frame, error) {
	h, body, err := mqttwire.ConsumeFixedHeader(b)
	return mqttwire.Frame{Header: h, Body: body}, err
}

// endOfPacketID returns after how many bytes it is known which packet identifier a
// packet has that was encoded.
func endOfPacketID(p mqttwire.Packet, header int) int {
	if _, ok := packets.PacketID(p); !ok {
		return 1
	}
	if p, ok := p.(*packets.Publish); ok {
		header += 2 + len(p.Topic)
	}
	return header + 2
}

func TestAPeekSaysOfEachBeginningWhatDecodeSaysOfAll(t *testing.T) {
	for _, k := range loadCorpus(t) {
		if !k.Decodes() || len(k.Bytes) > 600 {
			continue
		}
		p, err := packets.Decode(k.Frame(), k.Version)
		require.NoError(t, err)
		requirePeeks(t, k.Bytes, p, k.Where())
	}
	checkGenerated(t, 6, func(t *rapid.T, g generated) {
		if len(g.bytes) < 600 {
			requirePeeks(t, g.bytes, g.packet, "")
		}
	})
}

func TestAPeekRefusesWhatItCannotPassAsDecodeDoes(t *testing.T) {
	for b, want := range map[string]struct {
		rule  mqttwire.Rule
		known int // bytes after which that is known
	}{
		"\x36\x06\x00\x01a\x00\x01x":    {mqttwire.RuleQoS, 1},
		"\x30\x00":                      {mqttwire.RuleFieldMissing, 2},
		"\x30\x01\x00":                  {mqttwire.RuleFieldMissing, 3},
		"\x30\x04\x00\x03ab":            {mqttwire.RuleStringLength, 4},
		"\x32\x03\x00\x01a":             {mqttwire.RuleFieldMissing, 5},
		"\x32\x04\x00\x01a\x00":         {mqttwire.RuleFieldMissing, 6},
		"\x32\x05\x00\x01a\x00\x00":     {mqttwire.RulePacketIDZero, 7},
		"\x40\x02\x00\x00":              {mqttwire.RulePacketIDZero, 4},
		"\x40\x01\x00":                  {mqttwire.RuleFieldMissing, 3},
		"\x40\x00":                      {mqttwire.RuleFieldMissing, 2},
		"\x82\x06\x00\x00\x00\x01a\x00": {mqttwire.RulePacketIDZero, 4},
		"\x00\x00":                      {mqttwire.RulePacketType, 1},
		"\x32\xFF\xFF\xFF\xFF":          {mqttwire.RuleVarintLength, 5},
	} {
		var e *mqttwire.Error
		for n := range len(b) + 1 {
			_, ok, err := packets.PeekPacketID([]byte(b[:n]))
			assert.False(t, ok, "%q", b)
			var at *packets.PublishStart
			if b[0]>>4 == byte(mqttwire.PUBLISH) {
				start, publishErr := packets.PeekPublish([]byte(b[:n]))
				at = &start
				if b[0] == 0x30 { // no packet identifier, which is known before
					err = publishErr
				}
				assert.Equal(t, err, publishErr, "%q", b)
			}
			if n < want.known {
				require.Equal(t, mqttwire.ErrIncomplete, err, "%q: %d bytes", b, n)
				continue
			}
			e = requireBreach(t, want.rule, err)
			if n == len(b) { // what follows is another packet's
				_, ok, behind := packets.PeekPacketID([]byte(b + "\x01\x01\x01"))
				if b[0] == 0x30 {
					_, behind = packets.PeekPublish([]byte(b + "\x01\x01\x01"))
				}
				assert.False(t, ok && b[0] != 0x30, "%q", b)
				assert.Equal(t, err, behind, "%q", b)
			}
			if at != nil && want.rule == mqttwire.RulePacketIDZero {
				assert.Equal(t, "a", string(at.Topic))
			}
		}
		f, _, err := mqttwire.CutFrame([]byte(b), 0)
		if err == nil {
			_, err = packets.Decode(f, v311)
		}
		d := requireBreach(t, want.rule, err)
		assert.Equal(t, [...]int64{int64(d.Offset), d.Found, d.Max}, [...]int64{int64(e.Offset), e.Found, e.Max}, "%q", b)
		assert.Equal(t, d.Field, e.Field, "%q", b)
		requireWords(t, e)
	}
}

func TestAPeekPassesWhatItDoesNotReportOn(t *testing.T) {
	start, err := packets.PeekPublish([]byte("\x38\x85\x00\x00\x02+\xFF")) // DUP, long form, no topic name
	require.NoError(t, err)
	assert.Equal(t, packets.PublishStart{Topic: []byte("+\xFF"), Dup: true}, start)
	id, ok, err := packets.PeekPacketID([]byte("\x4F\x04\x00\x07\x99\xFF"))
	require.NoError(t, err)
	assert.True(t, ok)
	assert.EqualValues(t, 7, id)
}

func TestAPeekAtAPublishRefusesOtherPackets(t *testing.T) {
	_, err := packets.PeekPublish([]byte("\xC0"))
	e := requireBreach(t, mqttwire.RuleFrameType, err)
	assert.EqualValues(t, mqttwire.PINGREQ, e.Found)
	_, err = packets.PeekPublish([]byte("\x00"))
	requireBreach(t, mqttwire.RulePacketType, err)
	_, err = packets.PeekPublish(nil)
	assert.Equal(t, mqttwire.ErrIncomplete, err)
	_, err = packets.PeekType([]byte("\x0F\x00"))
	requireBreach(t, mqttwire.RulePacketType, err)
	_, err = packets.PeekPublishFrame(mqttwire.Frame{Header: mqttwire.FixedHeader{Type: mqttwire.PUBACK, Size: 2}})
	requireBreach(t, mqttwire.RuleFrameType, err)
	for _, typ := range []mqttwire.PacketType{0, 16, 255} {
		_, ok, err := packets.PeekPacketIDFrame(mqttwire.Frame{Header: mqttwire.FixedHeader{Type: typ, Size: 2}})
		requireBreach(t, mqttwire.RulePacketType, err)
		assert.False(t, ok)
	}
}
