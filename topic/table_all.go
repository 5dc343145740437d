package topic

import (
	"cmp"
	"slices"
	"strings"
)

// all yields the keys of a table with their items, in the order of their hashes, from the
// given one on, until yield returns false. Nil has the hash 0, and so is the first.
func (t *table[T]) all(h uint64, from []byte, yield func(key string, item *T) bool) bool {
	return t.allIn(&t.root, 0, &held[T]{hash: h, key: string(from)}, yield)
}

// allIn is all for a slot below so many forks. It calls itself, for those below.
func (t *table[T]) allIn(s *slot[T], depth int, from *held[T], yield func(key string, item *T) bool) bool {
	if s.isFork() {
		first := s.slotOf(numberAt(from.hash, from.key, depth))
		for i := first; i < len(s.more.slots); i++ {
			if i > first {
				from = &held[T]{}
			}
			if !t.allIn(&s.more.slots[i], depth+1, from, yield) {
				return false
			}
		}
		return true
	}
	all := t.held(s)
	slices.SortFunc(all, func(a, b held[T]) int { return a.compare(&b) })
	for i := range all {
		if all[i].compare(from) >= 0 && !yield(all[i].key, &all[i].item) {
			return false
		}
	}
	return true
}

// compare compares by hash, and keys with the same one by their bytes.
func (e *held[T]) compare(o *held[T]) int {
	return cmp.Or(cmp.Compare(e.hash, o.hash), strings.Compare(e.key, o.key))
}
