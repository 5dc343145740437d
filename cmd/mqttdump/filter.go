package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/topic"
)

// filterOptions say which packets and events are looked at: those that all of them let
// pass.
type filterOptions struct {
	types   []string
	topics  []string
	clients []string
	qos     []int
	ids     []int
	reasons []string
	errors  bool
	streams []int
	since   string
	until   string
	where   string
}

func (o *filterOptions) flags(f *pflag.FlagSet) {
	f.StringSliceVarP(&o.types, "type", "k", nil, "only packets of these `types`, such as PUBLISH,PUBACK")
	f.StringArrayVarP(&o.topics, "topic", "t", nil, "only what has to do with topics that this `filter` matches, such as 'a/+/#';\nif given more than once, one of them")
	f.StringArrayVarP(&o.clients, "client", "c", nil, "only connections with this client `identifier`, where * stands for any text")
	f.IntSliceVarP(&o.qos, "qos", "Q", nil, "only PUBLISH with this `QoS`")
	f.IntSliceVarP(&o.ids, "id", "i", nil, "only packets with this packet identifier `number`")
	f.StringArrayVarP(&o.reasons, "reason", "r", nil, "only packets with this reason `code`: a number, its name, or failure for all\nthat are one")
	f.BoolVarP(&o.errors, "errors", "e", false, "only what went wrong: malformed packets, resets, silences, losses, …")
	f.IntSliceVarP(&o.streams, "stream", "n", nil, "only the streams with this `number`")
	f.StringVar(&o.since, "since", "", "only from this `time` on: 2026-11-21T01:06:54Z, '2026-11-21 01:06', or 90s\nbehind the first packet")
	f.StringVar(&o.until, "until", "", "only before this `time`")
	f.StringVarP(&o.where, "where", "w", "", "only where this `expression` is true, with the names that JSON has:\n'type == \"PUBLISH\" && topicMatch(\"a/+\") && payload.size > 1024'")
}

// filter is what filterOptions say, ready to be asked.
type filter struct {
	types        [16]bool
	topics       [][]byte
	clients      []string
	qos          []int
	ids          []int
	reasons      []reasonChoice
	errors       bool
	streams      []int
	since, until momentChoice
	where        *where
	ofPackets    bool // it asks for what only packets have
	start        time.Time
}

// compile makes the filter. An error says which flag, and where in it.
func (o *filterOptions) compile(zone *time.Location) (f *filter, err error) {
	if err := o.checkNumbers(); err != nil {
		return nil, err
	}
	f = &filter{clients: o.clients, qos: o.qos, ids: o.ids, errors: o.errors, streams: o.streams}
	for _, t := range o.types {
		n, err := parseType(t)
		if err != nil {
			return nil, fmt.Errorf("--type %s: %w", t, err)
		}
		f.types[n] = true
	}
	for _, t := range o.topics {
		if err := mqttwire.CheckTopicFilter([]byte(t), mqttwire.V5); err != nil {
			return nil, fmt.Errorf("--topic %s: %s", t, message(err))
		}
		f.topics = append(f.topics, []byte(t))
	}
	for _, r := range o.reasons {
		choice, err := parseReason(r)
		if err != nil {
			return nil, fmt.Errorf("--reason %s: %w", r, err)
		}
		f.reasons = append(f.reasons, choice)
	}
	if f.since, err = parseMoment(o.since, zone); err != nil {
		return nil, fmt.Errorf("--since %s: %w", o.since, err)
	}
	if f.until, err = parseMoment(o.until, zone); err != nil {
		return nil, fmt.Errorf("--until %s: %w", o.until, err)
	}
	if f.where, err = newWhere(o.where); err != nil {
		return nil, fmt.Errorf("--where: %w", err)
	}
	f.ofPackets = len(o.types)+len(o.topics)+len(o.qos)+len(o.ids)+len(o.reasons) > 0
	if f.ofPackets && len(o.types) == 0 {
		for i := range f.types {
			f.types[i] = true
		}
	}
	return f, nil
}

