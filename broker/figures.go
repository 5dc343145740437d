package broker

import (
	"bytes"
	"strconv"
	"time"

	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// figuresDue returns when figures are to be published; ok is false if they are not.
func (b *Broker) figuresDue() (at time.Time, ok bool) {
	if b.o.Figures <= 0 {
		return at, false
	}
	b.figures.Lock()
	defer b.figures.Unlock()
	return b.nextSent, true
}

// tickFigures publishes figures if it is time to.
func (b *Broker) tickFigures(now time.Time) {
	if b.o.Figures <= 0 {
		return
	}
	b.figures.Lock()
	due := !now.Before(b.nextSent)
	if due {
		b.nextSent = now.Add(b.o.Figures)
	}
	b.figures.Unlock()
	if due {
		b.publishFigures(now)
	}
}

// figures are the numbers of Stats that are published, by topic below figuresTopic.
var figures = [...]struct {
	topic string
	of    func(*Stats) uint64
}{
	{"clients/connected", func(st *Stats) uint64 { return uint64(st.Connected) }},
	{"clients/disconnected", func(st *Stats) uint64 { return uint64(max(0, st.Sessions-st.Connected)) }},
	{"clients/total", func(st *Stats) uint64 { return uint64(st.Sessions) }},
	{"subscriptions/count", func(st *Stats) uint64 { return uint64(st.Subscriptions) }},
	{"retained messages/count", func(st *Stats) uint64 { return uint64(st.Retained) }},
	{"messages/received", func(st *Stats) uint64 { return st.Received }},
	{"messages/sent", func(st *Stats) uint64 { return st.Delivered }},
	{"messages/dropped", (*Stats).allDropped},
	{"messages/refused", func(st *Stats) uint64 { return st.Refused }},
	{"bytes/received", func(st *Stats) uint64 { return st.BytesIn }},
	{"bytes/sent", func(st *Stats) uint64 { return st.BytesOut }},
}

// figuresTopic is what their topics begin with.
const figuresTopic = "$SYS/broker/"

// allDropped returns how many messages were dropped, for whatever reason.
func (st *Stats) allDropped() (all uint64) {
	for _, n := range st.Dropped {
		all += n
	}
	return all
}

// publishFigures publishes figures as retained messages, so that who subscribes has them
// at once.
func (b *Broker) publishFigures(now time.Time) {
	st := b.Stats()
	for _, f := range &figures {
		p := &packets.Publish{Topic: []byte(figuresTopic + f.topic), Payload: strconv.AppendUint(nil, f.of(&st), 10), Retain: true}
		_ = b.Publish(now, "", session.NewMessage(now, p), nil) // clients can be sent it, and there is always room
	}
}

// isFigure reports whether a message is one of the broker's own figures. It is told by
// what a journal keeps, so that one that was restored is one too. A message of a client
// is none, whatever its topic: else it would be kept without a limit.
func (k *kept) isFigure() bool {
	name, below := bytes.CutPrefix(k.message.Topic(), []byte(figuresTopic))
	if !below || k.from != "" || k.space.name != "" {
		return false
	}
	for i := range figures {
		if figures[i].topic == string(name) {
			return true
		}
	}
	return false
}
