package store

import (
	"encoding/binary"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"github.com/mqttwire/mqttwire/session"
)

// keepBatch is the most bytes of a transaction that are kept for the next one.
const keepBatch = 1 << 20

// call is one of Append.
type call struct {
	records []session.Record
	err     error
	turn    chan bool // it is over; or true, it makes the next transaction
}

// Append makes records durable and is back when they are: all of a call or, with an
// error, none of them unless the system cannot say. After an error of the file it
// fails until Load is called. A record of more than 2 GiB is refused, and leaves the
// Store as it is.
//
// Calls that come while others are written wait, and become one transaction together.
func (s *Store) Append(records []session.Record) error {
	for _, r := range records {
		if len(r.Session) > maxRecord || len(r.Data) > maxRecord-len(r.Session) {
			return fmt.Errorf("store: %s: a record is too large", s.path)
		}
	}
	c := &call{records: records, turn: make(chan bool, 1)}
	s.turn.Lock()
	s.waiting = append(s.waiting, c)
	first := !s.leading
	s.leading = true
	s.turn.Unlock()
	if first || <-c.turn {
		s.lead()
	}
	return c.err
}

// lead writes all calls that wait in one transaction, its own among them, and lets one
// of those that came meanwhile lead the next.
func (s *Store) lead() {
	s.turn.Lock()
	calls := s.waiting
	s.waiting = nil
	s.turn.Unlock()

	err := s.commit(calls)

	for _, c := range calls {
		c.err = err
		c.turn <- false
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.leading = len(s.waiting) > 0; s.leading {
		s.waiting[0].turn <- true
	}
}

// commit writes the records of calls in one transaction.
func (s *Store) commit(calls []*call) error {
	s.using.Lock()
	defer s.using.Unlock()
	switch {
	case s.closed:
		return ErrClosed
	case s.failed != nil:
		return s.failed
	}
	s.batch = s.batch[:0]
	if cap(s.batch) > keepBatch {
		s.batch = nil
	}
	err := s.update(func(tx *bolt.Tx) error {
		records := tx.Bucket(recordsBucket)
		records.FillPercent = 0.9 // the numbers grow
		for _, c := range calls {
			for _, r := range c.records {
				if err := s.put(records, r); err != nil {
					return err
				}
			}
		}
		return s.putState(tx)
	})
	if err != nil {
		s.fail(err)
	}
	return s.failed
}

// fail gives up the file: what of the transaction is durable is not known, and what
// is in memory is what it should have been.
func (s *Store) fail(err error) {
	_ = s.shut()
	s.failed = s.named(err)
}

// put writes a record, and takes those out that it replaces.
func (s *Store) put(records *bolt.Bucket, r session.Record) error {
	if r.Snapshot {
		if err := s.drop(records, string(r.Session)); err != nil || len(r.Data) == 0 {
			return err
		}
	}
	s.state.last++
	number := s.state.last
	// What bbolt is given has to stay as it is up to the end of the transaction.
	start := len(s.batch)
	var sum uint32
	s.batch, sum = appendRecord(s.batch, number, r)
	s.state.add(sum)
	s.index.add(r, number)
	return records.Put(key(number), s.batch[start:len(s.batch):len(s.batch)])
}

// drop takes out what is kept of a session.
func (s *Store) drop(records *bolt.Bucket, session string) error {
	for _, number := range s.index[session] {
		value := records.Get(key(number))
		if len(value) < checksumSize {
			return fmt.Errorf("record %d is missing", number)
		}
		s.state.remove(binary.BigEndian.Uint32(value[len(value)-checksumSize:]))
		if err := records.Delete(key(number)); err != nil {
			return err
		}
	}
	delete(s.index, session)
	return nil
}

// key returns the key under which a record stands.
func key(number uint64) []byte { return binary.BigEndian.AppendUint64(nil, number) }
