package capture

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// partialOf returns the one PartialPacket of a trace.
func partialOf(t *testing.T, tr *trace) Event {
	t.Helper()
	var found []Event
	for _, e := range tr.events(Options{}) {
		if e.Kind == PartialPacket {
			found = append(found, e)
		}
	}
	require.Len(t, found, 1)
	return found[0]
}

func TestAPartialPacketTellsWhatIsThere(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1883)
	c.says(connect5)
	c.says("\x32\x30\x00\x03a/b\x00\x07\x02\x01\x01pay")
	e := partialOf(t, tr)
	assert.Equal(t, "\x00\x03a/b\x00\x07\x02\x01\x01pay", string(e.Frame.Body))
	assert.Equal(t, mqttwire.V5, e.Version)
	p, ok := e.Partial.(*packets.Publish)
	require.True(t, ok)
	assert.Nil(t, e.Packet)
	assert.Equal(t, "a/b", string(p.Topic))
	assert.Equal(t, uint16(7), p.PacketID)
	assert.Equal(t, mqttwire.AtLeastOnce, p.QoS)
	assert.Equal(t, "pay", string(p.Payload))
	format, ok := p.Properties.PayloadFormatIndicator()
	assert.True(t, ok)
	assert.Equal(t, uint8(1), format)
}

func TestAPartialPacketThatEndsInItsTopicHasNoFields(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1883)
	c.says(connect5)
	c.says("\x32\x30\x00\x03a/")
	e := partialOf(t, tr)
	assert.Nil(t, e.Partial)
	assert.Equal(t, "\x00\x03a/", string(e.Frame.Body))
}

func TestAPartialConnectNamesItsSessionAndVersion(t *testing.T) {
	connect := "\x10\x70\x00\x04MQTT\x05\x06\x00\x3C\x00\x00\x03dev\x00\x00\x01w\x00"
	for n, want := range map[int]packets.Connect{
		9:            {Version: mqttwire.V5},
		18:           {Version: mqttwire.V5, ClientID: []byte("dev")},
		len(connect): {Version: mqttwire.V5, ClientID: []byte("dev")},
	} {
		tr := newTrace(t)
		c := tr.open(1883)
		c.says(connect[:n])
		c.hears(connack5)
		events := tr.events(Options{})
		require.Len(t, events, 2, n)
		assert.Equal(t, mqttwire.V5, events[0].Version)
		assert.False(t, events[0].VersionGuessed)
		i := 1
		if events[0].Kind == PartialPacket {
			i = 0
		}
		p, ok := events[i].Partial.(*packets.Connect)
		require.True(t, ok)
		assert.Equal(t, want, *p, n)
		assert.Equal(t, string(want.ClientID), events[i].ClientID)
	}
}

func TestAMalformedPacketTellsWhatCouldBeRead(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1883)
	c.says("\x10\x0F\x00\x04MQTT\x04\x03\x00\x3C\x00\x03dev") // the reserved flag
	c.says("\x30\x05\x00\x03a/#")                             // a wildcard
	c.says("\x40\x01\x00")                                    // nothing to be read
	events := tr.events(Options{})
	require.Len(t, events, 3)
	connect, ok := events[0].Partial.(*packets.Connect)
	require.True(t, ok)
	assert.Equal(t, "dev", string(connect.ClientID))
	assert.Equal(t, uint16(60), connect.KeepAlive)
	publish, ok := events[1].Partial.(*packets.Publish)
	require.True(t, ok)
	assert.Equal(t, "a/#", string(publish.Topic))
	assert.Nil(t, events[2].Partial)
	for _, e := range events {
		assert.Nil(t, e.Packet)
		assert.Error(t, e.Err)
		assert.Equal(t, "dev", e.ClientID)
	}
}

func TestAConnectWhoseLengthIsOneByteIsReadInAnySegments(t *testing.T) {
	body := "\x00\x04MQTT\x04\x02\x00\x3C\x00\x82" + strings.Repeat("d", 0x82)
	connect := "\x10" + string([]byte{byte(len(body))}) + body
	for n := 1; n < len(connect); n += 3 {
		tr := newTrace(t)
		c := tr.open(1883)
		c.says(connect[:n])
		c.says(connect[n:], pingreq)
		events := tr.events(Options{})
		require.Len(t, events, 2, n)
		assert.Error(t, events[0].Err)
		assert.Equal(t, strings.Repeat("d", 0x82), events[0].ClientID)
		assert.Equal(t, body, string(events[0].Frame.Body))
		assert.Equal(t, mqttwire.PINGREQ, events[1].Frame.Header.Type)
		assert.NoError(t, events[1].Err)
	}
}

// largePublish is a PUBLISH over the limit.
func largePublish(t *testing.T) string {
	t.Helper()
	body := "\x00\x01t" + strings.Repeat("0123456789abcdef", maxPacket/16)
	p, err := mqttwire.AppendFrame(nil, mqttwire.PUBLISH, 0, []byte(body))
	require.NoError(t, err)
	return string(p)
}

