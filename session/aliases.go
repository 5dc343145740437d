package session

import (
	"bytes"

	"github.com/mqttwire/mqttwire"
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
	alone mqttwire.Properties // the list that has the alias alone
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
func (l *Link) appendWithAlias(dst []byte, p *packets.Publish, e *entry, header bool) (out []byte, ok bool) {
	a := &l.tools.aliases
	m := e.message
	a.clock++
	i := a.find(m.hash, p.Topic)
	known := i >= 0
	if !known {
		if len(p.Topic) < 3 || !a.twice(m.hash) {
			return dst, false
		}
		i = a.take(int(min(l.o.aliases, l.peer.aliases)))
		a.list[i].hash, a.list[i].topic = m.hash, nil // it is another's no longer
		a.alone(i)
	}
	q := *p
	q.Properties = l.withAlias(p, &a.list[i], uint16(i+1))
	if known {
		q.Topic = nil
	}
	out, err := l.appendPublish(dst, &q, header)
	if err != nil {
		return dst, false
	}
	if !known {
		a.list[i].topic = append([]byte(nil), p.Topic...)
	}
	a.list[i].used = a.clock
	return out, true
}

// alone makes the list that has the alias alone.
func (a *topicAliases) alone(i int) {
	if t := &a.list[i]; t.alone.Empty() {
		t.alone.SetTopicAlias(uint16(i + 1))
	}
}

// withAlias returns the properties of p with a topic alias.
func (l *Link) withAlias(p *packets.Publish, t *topicAlias, alias uint16) mqttwire.Properties {
	if p.Properties.Empty() {
		return t.alone
	}
	b := &l.tools.properties
	if list := b.Properties(); !sameMemory(list.Bytes(), p.Properties.Bytes()) {
		b = l.copyProperties(&p.Properties)
	}
	b.SetTopicAlias(alias)
	return b.Properties()
}

// sameMemory reports whether two lists are the same.
func sameMemory(a, b []byte) bool { return len(a) == len(b) && len(a) > 0 && &a[0] == &b[0] }
