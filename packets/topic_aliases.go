package packets

// TopicAliases are the topic aliases of one direction of a connection, for those
// who watch it without a Decoder: nothing is checked. The zero value is a
// connection on which no alias was set; a new connection needs a new one.
// Section 3.3.2.3.4.
type TopicAliases struct{ topics aliases }

// Resolve takes note of the alias that p sets, if it sets one, and returns the
// topic name that p is about: its own or, if that is empty, the one that its
// alias stands for; nil if that was never set. The packets of a direction have to
// come in their order. What an alias stands for is valid until the next call.
func (a *TopicAliases) Resolve(p *Publish) []byte {
	alias, ok := p.Properties.TopicAlias()
	switch {
	case !ok:
		return p.Topic
	case len(p.Topic) == 0:
		return a.topics[alias]
	}
	a.topics.set(alias, p.Topic)
	return p.Topic
}

// aliases are the topic aliases of one direction of a connection, and the topic
// names they stand for. They end with the connection. [MQTT-3.3.2-7] Section
// 3.3.2.3.4.
type aliases map[uint16][]byte

// keptTopic is how much memory an alias keeps in any case, in bytes.
const keptTopic = 256

// set lets the alias stand for the topic name, which is copied. The memory of the
// name before is used again, unless it is four times what is needed. U-3.3.4-3
func (a *aliases) set(alias uint16, topic []byte) {
	if *a == nil {
		*a = make(aliases)
	}
	old := (*a)[alias][:0]
	if cap(old) > keptTopic && cap(old)/4 > len(topic) {
		old = nil
	}
	(*a)[alias] = append(old, topic...)
}

// known reports whether the alias has been set.
func (a aliases) known(alias uint16) bool { return len(a[alias]) > 0 }
