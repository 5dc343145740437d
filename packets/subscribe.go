package packets

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/text"
)

// Subscribe is SUBSCRIBE, a client's request for subscriptions. Section 3.8.
type Subscribe struct {
	// Properties. 5.0 only: other versions leave them out. Section 3.8.2.1.
	Properties mqttwire.Properties

	// Subscriptions has at least one entry; in 3.1, which does not say so, it may
	// be empty. Decode reuses the slice.
	Subscriptions []Subscription

	// PacketID is the packet identifier, 1 to 65535. Section 3.8.2.
	PacketID uint16

	// Dup says that the packet is sent again. 3.1 only: other versions have no
	// such flag here and leave it out.
	Dup bool
}

// Subscription is a topic filter with its options. Section 3.8.3.1. Before 5.0
// the QoS is the only option; Append refuses the others there, as without them
// the subscription would be another one.
type Subscription struct {
	// Filter is a topic filter of 1 to 65535 bytes, in 5.0 also a shared one.
	Filter []byte

	// QoS is the highest QoS at which the server may send, 0 to 2.
	QoS mqttwire.QoS

	// NoLocal: no messages that the client itself published. Not with a shared
	// filter. 5.0 only.
	NoLocal bool

	// RetainAsPublished: messages keep the RETAIN flag they were published
	// with. 5.0 only.
	RetainAsPublished bool

	// RetainHandling tells when retained messages are sent: 0 on subscribing, 1
	// on a new subscription only, 2 not at all. 5.0 only.
	RetainHandling uint8
}

// The bits of the subscription options. Section 3.8.3.1.
const (
	optionQoS               = 0x03
	optionNoLocal           = 0x04
	optionRetainAsPublished = 0x08
	optionRetainHandling    = 0x30
	optionReserved          = 0xC0
	optionReserved311       = 0xFC

	retainHandlingShift = 4
	maxRetainHandling   = 2
)

// Type returns SUBSCRIBE.
func (p *Subscribe) Type() mqttwire.PacketType { return mqttwire.SUBSCRIBE }

func (p *Subscribe) properties() *mqttwire.Properties { return &p.Properties }

func (p *Subscribe) clone() mqttwire.Packet { return p.Clone() }

func (*Subscribe) listIn(f mqttwire.Frame, v mqttwire.Version) listPlace {
	place, b := listBeforeEntries(f, mqttwire.SUBSCRIBE, v)
	place.legal = place.legal && (len(b) > 0 || v == mqttwire.V31)
	for place.legal && len(b) > 0 {
		var one [1]Subscription
		n := entryEnd(b, 1)
		_, _, place.legal = decodeSubscriptions(one[:], b[:n:n], v, nil)
		b = b[n:]
	}
	return place
}

func (p *Subscribe) packetID() *uint16 { return &p.PacketID }

func (*Subscribe) reasonCode() *mqttwire.ReasonCode { return nil }

// Decode resets the packet and reads it from f, a frame of version v. The
// packet's byte slices alias f.Body; use Clone to keep them.
func (p *Subscribe) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if p.decode(f, v, nil) {
		return nil
	}
	return p.judged(f, v, nil)
}

func (p *Subscribe) reset(n int) {
	*p = Subscribe{Subscriptions: reuse(p.Subscriptions[:cap(p.Subscriptions)], n)}
}

func (p *Subscribe) judged(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	j := wire.Judge(f, mqttwire.SUBSCRIBE, v, tolerance)
	if !p.decode(f, v, &j) {
		p.reset(len(f.Body))
		return wire.Err(&j)
	}
	return nil
}

func (p *Subscribe) decode(f mqttwire.Frame, v mqttwire.Version, j *mqttwire.Judge) bool {
	if !plainFrame(f, mqttwire.SUBSCRIBE, v) && !wire.Frame(j, f, mqttwire.SUBSCRIBE, v) {
		return false
	}
	b := f.Body
	if p.PacketID = plainID(b); p.PacketID != 0 && j == nil {
		b = b[2:]
	} else if p.PacketID, b = wire.PacketID(j, b); b == nil {
		return false
	}
	p.Dup = v == mqttwire.V31 && f.Header.Flags&flagDup != 0
	if b = readProperties(&p.Properties, b, mqttwire.PropertyOwner(mqttwire.SUBSCRIBE), v, j); b == nil {
		return false
	}
	if len(b) == 0 && v != mqttwire.V31 && !wire.Pass(j, mqttwire.RuleNoFilters, mqttwire.FieldTopicFilter, b, 0) { // [MQTT-3.8.3-2]
		return false
	}
	if oversized(cap(p.Subscriptions), len(f.Body)) {
		p.Subscriptions = nil
	}
	list, n, ok := decodeSubscriptions(p.Subscriptions[:cap(p.Subscriptions)], b, v, j)
	p.Subscriptions = filled(list, n)
	return ok
}

