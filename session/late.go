package session

import (
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// lateAck is a message of QoS 2 that the application has, and had not acknowledged when its
// connection ended.
type lateAck struct {
	token AckToken
	id    uint16
}

// TakeOn is Ack with code 0, also for a message of QoS 2 whose connection has ended: it is
// the application's from now on, and when the peer sends it again it is acknowledged, and not
// handed on. [MQTT-4.3.3-10]
//
// It returns ErrStale if it was acknowledged before; if the message has come again, as its
// event, which has this token as Earlier, has the token that is to be used; if the session
// it came in is lost; and for one of QoS 1, which the peer may have given up since, so that
// another may have its identifier. All but the first come again.
func (s *Session) TakeOn(a AckToken) error {
	if err := s.Ack(a, 0); err != ErrStale || s.apart == nil {
		return err
	}
	for i, late := range s.apart.late {
		if late.token == a {
			s.apart.dropLate(i)
			s.receipts.set(late.id, s.receipts.get(late.id)|recorded)
			s.recordReceived(time.Time{}, late.id, nil)
			s.takeShown(late.id)
			return nil
		}
	}
	return ErrStale
}

// takeShown acknowledges the message if it has come again and is shown, and not handled yet.
func (s *Session) takeShown(id uint16) {
	l := s.connected()
	if l == nil {
		return
	}
	if p, ok := l.packet.(*packets.Publish); ok && p.QoS == mqttwire.ExactlyOnce && p.PacketID == id {
		l.done()
		s.receipts.set(id, s.receipts.get(id)|counted)
		l.acknowledge(p.QoS, id, 0, nil)
	}
}

// keepLate keeps which messages the application has still to acknowledge as the connection
// ends.
func (s *Session) keepLate(l *Link) {
	h := &l.held.pubrec
	for i := h.first; i != h.first+h.n; i++ {
		if a := h.at(i); !a.ready {
			m := s.more()
			m.late = append(m.late, lateAck{ackToken(l.number, mqttwire.ExactlyOnce, i), a.id})
		}
	}
}

// earlier returns the token that a message of QoS 2 had when it came before, and which is
// stale for good now; or 0.
func (s *Session) earlier(id uint16) AckToken {
	for i, late := range s.apart.late {
		if late.id == id {
			s.apart.dropLate(i)
			return late.token
		}
	}
	return 0
}

// dropLate takes one out. Their order says nothing.
func (a *apart) dropLate(i int) {
	last := len(a.late) - 1
	a.late[i] = a.late[last]
	if a.late = a.late[:last]; last == 0 {
		a.late = nil
	}
}

// forgetReceived forgets which messages of the peer we have, as the session is lost.
func (s *Session) forgetReceived() {
	s.receipts = receipts{}
	if s.apart != nil {
		s.apart.late = nil
	}
}
