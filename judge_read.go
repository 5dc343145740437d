package mqttwire

// tellField is told of a field that was read: of which property it is a part, or 0, and
// where in the packet it starts, its value starts behind what tells its length, and it
// ends.
type tellField func(field Field, id PropertyID, start, value, end int)

// saw tells that the first n bytes of b are the field, and that its value begins after
// so many of them. A field whose end has not come is told of as far as it goes.
func (j *Judge) saw(field Field, b []byte, value, n int) {
	if j != nil {
		j.tellOf(field, b, value, n)
	}
}

// tellOf is saw with a Judge.
func (j *Judge) tellOf(field Field, b []byte, value, n int) {
	if j.tell != nil && n > 0 {
		at := j.end - len(b)
		j.tell(field, 0, at, at+value, at+n)
	}
}

// sawProperties tells of the parts of the property list of owner at the start of b, as
// far as they can be told apart, whether they are legal or not.
func (j *Judge) sawProperties(b []byte, owner PropertyOwner) {
	if j.tell == nil {
		return
	}
	field := FieldPropertyLength
	if owner == WillProperties {
		field = FieldWillPropertyLength
	}
	n, size := scanVarint(b)
	if size <= 0 { // there is no telling where the list begins
		j.saw(field, b, 0, min(len(b), MaxVarintSize))
		return
	}
	j.saw(field, b, 0, size)
	at := j.end - len(b) + size
	list := b[size:]
	list = list[:min(int(n), len(list))]
	for i := 0; i < len(list); {
		size := j.sawProperty(list[i:], owner, at+i)
		if size == 0 {
			return
		}
		i += size
	}
}

// sawProperty tells of the property at the start of b, which stands at at in the packet,
// and returns its size; 0 if what follows it cannot be told apart.
func (j *Judge) sawProperty(b []byte, owner PropertyOwner, at int) (size int) {
	id := PropertyID(b[0])
	if !id.known() {
		_, n := scanVarint(b)
		if n <= 0 {
			n = min(len(b), MaxVarintSize)
		}
		j.tell(FieldPropertyID, 0, at, at, at+n)
		return 0
	}
	j.tell(FieldPropertyID, id, at, at, at+1)
	size = 1
	for range propertyTable[id].kind.values() {
		prefix, n := propertyTable[id].kind.extent(b[size:])
		end := min(n, len(b)-size)
		if end > 0 {
			j.tell(id.Field(owner), id, at+size, at+size+min(prefix, end), at+size+end)
		}
		if n > end {
			return 0
		}
		size += n
	}
	return size
}

// values returns how many values a property of the kind has.
func (k propertyKind) values() int {
	if k == kindPair {
		return 2
	}
	return 1
}

// extent returns how many bytes a value of the kind takes with which b begins, and how
// many of them tell its length. It is more than there are if b ends first, or if there is
// no telling.
func (k propertyKind) extent(b []byte) (prefix, n int) {
	switch k {
	case kindByte:
		return 0, 1
	case kindTwoByte:
		return 0, 2
	case kindFourByte:
		return 0, 4
	case kindVarint:
		if _, n := scanVarint(b); n > 0 {
			return 0, n
		}
		return 0, len(b) + 1
	}
	if len(b) < 2 {
		return 2, len(b) + 1
	}
	return 2, 2 + int(uint16At(b))
}
