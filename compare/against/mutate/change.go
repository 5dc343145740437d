package mutate

import "slices"

// change changes the packet in one place.
func (w *work) change() {
	if len(w.body) == 0 || w.IntN(24) == 0 {
		w.first ^= 1 << w.IntN(8)
		return
	}
	i := w.IntN(len(w.body))
	end := min(i+1+w.IntN(4), len(w.body))
	switch w.IntN(10) {
	case 0:
		w.body[i] ^= 1 << w.IntN(8)
	case 1:
		w.body[i] = w.byte()
	case 2:
		w.body[i] += byte(w.IntN(3)) - 1
	case 3:
		w.replace(i, i, []byte{w.byte(), w.byte(), w.byte()}[:1+w.IntN(3)])
	case 4:
		w.replace(i, end, nil)
	case 5:
		w.cut(i)
	case 6:
		w.splice(i)
	case 7:
		w.replace(i, i, slices.Clone(w.body[i:end]))
	case 8:
		w.retext()
	case 9:
		w.stretch()
	}
}

// splice ends the packet as another one ends.
func (w *work) splice(i int) {
	other := w.source.seeds[w.IntN(len(w.source.seeds))].body
	j := min(i, len(other))
	if w.IntN(2) == 0 {
		j = w.IntN(len(other) + 1)
	}
	w.cut(i)
	w.body = append(w.body, other[j:]...)
}

// replace puts other bytes in the place of some, and mends the length of the
// property list that they are in.
func (w *work) replace(at, end int, with []byte) {
	by := len(with) - (end - at)
	w.body = slices.Replace(w.body, at, end, with...)
	switch l := &w.list; {
	case at >= l.end: // behind the list, or there is none
	case end <= l.at:
		l.at, l.end = l.at+by, l.end+by
	case at <= l.at || end > l.end || l.end+by-l.at-1 > 0x7F:
		*l = span{}
	default:
		l.end += by
		w.body[l.at] = byte(l.end - l.at - 1)
	}
}

// cut ends the packet after n bytes.
func (w *work) cut(n int) {
	w.body = w.body[:n]
	if n < w.list.end {
		w.list = span{}
	}
}

// text looks for a length with as much behind it, from a place that is drawn on.
func (w *work) text() (at, end int, ok bool) {
	if len(w.body) < 2 {
		return 0, 0, false
	}
	start := w.IntN(len(w.body) - 1)
	for i := range len(w.body) - 1 {
		at = (start + i) % (len(w.body) - 1)
		n := int(w.body[at])<<8 | int(w.body[at+1])
		if n > 0 && at+2+n <= len(w.body) {
			return at, at + 2 + n, true
		}
	}
	return 0, 0, false
}

// stretch puts a byte into a text or takes one from it, and mends the lengths.
func (w *work) stretch() {
	at, end, ok := w.text()
	if !ok {
		return
	}
	text := slices.Clone(w.body[at:end])
	i := 2 + w.IntN(len(text)-2)
	if w.IntN(2) == 0 {
		text = slices.Insert(text, i, w.byte())
	} else {
		text = slices.Delete(text, i, i+1)
	}
	text[0], text[1] = byte((len(text)-2)>>8), byte(len(text)-2)
	w.replace(at, end, text)
}

// shuffle puts the properties of the list in another order, leaves some out, or
// puts some in that this packet or another one has.
func (w *work) shuffle() {
	list := split(w.body[w.list.at+1 : w.list.end])
	for range w.IntN(3) {
		other := w.source.properties[w.IntN(len(w.source.properties))]
		list = slices.Insert(list, w.IntN(len(list)+1), other)
	}
	w.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	if w.IntN(3) == 0 {
		list = list[:w.IntN(len(list)+1)]
	}
	all := slices.Concat(list...)
	if len(all) <= 0x7F {
		w.replace(w.list.at+1, w.list.end, all)
	}
}
