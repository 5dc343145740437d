package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/packets"
)

// whereNames are the names that an expression may use: those of JSON, and functions.
// What an event or packet does not have is zero.
type whereNames struct {
	Frame      int       `expr:"frame"`
	Time       time.Time `expr:"time"`
	TS         float64   `expr:"ts"`
	Stream     int       `expr:"stream"`
	Src        string    `expr:"src"`
	Dst        string    `expr:"dst"`
	Client     string    `expr:"client"`
	ClientAddr string    `expr:"client_addr"`
	Side       string    `expr:"side"`
	Via        string    `expr:"via"`
	Event      string    `expr:"event"`
	Note       string    `expr:"note"`
	Bytes      int       `expr:"bytes"`
	Gap        float64   `expr:"gap"`

	Type           string      `expr:"type"`
	Flags          int         `expr:"flags"`
	Len            int         `expr:"len"`
	Version        int         `expr:"version"`
	VersionGuessed bool        `expr:"versionGuessed"`
	Bridge         bool        `expr:"bridge"`
	Malformed      bool        `expr:"malformed"`
	Incomplete     bool        `expr:"incomplete"`
	BytesPresent   int         `expr:"bytes_present"`
	Resumed        bool        `expr:"resumed"`
	Error          *whereError `expr:"error"`

	CleanStart     bool          `expr:"cleanStart"`
	KeepAlive      int           `expr:"keepAlive"`
	ClientID       string        `expr:"clientId"`
	Username       string        `expr:"username"`
	Will           *whereWill    `expr:"will"`
	SessionPresent bool          `expr:"sessionPresent"`
	Reason         int           `expr:"reason"`
	ReasonName     string        `expr:"reason_name"`
	Reasons        []int         `expr:"reasons"`
	ReasonsName    []string      `expr:"reasons_name"`
	Dup            bool          `expr:"dup"`
	QoS            int           `expr:"qos"`
	Retain         bool          `expr:"retain"`
	Topic          string        `expr:"topic"`
	AliasTopic     string        `expr:"alias_resolved_topic"`
	PacketID       int           `expr:"packetId"`
	Payload        wherePayload  `expr:"payload"`
	Filters        []whereFilter `expr:"filters"`
	Props          []whereProp   `expr:"props"`

	TopicMatch func(filter string) bool `expr:"topicMatch"`
	Prop       func(name string) any    `expr:"prop"`
	User       func(key string) any     `expr:"user"`
}

// wherePayload is a payload, in the forms that the expression asks for.
type wherePayload struct {
	Size int    `expr:"size"`
	Text string `expr:"text"`
	Hex  string `expr:"hex"`
	JSON any    `expr:"json"` // nil if it is none
}

// whereWill is the will of a CONNECT.
type whereWill struct {
	QoS     int          `expr:"qos"`
	Retain  bool         `expr:"retain"`
	Topic   string       `expr:"topic"`
	Payload wherePayload `expr:"payload"`
}

// whereFilter is a filter of a SUBSCRIBE or UNSUBSCRIBE.
type whereFilter struct {
	Topic             string `expr:"topic"`
	QoS               int    `expr:"qos"`
	NoLocal           bool   `expr:"noLocal"`
	RetainAsPublished bool   `expr:"retainAsPublished"`
	RetainHandling    int    `expr:"retainHandling"`
}

// whereProp is a property.
type whereProp struct {
	ID    int    `expr:"id"`
	Name  string `expr:"name"`
	Key   string `expr:"key"`
	Value any    `expr:"value"`
}

// whereError is what is wrong with a packet.
type whereError struct {
	Message   string `expr:"message"`
	Rule      string `expr:"rule"`
	Statement string `expr:"statement"`
	Field     string `expr:"field"`
	Offset    int    `expr:"offset"`
	Reason    int    `expr:"reason"`
}

