package capture

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

// searching is a direction of a conversation with a server, which a test feeds
// without a file.
type searching struct {
	d    *direction
	fed  int
	next uint32
}

func newSearching(t *testing.T, fromServer, opened bool, port uint16) *searching {
	client, server := client4, server4
	server = netip.AddrPortFrom(server.Addr(), port)
	if fromServer {
		client, server = server, client
	}
	all, err := NewConversations(Options{})
	require.NoError(t, err)
	c := new(conversation)
	c.begin(0, client, server, all)
	s := &searching{d: c.sides[0], next: 1000}
	if opened {
		c.add(&Segment{Src: client, Dst: server, Seq: s.next - 1, SYN: true, ACK: fromServer})
	}
	return s
}

func (s *searching) feed(payload string) {
	s.d.conv.add(&Segment{Src: s.d.src, Dst: s.d.dst, Seq: s.next, Payload: []byte(payload)})
	s.next += uint32(len(payload))
	s.fed += len(payload)
}

// decoded is how many bytes were decoded on trial.
func (s *searching) decoded() int { return searchEffort*s.fed - s.d.search.effort }

// large is a PUBLISH with a long topic name, of about 32 KiB.
func large(t *testing.T) string {
	p, err := mqttwire.AppendFrame(nil, mqttwire.PUBLISH, 0, []byte("\x7F\xFF"+strings.Repeat("t", 0x7FFF)))
	require.NoError(t, err)
	return string(p)
}

func TestStartThatBeginsNoPacketIsJudgedOnce(t *testing.T) {
	s := newSearching(t, true, true, 9999)
	first := strings.Repeat(large(t), 3) + "\x00"
	s.feed(first)
	require.NotZero(t, s.decoded())
	for range 1000 {
		s.feed("\x00")
	}
	assert.Less(t, s.decoded(), len(first))
	assert.Equal(t, seeking, s.d.state)
	assert.Len(t, s.d.search.buf, s.fed, "for the CONNECT that may still come")
}

func TestStartThatBeginsNoPacketIsReadAfterAllIfAConnectComes(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(9999)
	c.hears(connack3, "\x36\x05\x00\x01a\x00\x01") // QoS 3
	c.hears(pingresp)
	c.says(connect311)
	assert.Equal(t, []string{
		"3/0 server CONNACK 3.1.1",
		"3/0 server PUBLISH 3.1.1 [MQTT-3.3.1-4]",
		"4/0 server PINGRESP 3.1.1",
		"5/0 client CONNECT 3.1.1",
	}, tr.lines(Options{}))
}

func TestStartThatIsUndecidedIsNotDecodedAgain(t *testing.T) {
	s := newSearching(t, true, true, 9999)
	s.feed(publish3)
	s.feed("\x30\x80\x80\x80\x01\x00\x01t") // a PUBLISH of 2 MiB, if it is one
	for range 1000 {
		s.feed("x")
	}
	assert.Less(t, s.decoded(), searchEffort*s.fed)
	assert.Equal(t, seeking, s.d.state)
}

// TestSearchDecodesInProportionToWhatCame sends segments each of which begins
// what may be a packet of 16 KiB, inside one that is no packet either, since none
// follows it.
func TestSearchDecodesInProportionToWhatCame(t *testing.T) {
	const nested = "\x30\xC2\x80\x01\x00\x01t"
	first := judgeStart([]byte(strings.Repeat(nested, 3000)), context{known: true})
	require.Equal(t, unknown, first.verdict)
	require.Greater(t, first.decoded, 16<<10)

	s := newSearching(t, true, false, 1883)
	s.feed("\x30\xA5\x8D\x06\x00\x01t")
	for range 99999 / len(nested) {
		s.feed(nested)
	}
	require.Zero(t, s.decoded())
	s.feed("xxxxxxx\x00")
	assert.Greater(t, s.decoded(), 2*s.fed, "it tried")
	assert.Less(t, s.decoded(), searchEffort*s.fed+32<<10)
	assert.Empty(t, s.d.search.buf)
	s.feed(strings.Repeat("\x00", 4<<10))
	s.feed(publish3)
	assert.Equal(t, framing, s.d.state, "a packet is found all the same")
}

func TestSearchGivesUpWhatIsTooLong(t *testing.T) {
	tr := newTrace(t)
	c := tr.begin(4000)
	c.says("\x30\x80\x80\x80\x01\x00\x01t") // a PUBLISH of 2 MiB, if it is one
	for range maxSearch/60000 + 2 {
		c.says(strings.Repeat("\x00", 60000))
	}
	lines := tr.lines(Options{})
	assert.Len(t, lines, 1)
	assert.Contains(t, lines[0], "not MQTT, stopped")
}

func TestSearchTriesAsManySegmentsThatWaitAsOthers(t *testing.T) {
	for zeros, want := range map[int]directionState{maxSearchTries - 2: framing, maxSearchTries - 1: done} {
		s := newSearching(t, false, false, 4000)
		s.feed("\x30\x80\x80\x80\x01\x00\x01t")
		for range zeros {
			s.feed("\x00")
		}
		s.feed(publish3 + publish3 + "\x30\x80\x80\x80\x01\x00\x01t" + strings.Repeat("x", maxSearch))
		assert.Equal(t, want, s.d.state, zeros)
	}
}

func TestFewBytesOnAnotherPortAreNotTakenForMQTT(t *testing.T) {
	for _, client := range []string{pingreq, "\x40\x02\x12\x34", publish3 + puback} {
		tr := newTrace(t)
		c := tr.begin(53)
		c.hears(pingreq)
		c.says(client)
		lines := tr.lines(Options{})
		require.Len(t, lines, 1)
		assert.Contains(t, lines[0], "/0 ? not MQTT, stopped")
	}
}

func TestFewBytesOnAnotherPortWaitForMore(t *testing.T) {
	tr := newTrace(t)
	c := tr.begin(4000)
	for range 3 {
		c.says(puback)
	}
	c.says(publish3)
	lines := tr.lines(Options{})
	require.Len(t, lines, 4)
	assert.Contains(t, lines[0], "PUBACK")
	assert.Contains(t, lines[3], "PUBLISH")
}
