package topic

// A tree is an ordered map from keys, which are bytes without NUL, to values. It
// never changes: what is set or deleted makes another tree, which shares all with the
// one before but the way from the root to the place of the change. So whoever reads
// needs no lock, and sees one state.
//
// A node is a page or a branch. A page has up to maxItems keys, one behind the other
// in the order of their bytes, each with its item. A branch has what all keys below it
// begin with, its prefix, and kids by the byte that follows, with which the keys of a
// kid begin. A kid that is a page has those of a range of bytes, as in a B-tree, so
// that pages are well filled whatever the keys are. A kid that is a branch has a
// prefix, so that no way is longer than a key.
type tree[T any] struct {
	root *node[T] // nil if there are no keys
}

// node is a page or a branch. It has 64 bytes, a line of the cache.
type node[T any] struct {
	// text has, in a page, where each key ends, in two bytes, and then the keys; in a
	// branch, the prefix, then the first byte of each kid, and then the wildcards.
	text string

	kids  []*node[T] // of a branch
	items []T        // of a page
}

const (
	maxItems = 16   // of a page
	maxText  = 4096 // of the keys of a page that has more than one
	keyEnd   = 0    // stands for the byte that follows the last one of a key
)

// The wildcards of a branch: what there is among the bytes that follow its prefix.
const (
	hasPlus = 1 << iota
	hasHash
)

func (n *node[T]) isPage() bool { return n.kids == nil }

// key returns a key of a page.
func (n *node[T]) key(i int) string {
	keys := n.text[2*len(n.items):]
	if i == 0 {
		return keys[:n.end(0)]
	}
	return keys[n.end(i-1):n.end(i)]
}

// end returns where among the keys of a page one of them ends.
func (n *node[T]) end(i int) int { return int(n.text[2*i]) | int(n.text[2*i+1])<<8 }

func (n *node[T]) prefix() string { return n.text[:len(n.text)-len(n.kids)-1] }

// firsts returns for each kid the least byte that its keys may begin with: keyEnd for
// the first kid, and for another one that is a branch the byte that all of them do.
func (n *node[T]) firsts() string { return n.text[len(n.text)-len(n.kids)-1 : len(n.text)-1] }

func (n *node[T]) wildcards() byte { return n.text[len(n.text)-1] }

// kid returns which kid of a branch has the keys that go on with c.
func (n *node[T]) kid(c byte) int { return kidOf(n.firsts(), c) }

// kidOf is kid for the first bytes of the kids.
func kidOf[K string | []byte](firsts K, c byte) int {
	i := 1
	for i < len(firsts) && firsts[i] <= c {
		i++
	}
	return i - 1
}

// search returns which key of a page is the given one, or else which is the first
// behind it.
func (n *node[T]) search(key []byte) (i int, found bool) {
	low, high := 0, len(n.items)
	for low < high {
		middle := (low + high) / 2
		switch k := n.key(middle); {
		case k == string(key):
			return middle, true
		case k < string(key):
			low = middle + 1
		default:
			high = middle
		}
	}
	return low, false
}

// first returns the byte that a key begins with.
func first[K string | []byte](key K) byte {
	if len(key) == 0 {
		return keyEnd
	}
	return key[0]
}

// common returns how many bytes a and b both begin with.
func common[K string | []byte](a string, b K) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// find returns the item of a key, or nil.
func (t tree[T]) find(key []byte) *T {
	n := t.root
	if n == nil {
		return nil
	}
	for !n.isPage() {
		prefix := n.prefix()
		if len(key) < len(prefix) || string(key[:len(prefix)]) != prefix {
			return nil
		}
		key = key[len(prefix):]
		n = n.kids[n.kid(first(key))]
	}
	if i, found := n.search(key); found {
		return &n.items[i]
	}
	return nil
}

// place is where a key stands: in which page, which of its keys it is, and what all
// keys of that page have in front.
type place[T any] struct {
	page  *node[T] // nil behind the last key
	item  int
	above []byte
}

// seek returns the place of the first key that is the given one or comes behind it.
// What stands above is written over the slice.
func (t tree[T]) seek(key, above []byte) place[T] {
	above = above[:0]
	var next *node[T] // has the next keys if all below n come before
	nextAbove := 0
	for n := t.root; n != nil; {
		if n.isPage() {
			if i, _ := n.search(key); i < len(n.items) {
				return place[T]{n, i, above}
			}
			break
		}
		prefix := n.prefix()
		alike := common(prefix, key)
		if alike < len(prefix) {
			if first(key[alike:]) < prefix[alike] {
				next, nextAbove = n, len(above)
			}
			break
		}
		key = key[alike:]
		above = append(above, prefix...)
		i := n.kid(first(key))
		if i+1 < len(n.kids) {
			next, nextAbove = n.kids[i+1], len(above)
		}
		n = n.kids[i]
	}
	return next.leftmost(above[:nextAbove])
}

// leftmost returns the place of the first key below n, which may be nil.
func (n *node[T]) leftmost(above []byte) place[T] {
	for n != nil && !n.isPage() {
		above = append(above, n.prefix()...)
		n = n.kids[0]
	}
	return place[T]{n, 0, above}
}

// all yields the keys behind one with their items, in order, until yield returns false. A
// key is valid until the next one comes.
func (t tree[T]) all(behind []byte, yield func(key []byte, item *T) bool) bool {
	var next []byte
	if len(behind) > 0 {
		next = append(append(next, behind...), anything...)
	}
	for p := t.seek(next, nil); p.page != nil; p = t.seek(next, p.above) {
		for ; p.item < len(p.page.items); p.item++ {
			next = append(append(next[:0], p.above...), p.page.key(p.item)...)
			if !yield(next, &p.page.items[p.item]) {
				return false
			}
			next = append(next, anything...)
		}
	}
	return true
}
