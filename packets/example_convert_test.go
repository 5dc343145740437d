package packets_test

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// A gateway between a client of 3.1.1 and a server of 5.0 converts what the server
// sends. It lets go what is harmless, and tells of it; what would change the meaning it
// does not send, and where there is nothing to send it closes the connection.
func ExampleConvert() {
	message := &packets.Publish{Topic: []byte("room/7/temperature"), Payload: []byte("21.5")}
	message.Properties.SetContentType([]byte("text/plain"))
	request := &packets.Publish{Topic: []byte("room/7/heating"), Payload: []byte("on?")}
	request.Properties.SetResponseTopic([]byte("answers"))
	shutDown := &packets.Disconnect{ReasonCode: mqttwire.ReasonServerShuttingDown}

	c := packets.Conversion{From: mqttwire.V5, To: mqttwire.V311, Sender: mqttwire.FromServer}
	for _, p := range []mqttwire.Packet{message, request, shutDown} {
		q := packets.New(p.Type())
		err := packets.Convert(q, p, &c)
		var lost *packets.LossError
		switch {
		case err == nil:
			fmt.Println(q, c.Losses)
		case errors.As(err, &lost) && lost.Loss.Effect == packets.NoForm:
			fmt.Println("closing the connection:", err)
		default:
			fmt.Println("not sent:", err)
		}
	}

	// Output:
	// PUBLISH topic="room/7/temperature" qos=0 payload=4B [Content Type "text/plain": it describes the payload, which stays]
	// not sent: packets: PUBLISH of 5.0 in 3.1.1 would lose Response Topic "answers": the message is no longer a request, and is not answered
	// closing the connection: packets: DISCONNECT of 5.0 has no form in 3.1.1: a server sends no DISCONNECT: close the connection
}

// A server that only knows 3.1.1 gets the CONNECT of a client that wants its session
// kept for an hour. The gateway consents to what it can see to by itself.
func ExampleConversion() {
	connect := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c1"), KeepAlive: 60}
	connect.Properties.SetSessionExpiryInterval(3600)
	connect.Properties.SetReceiveMaximum(10)

	c := packets.Conversion{To: mqttwire.V311, Sender: mqttwire.FromClient, Allow: func(l packets.Loss) bool {
		return l.Effect == packets.Harmless || l.Property.ID == mqttwire.ReceiveMaximum
	}}
	fmt.Println(packets.Convert(connect, connect, &c))

	c.Allow = packets.AnyLoss
	if err := packets.Convert(connect, connect, &c); err == nil { // in its place
		fmt.Println(connect)
	}

	// Output:
	// packets: CONNECT of 5.0 in 3.1.1 would lose Session Expiry Interval 3600: the session ends with the connection if Clean Session is 1, and never if it is 0
	// CONNECT version=3.1.1 client_id="c1" keep_alive=60
}

