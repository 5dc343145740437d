package broker

import (
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

// publishFigures publishes the numbers of Stats as retained messages, so that who
// subscribes has them at once.
func (b *Broker) publishFigures(now time.Time) {
	st := b.Stats()
	dropped := uint64(0)
	for _, n := range st.Dropped {
		dropped += n
	}
	for _, f := range [...]struct {
		topic string
		n     uint64
	}{
		{"clients/connected", uint64(st.Connected)},
		{"clients/disconnected", uint64(max(0, st.Sessions-st.Connected))},
		{"clients/total", uint64(st.Sessions)},
		{"subscriptions/count", uint64(st.Subscriptions)},
		{"retained messages/count", uint64(st.Retained)},
		{"messages/received", st.Received},
		{"messages/sent", st.Delivered},
		{"messages/dropped", dropped},
		{"messages/refused", st.Refused},
		{"bytes/received", st.BytesIn},
		{"bytes/sent", st.BytesOut},
	} {
		p := &packets.Publish{Topic: []byte("$SYS/broker/" + f.topic), Payload: strconv.AppendUint(nil, f.n, 10), Retain: true}
		_ = b.Publish(now, "", session.NewMessage(now, p), nil) // one for which there is no room is not sent
	}
}
