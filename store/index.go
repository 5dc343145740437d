package store

import (
	"cmp"
	"maps"
	"slices"

	"github.com/mqttwire/mqttwire/session"
)

// index knows which records of a session are kept, by their numbers, in their order.
type index map[string][]uint64

func newIndex() index { return make(index) }

// add adds a record, which is kept.
func (x index) add(r session.Record, number uint64) {
	x[string(r.Session)] = append(x[string(r.Session)], number)
}

// sessions returns the keys of the sessions, in the order of their first records.
func (x index) sessions() []string {
	return slices.SortedFunc(maps.Keys(x), func(a, b string) int { return cmp.Compare(x[a][0], x[b][0]) })
}
