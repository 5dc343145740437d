package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/mqttwire/mqttwire/session"
)

// Options say how a file is opened. The zero value opens one or makes it, at once.
type Options struct {
	// Wait is how long Open waits while another process has the file; 0 is not at all.
	Wait time.Duration

	// MustExist makes Open fail, with an error that is fs.ErrNotExist, where it would
	// make the file.
	MustExist bool
}

// Store is a session.Journal in a file. It may be used by many goroutines at once.
type Store struct {
	path    string
	options Options
	created bool

	turn    sync.Mutex // of what follows
	waiting []*call
	leading bool // one of those that append makes transactions

	using   sync.Mutex // of what follows
	db      *bolt.DB
	stuck   bool // db has a transaction that does not end
	state   state
	index   index
	batch   []byte          // the records of a transaction, one behind the other
	claimed map[string]bool // sessions, see Claim
	failed  error           // why nothing is appended until Load
	closed  bool
}

var _ session.Journal = (*Store)(nil)

// Open opens the file at a path, and makes it if it is not there and Options allow it;
// its folder has to be there. Only who runs the process may read what it makes. The
// error is ErrLocked, a *DamageError, or one of the file system.
func Open(path string, o Options) (*Store, error) {
	s := &Store{path: path, options: o}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !o.MustExist:
		if s.created, err = create(path); err != nil {
			return nil, s.named(err)
		}
	case err == nil && !info.Mode().IsRegular(): // to open a pipe would wait for who writes to it
		return nil, s.named(&fs.PathError{Op: "open", Path: path, Err: errors.New("it is not a file")})
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	return s, nil
}

// Created reports whether Open has made the file: there was nothing to go on with.
func (s *Store) Created() bool { return s.created }

// Stats says what a Store holds.
type Stats struct {
	Sessions int // of which there are records
	Records  int
}

// Stats returns what the Store holds.
func (s *Store) Stats() Stats {
	s.using.Lock()
	defer s.using.Unlock()
	return Stats{Sessions: len(s.index), Records: int(s.state.count)}
}

// Close closes the file. It can be called once nothing is appended or loaded any more,
// and again.
func (s *Store) Close() error {
	s.using.Lock()
	defer s.using.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.failed != nil {
		return s.shut()
	}
	return errors.Join(s.named(s.confirm()), s.shut())
}

// shut closes the file.
func (s *Store) shut() error {
	db := s.db
	s.db = nil
	if db == nil || s.stuck {
		return nil
	}
	return s.named(s.guard(db.Close))
}

// named returns an error with the file's path, if it has not got it.
func (s *Store) named(err error) error {
	var damage *DamageError
	if err == nil || errors.As(err, &damage) || errors.Is(err, ErrLocked) {
		return err
	}
	return fmt.Errorf("store: %s: %w", s.path, err)
}

// attempts is how often open looks again at a file that another process has written to
// between two looks.
const attempts = 3

// open opens the file once it was found to be whole.
func (s *Store) open() error {
	for range attempts {
		c, err := s.inspectLocked()
		if err != nil {
			return s.named(err)
		}
		if same, err := s.use(c); err != nil || same {
			return s.named(err)
		}
	}
	return ErrLocked
}

// use opens the file for writing, if it still holds what was found in it.
func (s *Store) use(c contents) (same bool, err error) {
	transaction, err := s.openBolt(false)
	if same = err == nil && transaction == c.transaction; same {
		s.state, s.index = c.state, c.index
		err = s.confirm()
	}
	if err != nil || !same {
		err = errors.Join(err, s.shut())
	}
	return same, err
}

// inspectLocked reads the file while no other process writes to it: bbolt has it open
// for reading meanwhile, when it looks at the head pages alone.
func (s *Store) inspectLocked() (contents, error) {
	_, err := s.openBolt(true)
	if errors.Is(err, ErrLocked) {
		return contents{}, err
	}
	c, damage := inspect(s.path)
	if damage != nil {
		err = damage
	}
	return c, errors.Join(err, s.shut())
}

// openBolt opens the file, for reading alone or not, and returns its transaction.
func (s *Store) openBolt(reading bool) (transaction uint64, err error) {
	err = s.guard(func() (err error) {
		if s.db, err = bolt.Open(s.path, 0o600, boltOptions(s.options.Wait, reading)); err != nil {
			return err
		}
		return s.db.View(func(tx *bolt.Tx) error {
			transaction = uint64(tx.ID())
			return nil
		})
	})
	if errors.Is(err, bolterrors.ErrTimeout) {
		err = ErrLocked
	}
	return transaction, err
}

func boltOptions(wait time.Duration, reading bool) *bolt.Options {
	return &bolt.Options{
		Timeout:      max(wait, 1),
		ReadOnly:     reading,
		FreelistType: bolt.FreelistArrayType, // which fills gaps from the front: else the file grows for ever
		NoStatistics: true,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			return os.OpenFile(name, flag&^os.O_CREATE, mode)
		},
	}
}

// confirm writes the state once more. When the file is opened, this makes durable what
// a process that was killed may have written and not yet synced, as from here on others
// are told of it; when it is closed, both head pages are left with the same records, so
// that neither is missed.
func (s *Store) confirm() error { return s.update(s.putState) }

// putState writes the state.
func (s *Store) putState(tx *bolt.Tx) error {
	return tx.Bucket(stateBucket).Put(stateKey, s.state.append(nil))
}
