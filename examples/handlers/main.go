// Handlers is a server with a function for each packet, and no broker: it answers what
// clients send, and prints it. A client identifier that comes again throws the first
// connection out.
//
//	go run ./examples/handlers
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"os"
	"sync"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/server"
)

// app is what the functions share.
type app struct {
	log     *log.Logger
	mu      sync.Mutex
	clients map[string]*server.Conn
}

// key is what a client and the server know.
var key = []byte("an example")

func (a *app) connect(c *server.Conn, p *packets.Connect) (mqttwire.Packet, error) {
	a.log.Printf("%q connects", p.ClientID)
	if p.Will != nil {
		a.log.Printf("%q has the will %q %q", p.ClientID, p.Will.Topic, p.Will.Payload)
	}
	if bytes.ContainsAny(p.ClientID, "/+#") { // so that it may stand in a topic
		return connack(mqttwire.ReasonClientIdentifierNotValid), nil // [MQTT-3.1.3-8]
	}
	switch method, ok := p.Properties.AuthenticationMethod(); {
	case ok && string(method) == "HMAC":
		return challenge(c), nil
	case ok:
		return connack(mqttwire.ReasonBadAuthenticationMethod), nil // [MQTT-4.12.0-1]
	}
	a.takeOver(string(p.ClientID), c)
	return connack(mqttwire.ReasonSuccess), nil
}

// connack returns a CONNACK with a code, which before 5.0 is sent as the return code that
// says the same. Session present is the server's to set, and without a Broker never set, as
// a session ends with its connection. [MQTT-3.2.2-3]
func connack(code mqttwire.ReasonCode) *packets.Connack {
	return &packets.Connack{ReasonCode: code, SessionPresent: false}
}

// takeOver makes a connection that of a client, once it is known to be: if there is
// another one, that goes. [MQTT-3.1.4-3]
func (a *app) takeOver(id string, c *server.Conn) {
	if id == "" {
		return // a client of its own, to which the server gives an identifier [MQTT-3.1.3-6]
	}
	a.mu.Lock()
	old := a.clients[id]
	a.clients[id] = c
	a.mu.Unlock()
	if old != nil && old != c {
		old.Disconnect(mqttwire.ReasonSessionTakenOver)
	}
}

// challenge begins an exchange: the client is to answer with the HMAC of what it gets.
// Section 4.12.
func challenge(c *server.Conn) *packets.Auth {
	p, text := &packets.Auth{ReasonCode: mqttwire.ReasonContinueAuthentication}, rand.Text()
	p.Properties.SetAuthenticationData([]byte(text))
	c.Value = text
	return p
}

// auth ends an exchange. To answer nothing is to refuse the client. [MQTT-4.12.0-4]
func (a *app) auth(c *server.Conn, p *packets.Auth) (*packets.Auth, error) {
	if p.ReasonCode == mqttwire.ReasonReauthenticate {
		return challenge(c), nil
	}
	h := hmac.New(sha256.New, key)
	fmt.Fprint(h, c.Value)
	if data, _ := p.Properties.AuthenticationData(); !hmac.Equal(data, h.Sum(nil)) {
		return nil, nil
	}
	a.takeOver(c.ClientID(), c)
	return &packets.Auth{}, nil // which ends the exchange of a CONNECT as CONNACK
}

func (a *app) closed(c *server.Conn, why error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.log.Printf("%q: %v", c.ClientID(), why)
	if a.clients[c.ClientID()] == c {
		delete(a.clients, c.ClientID())
	}
}

// see prints a packet.
func (a *app) see(c *server.Conn, p mqttwire.Packet) { a.log.Printf("%q: %v", c.ClientID(), p) }

// newServer returns the server. What a function returns as nil is the usual answer.
func newServer(out io.Writer) *server.Server {
	a := &app{log: log.New(out, "", 0), clients: map[string]*server.Conn{}}
	return &server.Server{Handler: server.Handler{
		Connect: a.connect,
		Auth:    a.auth,
		Close:   a.closed,
		Ping:    func(*server.Conn) bool { return true }, // true: PINGRESP
		Publish: func(c *server.Conn, p *packets.Publish) (mqttwire.Packet, error) {
			a.log.Printf("%q: %q %q", c.ClientID(), p.Topic, p.Payload)
			return nil, nil // nil: PUBACK or PUBREC, as the QoS asks
		},
		PublishRelease: func(c *server.Conn, p *packets.Pubrel) (*packets.Pubcomp, error) {
			a.see(c, p)
			return nil, nil // nil: PUBCOMP
		},
		// The client's answers to what Conn.Send has sent it.
		PublishAck: func(c *server.Conn, p *packets.Puback) { a.see(c, p) },
		PublishReceived: func(c *server.Conn, p *packets.Pubrec) (*packets.Pubrel, error) {
			a.see(c, p)
			return nil, nil // nil: PUBREL
		},
		PublishComplete: func(c *server.Conn, p *packets.Pubcomp) { a.see(c, p) },
		Subscribe: func(c *server.Conn, p *packets.Subscribe) (*packets.Suback, error) {
			a.see(c, p)
			return nil, nil // nil: SUBACK with what was asked for
		},
		Unsubscribe: func(c *server.Conn, p *packets.Unsubscribe) (*packets.Unsuback, error) {
			a.see(c, p)
			return nil, nil // nil: UNSUBACK
		},
		Disconnect: func(c *server.Conn, p *packets.Disconnect) { a.see(c, p) },
	}}
}

func main() {
	log.Print("mosquitto_pub -p 9503 -t a -m hello")
	log.Fatal(newServer(os.Stdout).ListenAndServe("mqtt://127.0.0.1:9503"))
}
