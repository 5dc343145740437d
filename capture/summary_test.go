package capture

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSummaryCountsEachStreamOnce(t *testing.T) {
	tr := newAcking(t)
	mqtt := tr.open(1883)
	mqtt.says(connect311, publish3, "\x36\x05\x00\x01a\x00\x01")
	mqtt.says(publish3)
	tr.loses()
	mqtt.says("xx")
	mqtt.says(publish3)
	mqtt.says(publish3[:4])
	mqtt.hears("")
	for i, first := range []string{
		"\x16\x03\x01\x00\x05\x01hello", // TLS
		"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
		"SSH-2.0-x\r\n",
		"nothing that is known",
		"",
	} {
		for _, port := range []uint16{1883, 9999, 8883} {
			c := tr.begin(port)
			c.client = netip.AddrPortFrom(client6.Addr(), uint16(2000+i))
			tr.record(c.client, c.server, "S", c.up-1, "")
			tr.record(c.server, c.client, "SA", c.down-1, "")
			c.says(first)
		}
	}
	c := newConversations(t, Options{})
	for _, s := range tr.segments {
		c.Add(s)
	}
	c.Finish()
	for range c.Events() {
	}
	want := Summary{
		Segments: len(tr.segments), Streams: 16,
		MQTT: 2, TLS: 3, WebSocket: 3, Other: 3, Silent: 3, NotUnderstood: 2, // "nothing" on 1883 would be half a PUBREL
		Unread: 5, Packets: 4, Malformed: 1, Incomplete: 2, LostBytes: 10, SkippedBytes: 2,
	}
	got := c.Summary()
	assert.Equal(t, want, got)
	assert.Equal(t, got.Streams, got.MQTT+got.TLS+got.WebSocket+got.Other+got.Refused+got.Unanswered+got.Silent+got.NotUnderstood)
}

func TestEventsOfAHandlerAreThoseThatNextReturns(t *testing.T) {
	for _, tr := range []*trace{mixed(t), newTrace(t)} {
		want := tr.events(Options{})
		var got []Event
		c := newConversations(t, Options{})
		c.Handle(func(e Event) bool {
			got = append(got, e)
			return true
		})
		for _, s := range tr.segments {
			c.Add(s)
		}
		c.Finish()
		assert.Equal(t, want, got)
		_, ok := c.Next()
		assert.False(t, ok)

		var iterated []Event
		for e, err := range Iterate(slices.Values(tr.segments), Options{}) {
			require.NoError(t, err)
			iterated = append(iterated, e)
		}
		assert.Equal(t, want, iterated)
	}
}

// mixed is a trace of conversations that wait, that are complete, and that are no MQTT.
func mixed(t *testing.T) *trace {
	tr := newAcking(t)
	waits := tr.begin(1883)
	waits.says(puback)
	told := tr.open(1884)
	told.says(connect5)
	told.hears(connack5)
	waits.says(publish5p)
	told.says(publish5[:4])
	tr.begin(22).says("SSH-2.0-x\r\n")
	told.ends(true, "FA")
	told.ends(false, "FA")
	return tr
}

func TestEventsWaitAgainWhenAHandlerTakesNoMore(t *testing.T) {
	tr := mixed(t)
	want := tr.events(Options{})
	for n := range want {
		var got []Event
		c := newConversations(t, Options{})
		c.Handle(func(e Event) bool {
			got = append(got, e)
			return len(got) <= n
		})
		for _, s := range tr.segments {
			c.Add(s)
		}
		c.Finish()
		assert.Len(t, got, n+1)
		assert.Equal(t, want, slices.AppendSeq(got, c.Events()))
	}
}

func TestWhatWaitsIsHandedOutAtOnce(t *testing.T) {
	tr := mixed(t)
	c := newConversations(t, Options{})
	for _, s := range tr.segments {
		c.Add(s)
	}
	n := 0
	c.Handle(func(Event) bool {
		n++
		return true
	})
	assert.NotZero(t, n)
	_, ok := c.Next()
	assert.False(t, ok)
}

func TestIterationCanBeEnded(t *testing.T) {
	tr := mixed(t)
	for n := range tr.events(Options{}) {
		taken, given := 0, 0
		segments := func(yield func(Segment) bool) {
			for _, s := range tr.segments {
				if given++; !yield(s) {
					return
				}
			}
		}
		for range Iterate(segments, Options{}) {
			if taken++; taken > n {
				break
			}
		}
		assert.Equal(t, n+1, taken)
		assert.LessOrEqual(t, given, len(tr.segments))
	}
}

func TestIterationOfOptionsThatCannotBeMetIsAnError(t *testing.T) {
	n := 0
	for e, err := range Iterate(slices.Values([]Segment{{}}), Options{Version: 9}) {
		n++
		assert.Error(t, err)
		assert.Zero(t, e.Kind)
	}
	assert.Equal(t, 1, n)
}
