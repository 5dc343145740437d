package conformance

import "strings"

// scopeReasons say why a statement whose scopes have neither decode nor encode
// is above a codec.
var scopeReasons = map[string]string{
	"stream":    "needs what came before on the connection",
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

// unchecked ends the reason of a statement that an encoder could keep if it
// knew more than the packet.
const unchecked = ": a rule of the connection, not of one packet; this library does not check it"

// reasons say why a statement is above a codec although an encoder has a part
// in it: it would have to know more than the packet.
var reasons = []note{
	{text: "needs the Maximum Packet Size that the receiver announced" + unchecked + ", but `Size` tells what to compare with it",
		v5: "MQTT-3.1.2-24 MQTT-3.2.2-15 MQTT-3.2.2-19 MQTT-3.2.2-20 MQTT-3.4.2-2 MQTT-3.4.2-3 " +
			"MQTT-3.5.2-2 MQTT-3.5.2-3 MQTT-3.6.2-2 MQTT-3.6.2-3 MQTT-3.7.2-2 MQTT-3.7.2-3 MQTT-3.9.2-1 MQTT-3.9.2-2 " +
			"MQTT-3.11.2-1 MQTT-3.11.2-2 MQTT-3.14.2-3 MQTT-3.14.2-4 MQTT-3.15.2-2 MQTT-3.15.2-3"},
	{text: "needs the Topic Alias Maximum that the receiver announced" + unchecked,
		v5: "MQTT-3.1.2-26 MQTT-3.1.2-27 MQTT-3.2.2-17 MQTT-3.2.2-18 MQTT-3.3.2-9 MQTT-3.3.2-11"},
	{text: "needs the Request Response Information of the CONNECT" + unchecked, v5: "MQTT-3.1.2-28"},
	{text: "needs the Request Problem Information of the CONNECT" + unchecked, v5: "MQTT-3.1.2-29"},
	{text: "needs the Maximum QoS that the server announced" + unchecked, v5: "MQTT-3.2.2-11"},
	{text: "needs the Retain Available that the server announced" + unchecked, v5: "MQTT-3.2.2-14"},
	{text: "needs the CONNECT that the packet answers" + unchecked, v311: "MQTT-3.2.2-1", v5: "MQTT-3.2.2-2"},
	{text: "needs the CONNACK that came before" + unchecked, v5: "MQTT-3.14.0-1"},
	{text: "needs the Authentication Method of the CONNECT" + unchecked,
		v5: "MQTT-4.12.0-5 MQTT-4.12.0-6 MQTT-4.12.0-7 MQTT-4.12.1-1"},
	{text: "needs to know how far the authentication is" + unchecked,
		v5: "MQTT-3.1.2-30 MQTT-4.12.0-2 MQTT-4.12.0-3"},
	{text: "needs to know whether the message was sent before: the caller sets DUP and the Packet Identifier, an encoder writes them",
		v311: "MQTT-3.3.1-1", v5: "MQTT-3.3.1-1 MQTT-4.3.2-2 MQTT-4.3.3-2"},
}

// rests say, of a statement that is shown in part, which part is above a codec.
var rests = []note{
	{text: "0 is never right; whether another number is needs the state of the session",
		v311: "MQTT-2.3.1-6 MQTT-2.3.1-7", v5: "MQTT-2.2.1-3 MQTT-2.2.1-4"},
	{text: "to answer and to close is the server's part", v311: "MQTT-3.1.3-8 MQTT-3.1.4-1", v5: "MQTT-3.1.4-1"},
	{text: "to close is the part of who decodes", v311: "MQTT-4.8.0-1"},
	{text: "the codec keeps the order, to forward is the server's part", v5: "MQTT-3.1.3-10 MQTT-3.3.2-18"},
	{text: "the check is there for a server to ask for, `packets.CheckOptional`", v5: "U-3.1.3.2.3-3"},
	{text: "`MatchTopic` keeps it, to send is the server's part",
		v311: "MQTT-4.7.2-1 MQTT-4.7.3-4", v5: "MQTT-4.7.2-1 MQTT-4.7.3-4"},
	{text: "`Reader` takes any pieces, the WebSocket is the part of who has the connection",
		v311: "MQTT-6.0.0-2", v5: "MQTT-6.0.0-2"},
}