// checkNumbers refuses numbers that nothing can have.
func (o *filterOptions) checkNumbers() error {
	for _, flag := range []struct {
		name        string
		least, most int
		given       []int
	}{
		{"qos", 0, 2, o.qos}, {"id", 1, 0xFFFF, o.ids}, {"stream", 0, math.MaxInt, o.streams},
	} {
		for _, n := range flag.given {
			switch {
			case n < flag.least:
				return fmt.Errorf("--%s %d: they begin at %d", flag.name, n, flag.least)
			case n > flag.most:
				return fmt.Errorf("--%s %d: they end at %d", flag.name, n, flag.most)
			}
		}
	}
	return nil
}

// letsAllPass reports whether the filter asks for nothing.
func (f *filter) letsAllPass() bool {
	return !f.ofPackets && len(f.streams)+len(f.clients) == 0 && !f.errors && !f.since.set && !f.until.set && f.where == nil
}

// match reports whether an event is to be looked at.
func (f *filter) match(e *capture.Event) bool {
	if f.start.IsZero() {
		f.start = e.Time
	}
	switch {
	case len(f.streams) > 0 && !slices.Contains(f.streams, e.Stream),
		len(f.clients) > 0 && !slices.ContainsFunc(f.clients, func(c string) bool { return matchText(c, e.ClientID) }),
		f.errors && !isTrouble(e),
		f.since.set && e.Time.Before(f.since.at(f.start)),
		f.until.set && !e.Time.Before(f.until.at(f.start)),
		f.ofPackets && !f.matchPacket(e):
		return false
	}
	return f.where.match(e)
}

// matchPacket is match for what only packets have.
func (f *filter) matchPacket(e *capture.Event) bool {
	if !isPacket(e) || !f.types[e.Frame.Header.Type&15] {
		return false
	}
	p := packetOf(e)
	publish, _ := p.(*packets.Publish)
	switch {
	case len(f.qos) > 0 && (publish == nil || !slices.Contains(f.qos, int(publish.QoS))),
		len(f.topics) > 0 && !f.matchTopic(e, p),
		len(f.ids) > 0 && !f.matchID(p),
		len(f.reasons) > 0 && !slices.ContainsFunc(f.reasons, func(c reasonChoice) bool { return c.match(e, p) }):
		return false
	}
	return true
}

// matchID reports whether a packet has one of the packet identifiers.
func (f *filter) matchID(p mqttwire.Packet) bool {
	if p == nil {
		return false
	}
	id, ok := packets.PacketID(p)
	return ok && slices.Contains(f.ids, int(id))
}

// matchTopic reports whether a packet has to do with a topic that one of the filters
// matches: it has such a topic name, or a filter that matches a name that this one
// matches too.
func (f *filter) matchTopic(e *capture.Event, p mqttwire.Packet) bool {
	return slices.ContainsFunc(f.topics, func(filter []byte) bool { return concernsTopic(filter, e, p) })
}

func concernsTopic(filter []byte, e *capture.Event, p mqttwire.Packet) bool {
	switch p := p.(type) {
	case *packets.Publish:
		return mqttwire.MatchTopic(filter, topicOf(e, p))
	case *packets.Connect:
		return p.Will != nil && mqttwire.MatchTopic(filter, p.Will.Topic)
	case *packets.Subscribe:
		return slices.ContainsFunc(p.Subscriptions, func(s packets.Subscription) bool { return topic.Overlap(filter, s.Filter) })
	case *packets.Unsubscribe:
		return slices.ContainsFunc(p.Filters, func(other []byte) bool { return topic.Overlap(filter, other) })
	}
	return false
}

// packetOf returns the packet of an event, or what could be read of it; or nil.
func packetOf(e *capture.Event) mqttwire.Packet {
	if e.Packet != nil {
		return e.Packet
	}
	return e.Partial
}

// topicOf returns the topic name of a PUBLISH: its own, or what its alias stands for.
func topicOf(e *capture.Event, p *packets.Publish) []byte {
	if len(p.Topic) == 0 {
		return e.AliasTopic
	}
	return p.Topic
}

// isTrouble reports whether something went wrong.
func isTrouble(e *capture.Event) bool {
	switch e.Kind {
	case capture.Reset, capture.Refused, capture.Unanswered, capture.Silence, capture.LostBytes, capture.SkippedBytes,
		capture.PartialPacket, capture.BrokenHeader, capture.Dropped:
		return true
	}
	if e.Err != nil {
		return true
	}
	return e.Packet != nil && slices.ContainsFunc(codesOf(e.Packet), func(c mqttwire.ReasonCode) bool { return isFailure(e, c) })
}

