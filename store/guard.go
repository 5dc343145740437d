package store

import (
	"errors"
	"fmt"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"
)

// guard calls f, which calls bbolt, and makes an error of a panic: what was whole when
// the file was opened may have been damaged by somebody else since, and where bbolt
// looks it may be cut off. The place is found by reading the file.
func (s *Store) guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			_, damage := inspect(s.path)
			err = errors.Join(damage, fmt.Errorf("bbolt: %v", r))
		}
	}()
	return f()
}

// update makes a transaction that writes. If it cannot even be given up, the file stays
// locked, and s.stuck says so.
func (s *Store) update(f func(*bolt.Tx) error) error {
	return s.guard(func() error {
		s.stuck = true
		tx, err := s.db.Begin(true)
		if err != nil {
			s.stuck = false
			return err
		}
		defer func() {
			_ = tx.Rollback() // nothing, once it is committed
			s.stuck = false
		}()
		if err := f(tx); err != nil {
			return err
		}
		return tx.Commit()
	})
}
