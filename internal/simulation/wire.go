package simulation

import (
	"slices"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// wire is one direction of a connection: the bytes that were written and not yet
// moved to the other side.
type wire struct {
	bytes []byte // all that was written on this connection
	moved int    // how many of them the other side has
	read  int    // how many the watcher has seen written
	came  int    // how many of them it has seen arrive, whole packets only
}

// waiting returns how many bytes are on the way.
func (w *wire) waiting() int { return len(w.bytes) - w.moved }

// packetsIn returns the packets that are whole between two positions at the first of
// which a packet begins, and where the last one ends.
func (w *wire) packetsIn(from, to int) (list []mqttwire.Frame, end int) {
	for from < to {
		n, err := mqttwire.FrameSize(w.bytes[from:to])
		if err != nil || from+n > to {
			break
		}
		f, _, err := mqttwire.CutFrame(w.bytes[from:from+n], 0)
		if err != nil {
			break
		}
		list = append(list, f)
		from += n
	}
	return list, from
}

// repeat puts the next whole packet on the way that is of a given type there twice, as
// a peer or a proxy with a fault would, and reports whether there is one.
func (w *wire) repeat(t mqttwire.PacketType, v mqttwire.Version) bool {
	for at := w.came; at < len(w.bytes); {
		n, err := mqttwire.FrameSize(w.bytes[at:])
		if err != nil || at+n > len(w.bytes) {
			return false
		}
		f, _, err := mqttwire.CutFrame(w.bytes[at:at+n], 0)
		if err != nil {
			return false
		}
		if at >= w.moved && f.Header.Type == t {
			again := slices.Clone(w.bytes[at : at+n])
			if p, err := packets.Decode(f, v); err == nil && t == mqttwire.PUBLISH {
				if p.(*packets.Publish).QoS != mqttwire.ExactlyOnce {
					return false // a second one of QoS 1 would be a new message
				}
				again[0] |= 0x08 // DUP
			}
			w.bytes = slices.Insert(w.bytes, at+n, again...)
			w.read += n
			return true
		}
		at += n
	}
	return false
}
