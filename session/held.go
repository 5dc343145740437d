package session

import (
	"github.com/mqttwire/mqttwire"
)

// held are the acknowledgements of a connection that may not be sent yet.
type held struct {
	puback heldAcks
	pubrec heldAcks
}

// holds reports whether an acknowledgement is held.
func (l *Link) holds() bool { return l.held != nil && l.held.puback.n+l.held.pubrec.n > 0 }

// heldAcks are the acknowledgements of one kind, PUBACK or PUBREC, that may not be
// sent yet: as the application has still to say so, or one before has. They leave in
// the order in which the messages came. [MQTT-4.6.0-2] [MQTT-4.6.0-3]
type heldAcks struct {
	list  []heldAck // as many as a power of two
	first uint32    // counts on
	n     uint32
}

// heldAck is one of them.
type heldAck struct {
	packet mqttwire.Packet // what the application answers, or nil
	id     uint16
	code   mqttwire.ReasonCode
	ready  bool
}

func (h *heldAcks) at(i uint32) *heldAck { return &h.list[i&uint32(len(h.list)-1)] }

// push appends one, and returns its number.
func (h *heldAcks) push(a heldAck) (i uint32) {
	if int(h.n) == len(h.list) {
		list := make([]heldAck, max(4, 2*len(h.list)))
		for i := h.first; i != h.first+h.n; i++ {
			list[i&uint32(len(list)-1)] = *h.at(i)
		}
		h.list = list
	}
	i = h.first + h.n
	h.n++
	*h.at(i) = a
	return i
}

// pop takes the first one if it may be sent.
func (h *heldAcks) pop() (a heldAck, ok bool) {
	if h.n == 0 || !h.at(h.first).ready {
		return a, false
	}
	a = *h.at(h.first)
	*h.at(h.first) = heldAck{}
	h.first++
	h.n--
	return a, true
}

// An AckToken is the number of the connection, the kind of acknowledgement, and the
// number of it on that connection.
const (
	ackNumber = 1<<31 - 1
	ackPubrec = 1 << 31
)

// ackToken returns the token of the i-th acknowledgement of a kind.
func ackToken(connection uint32, q mqttwire.QoS, i uint32) AckToken {
	t := AckToken(connection)<<32 | AckToken(i&ackNumber)
	if q == mqttwire.ExactlyOnce {
		t |= ackPubrec
	}
	return t
}

// find returns the acknowledgement of a token of this connection that is not ready.
func (h *heldAcks) find(t AckToken) *heldAck {
	i := h.first + (uint32(t)-h.first)&ackNumber
	if i-h.first >= h.n || h.at(i).ready {
		return nil
	}
	return h.at(i)
}
