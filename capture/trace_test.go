package capture

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

// trace is a capture that a test writes record by record.
type trace struct {
	t    testing.TB
	file bytes.Buffer
	w    *pcapgo.Writer
	time time.Time
	cut  int // how many bytes the snap length takes from each record
}

// newTrace begins a capture of raw IP packets.
func newTrace(t testing.TB) *trace {
	tr := &trace{t: t, time: time.Unix(1700000000, 0)}
	tr.w = pcapgo.NewWriterNanos(&tr.file)
	require.NoError(t, tr.w.WriteFileHeader(65535, layers.LinkTypeRaw))
	return tr
}

// flagged sets the flags of a segment by their initials: S, A, F, R.
func flagged(flags string) *layers.TCP {
	return &layers.TCP{
		SYN: strings.Contains(flags, "S"), ACK: strings.Contains(flags, "A"),
		FIN: strings.Contains(flags, "F"), RST: strings.Contains(flags, "R"),
	}
}

// record adds a segment.
func (tr *trace) record(src, dst netip.AddrPort, flags string, seq uint32, payload string) {
	tr.t.Helper()
	segment := flagged(flags)
	segment.SrcPort, segment.DstPort, segment.Seq = layers.TCPPort(src.Port()), layers.TCPPort(dst.Port()), seq
	ip := ip4()
	ip.SrcIP, ip.DstIP = net.IP(src.Addr().AsSlice()), net.IP(dst.Addr().AsSlice())
	b := serialize(tr.t, ip, segment, gopacket.Payload(payload))
	tr.time = tr.time.Add(time.Millisecond + time.Nanosecond)
	require.NoError(tr.t, tr.w.WritePacket(gopacket.CaptureInfo{Timestamp: tr.time, CaptureLength: len(b) - tr.cut, Length: len(b)}, b[:len(b)-tr.cut]))
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
	c.up += uint32(len(payload))
}

// hears adds a segment of the server.
func (c *talk) hears(parts ...string) {
	payload := strings.Join(parts, "")
	c.tr.record(c.server, c.client, "A", c.down, payload)
	c.down += uint32(len(payload))
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

// read returns the events of a file and the error at its end.
func read(t testing.TB, file []byte, o Options) ([]Event, error) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file), o)
	if err != nil {
		return nil, err
	}
	var events []Event
	for {
		e, err := r.Next()
		if err == io.EOF {
			return events, nil
		}
		if err != nil {
			return events, err
		}
		events = append(events, e)
	}
}

// lines tells the events of the trace, one in each line.
func (tr *trace) lines(o Options) []string {
	tr.t.Helper()
	events, err := read(tr.t, tr.file.Bytes(), o)
	require.NoError(tr.t, err)
	return tell(events)
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
		default:
			line += fmt.Sprintf("%v %d", e.Kind, e.Bytes)
		}
		if e.Stopped {
			line += ", stopped"
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
