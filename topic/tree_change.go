package topic

// step is a branch that a way goes through, and which of its kids it goes on with.
type step[T any] struct {
	branch *node[T]
	kid    int
}

// usualSteps is how many steps a way has at most, but for keys of uncommon form.
const usualSteps = 24

// way appends the way of a key to steps, down to the last node, and returns what is
// left of the key there. The last node is a page, or a branch that does not have the
// key, as its prefix is another one, or nil if the tree is empty.
func (t tree[T]) way(key []byte, steps []step[T]) (way []step[T], last *node[T], rest []byte) {
	n := t.root
	for n != nil && !n.isPage() {
		prefix := n.prefix()
		if len(key) < len(prefix) || string(key[:len(prefix)]) != prefix {
			break
		}
		key = key[len(prefix):]
		i := n.kid(first(key))
		steps = append(steps, step[T]{n, i})
		n = n.kids[i]
	}
	return steps, n, key
}

// climb returns the tree in which the way leads to n.
func climb[T any](way []step[T], n *node[T]) tree[T] {
	for i := len(way) - 1; i >= 0; i-- {
		n = way[i].branch.withKid(way[i].kid, n)
	}
	return tree[T]{n}
}

// with returns the tree with an item for a key, in the place of what it had.
func (t tree[T]) with(key []byte, item T) tree[T] {
	way, last, rest := t.way(key, make([]step[T], 0, usualSteps))
	if last != nil && !last.isPage() && len(way) > 0 {
		last = way[len(way)-1].aside(last, rest)
	}
	add := addition[T]{key: string(rest), item: item}
	switch {
	case last == nil:
		return spread(way, add.kids(0, 1, 0))
	case !last.isPage():
		return spread(way, last.parted(&add, len(way) > 0))
	}
	i, found := last.search(rest)
	if found {
		return climb(way, last.withItem(i, item))
	}
	add.page, add.at = last, i
	return spread(way, add.kids(0, len(last.items)+1, 0))
}

// aside makes the step go on with the kid behind a branch that does not have a key, if
// that is a page and may have it, and returns which node it goes on with.
func (s *step[T]) aside(n *node[T], key []byte) *node[T] {
	if i := s.kid + 1; first(key) > first(n.prefix()) && i < len(s.branch.kids) && s.branch.kids[i].isPage() {
		s.kid = i
		return s.branch.kids[i]
	}
	return n
}

// spread returns the tree in which the way leads to the kids.
func spread[T any](way []step[T], kids []child[T]) tree[T] {
	top := len(way) - 1
	switch {
	case top < 0 && len(kids) > 1:
		return tree[T]{newBranch("", len(kids), func(i int) child[T] { return kids[i] })}
	case top < 0 || len(kids) == 1 && way[top].takes(kids[0]):
		return climb(way, kids[0].node)
	}
	s := way[top]
	return climb(way[:top], s.branch.withKids(s.kid, s.kid+1, kids...))
}

// takes reports whether a node can go in the place of the kid that the step goes on with,
// and that kid's range stays: not if it becomes a branch, whose keys begin with one byte.
func (s *step[T]) takes(c child[T]) bool {
	from := s.branch.firsts()[s.kid]
	return c.first == from || c.first > from && c.node.isPage()
}

// addition is the keys and items of a page, which may be nil, with one more.
type addition[T any] struct {
	page *node[T]
	at   int // where among those of the page it is
	key  string
	item T
}

// entry returns one of them, without so many bytes of its key.
func (a *addition[T]) entry(i, cut int) entry[T] {
	if i == a.at {
		return entry[T]{"", a.key[cut:], a.item}
	}
	if i > a.at {
		i--
	}
	e := a.page.entry(i)
	e.key = e.key[cut:]
	return e
}

