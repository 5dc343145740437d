package mqttwiretest

import (
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// Connect returns a generator of CONNECT packets of version v. Before 5.0 some
// have the bridge bit, which a receiver may refuse.
func Connect(v mqttwire.Version) *rapid.Generator[*packets.Connect] {
	return rapid.Custom(func(t *rapid.T) *packets.Connect {
		p := &packets.Connect{
			Version:    v,
			Bridge:     v != mqttwire.V5 && rapid.IntRange(0, 15).Draw(t, "bridge") == 15,
			CleanStart: drawBool(t, "clean start"),
			KeepAlive:  draw16(t, 0),
			ClientID:   drawClientID(t, v),
			Properties: drawProperties(t, v, mqttwire.PropertyOwner(mqttwire.CONNECT), mqttwire.FromClient),
		}
		if len(p.ClientID) == 0 && v == mqttwire.V311 { // [MQTT-3.1.3-7]
			p.CleanStart = true
		}
		if drawBool(t, "will") {
			p.Will = drawWill(t, v)
		}
		p.UserName = drawOptional(t, "user name", Text())
		if p.UserName != nil || v == mqttwire.V5 { // 3.1.1: [MQTT-3.1.2-22]
			p.Password = drawOptional(t, "password", Binary())
		}
		return p
	})
}

// maxClientID31 is how many characters a client identifier of 3.1 has at most.
const maxClientID31 = 23

func drawClientID(t *rapid.T, v mqttwire.Version) []byte {
	if v != mqttwire.V31 {
		return Text().Draw(t, "client identifier")
	}
	n := rapid.OneOf(rapid.IntRange(1, maxClientID31), rapid.Just(maxClientID31)).Draw(t, "characters")
	return []byte(string(rapid.SliceOfN(rapid.SampledFrom(characters), n, n).Draw(t, "client identifier")))
}

func drawWill(t *rapid.T, v mqttwire.Version) *packets.Will {
	w := &packets.Will{
		Topic:      TopicName().Draw(t, "will topic"),
		Properties: drawProperties(t, v, mqttwire.WillProperties, mqttwire.FromClient),
		QoS:        drawQoS(t),
		Retain:     drawBool(t, "will retain"),
	}
	w.Payload = drawPayload(t, w.Properties)
	return w
}

// drawPayload draws 0 to 65535 bytes, which are UTF-8 if the properties say so.
// U-3.3.2.3.2-3
func drawPayload(t *rapid.T, p mqttwire.Properties) []byte {
	payload := Binary().Draw(t, "payload")
	if format, _ := p.PayloadFormatIndicator(); format == 1 && !utf8.Valid(payload) {
		return Text().Draw(t, "text")
	}
	return payload
}

// drawOptional draws nil, an empty field or another one.
func drawOptional(t *rapid.T, label string, field *rapid.Generator[[]byte]) []byte {
	switch rapid.IntRange(0, 3).Draw(t, label+" is there") {
	case 0:
		return nil
	case 1:
		return []byte{}
	}
	return append([]byte{}, field.Draw(t, label)...)
}

// Connack returns a generator of CONNACK packets of version v.
func Connack(v mqttwire.Version) *rapid.Generator[*packets.Connack] {
	return rapid.Custom(func(t *rapid.T) *packets.Connack {
		p := &packets.Connack{
			ReasonCode: drawCode(t, mqttwire.CONNACK, v, mqttwire.FromServer),
			Properties: drawProperties(t, v, mqttwire.PropertyOwner(mqttwire.CONNACK), mqttwire.FromServer),
		}
		if drawBool(t, "accepted") {
			p.ReasonCode = 0
		}
		if v == mqttwire.V5 {
			drawReference(t, &p.ReasonCode, &p.Properties)
		}
		p.SessionPresent = v != mqttwire.V31 && p.ReasonCode == 0 && // [MQTT-3.2.2-6]
			!p.Properties.Has(mqttwire.AssignedClientIdentifier) && drawBool(t, "session present") // [MQTT-3.2.2-16]
		return p
	})
}
