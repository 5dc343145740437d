package session

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// snapshotMagic begins a snapshot; the last byte is the version of its form.
const snapshotMagic = "MQTTses\x01"

// AppendSnapshot appends the whole session, as Restore takes it, to dst: everything up
// to the last change that was made, also if it was not taken yet. Changes with a
// greater Seq follow it. A session without Options.Journal has a snapshot too, but for
// messages of QoS 2 that were not handed on. Messages of QoS 0, SUBSCRIBE and
// UNSUBSCRIBE that are open are in no snapshot, and in no change. Section 4.1.
//
// The form is: 8 bytes of magic, Seq, the last Token, 8 bytes each; changes, each
// behind its length of 4 bytes; a length of 0; and the CRC-32C of all that.
func (s *Session) AppendSnapshot(dst []byte) []byte {
	start := len(dst)
	w := snapshotWriter{dst: append(dst, snapshotMagic...)}
	seq, token, id := uint64(0), s.tokens, s.ids.last
	if s.journal != nil {
		seq, token, id = s.journal.seq, s.journal.token, s.journal.id
	}
	w.dst = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(w.dst, seq), uint64(token))
	s.snapshotState(&w)
	s.snapshotMessages(&w)
	if id > 0 && !s.ended {
		w.add(changeIdentifier, func(b []byte) []byte { return binary.BigEndian.AppendUint16(b, id) })
	}
	dst = append(w.dst, 0, 0, 0, 0)
	return binary.BigEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

type snapshotWriter struct{ dst []byte }

// add appends a change whose body is appended by f.
func (w *snapshotWriter) add(k ChangeKind, f func([]byte) []byte) {
	start := len(w.dst)
	w.dst = appendChange(append(w.dst, 0, 0, 0, 0), k, 0, f)
	binary.BigEndian.PutUint32(w.dst[start:], uint32(len(w.dst)-start-4))
}

func nothing(b []byte) []byte { return b }

// snapshotState appends what is no message of our own.
func (s *Session) snapshotState(w *snapshotWriter) {
	if s.existing {
		w.add(changeBegun, func(b []byte) []byte { return s.appendBegun(b, false) })
	}
	if s.filters != nil {
		for _, f := range s.filters.list {
			if f.subscription.Filter != nil {
				w.add(changeSubscribed, func(b []byte) []byte { return appendSubscription(b, &f) })
			}
		}
	}
	if s.apart != nil {
		s.apart.snapshot(w)
	}
	var ids []uint16
	s.receipts.all(func(id uint16, flags receipt) {
		if flags&recorded != 0 {
			ids = append(ids, id)
		}
	})
	slices.Sort(ids)
	for _, id := range ids {
		w.add(changeReceived, func(b []byte) []byte { return binary.BigEndian.AppendUint16(b, id) })
	}
	if s.ended {
		w.add(changeEnd, nothing)
	}
}

// snapshot appends what was not handed on, and what is to happen when.
func (a *apart) snapshot(w *snapshotWriter) {
	for _, m := range a.untaken {
		w.add(changeReceived, func(b []byte) []byte { return appendReceived(b, 0, m) })
	}
	for _, m := range a.wills {
		w.add(changeWill, func(b []byte) []byte { return appendMessage(binary.BigEndian.AppendUint32(b, 0), m) })
		w.add(changeWillDue, nothing)
	}
	if a.will != nil {
		w.add(changeWill, func(b []byte) []byte {
			return appendMessage(binary.BigEndian.AppendUint32(b, a.delay), a.will)
		})
	}
	if a.left {
		w.add(changeLeft, func(b []byte) []byte { return appendTime(b, a.leftAt) })
	}
}

// snapshotMessages appends our own messages of QoS 1 and 2.
func (s *Session) snapshotMessages(w *snapshotWriter) {
	s.released.all(func(_ uint32, e *entry) {
		w.add(changeInRelease, func(b []byte) []byte {
			b = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint64(b, uint64(e.token)), e.packet)
			return append(b, byte(e.id), byte(e.flags&quiet))
		})
	})
	s.queue.all(func(pos uint32, e *entry) {
		switch {
		case s.queue.isBegun(pos):
			w.add(changeInFlight, func(b []byte) []byte {
				return appendEntry(binary.BigEndian.AppendUint16(b, e.packet), e, keptFlags&^handed)
			})
		case e.qos > 0:
			w.add(changeQueued, func(b []byte) []byte { return appendEntry(b, e, keptFlags) })
		}
	})
}
