// Server is a small MQTT server: it forwards each message to all who subscribe to
// its topic, with QoS 0. It shows the wire format, not how to write a broker: it
// keeps no sessions, so that a PUBLISH with QoS 2 that comes twice is forwarded
// twice, and a client that stops reading holds up the others.
//
//	go run ./examples/server
package main

import (
	"fmt"
	"io"
	"log"
	"net"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:1883")
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(serve(listener))
}

// serve answers each client until the listener is closed.
func serve(listener net.Listener) error {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			s := packets.NewStream(conn, packets.ConnectionOptions{
				Side:      mqttwire.FromServer,
				Tolerance: &mqttwire.Tolerance{Allow: mqttwire.Interop},
			})
			defer clients.remove(s)
			for {
				p, err := s.Receive()
				if err == nil {
					err = answer(s, p)
				} else {
					err = s.Reply(err)
				}
				if err != nil {
					if err != io.EOF {
						log.Println(conn.RemoteAddr(), err)
					}
					return
				}
			}
		}()
	}
}

// answer answers a packet as the standard asks a server to.
func answer(s *packets.Stream, p mqttwire.Packet) error {
	switch p := p.(type) {
	case *packets.Connect:
		connack := &packets.Connack{}
		if len(p.ClientID) == 0 {
			connack.Properties.SetAssignedClientIdentifier(fmt.Appendf(nil, "client-%p", s))
		}
		return s.Send(connack)
	case *packets.Publish:
		clients.forward(p, s.Topic(p))
		switch p.QoS {
		case mqttwire.AtLeastOnce:
			return s.Send(&packets.Puback{PacketID: p.PacketID})
		case mqttwire.ExactlyOnce:
			return s.Send(&packets.Pubrec{PacketID: p.PacketID})
		}
	case *packets.Pubrel:
		return s.Send(&packets.Pubcomp{PacketID: p.PacketID})
	case *packets.Subscribe:
		clients.subscribe(s, p.Subscriptions)
		granted := make([]mqttwire.ReasonCode, len(p.Subscriptions)) // QoS 0
		return s.Send(&packets.Suback{PacketID: p.PacketID, ReasonCodes: granted})
	case *packets.Unsubscribe:
		clients.unsubscribe(s, p.Filters)
		return s.Send(&packets.Unsuback{PacketID: p.PacketID, ReasonCodes: make([]mqttwire.ReasonCode, len(p.Filters))})
	case *packets.Pingreq:
		return s.Send(&packets.Pingresp{})
	case *packets.Disconnect:
		return io.EOF
	}
	return nil
}
