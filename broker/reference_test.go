package broker_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// reference is a broker that does everything by plain lists: each subscription against
// each message. It sees each packet that the real one is shown, and says what is to come
// of it.
type reference struct {
	sessions []*refSession
	retained map[string]*refMessage
	shares   []*refShare
	faults   []string
	opening  bool          // a connection begins: wills come behind that
	wills    []*refMessage // that wait for it
}

// refSession is the session of a client identifier.
type refSession struct {
	id        string
	v         mqttwire.Version
	conn      any // the connection that has it, or nil
	expiry    time.Duration
	never     bool // it does not expire
	subs      []refSub
	expected  []refDelivery
	seen      map[string]bool // payloads of QoS 1 that came
	will      *refMessage
	willDelay time.Duration
	willAt    time.Time // zero: it is not due
	endAt     time.Time // zero: it does not end
	unchecked bool      // nobody looks at what it gets
}

type refSub struct {
	packets.Subscription
	id     uint32
	shared bool
}

// refMessage is a message that was published.
type refMessage struct {
	topic, payload string
	qos            mqttwire.QoS
	retain         bool
	from           string
	at             time.Time
	expires        bool
	expiry         time.Duration
}

func (m *refMessage) expired(now time.Time) bool { return m.expires && !now.Before(m.at.Add(m.expiry)) }

// refDelivery is a message that a client is to get next.
type refDelivery struct {
	m      *refMessage
	qos    mqttwire.QoS
	retain bool
	ids    []uint32
}

// refShare is a message that one member of a group is to get.
type refShare struct {
	m         *refMessage
	filter    string // the shared filter
	delivered int
	least     bool // with QoS 1, so that it may come again
	risk      bool // the session of a member has ended since, or nobody was there
}

// is reports whether a packet is of the message.
func (d *refDelivery) is(p *packets.Publish) bool {
	return d.m.payload == string(p.Payload) && d.m.topic == string(p.Topic)
}

func newReference() *reference {
	return &reference{retained: map[string]*refMessage{}}
}

func (r *reference) fail(format string, args ...any) {
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}

func (r *reference) session(id string) *refSession {
	for _, s := range r.sessions {
		if s.id == id {
			return s
		}
	}
	return nil
}

// connect answers a CONNECT, and returns whether the session is present.
func (r *reference) connect(now time.Time, conn any, c *packets.Connect, id string) (present bool) {
	r.opening = true
	defer func() {
		r.opening = false
		for _, m := range r.wills {
			r.publish(now, m)
		}
		r.wills = nil
	}()
	if s := r.session(id); s != nil && s.conn != nil { // a takeover
		r.lost(now, s.conn)
	}
	s := r.session(id)
	if s != nil && c.CleanStart {
		r.end(now, s)
		s = nil
	}
	if present = s != nil; !present {
		s = &refSession{id: id, seen: map[string]bool{}}
		r.sessions = append(r.sessions, s)
	}
	s.v, s.conn, s.will, s.willAt, s.endAt = c.Version, conn, nil, time.Time{}, time.Time{}
	s.expiry, s.never = 0, c.Version != mqttwire.V5 && !c.CleanStart
	if seconds, ok := c.Properties.SessionExpiryInterval(); ok && c.Version == mqttwire.V5 {
		s.expiry = time.Duration(seconds) * time.Second
	}
	if w := c.Will; w != nil {
		s.will = messageOf(now, w.Publish(), id)
		delay, _ := w.Properties.WillDelayInterval()
		s.willDelay = time.Duration(delay) * time.Second
	}
	return present
}

func messageOf(now time.Time, p *packets.Publish, from string) *refMessage {
	m := &refMessage{topic: string(p.Topic), payload: string(p.Payload), qos: p.QoS, retain: p.Retain, from: from, at: now}
	if seconds, ok := p.Properties.MessageExpiryInterval(); ok {
		m.expires, m.expiry = true, time.Duration(seconds)*time.Second
	}
	return m
}

