package store

import (
	"bytes"
	"errors"
	"fmt"
	"iter"

	bolt "go.etcd.io/bbolt"

	"github.com/mqttwire/mqttwire/session"
)

// Load returns the records that are kept, session by session, in the order of their
// first records; each session is as it is when its turn comes. What is returned is a
// copy. While it is ranged over, everything else may be called.
//
// After an error of Append it opens the file anew.
func (s *Store) Load() iter.Seq2[session.Record, error] {
	return func(yield func(session.Record, error) bool) {
		sessions, err := s.sessions()
		if err != nil {
			yield(session.Record{}, err)
			return
		}
		for _, name := range sessions {
			records, err := s.records(name)
			if err != nil {
				yield(session.Record{}, err)
				return
			}
			for _, r := range records {
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}

// sessions returns the keys of the sessions, after it has opened the file if need be.
func (s *Store) sessions() ([]string, error) {
	s.using.Lock()
	defer s.using.Unlock()
	switch {
	case s.closed:
		return nil, ErrClosed
	case s.stuck:
		return nil, s.failed
	case s.failed != nil:
		if err := s.open(); err != nil {
			return nil, err
		}
		s.failed = nil
	}
	return s.index.sessions(), nil
}

// records returns copies of those of a session.
func (s *Store) records(name string) (list []session.Record, err error) {
	s.using.Lock()
	defer s.using.Unlock()
	switch {
	case s.closed:
		return nil, ErrClosed
	case s.failed != nil:
		return nil, s.failed
	}
	err = s.guard(func() error {
		return s.db.View(func(tx *bolt.Tx) error {
			records := tx.Bucket(recordsBucket)
			for _, number := range s.index[name] {
				r, _, why := readRecord(number, bytes.Clone(records.Get(key(number))))
				if why != "" || string(r.Session) != name {
					return fmt.Errorf("record %d: %s", number, why)
				}
				list = append(list, r)
			}
			return nil
		})
	})
	if err == nil {
		return list, nil
	}
	if _, damage := inspect(s.path); damage != nil { // it knows the place
		err = errors.Join(damage, err)
	}
	s.fail(err)
	return nil, s.failed
}
