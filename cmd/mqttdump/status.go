package main

import "github.com/mqttwire/mqttwire/capture"

// The exit statuses. A higher one wins over a lower one.
const (
	// statusDecoded: all packets were decoded.
	statusDecoded = 0

	// statusViolation: a packet is malformed, or one that its sender may not send, or
	// its sender never finished it.
	statusViolation = 1

	// statusUnread: a file or the rest of it, and a packet or the start or the rest of
	// a direction that cannot be decoded since bytes are missing; the command line;
	// and output that cannot be written. Bytes missing where no packet is known to
	// have been, before the first or right before the end, raise no status.
	statusUnread = 2

	// statusNotDecoded: there are connections that most likely are MQTT and were not
	// decoded, as of TLS without its keys: see capture.Summary.Unread.
	statusNotDecoded = 3
)

const statusHelp = `Exit status, of which the highest counts:
  0  all packets were decoded
  1  there are violations: packets that are malformed, that their sender may not
     send, or that it never finished
  2  a file or the rest of one cannot be read; or a packet, or the start or the
     rest of one direction of a stream, cannot be decoded because bytes are
     missing from the capture; or the output cannot be written; or the command
     line cannot be understood
  3  connections to ports of MQTT were not decoded: TLS without its keys, or
     bytes that are not understood
Bytes missing before the first packet of a direction, or right before its end,
do not change the status.`

// statusOf is what an event means for the exit status.
func statusOf(e *capture.Event) int {
	switch {
	case e.Cause == capture.ClosedInside, e.Cause == capture.ResetInside, e.Cause == capture.WrongLength:
		return statusViolation
	case e.Kind == capture.PartialPacket && e.Cause == capture.OverLimit:
		return statusDecoded // all of it is there
	case e.Kind == capture.PartialPacket, e.Kind == capture.SkippedBytes, e.Kind == capture.LostBytes && (e.Stopped || e.PacketsLost):
		return statusUnread
	case e.Err != nil:
		return statusViolation
	}
	return statusDecoded
}
