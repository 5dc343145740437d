package session

import (
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// Whole reports whether what was handed out ends with a packet, as far as can be told at
// a glance: if not, nothing may be put between it and what follows.
func (l *Link) Whole() bool {
	t := l.tools
	return !l.torn && (t == nil || len(t.head)+len(t.tail) == 0)
}

// AppendPingresp handles a PINGREQ that Packet has returned, and appends its PINGRESP to
// dst, as part of what is handed out, before all that waits to be: for a server that may
// write nothing else for a while. What was not written of them stands in dst: if it is more
// than LinkOptions.Output the peer does not read, and the connection is closed. ok is false,
// and nothing has changed, if there is no PINGREQ, or if what was handed out ends within a
// packet.
func (l *Link) AppendPingresp(now time.Time, dst []byte) (out []byte, ok bool) {
	if _, is := l.packet.(*packets.Pingreq); !is || l.lost || !l.Whole() {
		return dst, false
	}
	out, err := l.conn.Append(dst, &packets.Pingresp{})
	if err != nil { // it is larger than the peer takes
		return dst, false
	}
	l.at(now)
	l.done()
	l.handed += uint64(len(out) - len(dst))
	if len(out) > l.o.output {
		l.disconnectWith(mqttwire.ReasonQuotaExceeded, Cause{Kind: OutputFull})
	}
	return out, true
}