// plainOptions5 and plainOptions3 have a bit for each value of the options byte
// that is legal with any filter that is not a shared one: in 5.0, and before,
// where there is only the QoS.
var plainOptions5, plainOptions3 = func() (v5, before uint64) {
	for options := range byte(1 << 6) { // bits 6 and 7 are reserved
		var s Subscription
		s.setOptions(options)
		if s.fault(0) == 0 {
			v5 |= 1 << options
			if s.newOptions() == 0 {
				before |= 1 << options
			}
		}
	}
	return v5, before
}()

// decodeSubscriptions writes the subscriptions in b over the list, which grows if
// they are more, and returns how many they are.
func decodeSubscriptions(list []Subscription, b []byte, v mqttwire.Version, j *mqttwire.Judge) (all []Subscription, n int, ok bool) {
	legal := plainOptions5
	if v != mqttwire.V5 {
		legal = plainOptions3
	}
	for ; len(b) > 0; n++ {
		if n == len(list) {
			list = room(list, entries(b, 1))
		}
		var filter, rest []byte
		if end := fieldEnd(b); j == nil && end > 2 && text.PlainTopicFilter(b[2:end]) {
			filter, rest = b[2:end:end], b[end:]
		} else if filter, rest = wire.TopicFilter(j, b, mqttwire.FieldTopicFilter, v); rest == nil {
			return list, n, false
		}
		if len(rest) == 0 { // U-3.8.3-2
			wire.Pass(j, mqttwire.RuleOptionsMissing, mqttwire.FieldSubscriptionOptions, rest, 0)
			return list, n, false
		}
		s := &list[n]
		s.Filter = filter
		options := rest[0]
		wire.Saw(j, mqttwire.FieldSubscriptionOptions, rest, 0, 1)
		s.setOptions(options)
		if (legal>>options&1 == 0 || options&optionNoLocal != 0 && len(filter) > 0 && filter[0] == '$') && !s.judge(options, rest, v, j) {
			return list, n + 1, false
		}
		b = rest[1:]
	}
	return list, n, true
}

// judge checks options that are not legal with every filter.
func (s *Subscription) judge(options byte, rest []byte, v mqttwire.Version, j *mqttwire.Judge) bool {
	if v == mqttwire.V311 && options&optionReserved311 != 0 || // [MQTT-3.8.3-4]
		v == mqttwire.V5 && options&optionReserved != 0 { // [MQTT-3.8.3-5]
		if !wire.Pass(j, mqttwire.RuleOptionsReserved, mqttwire.FieldSubscriptionOptions, rest, int64(options)) {
			return false
		}
	}
	if v != mqttwire.V5 { // 3.1 calls bits 7 to 2 unused
		options &= optionQoS
	}
	s.setOptions(options)
	for rule := s.fault(0); rule != 0; rule = s.fault(rule) {
		if !wire.Pass(j, rule, mqttwire.FieldSubscriptionOptions, rest, int64(options)) {
			return false
		}
	}
	return true
}

// setOptions is the inverse of options.
func (s *Subscription) setOptions(options byte) {
	s.QoS = mqttwire.QoS(options & optionQoS)
	s.NoLocal = options&optionNoLocal != 0
	s.RetainAsPublished = options&optionRetainAsPublished != 0
	s.RetainHandling = options & optionRetainHandling >> retainHandlingShift
}

// fault returns the first rule after the given one, or of all if that is 0, that
// the options break, or 0.
func (s *Subscription) fault(after mqttwire.Rule) mqttwire.Rule {
	switch {
	case !s.QoS.Valid() && after < mqttwire.RuleRequestedQoS: // U-3.8.3.1-1
		return mqttwire.RuleRequestedQoS
	case s.RetainHandling > maxRetainHandling && after < mqttwire.RuleRetainHandling: // U-3.8.3.1-2
		return mqttwire.RuleRetainHandling
	case s.NoLocal && mqttwire.IsSharedFilter(s.Filter) && after < mqttwire.RuleNoLocalShared: // [MQTT-3.8.3-4]
		return mqttwire.RuleNoLocalShared
	}
	return 0
}

