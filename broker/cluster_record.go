package broker

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// ErrTaken is why a connection has ended whose client another node has taken meanwhile.
var ErrTaken = errors.New("broker: another node has the client")

// errRecord says that the record of a session is damaged.
var errRecord = errors.New("broker: the record of a session is damaged")

// record is what the engine keeps of a client: its Peer.Name, how far its session has seen
// the logs, which messages of QoS 2 it has begun to publish, and the session, in which
// messages stand by their Position.
type record struct {
	name     string
	cursors  []session.Position
	begun    []begun
	snapshot []byte
	session  *session.Session // made of the snapshot
}

// begun is a message of QoS 2 of the client that was not acknowledged: what repeats it has
// the same name.
type begun struct {
	packet  uint16
	refused mqttwire.ReasonCode // with which it was answered; else 0
	sum     uint64              // of what it says
	id      MessageID
}

// recordVersion is the first byte of a record. One of version 1 has no name.
const recordVersion = 2

// record returns the client's record as it is now.
func (h *hold) record() []byte {
	at := h.e.logs.upTo(h.cursors)
	b := appendText([]byte{recordVersion}, h.client.peer.Name)
	b = binary.AppendUvarint(b, uint64(len(at)))
	for _, p := range at {
		b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint16(b, p.Log), p.Seq)
	}
	b = binary.AppendUvarint(b, uint64(len(h.begun)))
	for _, m := range h.begun {
		b = binary.BigEndian.AppendUint64(append(binary.BigEndian.AppendUint16(b, m.packet), byte(m.refused)), m.sum)
		b = appendText(b, m.id.Node)
		b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, m.id.Incarnation), m.id.Counter)
	}
	return h.client.session.AppendSnapshot(b)
}

// appendText appends a text behind its length.
func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// readRecord reads a record, but for the snapshot in it.
func readRecord(b []byte) (r *record, err error) {
	in := recordReader{b: b}
	r = &record{}
	switch in.take(1)[0] {
	case recordVersion:
		r.name = in.text()
	case 1:
	default:
		return nil, errRecord
	}
	for range in.count(10) {
		p := in.take(10)
		r.cursors = append(r.cursors, session.Position{Log: binary.BigEndian.Uint16(p), Seq: binary.BigEndian.Uint64(p[2:])})
	}
	for range in.count(28) {
		m := begun{packet: binary.BigEndian.Uint16(in.take(2)), refused: mqttwire.ReasonCode(in.take(1)[0])}
		m.sum = binary.BigEndian.Uint64(in.take(8))
		m.id.Node = in.text()
		m.id.Incarnation, m.id.Counter = binary.BigEndian.Uint64(in.take(8)), binary.BigEndian.Uint64(in.take(8))
		r.begun = append(r.begun, m)
	}
	r.snapshot = in.b
	if in.short || len(r.snapshot) == 0 {
		return nil, errRecord
	}
	return r, nil
}

// recordReader reads what is left of a record; what is cut off reads as 0.
type recordReader struct {
	b     []byte
	short bool
}

