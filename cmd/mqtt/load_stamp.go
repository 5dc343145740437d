package main

import (
	"encoding/binary"
	"math/big"
	"math/rand/v2"
	"time"
)

// stamp is what a message begins with: where it is from.
type stamp struct {
	run       runID
	due       time.Duration // when it was to be sent, by the clock of the run
	publisher uint32
	number    uint32 // of the publisher's, from 0
}

// stampSize is how many bytes a stamp has.
const stampSize = 24

// write writes the stamp to the beginning of a payload, which has room for it.
func (s stamp) write(payload []byte) {
	binary.BigEndian.PutUint64(payload, uint64(s.run))
	binary.BigEndian.PutUint64(payload[8:], uint64(s.due))
	binary.BigEndian.PutUint32(payload[16:], s.publisher)
	binary.BigEndian.PutUint32(payload[20:], s.number)
}

// readStamp reads the stamp of a payload, which is long enough.
func readStamp(payload []byte) stamp {
	return stamp{
		run:       runID(binary.BigEndian.Uint64(payload)),
		due:       time.Duration(binary.BigEndian.Uint64(payload[8:])),
		publisher: binary.BigEndian.Uint32(payload[16:]),
		number:    binary.BigEndian.Uint32(payload[20:]),
	}
}

// runID is a random number that tells one run from another at the same broker: the number
// of a process does not, as containers all begin with 1.
type runID uint64

func newRunID() runID { return runID(rand.Uint64()) }

// String returns at most eleven letters and digits: with them and the number of a client an
// identifier stays within the 23 bytes that every server takes [MQTT-3.1.3-5].
func (r runID) String() string { return new(big.Int).SetUint64(uint64(r)).Text(62) }
