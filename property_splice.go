package mqttwire

// What package packets needs to splice property lists: to take properties out of an
// encoded list, and to put others in, without writing the list anew first.

// NextProperty returns the identifier of the entry that starts at i of a list that
// was checked, and where the entry ends; the end is 0 if there is no further one.
func (export) NextProperty(list []byte, i int) (id PropertyID, end int) {
	q, end := propertyAt(list, i)
	return q.ID, end
}

// Spliced returns a list for asking Has alone: it has what p has, without the
// properties of out, and what put has.
func (export) Spliced(p, put Properties, out []PropertyID) Properties {
	for _, id := range out {
		p.set &^= 1 << id // nothing is left of a bit that no identifier has
	}
	p.set |= put.set
	return p
}
