package capture

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newConversations(t *testing.T, o Options) *Conversations {
	t.Helper()
	c, err := NewConversations(o)
	require.NoError(t, err)
	return c
}

// next returns the events there are now.
func next(c *Conversations) []string { return tell(slices.Collect(c.Events())) }

func TestSegmentsWithoutANumberAreCounted(t *testing.T) {
	c := newConversations(t, Options{})
	c.Add(Segment{Src: client4, Dst: server4, Seq: 1, SYN: true})
	c.Add(Segment{Src: client4, Dst: server4, Seq: 2, Payload: []byte(connect311)})
	assert.Equal(t, []string{"2/0 client CONNECT 3.1.1"}, next(c))
	c.Add(Segment{Record: 40, Src: server4, Dst: client4, Seq: 9, Payload: []byte(connack3)})
	c.Add(Segment{Src: client4, Dst: server4, Seq: 16, Payload: []byte(pingreq)})
	assert.Equal(t, []string{"40/0 server CONNACK 3.1.1 resumed", "41/0 client PINGREQ 3.1.1"}, next(c))
}

func TestEventsComeWithTheSegmentThatCompletesThem(t *testing.T) {
	tr := newTrace(t)
	tr.open(1883).says(connect311, publish3[:4])
	c := newConversations(t, Options{})
	for _, s := range tr.segments {
		_, ok := c.Next()
		assert.False(t, ok)
		c.Add(s)
	}
	assert.Equal(t, []string{"3/0 client CONNECT 3.1.1"}, next(c))
	c.Finish()
	assert.Equal(t, []string{"3/0 client partial packet PUBLISH 4 of 10"}, next(c))
	assert.Empty(t, next(c))
}

func TestPayloadIsNotKept(t *testing.T) {
	for name, order := range map[string][]int{"in order": {0, 1, 2, 3, 4}, "swapped": {0, 1, 2, 4, 3}} {
		t.Run(name, func(t *testing.T) {
			tr := newTrace(t)
			talk := tr.open(1883)
			talk.says(connect5)
			talk.says(publish5[:4])
			talk.says(publish5[4:])
			c := newConversations(t, Options{})
			for _, i := range order {
				s := tr.segments[i]
				c.Add(s)
				for j := range s.Payload {
					s.Payload[j] = 0xFF
				}
			}
			events := slices.Collect(c.Events())
			require.Len(t, events, 2)
			assert.Equal(t, connect5[2:], string(events[0].Frame.Body))
			assert.Equal(t, publish5[2:], string(events[1].Frame.Body))
		})
	}
}

func TestWhatComesBehindFinishIsOfOtherConversations(t *testing.T) {
	tr := newTrace(t)
	tr.open(1883).says(connect311)
	c := newConversations(t, Options{})
	for range 2 {
		for _, s := range tr.segments {
			c.Add(s)
		}
		c.AddBytes([]byte(pingreq))
		c.Finish()
	}
	assert.Equal(t, []string{
		"3/0 client CONNECT 3.1.1", "1/1 client PINGREQ 3.1.1?",
		"3/2 client CONNECT 3.1.1", "1/3 client PINGREQ 3.1.1?",
	}, next(c))
}

func TestFinishEndsConversationsInTheOrderOfTheirStreams(t *testing.T) {
	tr := newTrace(t)
	for port := range uint16(30) {
		tr.begin(2000 + port).says("text, not MQTT")
	}
	var streams []int
	for _, e := range tr.events(Options{}) {
		streams = append(streams, e.Stream)
	}
	assert.Len(t, streams, 30)
	assert.IsIncreasing(t, streams)
}

func TestBytesWithoutTCP(t *testing.T) {
	c := newConversations(t, Options{})
	stream := connect5 + connack5 + publish5p + "\x40\x02\x00\x00" + pingreq + publish5[:6]
	var got []string
	for _, b := range []byte(stream) {
		c.AddBytes([]byte{b})
		got = append(got, next(c)...)
	}
	c.Finish()
	assert.Equal(t, []string{
		"1/0 client CONNECT 5.0",
		"2/0 server CONNACK 5.0",
		"3/0 ? PUBLISH 5.0",
		"4/0 ? PUBACK 5.0 [U-2.2.1-1]",
		"5/0 client PINGREQ 5.0",
		"6/0 ? partial packet PUBLISH 6 of 11",
	}, append(got, next(c)...))
}

func TestVersionThatIsNoneIsRefused(t *testing.T) {
	_, err := NewConversations(Options{Version: 7})
	assert.EqualError(t, err, "there is no MQTT version Version(7)")
}

func TestEventsNameTheFileOfTheirRecord(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1883)
	c.says(connect5)
	c.says(publish5[:3])
	c.says(publish5[3:])
	all := newConversations(t, Options{})
	for i, s := range tr.segments {
		if s.Record = i + 1; i == len(tr.segments)-1 {
			s.File, s.Record = 1, 1 // the next file begins
		}
		all.Add(s)
	}
	all.BeginBytes(2)
	all.AddBytes([]byte(connect5 + pingreq))
	all.BeginBytes(3)
	all.AddBytes([]byte(connect311 + publish3[:5]))
	all.Finish()
	type place struct{ file, record, stream int }
	var got []place
	for e := range all.Events() {
		got = append(got, place{e.File, e.Record, e.Stream})
	}
	assert.Equal(t, []place{{0, 3, 0}, {1, 1, 0}, {2, 1, 1}, {2, 2, 1}, {3, 1, 2}, {3, 2, 2}}, got)
}

func TestSegmentsWithoutAddressesAreOneConversationWithTheirRecords(t *testing.T) {
	all := newConversations(t, Options{})
	at := func(n int) time.Time { return time.Unix(int64(n), 0).UTC() }
	all.Add(Segment{Record: 3, Time: at(3), Payload: []byte(connect5)})
	all.Add(Segment{Record: 5, Time: at(5), Payload: []byte(connack5 + publish5[:2]), Missing: 5})
	all.Add(Segment{Record: 9, Time: at(9), Payload: []byte(publish5[7:] + pingreq)})
	all.Finish()
	var got []string
	for e := range all.Events() {
		got = append(got, fmt.Sprint(e.Record, " ", e.Stream, " ", e.Time.Unix(), " ", e.Kind, " ", e.Frame.Header.Type))
	}
	assert.Equal(t, []string{
		"3 0 3 packet CONNECT", "5 0 5 packet CONNACK", "5 0 5 lost bytes PacketType(0)",
		"9 0 9 partial packet PUBLISH", "9 0 9 packet PINGREQ",
	}, got)
}

func TestPayloadOfASegmentThatIsEarlyIsNotKept(t *testing.T) {
	c := newConversations(t, Options{})
	c.Add(Segment{Src: client4, Dst: server4, Seq: 1, SYN: true})
	c.Add(Segment{Src: server4, Dst: client4, Seq: 1, SYN: true, ACK: true, Ack: 2})
	early := []byte(connack3)
	c.Add(Segment{Src: server4, Dst: client4, Seq: 2, ACK: true, Ack: 2 + uint32(len(connect311)), Payload: early})
	clear(early)
	c.Add(Segment{Src: client4, Dst: server4, Seq: 2, ACK: true, Ack: 2, Payload: []byte(connect311)})
	assert.Equal(t, []string{"4/0 client CONNECT 3.1.1", "3/0 server CONNACK 3.1.1"}, next(c))
}
