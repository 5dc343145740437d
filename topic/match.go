package topic

import "bytes"

// Match appends to dst a hit for each subscription that is not shared, and for each
// group of a shared one, whose filter matches the topic name, which is legal. One value
// has several hits if it has several such filters. They are in no particular order, but
// in the same one each time as long as nothing is set or deleted. Match allocates only
// where dst has no room. Sections 4.7 and 4.8.2.
func (x *Index[V]) Match(name []byte, dst []Hit[V]) []Hit[V] {
	state := x.state.Load()
	if state == nil || len(name) == 0 {
		return dst
	}
	m := matching[V]{name: name, levelEnd: -1, dst: dst}
	m.index(state)
	return m.dst
}

// index appends the hits of an Index.
func (m *matching[V]) index(state *indexState[V]) {
	name := m.name
	if l := state.plain.find(state.hash(name), name); l != nil {
		m.hits(l)
	}
	for levels, end := state.frontLevels>>1, 0; levels != 0 && end <= len(name); levels, end = levels>>1, end+1 {
		end = endOfLevel(name, end)
		if levels&1 == 0 {
			continue
		}
		m.looks++
		if r := state.fronts.find(state.hash(name[:end]), name[:end]); r != nil {
			m.rests(r, end)
		}
	}
	if state.top.root != nil {
		m.tree(state.top.root, 0)
	}
}

// rests appends the hits of a front that the name begins with.
func (m *matching[V]) rests(r *rests[V], at int) {
	if r.hash.isSet() {
		m.hits(&r.hash)
	}
	if r.others.root != nil {
		m.tree(r.others.root, at)
	}
}

// tree appends the hits of a tree whose keys go on where the name is at.
func (m *matching[V]) tree(root *node[listed[V]], at int) {
	var room [usualSteps]waiting[V]
	list := append(room[:0], waiting[V]{root, at})
	for len(list) > 0 {
		n, at := list[len(list)-1].node, list[len(list)-1].at
		list = list[:len(list)-1]
		if m.looks++; n.isPage() {
			m.page(n, at)
		} else if at = m.take(n.prefix(), at); at >= 0 {
			list = m.branch(n, at, list)
		}
	}
}

// waiting is a node whose filters may match: all that they have above it does match
// the name up to a place.
type waiting[V comparable] struct {
	node *node[listed[V]]
	at   int
}

// matching is what is known of a name that filters are looked for.
type matching[V comparable] struct {
	name                 []byte
	levelStart, levelEnd int // of the last level that a + was found to match
	dst                  []Hit[V]
	looks                int // at fronts and at nodes, for those who count them
}

// page appends the hits of a page.
func (m *matching[V]) page(n *node[listed[V]], at int) {
	for i := range n.items {
		key := n.key(i)
		if at < len(m.name) && (key == "" || key[0] != m.name[at] && key[0] != '+' && key[0] != '#') {
			continue
		}
		if m.take(key, at) == len(m.name) {
			m.hits(&n.items[i])
		}
	}
}

// hits appends those of a filter that matches.
func (m *matching[V]) hits(l *listed[V]) {
	switch {
	case l.many == nil:
		m.dst = append(m.dst, l.one.hit())
	case l.many.name != "":
		m.dst = append(m.dst, Hit[V]{Group: l.many})
	default:
		for i := range l.many.Len() {
			m.dst = append(m.dst, l.many.At(i))
		}
	}
}

// branch appends to the list the kids of a branch whose filters may match.
func (m *matching[V]) branch(n *node[listed[V]], at int, list []waiting[V]) []waiting[V] {
	var next [5]byte // with which filters that match may go on
	count := 0
	switch {
	case at < len(m.name):
		next[0], count = m.name[at], 1
	case at == len(m.name):
		next[0], next[1], next[2], count = keyEnd, '/', groupMark, 3
	}
	if w := n.wildcards(); w != 0 && !m.isDollar(at) {
		if w&hasPlus != 0 && at <= len(m.name) {
			next[count] = '+'
			count++
		}
		if w&hasHash != 0 {
			next[count] = '#'
			count++
		}
	}
	top := len(list)
	for _, c := range next[:count] {
		if kid := n.kids[n.kid(c)]; !has(list[top:], kid) {
			list = append(list, waiting[V]{kid, at})
		}
	}
	return list
}

func has[V comparable](list []waiting[V], n *node[listed[V]]) bool {
	for i := range list {
		if list[i].node == n {
			return true
		}
	}
	return false
}

// isDollar reports whether the wildcard that stands in a filter where the name goes on
// does not match, as it is the first of the filter and the name begins with $.
// [MQTT-4.7.2-1]
func (m *matching[V]) isDollar(at int) bool { return at == 0 && m.name[0] == '$' }

// take returns how far a part of a filter that begins where the name is at matches it,
// or -1 if it does not. It is one more than the name has if that is at its end and the
// filter goes on with a slash, which only a # may follow.
func (m *matching[V]) take(part string, at int) int {
	name := m.name
	if end := at + len(part); end <= len(name) && string(name[at:end]) == part {
		return end
	}
	for i := range len(part) {
		switch c := part[i]; {
		case at < len(name) && c == name[at]:
			at++
		case c == '+' && at <= len(name) && !m.isDollar(at):
			at = m.endOfLevel(at)
		case c == '#' && !m.isDollar(at):
			at = len(name)
		case c == '/' && at == len(name):
			at++
		case c == groupMark && at == len(name):
			return at
		default:
			return -1
		}
	}
	return at
}

// endOfLevel returns where the level of the name ends that goes on where it is at.
func (m *matching[V]) endOfLevel(at int) int {
	if at < m.levelStart || at > m.levelEnd {
		m.levelStart, m.levelEnd = at, len(m.name)
		if i := bytes.IndexByte(m.name[at:], '/'); i >= 0 {
			m.levelEnd = at + i
		}
	}
	return m.levelEnd
}
