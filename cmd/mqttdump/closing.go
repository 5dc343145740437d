package main

import (
	"fmt"
	"strings"

	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/pcap"
)

// close tells in one line what was in the capture, so that no output is not taken for
// nothing there.
func (a *app) close() error {
	if a.input.quiet || !a.opened {
		return a.stdout.Flush()
	}
	line := closingLine(&a.sum, &a.records)
	if a.filtered {
		line = fmt.Sprintf("%d match the filter; %s", a.matches, line) // events among them
	}
	if a.ctx.Err() != nil {
		line = "interrupted; so far " + line
	}
	return a.tell("%s", line)
}

// closingLine is the line that says what was in a capture.
func closingLine(s *capture.Summary, r *pcap.Records) string {
	parts := []string{counted(s.Packets, "packet"), listed("in ", counted(s.Streams, "stream"), []count{
		{s.MQTT, "MQTT"}, {s.TLS, "TLS"}, {s.WebSocket, "WebSocket"}, {s.Other, "of other protocols"}, {s.Refused, "refused"},
		{s.Unanswered, "unanswered"}, {s.Silent, "without data"}, {s.NotUnderstood, "not understood"},
	})}
	line := strings.Join(parts, " ")
	if r.Total > 0 {
		line += ", of " + counted(r.Total, "record")
	}
	for _, c := range []count{
		{s.Malformed, "malformed or not allowed"}, {s.Incomplete, "not complete"},
		{int(s.LostBytes), "bytes missing from the capture"}, {int(s.SkippedBytes), "bytes passed over"},
		{s.Dropped, "streams dropped, as there were too many"}, {r.Incomplete, "IP packets without all of their fragments"},
		{r.Encrypted, "records encrypted below TCP"},
	} {
		if c.n > 0 {
			line += fmt.Sprintf("; %d %s", c.n, c.what)
		}
	}
	if s.Unread > 0 {
		line += fmt.Sprintf("; NOT DECODED: %s to ports of MQTT", counted(s.Unread, "stream"))
	}
	return line
}

// count is a number of things.
type count struct {
	n    int
	what string
}

// counted is a number with a word that may take a plural.
func counted(n int, word string) string {
	if n != 1 {
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}

// listed tells of how many there are which.
func listed(before, all string, list []count) string {
	var some []string
	for _, c := range list {
		if c.n > 0 {
			some = append(some, fmt.Sprintf("%d %s", c.n, c.what))
		}
	}
	if len(some) == 0 {
		return before + all
	}
	return before + all + " (" + strings.Join(some, ", ") + ")"
}