func TestAPacketOverTheLimitIsShownInPart(t *testing.T) {
	large := largePublish(t)
	tr := newTrace(t)
	c := tr.open(1883)
	c.says(connect311)
	for rest := large; rest != ""; {
		n := min(len(rest), 60000)
		c.says(rest[:n])
		rest = rest[n:]
	}
	c.says(pingreq)
	e := partialOf(t, tr)
	assert.Equal(t, OverLimit, e.Cause)
	assert.Equal(t, int64(len(large)), e.Bytes)
	assert.Len(t, e.Frame.Body, maxPartial)
	p, ok := e.Partial.(*packets.Publish)
	require.True(t, ok)
	assert.Equal(t, "t", string(p.Topic))
	lines := tr.lines(Options{})
	assert.Contains(t, lines[len(lines)-1], "client PINGREQ 3.1.1")
}

func TestThePiecesOfAPacketOverTheLimitAreAllOfIt(t *testing.T) {
	large := largePublish(t)
	tr := newTrace(t)
	c := tr.open(1883)
	c.says(connect311, large[:3])
	for rest := large[3:]; rest != ""; {
		n := min(len(rest), 60000)
		c.says(rest[:n])
		rest = rest[n:]
	}
	var got bytes.Buffer
	for _, e := range tr.events(Options{Pieces: true}) {
		if e.Kind == PacketPiece {
			require.Equal(t, int64(got.Len()), e.Bytes)
			got.Write(e.Frame.Body)
		}
	}
	assert.Equal(t, large[5:], got.String())
}

// TestAPacketTakesLittleMoreMemoryThanItHas adds one of nearly the limit.
func TestAPacketTakesLittleMoreMemoryThanItHas(t *testing.T) {
	large := largePublish(t)
	large = "\x30\xFF\xFF\xFF\x07" + large[5:5+0xFFFFFF]
	require.LessOrEqual(t, len(large)-5, maxPacket)
	tr := newTrace(t)
	c := tr.open(1883)
	c.says(connect311)
	segments := tr.segments
	all := newConversations(t, Options{})
	all.Handle(func(Event) bool { return true })
	for _, s := range segments {
		all.Add(s)
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	piece := make([]byte, 60000)
	for rest := large[:len(large)-1]; rest != ""; {
		n := copy(piece, rest)
		all.Add(Segment{Src: c.client, Dst: c.server, Seq: c.up, Payload: piece[:n]})
		c.up += uint32(n)
		rest = rest[n:]
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	held := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	assert.Less(t, held, int64(len(large))*5/4)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(len(large))*3)
	runtime.KeepAlive(all)
}

func TestOnlyAFirstConnectMayHaveALengthOfOneByte(t *testing.T) {
	connect := []byte("\x10\x8C\x00\x04MQTT\x04\x02\x00\x3C")
	first, err := frameSize(connect, true)
	require.NoError(t, err)
	assert.Equal(t, 2+0x8C, first)
	later, err := frameSize(connect, false)
	require.NoError(t, err)
	assert.Equal(t, 3+0x0C, later)
}

func TestBehindAPacketOfAWrongLengthTheNextOneIsLookedFor(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1883)
	c.says(connect311)
	c.says("\x40\x03\x00\x01\x00\x41zz", pingreq)
	c.says(publish3)
	events := tr.events(Options{})
	assert.Equal(t, []string{
		"3/0 client CONNECT 3.1.1",
		"4/0 client PUBACK 3.1.1 [3.1.1 section 2.2.3]",
		"5/0 client skipped bytes 5",
		"5/0 client PUBLISH 3.1.1 resumed",
	}, tell(events))
	require.Greater(t, len(events), 2)
	assert.Equal(t, WrongLength, events[2].Cause)
}

func TestADeclaredLengthTakesNoMemory(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1883)
	c.says(connect311)
	for range 3 {
		c.says("\x30\xF0\xFF\xFF\x07\x00\x01t" + strings.Repeat("x", 100))
	}
	all := newConversations(t, Options{})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, s := range tr.segments {
		all.Add(s)
	}
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
	assert.Less(t, all.holding.bytes, 1<<16)
}

func TestAHoleInAPacketOverTheLimitLosesNoPieceBehindIt(t *testing.T) {
	large := largePublish(t)
	tr := newAcking(t)
	c := tr.open(1883)
	c.says(connect311)
	for i, rest := 0, large; rest != ""; i++ {
		n := min(len(rest), 60000)
		c.says(rest[:n])
		if i == 2 {
			tr.loses()
		}
		rest = rest[n:]
	}
	c.hears("")
	pieces := 0
	for _, e := range tr.events(Options{Pieces: true}) {
		switch e.Kind {
		case PacketPiece:
			require.Equal(t, large[5+e.Bytes:5+int(e.Bytes)+len(e.Frame.Body)], string(e.Frame.Body))
			pieces += len(e.Frame.Body)
		case PartialPacket:
			assert.Equal(t, OverLimit, e.Cause)
		}
	}
	assert.Equal(t, len(large)-5-60000, pieces)
}
