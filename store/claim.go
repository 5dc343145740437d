package store

import (
	"errors"
	"fmt"
	"sync"
)

// ErrInUse says that somebody in this process has claimed the session already.
var ErrInUse = errors.New("store: the session is in use, by another client on this Store with the same client identifier")

// Claim reserves a session for the caller, until it calls release, which may be done
// more than once. Two that went on with one session would each write over what the other
// has promised: package client claims its own, from New to its end, so that the second
// client of one identifier is refused. The error is ErrInUse or ErrClosed.
func (s *Store) Claim(session []byte) (release func(), err error) {
	s.using.Lock()
	defer s.using.Unlock()
	name := string(session)
	switch {
	case s.closed:
		return nil, ErrClosed
	case s.claimed[name]:
		return nil, fmt.Errorf("%w: %q", ErrInUse, name)
	case s.claimed == nil:
		s.claimed = make(map[string]bool)
	}
	s.claimed[name] = true
	return sync.OnceFunc(func() {
		s.using.Lock()
		defer s.using.Unlock()
		delete(s.claimed, name)
	}), nil
}
