package capture

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

var (
	client4 = netip.MustParseAddrPort("192.0.2.1:40000")
	server4 = netip.MustParseAddrPort("192.0.2.2:1883")
	client6 = netip.MustParseAddrPort("[2001:db8::1]:40000")
)

// trace is a capture that a test writes segment by segment.
type trace struct {
	t        testing.TB
	segments []Segment
	time     time.Time
	cut      int  // how many bytes the snap length takes from each segment
	acks     bool // segments of a talk have acknowledgement numbers
}

func newTrace(t testing.TB) *trace { return &trace{t: t, time: time.Unix(1700000000, 0).UTC()} }

// record adds a segment. The flags are given by their initials: S, A, F, R.
func (tr *trace) record(src, dst netip.AddrPort, flags string, seq uint32, payload string) {
	tr.time = tr.time.Add(time.Millisecond + time.Nanosecond)
	tr.segments = append(tr.segments, Segment{
		Record: len(tr.segments) + 1, Time: tr.time, Src: src, Dst: dst, Seq: seq,
		SYN: strings.Contains(flags, "S"), ACK: strings.Contains(flags, "A"),
		FIN: strings.Contains(flags, "F"), RST: strings.Contains(flags, "R"),
		Payload: []byte(payload[:len(payload)-tr.cut]), Missing: tr.cut,
	})
}

// talk is a TCP connection in a trace. Its sequence numbers run by themselves.
type talk struct {
	tr             *trace
	client, server netip.AddrPort
	up, down       uint32 // next sequence number of the client and of the server
}

// begin starts a connection to a port whose opening is not in the capture.
func (tr *trace) begin(port uint16) *talk {
	return &talk{tr, client4, netip.AddrPortFrom(server4.Addr(), port), 1000, 5000}
}

// open starts a connection to a port whose opening is in the capture.
func (tr *trace) open(port uint16) *talk {
	c := tr.begin(port)
	tr.record(c.client, c.server, "S", c.up-1, "")
	tr.record(c.server, c.client, "SA", c.down-1, "")
	return c
}

// says adds a segment of the client with the given bytes.
func (c *talk) says(parts ...string) {
	payload := strings.Join(parts, "")
	c.tr.record(c.client, c.server, "A", c.up, payload)
	c.tr.acknowledges(c.down)
	c.up += uint32(len(payload))
}

// hears adds a segment of the server.
func (c *talk) hears(parts ...string) {
	payload := strings.Join(parts, "")
	c.tr.record(c.server, c.client, "A", c.down, payload)
	c.tr.acknowledges(c.up)
	c.down += uint32(len(payload))
}

// acknowledges gives the last segment an acknowledgement number, if it is to have one.
func (tr *trace) acknowledges(ack uint32) {
	if tr.acks {
		tr.segments[len(tr.segments)-1].Ack = ack
	}
}

// loses takes the last segment out of the trace: the capture does not have it.
func (tr *trace) loses() { tr.segments = tr.segments[:len(tr.segments)-1] }

// newAcking begins a trace whose segments have acknowledgement numbers.
func newAcking(t testing.TB) *trace {
	tr := newTrace(t)
	tr.acks = true
	return tr
}

// ends adds a segment that closes or resets the connection, of the client or of the
// server.
func (c *talk) ends(client bool, flags string) {
	if client {
		c.tr.record(c.client, c.server, flags, c.up, "")
		c.tr.acknowledges(c.down)
		c.up++
		return
	}
	c.tr.record(c.server, c.client, flags, c.down, "")
	c.tr.acknowledges(c.up)
	c.down++
}

// Packets in bytes. The PUBLISH packets are of topic t, QoS 0, payload "hello".
const (
	connect31  = "\x10\x0F\x00\x06MQIsdp\x03\x02\x00\x3C\x00\x01a"
	connect311 = "\x10\x0C\x00\x04MQTT\x04\x02\x00\x3C\x00\x00"
	connect5   = "\x10\x0D\x00\x04MQTT\x05\x02\x00\x3C\x00\x00\x00"
	connack3   = "\x20\x02\x00\x00"
	connack5   = "\x20\x03\x00\x00\x00"
	publish3   = "\x30\x08\x00\x01thello"
	publish5   = "\x30\x09\x00\x01t\x00hello"
	publish5p  = "\x30\x10\x00\x01t\x07\x26\x00\x01k\x00\x01vhello" // user property k=v
	puback     = "\x40\x02\x00\x01"
	puback5    = "\x40\x04\x00\x01\x10\x00"
	subscribe3 = "\x82\x06\x00\x0A\x00\x01a\x01"
	suback3    = "\x90\x03\x00\x0A\x01"
	pingreq    = "\xC0\x00"
	pingresp   = "\xD0\x00"
	disconnect = "\xE0\x00"
)

// events returns the events of the trace.
func (tr *trace) events(o Options) (events []Event) {
	tr.t.Helper()
	c, err := NewConversations(o)
	require.NoError(tr.t, err)
	for _, s := range tr.segments {
		c.Add(s)
		events = slices.AppendSeq(events, c.Events())
	}
	c.Finish()
	return slices.AppendSeq(events, c.Events())
}

// lines tells the events of the trace, one in each line.
func (tr *trace) lines(o Options) []string {
	tr.t.Helper()
	return tell(tr.events(o))
}

// tell puts events into words: record, stream, sender, what it is.
func tell(events []Event) []string {
	var lines []string
	for _, e := range events {
		sender := "?"
		if e.Sender != 0 {
			sender = e.Sender.String()
		}
		line := fmt.Sprintf("%d/%d %s ", e.Record, e.Stream, sender)
		switch e.Kind {
		case WholePacket:
			line += e.Frame.Header.Type.String() + " " + e.Version.String()
			if e.VersionGuessed {
				line += "?"
			}
			line += faultIn(e)
		case BrokenHeader:
			line += e.Kind.String() + faultIn(e)
		case NotMQTT:
			line += e.Note
		case PartialPacket:
			line += fmt.Sprintf("%v %v %d of %d", e.Kind, e.Frame.Header.Type, e.Bytes, e.Frame.Header.PacketSize())
		case StageNote, Closed, Reset, Refused, Unanswered, Silence, Dropped:
			line += fmt.Sprintf("%v: %s", e.Kind, e.Note)
		default:
			line += fmt.Sprintf("%v %d", e.Kind, e.Bytes)
		}
		if e.Resumed {
			line += " resumed"
		}
		if e.Stopped {
			line += ", stopped"
		}
		if e.Via != "" {
			line += " through " + e.Via
		}
		lines = append(lines, line)
	}
	return lines
}

// faultIn is the statement that a packet breaks.
func faultIn(e Event) string {
	switch err := e.Err.(type) {
	case nil:
		return ""
	case *mqttwire.Error:
		return " [" + err.Statement + "]"
	}
	return " " + e.Err.Error()
}
