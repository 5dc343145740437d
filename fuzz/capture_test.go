package fuzz

import (
	"iter"
	"net/netip"
	"testing"

	"github.com/mqttwire/mqttwire/capture"
)

// FuzzConversations reads any bytes as TCP segments of one connection. No packet
// is invented: those found take no more bytes than the segments have, and what
// decodes has all its bytes. The events are the same if they are handed out.
func FuzzConversations(f *testing.F) {
	const connect, publish = "\x10\x0C\x00\x04MQTT\x04\x02\x00\x3C\x00\x00", "\x30\x08\x00\x01thello"
	f.Add(true, []byte("\x02\x00\x00\x00\x0E"+connect+"\x00\x00\x0A"+publish+"\x01\x00\x04\x20\x02\x00\x00"))
	f.Add(true, []byte("\x02\x00\x00\x00\x0E"+connect+"\x00\x05\x05hello\x00\xF6\x05\x30\x08\x00\x01t")) // swapped
	f.Add(false, []byte("\x00\x00\x0A"+publish+"\x10\x00\x04\x30\x08\x00\x01\x00\x06\x02\xC0\x00"))      // begun in the middle; cut
	f.Add(false, []byte("\x02\x00\x00\x08\x09\x02\xC0\x00\x04\x00\x03abc\x02\x80\x00"))                  // FIN, RST, opened anew
	f.Add(false, []byte("\x02\x00\x00\x03\x00\x00\x00\x00\x03\x05\x01\x00\x01\x00\x02\x05\x00\x00\x00\x0A\x05\x01\x00\x01\x7F\x00\x00\x01\x07\x5B"+
		"\x01\x00\x0A\x05\x00\x00\x01\x7F\x00\x00\x01\x07\x5B\x00\x00\x0E"+connect+"\x01\x00\x04\x20\x02\x00\x00")) // SOCKS
	f.Add(true, []byte("\x02\x00\x00\x03\x00\x00\x00\x00\x0E"+connect+"\x40\x00\x00\x01\x00\x04\x20\x02\x00\x00\x00\x00\x0A"+publish)) // lost, and acknowledged
	f.Fuzz(func(t *testing.T, mqttPort bool, b []byte) {
		conversations, err := capture.NewConversations(capture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		sent, found, events := 0, 0, 0
		drain := func() {
			for e := range conversations.Events() {
				found += checkEvent(t, e)
				events++
			}
		}
		for s := range segmentsIn(b, mqttPort) {
			sent += len(s.Payload)
			conversations.Add(s)
			drain()
		}
		conversations.Finish()
		drain()
		if n := handedOut(t, segmentsIn(b, mqttPort)); n != events {
			t.Fatalf("%d events are handed out, not %d", n, events)
		}
		if found > sent {
			t.Fatalf("packets of %d bytes in segments of %d", found, sent)
		}
		if _, ok := conversations.Next(); ok {
			t.Fatal("an event behind the last one")
		}
	})
}

// handedOut returns how many events segments have when they are iterated over.
func handedOut(t *testing.T, segments iter.Seq[capture.Segment]) (n int) {
	for _, err := range capture.Iterate(segments, capture.Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// checkEvent checks what every event keeps to, and returns the size of its packet
// if that is whole.
func checkEvent(t *testing.T, e capture.Event) int {
	switch {
	case e.Kind == 0, e.Record < 1, e.Kind == capture.WholePacket && e.Packet == nil && e.Err == nil:
		t.Fatalf("event %+v", e)
	case e.Packet != nil && len(e.Frame.Body) != int(e.Frame.Header.RemainingLength):
		t.Fatalf("a packet of %d bytes was decoded from %d", e.Frame.Header.RemainingLength, len(e.Frame.Body))
	}
	if e.Kind != capture.WholePacket {
		return 0
	}
	return e.Frame.Header.PacketSize()
}

// segmentsIn reads segments of three bytes each and the payload: flags and
// direction; how far the sequence number is from where it should be; length.
func segmentsIn(b []byte, mqttPort bool) iter.Seq[capture.Segment] {
	ends := [2]netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:40000"), netip.MustParseAddrPort("192.0.2.2:4000")}
	if mqttPort {
		ends[1] = netip.MustParseAddrPort("192.0.2.2:1883")
	}
	return func(yield func(capture.Segment) bool) {
		next := [2]uint32{1000, 0xFFFFFFF0}
		for len(b) >= 3 {
			flags, from := b[0], b[0]&1
			s := capture.Segment{
				Src: ends[from], Dst: ends[1-from], Seq: next[from] + uint32(int8(b[1])), Ack: next[1-from],
				SYN: flags&2 != 0, ACK: flags&1 != 0, FIN: flags&4 != 0, RST: flags&8 != 0, Missing: int(flags >> 4),
			}
			n := min(int(b[2]), len(b)-3)
			s.Payload, b = b[3:3+n], b[3+n:]
			next[from] += uint32(n) + uint32(s.Missing)
			if s.SYN {
				next[from]++
			}
			if !yield(s) {
				return
			}
		}
	}
}