// options returns the options byte. Section 3.8.3.1.
func (s *Subscription) options() byte {
	b := byte(s.QoS)&optionQoS | s.RetainHandling<<retainHandlingShift&optionRetainHandling
	if s.NoLocal {
		b |= optionNoLocal
	}
	if s.RetainAsPublished {
		b |= optionRetainAsPublished
	}
	return b
}

// Size returns the number of bytes that Append adds for version v.
func (p *Subscribe) Size(v mqttwire.Version) int { return packetSize(p.bodySize(v)) }

func (p *Subscribe) bodySize(v mqttwire.Version) uint64 {
	n := 2 + propertiesSize(&p.Properties, v)
	for i := range p.Subscriptions {
		n += stringSize(p.Subscriptions[i].Filter) + 1
	}
	return n
}

// Append appends the packet, encoded for version v, to dst, behind which there
// must be nothing that the packet aliases. On error it returns dst as it was.
func (p *Subscribe) Append(dst []byte, v mqttwire.Version) ([]byte, error) {
	const t = mqttwire.SUBSCRIBE
	if !v.Known() {
		return wire.Refuse(dst, mqttwire.RuleVersion, t, v, mqttwire.FieldVersion, int64(v))
	}
	subscriptions := p.Subscriptions
	if len(subscriptions) == 0 && v != mqttwire.V31 { // [MQTT-3.8.3-2]
		return wire.Refuse(dst, mqttwire.RuleNoFilters, t, v, mqttwire.FieldTopicFilter, 0)
	}
	list, ok := plainList(&p.Properties, mqttwire.PropertyOwner(t), v)
	n := 2 + plainListSize(list, v)
	for i := range subscriptions {
		n += stringSize(subscriptions[i].Filter) + 1
	}
	switch {
	case n > mqttwire.MaxVarint:
		return refuseFrame(dst, t, v, n)
	case p.PacketID == 0:
		return refuseID(dst, t, v)
	case !ok:
		if err := checkList(&p.Properties, mqttwire.PropertyOwner(t), v); err != nil {
			return dst, err
		}
	}
	first := byte(t)<<4 | t.Flags()
	if p.Dup && v == mqttwire.V31 {
		first |= flagDup
	}
	b := appendHeader(dst, first, n, n)
	end := len(b) + int(n)
	b = append(b, byte(p.PacketID>>8), byte(p.PacketID))
	b = appendPlainList(b, list, v)
	at := len(b)
	b = b[:end]
	at, written, err := putSubscriptions(b, at, subscriptions, v)
	if written < len(subscriptions) {
		if err = putRest(b, at, subscriptions[written:], v, err); err != nil {
			return dst, err
		}
	}
	return b, nil
}

// putRest goes on where putSubscriptions has ended, if not with an error. It writes
// those itself at which that would end at once.
func putRest(b []byte, at int, list []Subscription, v mqttwire.Version, err error) error {
	for err == nil && len(list) > 0 {
		s, n := &list[0], 0
		if options, ok := s.plainOptions(v); ok && !s.NoLocal && (len(s.Filter) < 8 || text.Load64(s.Filter)&text.HighBits != 0) {
			if end := text.PutTopicFilter(b, at, s.Filter); end != 0 {
				b[end] = options
				at, list = end+1, list[1:]
				continue
			}
		}
		at, n, err = putSubscriptions(b, at, list, v)
		list = list[n:]
	}
	return err
}