// What is lost between versions, and what that does: all that Convert knows.
func ExampleLossRules() {
	for _, r := range packets.LossRules() {
		what := string(r.Field)
		if r.Property != 0 {
			what = r.Property.String()
		}
		if r.Least > 0 {
			what += fmt.Sprint(" from ", r.Least, " on")
		} else if r.Most == 0 {
			what += " 0"
		}
		if r.Less {
			what += ", with less detail"
		}
		var of []string
		for _, owner := range r.Owners {
			name := "will"
			if owner != mqttwire.WillProperties {
				name = mqttwire.PacketType(owner).String()
			}
			of = append(of, name)
		}
		by := ""
		if r.Sender != 0 {
			by = " of a " + r.Sender.String()
		}
		fmt.Printf("%s in %s%s, from %s to %s: %s: %s\n", what, strings.Join(of, ", "), by, r.From, r.To, r.Effect, r.Why)
	}

	// Output:
	// Payload Format Indicator in PUBLISH, will, from 5.0 to 3.1 and 3.1.1: harmless: it describes the payload, which stays
	// Message Expiry Interval in PUBLISH of a server, from 5.0 to 3.1 and 3.1.1: harmless: it tells a client what is left of an interval that the server sees to
	// Message Expiry Interval in PUBLISH, will, from 5.0 to 3.1 and 3.1.1: changes the meaning: the message is delivered however late it is
	// Content Type in PUBLISH, will, from 5.0 to 3.1 and 3.1.1: harmless: it describes the payload, which stays
	// Response Topic in PUBLISH, will, from 5.0 to 3.1 and 3.1.1: changes the meaning: the message is no longer a request, and is not answered
	// Correlation Data in PUBLISH, will, from 5.0 to 3.1 and 3.1.1: changes the meaning: nobody can tell which request an answer is to
	// Subscription Identifier in PUBLISH, from 5.0 to 3.1 and 3.1.1: harmless: it was given by a SUBSCRIBE, and a client that cannot give one expects none
	// Subscription Identifier in SUBSCRIBE, from 5.0 to 3.1 and 3.1.1: changes the meaning: the messages for the subscriptions come without it
	// Session Expiry Interval in CONNECT, from 5.0 to 3.1 and 3.1.1: changes the meaning: the session ends with the connection if Clean Session is 1, and never if it is 0
	// Session Expiry Interval in CONNACK, from 5.0 to 3.1 and 3.1.1: changes the meaning: the client does not learn that its session ends at another time than it asked for
	// Session Expiry Interval in DISCONNECT, from 5.0 to 3.1 and 3.1.1: changes the meaning: the session ends when the CONNECT said
	// Assigned Client Identifier in CONNACK, from 5.0 to 3.1 and 3.1.1: harmless: the session of a client without a client identifier ends with the connection, so that it has no use for one
	// Server Keep Alive in CONNACK, from 5.0 to 3.1 and 3.1.1: changes the meaning: the client goes by its own keep alive, and the server may take it for gone
	// Authentication Method in CONNECT, CONNACK, from 5.0 to 3.1 and 3.1.1: changes the meaning: there is no enhanced authentication: who is at the other end is not shown by it
	// Authentication Data in CONNECT, CONNACK, from 5.0 to 3.1 and 3.1.1: changes the meaning: there is no enhanced authentication: who is at the other end is not shown by it
	// Request Problem Information in CONNECT, from 5.0 to 3.1 and 3.1.1: harmless: there is no problem information
	// Will Delay Interval 0 in will, from 5.0 to 3.1 and 3.1.1: harmless: 0 holds where it is absent
	// Will Delay Interval in will, from 5.0 to 3.1 and 3.1.1: changes the meaning: the will is published as soon as the connection is lost
	// Request Response Information in CONNECT, from 5.0 to 3.1 and 3.1.1: harmless: a server need not answer it
	// Response Information in CONNACK, from 5.0 to 3.1 and 3.1.1: harmless: only a client that can ask for it expects it
	// Server Reference in CONNACK, DISCONNECT, from 5.0 to 3.1 and 3.1.1: changes the meaning: the client does not learn which server to use
	// Reason String in CONNACK, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK, DISCONNECT, from 5.0 to 3.1 and 3.1.1: harmless: it explains the code to people
	// Receive Maximum from 65535 on in CONNECT, CONNACK, from 5.0 to 3.1 and 3.1.1: harmless: 65535 holds where it is absent
	// Receive Maximum in CONNECT, CONNACK, from 5.0 to 3.1 and 3.1.1: changes the meaning: the other side may send more messages at once than this one takes
	// Topic Alias Maximum in CONNECT, CONNACK, from 5.0 to 3.1 and 3.1.1: harmless: there are no topic aliases
	// Topic Alias in PUBLISH, from 5.0 to 3.1 and 3.1.1: harmless: the topic name stands in full
	// Maximum QoS in CONNACK, from 5.0 to 3.1 and 3.1.1: changes the meaning: the client may publish with a QoS that the server does not take
	// Retain Available 0 in CONNACK, from 5.0 to 3.1 and 3.1.1: changes the meaning: the client may send retained messages, which the server does not take
	// Retain Available in CONNACK, from 5.0 to 3.1 and 3.1.1: harmless: 1 holds where it is absent
	// User Property in CONNECT, will, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, DISCONNECT, from 5.0 to 3.1 and 3.1.1: harmless: the standard gives it no meaning
	// Maximum Packet Size from 268435460 on in CONNECT, CONNACK, from 5.0 to 3.1 and 3.1.1: harmless: no packet is larger
	// Maximum Packet Size in CONNECT, CONNACK, from 5.0 to 3.1 and 3.1.1: changes the meaning: the other side may send larger packets than this one takes
	// Wildcard Subscription Available 0 in CONNACK, from 5.0 to 3.1 and 3.1.1: changes the meaning: the client may subscribe with wildcards, which the server does not take
	// Wildcard Subscription Available in CONNACK, from 5.0 to 3.1 and 3.1.1: harmless: 1 holds where it is absent
	// Subscription Identifier Available in CONNACK, from 5.0 to 3.1 and 3.1.1: harmless: there are no subscription identifiers
	// Shared Subscription Available in CONNACK, from 5.0 to 3.1 and 3.1.1: harmless: there are no shared subscriptions
	// Reason Code, with less detail in CONNACK, from 5.0 to 3.1 and 3.1.1: harmless: the return code says it with less detail
	// Reason Code in CONNACK, from 5.0 to 3.1 and 3.1.1: has no form: no return code says it: close the connection without a CONNACK
	// Reason Code, with less detail in PUBACK, PUBREC, from 5.0 to 3.1 and 3.1.1: harmless: the message was accepted
	// Reason Code in PUBACK, PUBREC, from 5.0 to 3.1 and 3.1.1: changes the meaning: the sender takes the message for accepted; to tell it otherwise, close the connection
	// Reason Code in PUBREL, PUBCOMP, from 5.0 to 3.1 and 3.1.1: harmless: a packet identifier that is not known is answered alike
	// Reason Code, with less detail in SUBACK, from 5.0 to 3.1.1: harmless: the failure is told with less detail
	// Reason Code in SUBACK, from 3.1.1 and 5.0 to 3.1: changes the meaning: the client takes the subscription for made with QoS 0; to tell it otherwise, close the connection
	// Reason Code, with less detail in UNSUBACK, from 5.0 to 3.1 and 3.1.1: harmless: there is no such subscription either way
	// Reason Code in UNSUBACK, from 5.0 to 3.1 and 3.1.1: changes the meaning: the client takes the subscription for ended; to tell it otherwise, close the connection
	// Reason Code in DISCONNECT, from 5.0 to 3.1 and 3.1.1: has no form: close the connection without a DISCONNECT, so that the will is published as with this code
	// MQTT Control Packet type in AUTH, from 5.0 to 3.1 and 3.1.1: has no form: there is no enhanced authentication: close the connection
	// MQTT Control Packet type in DISCONNECT of a server, from 5.0 to 3.1 and 3.1.1: has no form: a server sends no DISCONNECT: close the connection
	// Protocol Version in CONNECT, from 3.1 and 3.1.1 to 5.0: changes the meaning: the bridge gets its own messages back, and all without RETAIN, unless its subscriptions say No Local and Retain As Published
	// Connect Flags in CONNECT, from 5.0 to 3.1.1: harmless: without a client identifier there is no session before, so that Clean Session 1 says the same
	// Password in CONNECT, from 5.0 to 3.1 and 3.1.1: changes the meaning: a password comes with a user name only, so that the client is not authenticated by it
	// Connect Acknowledge Flags in CONNACK, from 3.1.1 and 5.0 to 3.1: changes the meaning: the client does not learn that its session is there
	// DUP in PUBLISH, from 3.1, 3.1.1 and 5.0 to 3.1.1 and 5.0: harmless: with QoS 0 nothing is sent again
	// DUP in PUBREL, SUBSCRIBE, UNSUBSCRIBE, from 3.1 to 3.1.1 and 5.0: harmless: the packet identifier tells as much
	// Subscription Options in SUBSCRIBE, from 5.0 to 3.1 and 3.1.1: changes the meaning: they count as 0: own messages come back, RETAIN is cleared, and retained messages are sent
	// Topic Filter in SUBSCRIBE, UNSUBSCRIBE, from 5.0 to 3.1 and 3.1.1: changes the meaning: it is no shared subscription, but a topic filter like any other, unless the server has shared ones all the same
	// Topic Filter in SUBSCRIBE, UNSUBSCRIBE, from 3.1 and 3.1.1 to 5.0: changes the meaning: a topic filter like any other becomes that of a shared subscription
}
