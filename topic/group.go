package topic

import "slices"

// Group is the subscriptions of the group of a shared filter; it has at least one. It
// does not change: what is set or deleted later is not seen in it.
type Group[V comparable] struct {
	name    string // empty for the subscriptions of a filter that is not shared
	members members[V]
}

// Name returns the ShareName.
func (g *Group[V]) Name() string { return g.name }

// Len returns how many subscriptions there are.
func (g *Group[V]) Len() int { return g.members.n }

// At returns one of them, from 0 to Len-1. They are in the order in which they were
// set, but the last one takes the place of one that is deleted.
func (g *Group[V]) At(i int) Hit[V] { return g.members.at(i).hit() }

// with returns the group with a subscription, in the place of the one that has the
// same value, and whether there was such a one.
func (g *Group[V]) with(s subscription[V]) (_ *Group[V], replaced bool) {
	m, replaced := g.members.with(s)
	return &Group[V]{g.name, m}, replaced
}

// members is a list that never changes, but for places, which only who writes looks at.
type members[V comparable] struct {
	chunks [][]subscription[V] // all full but the last
	n      int
	places map[V]int // nil if they are few
}

const (
	chunk = 256 // members of a chunk: all that is copied if one of them changes
	few   = 32
)

func (m *members[V]) at(i int) *subscription[V] { return &m.chunks[i/chunk][i%chunk] }

// place returns which member has a value, or -1.
func (m *members[V]) place(v V) int {
	if m.places != nil {
		if i, ok := m.places[v]; ok {
			return i
		}
		return -1
	}
	for i := range m.n {
		if m.at(i).value == v {
			return i
		}
	}
	return -1
}

func (m *members[V]) with(s subscription[V]) (_ members[V], replaced bool) {
	if i := m.place(s.value); i >= 0 {
		return members[V]{m.changed(i, s), m.n, m.places}, true
	}
	grown := members[V]{m.changed(m.n, s), m.n + 1, m.places}
	switch {
	case grown.places != nil:
		grown.places[s.value] = m.n
	case grown.n > few:
		grown.places = make(map[V]int, grown.n)
		for i := range grown.n {
			grown.places[grown.at(i).value] = i
		}
	}
	return grown, false
}

// changed returns chunks in which one member is another one, or there is one more.
func (m *members[V]) changed(i int, s subscription[V]) [][]subscription[V] {
	c := i / chunk
	chunks := make([][]subscription[V], max(len(m.chunks), c+1))
	copy(chunks, m.chunks)
	chunks[c] = make([]subscription[V], max(len(chunks[c]), i%chunk+1))
	if c < len(m.chunks) {
		copy(chunks[c], m.chunks[c])
	}
	chunks[c][i%chunk] = s
	return chunks
}

// without returns the members without one of them.
func (m *members[V]) without(i int) members[V] {
	last := m.n - 1
	gone, moved := m.at(i).value, *m.at(last)
	chunks := m.changed(i, moved)
	c := last / chunk
	if chunks[c] = slices.Clone(chunks[c][:last%chunk]); last%chunk == 0 {
		chunks = chunks[:c:c]
	}
	places := m.places
	if places != nil {
		places[moved.value] = i
		delete(places, gone)
	}
	if last <= few/2 {
		places = nil
	}
	return members[V]{chunks, last, places}
}
