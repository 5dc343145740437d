package capture

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

// upTo returns the events of the first segments of a trace, before the others come.
func (tr *trace) upTo(n int) []string {
	tr.t.Helper()
	c, err := NewConversations(Options{})
	require.NoError(tr.t, err)
	for _, s := range tr.segments[:n] {
		c.Add(s)
	}
	return next(c)
}

func TestAHoleThatTheReceiverHasAcknowledgedPastIsGivenUpAtOnce(t *testing.T) {
	tr := newAcking(t)
	c := tr.open(1883)
	c.says(connect311)
	c.hears(connack3)
	c.says(publish3)
	tr.loses()
	c.says(publish3)
	assert.Equal(t, []string{"3/0 client CONNECT 3.1.1", "4/0 server CONNACK 3.1.1"}, tr.upTo(5), "it may still come")
	c.hears("")
	assert.Equal(t, []string{
		"3/0 client CONNECT 3.1.1",
		"4/0 server CONNACK 3.1.1",
		"5/0 client lost bytes 10",
		"5/0 client PUBLISH 3.1.1 resumed",
	}, tr.upTo(6))
}

func TestAHoleThatWasAcknowledgedBeforeItWasSeenIsGivenUpToo(t *testing.T) {
	tr := newAcking(t)
	c := tr.open(1883)
	c.says(connect311)
	c.says(publish3)
	tr.loses()
	c.hears("")
	c.says(publish3)
	assert.Equal(t, []string{
		"3/0 client CONNECT 3.1.1",
		"5/0 client lost bytes 10",
		"5/0 client PUBLISH 3.1.1 resumed",
	}, tr.upTo(5))
}

func TestAHoleThatIsNotAcknowledgedIsWaitedFor(t *testing.T) {
	tr := newAcking(t)
	c := tr.open(1883)
	c.says(connect311)
	acknowledged := c.up
	c.says(publish3)
	lost := tr.segments[3]
	tr.loses()
	c.says(pingreq)
	c.hears(connack3)
	tr.acknowledges(acknowledged)
	lost.Record = 6
	tr.segments = append(tr.segments, lost)
	assert.Equal(t, []string{
		"3/0 client CONNECT 3.1.1",
		"5/0 server CONNACK 3.1.1",
		"6/0 client PUBLISH 3.1.1",
		"6/0 client PINGREQ 3.1.1",
	}, tr.lines(Options{}))
}

func TestAnAcknowledgementOfAnotherConnectionGivesNothingUp(t *testing.T) {
	tr := newAcking(t)
	c := tr.open(1883)
	c.says(connect311)
	c.says(publish3)
	tr.loses()
	c.says(pingreq)
	c.hears("")
	tr.acknowledges(c.up + 1<<30)
	assert.Equal(t, []string{"3/0 client CONNECT 3.1.1"}, tr.upTo(5))
}

func TestAnAnswerIsToldBehindWhatItAnswers(t *testing.T) {
	for name, order := range map[string][]int{
		"the answer is recorded first": {0, 1, 3, 2, 4, 5},
		"two answers are":              {0, 1, 3, 5, 2, 4},
		"in order":                     {0, 1, 2, 3, 4, 5},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newAcking(t)
			c := tr.open(1883)
			c.says(connect311)
			c.hears(connack3)
			c.says(subscribe3)
			c.hears(suback3)
			all := tr.segments
			tr.segments = nil
			for _, i := range order {
				tr.segments = append(tr.segments, all[i])
			}
			var types []string
			for _, line := range tr.lines(Options{}) {
				types = append(types, strings.Fields(line)[2])
			}
			assert.Equal(t, []string{"CONNECT", "CONNACK", "SUBSCRIBE", "SUBACK"}, types)
		})
	}
}

func TestAnAnswerToWhatIsNotInTheCaptureComesWithTheNextSegment(t *testing.T) {
	want := []string{
		"3/0 client CONNECT 3.1.1",
		"4/0 server CONNACK 3.1.1",
		"5/0 client lost bytes 10",
		"5/0 server PUBLISH 3.1.1",
	}
	for name, after := range map[string]func(*talk){
		"an acknowledgement of the client":   func(c *talk) { c.says("") },
		"more of the server, a second later": func(c *talk) { c.tr.time = c.tr.time.Add(2 * maxEarlyWait); c.hears("") },
		"the end of the server":              func(c *talk) { c.ends(false, "RA") },
		"more of the server": func(c *talk) {
			for range maxEarly {
				c.hears("")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newAcking(t)
			c := tr.open(1883)
			c.says(connect311)
			c.hears(connack3)
			c.says(publish3)
			tr.loses()
			c.hears(publish3)
			assert.Equal(t, want[:2], tr.upTo(5))
			after(c)
			assert.Equal(t, want, tr.upTo(len(tr.segments))[:4])
			assert.Equal(t, want, tr.lines(Options{})[:4])
		})
	}
}

