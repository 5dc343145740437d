package conformance

import "strings"

// scopeReasons say why a statement whose scopes have none of decode, encode and
// stream is above a codec.
var scopeReasons = map[string]string{
	"session":   "needs the state of the session",
	"server":    "is about what a server does, not about its packets",
	"client":    "is about what a client does, not about its packets",
	"transport": "is about what carries the packets",
}

// reasonByScope joins the reasons of a statement's scopes.
func reasonByScope(s Statement) string {
	var all []string
	for _, part := range strings.Split(s.Scope, "+") {
		if r := scopeReasons[part]; r != "" {
			all = append(all, r)
		}
	}
	return strings.Join(all, "; ")
}

// reasons say why a statement is above a codec although an encoder, or one who
// knows the connection, has a part in it: it would have to know more.
var reasons = []note{
	{text: "needs to know whether the message was sent before: the caller sets DUP and the Packet Identifier, an encoder writes them",
		v311: "MQTT-3.3.1-1", v5: "MQTT-3.3.1-1 MQTT-4.3.2-2 MQTT-4.3.3-2"},
}

// rests say, of a statement that is shown in part, which part is above a codec.
var rests = []note{
	{text: "0 is never right; whether another number is needs the state of the session",
		v311: "MQTT-2.3.1-6 MQTT-2.3.1-7", v5: "MQTT-2.2.1-3 MQTT-2.2.1-4"},
	{text: "to answer and to close is the server's part", v311: "MQTT-3.1.3-8 MQTT-3.1.4-1", v5: "MQTT-3.1.4-1"},
	{text: "to close is the part of who decodes: `Reply` says so", v311: "MQTT-4.8.0-1"},
	{text: "what follows such a CONNACK is refused, to close is the server's part", v311: "MQTT-3.2.2-5", v5: "MQTT-3.2.2-7"},
	{text: "that it is there is checked, that no session uses it is for the server to see", v5: "MQTT-3.2.2-16"},
	{text: "such a SUBSCRIBE passes, to grant less is the server's part", v5: "MQTT-3.2.2-10"},
	{text: "such a CONNACK passes, to refuse is the server's part", v5: "MQTT-4.12.0-4"},
	{text: "`packets.Decoder` accepts them, to announce a maximum that can be kept is up to the caller, who has the memory",
		v5: "MQTT-3.3.2-10 MQTT-3.3.2-12"},
	{text: "the codec keeps the order, to publish is the server's part", v5: "MQTT-3.1.3-10"},
	{text: "`packets.Forward` keeps it, to send, and to send again, is the server's part",
		v311: "MQTT-3.3.1-3 MQTT-3.3.1-8 MQTT-3.3.1-9 MQTT-3.8.4-6",
		v5: "MQTT-3.3.1-3 MQTT-3.3.1-12 MQTT-3.3.1-13 MQTT-3.3.2-4 MQTT-3.3.2-5 MQTT-3.3.2-6 MQTT-3.3.2-15 MQTT-3.3.2-16 MQTT-3.3.2-17 " +
			"MQTT-3.3.2-18 MQTT-3.3.2-20 MQTT-3.8.4-8"},
	{text: "the check is there for a client to ask for, `packets.CheckSuback` and `packets.CheckUnsuback`; to send the answer is the server's part",
		v311: "MQTT-3.8.4-2 MQTT-3.8.4-5 MQTT-3.10.4-4", v5: "MQTT-3.8.4-2 MQTT-3.8.4-6 MQTT-3.10.4-5"},
	{text: "the number of the codes is checked, their order is the server's part", v5: "MQTT-3.11.3-1"},
	{text: "the check is there for a server to ask for, `packets.CheckOptional`", v5: "U-3.1.3.2.3-3"},
	{text: "`MatchTopic` keeps it, to send is the server's part",
		v311: "MQTT-4.7.2-1 MQTT-4.7.3-4", v5: "MQTT-4.7.2-1 MQTT-4.7.3-4"},
	{text: "`Reader` takes any pieces, the WebSocket is up to the caller, who has the connection",
		v311: "MQTT-6.0.0-2", v5: "MQTT-6.0.0-2"},
}
