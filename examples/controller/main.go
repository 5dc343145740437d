// Controller is a broker on two ports, one of them with TLS, whose methods see packets
// and may answer them: what one returns is the answer.
//
//	go run ./examples/controller server.crt server.key
package main

import (
	"crypto/tls"
	"log"
	"os"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/server"
	"github.com/mqttwire/mqttwire/topic"
)

type controller struct{ log *log.Logger }

// private is what no client may read.
var private = []byte("private/#")

// Subscribe refuses each filter that matches something private, as # does, and +/x. Of a
// shared one the filter within counts; one that is malformed the broker refuses.
func (c controller) Subscribe(conn *server.Conn, p *packets.Subscribe) (*packets.Suback, error) {
	a := packets.Acknowledge(p).(*packets.Suback)
	for i, s := range p.Subscriptions {
		a.ReasonCodes[i] = mqttwire.ReasonCode(s.QoS) // granted as asked
		if topic.Overlap(s.Filter, private) {
			a.ReasonCodes[i] = mqttwire.ReasonNotAuthorized
		}
	}
	return a, nil // the packet that is returned is the answer
}

// Publish prints a message.
func (c controller) Publish(conn *server.Conn, p *packets.Publish) (mqttwire.Packet, error) {
	c.log.Printf("%q: %q", conn.ClientID(), p.Topic)
	return nil, nil // the usual answer, and the broker sends it on
}

// newServer returns the server of a controller.
func newServer(c controller, config *tls.Config) *server.Server {
	return &server.Server{
		Broker:  broker.New(broker.Options{}),
		Handler: server.Handler{Subscribe: c.Subscribe, Publish: c.Publish},
		TLS:     config,
	}
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: controller CERTIFICATE KEY")
	}
	certificate, err := tls.LoadX509KeyPair(os.Args[1], os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	s := newServer(controller{log.Default()}, &tls.Config{Certificates: []tls.Certificate{certificate}})
	log.Print("mosquitto_pub -p 8081 -t a -m hello")
	go func() { log.Fatal(s.ListenAndServe("mqtt://127.0.0.1:8081")) }() // the main server
	log.Fatal(s.ListenAndServe("mqtts://127.0.0.1:8082"))
}
