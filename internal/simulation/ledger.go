package simulation

import (
	"fmt"
	"strings"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/session"
)

// entry is what the ledger knows of one message.
type entry struct {
	payload string
	topic   string
	from    mqttwire.Sender
	qos     mqttwire.QoS
	token   session.Token
	era     int       // of the pair when it was published
	expires time.Time // when it may no longer be begun; zero if never

	ended     bool
	outcome   session.Outcome
	drop      session.Drop
	withdrawn bool // cancelled before it was sent, which is not durable yet
	silent    bool // cancelled after it was sent: its outcome is not told
	lost      bool // its side crashed before it was durable, or before its end was heard
	handed    int  // how often it was handed on at the other side
	taken     int  // how often the application there has taken it on
	again     int  // how often it may come again, as that side crashed before it was durable that it was taken on
	durable   bool // that it was published is
}

// String tells what is known, in a line.
func (e *entry) String() string {
	return fmt.Sprintf("%s of %v, %v, token %d: ended %t, outcome %d, drop %d, silent %t, lost %t, handed on %d, taken on %d",
		e.payload, e.from, e.qos, e.token, e.ended, e.outcome, e.drop, e.silent, e.lost, e.handed, e.taken)
}

// ledger knows what became of each message and of each request.
type ledger struct {
	t        TB
	messages []*entry
	byName   map[string]*entry
	byToken  map[mqttwire.Sender]map[session.Token]*entry
	sent     map[string]bool        // payloads of messages without a token
	requests map[session.Token]bool // SUBSCRIBE and UNSUBSCRIBE: whether it has ended
	first    map[string]int         // of a side, topic and QoS: the last message that was handed on for the first time
}

func newLedger(t TB) *ledger {
	return &ledger{
		t: t, byName: map[string]*entry{}, requests: map[session.Token]bool{}, first: map[string]int{},
		sent:    map[string]bool{},
		byToken: map[mqttwire.Sender]map[session.Token]*entry{mqttwire.FromClient: {}, mqttwire.FromServer: {}},
	}
}

// published notes a message.
func (l *ledger) published(e *entry) {
	l.messages = append(l.messages, e)
	l.byName[e.payload] = e
	l.byToken[e.from][e.token] = e
}

// handed notes that a message was handed on, with its own topic: first deliveries keep the
// order of publishing, for each topic and QoS. [MQTT-4.6.0-5] [MQTT-4.6.0-6]
func (l *ledger) handed(topic, payload string) *entry {
	l.t.Helper()
	e := l.byName[payload]
	if e == nil {
		l.t.Fatalf("a message was handed on that nobody has published: %q", payload)
	}
	if e.topic != topic {
		l.t.Fatalf("%v was published to %q, and handed on with %q", e, e.topic, topic)
	}
	e.handed++
	if e.handed > 1 {
		return e
	}
	key := fmt.Sprint(e.from, " ", e.topic, " ", e.qos)
	var n int
	if _, err := fmt.Sscanf(payload[strings.LastIndexByte(payload, '#'):], "#%d", &n); err != nil {
		l.t.Fatalf("payload %q: %v", payload, err)
	}
	if last := l.first[key]; n < last {
		l.t.Fatalf("message %d of %s was handed on after message %d", n, key, last)
	}
	l.first[key] = n
	return e
}

// kept notes that all requests of a side are durable.
func (l *ledger) kept(side mqttwire.Sender) {
	for _, m := range l.byToken[side] {
		m.durable, m.withdrawn = true, false
	}
}

// openOf returns the messages of a side that have not ended.
func (l *ledger) openOf(side mqttwire.Sender) (open []*entry) {
	for _, m := range l.byToken[side] {
		if !m.ended {
			open = append(open, m)
		}
	}
	return open
}

// crashed notes that a side has crashed: it no longer knows of requests that were not
// durable, nor of SUBSCRIBE and UNSUBSCRIBE; and if there were changes that were made
// durable last, an end may be among them that was not told.
func (l *ledger) crashed(side mqttwire.Sender, unheard bool) {
	for token, m := range l.byToken[side] {
		m.durable = m.durable && m.qos != mqttwire.AtMostOnce // those of QoS 0 are not kept
		if !m.durable || m.ended {                            // these tokens may come again
			delete(l.byToken[side], token)
		}
		if m.silent || m.withdrawn { // that it was cancelled is not kept, or not yet
			m.silent, m.ended, m.lost = false, false, true
		}
		m.lost = m.lost || !m.durable || unheard && !m.ended
	}
	if side == mqttwire.FromClient {
		clear(l.requests)
	}
}

// ends notes the end of a request of a side: each ends exactly once.
func (l *ledger) ends(side mqttwire.Sender, e session.Event) {
	l.t.Helper()
	ended, known := l.requests[e.Token]
	open := side == mqttwire.FromClient && known && !ended
	if m := l.byToken[side][e.Token]; m != nil && !(m.lost && open) { // its token may have come again after a crash
		if m.ended || m.silent {
			l.t.Fatalf("it has ended twice: %v; now outcome %d, drop %d", m, e.Outcome, e.Drop)
		}
		m.ended, m.outcome, m.drop = true, e.Outcome, e.Drop
		if e.Kind == session.Dropped && (e.Outcome != session.NotSent && e.Outcome != session.Unknown) {
			l.t.Fatalf("it was dropped with outcome %d: %v", e.Outcome, m)
		}
		return
	}
	if !open {
		l.t.Fatalf("%v has told the end of token %d, known %t, ended %t", side, e.Token, known, ended)
	}
	l.requests[e.Token] = true
}

// settled holds every message to what was promised, after all has come to rest.
func (l *ledger) settled(era int, seen map[string]int, resendAll bool) {
	l.t.Helper()
	for _, e := range l.messages {
		if fault := e.fault(era, seen, resendAll); fault != "" {
			l.t.Fatalf("%s: %v", fault, e)
		}
	}
	for token, ended := range l.requests {
		if !ended {
			l.t.Fatalf("request %d has not ended", token)
		}
	}
}

// fault says what is wrong with a message that has come to rest, or nothing.
func (e *entry) fault(era int, seen map[string]int, resendAll bool) string {
	_, written := seen[e.payload]
	switch {
	case !e.ended && !e.silent && !e.lost:
		return "it has not ended"
	case e.ended && e.outcome == session.NotSent && e.handed > 0:
		return "it counts as not sent and was handed on"
	case e.ended && e.outcome == session.NotSent && written:
		return "it counts as not sent and was written"
	case e.qos == mqttwire.AtMostOnce && e.handed > 1:
		return "QoS 0, and handed on more than once"
	case e.qos == mqttwire.ExactlyOnce && e.taken > 1+e.again && !(resendAll && era != e.era):
		return "QoS 2, and taken on more than once"
	case e.qos != mqttwire.AtMostOnce && e.ended && (e.outcome == session.Acked || e.outcome == session.Refused) && e.handed == 0:
		return "it was acknowledged, and was not handed on"
	case e.qos != mqttwire.AtMostOnce && e.ended && e.outcome == session.Acked && e.taken == 0:
		return "it was acknowledged, and was not taken on"
	case e.qos != mqttwire.AtMostOnce && e.ended && e.outcome == session.Unknown && era == e.era && e.drop != session.DropTooLarge && !e.lost:
		return "neither side has lost its session, and it was dropped after it was sent"
	}
	return ""
}