// take returns the next n bytes.
func (r *recordReader) take(n int) []byte {
	if n > len(r.b) {
		r.short, r.b = true, nil
		return make([]byte, n)
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

// text returns the next text.
func (r *recordReader) text() string { return string(r.take(r.count(1))) }

// count returns a number of things, of which each has so many bytes at least.
func (r *recordReader) count(size int) int {
	n, length := binary.Uvarint(r.b)
	if length <= 0 || n > uint64(len(r.b)/size) {
		r.short, r.b = true, nil
		return 0
	}
	r.b = r.b[length:]
	return int(n)
}

// recorded reports whether what is written waits for records.
func (e *engine) recorded() bool { return e.o.Level == Recorded }

// accepted notes of a connection how its session ends.
func (h *hold) accepted(p *packets.Connect, a *packets.Connack) {
	expiry, _ := p.Properties.SessionExpiryInterval()
	if n, ok := a.Properties.SessionExpiryInterval(); ok && p.Version == mqttwire.V5 {
		expiry = n
	}
	h.ephemeral = p.Version == mqttwire.V5 && expiry == 0 || p.Version != mqttwire.V5 && p.CleanStart
	if p.CleanStart {
		h.begun = nil
	}
	if p.Will != nil || !h.ephemeral || h.client.used || h.unconfirmed {
		h.made++
	}
}

// changed takes note of what has changed in the session, with the client's lock held, and
// lets it be recorded.
func (h *hold) changed(t *turn) {
	if h.e.recorded() {
		n := 0
		for _, ok := h.client.session.Change(); ok; _, ok = h.client.session.Change() {
			n++
		}
		if n > 0 && !h.ephemeral {
			h.made++
		}
	}
	if h.made > h.done && !h.putting {
		h.put(t)
	}
}

// marks is that something has changed which is recorded at every Level.
func (h *hold) marks() {
	if !h.ephemeral {
		h.made++
	}
}

// put records the session. There is one Put at a time of a client: what changes meanwhile
// is in the next one.
func (h *hold) put(t *turn) {
	if h.putting || h.client.gone {
		return
	}
	h.putting = true
	q := h.about(Put)
	q.Record = h.record()
	made, resumes := h.made, h.e.resumes()
	h.e.ask(t.now, q, func(t *turn, r *Reply) { h.hasPut(t, r, made, resumes) })
}

func (e *engine) resumes() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lease.resumes
}

// hasPut takes the answer to a Put, of what was made by then.
func (h *hold) hasPut(t *turn, r *Reply, made Mark, resumes uint64) {
	cl := h.lock()
	if cl == nil {
		return
	}
	defer cl.mu.Unlock()
	switch r.Outcome {
	case Unknown:
		h.e.retry(t, func(t *turn) {
			if cl := h.lock(); cl != nil {
				defer cl.mu.Unlock()
				h.putting = false
				h.put(t)
			}
		})
		return
	case Refused:
		h.forsake(t, cl)
		return
	}
	h.putting = false
	h.done = max(h.done, made)
	if h.unconfirmed && resumes == h.e.resumes() {
		h.confirmed(t)
	}
	if h.made > h.done || h.unconfirmed {
		h.put(t)
	}
	h.sendAppends(t)
	h.tellWaiting(t)
}

// confirmed is that the client is ours still after the node was suspended.
func (h *hold) confirmed(t *turn) {
	h.unconfirmed = false
	h.publishWills(t)
	if c := h.client.conn; c != nil {
		h.awaits(c)
	}
}

// publishWills publishes what has waited until it was known that the client is ours.
func (h *hold) publishWills(t *turn) {
	for _, k := range h.wills {
		t.add(k)
	}
	h.wills = nil
}

// recorded is that there is nothing to record any more.
func (h *hold) recorded(t *turn) {
	h.done = math.MaxUint64
	h.tellWaiting(t)
}

// through is that nothing waits for a record any more, nor to be confirmed.
func (h *hold) through(t *turn) {
	h.unconfirmed = false
	h.recorded(t)
}

// awaits lets a connection be told when more is recorded, or the client is confirmed.
func (h *hold) awaits(c *Conn) {
	if !slices.Contains(h.waiting, c) {
		h.waiting = append(h.waiting, c)
	}
}

// tellWaiting tells connections that what has waited for a record may be written.
func (h *hold) tellWaiting(t *turn) {
	t.ready = append(t.ready, h.waiting...)
	h.waiting = nil
}

// mark returns what is to be kept before what is written now may be.
func (c *Conn) mark() Mark {
	if c.b.engine == nil {
		return c.b.log.now()
	}
	if c.client == nil {
		return 0
	}
	return c.client.hold.made
}

// isKept reports whether that is kept; else the Conn is told when it is.
func (c *Conn) isKept(m Mark) bool {
	if c.b.engine == nil {
		return c.b.log.wait(m, c)
	}
	if c.client == nil || c.client.hold.done >= m {
		return true
	}
	c.client.hold.awaits(c)
	return false
}
