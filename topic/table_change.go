package topic

import (
	"math/bits"
	"slices"
)

// turn is a fork that a way goes through, and which of its slots it goes on with.
type turn[T any] struct {
	fork *slot[T]
	slot int
}

// usualTurns is how many turns a way has at most, but for hashes that are alike.
const usualTurns = 16

// way appends the way of a key to turns, down to its leaf, which it returns.
func (t *table[T]) way(h uint64, key []byte, turns []turn[T]) ([]turn[T], *slot[T]) {
	s := &t.root
	for s.isFork() {
		at := turn[T]{s, s.slotOf(numberAt(h, key, len(turns)))}
		turns, s = append(turns, at), &s.more.slots[at.slot]
	}
	return turns, s
}

// climb returns the table in which the way leads to s.
func (t *table[T]) climb(way []turn[T], s slot[T]) table[T] {
	for i := len(way) - 1; i >= 0; i-- {
		f := newFork(way[i].fork.marks, slices.Clone(way[i].fork.more.slots))
		f.more.slots[way[i].slot] = s
		s = f
	}
	return table[T]{s, t.most, t.hash}
}

func newFork[T any](starts uint64, slots []slot[T]) slot[T] {
	return slot[T]{marks: starts, more: &more[T]{slots: slots}}
}

// with returns the table with an item for a key, in the place of what it had.
func (t *table[T]) with(h uint64, key []byte, item T) table[T] {
	var room [usualTurns]turn[T]
	way, s := t.way(h, key, room[:0])
	leaf := t.changed(s, held[T]{h, string(key), item, false})
	if int(leaf.keys) <= t.most && len(leaf.text) <= sureText*t.mostText() {
		return t.climb(way, leaf)
	}
	all := t.held(&leaf)
	switch top := len(way) - 1; {
	case t.fits(all):
		return t.climb(way, leaf)
	case top >= 0:
		return t.climb(way[:top], t.partedIn(way[top], all, top))
	}
	return t.climb(way, t.parted(all, 0))
}

// mostText returns how many bytes the keys of a leaf may have, unless it has but one.
func (t *table[T]) mostText() int { return t.most * maxPlace }

// sureText is how many times that the text of a bucket is at most if its keys have no more.
const sureText = 3

// fits reports whether a leaf may have the keys.
func (t *table[T]) fits(all []held[T]) bool {
	sum := 0
	for i := range all {
		sum += len(all[i].key)
	}
	return len(all) <= 1 || len(all) <= t.most && sum <= t.mostText()
}

// changed returns a leaf in which a key has another item than before, or is gone.
func (t *table[T]) changed(s *slot[T], e held[T]) slot[T] {
	var room [maxRecent + 1]held[T]
	all := room[:0]
	if s.more != nil {
		all = t.heldIn(&s.more.bucket, all)
		for i := range all {
			all[i].gone = s.more.get(&all[i]) == nil
		}
	}
	inBucket := s.search(e.hash, []byte(e.key)) >= 0
	had := inBucket
	if i := slices.IndexFunc(all, func(o held[T]) bool { return o.key == e.key }); i >= 0 {
		had = !all[i].gone
		all = slices.Delete(all, i, i+1)
	}
	if !e.gone || inBucket {
		all = append(all, e)
	}
	n := *s
	switch {
	case had && e.gone:
		n.keys--
	case !had && !e.gone:
		n.keys++
	}
	n.setRecent(all)
	if len(all) > min(maxRecent, int(n.keys)/16) || n.more != nil && len(n.more.text) > maxRecentText {
		return slot[T]{bucket: newBucket(t.held(&n))}
	}
	return n
}

// get returns the item of a recent key, or nil if it is deleted.
func (m *more[T]) get(e *held[T]) *T { return m.item(m.search(e.hash, []byte(e.key))) }

// setRecent sets the recent keys of a leaf.
func (s *slot[T]) setRecent(all []held[T]) {
	s.marks, s.more = 0, nil
	if len(all) == 0 {
		return
	}
	s.more = &more[T]{bucket: newBucket(all)}
	for i := range all {
		s.marks |= recentBit(all[i].hash)
		if all[i].gone {
			s.more.delete(&all[i])
		}
	}
}

// delete makes a recent key one that is deleted.
func (m *more[T]) delete(e *held[T]) {
	if m.gone == nil {
		m.gone = make([]bool, len(m.items))
	}
	m.gone[m.search(e.hash, []byte(e.key))] = true
}

// heldIn appends the keys of a bucket to dst.
func (t *table[T]) heldIn(b *bucket[T], dst []held[T]) []held[T] {
	for i := range b.items {
		if key, ok := b.key(i); ok {
			dst = append(dst, held[T]{t.hash(key), key, b.items[i], false})
		}
	}
	return dst
}

