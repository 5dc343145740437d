package packets

import "github.com/mqttwire/mqttwire"

// Publish returns the PUBLISH with which a server publishes the will: all of it but
// the Will Delay Interval, by which the server alone goes. It is as one that the
// client had sent: Forward makes of it what goes to each subscriber, and Retain
// asks the server to keep it. It has no packet identifier yet, and its byte slices
// are those of the will, which is not changed. [MQTT-3.1.2-8] Section 3.1.2.5.
func (w *Will) Publish() *Publish {
	p := &Publish{Topic: w.Topic, Payload: w.Payload, Properties: w.Properties, QoS: w.QoS, Retain: w.Retain}
	p.Properties.Remove(mqttwire.WillDelayInterval)
	return p
}

// Clone returns a copy that shares no memory with w: to keep the will beyond the
// frame of its CONNECT.
func (w *Will) Clone() *Will {
	q, m := newClone[Will](w.pinned())
	m.will(q, w)
	return q
}

// pinned returns how many bytes of the frame w keeps alive.
func (w *Will) pinned() int { return len(w.Topic) + len(w.Payload) + len(w.Properties.Bytes()) }

// will makes to a copy of w.
func (m *memory) will(to, w *Will) {
	*to = *w
	to.Topic, to.Payload = m.bytes(w.Topic), m.bytes(w.Payload)
	to.Properties = m.properties(w.Properties)
}
