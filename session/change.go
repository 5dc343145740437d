package session

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// Change is one step of a session that is to be made durable before the bytes that
// follow are written. Each is self-contained: Restore makes a session of a snapshot and
// of the changes after it.
type Change struct {
	Kind ChangeKind

	// Seq counts the changes of a session from 1, without a gap.
	Seq uint64

	// Data is the change as Restore takes it, with Kind and Seq. It is valid until the
	// next call of any method of the session.
	Data []byte

	// Sync says that it has to be durable before the bytes that follow are written. One
	// without may be made durable later, in its place before those that follow; after a
	// crash before that what it says is forgotten: a message or will is handed on again, or
	// sent again until its acknowledgement comes again.
	Sync bool
}

// ChangeKind says what a Change is about.
type ChangeKind uint8

const (
	changeQueued       ChangeKind = iota + 1 // a message waits
	changeSent                               // it is in flight
	changeReleased                           // it waits for PUBCOMP
	changeEnded                              // a request has ended
	changeReceived                           // a QoS 2 message was taken on
	changeHandedOn                           // it was handed on
	changeForgotten                          // its identifier is free
	changeForgotAll                          // all are, as the server has lost the session
	changeSubscribed                         // a subscription was made
	changeUnsubscribed                       // one is gone
	changeBegun                              // a connection is open
	changeLeft                               // a server's connection has ended
	changeWill                               // there is a will
	changeWillGone                           // there is none
	changeEnd                                // the session has ended
	changeWaits                              // a message that was in flight waits again
	changeInFlight                           // of a snapshot: a message is in flight
	changeInRelease                          // of a snapshot: one waits for PUBCOMP
	changeWillDue                            // it is to be published
	changeWillTaken                          // the one that is due longest was handed on
	changeIdentifier                         // of a snapshot: the last packet identifier that was given to a message
)

// sync reports whether what is written next depends on changes of the kind.
func (k ChangeKind) sync() bool {
	return k != changeHandedOn && k != changeEnded && k != changeWillTaken
}

// ofSnapshot reports whether changes of the kind stand in snapshots only.
func (k ChangeKind) ofSnapshot() bool {
	return k == changeInFlight || k == changeInRelease || k == changeIdentifier
}

var changeNames = [...]string{
	changeQueued: "queued", changeSent: "sent", changeReleased: "released", changeEnded: "ended",
	changeReceived: "received", changeHandedOn: "handed on", changeForgotten: "forgotten", changeForgotAll: "forgot all",
	changeSubscribed: "subscribed", changeUnsubscribed: "unsubscribed", changeBegun: "begun", changeLeft: "left",
	changeWill: "will", changeWillGone: "will gone", changeEnd: "end", changeWaits: "waits",
	changeInFlight: "in flight", changeInRelease: "in release", changeIdentifier: "identifier",
	changeWillDue: "will due", changeWillTaken: "will taken",
}

// journal is what a session has that produces changes.
type journal struct {
	seq     uint64
	token   Token  // the last one of a change
	id      uint16 // the last packet identifier of one
	pending []byte // changes that were not taken, each behind its length
	at      int
	barrier int // nothing is written before what is pending up to here was taken
}

// Change returns the next change; ok is false if there is none. Before, it begins the
// messages for which the peer has slots, since that is a change too.
func (s *Session) Change() (c Change, ok bool) {
	j := s.journal
	if j == nil {
		return c, false
	}
	if j.at == len(j.pending) {
		j.pending, j.at, j.barrier = j.pending[:0], 0, 0
		if l := s.connected(); l != nil {
			for e, _ := l.beginNext(); e != nil && e.packet != 0; e, _ = l.beginNext() {
			}
		}
	}
	if j.at == len(j.pending) {
		return c, false
	}
	n := int(binary.BigEndian.Uint32(j.pending[j.at:]))
	data := j.pending[j.at+4 : j.at+4+n : j.at+4+n]
	j.at += 4 + n
	k := ChangeKind(data[0])
	return Change{Kind: k, Seq: binary.BigEndian.Uint64(data[1:]), Data: data, Sync: k.sync()}, true
}

// changesWait reports whether there are changes that were not taken, and on which
// what is written depends.
func (s *Session) changesWait() bool { return s.journal != nil && s.journal.at < s.journal.barrier }

