package mqttwire

// What package packets needs to splice property lists: to take properties out of an
// encoded list, and to put others in, without writing the list anew first.

// NextProperty returns the identifier of the entry that starts at i of a list that
// was checked, and where the entry ends; the end is 0 if there is no further one.
func (export) NextProperty(list []byte, i int) (id PropertyID, end int) {
	q, end := propertyAt(list, i)
	return q.ID, end
}

// Spliced returns what p will be without the properties of out, and with those of put:
// for asking Has and Empty alone, before it is written.
func (export) Spliced(p, put Properties, out []PropertyID) (list Properties) {
	set := p.set
	for _, id := range out {
		set &^= 1 << id // nothing is left of a bit that no identifier has
	}
	set |= put.set
	if list.set = set & (1<<numPropertyIDs - 1); list.set != 0 {
		list.raw = p.raw
		if put.raw != nil {
			list.raw = put.raw
		}
	}
	return list
}
