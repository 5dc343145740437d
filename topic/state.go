package topic

import "hash/maphash"

// indexState is what an Index has at a moment. It never changes.
//
// A filter without wildcards is looked up by the name as a whole. Any other one is cut in
// two: the front, which is the levels before the first that has a wildcard, and the rest.
// Fronts are looked up by the levels that the name begins with, for each number of them
// that there are fronts with, and each leads to its rests.
type indexState[V comparable] struct {
	seed   maphash.Seed
	plain  table[listed[V]] // by filters without wildcards, if they are not shared
	fronts table[rests[V]]
	top    tree[listed[V]] // rests that have no front

	frontCount  [maxFront + 1]uint32 // how many fronts have so many levels
	frontLevels uint32               // a bit for each that is not 0

	filterCount       int
	subscriptionCount int
}

// maxFront is how many levels a front has at most; others are in the rest. So a name is
// hashed no more often, however many levels it has.
const maxFront = 15

// rests is what filters have behind a front.
type rests[V comparable] struct {
	hash   listed[V]       // of the rest that is a level with #, which is the usual one
	others tree[listed[V]] // of all others
}

// usualLeaf is how many keys a leaf has at most: so many that all slots of a table with a
// million keys are some 50 KB.
const usualLeaf = 2048

const hashRest = "/#"

// newState returns a state with nothing in it.
func newState[V comparable]() indexState[V] {
	seed := maphash.MakeSeed()
	hash := func(key string) uint64 { return maphash.String(seed, key) }
	return indexState[V]{seed: seed, plain: table[listed[V]]{most: usualLeaf, hash: hash}, fronts: table[rests[V]]{most: usualLeaf, hash: hash}}
}

func (s *indexState[V]) hash(key []byte) uint64 { return maphash.Bytes(s.seed, key) }

// isPlain, in the place of how many levels the front has, tells that the key has no rest.
const isPlain = -1

// cutKey cuts a key in front and rest, and returns how many levels are in front. With a
// level there is the slash behind it in the rest, if that has levels too.
func cutKey(key []byte) (front, rest []byte, levels int) {
	end := endOfPlain(key)
	switch {
	case end < 0:
		return key, nil, isPlain
	case end == 0 && key[0] != '/':
		return nil, key, 0
	}
	for at := 0; ; at++ {
		at = min(endOfLevel(key, at), end)
		if levels++; at == end || levels == maxFront {
			return key[:at], key[at:], levels
		}
	}
}

// endOfPlain returns where the levels of a key end that have no wildcard, or -1 if none
// has one and the key is not that of a shared filter.
func endOfPlain(key []byte) int {
	end := 0
	for i, c := range key {
		switch c {
		case '/':
			end = i
		case '+', '#':
			return end
		case groupMark:
			return i
		}
	}
	return -1
}

// find returns what a key has, or nil.
func (s *indexState[V]) find(key []byte) *listed[V] {
	front, rest, levels := cutKey(key)
	switch levels {
	case isPlain:
		return s.plain.find(s.hash(key), key)
	case 0:
		return s.top.find(key)
	}
	switch r := s.fronts.find(s.hash(front), front); {
	case r == nil:
		return nil
	case string(rest) != hashRest:
		return r.others.find(rest)
	case r.hash.isSet():
		return &r.hash
	}
	return nil
}

// set sets what a key has.
func (s *indexState[V]) set(key []byte, item listed[V]) {
	front, rest, levels := cutKey(key)
	h := s.hash(front)
	switch levels {
	case isPlain:
		s.plain = s.plain.with(h, key, item)
		return
	case 0:
		s.top = s.top.with(key, item)
		return
	}
	var changed rests[V]
	if r := s.fronts.find(h, front); r != nil {
		changed = *r
	} else {
		s.countFront(levels, 1)
	}
	if string(rest) == hashRest {
		changed.hash = item
	} else {
		changed.others = changed.others.with(rest, item)
	}
	s.fronts = s.fronts.with(h, front, changed)
}

// delete deletes a key, which is there.
func (s *indexState[V]) delete(key []byte) {
	front, rest, levels := cutKey(key)
	h := s.hash(front)
	switch levels {
	case isPlain:
		s.plain, _ = s.plain.without(h, key)
		return
	case 0:
		s.top, _ = s.top.without(key)
		return
	}
	changed := *s.fronts.find(h, front)
	if string(rest) == hashRest {
		changed.hash = listed[V]{}
	} else {
		changed.others, _ = changed.others.without(rest)
	}
	if changed.hash.isSet() || changed.others.root != nil {
		s.fronts = s.fronts.with(h, front, changed)
		return
	}
	s.fronts, _ = s.fronts.without(h, front)
	s.countFront(levels, -1)
}

// countFront takes note of a front more or less with so many levels.
func (s *indexState[V]) countFront(levels, n int) {
	s.frontCount[levels] += uint32(n)
	s.frontLevels &^= 1 << levels
	if s.frontCount[levels] > 0 {
		s.frontLevels |= 1 << levels
	}
}

// all yields all keys, or those behind one, and what they have, until yield returns
// false. Their order is one that does not change as long as the Index has keys.
func (s *indexState[V]) all(behind []byte, yield func(key []byte, l *listed[V]) bool) bool {
	front, rest, levels := cutKey(behind)
	if len(behind) == 0 {
		levels = 0
	}
	if levels == 0 && !s.top.all(behind, yield) {
		return false
	}
	var h uint64
	if levels != isPlain {
		if !s.allOfFronts(front, rest, levels, yield) {
			return false
		}
		front = nil
	} else {
		h = s.hash(front)
	}
	return s.plain.all(h, front, func(key string, l *listed[V]) bool {
		return key == string(behind) || yield([]byte(key), l)
	})
}

// allOfFronts is all for the keys that have a front: from the given one on if it has
// levels, and of that one those behind a rest.
func (s *indexState[V]) allOfFronts(front, rest []byte, levels int, yield func(key []byte, l *listed[V]) bool) bool {
	var h uint64
	if levels > 0 {
		h = s.hash(front)
	}
	var key []byte
	return s.fronts.all(h, front, func(f string, r *rests[V]) bool {
		var behind []byte
		if levels > 0 && f == string(front) {
			behind = rest
		}
		key = append(append(key[:0], f...), hashRest...)
		if len(behind) == 0 && r.hash.isSet() && !yield(key, &r.hash) {
			return false
		}
		if string(behind) == hashRest {
			behind = nil
		}
		return r.others.all(behind, func(rest []byte, l *listed[V]) bool {
			key = append(append(key[:0], f...), rest...)
			return yield(key, l)
		})
	})
}