// A change in bytes: kind, sequence number of 8 bytes, what it is about, and 4 bytes of
// CRC-32C of all that.
const (
	changeHead = 1 + 8
	changeTail = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// record adds a change that is about body.
func (s *Session) record(k ChangeKind, body []byte) {
	j := s.journal
	if j == nil {
		return
	}
	j.seq++
	j.add(k, j.seq, func(b []byte) []byte { return append(b, body...) })
}

// add adds a change whose body is appended by f. Nothing that is written depends on
// its being known that a message or will was handed on, or a message acknowledged: it would
// be so again.
func (j *journal) add(k ChangeKind, seq uint64, f func([]byte) []byte) {
	start := len(j.pending)
	j.pending = appendChange(append(j.pending, 0, 0, 0, 0), k, seq, f)
	binary.BigEndian.PutUint32(j.pending[start:], uint32(len(j.pending)-start-4))
	if k.sync() {
		j.barrier = len(j.pending)
	}
}

// appendChange appends a change whose body is appended by f.
func appendChange(dst []byte, k ChangeKind, seq uint64, f func([]byte) []byte) []byte {
	start := len(dst)
	dst = f(binary.BigEndian.AppendUint64(append(dst, byte(k)), seq))
	return binary.BigEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

// recordWith is record with a body that is appended by f.
func (s *Session) recordWith(k ChangeKind, f func([]byte) []byte) {
	if j := s.journal; j != nil {
		j.seq++
		j.add(k, j.seq, f)
	}
}

// recordQueued records a message of QoS 1 or 2 that waits.
func (s *Session) recordQueued(e *entry) {
	if s.journal != nil && e.qos > 0 {
		s.journal.token = e.token
		s.recordWith(changeQueued, func(b []byte) []byte { return appendEntry(b, e, keptFlags) })
	}
}

// recordWaits records that a message that was in flight waits again.
func (s *Session) recordWaits(e *entry) {
	if s.journal != nil {
		s.recordWith(changeWaits, func(b []byte) []byte {
			return append(binary.BigEndian.AppendUint64(b, uint64(e.token)), byte(e.flags&handed))
		})
	}
}

// recordSent records that a message is in flight, and with which QoS if that was lowered.
func (s *Session) recordSent(e *entry, lowered bool) {
	if s.journal != nil {
		s.journal.id = e.packet
		s.recordWith(changeSent, func(b []byte) []byte {
			b = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint64(b, uint64(e.token)), e.packet)
			if lowered {
				b = append(b, byte(e.qos))
			}
			return b
		})
	}
}

func (s *Session) recordReleased(e *entry) {
	if s.journal != nil {
		s.recordWith(changeReleased, func(b []byte) []byte {
			return append(binary.BigEndian.AppendUint64(b, uint64(e.token)), byte(e.id), byte(e.flags&quiet))
		})
	}
}

// recordEnded records that a request has ended; of those of QoS 0, and of SUBSCRIBE and
// UNSUBSCRIBE, the journal does not know.
func (s *Session) recordEnded(e *entry) {
	if s.journal != nil && e.request == nil && e.qos > 0 {
		s.recordWith(changeEnded, func(b []byte) []byte { return binary.BigEndian.AppendUint64(b, uint64(e.token)) })
	}
}

// untaken is where messages come from that are kept until they are handed on, as a rule at
// once.
var untaken MessagePool

// recordReceived records a message of QoS 2 that was taken on: with its bytes as long
// as it was not handed on.
func (s *Session) recordReceived(now time.Time, id uint16, p *packets.Publish) {
	j := s.journal
	if j == nil {
		return
	}
	var m *Message
	if p != nil {
		m = untaken.New(now, p)
		s.more().untaken = append(s.apart.untaken, m)
	}
	s.recordWith(changeReceived, func(b []byte) []byte { return appendReceived(b, id, m) })
}

// handedOn records that the message which came last was handed on.
func (s *Session) handedOn() { s.handedOnAt(len(s.apart.untaken) - 1) }

// handedOnAt records that a message was handed on.
func (s *Session) handedOnAt(i int) {
	a := s.apart
	a.handedOn(i)
	s.recordWith(changeHandedOn, func(b []byte) []byte { return binary.BigEndian.AppendUint32(b, uint32(i)) })
}

// handedOn takes out a message that was handed on.
func (a *apart) handedOn(i int) {
	a.untaken[i].Release()
	switch {
	case len(a.untaken) == 1: // as a rule
		a.untaken[0], a.untaken = nil, a.untaken[:0]
	case i == 0:
		a.untaken[0], a.untaken = nil, a.untaken[1:]
	default:
		a.untaken = slices.Delete(a.untaken, i, i+1)
	}
}

// again returns the event of the next message that Restore gives again.
func (s *Session) again() (e Event, ok bool) {
	a := s.apart
	if a == nil || a.again == 0 {
		return e, false
	}
	m := a.untaken[0]
	a.again--
	s.handedOnAt(0)
	p := m.Publish()
	return Event{Kind: Arrived, Packet: &p, Message: m}, true
}

func (s *Session) recordForgotten(id uint16) {
	if s.journal != nil {
		s.recordWith(changeForgotten, func(b []byte) []byte { return binary.BigEndian.AppendUint16(b, id) })
	}
}

func (s *Session) recordSubscribed(f *filter) {
	if s.journal != nil {
		s.recordWith(changeSubscribed, func(b []byte) []byte { return appendSubscription(b, f) })
	}
}

func (s *Session) recordBegun(afresh bool) {
	if s.journal != nil {
		s.recordWith(changeBegun, func(b []byte) []byte { return s.appendBegun(b, afresh) })
	}
}

// What a change says of a connection that begins.
const (
	begunCleaning = 1 << iota // the CONNECT of a client with Clean Start has had no CONNACK
	begunAfresh               // what a server's session had before was discarded
)

// appendBegun appends what is recorded of a connection that begins.
func (s *Session) appendBegun(b []byte, afresh bool) []byte {
	flags := byte(0)
	if s.cleaning {
		flags |= begunCleaning
	}
	if afresh {
		flags |= begunAfresh
	}
	return append(binary.BigEndian.AppendUint32(b, s.expiry), flags)
}

func (s *Session) recordLeft(now time.Time) {
	if s.journal != nil {
		s.recordWith(changeLeft, func(b []byte) []byte { return appendTime(b, now) })
	}
}

func (s *Session) recordWill(m *Message, delay uint32) {
	if s.journal != nil {
		s.recordWith(changeWill, func(b []byte) []byte {
			return appendMessage(binary.BigEndian.AppendUint32(b, delay), m)
		})
	}
}

// keptFlags are the flags of a message that waits which are kept.
const keptFlags = retain | quiet | handed

// appendEntry appends a message that waits or is in flight: its token, how it goes out,
// and itself.
func appendEntry(b []byte, e *entry, flags entryFlags) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(e.token))
	b = append(b, byte(e.qos), byte(e.flags&flags))
	switch {
	case e.ids != nil:
		b = binary.AppendUvarint(b, uint64(len(*e.ids)))
		for _, id := range *e.ids {
			b = binary.BigEndian.AppendUint32(b, id)
		}
	case e.id != 0:
		b = binary.BigEndian.AppendUint32(append(b, 1), e.id)
	default:
		b = append(b, 0)
	}
	return appendMessage(b, e.message)
}

