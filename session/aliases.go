package session

import (
	"bytes"

	"github.com/mqttwire/mqttwire/packets"
)

// topicAliases are the aliases that we have set on a connection: for topics that were
// seen twice, the one that was used longest ago giving way. They are given when a
// PUBLISH is written, and end with the connection. [MQTT-3.3.2-7] Section 3.3.2.3.4.
type topicAliases struct {
	list  []topicAlias // the alias is the index and one
	seen  [seenTopics]uint32
	n     int // how many are set
	next  int // of seen
	clock uint64
}

type topicAlias struct {
	topic []byte
	hash  uint32
	used  uint64
}

// seenTopics is how many topics are remembered that have no alias yet.
const seenTopics = 16

// find returns the index of a topic, or -1.
func (a *topicAliases) find(hash uint32, topic []byte) int {
	for i := range a.list[:a.n] {
		if t := &a.list[i]; t.hash == hash && bytes.Equal(t.topic, topic) {
			return i
		}
	}
	return -1
}

// twice reports whether a topic was seen before, and remembers it.
func (a *topicAliases) twice(hash uint32) bool {
	for _, h := range a.seen {
		if h == hash {
			return true
		}
	}
	a.seen[a.next] = hash
	a.next = (a.next + 1) % seenTopics
	return false
}

// take returns the index of an alias for another topic: a new one, or that which was
// used longest ago.
func (a *topicAliases) take(most int) int {
	if a.n < most {
		if a.n == len(a.list) {
			a.list = append(a.list, topicAlias{})
		}
		a.n++
		return a.n - 1
	}
	oldest := 0
	for i := range a.list[:a.n] {
		if a.list[i].used < a.list[oldest].used {
			oldest = i
		}
	}
	return oldest
}

// appendWithAlias appends a PUBLISH with a topic alias, if its topic has one or gets
// one, and reports whether it did.
func (l *Link) appendWithAlias(dst []byte, m *Message, d *packets.Delivery, header bool) (out []byte, ok bool) {
	a, topic := &l.tools.aliases, m.prepared.Topic()
	a.clock++
	i := a.find(m.hash, topic)
	if d.OmitTopic = i >= 0; !d.OmitTopic {
		if len(topic) < 3 || !a.twice(m.hash) {
			return dst, false
		}
		i = a.take(int(min(l.o.aliases, l.peer.aliases)))
		a.list[i].hash, a.list[i].topic = m.hash, nil // it is another's no longer
	}
	d.TopicAlias = uint16(i + 1)
	out, err := l.appendDelivery(dst, m, d, header)
	if err != nil {
		d.TopicAlias, d.OmitTopic = 0, false
		return dst, false
	}
	if !d.OmitTopic {
		a.list[i].topic = append([]byte(nil), topic...)
	}
	a.list[i].used = a.clock
	return out, true
}
