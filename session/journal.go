package session

import "iter"

// Journal keeps records in their order. Append is back when they are durable; after an
// error nothing that depends on them may be written: the connections end, and a
// session is what the journal says. It is for many goroutines.
type Journal interface {
	Append(records []Record) error

	// Load returns the records in their order. A torn tail ends them; damage before it
	// is an error, which says where.
	Load() iter.Seq2[Record, error]

	Close() error
}

// Record is what a Journal keeps of a session: a change, or a whole snapshot, which
// replaces all before it.
type Record struct {
	Session  []byte // the key of the session
	Snapshot bool   // Data is a snapshot
	Data     []byte // of a Change, or a snapshot
}
