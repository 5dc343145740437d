package pcap

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire/capture"
)

// talk is a connection that is written down segment by segment.
type talk struct {
	segments []capture.Segment
	server   netip.AddrPort
	up, down uint32
}

// open is a connection from its SYN on.
func open(port uint16) *talk {
	c := begun(port)
	c.segments = append(c.segments,
		capture.Segment{Src: client4, Dst: c.server, Seq: c.up - 1, SYN: true},
		capture.Segment{Src: c.server, Dst: client4, Seq: c.down - 1, SYN: true, ACK: true, Ack: c.up})
	return c
}

// begun is one whose beginning is not in the capture.
func begun(port uint16) *talk {
	return &talk{server: netip.AddrPortFrom(server4.Addr(), port), up: 1000, down: 5000}
}

func (c *talk) says(parts ...string) {
	b := strings.Join(parts, "")
	c.segments = append(c.segments, capture.Segment{Src: client4, Dst: c.server, Seq: c.up, ACK: true, Ack: c.down, Payload: []byte(b)})
	c.up += uint32(len(b))
}

func (c *talk) hears(parts ...string) {
	b := strings.Join(parts, "")
	c.segments = append(c.segments, capture.Segment{Src: c.server, Dst: client4, Seq: c.down, ACK: true, Ack: c.up, Payload: []byte(b)})
	c.down += uint32(len(b))
}

// close has the client close the connection, and the server too.
func (c *talk) close() {
	c.segments = append(c.segments,
		capture.Segment{Src: client4, Dst: c.server, Seq: c.up, FIN: true},
		capture.Segment{Src: c.server, Dst: client4, Seq: c.down, FIN: true})
}

// cutAnywhere cuts the segments into smaller ones.
func (c *talk) cutAnywhere(rt *rapid.T) {
	var all []capture.Segment
	for _, s := range c.segments {
		for len(s.Payload) > 1 {
			n := rapid.IntRange(1, len(s.Payload)).Draw(rt, "cut")
			part := s
			part.Payload = s.Payload[:n]
			all = append(all, part)
			s.Payload, s.Seq = s.Payload[n:], s.Seq+uint32(n)
			if n > 1 && rapid.Bool().Draw(rt, "no more cuts") {
				break
			}
		}
		all = append(all, s)
	}
	c.segments = all
}

// events are what comes of the connection.
func (c *talk) events(t testing.TB, stages ...capture.StageOpener) (all []capture.Event) {
	t.Helper()
	conversations, err := capture.NewConversations(capture.Options{Stages: stages})
	require.NoError(t, err)
	for _, s := range c.segments {
		conversations.Add(s)
		for e := range conversations.Events() {
			all = append(all, e)
		}
	}
	conversations.Finish()
	for e := range conversations.Events() {
		all = append(all, e)
	}
	return all
}

// lines are the events in words: who, what, through what.
func lines(events []capture.Event) (all []string) {
	for _, e := range events {
		_, line, _ := strings.Cut(tell([]capture.Event{e})[0], " ")
		if e.Kind == capture.StageNote {
			line = strings.TrimSuffix(line, "note 0") + "note: " + e.Note
		}
		if e.Via != "" {
			line += " through " + e.Via
		}
		all = append(all, line)
	}
	return all
}

// without takes the lines out that end with something.
func without(all []string, end string) (rest []string) {
	for _, line := range all {
		if !strings.Contains(line, end) {
			rest = append(rest, line)
		}
	}
	return rest
}

func sprintf(format string, a ...any) string { return fmt.Sprintf(format, a...) }