// kids returns nodes for those from low to high-1, without the bytes that all of their
// keys begin with and that nodes above have: pages where they fit. It calls itself, for
// fewer of them.
func (a *addition[T]) kids(low, high, cut int) []child[T] {
	bytes := 0
	for i := low; i < high; i++ {
		bytes += len(a.entry(i, cut).key)
	}
	least := a.entry(low, cut).key
	if fits(high-low, bytes) {
		return []child[T]{{first(least), newPage(high-low, func(i int) entry[T] { return a.entry(low+i, cut) })}}
	}
	if alike := common(least, a.entry(high-1, cut).key); alike > 0 {
		below := a.kids(low, high, cut+alike)
		return []child[T]{{first(least), newBranch(least[:alike], len(below), func(i int) child[T] { return below[i] })}}
	}
	middle := a.middle(low, high, cut)
	return append(a.kids(low, middle, cut), a.kids(middle, high, cut)...)
}

// middle returns where those from low to high-1, of which not all go on with the same
// byte, can be parted between two bytes, as near to the middle as there is such a place.
func (a *addition[T]) middle(low, high, cut int) (middle int) {
	nearest := high
	for i := low + 1; i < high; i++ {
		off := max(2*i-low-high, low+high-2*i)
		if off < nearest && first(a.entry(i-1, cut).key) != first(a.entry(i, cut).key) {
			middle, nearest = i, off
		}
	}
	return middle
}

// parted returns what stands in the place of a branch once there is a key that does not
// begin with its prefix: two kids, if the branch above may have them as there is nothing
// that both begin with, or else a branch with these.
func (n *node[T]) parted(add *addition[T], beside bool) []child[T] {
	prefix := n.prefix()
	alike := common(prefix, add.key)
	kids := []child[T]{
		{first(add.key[alike:]), newPage(1, func(int) entry[T] { return add.entry(0, alike) })},
		{prefix[alike], &node[T]{text: n.text[alike:], kids: n.kids}},
	}
	if kids[0].first > kids[1].first {
		kids[0], kids[1] = kids[1], kids[0]
	}
	if alike == 0 && beside {
		return kids
	}
	return []child[T]{{prefix[0], newBranch(prefix[:alike], 2, func(i int) child[T] { return kids[i] })}}
}

// without returns the tree without a key, and whether it had it.
func (t tree[T]) without(key []byte) (tree[T], bool) {
	way, last, rest := t.way(key, make([]step[T], 0, usualSteps))
	if last == nil || !last.isPage() {
		return t, false
	}
	i, found := last.search(rest)
	if !found {
		return t, false
	}
	n := last.without(i)
	for i := len(way) - 1; i >= 0; i-- {
		n = way[i].shrunk(n)
	}
	return tree[T]{n}, true
}

// shrunk returns the branch, or what is left of it, with a kid that has a key less, or
// nil, in the place of the one that the way goes on with. Pages that would be less than
// half full are made one with a page beside them, so that many that are nearly empty
// do not stay when much is deleted.
func (s step[T]) shrunk(n *node[T]) *node[T] {
	b := s.branch
	switch {
	case n == nil:
		b = b.withKids(s.kid, s.kid+1)
	case s.kid > 0 && joinable(b.kids[s.kid-1], n):
		b = b.withKids(s.kid-1, s.kid+1, child[T]{b.firsts()[s.kid-1], b.kids[s.kid-1].joined(n)})
	case s.kid+1 < len(b.kids) && joinable(n, b.kids[s.kid+1]):
		b = b.withKids(s.kid, s.kid+2, child[T]{b.firsts()[s.kid], n.joined(b.kids[s.kid+1])})
	default:
		b = b.withKid(s.kid, n)
	}
	if b != nil && len(b.kids) == 1 {
		return b.lone()
	}
	return b
}

// joinable reports whether n and m are pages that can be one and leave room in it.
func joinable[T any](n, m *node[T]) bool {
	return n.isPage() && m.isPage() && len(n.items)+len(m.items) <= maxItems/2 && fits(maxItems/2, n.bytes()+m.bytes())
}

// lone returns what can stand in the place of a branch with one kid.
func (n *node[T]) lone() *node[T] {
	kid := n.kids[0]
	switch prefix := n.prefix(); {
	case !kid.isPage():
		return &node[T]{text: prefix + kid.text, kids: kid.kids}
	case fits(len(kid.items), kid.bytes()+len(prefix)*len(kid.items)):
		return kid.behind(prefix)
	}
	return n
}
