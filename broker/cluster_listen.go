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
	members int                 // as the engine was told of a group
	told    bool                // the engine brings what it matches
	firm    bool                // it is asked for until it is listened to: somebody has it already, or cannot be told
	asked   uint64              // counts what was asked for
	logs    []uint16            // that can have what it matches
	waiting []func(*turn, bool) // for told, or that it is refused
}

// listenRequest returns the Request to listen to a filter, or to forget it.
func listenRequest(k RequestKind, key filterKey, members int) Request {
	r := Request{Kind: k, Namespace: key.namespace, Filter: []byte(key.filter)}
	if group, filter, ok := mqttwire.SplitSharedFilter([]byte(key.filter)); ok && len(group) > 0 {
		r.Group, r.Filter, r.Members = group, filter, members
	}
	return r
}

// listening is what is done when filters are listened to.
type listening struct {
	e       *engine
	keys    []filterKey
	left    int   // of keys, and one for who asks
	refused []int // places in keys
	do      func(t *turn, refused []int)
}

// one is that one of the filters is listened to, or was refused. With the last one what is to
// be done is: while it goes on they stay listened to.
func (g *listening) one(t *turn, i int, refused bool) {
	g.e.mu.Lock()
	if refused {
		g.refused = append(g.refused, i)
	}
	g.left--
	last := g.left == 0
	g.e.mu.Unlock()
	if !last {
		return
	}
	g.do(t, g.refused)
	for i, key := range g.keys {
		if !slices.Contains(g.refused, i) {
			g.e.count(key, -1)
		}
	}
}

// waitLocked counts one of the filters, and waits for it.
func (g *listening) waitLocked(l *listened, i int) {
	l.count++
	if !l.told {
		g.left++
		l.waiting = append(l.waiting, func(t *turn, refused bool) { g.one(t, i, refused) })
	}
}

// listenFor does something when all filters are listened to but those that the engine has
// refused, which are named by their places: at once if they are. It is to count those that it
// needs longer. If it is firm none is refused.
func (e *engine) listenFor(t *turn, sp *space, filters [][]byte, firm bool, do func(t *turn, refused []int)) {
	g := &listening{e: e, keys: make([]filterKey, len(filters)), left: 1, do: do}
	e.mu.Lock()
	for i, f := range filters {
		key := filterKey{sp.name, string(f)}
		g.keys[i] = key
		l := e.filters[key]
		if l == nil {
			l = &listened{}
			e.filters[key] = l
			e.listenLocked(t, key, l)
		}
		l.firm = l.firm || firm
		g.waitLocked(l, i)
	}
	e.mu.Unlock()
	g.one(t, -1, false)
}

// listenLocked asks the engine for a filter, until it is listened to; or refused, if it is not
// firm.
func (e *engine) listenLocked(t *turn, key filterKey, l *listened) {
	l.asked++
	asked := l.asked
	l.members = max(1, l.count)
	e.askLocked(t.now, listenRequest(Listen, key, l.members), func(t *turn, r *Reply) {
		if r.Outcome == Done {
			e.logs.endAt(r.Positions)
		}
		e.mu.Lock()
		var waiting []func(*turn, bool)
		if e.filters[key] == l && l.asked == asked {
			waiting = e.listenedTo(t, key, l, r)
		}
		e.mu.Unlock()
		for _, do := range waiting {
			do(t, r.Outcome == Refused)
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

// listenedTo takes the answer to a Listen with the engine's lock held, and returns who waits
// no longer.
func (e *engine) listenedTo(t *turn, key filterKey, l *listened, r *Reply) (waiting []func(*turn, bool)) {
	switch {
	case r.Outcome == Done:
		l.told, l.firm, l.logs = true, true, l.logs[:0]
		for _, p := range r.Positions {
			l.logs = append(l.logs, p.Log)
		}
	case r.Outcome == Refused && !l.firm:
		delete(e.filters, key) // who comes now asks for it anew
	default:
		asked := l.asked
		e.retry(t, func(t *turn) {
			e.mu.Lock()
			defer e.mu.Unlock()
			if e.filters[key] == l && l.asked == asked {
				e.listenLocked(t, key, l)
			}
		})
		return nil
	}
	waiting, l.waiting = l.waiting, nil
	return waiting
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
	e.pushLocked(r)
}

// listenAgain tells an engine that has ended this node what it listens to, and asks for
// what has been missed.
func (e *engine) listenAgain(t *turn) {
	e.logs.stop()
	g := &listening{e: e, left: 1, do: func(t *turn, _ []int) { e.logs.goOn(t) }}
	e.mu.Lock()
	g.keys = slices.SortedFunc(maps.Keys(e.filters), func(x, y filterKey) int {
		return cmp.Or(cmp.Compare(x.namespace, y.namespace), cmp.Compare(x.filter, y.filter))
	})
	for i, key := range g.keys {
		l := e.filters[key]
		l.told = false
		g.waitLocked(l, i)
		e.listenLocked(t, key, l)
	}
	e.mu.Unlock()
	g.one(t, -1, false)
}

// subscribing is a filter that a member of a client subscribes to from now on, and
// unsubscribing that it does not any more.
func (cl *client) subscribing(filter []byte, n int) {
	if h := cl.hold; h != nil {
		h.e.count(filterKey{cl.space.name, string(filter)}, n)
	}
}

// granted returns the filters of a SUBSCRIBE that are granted, and their places in it.
func granted(all []packets.Subscription, codes []mqttwire.ReasonCode) (list [][]byte, at []int) {
	for i := range all {
		if !codes[i].IsError() {
			list, at = append(list, append([]byte(nil), all[i].Filter...)), append(at, i)
		}
	}
	return list, at
}