func appendReceived(b []byte, id uint16, m *Message) []byte {
	b = binary.BigEndian.AppendUint16(b, id)
	if m == nil {
		return b
	}
	return appendMessage(b, m)
}

func appendSubscription(b []byte, f *filter) []byte {
	sub := &f.subscription
	options := byte(sub.QoS) | sub.RetainHandling<<4
	if sub.NoLocal {
		options |= 1 << 2
	}
	if sub.RetainAsPublished {
		options |= 1 << 3
	}
	if f.granted {
		options |= 1 << 6
	}
	if f.leaving {
		options |= 1 << 7
	}
	return append(append(binary.BigEndian.AppendUint32(b, f.id), options), sub.Filter...)
}

// appendTime appends a time as the wall clock tells it.
func appendTime(b []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(t.UnixNano()))
}

// How a message stands in a change.
const (
	storedV5     = 5    // as a PUBLISH of 5.0
	storedV31    = 3    // as one of 3.1, as 5.0 does not have its topic name
	storedBare   = 1    // its topic name and payload, as no version can send it
	storedHollow = 0x80 // only its position and size
)

// maxHollow is the greatest size of a hollow message that is stored.
const maxHollow = 1<<31 - 1

// appendMessage appends a message: when it came, its position, and unless it has one
// its PUBLISH.
func appendMessage(b []byte, m *Message) []byte {
	b = appendTime(b, m.received)
	b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint16(b, m.position.Log), m.position.Seq)
	if _, ok := m.Position(); ok {
		return binary.BigEndian.AppendUint32(append(b, storedHollow), uint32(min(m.size, maxHollow)))
	}
	at := len(b)
	out, err := m.appendPublish(append(b, storedV5), mqttwire.V5)
	if err != nil {
		out, err = m.appendPublish(append(b[:at], storedV31), mqttwire.V31)
	}
	if err != nil { // such as one that a Tolerance has let pass
		p := m.Publish()
		out = binary.AppendUvarint(append(b[:at], storedBare), uint64(len(p.Topic)))
		out = append(append(out, p.Topic...), p.Payload...)
	}
	return out
}

// appendPublish appends the message as a PUBLISH, of which the packet identifier is not
// looked at.
func (m *Message) appendPublish(b []byte, v mqttwire.Version) ([]byte, error) {
	if q := m.prepared; q != nil {
		return q.Append(b, v, &packets.Delivery{QoS: q.QoS(), PacketID: 1, Retain: q.Retain()})
	}
	p := m.Publish()
	p.PacketID = 1
	return p.Append(b, v)
}