// putSubscriptions is text.PutTopicFilters for a list of subscriptions, with the options
// behind each filter. It ends with one that is not plain.
func putSubscriptions(b []byte, at int, list []Subscription, v mqttwire.Version) (end, n int, err error) {
	for n := range list {
		s := &list[n]
		filter := s.Filter
		last, end := len(filter)-8, at+2+len(filter)
		options, ok := s.plainOptions(v)
		if !ok || end >= len(b) || uint(last) > text.MaxLength-8 || uint(at) > uint(len(b)) {
			return s.put(b, at, n, v)
		}
		b[end] = options
		to := b[at:end]
		to[0], to[1] = byte(len(filter)>>8), byte(len(filter))
		to = to[2:]
		to = to[:len(filter):len(filter)]
		for i := 0; i < last; i += 8 {
			w := text.Load64(filter[i : i+8 : i+8])
			text.Store64(to[i:i+8:i+8], w)
			if odd := text.OddBytes(w); odd != 0 && !text.PlusAlone(w, odd) {
				if byte(w) != '$' {
					if !text.PlainOdd(filter, i, odd) {
						return s.putFrom(b, at, i, n, v)
					}
					continue
				}
				j := 8
				for text.Shared(w) && j < last && !text.HasSlash(text.Load64(filter[j:])) {
					j += 8
				}
				if odd != text.FirstByte || text.Shared(w) &&
					(s.NoLocal || w>>56 == '/' || j >= last && !text.HasSlash(text.BeforeEnd(text.Load64(filter[last:]), last))) {
					return s.put(b, at, n, v)
				}
			}
		}
		w := text.Load64(filter[last:]) // of which some may have been seen before
		text.Store64(to[last:], w)
		if odd := text.OddBytes(w); odd != 0 && !text.WildcardLast(w, odd) && !text.PlusAlone(w, odd) &&
			(byte(w) == '$' || !text.PlainOdd(filter, last, odd)) {
			return s.putFrom(b, at, last, n, v)
		}
		at = end + 1
	}
	return at, len(list), nil
}

// putFrom ends putSubscriptions with s, of which the options are written, and the filter
// up to i.
func (s *Subscription) putFrom(b []byte, at, i, n int, v mqttwire.Version) (end, all int, err error) {
	if s.Filter[0] == '$' { // it may be a shared one, for which the options are not right
		return s.put(b, at, n, v)
	}
	if end = text.PutFrom(b, at, s.Filter, i); end == 0 {
		return s.put(b, at, n, v)
	}
	return end + 1, n + 1, nil
}

// put ends putSubscriptions with s, whatever it is.
func (s *Subscription) put(b []byte, at, n int, v mqttwire.Version) (end, all int, err error) {
	const t = mqttwire.SUBSCRIBE
	options, ok := s.plainOptions(v)
	if !ok || s.NoLocal {
		if rule := s.faultIn(v); rule != 0 {
			_, err = wire.Refuse(nil, rule, t, v, mqttwire.FieldSubscriptionOptions, s.faulty(rule))
			return at, n, err
		}
	}
	if end = text.PutTopicFilter(b, at, s.Filter); end == 0 {
		if end, err = wire.PutTopicFilter(b, at, s.Filter, t, v, mqttwire.FieldTopicFilter); err != nil {
			return at, n, err
		}
	}
	b[end] = options
	return end + 1, n + 1, nil
}

// plainOptions returns the options byte, and whether it may go with a plain
// filter, which is not a shared one.
func (s *Subscription) plainOptions(v mqttwire.Version) (options byte, ok bool) {
	if s.newOptions() == 0 {
		return byte(s.QoS), s.QoS.Valid()
	}
	return s.options(), s.QoS.Valid() && s.RetainHandling <= maxRetainHandling && v == mqttwire.V5
}

// faultIn returns the rule of version v that the options break, or 0.
func (s *Subscription) faultIn(v mqttwire.Version) mqttwire.Rule {
	rule := s.fault(0)
	if v != mqttwire.V5 && rule != mqttwire.RuleRequestedQoS {
		rule = s.newOptions()
	}
	return rule
}

// newOptions returns the rule that options which came with 5.0 break before it,
// or 0.
func (s *Subscription) newOptions() mqttwire.Rule {
	if s.NoLocal || s.RetainAsPublished || s.RetainHandling != 0 {
		return mqttwire.RuleNotInVersion
	}
	return 0
}

// faulty returns the value that breaks the rule.
func (s *Subscription) faulty(rule mqttwire.Rule) int64 {
	switch rule {
	case mqttwire.RuleRequestedQoS:
		return int64(s.QoS)
	case mqttwire.RuleRetainHandling:
		return int64(s.RetainHandling)
	}
	return int64(s.options())
}

func (p *Subscribe) convert(dst packet, c *Conversion) (err error) {
	q := *p
	q.Dup = c.dup(p.Dup)
	if err = c.drop(&q.Properties, mqttwire.PropertyOwner(mqttwire.SUBSCRIBE), 0); err != nil {
		return err
	}
	if q.Subscriptions, err = c.subscriptions(p.Subscriptions); err != nil {
		return err
	}
	if err = c.verdict(); err != nil {
		return err
	}
	var room [checkRoom]byte
	if _, err = q.Append(room[:0], c.To); err != nil {
		return err
	}
	to := dst.(*Subscribe)
	q.Subscriptions = overwritten(to.Subscriptions, q.Subscriptions)
	*to = q
	return nil
}

