package topic

import (
	"bytes"
	"iter"
	"sync"
	"sync/atomic"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// Index finds the subscriptions whose filters match a topic name. A subscription is a
// filter and a value, which says whose it is, with its options. The zero value is an
// empty Index. It may be used by many goroutines at once, and must not be copied. V is
// usually a pointer; values that are not equal to themselves, as NaN is, must not be set.
//
// Memory for a filter with one subscription is about one and a half times that of its V,
// of its bytes and of 17 more. A filter with wildcards shares what stands in front of the
// first one with all others that begin so. Each further subscription of a filter takes
// that of its V and 8 bytes, and in long lists that of a map entry.
type Index[V comparable] struct {
	writing sync.Mutex
	state   atomic.Pointer[indexState[V]] // nil if nothing was ever set
}

// listed is the subscriptions of one filter: one of a filter that is not shared, or
// many. A shared one always has many. The zero value is that of no filter.
type listed[V comparable] struct {
	one  subscription[V]
	many *Group[V]
}

func (l *listed[V]) isSet() bool { return l.many != nil || l.one.options&optionSet != 0 }

// groupMark stands in the keys of shared filters between the filter within and the
// ShareName: a byte that no UTF-8 has.
const groupMark = 0xFF

// Set adds a subscription, or replaces the one that has the same filter and value: its
// options and its identifier, 1 to 268435455 or 0 for none. It returns how many
// subscriptions the filter has now, and whether there was such a one: if it is 1 and
// there was not, the filter is a new one. A message that is published meanwhile finds
// the old one or the new one. Of a shared filter, all but the ShareName being the same,
// each ShareName counts as a filter of its own.
//
// A filter, options or an identifier that no SUBSCRIBE of 5.0 may have are an *Error,
// and nothing is set. s.Filter is copied. [MQTT-3.8.4-3]
func (x *Index[V]) Set(s *packets.Subscription, id uint32, v V) (count int, replaced bool, err error) {
	if err := checkSubscription(s, id); err != nil {
		return 0, false, err
	}
	var room [usualKey]byte
	group, filter, _ := mqttwire.SplitSharedFilter(s.Filter)
	key := appendKey(room[:0], group, filter)
	x.writing.Lock()
	defer x.writing.Unlock()
	state := x.now()
	item, count, replaced := state.find(key).with(newSubscription(s, id, v), group)
	state.set(key, item)
	if !replaced {
		state.subscriptionCount++
		if count == 1 {
			state.filterCount++
		}
	}
	x.state.Store(&state)
	return count, replaced, nil
}

// now returns what the Index has now.
func (x *Index[V]) now() indexState[V] {
	if state := x.state.Load(); state != nil {
		return *state
	}
	return newState[V]()
}

// checkSubscription returns nil if a SUBSCRIBE of 5.0 may have the subscription.
func checkSubscription(s *packets.Subscription, id uint32) error {
	p := packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{*s}}
	if id != 0 {
		p.Properties.AddSubscriptionID(id)
	}
	var room [usualKey]byte
	_, err := p.Append(room[:0], mqttwire.V5)
	return err
}

// usualKey is how long keys are at most, but for some.
const usualKey = 256

// with returns the subscriptions of a filter, which has none if l is nil, with another
// one, how many they are, and whether one with its value was replaced.
func (l *listed[V]) with(s subscription[V], group []byte) (_ listed[V], count int, replaced bool) {
	many := &Group[V]{name: string(group)}
	switch {
	case l == nil && len(group) == 0:
		return listed[V]{one: s}, 1, false
	case l == nil:
	case l.many != nil:
		many = l.many
	case l.one.value == s.value:
		return listed[V]{one: s}, 1, true
	default:
		many, _ = many.with(l.one)
	}
	many, replaced = many.with(s)
	return listed[V]{many: many}, many.Len(), replaced
}

