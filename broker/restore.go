package broker

import (
	"encoding/binary"
	"errors"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// appendRecord appends a retained message as it stands in a journal: who has published
// it, behind its length, and the message as packets.AppendRecord writes it.
func (k *kept) appendRecord(dst []byte) []byte {
	head := append(binary.AppendUvarint(dst, uint64(len(k.from))), k.from...)
	p := k.message.Publish()
	out, err := packets.AppendRecord(head, &packets.Record{Publish: p, Arrived: k.at})
	if err != nil { // such as a time that no record has: nothing is kept of it
		return dst
	}
	return out
}

// readRetained reads what appendRecord has written.
func readRetained(data []byte) (from string, r packets.Record, ok bool) {
	n, size := binary.Uvarint(data)
	if size <= 0 || n > uint64(len(data)-size) {
		return "", r, false
	}
	from, data = string(data[size:size+int(n)]), data[size+int(n):]
	r, rest, err := packets.DecodeRecord(data)
	return from, r, err == nil && len(rest) == 0
}

// errNoJournal says that Restore was called with Options.Cluster.
var errNoJournal = errors.New("broker: a node of a cluster has no journal, as the engine keeps its sessions")

// Report says what Restore has found.
type Report struct {
	Sessions int // that go on
	Ended    int // that had ended
	Retained int // as in Stats
	Messages int // that wait or are in flight in all sessions
}

// RestoreError says that a record is damaged.
type RestoreError struct {
	Record int    // its number, from 0
	Key    []byte // whose it is
	Err    error  // what is wrong, or nil if it is not legible at all
}

// Error returns one line.
func (e *RestoreError) Error() string {
	s := "broker: record " + strconv.Itoa(e.Record) + " of " + strconv.Quote(string(e.Key)) + " is damaged"
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns Err.
func (e *RestoreError) Unwrap() error { return e.Err }

// Restore makes a broker of the records of a journal, in their order. They are not
// believed: damage gives a *RestoreError or the error that comes with a record, and no
// broker. Connections that there were are lost at now; sessions and messages that have
// expired end at the first Tick. What had come and was not yet sent on to all is, with the
// hook Publish asked again. Of retained messages that a subscription was still to get, those
// come that were in the session, 256 at most; the others do not. Which messages were of
// shared subscriptions is in no record: they go on as all others.
func Restore(o Options, now time.Time, records iter.Seq2[session.Record, error]) (*Broker, Report, error) {
	if o.Cluster != nil {
		return nil, Report{}, errNoJournal
	}
	r := restorer{b: New(o), now: now, sessions: map[string]*stored{}, names: map[string]string{}}
	for record, err := range records {
		if err != nil {
			return nil, Report{}, err
		}
		if err := r.read(record); err != nil {
			return nil, Report{}, err
		}
		r.n++
	}
	r.report.Retained = r.b.Stats().Retained
	if err := r.restoreSessions(); err != nil {
		return nil, Report{}, err
	}
	return r.b, r.report, nil
}

// restorer makes a broker of records.
type restorer struct {
	b        *Broker
	now      time.Time
	n        int // of the present record
	sessions map[string]*stored
	names    map[string]string // of clients, by the key of their session
	order    []string
	report   Report
}

// stored is what the records have of a session.
type stored struct {
	snapshot []byte
	changes  [][]byte
	bytes    int // of them
	last     int // the number of the last record
}

func (r *restorer) fail(n int, key []byte, err error) error {
	return &RestoreError{Record: n, Key: slices.Clone(key), Err: err}
}

func (r *restorer) read(record session.Record) error {
	kind, namespace, name, ok := splitKey(record.Session)
	switch {
	case ok && kind == sessionKey:
		r.readSession(record)
		return nil
	case ok && kind == nameKey && record.Snapshot:
		r.names[string(appendKey(nil, sessionKey, namespace, name))] = string(record.Data)
		return nil
	case ok && kind == retainedKey && record.Snapshot:
		return r.readRetained(record, namespace, name)
	}
	return r.fail(r.n, record.Session, nil)
}

func (r *restorer) readSession(record session.Record) {
	s := r.sessions[string(record.Session)]
	if s == nil {
		s = &stored{}
		r.sessions[string(record.Session)] = s
		r.order = append(r.order, string(record.Session))
	}
	s.last = r.n
	switch {
	case record.Snapshot:
		s.snapshot, s.changes, s.bytes = slices.Clone(record.Data), nil, 0
	default:
		s.changes = append(s.changes, slices.Clone(record.Data))
		s.bytes += len(record.Data)
	}
}

// readRetained keeps a retained message, or deletes one.
func (r *restorer) readRetained(record session.Record, namespace, name string) error {
	sp := r.b.space(namespace)
	if len(record.Data) == 0 {
		if k, ok := sp.retained.names.Get([]byte(name)); ok {
			sp.retained.forget(k)
		}
		return nil
	}
	from, stored, ok := readRetained(record.Data)
	if !ok || string(stored.Publish.Topic) != name || len(stored.Publish.Payload) == 0 {
		return r.fail(r.n, record.Session, nil)
	}
	m := session.NewMessage(stored.Arrived, &stored.Publish)
	sp.retained.set(&kept{b: r.b, space: sp, message: m, from: from, at: stored.Arrived}, r.now)
	return nil
}

// restoreSessions makes the sessions of what was read of them.
func (r *restorer) restoreSessions() error {
	var all []*client
	for _, key := range r.order {
		s := r.sessions[key]
		if len(s.snapshot)+len(s.changes) == 0 { // it has ended
			continue
		}
		restored, report, err := session.Restore(r.b.o.session(), r.now, s.snapshot, slices.Values(s.changes))
		if err != nil {
			return r.fail(s.last, []byte(key), err)
		}
		_, namespace, name, _ := splitKey([]byte(key))
		r.report.Messages += report.Messages
		if report.Ended {
			r.report.Ended++
		} else {
			r.report.Sessions++
		}
		cl := r.b.restored(namespace, name, r.names[key], restored)
		cl.changes, cl.changed, cl.snapshot = len(s.changes), s.bytes, len(s.snapshot) // so that the journal has a bound over restarts too
		all = append(all, cl)
	}
	for _, cl := range all { // with all subscriptions in place
		r.b.resume(r.now, cl)
	}
	return nil
}

// restored adds a client whose session was restored.
func (b *Broker) restored(namespace, id, name string, s *session.Session) *client {
	sp := b.space(namespace)
	cl := b.newClient(sp, id)
	cl.session, cl.used = s, true
	cl.peer, cl.named = &Peer{ClientID: id, Name: name, Namespace: namespace}, name != ""
	sp.clients[id] = cl
	b.counts.sessions.Add(1)
	for sub, id := range s.Subscriptions() {
		cl.index(&sub, id)
	}
	return cl
}

// resume lets a restored client go on: what it has published and was not sent on is now,
// before that is recorded.
func (b *Broker) resume(now time.Time, cl *client) {
	t := b.turn(now)
	cl.mu.Lock()
	if limit := b.o.Limits.SessionExpiry; limit > 0 {
		cl.endBy = now.Add(limit)
	}
	for e, ok := cl.session.Event(); ok; e, ok = cl.session.Event() {
		cl.event(t, &e)
	}
	cl.mu.Unlock()
	t.run()
	cl.mu.Lock()
	cl.schedule()
	cl.record(t)
	cl.mu.Unlock()
	t.end()
}

// again sends a message on that a restored session hands on again.
func (t *turn) again(k *task) {
	m := k.message
	if left, expires := m.Remaining(t.now); expires && left == 0 { // [MQTT-3.3.2-5]
		return
	}
	p := m.Publish()
	before := p
	if t.b.asksPublish(k.peer, &p).IsError() {
		t.b.counts.refused.Add(1)
		return
	}
	if changed(&before, &p) {
		m = asChanged(t.now, m, &before, &p)
	}
	_ = t.publish(k.client.space, m, &p, k.client.id) // nobody waits for an answer
}

// arrivedAgain takes a message that a restored session hands on again.
func (cl *client) arrivedAgain(t *turn, m *session.Message) {
	if m != nil {
		t.add(task{do: (*turn).again, client: cl, peer: cl.peer, message: m})
	}
}
