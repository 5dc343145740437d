package simulation

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// watcher sees what one side writes on a connection and what it is sent, and holds it
// to the rules that can be seen from there.
type watcher struct {
	t       TB
	side    mqttwire.Sender
	decoder *packets.Decoder // strict, with the order, aliases and sizes of a connection
	maximum int              // the receiver's Receive Maximum; 0 is not known yet
	open    map[uint16]mqttwire.PacketType
	seen    map[string]bool // payloads that were written
}

func newWatcher(t TB, side mqttwire.Sender, v mqttwire.Version, seen map[string]bool) *watcher {
	return &watcher{
		t: t, side: side, open: map[uint16]mqttwire.PacketType{}, seen: seen,
		decoder: packets.NewDecoder(packets.Options{From: side, Version: v}),
	}
}

// wrote sees a packet that the side has written: what one side writes a strict decoder
// takes.
func (w *watcher) wrote(f mqttwire.Frame) {
	w.t.Helper()
	p, err := w.decoder.Decode(f)
	if err != nil {
		w.t.Fatalf("%v has written what is refused: %v", w.side, err)
	}
	switch p := p.(type) {
	case *packets.Publish:
		w.seen[string(p.Payload)] = true
		if p.QoS == mqttwire.AtMostOnce {
			return
		}
		if in, used := w.open[p.PacketID]; used {
			w.t.Fatalf("%v has written PUBLISH with packet identifier %d, which is in use by %v [MQTT-2.2.1-3]", w.side, p.PacketID, in)
		}
		w.open[p.PacketID] = mqttwire.PUBLISH
		w.window()
	case *packets.Pubrel:
		if _, used := w.open[p.PacketID]; !used {
			w.open[p.PacketID] = mqttwire.PUBREL // sent again on this connection
		}
	case *packets.Subscribe:
		w.request(p.PacketID, mqttwire.SUBSCRIBE)
	case *packets.Unsubscribe:
		w.request(p.PacketID, mqttwire.UNSUBSCRIBE)
	}
}

func (w *watcher) request(id uint16, t mqttwire.PacketType) {
	if in, used := w.open[id]; used {
		w.t.Fatalf("%v has written %v with packet identifier %d, which is in use by %v [MQTT-2.2.1-3]", w.side, t, id, in)
	}
	w.open[id] = t
}

// window holds the side to the receiver's Receive Maximum. [MQTT-3.3.4-9]
func (w *watcher) window() {
	n := 0
	for _, t := range w.open {
		if t == mqttwire.PUBLISH {
			n++
		}
	}
	if w.maximum > 0 && n > w.maximum {
		w.t.Fatalf("%v has %d messages in flight, and the Receive Maximum is %d", w.side, n, w.maximum)
	}
}

// came sees a packet that has come to the side.
func (w *watcher) came(p mqttwire.Packet) {
	w.decoder.Observe(p)
	id, ok := packets.PacketID(p)
	if !ok {
		return
	}
	switch p.Type() {
	case mqttwire.PUBACK, mqttwire.PUBCOMP, mqttwire.SUBACK, mqttwire.UNSUBACK:
		delete(w.open, id)
	case mqttwire.PUBREC:
		if code, _ := packets.ReasonCode(p); code.IsError() {
			delete(w.open, id)
		}
	}
}
