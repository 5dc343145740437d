package topic

import "strings"

// entry is a key, in two parts, and its item.
type entry[T any] struct {
	front, key string
	item       T
}

// newPage returns a page of n entries, 1 to maxItems.
func newPage[T any](n int, at func(i int) entry[T]) *node[T] {
	p := &node[T]{items: make([]T, n)}
	var ends [2 * maxItems]byte
	end := 0
	for i := range n {
		e := at(i)
		end += len(e.front) + len(e.key)
		ends[2*i], ends[2*i+1] = byte(end), byte(end>>8)
		p.items[i] = e.item
	}
	var text strings.Builder
	text.Grow(2*n + end)
	text.Write(ends[:2*n])
	for i := range n {
		e := at(i)
		text.WriteString(e.front)
		text.WriteString(e.key)
	}
	p.text = text.String()
	return p
}

// fits reports whether a page may have n keys that have so many bytes.
func fits(n, bytes int) bool { return n == 1 || n <= maxItems && bytes <= maxText }

// bytes returns how many bytes the keys of a page have.
func (n *node[T]) bytes() int { return n.end(len(n.items) - 1) }

// entry returns a key of a page and its item.
func (n *node[T]) entry(i int) entry[T] { return entry[T]{"", n.key(i), n.items[i]} }

// withItem returns the page with another item for one of its keys.
func (n *node[T]) withItem(i int, item T) *node[T] {
	items := make([]T, len(n.items))
	copy(items, n.items)
	items[i] = item
	return &node[T]{text: n.text, items: items}
}

// without returns the page without one of its keys, or nil if it has no other.
func (n *node[T]) without(i int) *node[T] {
	if len(n.items) == 1 {
		return nil
	}
	return newPage(len(n.items)-1, func(j int) entry[T] {
		if j >= i {
			j++
		}
		return n.entry(j)
	})
}

// behind returns the page with a prefix in front of each key.
func (n *node[T]) behind(prefix string) *node[T] {
	return newPage(len(n.items), func(i int) entry[T] { return entry[T]{prefix, n.key(i), n.items[i]} })
}

// joined returns a page with the keys of n and those of m, which come behind them.
func (n *node[T]) joined(m *node[T]) *node[T] {
	return newPage(len(n.items)+len(m.items), func(i int) entry[T] {
		if i < len(n.items) {
			return n.entry(i)
		}
		return m.entry(i - len(n.items))
	})
}

// child is a kid of a branch, and the least byte that its keys may begin with.
type child[T any] struct {
	first byte
	node  *node[T]
}

// newBranch returns a branch with n kids.
func newBranch[T any](prefix string, n int, at func(i int) child[T]) *node[T] {
	text := append(make([]byte, 0, 256), prefix...)
	kids := make([]*node[T], n)
	for i := range n {
		c := at(i)
		if i == 0 {
			c.first = keyEnd
		}
		text = append(text, c.first)
		kids[i] = c.node
	}
	text = append(text, wildcards(text[len(prefix):], kids))
	return &node[T]{text: string(text), kids: kids}
}

// wildcards returns those of a branch.
func wildcards[T any, K string | []byte](firsts K, kids []*node[T]) (w byte) {
	if kids[kidOf(firsts, '+')].begins('+') {
		w |= hasPlus
	}
	if kids[kidOf(firsts, '#')].begins('#') {
		w |= hasHash
	}
	return w
}

// begins reports whether a key below n begins with c.
func (n *node[T]) begins(c byte) bool {
	if !n.isPage() {
		return first(n.prefix()) == c
	}
	i, _ := n.search([]byte{c})
	return i < len(n.items) && first(n.key(i)) == c
}

// withKid returns the branch with another kid in the place of one. Its keys are within
// the same range.
func (n *node[T]) withKid(i int, kid *node[T]) *node[T] {
	kids := make([]*node[T], len(n.kids))
	copy(kids, n.kids)
	kids[i] = kid
	text := n.text
	if w := wildcards(n.firsts(), kids); w != n.wildcards() {
		text = text[:len(text)-1] + string([]byte{w})
	}
	return &node[T]{text: text, kids: kids}
}

// withKids returns the branch with other kids, any number of them, in the place of those
// from i to j-1; nil if there are none then.
func (n *node[T]) withKids(i, j int, kids ...child[T]) *node[T] {
	count := len(n.kids) - (j - i) + len(kids)
	if count == 0 {
		return nil
	}
	firsts := n.firsts()
	return newBranch(n.prefix(), count, func(k int) child[T] {
		switch {
		case k >= i+len(kids):
			k += j - i - len(kids)
		case k >= i:
			return kids[k-i]
		}
		return child[T]{firsts[k], n.kids[k]}
	})
}
