package capture

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestPacketsAreCutWhereverSegmentsEnd(t *testing.T) {
	stream := connect5 + publish5p + "\x40\x03\x00\x01\x00" + publish5 + disconnect
	rapid.Check(t, func(rt *rapid.T) {
		tr := newTrace(t)
		c := tr.open(1899)
		for rest := stream; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(rt, "size")
			c.says(rest[:n])
			rest = rest[n:]
		}
		var types []string
		for _, line := range tr.lines(Options{}) {
			types = append(types, strings.SplitN(line, " ", 2)[1])
		}
		assert.Equal(rt, []string{
			"client CONNECT 5.0", "client PUBLISH 5.0", "client PUBACK 5.0", "client PUBLISH 5.0", "client DISCONNECT 5.0",
		}, types)
	})
}

func TestLostBytesInsideAPacketOfKnownSize(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1883)
	c.says(connect311)
	c.says(publish3[:4])
	c.up += 3 // lost
	c.says(publish3[7:], pingreq)
	assert.Equal(t, []string{
		"3/0 client CONNECT 3.1.1",
		"5/0 client lost bytes 3",
		"5/0 client partial packet PUBLISH 7 of 10",
		"5/0 client PINGREQ 3.1.1",
	}, tr.lines(Options{}))
}

func TestLostBytesToTheEndOfAPacketOfKnownSize(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1883)
	c.says(connect311)
	c.says(publish3[:4])
	c.up += 6 // all the rest of it
	c.says(pingreq)
	assert.Equal(t, []string{
		"3/0 client CONNECT 3.1.1",
		"5/0 client lost bytes 6",
		"5/0 client partial packet PUBLISH 4 of 10",
		"5/0 client PINGREQ 3.1.1",
	}, tr.lines(Options{}))
}

func TestLostBytesWithAPacketBoundaryAreFollowedByTheNextPacket(t *testing.T) {
	for name, kept := range map[string]string{
		"a whole packet":       "",
		"more than a packet":   publish3[:4],
		"all but a first byte": publish3[:1],
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTrace(t)
			c := tr.open(1883)
			c.says(connect311, kept)
			c.up += uint32(len(publish3)) // lost
			c.says("lo")
			c.says(publish3)
			c.hears(connack3)
			want := []string{"3/0 client CONNECT 3.1.1", "6/0 server CONNACK 3.1.1", "4/0 client lost bytes 10"}
			switch kept {
			case publish3[:4]:
				want = append(want, "4/0 client partial packet PUBLISH 4 of 10")
			case publish3[:1]:
				want = append(want, "4/0 client partial packet PUBLISH 1 of 2")
			}
			want = append(want, "5/0 client skipped bytes 2", "5/0 client PUBLISH 3.1.1 resumed")
			events := tr.events(Options{})
			assert.Equal(t, want, tell(events))
			assert.True(t, events[2].PacketsLost)
		})
	}
}

func TestPacketThatTheCaptureEndsIn(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1883)
	c.says(connect311, publish3[:5])
	assert.Equal(t, []string{"3/0 client CONNECT 3.1.1", "3/0 client partial packet PUBLISH 5 of 10"}, tr.lines(Options{}))
}

func TestBytesLostBeforeTheEndAreReported(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1883)
	c.says(connect311)
	tr.record(c.client, c.server, "FA", c.up+4, "")
	assert.Equal(t, []string{"3/0 client CONNECT 3.1.1", "3/0 client lost bytes 4"}, tr.lines(Options{}))
}

func TestCaptureThatBeginsInsideAPacket(t *testing.T) {
	tr := newTrace(t)
	c := tr.begin(1883)
	c.says(strings.Repeat("payload ", 20))
	c.says("and its end")
	c.says(publish3, pingreq)
	c.hears(pingresp)
	assert.Equal(t, []string{
		"3/0 client skipped bytes 171",
		"3/0 client PUBLISH 3.1.1? resumed",
		"3/0 client PINGREQ 3.1.1?",
		"4/0 server PINGRESP 3.1.1? resumed",
	}, tr.lines(Options{}))
}

func TestCaptureThatBeginsInsideAPacketAndHasNoOther(t *testing.T) {
	tr := newTrace(t)
	c := tr.begin(1883)
	c.says(strings.Repeat("payload ", 20))
	assert.Equal(t, []string{"1/0 client skipped bytes 160, stopped"}, tr.lines(Options{}))
}

func TestCaptureThatBeginsWithAPacketOfManySegments(t *testing.T) {
	large := "\x30\x84\x07\x00\x01t" + strings.Repeat("x", 897)
	tr := newTrace(t)
	c := tr.begin(1899)
	c.says(large[:300])
	c.says(large[300:600])
	c.says(large[600:], pingreq)
	assert.Equal(t, []string{"3/0 ? PUBLISH 3.1.1? resumed", "3/0 client PINGREQ 3.1.1?"}, tr.lines(Options{}))
}

func TestCaptureThatMissesTheFirstBytes(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1883)
	c.up += uint32(len(connect311)) // lost
	c.says(publish3)
	assert.Equal(t, []string{"3/0 client lost bytes 14", "3/0 client PUBLISH 3.1.1? resumed"}, tr.lines(Options{}))
}

func TestSegmentsThatAreCutInTheRecordWaitForNothing(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1883)
	c.says(connect311)
	tr.cut = 3
	c.says(publish3)
	tr.cut = 0
	c.says(pingreq)
	c.hears(connack3)
	assert.Equal(t, []string{
		"3/0 client CONNECT 3.1.1",
		"4/0 client lost bytes 3",
		"4/0 client partial packet PUBLISH 7 of 10",
		"5/0 client PINGREQ 3.1.1",
		"6/0 server CONNACK 3.1.1",
	}, tr.lines(Options{}))
}

func TestPacketsOfADirectionKeepTheirOrderBehindAHole(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(1883)
	c.says(connect311, publish3[:4])
	c.up += 6 // lost
	c.says(pingreq)
	c.hears(connack3)
	c.says(disconnect)
	assert.Equal(t, []string{
		"3/0 client CONNECT 3.1.1",
		"5/0 server CONNACK 3.1.1",
		"4/0 client lost bytes 6",
		"4/0 client partial packet PUBLISH 4 of 10",
		"4/0 client PINGREQ 3.1.1",
		"6/0 client DISCONNECT 3.1.1",
	}, tr.lines(Options{}))
}
