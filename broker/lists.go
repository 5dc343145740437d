package broker

import (
	"iter"
	"slices"
	"strings"

	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// ClientInfo is a client in a list.
type ClientInfo struct {
	Peer    *Peer // of the last connection; not to be changed
	Session session.Stats
}

// Clients returns the clients of a namespace with a session, as they are when it is
// called, in the order of their client identifiers.
func (b *Broker) Clients(namespace string) []ClientInfo {
	all := b.space(namespace).list()
	slices.SortFunc(all, func(x, y *client) int { return strings.Compare(x.id, y.id) })
	list := make([]ClientInfo, 0, len(all))
	for _, cl := range all {
		cl.mu.Lock()
		if !cl.gone && cl.used {
			list = append(list, ClientInfo{cl.peer, cl.session.Stats()})
		}
		cl.mu.Unlock()
	}
	return list
}

// Client returns a client with a session, by its client identifier; ok is false if there
// is none.
func (b *Broker) Client(namespace, clientID string) (info ClientInfo, ok bool) {
	cl := b.space(namespace).find(clientID)
	if cl == nil {
		return info, false
	}
	cl.mu.Lock()
	defer cl.mu.Unlock()
	if cl.gone || !cl.used {
		return info, false
	}
	return ClientInfo{cl.peer, cl.session.Stats()}, true
}

// SubscriptionInfo is a subscription in a list.
type SubscriptionInfo struct {
	ClientID string // "" for one of the program itself
	packets.Subscription
	SubscriptionID uint32
}

// Subscriptions returns the subscriptions of a namespace, as they are when the walk
// begins, in the order of topic.Index.All. A filter is valid until the next one comes.
func (b *Broker) Subscriptions(namespace string) iter.Seq[SubscriptionInfo] {
	return func(yield func(SubscriptionInfo) bool) {
		for filter, hit := range b.space(namespace).index.All(nil) {
			n := 1
			if hit.Group != nil {
				n = hit.Group.Len()
			}
			for i := range n {
				h := hit
				if hit.Group != nil {
					h = hit.Group.At(i)
				}
				info := SubscriptionInfo{
					ClientID: h.Value.client.id, SubscriptionID: h.SubscriptionID,
					Subscription: packets.Subscription{
						Filter: filter, QoS: h.QoS, NoLocal: h.NoLocal, RetainAsPublished: h.RetainAsPublished, RetainHandling: h.RetainHandling,
					},
				}
				if !yield(info) {
					return
				}
			}
		}
	}
}

// Retained returns the retained messages of a namespace that a filter matches, in the
// order of their topic names. Those that have expired and were not deleted yet are among
// them.
func (b *Broker) Retained(namespace string, filter []byte) []*session.Message {
	var list []*session.Message
	b.space(namespace).retained.walk(filter, func(k *kept) { list = append(list, k.message) })
	return list
}
