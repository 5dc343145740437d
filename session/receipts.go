package session

// receipts are the packet identifiers that the peer has in use for messages to us.
// It chooses them, so they may be any: each stands in one of the few places of a
// bucket, which its lowest bits choose, and the table grows when that is full. So each
// is found in constant time, whatever the peer chooses; the whole table has a place for
// every identifier. Of each there are flags, in its upper bits.
type receipts struct {
	slots []receipt // buckets, as many as a power of two
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

// bucketSize is how many places a bucket has. So many identifiers share a bucket of
// the whole table at most.
const bucketSize = 8

// bucket returns the places where an identifier may stand.
func (x *receipts) bucket(id uint16) []receipt {
	if len(x.slots) == 0 {
		return nil
	}
	at := int(id) * bucketSize & (len(x.slots) - 1)
	return x.slots[at : at+bucketSize]
}

// get returns the flags of an identifier, 0 if it is not in use.
func (x *receipts) get(id uint16) receipt {
	for _, s := range x.bucket(id) {
		if uint16(s) == id {
			return s & receiptFlags
		}
	}
	return 0
}

// set gives an identifier, which is not 0, other flags; none takes it out.
func (x *receipts) set(id uint16, flags receipt) {
	b := x.bucket(id)
	for i, s := range b {
		if uint16(s) == id {
			if b[i] = receipt(id) | flags; flags == 0 {
				b[i] = 0
				x.used--
			}
			return
		}
	}
	if flags != 0 {
		for !x.insert(receipt(id) | flags) {
			x.grow()
		}
	}
}

// insert puts in what is not there, and reports whether there was a place.
func (x *receipts) insert(r receipt) bool {
	b := x.bucket(uint16(r))
	for i, s := range b {
		if s == 0 {
			b[i] = r
			x.used++
			return true
		}
	}
	return false
}

// grow doubles the table. What had a place in it has one again.
func (x *receipts) grow() {
	old := x.slots
	x.slots, x.used = make([]receipt, max(bucketSize, 2*len(old))), 0
	for _, s := range old {
		if s != 0 {
			x.insert(s)
		}
	}
}

// change calls f for each identifier, and sets what it returns; 0 takes it out.
func (x *receipts) change(f func(id uint16, flags receipt) receipt) {
	for i, s := range x.slots {
		if s == 0 {
			continue
		}
		if flags := f(uint16(s), s&receiptFlags); flags != 0 {
			x.slots[i] = receipt(uint16(s)) | flags
		} else {
			x.slots[i] = 0
			x.used--
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
