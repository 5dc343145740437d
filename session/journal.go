package session

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"sync"
)

// Journal keeps records in their order. Append is back when they are durable; after an
// error nothing that depends on them may be written: the connections end, and a
// session is what the journal says. It may be used by many goroutines at once. What it
// keeps of the records it copies: their memory is the caller's when Append is back.
type Journal interface {
	Append(records []Record) error

	// Load returns the records in their order, as far as they are still needed. A torn
	// tail ends them; damage before it is an error that says where.
	Load() iter.Seq2[Record, error]

	// Close gives back what the journal holds. It can be called once nothing is appended
	// or loaded any more.
	Close() error
}

// Record is what a Journal keeps of a session: a change, or a snapshot, which replaces
// all records of that session before it. One that is empty ends them: nothing is kept
// of the session.
type Record struct {
	Session  []byte // the key of the session, such as the client identifier
	Data     []byte // of a Change, or a snapshot
	Snapshot bool
}

// MemoryJournal returns a Journal that keeps the records in memory, copied, as long as
// the program runs: the default where nothing else is given, and for tests.
func MemoryJournal() Journal { return &memoryJournal{sessions: make(map[string]*memorySession)} }

type memoryJournal struct {
	mu       sync.Mutex
	sessions map[string]*memorySession
	came     uint64 // counts the sessions
}

// memorySession is what a memoryJournal has of a session.
type memorySession struct {
	came    uint64
	records []Record
}

func (j *memoryJournal) Append(records []Record) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, r := range records {
		if r.Snapshot && len(r.Data) == 0 {
			delete(j.sessions, string(r.Session))
			continue
		}
		m := j.sessions[string(r.Session)]
		if m == nil {
			j.came++
			m = &memorySession{came: j.came}
			j.sessions[string(r.Session)] = m
		}
		if r.Snapshot {
			m.records = nil
		}
		m.records = append(m.records, Record{slices.Clone(r.Session), slices.Clone(r.Data), r.Snapshot})
	}
	return nil
}

func (j *memoryJournal) Load() iter.Seq2[Record, error] {
	j.mu.Lock()
	list := slices.SortedFunc(maps.Values(j.sessions), func(a, b *memorySession) int { return cmp.Compare(a.came, b.came) })
	var all []Record
	for _, m := range list {
		all = append(all, m.records...)
	}
	j.mu.Unlock()
	return func(yield func(Record, error) bool) {
		for _, r := range all {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (j *memoryJournal) Close() error { return nil }