func (r *reference) of(conn any) *refSession {
	for _, s := range r.sessions {
		if s.conn == conn {
			return s
		}
	}
	return nil
}

// packet is what comes of any other packet of a client.
func (r *reference) packet(now time.Time, conn any, packet mqttwire.Packet) {
	s := r.of(conn)
	switch p := packet.(type) {
	case *packets.Publish:
		r.publish(now, messageOf(now, p, s.id))
	case *packets.Subscribe:
		id, _ := p.Properties.SubscriptionIdentifier()
		for _, sub := range p.Subscriptions {
			r.subscribe(now, s, sub, id)
		}
	case *packets.Unsubscribe:
		for _, filter := range p.Filters {
			s.subs = slices.DeleteFunc(s.subs, func(x refSub) bool { return string(x.Filter) == string(filter) })
		}
	case *packets.Disconnect:
		if p.ReasonCode == 0 {
			s.will = nil
		}
		if seconds, ok := p.Properties.SessionExpiryInterval(); ok {
			s.expiry = time.Duration(seconds) * time.Second
		}
		r.lost(now, conn)
	}
}

// subscribe makes a subscription, and sends the retained messages.
func (r *reference) subscribe(now time.Time, s *refSession, sub packets.Subscription, id uint32) {
	sub.Filter = slices.Clone(sub.Filter)
	n := refSub{sub, id, strings.HasPrefix(string(sub.Filter), "$share/")}
	i := slices.IndexFunc(s.subs, func(x refSub) bool { return string(x.Filter) == string(sub.Filter) })
	existed := i >= 0
	if existed {
		s.subs[i] = n
	} else {
		s.subs = append(s.subs, n)
	}
	if n.shared || sub.RetainHandling == 2 || sub.RetainHandling == 1 && existed {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(r.retained)) {
		m := r.retained[name]
		if m.expired(now) || !mqttwire.MatchTopic(sub.Filter, []byte(name)) || sub.NoLocal && m.from == s.id {
			continue
		}
		d := refDelivery{m: m, qos: min(m.qos, sub.QoS), retain: true}
		if id != 0 {
			d.ids = []uint32{id}
		}
		s.expected = append(s.expected, d)
	}
}

// publish sends a message to all who subscribe.
func (r *reference) publish(now time.Time, m *refMessage) {
	if m.retain {
		if delete(r.retained, m.topic); m.payload != "" {
			r.retained[m.topic] = m
		}
	}
	groups := map[string]bool{}
	for _, s := range r.sessions {
		r.deliver(s, m, groups)
	}
	for _, filter := range slices.Sorted(maps.Keys(groups)) {
		r.shares = append(r.shares, &refShare{m: m, filter: filter, risk: m.qos == 0 || !r.takes(filter)})
	}
	for len(r.shares) > sharesKept { // the old ones are through
		old := r.shares[0]
		r.shares = r.shares[1:]
		for _, share := range r.shares {
			share.risk = share.risk || share.m.payload == old.m.payload // whose copies may count for the old one
		}
	}
}

// sharesKept is how many messages of groups are looked at.
const sharesKept = 100

// takes reports whether a member of a group with QoS 1 or 2 is connected.
func (r *reference) takes(filter string) bool {
	for _, s := range r.sessions {
		for _, sub := range s.subs {
			if s.conn != nil && string(sub.Filter) == filter && sub.QoS > 0 {
				return true
			}
		}
	}
	return false
}

// deliver sends a message to a client, and notes the groups that it is a member of.
func (r *reference) deliver(s *refSession, m *refMessage, groups map[string]bool) {
	d, any := refDelivery{m: m}, false
	for _, sub := range s.subs {
		filter := string(sub.Filter)
		if sub.shared {
			filter = strings.SplitN(filter, "/", 3)[2]
		}
		if !mqttwire.MatchTopic([]byte(filter), []byte(m.topic)) || sub.NoLocal && m.from == s.id {
			continue
		}
		if sub.shared {
			groups[string(sub.Filter)] = true
			continue
		}
		any = true
		d.qos = max(d.qos, min(m.qos, sub.QoS))
		d.retain = d.retain || m.retain && sub.RetainAsPublished
		if sub.id != 0 {
			d.ids = append(d.ids, sub.id)
		}
	}
	if any && (s.conn != nil || d.qos > 0) {
		s.expected = append(s.expected, d)
	}
}

