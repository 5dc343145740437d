package pcap

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
)

// Packets in bytes. The PUBLISH packets are of topic t, QoS 0, payload "hello".
const (
	connect311 = "\x10\x0C\x00\x04MQTT\x04\x02\x00\x3C\x00\x00"
	connect5   = "\x10\x0D\x00\x04MQTT\x05\x02\x00\x3C\x00\x00\x00"
	connack5   = "\x20\x03\x00\x00\x00"
	publish5   = "\x30\x09\x00\x01t\x00hello"
	publish5p  = "\x30\x10\x00\x01t\x07\x26\x00\x01k\x00\x01vhello" // user property k=v
	pingreq    = "\xC0\x00"
)

// read returns the events of a file and the error at its end.
func read(t testing.TB, file []byte, o capture.Options) ([]capture.Event, error) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file), o)
	if err != nil {
		return nil, err
	}
	var events []capture.Event
	for e, err := range r.Events() {
		if err != nil {
			return events, err
		}
		events = append(events, e)
	}
	return events, nil
}

// tell puts events into words: record, stream, sender, what it is.
func tell(events []capture.Event) []string {
	var lines []string
	for _, e := range events {
		sender := "?"
		if e.Sender != 0 {
			sender = e.Sender.String()
		}
		line := fmt.Sprintf("%d/%d %s ", e.Record, e.Stream, sender)
		switch e.Kind {
		case capture.WholePacket:
			line += e.Frame.Header.Type.String() + " " + e.Version.String()
			if e.VersionGuessed {
				line += "?"
			}
			line += faultIn(e)
		case capture.PartialPacket:
			line += fmt.Sprintf("%v %v %d of %d", e.Kind, e.Frame.Header.Type, e.Bytes, e.Frame.Header.PacketSize())
		case capture.NotMQTT:
			line += e.Note
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
func faultIn(e capture.Event) string {
	switch err := e.Err.(type) {
	case nil:
		return ""
	case *mqttwire.Error:
		return " [" + err.Statement + "]"
	}
	return " " + e.Err.Error()
}
