package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/packets"
)

// newStats is the command that counts packets.
func newStats(a *app) *cobra.Command {
	s := &stats{types: map[string]*tally{}, clients: map[string]*tally{}, topics: map[string]*tally{}}
	c := &cobra.Command{
		Use:   "stats FILE...",
		Short: "how many packets of which types, clients and topics there are, how large, at what rates",
		Args:  cobra.ArbitraryArgs,
		RunE:  func(_ *cobra.Command, files []string) error { return a.answer(files, s) },
	}
	c.Flags().StringSliceVar(&s.by, "by", []string{"type", "client", "topic"}, "which `tables`: type, client, topic")
	c.Flags().IntVar(&s.top, "top", 20, "how many clients and topics, those with the most packets; 0 is all")
	must(c.RegisterFlagCompletionFunc("by", cobra.FixedCompletions([]string{"type", "client", "topic"}, cobra.ShellCompDirectiveNoFileComp)))
	return c
}

// mostNames is how many clients, and how many topics, are counted apart.
const mostNames = 30_000

// mostOfName is how many bytes of a name tell it from others.
const mostOfName = 256

// others is the name under which the rest is counted.
const others = "(others)"

// stats counts packets.
type stats struct {
	by  []string
	top int

	all                    tally
	types, clients, topics map[string]*tally
	first, last            time.Time
}

// tally is the numbers of some packets.
type tally struct {
	Name       string  `json:"name,omitempty"`
	Packets    int     `json:"packets"`
	Bytes      int64   `json:"bytes"`
	PacketRate float64 `json:"packets_per_second,omitempty"`
	ByteRate   float64 `json:"bytes_per_second,omitempty"`
	FromClient int     `json:"packets_from_client"`
	FromServer int     `json:"packets_from_server"`
	Least      int64   `json:"size_min"`
	Average    float64 `json:"size_avg"`
	Most       int64   `json:"size_max"`
	Payload    int64   `json:"payload_bytes,omitempty"`
}

// add counts a packet.
func (t *tally) add(e *capture.Event, size, payload int64) {
	if t.Packets == 0 || size < t.Least {
		t.Least = size
	}
	t.Packets++
	t.Bytes += size
	t.Most = max(t.Most, size)
	t.Payload += payload
	switch e.Sender {
	case mqttwire.FromClient:
		t.FromClient++
	case mqttwire.FromServer:
		t.FromServer++
	}
}

// end works out averages and rates.
func (t *tally) end(span time.Duration) {
	if t.Packets > 0 {
		t.Average = rounded(float64(t.Bytes) / float64(t.Packets))
	}
	if s := span.Seconds(); s > 0 {
		t.PacketRate, t.ByteRate = rounded(float64(t.Packets)/s), rounded(float64(t.Bytes)/s)
	}
}

// rounded is x to the thousandth.
func rounded(x float64) float64 { return float64(int64(x*1000+0.5)) / 1000 }

// packetSize is the size of a packet on the wire, in bytes.
func packetSize(e *capture.Event) int64 {
	return int64(e.Frame.Header.Size) + int64(e.Frame.Header.RemainingLength)
}

func (s *stats) take(_ string, e *capture.Event) error {
	if !isPacket(e) {
		return nil
	}
	if s.first.IsZero() {
		s.first = e.Time
	}
	if e.Time.After(s.last) {
		s.last = e.Time
	}
	size, payload := packetSize(e), int64(0)
	publish, ok := packetOf(e).(*packets.Publish)
	if ok {
		payload = int64(len(publish.Payload))
		topic := string(topicOf(e, publish))
		if topic == "" {
			topic = "(unknown alias)"
		}
		tallyOf(s.topics, topic).add(e, size, payload)
	}
	s.all.add(e, size, payload)
	tallyOf(s.types, e.Frame.Header.Type.String()).add(e, size, payload)
	client := e.ClientID
	if client == "" {
		client = "(unknown)"
	}
	tallyOf(s.clients, client).add(e, size, payload)
	return nil
}

