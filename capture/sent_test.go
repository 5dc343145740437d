package capture

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
)

// sent is what a side has sent in a test: packets in a row, and where each begins.
type sent struct {
	bytes  []byte
	starts map[int]int // offset of a packet -> its size
}

func (s *sent) add(packet string) {
	s.starts[len(s.bytes)] = len(packet)
	s.bytes = append(s.bytes, packet...)
}

// payloadBytes are what payloads are made of: what a PUBLISH may begin with, and what
// lengths and topics are made of; but not what packets of two or four bytes begin
// with, of which no payload is safe.
var payloadBytes = []byte("\x00\x01\x02\x03\x04\x05\x30\x31\x32\x33\x38\x3A\x80\x7F\x82 acz/+#\xC3\xA4\xFF")

// drawPacket draws a packet of a side.
func drawPacket(t *rapid.T, client bool) string {
	id := string([]byte{rapid.ByteRange(0, 2).Draw(t, "id"), rapid.ByteRange(1, 255).Draw(t, "id")})
	switch kind := rapid.IntRange(0, 5).Draw(t, "packet"); {
	case kind == 0 && client:
		return pingreq
	case kind == 0:
		return pingresp
	case kind == 1:
		return "\x40\x02" + id
	case kind == 2 && client:
		return "\x82\x08" + id + "\x00\x03a/c\x01"
	case kind == 2:
		return "\x90\x03" + id + "\x01"
	}
	payload := make([]byte, rapid.IntRange(0, 300).Draw(t, "size"))
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	for i := range payload {
		payload[i] = payloadBytes[r.IntN(len(payloadBytes))]
	}
	topic := rapid.SampledFrom([]string{"t", "xy/line/1", "ä/c"}).Draw(t, "topic")
	body := append([]byte{0, byte(len(topic))}, topic...)
	flags := byte(0)
	if rapid.Bool().Draw(t, "QoS 1") {
		flags, body = 2, append(body, id...)
	}
	p, err := mqttwire.AppendFrame(nil, mqttwire.PUBLISH, flags, append(body, payload...))
	if err != nil {
		t.Fatal(err)
	}
	return string(p)
}

// drawSegments cuts what both sides have sent into segments, which acknowledge what
// came before, and takes some away, repeats some, and swaps neighbours.
func drawSegments(t *rapid.T, sides [2]*sent, loss int) (segments []Segment) {
	src := [2]Segment{{Src: client4, Dst: server4}, {Src: server4, Dst: client4}}
	base := [2]uint32{rapid.Uint32().Draw(t, "first number"), rapid.Uint32().Draw(t, "first number")}
	at := [2]int{}
	for i := range 2 {
		s := src[i]
		s.Seq, s.SYN, s.ACK, s.Ack = base[i]-1, true, i == 1, base[0]
		segments = append(segments, s)
	}
	for at[0] < len(sides[0].bytes) || at[1] < len(sides[1].bytes) {
		i := rapid.IntRange(0, 1).Draw(t, "side")
		if at[i] == len(sides[i].bytes) {
			i = 1 - i
		}
		left := sides[i].bytes[at[i]:]
		n := min(len(left), rapid.IntRange(1, 120).Draw(t, "size"))
		if size, ok := sides[i].starts[at[i]]; ok && rapid.Bool().Draw(t, "a whole packet") {
			n = size
		}
		back := min(at[i], rapid.SampledFrom([]int{0, 0, 0, 5}).Draw(t, "overlap"))
		s := src[i]
		s.Seq, s.ACK, s.Ack = base[i]+uint32(at[i]-back), true, base[1-i]+uint32(at[1-i])
		s.Payload = sides[i].bytes[at[i]-back : at[i]+n]
		at[i] += n
		if cut := rapid.SampledFrom([]int{0, 0, 0, 0, 3}).Draw(t, "cut"); loss > 0 && cut < len(s.Payload) {
			s.Payload, s.Missing = s.Payload[:len(s.Payload)-cut], cut
		}
		if rapid.IntRange(0, 99).Draw(t, "lost") >= loss {
			segments = append(segments, s)
		}
		if len(segments) > 2 && rapid.IntRange(0, 9).Draw(t, "again") == 0 {
			segments = append(segments, segments[rapid.IntRange(2, len(segments)-1).Draw(t, "which")])
		}
	}
	for i := 3; i < len(segments); i++ {
		// What is acknowledged and comes late all the same is lost, if more comes before
		// it: so with no loss only those of one side are swapped.
		if (loss > 0 || segments[i-1].Src == segments[i].Src) && rapid.IntRange(0, 9).Draw(t, "swapped") == 0 {
			segments[i-1], segments[i] = segments[i], segments[i-1]
		}
	}
	return segments
}