// lost is what comes of the end of a connection.
func (r *reference) lost(now time.Time, conn any) {
	s := r.of(conn)
	if s == nil {
		return
	}
	s.conn = nil
	s.expected = slices.DeleteFunc(s.expected, func(d refDelivery) bool { return d.qos == 0 })
	for _, sub := range s.subs {
		if sub.shared {
			r.riskOf(string(sub.Filter), sub.QoS == 0)
		}
	}
	if s.expiry == 0 && !s.never {
		r.end(now, s)
		return
	}
	if !s.never {
		s.endAt = now.Add(s.expiry)
	}
	if s.will != nil {
		if s.willAt = now.Add(s.willDelay); s.willDelay == 0 {
			r.publishWill(now, s)
		}
	}
}

func (r *reference) publishWill(now time.Time, s *refSession) {
	m := s.will
	s.will, s.willAt = nil, time.Time{}
	if m == nil {
		return
	}
	if m.at = now; r.opening {
		r.wills = append(r.wills, m)
		return
	}
	r.publish(now, m)
}

// end ends a session.
func (r *reference) end(now time.Time, s *refSession) {
	r.sessions = slices.DeleteFunc(r.sessions, func(x *refSession) bool { return x == s })
	for _, sub := range s.subs {
		if sub.shared {
			r.riskOf(string(sub.Filter), true)
		}
	}
	r.publishWill(now, s)
}

// riskOf notes that a member of a group has gone: what it had may be lost, or come again.
func (r *reference) riskOf(filter string, ended bool) {
	for _, share := range r.shares {
		if share.filter == filter && (ended || share.m.qos == 0) {
			share.risk = true
		}
	}
}

// deadline returns when tick has something to do; the zero time is never.
func (r *reference) deadline() (at time.Time) {
	for _, s := range r.sessions {
		for _, by := range []time.Time{s.willAt, s.endAt} {
			if !by.IsZero() && (at.IsZero() || by.Before(at)) {
				at = by
			}
		}
	}
	return at
}

// tick does what is due, the earliest first.
func (r *reference) tick(now time.Time) {
	for at := r.deadline(); !at.IsZero() && !now.Before(at); at = r.deadline() {
		for _, s := range slices.Clone(r.sessions) {
			switch {
			case s.willAt.Equal(at) && !at.IsZero():
				r.publishWill(now, s)
			case s.endAt.Equal(at) && !at.IsZero():
				s.endAt = time.Time{}
				r.end(now, s)
			}
		}
	}
}

// got compares a message that a client has got with what it is to get.
func (r *reference) got(now time.Time, id string, p *packets.Publish) {
	s := r.session(id)
	if s == nil || s.unchecked {
		return
	}
	for len(s.expected) > 0 && s.expected[0].m.expired(now) && !s.expected[0].is(p) {
		s.expected = s.expected[1:]
	}
	switch {
	case len(s.expected) > 0 && s.expected[0].is(p):
	default:
		r.gotShared(now, s, p)
		return
	}
	d := s.expected[0]
	s.expected = s.expected[1:]
	s.seen[string(p.Payload)] = true
	ids := slices.Collect(p.Properties.SubscriptionIDs())
	slices.Sort(ids)
	if s.v != mqttwire.V5 {
		d.ids = nil
	}
	slices.Sort(d.ids)
	if string(p.Topic) != d.m.topic || p.QoS != d.qos || p.Retain != d.retain || !slices.Equal(ids, d.ids) {
		r.fail("%s got %v %v, and was to get %v %s retain=%t: %+v", id, p, ids, d.ids, d.qos, d.retain, d.m)
	}
	r.interval(now, s, p, d.m)
}

