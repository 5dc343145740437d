package main

import (
	"strconv"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/packets"
)

// describe appends in words what p says, the packet of an event or what could be read
// of it.
func describe(b []byte, p mqttwire.Packet, e *capture.Event, secrets bool) []byte {
	w := words{b, e.Packet == nil}
	t := e.Frame.Header.Type
	switch p := p.(type) {
	case *packets.Connect:
		w.connect(p, e, secrets)
		if e.Via != "" {
			w.bytes("via", []byte(e.Via), mostName)
		}
	case *packets.Connack:
		w.code(p.ReasonCode, t, e.Version)
		w.flag("session-present", p.SessionPresent)
		w.properties(p.Properties, secrets)
	case *packets.Publish:
		w.publish(p, e.AliasTopic)
	case *packets.Subscribe:
		w.flag("dup", p.Dup)
		w.number("id", uint64(p.PacketID))
		w.subscriptions(p.Subscriptions)
		w.properties(p.Properties, secrets)
	case *packets.Suback:
		w.codes(p.PacketID, p.ReasonCodes, p.Properties, e)
	case *packets.Unsubscribe:
		w.flag("dup", p.Dup)
		w.number("id", uint64(p.PacketID))
		for _, f := range p.Filters {
			w.quoted(f, mostName)
		}
		w.properties(p.Properties, secrets)
	case *packets.Unsuback:
		w.codes(p.PacketID, p.ReasonCodes, p.Properties, e)
	case *packets.Disconnect:
		if e.Version == mqttwire.V5 {
			w.code(p.ReasonCode, t, e.Version)
		}
		w.properties(p.Properties, secrets)
	case *packets.Auth:
		w.code(p.ReasonCode, t, e.Version)
		w.properties(p.Properties, secrets)
	default:
		w.delivery(p, e)
	}
	return w.b
}

// delivery adds what a packet says with which a PUBLISH is acknowledged.
func (w *words) delivery(p mqttwire.Packet, e *capture.Event) {
	switch p := p.(type) {
	case *packets.Puback:
		w.ack(p.PacketID, p.ReasonCode, p.Properties, e)
	case *packets.Pubrec:
		w.ack(p.PacketID, p.ReasonCode, p.Properties, e)
	case *packets.Pubrel:
		w.flag("dup", p.Dup)
		w.ack(p.PacketID, p.ReasonCode, p.Properties, e)
	case *packets.Pubcomp:
		w.ack(p.PacketID, p.ReasonCode, p.Properties, e)
	}
}

func (w *words) connect(p *packets.Connect, e *capture.Event, secrets bool) {
	w.flag("MQTT "+p.Version.String(), p.Version != 0)
	w.flag("bridge", p.Bridge)
	if string(p.ClientID) != e.ClientID || len(p.ClientID) == 0 { // else it stands before the packet
		w.bytes("client", p.ClientID, mostName)
	}
	w.flag("clean", p.CleanStart)
	if w.number("keep-alive", uint64(p.KeepAlive)); p.KeepAlive != 0 || !w.part {
		w.b = append(w.b, 's')
	}
	w.secret("user", p.UserName, secrets)
	w.secret("password", p.Password, secrets)
	if m := p.Will; m != nil {
		w.bytes("will", m.Topic, mostName)
		w.number("will-qos", uint64(m.QoS))
		w.flag("will-retain", m.Retain)
		w.payload(m.Payload)
		w.namedProperties("will-properties", m.Properties, secrets)
	}
	w.properties(p.Properties, secrets)
}

func (w *words) publish(p *packets.Publish, aliasTopic []byte) {
	if w.quoted(p.Topic, mostName); len(p.Topic) == 0 {
		if aliasTopic != nil {
			w.bytes("alias-of", aliasTopic, mostName)
		} else {
			w.value("alias-of", "unknown")
		}
	}
	w.number("qos", uint64(p.QoS))
	w.flag("dup", p.Dup)
	w.flag("retain", p.Retain)
	if p.QoS > 0 {
		w.number("id", uint64(p.PacketID))
	}
	w.payload(p.Payload)
	w.properties(p.Properties, true)
}

// payload adds the size of a payload and its start.
func (w *words) payload(b []byte) {
	w.b = append(strconv.AppendInt(append(w.b, ' '), int64(len(b)), 10), " bytes"...)
	if len(b) > 0 {
		w.b = appendMessage(append(w.b, ' '), b, mostPayload)
	}
}

func (w *words) ack(id uint16, code mqttwire.ReasonCode, p mqttwire.Properties, e *capture.Event) {
	w.number("id", uint64(id))
	if e.Version == mqttwire.V5 && code != mqttwire.ReasonSuccess {
		w.code(code, e.Frame.Header.Type, e.Version)
	}
	w.properties(p, true)
}

func (w *words) codes(id uint16, codes []mqttwire.ReasonCode, p mqttwire.Properties, e *capture.Event) {
	w.number("id", uint64(id))
	for _, c := range codes {
		w.code(c, e.Frame.Header.Type, e.Version)
	}
	w.properties(p, true)
}

// code adds a code by number and name.
func (w *words) code(c mqttwire.ReasonCode, t mqttwire.PacketType, v mqttwire.Version) {
	const digits = "0123456789ABCDEF"
	w.b = append(w.b, ' ', '0', 'x', digits[c>>4], digits[c&15])
	if name := c.Name(t, v); name != "" {
		w.b = append(append(append(w.b, " ("...), name...), ')')
	}
}

func (w *words) subscriptions(list []packets.Subscription) {
	for _, s := range list {
		w.quoted(s.Filter, mostName)
		w.number("qos", uint64(s.QoS))
		w.flag("no-local", s.NoLocal)
		w.flag("retain-as-published", s.RetainAsPublished)
		if s.RetainHandling != 0 {
			w.number("retain-handling", uint64(s.RetainHandling))
		}
	}
}

// properties adds the properties of a packet.
func (w *words) properties(list mqttwire.Properties, secrets bool) {
	w.namedProperties("properties", list, secrets)
}

// namedProperties adds name={a property list}.
func (w *words) namedProperties(name string, list mqttwire.Properties, secrets bool) {
	if list.Empty() {
		return
	}
	w.value(name, "{")
	separator := ""
	for p := range list.All() {
		w.b = append(append(append(w.b, separator...), p.ID.String()...), ": "...)
		separator = ", "
		switch {
		case p.ID == mqttwire.AuthenticationData && !secrets:
			w.b = append(w.b, hidden...)
		case p.ID == mqttwire.UserProperty:
			w.b = append(appendQuote(w.b, p.Name(), mostValue), '=')
			w.b = appendQuote(w.b, p.Value(), mostValue)
		case p.IsNumber():
			w.b = strconv.AppendUint(w.b, uint64(p.Number), 10)
		case p.IsText():
			w.b = appendQuote(w.b, p.Value(), mostValue)
		default:
			w.b = appendHex(w.b, p.Value(), mostValue)
		}
	}
	w.b = append(w.b, '}')
}