// subscriptions returns the list without the options that came with 5.0 if the version
// is an older one. The list is not changed: what is returned may be the list.
func (c *Conversion) subscriptions(list []Subscription) ([]Subscription, error) {
	own := false
	for i := range list {
		s := &list[i]
		if rule := s.faultIn(c.from); rule != 0 {
			_, err := wire.Refuse(nil, rule, mqttwire.SUBSCRIBE, c.from, mqttwire.FieldSubscriptionOptions, s.faulty(rule))
			return nil, err
		}
		c.filter(s.Filter, i)
		if c.To == mqttwire.V5 || s.newOptions() == 0 {
			continue
		}
		c.loseField(mqttwire.FieldSubscriptionOptions, i, int64(s.options()), nil)
		if !own {
			list, own = append([]Subscription(nil), list...), true
		}
		list[i] = Subscription{Filter: s.Filter, QoS: s.QoS}
	}
	return list, nil
}

// Clone returns a copy that shares no memory with p.
func (p *Subscribe) Clone() *Subscribe {
	q, list, m := newCloneWithList[Subscribe](p.Subscriptions, p.Pinned())
	*q = *p
	q.Properties, q.Subscriptions = m.properties(p.Properties), list
	for i := range list {
		list[i].Filter = m.bytes(list[i].Filter)
	}
	return q
}

// Pinned returns how many bytes of the frame p keeps alive: see the function
// Pinned.
func (p *Subscribe) Pinned() int {
	n := len(p.Properties.Bytes())
	for i := range p.Subscriptions {
		n += len(p.Subscriptions[i].Filter)
	}
	return n
}

// String returns the packet in one line.
func (p Subscribe) String() string {
	t := newLine(mqttwire.SUBSCRIBE)
	t.number("packet_id", uint64(p.PacketID))
	t.flag("dup", p.Dup)
	for i := range p.Subscriptions {
		s := &p.Subscriptions[i]
		if t.more(i, len(p.Subscriptions)) {
			break
		}
		t.bytes("filter", s.Filter)
		t.number("qos", uint64(s.QoS))
		t.flag("no_local", s.NoLocal)
		t.flag("retain_as_published", s.RetainAsPublished)
		if s.RetainHandling != 0 {
			t.number("retain_handling", uint64(s.RetainHandling))
		}
	}
	t.properties("properties", p.Properties)
	return t.String()
}

// visit tells v of the fields.
func (p *Subscribe) visit(v visitor) {
	v.flag("dup", &p.Dup, rare)
	v.number("packetId", &p.PacketID, always)
	v.list("filters", len(p.Subscriptions), func(n int) { p.Subscriptions = make([]Subscription, n) },
		func(i int, v visitor) { p.Subscriptions[i].visit(v) })
	v.properties("props", &p.Properties)
}

// MarshalJSON returns the packet as JSON, as AppendJSON writes it.
func (p Subscribe) MarshalJSON() ([]byte, error) { return AppendJSON(nil, &p) }

// UnmarshalJSON resets the packet and reads it from JSON, as ParseJSON does.
func (p *Subscribe) UnmarshalJSON(b []byte) error { return readPacket(p, b) }

// LogValue returns the packet for package log/slog, as a group: named as JSON is,
// and with no more shown than String shows.
func (p Subscribe) LogValue() slogValue { return logPacket(&p) }

// visit tells v of the fields.
func (s *Subscription) visit(v visitor) {
	v.text("topic", &s.Filter)
	v.byte("qos", (*uint8)(&s.QoS), always)
	v.flag("noLocal", &s.NoLocal, rare)
	v.flag("retainAsPublished", &s.RetainAsPublished, rare)
	v.byte("retainHandling", &s.RetainHandling, rare)
}

// MarshalJSON returns the subscription as JSON, as AppendJSON writes it.
func (s Subscription) MarshalJSON() ([]byte, error) { return marshalPart(s.visit) }

// UnmarshalJSON reads the subscription from JSON, as ParseJSON does. On error it is left as
// it was.
func (s *Subscription) UnmarshalJSON(b []byte) error { return readPart(b, s, (*Subscription).visit) }
