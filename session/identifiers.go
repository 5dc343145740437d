package session

// identifiers gives out packet identifiers, of one side, in constant time, and knows
// what each is in use for. Its memory follows the number in use at once.
//
// It is a table with a slot for each identifier in use, in which the lowest bits of
// the identifier say where it stands: as we choose them, no two that are in use share
// a slot. The free slots are a queue, and the next identifier of a slot is one round
// of the table further: so an identifier comes again as late as can be.
// [MQTT-2.2.1-3] [MQTT-2.2.1-4]
type identifiers struct {
	slots []idSlot // as many as a power of two
	used  uint32
	head  uint32 // of the queue of free slots
	tail  uint32
	last  uint16 // that was given out, also if there are no slots any more
}

// idSlot is what a table has of one identifier.
type idSlot struct {
	pos  uint32 // where its entry stands; of a free slot the next free one
	id   uint16 // in use, or the last that was
	kind idKind
}

// idKind is what an identifier is in use for.
type idKind uint8

const (
	idFree    idKind = iota
	idPublish        // waits for PUBACK or PUBREC
	idRelease        // waits for PUBCOMP
	idRequest        // waits for SUBACK or UNSUBACK
)

// Identifiers are 1 to 65535; so many of them are kept for SUBSCRIBE and UNSUBSCRIBE.
const (
	maxIdentifiers      = 65535
	requestIdentifiers  = 10
	maxPublishes        = maxIdentifiers - requestIdentifiers
	minIdentifierSlots  = 16
	mostIdentifierSlots = maxIdentifiers + 1
)

// next returns an identifier that is not in use, for the entry at pos; 0 if so many
// are in use that only those that are kept are left.
func (x *identifiers) next(kind idKind, pos uint32) uint16 {
	keep := uint32(0)
	if kind == idPublish {
		keep = requestIdentifiers
	}
	if x.used+keep >= maxIdentifiers {
		return 0
	}
	if int(x.used)+1 >= len(x.slots) && len(x.slots) < mostIdentifierSlots {
		x.grow()
	}
	at := x.head
	s := &x.slots[at]
	id := s.id + uint16(len(x.slots)) // of the whole table: the same again
	if id == 0 {                      // the first slot stands for the number of slots, and its multiples
		id = uint16(len(x.slots))
	}
	x.head, x.last = s.pos, id
	*s = idSlot{pos: pos, id: id, kind: kind}
	x.used++
	return id
}

// get returns what an identifier is in use for, and where its entry stands.
func (x *identifiers) get(id uint16) (kind idKind, pos uint32) {
	if len(x.slots) == 0 {
		return idFree, 0
	}
	s := &x.slots[int(id)&(len(x.slots)-1)]
	if s.id != id {
		return idFree, 0
	}
	return s.kind, s.pos
}

// set says what an identifier that is in use is used for from now on.
func (x *identifiers) set(id uint16, kind idKind, pos uint32) {
	s := &x.slots[int(id)&(len(x.slots)-1)]
	s.kind, s.pos = kind, pos
}

// free takes back an identifier that is in use.
func (x *identifiers) free(id uint16) {
	at := uint32(id) & uint32(len(x.slots)-1)
	x.slots[at].kind = idFree
	x.queue(at)
	x.used--
}

// queue appends a slot to those that are free. One is always free, so that the queue
// is never empty, unless the whole table is in use.
func (x *identifiers) queue(at uint32) {
	if int(x.used) == x.capacity() {
		x.head = at // the queue was empty
	} else {
		x.slots[x.tail].pos = at
	}
	x.tail = at
}

// capacity returns how many identifiers the table can give out: of the whole one all
// but 0.
func (x *identifiers) capacity() int { return min(len(x.slots), maxIdentifiers) }

// grow doubles the table. Those in use do not share a slot in it either.
func (x *identifiers) grow() {
	old := x.slots
	x.slots = make([]idSlot, max(minIdentifierSlots, 2*len(old)))
	for i := range old {
		if s := old[i]; s.kind != idFree {
			x.slots[int(s.id)&(len(x.slots)-1)] = s
		}
	}
	x.rebuild()
}

// rebuild makes the queue of free slots anew, from the identifier behind the last one
// that was given out.
func (x *identifiers) rebuild() {
	x.head, x.tail = 0, 0
	first := true
	for i := 1; i <= len(x.slots); i++ {
		id := x.last + uint16(i)
		at := uint32(id) & uint32(len(x.slots)-1)
		s := &x.slots[at]
		if s.kind != idFree || at == 0 && len(x.slots) == mostIdentifierSlots {
			continue // in use, or there is no identifier 0
		}
		s.id = id - uint16(len(x.slots)) // the next one is id
		if first {
			x.head, first = at, false
		} else {
			x.slots[x.tail].pos = at
		}
		x.tail = at
	}
}

// take puts an identifier to use that a journal names, and reports whether it was
// free. Behind the last one rebuild is to be called.
func (x *identifiers) take(id uint16, kind idKind, pos uint32) bool {
	if kind, _ := x.get(id); id == 0 || kind != idFree {
		return false
	}
	for len(x.slots) == 0 || int(x.used)+1 >= len(x.slots) && len(x.slots) < mostIdentifierSlots ||
		x.slots[int(id)&(len(x.slots)-1)].kind != idFree {
		x.grow()
	}
	x.slots[int(id)&(len(x.slots)-1)] = idSlot{id: id, kind: kind, pos: pos}
	x.used++
	x.last = id
	return true
}

// untake takes back one that was put to use by take, before rebuild.
func (x *identifiers) untake(id uint16) {
	x.slots[int(id)&(len(x.slots)-1)].kind = idFree
	x.used--
}

// release gives back the memory if none is in use. The next identifier is another one than
// the last all the same: a peer that has lost track of the session, as one that two clients
// fight for, may have a message of QoS 2 left with it, and take the next for that.
func (x *identifiers) release() {
	if x.used == 0 {
		*x = identifiers{last: x.last}
	}
}
