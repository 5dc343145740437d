package topic

import "math/bits"

// A table is a map from keys, which are bytes, to items, by hashes of the keys. It never
// changes: what is set or deleted makes another table, which shares all with the one
// before but the way from the root to the place of the change. So whoever reads needs no
// lock, and sees one state.
//
// A slot is a leaf or a fork. A fork has slots by some bits of the hashes, from the
// first ones on, of which a leaf takes a run that is a power of two: where it would have
// too many keys, it is parted in two halves, and where it has but one number, it is a
// fork in its turn. So leaves are well filled, and all about as far from the root. Where
// the bits of the hashes are used up, those of the keys follow, so that any two keys are
// parted.
//
// A leaf has many keys, so that all slots together are few enough to stay in the caches:
// what is read to find a key is then two places of the bucket, in its text and its items.
// So that not all of it is copied for each change, what was set and deleted of late is
// in a small bucket beside it.
type table[T any] struct {
	root slot[T]
	most int // keys of a leaf
	hash func(key string) uint64
}

// slot is a leaf or a fork. It is as long as a line of the caches.
type slot[T any] struct {
	bucket[T]          // of a leaf
	marks     uint64   // of a leaf, recentBit of all recent keys; of a fork, a bit for each number with which a slot begins
	more      *more[T] // nil for a leaf with nothing recent
}

// more is what else there is of a leaf or of a fork.
type more[T any] struct {
	slots []slot[T] // of a fork

	bucket[T]        // what was set in a leaf, or deleted, since its other bucket was made
	gone      []bool // of each place of it, whether the key is deleted; nil if none is
}

func (s *slot[T]) isFork() bool { return s.homes == 0 && s.more != nil }

const (
	maxRecent     = 40      // keys of a leaf
	maxRecentText = 8 << 10 // bytes of their text
	forkBits      = 5
	forkNumbers   = 1 << forkBits
	firstShift    = 64 - forkBits
	hashForks     = (64 + forkBits - 1) / forkBits // so many use the bits of the hashes up
)

func recentBit(h uint64) uint64 { return 1 << (h >> 32 % 64) }

// slotOf returns which slot of a fork has a number.
func (s *slot[T]) slotOf(number uint) int {
	return bits.OnesCount64(s.marks&(2<<number-1)) - 1
}

// numberAt returns the number of a key in a fork that has so many forks above it. The
// order of the numbers, from the first fork on, is that of the hashes, and where these
// are the same that of the keys.
func numberAt[K string | []byte](h uint64, key K, depth int) uint {
	switch shift := firstShift - forkBits*depth; {
	case shift >= 0:
		return uint(h>>uint(shift)) % forkNumbers
	case shift > -forkBits:
		return uint(h<<uint(-shift)) % forkNumbers
	}
	bit := depth - hashForks
	switch i := bit / 9; {
	case i >= len(key):
		return 0
	case bit%9 == 0:
		return 1 // the key has one more byte
	default:
		return uint(key[i] >> uint(8-bit%9) & 1)
	}
}

// find returns the item of a key, whose hash is given, or nil.
func (t *table[T]) find(h uint64, key []byte) *T {
	s := &t.root
	for shift := firstShift; s.isFork(); shift -= forkBits {
		if shift < 0 {
			_, s = t.way(h, key, nil)
			break
		}
		s = &s.more.slots[s.slotOf(uint(h>>uint(shift))%forkNumbers)]
	}
	if s.marks&recentBit(h) != 0 {
		if i := s.more.search(h, key); i >= 0 {
			return s.more.item(i)
		}
	}
	if i := s.search(h, key); i >= 0 {
		return &s.items[i]
	}
	return nil
}

// item returns the item of a place of the recent keys, or nil if its key is deleted.
func (m *more[T]) item(i int) *T {
	if m.gone != nil && m.gone[i] {
		return nil
	}
	return &m.items[i]
}
