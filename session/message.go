package session

import (
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// Message is an application message that is sent on: immutable, and shared by all
// queues that it stands in. It may be used by many goroutines at once. One of a
// MessagePool is so only as long as somebody keeps it.
type Message struct {
	pooled    *pooled           // of a MessagePool; else nil
	prepared  *packets.Prepared // as it is sent to every receiver; nil if it is hollow, or unsayable
	unsayable *packets.Publish  // what no version can send, as a Tolerance has let it pass; else nil
	received  time.Time
	position  Position
	size      int    // bytes that it counts for
	hash      uint32 // of the topic
	expiry    uint32 // Message Expiry Interval in seconds, if expires
	expires   bool
	hollow    bool
}

// Position is a place in a log outside, from which a message can be had again. The
// zero Position is none.
type Position struct {
	Log uint16
	Seq uint64
}

// messageOverhead is what a message counts for beside its bytes.
const messageOverhead = 64

// NewMessage returns the message of p, which came or is published at now: a copy,
// without packet identifier, DUP, topic alias and subscription identifiers, which
// belong to the connection that p is of. p.Topic has to be the topic in full, as that
// of the packets which a Link shows. QoS and RETAIN are kept to be asked for; what
// goes out has those of the Delivery.
func NewMessage(now time.Time, p *packets.Publish) *Message {
	return NewMessageAt(now, p, Position{})
}

// NewMessageAt is NewMessage for a message that can be had again from a log: changes
// and snapshots have its Position, and not its bytes.
func NewMessageAt(now time.Time, p *packets.Publish, at Position) *Message {
	m := &Message{position: at}
	if q, err := packets.Prepare(p, p.Topic); err == nil {
		m.prepared = q
	} else {
		m.unsayable = p.Clone()
		m.unsayable.PacketID, m.unsayable.Dup = 0, false
		m.unsayable.Properties.Remove(mqttwire.TopicAlias)
		m.unsayable.Properties.Remove(mqttwire.SubscriptionIdentifier)
	}
	m.begins(now, p.Topic)
	return m
}

// begins fills what is found out of a message that has its bytes.
func (m *Message) begins(now time.Time, topic []byte) {
	m.received, m.hash = now, hashTopic(topic)
	if m.prepared != nil {
		m.expiry, m.expires = m.prepared.MessageExpiryInterval()
	}
	sent := m.Publish()
	m.size = messageOverhead + sent.Pinned()
}

// HollowMessage returns a message of which only the place in a log is known, and the
// size in bytes that it counts for. When its turn comes, an event Fetch asks for it.
func HollowMessage(at Position, size int) *Message {
	return &Message{position: at, size: max(size, messageOverhead), hollow: true}
}

// Publish returns the message as a PUBLISH, which shares its memory: it must not be
// changed. That of a hollow message is empty.
func (m *Message) Publish() packets.Publish {
	switch {
	case m.unsayable != nil:
		return *m.unsayable
	case m.hollow:
		return packets.Publish{}
	}
	q := m.prepared
	return packets.Publish{Topic: q.Topic(), Payload: q.Payload(), Properties: q.Properties(), QoS: q.QoS(), Retain: q.Retain()}
}

// Topic returns the topic name, which must not be changed.
func (m *Message) Topic() []byte {
	if m.prepared != nil {
		return m.prepared.Topic()
	}
	p := m.Publish()
	return p.Topic
}

// Payload returns the payload, which must not be changed.
func (m *Message) Payload() []byte {
	if m.prepared != nil {
		return m.prepared.Payload()
	}
	p := m.Publish()
	return p.Payload
}

// Position returns the message's place in a log; ok is false if it has none.
func (m *Message) Position() (at Position, ok bool) { return m.position, m.position != Position{} }

// Hollow reports whether only the Position of the message is known.
func (m *Message) Hollow() bool { return m.hollow }

// Size returns how many bytes the message counts for in Bounds and Stats.
func (m *Message) Size() int { return m.size }

// Remaining returns how much is left of the Message Expiry Interval; ok is false if
// the message does not expire. What has expired has 0 left. Section 3.3.2.3.3.
func (m *Message) Remaining(now time.Time) (left time.Duration, ok bool) {
	if !m.expires {
		return 0, false
	}
	return max(0, time.Duration(m.expiry)*time.Second-max(0, now.Sub(m.received))), true
}

// expired reports whether nothing is left of the interval. A message with an interval
// of 0 expires as soon as it has waited. [MQTT-3.3.2-5]
func (m *Message) expired(now time.Time) bool {
	return m.expires && now.Sub(m.received) >= time.Duration(m.expiry)*time.Second && now.After(m.received)
}

// hashTopic returns a hash of a topic name (FNV-1a).
func hashTopic(topic []byte) uint32 {
	h := uint32(2166136261)
	for _, c := range topic {
		h = (h ^ uint32(c)) * 16777619
	}
	return h
}
