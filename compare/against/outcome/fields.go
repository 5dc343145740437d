package outcome

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/against/record"
	"github.com/mqttwire/mqttwire/packets"
)

// notePacket notes every field of a packet, lists in their order.
func notePacket(r *record.Record, p mqttwire.Packet) {
	r.Number("type", int64(p.Type()))
	switch p := p.(type) {
	case *packets.Connect:
		noteConnect(r, p)
	case *packets.Connack:
		r.Bool("session present", p.SessionPresent)
		noteCoded(r, 0, p.ReasonCode, &p.Properties)
	case *packets.Publish:
		notePublish(r, p)
	case *packets.Puback:
		noteCoded(r, p.PacketID, p.ReasonCode, &p.Properties)
	case *packets.Pubrec:
		noteCoded(r, p.PacketID, p.ReasonCode, &p.Properties)
	case *packets.Pubrel:
		r.Bool("DUP", p.Dup)
		noteCoded(r, p.PacketID, p.ReasonCode, &p.Properties)
	case *packets.Pubcomp:
		noteCoded(r, p.PacketID, p.ReasonCode, &p.Properties)
	case *packets.Disconnect:
		noteCoded(r, 0, p.ReasonCode, &p.Properties)
	case *packets.Auth:
		noteCoded(r, 0, p.ReasonCode, &p.Properties)
	default:
		noteList(r, p)
	}
}

// noteList notes the packets that have a list, and no others but the PINGs.
func noteList(r *record.Record, p mqttwire.Packet) {
	switch p := p.(type) {
	case *packets.Subscribe:
		r.Bool("DUP", p.Dup)
		noteCoded(r, p.PacketID, 0, &p.Properties)
		r.Bool("no list", p.Subscriptions == nil)
		r.Number("list", int64(len(p.Subscriptions)))
		for i := range p.Subscriptions {
			noteSubscription(r, &p.Subscriptions[i])
		}
	case *packets.Unsubscribe:
		r.Bool("DUP", p.Dup)
		noteCoded(r, p.PacketID, 0, &p.Properties)
		r.Bool("no list", p.Filters == nil)
		r.Number("list", int64(len(p.Filters)))
		for _, f := range p.Filters {
			view(r, "filter", f)
		}
	case *packets.Suback:
		noteCoded(r, p.PacketID, 0, &p.Properties)
		noteCodes(r, p.ReasonCodes)
	case *packets.Unsuback:
		noteCoded(r, p.PacketID, 0, &p.Properties)
		noteCodes(r, p.ReasonCodes)
	}
}

func noteConnect(r *record.Record, p *packets.Connect) {
	r.Number("version", int64(p.Version))
	r.Bool("bridge", p.Bridge)
	r.Bool("clean start", p.CleanStart)
	r.Number("keep alive", int64(p.KeepAlive))
	view(r, "client identifier", p.ClientID)
	view(r, "user name", p.UserName)
	view(r, "password", p.Password)
	noteProperties(r, &p.Properties)
	r.Bool("will", p.Will != nil)
	if w := p.Will; w != nil {
		view(r, "will topic", w.Topic)
		view(r, "will payload", w.Payload)
		r.Number("will QoS", int64(w.QoS))
		r.Bool("will retain", w.Retain)
		noteProperties(r, &w.Properties)
	}
}

func notePublish(r *record.Record, p *packets.Publish) {
	view(r, "topic", p.Topic)
	view(r, "payload", p.Payload)
	r.Number("QoS", int64(p.QoS))
	r.Bool("DUP", p.Dup)
	r.Bool("RETAIN", p.Retain)
	noteCoded(r, p.PacketID, 0, &p.Properties)
}

func noteSubscription(r *record.Record, s *packets.Subscription) {
	view(r, "filter", s.Filter)
	r.Number("QoS", int64(s.QoS))
	r.Bool("no local", s.NoLocal)
	r.Bool("retain as published", s.RetainAsPublished)
	r.Number("retain handling", int64(s.RetainHandling))
}

// noteCoded notes what most packets have; one that has no packet identifier or no
// code passes 0.
func noteCoded(r *record.Record, id uint16, code mqttwire.ReasonCode, list *mqttwire.Properties) {
	r.Number("packet identifier", int64(id))
	r.Number("reason code", int64(code))
	noteProperties(r, list)
}

func noteCodes(r *record.Record, list []mqttwire.ReasonCode) {
	r.Bool("no codes", list == nil)
	r.Number("codes", int64(len(list)))
	for _, c := range list {
		r.Number("reason code", int64(c))
	}
}

// noteProperties notes a list: its bytes, what it holds as it is walked, what Has
// says, and the error that a setter left.
func noteProperties(r *record.Record, list *mqttwire.Properties) {
	raw := list.Bytes()
	r.Number("property list", int64(len(raw)))
	note(r, list.Err())
	if list.Empty() {
		r.Bool("nothing in it", true)
		r.Number("size", int64(list.Size()))
		return
	}
	view(r, "bytes", raw)
	r.Number("size", int64(list.Size()))
	r.Bool("equal to itself", list.Equal(*list))
	r.Bool("equal to none", list.Equal(mqttwire.Properties{}))
	for q := range list.All() {
		r.Number("property", int64(q.ID))
		r.Number("number", int64(q.Number))
		r.Slice("name", q.Name())
		r.Slice("value", q.Value())
	}
	set := int64(0)
	for id := mqttwire.PropertyID(1); id <= mqttwire.SharedSubscriptionAvailable; id++ {
		if list.Has(id) {
			set |= 1 << id
		}
	}
	r.Number("set", set)
}

// view notes bytes that were cut from others, and whether their capacity goes on
// beyond them.
func view(r *record.Record, name string, b []byte) {
	r.Slice(name, b)
	r.Bool(name+" goes on", cap(b) > len(b))
}
