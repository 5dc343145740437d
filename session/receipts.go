package session

// receipts are the packet identifiers that the peer has in use for messages to us, and
// flags of each. Its memory follows the number in use at once.
//
// The peer chooses them, so they may be any. Those whose lowest bits are the same are a
// chain, which begins at the slot with that number. As the table has less than twice as
// many slots as were in use at once, a chain is the shorter the more there are: at most
// 256 long, whatever the peer chooses, since n identifiers are in chains of at most n, and
// of at most 65536/n.
type receipts struct {
	slots []receiptSlot // as many as a power of two
	used  uint32
	free  uint32 // the first of the slots that are free again, and one; 0 if there is none
	fresh uint32 // the first of the slots that were never in use
}

// receiptSlot has one identifier, and the begin of one chain. Links are the number of a
// slot and one; 0 is none.
type receiptSlot struct {
	head  uint16 // of the chain with the number of this slot
	next  uint16 // in the chain of id, or of the free slots
	id    uint16 // 0 if the slot is free
	flags receipt
}

// receipt are the flags of an identifier that is in use.
type receipt uint8

const (
	recorded receipt = 1 << iota // a QoS 2 message that we have taken on, up to its PUBREL
	heldQoS1                     // its PUBACK is held
	heldQoS2                     // its PUBREC is held
	counted                      // counts against our Receive Maximum on this connection
)

// head returns where the chain of an identifier begins.
func (x *receipts) head(id uint16) *uint16 { return &x.slots[int(id)&(len(x.slots)-1)].head }

// link returns the link by which the identifier is in its chain: that at the end, which is
// 0, if it is not.
func (x *receipts) link(id uint16) *uint16 {
	l := x.head(id)
	for *l != 0 && x.slots[*l-1].id != id {
		l = &x.slots[*l-1].next
	}
	return l
}

// get returns the flags of an identifier, 0 if it is not in use.
func (x *receipts) get(id uint16) receipt {
	if x.used == 0 {
		return 0
	}
	if l := *x.link(id); l != 0 {
		return x.slots[l-1].flags
	}
	return 0
}

// set gives an identifier, which is not 0, other flags; none takes it out.
func (x *receipts) set(id uint16, flags receipt) {
	if int(x.used) == len(x.slots) && flags != 0 && x.get(id) == 0 {
		x.grow()
	}
	if len(x.slots) == 0 {
		return
	}
	switch l := x.link(id); {
	case *l != 0 && flags != 0:
		x.slots[*l-1].flags = flags
	case *l != 0:
		s := &x.slots[*l-1]
		x.free, *l, s.next = uint32(*l), s.next, uint16(x.free)
		s.id, s.flags = 0, 0
		x.used--
	case flags != 0:
		*l = x.take()
		s := &x.slots[*l-1]
		s.next, s.id, s.flags = 0, id, flags
	}
}

// take returns the link to a slot that is in use from now on.
func (x *receipts) take() uint16 {
	x.used++
	if x.free == 0 {
		x.fresh++
		return uint16(x.fresh)
	}
	l := uint16(x.free)
	x.free = uint32(x.slots[l-1].next)
	return l
}

// grow doubles the table, all of which is in use.
func (x *receipts) grow() {
	old := x.slots
	*x = receipts{slots: make([]receiptSlot, max(8, 2*len(old)))}
	for i := range old {
		x.set(old[i].id, old[i].flags)
	}
}

// change calls f for each identifier, and sets what it returns; 0 takes it out.
func (x *receipts) change(f func(id uint16, flags receipt) receipt) {
	for i := range x.slots[:x.fresh] {
		if s := x.slots[i]; s.id != 0 {
			x.set(s.id, f(s.id, s.flags))
		}
	}
}

// all calls f for each identifier.
func (x *receipts) all(f func(id uint16, flags receipt)) {
	for _, s := range x.slots[:x.fresh] {
		if s.id != 0 {
			f(s.id, s.flags)
		}
	}
}

// release gives back the memory if there are none.
func (x *receipts) release() {
	if x.used == 0 {
		*x = receipts{}
	}
}
