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
