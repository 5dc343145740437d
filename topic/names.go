package topic

import (
	"iter"
	"sync"
	"sync/atomic"

	"github.com/mqttwire/mqttwire"
)

// Names holds values by topic names, and finds those that a filter matches, as retained
// messages are found. The zero value is empty. It may be used by many goroutines at
// once, and must not be copied.
type Names[V any] struct {
	writing sync.Mutex
	state   atomic.Pointer[namesState[V]] // nil if nothing was ever set
}

// namesState is what Names has at a moment. It never changes.
type namesState[V any] struct {
	names tree[V]
	count int
}

func (n *Names[V]) now() namesState[V] {
	if state := n.state.Load(); state != nil {
		return *state
	}
	return namesState[V]{}
}

// Set sets the value of a topic name, of which it keeps a copy, and returns whether
// that had one before. A name that is not legal is an *Error, and nothing is set.
func (n *Names[V]) Set(name []byte, v V) (replaced bool, err error) {
	if err := mqttwire.CheckTopicName(name, mqttwire.V5); err != nil {
		return false, err
	}
	n.writing.Lock()
	defer n.writing.Unlock()
	state := n.now()
	if replaced = state.names.find(name) != nil; !replaced {
		state.count++
	}
	state.names = state.names.with(name, v)
	n.state.Store(&state)
	return replaced, nil
}

// Delete removes a topic name, and returns whether it had a value.
func (n *Names[V]) Delete(name []byte) (deleted bool) {
	n.writing.Lock()
	defer n.writing.Unlock()
	state := n.now()
	if state.names, deleted = state.names.without(name); deleted {
		state.count--
		n.state.Store(&state)
	}
	return deleted
}

// Get returns the value of a topic name, and whether it has one.
func (n *Names[V]) Get(name []byte) (v V, ok bool) {
	if item := n.now().names.find(name); item != nil {
		return *item, true
	}
	return v, false
}

// Len returns how many names there are.
func (n *Names[V]) Len() int { return n.now().count }

// All returns all names with their values, in the order of their bytes, as they are when it
// begins. A name is valid until the next one comes.
func (n *Names[V]) All() iter.Seq2[[]byte, V] {
	return func(yield func([]byte, V) bool) {
		n.now().names.all(nil, func(name []byte, v *V) bool { return yield(name, *v) })
	}
}

// Find goes on with a search: it looks at up to so many names, and yields those that
// the filter matches, in the order of their bytes. A name is valid until the next one
// comes. It sees one state of Names, and the loop may set and delete. What is set or
// deleted between two calls counts for the second if its name comes behind what was
// looked at. A search that c has not begun or that is at its end yields nothing.
func (n *Names[V]) Find(c *Cursor, atMost int) iter.Seq2[[]byte, V] {
	return func(yield func([]byte, V) bool) { find(n.now().names, c, atMost, yield) }
}