// interval compares the Message Expiry Interval with what is left of it.
func (r *reference) interval(now time.Time, s *refSession, p *packets.Publish, m *refMessage) {
	if s.v != mqttwire.V5 {
		return
	}
	seconds, ok := p.Properties.MessageExpiryInterval()
	if ok != m.expires {
		r.fail("%s got %v with an interval: %t", s.id, p, ok)
	}
	if m.expired(now) && !p.Dup && now.After(m.at) {
		r.fail("%s got %v, which has expired", s.id, p)
	}
	if left := m.expiry - now.Sub(m.at).Truncate(time.Second); ok && time.Duration(seconds)*time.Second != max(0, left) {
		r.fail("%s got %v with %d s left, and %v are", s.id, p, seconds, left)
	}
}

// gotShared compares a message of a shared subscription: one that the client has, or had
// when the message came.
func (r *reference) gotShared(now time.Time, s *refSession, p *packets.Publish) {
	var had *refShare
	best := 0
	for _, share := range r.shares {
		if share.m.payload != string(p.Payload) || share.m.topic != string(p.Topic) {
			continue
		}
		i := slices.IndexFunc(s.subs, func(x refSub) bool { return string(x.Filter) == share.filter })
		fits := i >= 0 && p.QoS == min(share.m.qos, s.subs[i].QoS)
		rank := 0
		switch {
		case share.delivered == 0 && fits:
			rank = 3
		case share.delivered == 0:
			rank = 2
		case p.QoS == 1 && p.Dup, p.QoS < 2 && share.m.qos > 0 && share.risk, share.least && share.risk: // who had it was gone before it was acknowledged
			rank = 1
		}
		if rank > best {
			had, best = share, rank
		}
	}
	again := p.QoS == 1 && s.seen[string(p.Payload)]
	switch {
	case again && p.Dup: // of the subscription that it has come by before, or of the group
		if had != nil {
			had.risk = true
		}
		return
	case had == nil && again && p.Retain:
		return
	case had == nil:
		r.fail("%s (%v) got %v %q at %v, and was to get %v", s.id, s.v, p, p.Payload, now, next(s))
		return
	}
	had.delivered++
	had.least = had.least || p.QoS == 1
	s.seen[string(p.Payload)] = true
}

// undelivered returns the payload of a message that came to fewer groups than there are. Of
// which group a copy is cannot be seen: a client may be in several, and a message of QoS 1
// that comes twice is one more for each.
func (r *reference) undelivered(now time.Time) (payload string, ok bool) {
	missing, risk := map[string]int{}, map[string]bool{}
	for _, share := range r.shares {
		missing[share.m.payload] += 1 - share.delivered
		risk[share.m.payload] = risk[share.m.payload] || share.risk || share.m.expired(now)
	}
	for _, payload := range slices.Sorted(maps.Keys(missing)) {
		if missing[payload] > 0 && !risk[payload] {
			return payload, true
		}
	}
	return "", false
}

func next(s *refSession) string {
	if len(s.expected) == 0 {
		return "nothing"
	}
	m := s.expected[0].m
	return fmt.Sprintf("%s %q retain=%t %s from %s at %v expiry %v, of %d", m.topic, m.payload, s.expected[0].retain, s.expected[0].qos, m.from, m.at, m.expiry, len(s.expected))
}

// waits returns which messages a client has yet to get.
func (s *refSession) waits(now time.Time) (list []string) {
	for _, d := range s.expected {
		if !d.m.expired(now) {
			list = append(list, d.m.payload)
		}
	}
	return list
}

// ids returns the sessions that there are, and whether they are connected.
func (r *reference) ids() (list []string) {
	for _, s := range r.sessions {
		list = append(list, fmt.Sprint(s.id, " ", s.conn != nil))
	}
	slices.SortFunc(list, cmp.Compare[string])
	return list
}

// kept returns the retained messages.
func (r *reference) kept(now time.Time) (list []string) {
	for topic, m := range r.retained {
		if !m.expired(now) {
			list = append(list, topic+" "+m.payload)
		}
	}
	slices.Sort(list)
	return list
}