func TestAHoleOfADirectionThatIsRecordedAloneIsGivenUpAfterAWhile(t *testing.T) {
	for name, test := range map[string]struct {
		pause time.Duration
		size  int
		given bool
	}{
		"at once":        {0, 0, false},
		"after a second": {time.Second, 0, false},
		"later":          {maxWaitAlone + time.Second, 0, true},
		"with much held": {0, maxHeldAlone, true},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTrace(t)
			c := tr.begin(1883)
			c.says(connect311)
			c.up += 10
			c.says(publish3)
			tr.time = tr.time.Add(test.pause)
			c.says(strings.Repeat(pingreq, test.size/2))
			lines := tr.upTo(3)
			assert.Equal(t, test.given, len(lines) > 1, lines)
		})
	}
}

func TestBytesBeforeTheEndOfADirectionThatWereAcknowledgedAreTold(t *testing.T) {
	tr := newAcking(t)
	c := tr.open(1883)
	c.says(connect311)
	c.hears(connack3)
	c.says(publish3)
	tr.loses()
	c.ends(true, "FA")
	c.ends(false, "FA")
	assert.Equal(t, []string{
		"3/0 client CONNECT 3.1.1",
		"4/0 server CONNACK 3.1.1",
		"5/0 client lost bytes 10",
		"5/0 client closed: the client closed the connection",
		"6/0 server closed: the server closed the connection",
	}, tr.upTo(6))
	for _, e := range tr.events(Options{}) {
		assert.False(t, e.PacketsLost, "nothing is known to have been there")
	}
}

func TestASegmentFarFromAllBeforeIsOfAnotherConnection(t *testing.T) {
	tr := newTrace(t)
	c := tr.begin(1883)
	c.says(connect311, publish3)
	c.up += 1 << 29
	c.says(connect5)
	c.up -= 1 << 30
	c.says(connect311)
	assert.Equal(t, []string{
		"1/0 client CONNECT 3.1.1", "1/0 client PUBLISH 3.1.1", "2/1 client CONNECT 5.0", "3/2 client CONNECT 3.1.1",
	}, tr.lines(Options{}))
}

// A payload is text, of which segments begin with what could be packets but for their
// lengths.
func TestNoPacketIsFoundInsideAPayload(t *testing.T) {
	payload := strings.Repeat("0123456789 value=\x00\x01\x02 @PQ`bcp\x82\x90\xA2", 110)
	tr := newAcking(t)
	c := tr.open(1883)
	c.says(connect311)
	c.hears(connack3)
	packet := "\x30\x9F\x19\x00\x01t" + payload[:3228]
	for rest := packet; rest != ""; {
		n := min(len(rest), 7)
		c.says(rest[:n])
		if len(rest) == len(packet) {
			tr.loses() // with the fixed header
		}
		rest = rest[n:]
	}
	c.hears("")
	c.says(publish3)
	var packets []string
	for _, line := range tr.lines(Options{}) {
		if !strings.Contains(line, "bytes") {
			packets = append(packets, line)
		}
	}
	require.Len(t, packets, 3, packets)
	assert.Contains(t, packets[2], "client PUBLISH 3.1.1 resumed")
}

func TestASmallPacketBehindAHoleIsShownWithTheNextOneOrAtTheEnd(t *testing.T) {
	for name, test := range map[string]struct {
		after func(*talk)
		shown bool
	}{
		"nothing follows":          {func(*talk) {}, false},
		"another one":              {func(c *talk) { c.says(puback) }, true},
		"the end of the client":    {func(c *talk) { c.ends(true, "FA") }, true},
		"what can be no packet":    {func(c *talk) { c.says("\x00\x00") }, false},
		"the start of a large one": {func(c *talk) { c.says("\x30\x7F\x00\x01t") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newAcking(t)
			c := tr.open(1883)
			c.says(connect311)
			c.hears(connack3)
			c.says(publish3)
			tr.loses()
			c.says(puback)
			c.hears("")
			test.after(c)
			var shown bool
			for _, e := range tr.events(Options{}) {
				shown = shown || e.Frame.Header.Type == mqttwire.PUBACK
			}
			assert.Equal(t, test.shown, shown)
		})
	}
}
