package simulation

import (
	"slices"

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
	pair    *Pair
	refused map[uint16]bool // identifiers of messages of QoS 2 that the peer has refused
	came1   []uint16        // identifiers of the peer's messages of QoS 1 that were not acknowledged, in order
	came2   []uint16        // the same of QoS 2
}

func newWatcher(p *Pair, side mqttwire.Sender) *watcher {
	return &watcher{
		t: p.t, side: side, open: map[uint16]mqttwire.PacketType{}, refused: map[uint16]bool{}, pair: p,
		decoder: packets.NewDecoder(packets.Options{From: side}),
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
		w.pair.written(w.side, p)
		if p.QoS == mqttwire.AtMostOnce {
			return
		}
		if in, used := w.open[p.PacketID]; used {
			w.t.Fatalf("%v has written PUBLISH with packet identifier %d, which is in use by %v [MQTT-2.2.1-3]", w.side, p.PacketID, in)
		}
		w.open[p.PacketID] = mqttwire.PUBLISH
		delete(w.refused, p.PacketID)
		w.window()
	case *packets.Puback:
		w.came1 = w.inOrder(w.came1, p.PacketID, mqttwire.PUBACK)
	case *packets.Pubrec:
		w.came2 = w.inOrder(w.came2, p.PacketID, mqttwire.PUBREC)
	case *packets.Pubrel:
		if w.refused[p.PacketID] {
			w.t.Fatalf("%v has written PUBREL for packet identifier %d, the message of which was refused [MQTT-4.3.3-4]", w.side, p.PacketID)
		}
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

// inOrder holds the side to acknowledging messages in the order in which they came, and
// returns those that are left. [MQTT-4.6.0-2] [MQTT-4.6.0-3]
func (w *watcher) inOrder(came []uint16, id uint16, t mqttwire.PacketType) []uint16 {
	if t == mqttwire.PUBREC && !slices.Contains(came, id) {
		return came // again, for a message that was repeated
	}
	if len(came) == 0 || came[0] != id {
		w.t.Fatalf("%v has written %v for packet identifier %d, and %v came before it and are not acknowledged", w.side, t, id, came)
	}
	return came[1:]
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
	if m, ok := p.(*packets.Publish); ok {
		list := &w.came1
		if m.QoS == mqttwire.ExactlyOnce {
			list = &w.came2
		}
		if !slices.Contains(*list, id) { // else it is repeated before it was acknowledged
			*list = append(*list, id)
		}
	}
	switch p.Type() {
	case mqttwire.PUBACK, mqttwire.PUBCOMP, mqttwire.SUBACK, mqttwire.UNSUBACK:
		delete(w.open, id)
	case mqttwire.PUBREC:
		if code, _ := packets.ReasonCode(p); code.IsError() {
			delete(w.open, id)
			w.refused[id] = true
		}
	}
}
