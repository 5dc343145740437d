package broker

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// drop tells the engine that the session has ended. Who waits for the client claims it
// when that is done, so that no record of the session is found. [MQTT-3.2.2-4]
func (h *hold) drop(t *turn) {
	h.e.ask(t.now, h.about(Drop), func(t *turn, r *Reply) {
		if r.Outcome == Unknown {
			h.e.retry(t, h.drop)
			return
		}
		h.released(t, r.Outcome == Refused)
	})
}

// leaves is that the client was ours up to now, as was its will, and what depends on its
// record may be written; or that it was not, and nothing of it is said to anybody.
func (h *hold) leaves(t *turn, refused bool) {
	cl := h.now()
	if cl == nil {
		return
	}
	cl.mu.Lock()
	defer cl.mu.Unlock()
	if refused {
		for _, c := range h.waiting {
			c.link.Lost(t.now, ErrTaken)
			c.staged = nil
		}
		h.wills = nil
	}
	h.over = !refused
	h.through(t)
	h.publishWills(t)
}

// giveUp gives a record back.
func (h *hold) giveUp(t *turn, record []byte) {
	q := h.about(Release)
	q.Record = record
	h.e.ask(t.now, q, func(t *turn, r *Reply) {
		if r.Outcome == Unknown {
			h.e.retry(t, func(t *turn) { h.giveUp(t, record) })
			return
		}
		h.released(t, r.Outcome == Refused)
	})
}

// wanted is that another node claims a client: it gets it as soon as it is ours. Of one
// that is not here the record is as it was.
func (e *engine) wanted(t *turn, key holdKey, epoch Epoch) {
	e.mu.Lock()
	h := e.holds[key]
	release := h != nil && h.wants(epoch)
	e.mu.Unlock()
	switch {
	case release:
		h.release(t)
	case h == nil:
		(&hold{e: e, space: e.b.space(key.namespace), id: key.id, epoch: epoch}).giveUp(t, nil)
	}
}

// wants notes that another node claims the client that is held by an epoch, with the
// engine's lock held, and reports whether it is to be released. What comes late may be about
// an epoch of before, and is not to throw out who has come since.
func (h *hold) wants(epoch Epoch) (release bool) {
	switch h.state {
	case holdNew, holdClaiming: // by which one it will be ours is not known yet
		h.wanted, h.by = true, max(h.by, epoch)
	case holdTaking, holdMaking, holdHeld:
		release = h.state == holdHeld && !h.wanted && epoch == h.epoch
		h.wanted = h.wanted || epoch == h.epoch
	}
	return release
}

// release ends the connection of a client, and gives the client to who claims it: from
// now on nothing is sent to it here. [MQTT-3.1.4-3]
func (h *hold) release(t *turn) {
	cl := h.now()
	old := cl.lockRested()
	defer cl.mu.Unlock()
	if old != nil {
		defer old.routing.Unlock()
	}
	if cl.gone {
		return
	}
	if old != nil {
		old.now = t.now
		old.disconnect(t.now, &packets.Disconnect{ReasonCode: mqttwire.ReasonSessionTakenOver})
		old.settle(t)
		old.wakeSelf(t)
		if cl.gone { // it has ended with its connection
			return
		}
	}
	record := h.record()
	cl.parts(t)
	h.e.mu.Lock()
	h.state = holdReleasing
	h.e.mu.Unlock()
	h.giveUp(t, record)
}

// released is that the client is not ours any more; or it was not before, if that was
// refused. Who waits for it here claims it.
func (h *hold) released(t *turn, refused bool) {
	h.leaves(t, refused)
	h.again(t)
}

// now returns the client, or nil.
func (h *hold) now() *client {
	h.e.mu.Lock()
	defer h.e.mu.Unlock()
	return h.client
}

// parts takes a client out that is no longer ours. Its session goes on elsewhere.
func (cl *client) parts(t *turn) {
	cl.gone = true
	cl.unsubscribeAll()
	cl.space.remove(cl)
	cl.b.timers.remove(&cl.timer)
	cl.b.slots.give(cl.slot)
	cl.b.counts.sessions.Add(-1)
}

// forsake ends what is here of a client that another node has: nothing of it is said to
// anybody.
func (h *hold) forsake(t *turn, cl *client) {
	if c := cl.conn; c != nil {
		c.link.Lost(t.now, ErrTaken)
		c.staged, c.door.pong = nil, nil
		for e, ok := c.link.Event(); ok; e, ok = c.link.Event() {
			if e.Kind == session.Disconnected {
				t.tell(task{do: (*turn).tellDisconnected, peer: c.peer, cause: e.Cause})
			}
		}
		cl.b.counts.connected.Add(-1)
		cl.conn = nil
		t.ready = append(t.ready, c)
	}
	h.wills, h.appends = nil, nil
	cl.parts(t)
	h.through(t)
	t.add(task{do: func(t *turn, _ *task) { h.again(t) }})
}

// ended is that the session of the client has ended, with the client's lock held. If it is
// not confirmed that it was ours that is seen by the answer to Drop.
func (h *hold) ended(t *turn) {
	h.drop(t)
	h.recorded(t)
	h.e.mu.Lock()
	defer h.e.mu.Unlock()
	h.state = holdDropping
}