// held returns the keys of a leaf.
func (t *table[T]) held(s *slot[T]) []held[T] {
	all := t.heldIn(&s.bucket, make([]held[T], 0, s.keys))
	if s.more == nil {
		return all
	}
	all = slices.DeleteFunc(all, func(e held[T]) bool {
		return s.marks&recentBit(e.hash) != 0 && s.more.search(e.hash, []byte(e.key)) >= 0
	})
	n := len(all)
	all = t.heldIn(&s.more.bucket, all)
	return append(all[:n], slices.DeleteFunc(all[n:], func(e held[T]) bool { return s.more.get(&e) == nil })...)
}

// parted returns the slot that has the keys, below so many forks: a leaf if they fit.
func (t *table[T]) parted(all []held[T], depth int) slot[T] {
	if t.fits(all) {
		return slot[T]{bucket: newBucket(all)}
	}
	f := newFork[T](0, nil)
	t.part(&f, all, depth, 0, forkNumbers)
	return f
}

// part appends slots to a fork for the numbers from low to high-1, which have the keys.
func (t *table[T]) part(f *slot[T], all []held[T], depth int, low, high uint) {
	if t.fits(all) || high-low == 1 {
		f.marks |= 1 << low
		f.more.slots = append(f.more.slots, t.parted(all, depth+1))
		return
	}
	middle, front := (low+high)/2, 0
	for i := range all {
		if numberAt(all[i].hash, all[i].key, depth) < middle {
			all[front], all[i] = all[i], all[front]
			front++
		}
	}
	t.part(f, all[:front], depth, low, middle)
	t.part(f, all[front:], depth, middle, high)
}

// partedIn returns the fork with slots for the keys in the place of one.
func (t *table[T]) partedIn(at turn[T], all []held[T], depth int) slot[T] {
	low, high := at.fork.numbers(at.slot)
	slots := at.fork.more.slots
	f := newFork(at.fork.marks&(1<<low-1), append(make([]slot[T], 0, len(slots)+1), slots[:at.slot]...))
	t.part(&f, all, depth, low, high)
	f.marks |= at.fork.marks &^ (1<<high - 1)
	f.more.slots = append(f.more.slots, slots[at.slot+1:]...)
	return f
}

// numbers returns those of a slot: from low to high-1.
func (s *slot[T]) numbers(i int) (low, high uint) {
	starts := s.marks
	for range i {
		starts &= starts - 1
	}
	low = uint(bits.TrailingZeros64(starts))
	return low, min(uint(bits.TrailingZeros64(starts&(starts-1))), forkNumbers)
}

// without returns the table without a key, whose hash is given, and whether it had it.
// Leaves that have few keys left are made one, so that many that are nearly empty do not
// stay when much is deleted.
func (t *table[T]) without(h uint64, key []byte) (table[T], bool) {
	if t.find(h, key) == nil {
		return *t, false
	}
	var room [usualTurns]turn[T]
	way, s := t.way(h, key, room[:0])
	less := t.changed(s, held[T]{hash: h, key: string(key), gone: true})
	for top := len(way) - 1; top >= 0 && !less.isFork(); top-- {
		less, way = t.shrunk(way[top], less), way[:top]
	}
	return t.climb(way, less), true
}

// shrunk returns the slot that has a fork, or the leaf that can stand in the place of it,
// once it goes on with a leaf that has a key less.
func (t *table[T]) shrunk(at turn[T], leaf slot[T]) slot[T] {
	slots := slices.Clone(at.fork.more.slots)
	slots[at.slot] = leaf
	f := newFork(at.fork.marks, slots)
	for i := at.slot; len(slots) > 1; {
		low, high := f.numbers(i)
		beside := i + 1
		if low&(high-low) != 0 {
			beside = i - 1
		}
		from, to := f.numbers(beside)
		if to-from != high-low || !t.leavesJoin(&slots[i], &slots[beside]) {
			f.more.slots = slots
			return f
		}
		i, beside = min(i, beside), max(i, beside)
		slots[i] = slot[T]{bucket: newBucket(append(t.held(&slots[i]), t.held(&slots[beside])...))}
		slots = slices.Delete(slots, beside, beside+1)
		f.marks &^= 1 << max(low, from)
	}
	return slots[0]
}

// leavesJoin reports whether a and b are leaves that can be one and leave room in it.
func (t *table[T]) leavesJoin(a, b *slot[T]) bool {
	switch {
	case a.isFork() || b.isFork():
		return false
	case a.keys == 0 || b.keys == 0:
		return true
	}
	return int(a.keys+b.keys) <= t.most/2 && len(a.text)+len(b.text) <= t.mostText()/2
}
