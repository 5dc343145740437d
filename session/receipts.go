package session

// receipts are the packet identifiers that the peer has in use for messages to us.
// It chooses them, so they may be any: the table grows, rather than be searched for
// long, so that each is found in constant time; the whole one has a place for every
// identifier. Of each there are flags, in its upper bits.
type receipts struct {
	slots []receipt // as many as a power of two
	used  uint32
}

// receipt is an identifier in its lower 16 bits, and flags; 0 is none.
type receipt uint32

const (
	recorded receipt = 1 << (16 + iota) // a QoS 2 message that we have taken on, up to its PUBREL
	heldQoS1                            // its PUBACK is held
	heldQoS2                            // its PUBREC is held
	counted                             // counts against our Receive Maximum on this connection
)

const receiptFlags = ^receipt(0xFFFF)

// longestSearch is how many places may be looked at for an identifier.
const longestSearch = 16

func (x *receipts) home(id uint16) int { return int(id) & (len(x.slots) - 1) }

// find returns the place of an identifier; or that where it would be, or -1 if there
// is none.
func (x *receipts) find(id uint16) (at int, there bool) {
	if len(x.slots) == 0 {
		return -1, false
	}
	at = x.home(id)
	for range min(longestSearch, len(x.slots)) {
		switch s := x.slots[at]; {
		case s == 0:
			return at, false
		case uint16(s) == id:
			return at, true
		}
		at = (at + 1) & (len(x.slots) - 1)
	}
	return -1, false
}

// get returns the flags of an identifier, 0 if it is not in use.
func (x *receipts) get(id uint16) receipt {
	if at, there := x.find(id); there {
		return x.slots[at] & receiptFlags
	}
	return 0
}

// set gives an identifier other flags; none takes it out.
func (x *receipts) set(id uint16, flags receipt) {
	at, there := x.find(id)
	switch {
	case there && flags == 0:
		x.remove(at)
	case there:
		x.slots[at] = receipt(id) | flags
	case flags != 0:
		x.insert(id, flags)
	}
}

func (x *receipts) insert(id uint16, flags receipt) {
	for {
		at, _ := x.find(id)
		if at >= 0 && (int(x.used) < len(x.slots)/2 || len(x.slots) > maxIdentifiers) {
			x.slots[at] = receipt(id) | flags
			x.used++
			return
		}
		x.grow()
	}
}

// grow doubles the table, again if one of the identifiers finds no place.
func (x *receipts) grow() {
	old := x.slots
	for size := max(8, 2*len(old)); ; size *= 2 {
		x.slots = make([]receipt, size)
		if x.refill(old) {
			return
		}
	}
}

func (x *receipts) refill(old []receipt) bool {
	for _, s := range old {
		if s == 0 {
			continue
		}
		at, _ := x.find(uint16(s))
		if at < 0 {
			return false
		}
		x.slots[at] = s
	}
	return true
}

// remove takes out what stands at a place, and moves what stands behind it nearer to
// where it belongs.
func (x *receipts) remove(at int) {
	mask := len(x.slots) - 1
	x.used--
	for next := (at + 1) & mask; x.slots[next] != 0; next = (next + 1) & mask {
		home := x.home(uint16(x.slots[next]))
		if (next-home)&mask >= (next-at)&mask { // it may stand at at
			x.slots[at] = x.slots[next]
			at = next
		}
	}
	x.slots[at] = 0
}

// change calls f for each identifier, and sets what it returns; 0 takes it out.
func (x *receipts) change(f func(id uint16, flags receipt) receipt) {
	if x.used == 0 {
		return
	}
	old := x.slots
	x.slots, x.used = make([]receipt, len(old)), 0
	for _, s := range old {
		if s == 0 {
			continue
		}
		if flags := f(uint16(s), s&receiptFlags); flags != 0 {
			x.insert(uint16(s), flags)
		}
	}
}

// all calls f for each identifier.
func (x *receipts) all(f func(id uint16, flags receipt)) {
	for _, s := range x.slots {
		if s != 0 {
			f(uint16(s), s&receiptFlags)
		}
	}
}

// release gives back the memory if there are none.
func (x *receipts) release() {
	if x.used == 0 {
		*x = receipts{}
	}
}
