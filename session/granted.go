package session

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// subscribe answers a client's SUBSCRIBE: it grants what is asked for, within the
// bounds, or as the answer says. [MQTT-3.8.4-1] [MQTT-3.8.4-5] [MQTT-3.8.4-6]
// [MQTT-3.8.4-7]
func (l *Link) subscribe(p *packets.Subscribe, answer *packets.Suback) {
	s := l.session
	codes := make([]mqttwire.ReasonCode, len(p.Subscriptions))
	id, _ := p.Properties.SubscriptionIdentifier()
	for i, sub := range p.Subscriptions {
		code := mqttwire.ReasonCode(min(sub.QoS, l.own.maximumQoS))
		if answer != nil {
			code = answer.ReasonCodes[i]
		}
		switch {
		case code.IsError():
		case len(sub.Filter) == 0 || sub.RetainHandling > 2: // which a Tolerance has let pass
			code = mqttwire.ReasonTopicFilterInvalid
		case !s.filterRoom(sub.Filter):
			code = mqttwire.ReasonQuotaExceeded
		}
		if code <= mqttwire.ReasonGrantedQoS2 {
			sub.QoS = min(sub.QoS, mqttwire.QoS(code))
			s.subscribed(filter{subscription: sub, id: id, granted: true})
		}
		codes[i] = l.subackCode(code, p.Subscriptions[i].QoS)
	}
	suback := &packets.Suback{PacketID: p.PacketID, ReasonCodes: codes}
	if answer != nil {
		suback.Properties = answer.Properties
	}
	l.happened(Subscribe, p)
	l.send(suback)
}

// subackCode returns the code as the version of the connection says it. In 3.1, which
// cannot say that a subscription was refused, it is granted as asked, and there will
// be no messages.
func (l *Link) subackCode(code mqttwire.ReasonCode, asked mqttwire.QoS) mqttwire.ReasonCode {
	v := l.Version()
	if v == mqttwire.V5 || code <= mqttwire.ReasonGrantedQoS2 {
		return code
	}
	if v == mqttwire.V311 {
		return mqttwire.ReturnFailure
	}
	return mqttwire.ReasonCode(asked)
}

// filterRoom reports whether there is room for a subscription.
func (s *Session) filterRoom(name []byte) bool {
	if s.filters == nil {
		s.filters = new(filters)
	}
	return s.filters.room(name, s.o.Subscriptions)
}

// unsubscribe answers a client's UNSUBSCRIBE: it takes the subscriptions out, but for
// those of which the answer says an error. [MQTT-3.10.4-1] [MQTT-3.10.4-4]
// [MQTT-3.10.4-6] [MQTT-3.11.3-1]
func (l *Link) unsubscribe(p *packets.Unsubscribe, answer *packets.Unsuback) {
	unsuback := &packets.Unsuback{PacketID: p.PacketID}
	v5 := l.Version() == mqttwire.V5
	for i, name := range p.Filters {
		code := mqttwire.ReasonCode(0)
		if answer != nil && v5 {
			code = answer.ReasonCodes[i]
		}
		if !code.IsError() && !l.session.unsubscribed(name) && answer == nil {
			code = mqttwire.ReasonNoSubscriptionExisted
		}
		if v5 {
			unsuback.ReasonCodes = append(unsuback.ReasonCodes, code)
		}
	}
	if answer != nil {
		unsuback.Properties = answer.Properties
	}
	l.happened(Unsubscribe, p)
	l.send(unsuback)
}