// drawSides draws what client and server send.
func drawSides(t *rapid.T) [2]*sent {
	sides := [2]*sent{{starts: map[int]int{}}, {starts: map[int]int{}}}
	sides[0].add(connect311)
	sides[1].add(connack3)
	for i := range sides {
		for range rapid.IntRange(0, 12).Draw(t, "packets") {
			sides[i].add(drawPacket(t, i == 0))
		}
	}
	return sides
}

// whole returns the bytes of a packet.
func whole(e Event) []byte {
	b, err := mqttwire.AppendFrame(nil, e.Frame.Header.Type, e.Frame.Header.Flags, e.Frame.Body)
	if err != nil {
		panic(err)
	}
	return b
}

// checkSent checks that each packet that is shown is one that its sender really sent,
// in the order of its sending, and each partial one the start of one.
func checkSent(t *rapid.T, sides [2]*sent, events []Event) (shown [2]int) {
	next := [2]int{}
	for _, e := range events {
		i := 0
		if e.Src == server4 {
			i = 1
		}
		if e.Kind != WholePacket && e.Kind != PartialPacket {
			continue
		}
		packet := whole(e)
		for {
			size, ok := sides[i].starts[next[i]]
			if !ok {
				t.Fatalf("%v %v of %v was never sent there: %q", e.Kind, e.Frame.Header, e.Sender, packet)
			}
			of := sides[i].bytes[next[i] : next[i]+size]
			next[i] += size
			if e.Kind == WholePacket && bytes.Equal(packet, of) {
				shown[i]++
				break
			}
			body := of[len(of)-min(len(of), int(e.Frame.Header.RemainingLength)):]
			if e.Kind == PartialPacket && (bytes.HasPrefix(body, e.Frame.Body) || e.Frame.Header.Size == 0) {
				break
			}
		}
	}
	return shown
}

func TestEachPacketShownIsOneThatWasSentWhateverIsLost(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sides := drawSides(rt)
		segments := drawSegments(rt, sides, 20)
		c := newConversations(t, Options{})
		var events []Event
		for _, s := range segments {
			c.Add(s)
			events = append(events, collect(c)...)
		}
		c.Finish()
		checkSent(rt, sides, append(events, collect(c)...))
	})
}

func TestEachPacketIsShownIfNothingIsLost(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sides := drawSides(rt)
		segments := drawSegments(rt, sides, 0)
		c := newConversations(t, Options{})
		for _, s := range segments {
			c.Add(s)
		}
		c.Finish()
		events := collect(c)
		shown := checkSent(rt, sides, events)
		if want := [2]int{len(sides[0].starts), len(sides[1].starts)}; shown != want {
			rt.Fatalf("%v packets are shown of %v:\n%s", shown, want, fmt.Sprint(tell(events)))
		}
	})
}

func TestEachPacketShownIsOneThatWasSentInTheMiddleOfAConversation(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sides := drawSides(rt)
		segments := drawSegments(rt, sides, 5)
		from := rapid.IntRange(2, len(segments)).Draw(rt, "from")
		c := newConversations(t, Options{})
		for _, s := range segments[from:] {
			c.Add(s)
		}
		c.Finish()
		checkSent(rt, sides, collect(c))
	})
}

func collect(c *Conversations) (events []Event) {
	for e := range c.Events() {
		events = append(events, e)
	}
	return events
}
