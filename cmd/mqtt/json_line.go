package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
)

// jsonLine is a message as %j shows it, with the names of mosquitto_sub.
type jsonLine struct {
	Time       string          `json:"tst"`
	Topic      string          `json:"topic"`
	QoS        uint8           `json:"qos"`
	Retain     int             `json:"retain"`
	Length     int             `json:"payloadlen"`
	Properties map[string]any  `json:"properties,omitempty"`
	Payload    json.RawMessage `json:"payload,omitempty"`
	Base64     string          `json:"payload_base64,omitempty"`
}

// appendJSON appends a message as a line of JSON; with inside its payload is JSON
// itself.
func appendJSON(dst []byte, m *client.Message, now time.Time, inside bool) ([]byte, error) {
	l := jsonLine{Time: now.Format("2006-01-02T15:04:05.000000-0700"), Topic: m.Topic, QoS: uint8(m.QoS), Length: len(m.Payload)}
	if m.Retain {
		l.Retain = 1
	}
	l.Properties = jsonProperties(&m.Properties)
	switch {
	case inside:
		if !json.Valid(m.Payload) {
			return dst, fmt.Errorf("the payload is not valid JSON on topic %s", m.Topic)
		}
		l.Payload = m.Payload
	case utf8.Valid(m.Payload):
		b, err := jsonOf(string(m.Payload))
		if err != nil {
			return dst, err
		}
		l.Payload = b
	default:
		l.Base64 = base64.StdEncoding.EncodeToString(m.Payload)
	}
	b, err := jsonOf(l)
	return append(dst, b...), err
}

// jsonOf returns JSON without what is for HTML alone.
func jsonOf(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// jsonProperties returns properties by their names.
func jsonProperties(p *mqttwire.Properties) map[string]any {
	if p.Empty() {
		return nil
	}
	found := map[string]any{}
	for q := range p.All() {
		name := propertyName(q.ID)
		list, _ := found[name].([]any)
		switch {
		case q.ID == mqttwire.UserProperty:
			found[name] = append(list, map[string]string{string(q.Name()): string(q.Value())})
		case q.ID == mqttwire.SubscriptionIdentifier:
			found[name] = append(list, q.Number)
		case q.IsNumber():
			found[name] = q.Number
		case q.ID == mqttwire.CorrelationData && !utf8.Valid(q.Value()):
			found[name+"_base64"] = base64.StdEncoding.EncodeToString(q.Value())
		default:
			found[name] = string(q.Value())
		}
	}
	return found
}