// tallyOf returns the numbers of a name, or of the others if there are too many.
func tallyOf(m map[string]*tally, name string) *tally {
	if len(name) > mostOfName {
		name = string(cutText([]byte(name), mostOfName)) + "…"
	}
	t := m[name]
	if t == nil && len(m) >= mostNames {
		name = others
		t = m[name]
	}
	if t == nil {
		t = &tally{Name: name}
		m[name] = t
	}
	return t
}

// ranked returns the numbers of those with the most packets, and of how many the rest
// is.
func (s *stats) ranked(m map[string]*tally, top int) (list []*tally, left int) {
	list = slices.Collect(maps.Values(m))
	slices.SortFunc(list, func(a, b *tally) int {
		return cmp.Or(cmp.Compare(b.Packets, a.Packets), cmp.Compare(a.Name, b.Name))
	})
	if top > 0 && len(list) > top {
		list, left = list[:top], len(list)-top
	}
	for _, t := range list {
		t.end(s.last.Sub(s.first))
	}
	return list, left
}

// statsJSON is the answer in JSON.
type statsJSON struct {
	tally
	From    string   `json:"from,omitempty"` // seconds since 1970
	To      string   `json:"to,omitempty"`
	Types   []*tally `json:"types,omitempty"`
	Clients []*tally `json:"clients,omitempty"`
	Topics  []*tally `json:"topics,omitempty"`
}

func (s *stats) json(b []byte) []byte {
	s.all.end(s.last.Sub(s.first))
	answer := statsJSON{tally: s.all}
	if !s.first.IsZero() {
		answer.From, answer.To = string(appendNanoseconds(nil, s.first)), string(appendNanoseconds(nil, s.last))
	}
	for _, by := range s.by {
		switch by {
		case "type":
			answer.Types, _ = s.ranked(s.types, 0)
		case "client":
			answer.Clients, _ = s.ranked(s.clients, s.top)
		case "topic":
			answer.Topics, _ = s.ranked(s.topics, s.top)
		}
	}
	return appendJSONValue(b, answer)
}

func (s *stats) text(b []byte, times *timeColumn, paint palette) []byte {
	s.all.end(s.last.Sub(s.first))
	b = fmt.Appendf(b, "%s, %s", counted(s.all.Packets, "packet"), counted(int(s.all.Bytes), "byte"))
	if span := s.last.Sub(s.first); span > 0 {
		b = times.append(append(b, ", from "...), s.first, s.first)
		b = fmt.Appendf(b, ", in %v: %s packets/s, %s bytes/s", span, figure(s.all.PacketRate), figure(s.all.ByteRate))
	}
	b = append(b, '\n')
	for _, by := range s.by {
		switch by {
		case "type":
			b = s.table(b, "TYPE", s.types, 0, paint)
		case "client":
			b = s.table(b, "CLIENT", s.clients, s.top, paint)
		case "topic":
			b = s.table(b, "TOPIC", s.topics, s.top, paint)
		}
	}
	return b
}

// table appends one of the tables.
func (s *stats) table(b []byte, name string, m map[string]*tally, top int, paint palette) []byte {
	t := newTable(name, "packets", "client ->", "<- server", "bytes", "packets/s", "bytes/s", "smallest", "average", "largest")
	list, left := s.ranked(m, top)
	for _, c := range list {
		t.row(c.Name, strconv.Itoa(c.Packets), strconv.Itoa(c.FromClient), strconv.Itoa(c.FromServer), strconv.FormatInt(c.Bytes, 10),
			figure(c.PacketRate), figure(c.ByteRate), strconv.FormatInt(c.Least, 10), figure(c.Average), strconv.FormatInt(c.Most, 10))
	}
	b = t.append(append(b, '\n'), paint.quiet)
	if left > 0 {
		b = fmt.Appendf(b, "and %d more, which --top 0 shows\n", left)
	}
	return b
}

// figure is a number with as many digits as say something.
func figure(x float64) string {
	switch {
	case x == 0:
		return "-"
	case x >= 100:
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strconv.FormatFloat(x, 'f', 2, 64)
}
