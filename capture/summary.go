package capture

import "github.com/mqttwire/mqttwire"

// Summary is what a capture had in it, in numbers: for the one line that says why
// there is no packet. It is complete after Finish.
type Summary struct {
	// Segments is how many TCP segments were added, Streams how many conversations
	// they are of. Each stream is counted in one of MQTT, TLS, WebSocket, Other,
	// Refused, Unanswered, Silent and NotUnderstood.
	Segments, Streams int

	// MQTT counts the streams that MQTT was decoded from.
	MQTT int

	// TLS and WebSocket count the streams of which these are known to be what they
	// carry, and that no stage has read: MQTT may be in them.
	TLS, WebSocket int

	// Other counts the streams of other protocols that are known, such as HTTP and SSH.
	Other int

	// Refused and Unanswered count the streams whose SYN was answered by RST, or not
	// at all.
	Refused, Unanswered int

	// Silent counts the streams in which nobody has said anything.
	Silent int

	// NotUnderstood counts the streams with bytes of which nothing is known.
	NotUnderstood int

	// Unread counts those of TLS, WebSocket and NotUnderstood that go to or from a port
	// of MQTT, 8883 for TLS included: they most likely are MQTT.
	Unread int

	// Dropped counts the streams that were forgotten before they ended, since there
	// were too many.
	Dropped int

	// Packets counts whole packets, Malformed those of them that are malformed or not
	// allowed, Incomplete those that are not whole.
	Packets, Malformed, Incomplete int

	// LostBytes counts bytes that are missing from the capture, SkippedBytes those
	// that were passed over where a packet boundary was looked for.
	LostBytes, SkippedBytes int64
}

// Summary returns the numbers so far; streams are counted when they end.
func (c *Conversations) Summary() Summary { return c.summary }

// securePort is the port that is registered for MQTT over TLS.
const securePort uint16 = 8883

// note counts an event.
func (s *Summary) note(e *Event) {
	switch e.Kind {
	case WholePacket:
		s.Packets++
		if e.Err != nil {
			s.Malformed++
		}
	case PartialPacket:
		s.Incomplete++
	case BrokenHeader:
		s.Malformed++
	case LostBytes:
		s.LostBytes += e.Bytes
	case SkippedBytes:
		s.SkippedBytes += e.Bytes
	case Dropped:
		s.Dropped++
	}
}

// count counts a conversation that has ended.
func (s *Summary) count(c *conversation) {
	unread := &s.Unread
	if !c.onMQTTPort() && c.sides[0].src.Port() != securePort && c.sides[0].dst.Port() != securePort {
		unread = new(int)
	}
	switch {
	case c.mqtt:
		s.MQTT++
		return
	case c.refused:
		s.Refused++
		return
	case c.unanswered():
		s.Unanswered++
		return
	case !c.sides[0].bytes.hasMore() && !c.sides[1].bytes.hasMore():
		s.Silent++
		return
	case c.foreign == mqttwire.ForeignTLS || c.foreign == mqttwire.ForeignTLSRecord:
		s.TLS++
	case c.foreign == mqttwire.ForeignWebSocket:
		s.WebSocket++
	case c.foreign != 0:
		s.Other++
		return
	default:
		s.NotUnderstood++
	}
	*unread++
}
