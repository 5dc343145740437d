// Server is a small MQTT server: it forwards each message to all who subscribe to
// its topic, with QoS 0. It shows the wire format, not how to write a broker: it
// keeps no sessions, so that a PUBLISH with QoS 2 that comes twice is forwarded
// twice; it has no wills and no retained messages; it looks neither at the keep alive
// nor for a client identifier that is there already; and a client that stops reading
// holds up the others. Package broker does all that.
//
//	go run ./examples/server
package main

import (
	"crypto/rand"
	"fmt"
	"log"
	"net"
	"sync"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

var mu sync.Mutex
var filters = map[*packets.Stream]map[string]bool{} // of each client

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:1883")
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(serve(listener))
}

func serve(listener net.Listener) error {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() { log.Println(conn.RemoteAddr(), talk(conn), conn.Close()) }()
	}
}

func talk(conn net.Conn) error {
	s := packets.NewStream(conn, packets.ConnectionOptions{
		Side:      mqttwire.FromServer,
		Tolerance: &mqttwire.Tolerance{Allow: mqttwire.Interop}, // of what clients in the field get wrong
	})
	for {
		p, err := s.Receive()
		if err != nil {
			err = s.Reply(err) // tells the client why
		} else {
			err = answer(s, p)
		}
		if err != nil {
			mu.Lock()
			delete(filters, s)
			mu.Unlock()
			return err
		}
	}
}

func answer(s *packets.Stream, p mqttwire.Packet) error {
	mu.Lock()
	defer mu.Unlock()
	reply := packets.Acknowledge(p)
	switch p := p.(type) {
	case *packets.Connect:
		filters[s] = map[string]bool{}
		if connack, ok := reply.(*packets.Connack); ok {
			letIn(connack, p)
		}
	case *packets.Subscribe:
		for _, subscription := range p.Subscriptions {
			filters[s][string(subscription.Filter)] = true
		}
	case *packets.Unsubscribe:
		for _, filter := range p.Filters {
			delete(filters[s], string(filter))
		}
	case *packets.Publish:
		forward(p, s.Topic(p))
	}
	if reply == nil {
		return nil
	}
	err := s.Send(reply)
	if code, ok := packets.ReasonCode(reply); err == nil && ok && code.IsError() {
		return fmt.Errorf("refused: %s", code) // nothing follows such a CONNACK [MQTT-3.2.2-7]
	}
	return err
}

// letIn fills in the CONNACK: that no session is kept, so that no client of 5.0 relies on
// one, and that nobody is authenticated.
func letIn(a *packets.Connack, p *packets.Connect) {
	if p.Properties.Has(mqttwire.AuthenticationMethod) {
		a.ReasonCode = mqttwire.ReasonBadAuthenticationMethod // [MQTT-4.12.0-1]
		return
	}
	if len(p.ClientID) == 0 { // nobody else may have it [MQTT-3.1.3-6]
		a.Properties.SetAssignedClientIdentifier([]byte(rand.Text()))
	}
	a.Properties.SetSessionExpiryInterval(0) // whatever the client asks for. Section 3.2.2.3.2
}

func forward(p *packets.Publish, topic []byte) {
	for s, list := range filters {
		for filter := range list {
			if mqttwire.MatchTopic([]byte(filter), topic) {
				var out packets.Publish
				err := packets.Forward(&out, p, topic, &packets.Forwarding{Version: s.Version()})
				if err == nil {
					err = s.Send(&out)
				}
				if err != nil { // as a message that is larger than the client takes
					log.Println("not forwarded:", err, s.Resume())
				}
				break
			}
		}
	}
}
