// Handlers is a server with a function for each packet, and no broker: it answers what
// clients send, and prints it. A client identifier that comes again throws the first
// connection out.
//
//	go run ./examples/handlers
package main

import (
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

func (a *app) connect(c *server.Conn, p *packets.Connect) (mqttwire.Packet, error) {
	if len(p.ClientID) > 0 { // else it is a client of its own, to which the server gives an identifier [MQTT-3.1.3-6]
		a.takeOver(string(p.ClientID), c)
	}
	a.log.Printf("%s connects", p.ClientID)
	if p.Will != nil {
		a.log.Printf("%s has the will %s %q", p.ClientID, p.Will.Topic, p.Will.Payload)
	}
	return &packets.Connack{ReasonCode: mqttwire.ReasonSuccess}, nil
}

// takeOver makes a connection that of a client: if there is another one, that goes. [MQTT-3.1.4-3]
func (a *app) takeOver(id string, c *server.Conn) {
	a.mu.Lock()
	old := a.clients[id]
	a.clients[id] = c
	a.mu.Unlock()
	if old != nil {
		old.Disconnect(mqttwire.ReasonSessionTakenOver)
	}
}

func (a *app) closed(c *server.Conn, why error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.log.Printf("%s: %v", c.ClientID(), why)
	if a.clients[c.ClientID()] == c {
		delete(a.clients, c.ClientID())
	}
}

// newServer returns the server. What a function returns as nil is the usual answer.
func newServer(out io.Writer) *server.Server {
	a := &app{log: log.New(out, "", 0), clients: map[string]*server.Conn{}}
	return &server.Server{Handler: server.Handler{
		Connect: a.connect,
		Close:   a.closed,
		Ping:    func(*server.Conn) bool { return true }, // true: PINGRESP
		Publish: func(c *server.Conn, p *packets.Publish) (mqttwire.Packet, error) {
			a.log.Printf("%s: %s %q", c.ClientID(), p.Topic, p.Payload)
			return nil, nil // nil: PUBACK or PUBREC, as the QoS asks
		},
		Subscribe: func(c *server.Conn, p *packets.Subscribe) (*packets.Suback, error) {
			a.log.Printf("%s: %v", c.ClientID(), p)
			return nil, nil
		},
		Unsubscribe: func(c *server.Conn, p *packets.Unsubscribe) (*packets.Unsuback, error) { return nil, nil },
		Disconnect:  func(c *server.Conn, p *packets.Disconnect) { a.log.Printf("%s goes", c.ClientID()) },
	}}
}

func main() {
	log.Fatal(newServer(os.Stdout).ListenAndServe("mqtt://127.0.0.1:9503"))
}
