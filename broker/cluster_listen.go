package broker

import (
	"cmp"
	"maps"
	"slices"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// filterKey is a filter of a namespace: as a SUBSCRIBE has it, with $share and group.
type filterKey struct{ namespace, filter string }

// listened is a filter that somebody here subscribes to, or is about to.
type listened struct {
	count   int
	members int           // as the engine was told of a group
	told    bool          // the engine brings what it matches
	asked   uint64        // counts what was asked for
	logs    []uint16      // that can have what it matches
	waiting []func(*turn) // for told
}

// listenRequest returns the Request to listen to a filter, or to forget it.
func listenRequest(k RequestKind, key filterKey, members int) Request {
	r := Request{Kind: k, Namespace: key.namespace, Filter: []byte(key.filter)}
	if group, filter, ok := mqttwire.SplitSharedFilter([]byte(key.filter)); ok && len(group) > 0 {
		r.Group, r.Filter, r.Members = group, filter, members
	}
	return r
}

// listenFor does something when all filters are listened to, at once if they are. While it
// goes on they stay so: it is to count those that it needs longer.
func (e *engine) listenFor(t *turn, sp *space, filters [][]byte, do func(*turn)) {
	keys := make([]filterKey, len(filters))
	e.mu.Lock()
	left := 1
	one := func(t *turn) {
		e.mu.Lock()
		left--
		last := left == 0
		e.mu.Unlock()
		if !last {
			return
		}
		do(t)
		for _, key := range keys {
			e.count(key, -1)
		}
	}
	for i, f := range filters {
		key := filterKey{sp.name, string(f)}
		keys[i] = key
		l := e.filters[key]
		if l == nil {
			l = &listened{}
			e.filters[key] = l
			e.listenLocked(t, key, l, false)
		}
		l.count++
		if !l.told {
			left++
			l.waiting = append(l.waiting, one)
		}
	}
	e.mu.Unlock()
	one(t)
}

// listenLocked asks the engine for a filter, again after a new beginning of this node.
func (e *engine) listenLocked(t *turn, key filterKey, l *listened, again bool) {
	l.asked++
	asked := l.asked
	l.members = max(1, l.count)
	e.askLocked(t.now, listenRequest(Listen, key, l.members), func(t *turn, r *Reply) {
		if r.Outcome != Done {
			e.retry(t, func(t *turn) {
				e.mu.Lock()
				defer e.mu.Unlock()
				if e.filters[key] == l && l.asked == asked {
					e.listenLocked(t, key, l, again)
				}
			})
			return
		}
		e.logs.endAt(r.Positions)
		e.mu.Lock()
		var waiting []func(*turn)
		if e.filters[key] == l && l.asked == asked {
			l.told, l.logs = true, l.logs[:0]
			for _, p := range r.Positions {
				l.logs = append(l.logs, p.Log)
			}
			waiting, l.waiting = l.waiting, nil
		}
		e.mu.Unlock()
		for _, do := range waiting {
			do(t)
		}
	})
}

// logsOf returns the logs that can have what filters match that are listened to.
func (e *engine) logsOf(sp *space, filters [][]byte) (logs []uint16) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, f := range filters {
		if l := e.filters[filterKey{sp.name, string(f)}]; l != nil {
			logs = append(logs, l.logs...)
		}
	}
	return logs
}

// count counts who subscribes to a filter, which is listened to, and tells the engine if
// nobody does any more.
func (e *engine) count(key filterKey, n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	l := e.filters[key]
	if l == nil {
		return
	}
	l.count += n
	r := listenRequest(Listen, key, l.count)
	switch {
	case l.count <= 0:
		delete(e.filters, key)
		r.Kind = Forget
	case r.Group == nil || n > 0 || l.count == l.members: // who subscribes lets it be counted off once more
		return
	}
	l.members = l.count
	r.Node = e.lease.holder
	e.requests = append(e.requests, r)
	e.tellLocked()
}

// listenAgain tells an engine that has ended this node what it listens to, and asks for
// what has been missed.
func (e *engine) listenAgain(t *turn) {
	e.logs.stop()
	e.mu.Lock()
	left := 1
	var keys []filterKey
	one := func(t *turn) {
		e.mu.Lock()
		left--
		last := left == 0
		e.mu.Unlock()
		if !last {
			return
		}
		e.logs.goOn(t)
		for _, key := range keys {
			e.count(key, -1)
		}
	}
	keys = slices.SortedFunc(maps.Keys(e.filters), func(x, y filterKey) int {
		return cmp.Or(cmp.Compare(x.namespace, y.namespace), cmp.Compare(x.filter, y.filter))
	})
	for _, key := range keys {
		l := e.filters[key]
		left++
		l.count++
		l.told = false
		l.waiting = append(l.waiting, one)
		e.listenLocked(t, key, l, true)
	}
	e.mu.Unlock()
	one(t)
}

// subscribing is a filter that a member of a client subscribes to from now on, and
// unsubscribing that it does not any more.
func (cl *client) subscribing(filter []byte, n int) {
	if h := cl.hold; h != nil {
		h.e.count(filterKey{cl.space.name, string(filter)}, n)
	}
}

// granted returns the filters of a SUBSCRIBE that are granted.
func granted(all []packets.Subscription, codes []mqttwire.ReasonCode) (list [][]byte) {
	for i := range all {
		if !codes[i].IsError() {
			list = append(list, append([]byte(nil), all[i].Filter...))
		}
	}
	return list
}
