package main

import (
	"errors"
	"sync"

	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// watcher sees the packets that come to our client, and tells by them what of a fault is the
// server's.
type watcher struct {
	mu       sync.Mutex
	wire     *tally            // the messages as they came, repetitions included
	sent     map[string]uint16 // identifiers of messages of QoS 2, by payload
	last     map[uint16]string // and the message that an identifier was last of
	released map[uint16]string // and that PUBREL has come for
	again    int
	beyond   int
}

// blame is what a server has done wrong to a client.
type blame struct {
	known  bool // somebody has watched
	unsent int  // messages that it has never published
	late   int  // messages that it has published behind a later one
	again  int  // messages of QoS 2 that it has published again behind PUBREL, or with another identifier [MQTT-4.3.3-6]
	beyond int  // connections that ended as it went beyond Receive Maximum
}

func newWatcher(n int) *watcher {
	return &watcher{wire: newTally(n), sent: map[string]uint16{}, last: map[uint16]string{}, released: map[uint16]string{}}
}

func (w *watcher) listener() client.Listener {
	return client.Listener{
		Publish: func(_ *client.Client, p *packets.Publish) {
			w.wire.got(p.Payload)
			if p.QoS == 2 {
				w.publish(p.PacketID, string(p.Payload))
			}
		},
		PublishRelease: func(_ *client.Client, p *packets.Pubrel) { w.release(p.PacketID) },
	}
}

func (w *watcher) publish(id uint16, payload string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if before, ok := w.sent[payload]; ok && (before != id || w.released[id] == payload) {
		w.again++
	}
	delete(w.released, id)
	w.sent[payload], w.last[id] = id, payload
}

func (w *watcher) release(id uint16) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.released[id] = w.last[id]
}

// failed looks at why a connection has ended.
func (w *watcher) failed(_ *client.Client, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var cause session.Cause
	if errors.As(err, &cause) && cause.Kind == session.ReceiveMaximumExceeded {
		w.beyond++
	}
}

func (w *watcher) blame() blame {
	wire := w.wire.counts()
	w.mu.Lock()
	defer w.mu.Unlock()
	return blame{known: true, unsent: wire.lost, late: wire.disorder, again: w.again, beyond: w.beyond}
}
