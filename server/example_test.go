package server_test

import (
	"context"
	"fmt"
	"net"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/server"
)

// A broker on a listener of the program's, and a client that gets what it publishes.
func Example() {
	s := &server.Server{Broker: broker.New(broker.Options{})}
	listener, err := server.Listen("mqtt://127.0.0.1:0", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	go func() { _ = s.Serve(listener) }()

	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	c := packets.NewStream(conn, packets.ConnectionOptions{Side: mqttwire.FromClient})
	_ = c.Send(&packets.Connect{Version: mqttwire.V5, ClientID: []byte("c"), CleanStart: true})
	for {
		p, err := c.Receive()
		if err != nil {
			break
		}
		fmt.Println(p.Type())
		switch p.(type) {
		case *packets.Connack:
			_ = c.Send(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("a/+")}}})
		case *packets.Suback:
			_ = c.Send(&packets.Publish{Topic: []byte("a/b"), Payload: []byte("hello")})
		case *packets.Publish:
			_ = c.Send(&packets.Disconnect{})
		}
	}
	_ = conn.Close()
	fmt.Println(s.Shutdown(context.Background()))
	// Output:
	// CONNACK
	// SUBACK
	// PUBLISH
	// <nil>
}

// A server without a broker, with functions for two packets, on a connection that the
// caller has made.
func ExampleServer_ServeConn() {
	s := &server.Server{Handler: server.Handler{
		Connect: func(c *server.Conn, p *packets.Connect) (mqttwire.Packet, error) {
			if string(p.UserName) != "me" {
				return &packets.Connack{ReasonCode: mqttwire.ReasonBadUserNameOrPassword}, nil
			}
			return nil, nil // the usual answer
		},
		Publish: func(c *server.Conn, p *packets.Publish) (mqttwire.Packet, error) {
			fmt.Printf("%s: %s %s\n", c.ClientID(), p.Topic, p.Payload)
			return nil, nil
		},
	}}
	near, far := net.Pipe()
	ended := make(chan error)
	go func() { ended <- s.ServeConn(far) }()

	c := packets.NewStream(near, packets.ConnectionOptions{Side: mqttwire.FromClient})
	_ = c.Send(&packets.Connect{Version: mqttwire.V311, ClientID: []byte("c"), CleanStart: true, UserName: []byte("me")})
	_, _ = c.Receive()
	_ = c.Send(&packets.Publish{Topic: []byte("a"), Payload: []byte("hello"), QoS: 1, PacketID: 7})
	p, _ := c.Receive()
	fmt.Println(p)
	_ = c.Send(&packets.Disconnect{})
	fmt.Println(<-ended)
	_ = s.Close()
	// Output:
	// c: a hello
	// PUBACK packet_id=7 code=0x00 (Success)
	// session: the peer has disconnected
}