// set sets the names of an event, and clears those of packets.
func (n *whereNames) set(e *capture.Event) {
	h := e.Frame.Header
	*n = whereNames{
		Frame: e.Record, Time: e.Time, Stream: e.Stream, Client: e.ClientID, Side: sideName(e.Sender), Via: e.Via,
		Event: eventName(e.Kind), Note: e.Note, Gap: e.Gap.Seconds(), Bridge: e.Bridge, Version: int(e.Version),
		VersionGuessed: e.VersionGuessed, Flags: int(h.Flags), Len: int(h.RemainingLength), Resumed: e.Resumed,
		TopicMatch: n.TopicMatch, Prop: n.Prop, User: n.User,
	}
	if !e.Time.IsZero() {
		n.TS = float64(e.Time.UnixNano()) / 1e9
	}
	if e.Src.IsValid() {
		n.Src, n.Dst = e.Src.String(), e.Dst.String()
	}
	if e.Client.IsValid() {
		n.ClientAddr = e.Client.String()
	}
	if !isPacket(e) {
		n.Bytes = int(e.Bytes)
		return
	}
	n.Type = h.Type.String()
	if e.Kind == capture.PartialPacket {
		n.Incomplete, n.BytesPresent = true, int(e.Bytes)
	}
	if e.Err != nil {
		n.Malformed, n.Error = e.Packet == nil, newWhereError(e.Err)
	}
}

func newWhereError(err error) *whereError {
	w := &whereError{Message: message(err)}
	var wire *mqttwire.Error
	if errors.As(err, &wire) {
		w.Rule, w.Statement, w.Field, w.Offset, w.Reason = wire.Rule.String(), wire.Statement, string(wire.Field), wire.Offset, int(wire.Reason)
	}
	return w
}

// packet sets the names of a packet.
func (w *where) packet(p mqttwire.Packet) {
	if p == nil {
		return
	}
	n := &w.names
	if id, ok := packets.PacketID(p); ok {
		n.PacketID = int(id)
	}
	if c, ok := packets.ReasonCode(p); ok {
		n.Reason, n.ReasonName = int(c), c.Name(p.Type(), w.event.Version)
	}
	for _, c := range reasonCodes(p) {
		n.Reasons = append(n.Reasons, int(c))
		n.ReasonsName = append(n.ReasonsName, c.Name(p.Type(), w.event.Version))
	}
	if props := packets.PropertiesOf(p); props != nil {
		n.setProps(props)
	}
	switch p := p.(type) {
	case *packets.Connect:
		n.CleanStart, n.KeepAlive, n.ClientID, n.Username = p.CleanStart, int(p.KeepAlive), string(p.ClientID), string(p.UserName)
		if p.Will != nil {
			n.Will = &whereWill{int(p.Will.QoS), p.Will.Retain, string(p.Will.Topic), w.payload(p.Will.Payload)}
		}
	case *packets.Connack:
		n.SessionPresent = p.SessionPresent
	case *packets.Publish:
		n.Dup, n.QoS, n.Retain, n.Topic, n.AliasTopic = p.Dup, int(p.QoS), p.Retain, string(p.Topic), string(w.event.AliasTopic)
		n.Payload = w.payload(p.Payload)
	case *packets.Subscribe:
		for _, s := range p.Subscriptions {
			n.Filters = append(n.Filters, whereFilter{string(s.Filter), int(s.QoS), s.NoLocal, s.RetainAsPublished, int(s.RetainHandling)})
		}
	case *packets.Unsubscribe:
		for _, f := range p.Filters {
			n.Filters = append(n.Filters, whereFilter{Topic: string(f)})
		}
	}
}

// payload gives a payload in the forms that the expression may ask for.
func (w *where) payload(b []byte) wherePayload {
	p := wherePayload{Size: len(b)}
	if w.text {
		p.Text = string(b)
	}
	if w.hex {
		p.Hex = hex.EncodeToString(b)
	}
	if w.json && json.Unmarshal(b, &p.JSON) != nil {
		p.JSON = nil
	}
	return p
}

func (n *whereNames) setProps(props *mqttwire.Properties) {
	for p := range props.All() {
		q := whereProp{ID: int(p.ID), Name: strings.ReplaceAll(p.ID.String(), " ", "")}
		switch {
		case p.ID == mqttwire.UserProperty:
			q.Key, q.Value = string(p.Name()), string(p.Value())
		case p.IsNumber():
			q.Value = int(p.Number)
		default:
			q.Value = string(p.Value())
		}
		n.Props = append(n.Props, q)
	}
}