// without returns the subscriptions of a filter, which has none if l is nil, without
// the one with a value, how many are left, and whether there was such a one.
func (l *listed[V]) without(v V) (_ listed[V], left int, deleted bool) {
	switch {
	case l == nil:
		return listed[V]{}, 0, false
	case l.many == nil:
		return listed[V]{}, 0, l.one.value == v
	}
	i := l.many.members.place(v)
	if i < 0 {
		return listed[V]{}, 0, false
	}
	less := l.many.members.without(i)
	if less.n == 1 && l.many.name == "" {
		return listed[V]{one: *less.at(0)}, 1, true
	}
	return listed[V]{many: &Group[V]{l.many.name, less}}, less.n, true
}

// count returns how many subscriptions a filter has, none if l is nil.
func (l *listed[V]) count() int {
	switch {
	case l == nil:
		return 0
	case l.many == nil:
		return 1
	}
	return l.many.Len()
}

// Delete removes the subscription that has the filter and the value. It returns how
// many subscriptions the filter has left, and whether there was such a one: if it is 0
// and there was, the filter is gone.
func (x *Index[V]) Delete(filter []byte, v V) (left int, deleted bool) {
	var room [usualKey]byte
	key, ok := keyOf(filter, room[:0])
	if !ok {
		return 0, false
	}
	x.writing.Lock()
	defer x.writing.Unlock()
	state := x.now()
	l := state.find(key)
	item, left, deleted := l.without(v)
	if !deleted {
		return l.count(), false
	}
	state.subscriptionCount--
	if left > 0 {
		state.set(key, item)
	} else {
		state.delete(key)
		state.filterCount--
	}
	x.state.Store(&state)
	return left, true
}

// Count returns how many subscriptions have that filter.
func (x *Index[V]) Count(filter []byte) int {
	var room [usualKey]byte
	key, ok := keyOf(filter, room[:0])
	if !ok {
		return 0
	}
	state := x.now()
	return state.find(key).count()
}

// Len returns how many subscriptions there are.
func (x *Index[V]) Len() int { return x.now().subscriptionCount }

// Filters returns how many filters there are.
func (x *Index[V]) Filters() int { return x.now().filterCount }

// All returns all subscriptions with their filters, as they are when it begins. Those
// with the same filter come one behind the other, in the order of Group.At; a shared
// filter comes once, with its group. The filter is valid until the next one comes. Only
// those behind a filter come, which is the last one seen by whoever goes on with another
// call, or nil for all; it need not be there any more. The order is any, but the same in
// all calls, so that what is there all the time comes once.
func (x *Index[V]) All(behind []byte) iter.Seq2[[]byte, Hit[V]] {
	return func(yield func([]byte, Hit[V]) bool) {
		after, _ := keyOf(behind, nil)
		state := x.now()
		var filter []byte
		state.all(after, func(key []byte, l *listed[V]) bool {
			filter = appendFilter(filter[:0], key)
			return l.all(filter, yield)
		})
	}
}

// all yields the hits of a filter.
func (l *listed[V]) all(filter []byte, yield func([]byte, Hit[V]) bool) bool {
	switch {
	case l.many == nil:
		return yield(filter, l.one.hit())
	case l.many.name != "":
		return yield(filter, Hit[V]{Group: l.many})
	}
	for i := range l.many.Len() {
		if !yield(filter, l.many.At(i)) {
			return false
		}
	}
	return true
}

// keyOf appends the key of a filter to dst, if it is legal.
func keyOf(filter, dst []byte) (key []byte, ok bool) {
	group, filter, ok := mqttwire.SplitSharedFilter(filter)
	return appendKey(dst, group, filter), ok
}

// appendKey appends the key of a filter, which belongs to a group unless that is empty.
func appendKey(dst, group, filter []byte) []byte {
	dst = append(dst, filter...)
	if len(group) > 0 {
		dst = append(append(dst, groupMark), group...)
	}
	return dst
}

// appendFilter appends the filter that has a key.
func appendFilter(dst, key []byte) []byte {
	filter, group, shared := bytes.Cut(key, []byte{groupMark})
	if shared {
		dst = append(append(append(dst, "$share/"...), group...), '/')
	}
	return append(dst, filter...)
}