// codesOf returns the reason codes of a packet.
func codesOf(p mqttwire.Packet) []mqttwire.ReasonCode {
	if p == nil {
		return nil
	}
	if c, ok := packets.ReasonCode(p); ok {
		return []mqttwire.ReasonCode{c}
	}
	return reasonCodes(p)
}

// isFailure reports whether a reason code says that something has failed: in a CONNACK
// of 3.x any but 0 does.
func isFailure(e *capture.Event, c mqttwire.ReasonCode) bool {
	if e.Frame.Header.Type == mqttwire.CONNACK && e.Version != mqttwire.V5 {
		return c != 0
	}
	return c >= mqttwire.ReasonUnspecifiedError
}

// parseType reads the name of a packet type.
func parseType(s string) (int, error) {
	for t := mqttwire.CONNECT; t <= mqttwire.AUTH; t++ {
		if strings.EqualFold(t.String(), s) {
			return int(t), nil
		}
	}
	return 0, errors.New("it is one of " + strings.Join(typeNames(), ", "))
}

// typeNames are the names of all packet types.
func typeNames() (names []string) {
	for t := mqttwire.CONNECT; t <= mqttwire.AUTH; t++ {
		names = append(names, t.String())
	}
	return names
}

// reasonChoice is a reason code by its number or its name, or any that is a failure.
type reasonChoice struct {
	number  int // or -1
	name    string
	failure bool
}

func parseReason(s string) (reasonChoice, error) {
	if strings.EqualFold(s, "failure") {
		return reasonChoice{number: -1, failure: true}, nil
	}
	if n, err := strconv.ParseUint(s, 0, 8); err == nil {
		return reasonChoice{number: int(n)}, nil
	}
	if !namesReason(s) {
		return reasonChoice{}, errors.New("it is a number up to 255, the name of a code such as 'not authorized', or failure")
	}
	return reasonChoice{number: -1, name: s}, nil
}

// namesReason reports whether a code has a name, in some packet of some version.
func namesReason(s string) bool {
	for code := range 1 << 8 {
		for t := mqttwire.CONNECT; t <= mqttwire.AUTH; t++ {
			for _, v := range []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5} {
				if strings.EqualFold(mqttwire.ReasonCode(code).Name(t, v), s) {
					return true
				}
			}
		}
	}
	return false
}

func (c reasonChoice) match(e *capture.Event, p mqttwire.Packet) bool {
	return slices.ContainsFunc(codesOf(p), func(code mqttwire.ReasonCode) bool {
		switch {
		case c.failure:
			return isFailure(e, code)
		case c.number >= 0:
			return int(code) == c.number
		}
		return strings.EqualFold(code.Name(e.Frame.Header.Type, e.Version), c.name)
	})
}

// matchText reports whether text matches a pattern, in which * stands for any text.
func matchText(pattern, s string) bool {
	first, rest, found := strings.Cut(pattern, "*")
	if !found {
		return s == pattern
	}
	if !strings.HasPrefix(s, first) {
		return false
	}
	s = s[len(first):]
	for {
		part, next, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(s, part)
		}
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s, rest = s[i+len(part):], next
	}
}

// momentChoice is a time, or how long after the first packet it is.
type momentChoice struct {
	set    bool
	time   time.Time
	behind time.Duration
}

// at returns the time.
func (m momentChoice) at(start time.Time) time.Time {
	if m.time.IsZero() {
		return start.Add(m.behind)
	}
	return m.time
}

// momentLayouts are the forms of a time without its zone.
var momentLayouts = []string{"2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"}

func parseMoment(s string, zone *time.Location) (momentChoice, error) {
	if s == "" {
		return momentChoice{}, nil
	}
	if d, err := time.ParseDuration(s); err == nil {
		return momentChoice{set: true, behind: d}, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return momentChoice{set: true, time: t}, nil
	}
	for _, layout := range momentLayouts {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return momentChoice{set: true, time: t}, nil
		}
	}
	return momentChoice{}, errors.New("it is a time, such as 2026-11-21T01:06:54Z or '2026-11-21 01:06', or how long after the first packet, such as 90s")
}
