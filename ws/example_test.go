package ws_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/ws"
)

// answer is a server that knows two packets.
func answer(conn net.Conn) {
	defer conn.Close()
	s := packets.NewStream(conn, packets.ConnectionOptions{Side: mqttwire.FromServer})
	for {
		p, err := s.Receive()
		if err != nil {
			return
		}
		switch p.Type() {
		case mqttwire.CONNECT:
			err = s.Send(&packets.Connack{})
		case mqttwire.PINGREQ:
			err = s.Send(&packets.Pingresp{})
		}
		if err != nil {
			return
		}
	}
}

// ask is a client that sends two packets.
func ask(conn net.Conn) {
	s := packets.NewStream(conn, packets.ConnectionOptions{Side: mqttwire.FromClient})
	if err := s.Send(&packets.Connect{Version: mqttwire.V311, CleanStart: true}, &packets.Pingreq{}); err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		p, err := s.Receive()
		fmt.Println(p, err)
	}
}

func ExampleDial() {
	under, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	listener := ws.NewListener(under, ws.ServerOptions{})
	defer listener.Close()
	go func() {
		for conn, err := listener.Accept(); err == nil; conn, err = listener.Accept() {
			go answer(conn)
		}
	}()

	conn, err := ws.Dial(context.Background(), "ws://"+under.Addr().String()+"/mqtt", ws.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	ask(conn)
	// Output:
	// CONNACK code=0x00 <nil>
	// PINGRESP <nil>
}

// A server that has other things at other paths.
func ExampleHandler() {
	mux := http.NewServeMux()
	mux.Handle("/mqtt", &ws.Handler{Serve: answer, Origins: []string{"https://example.com"}})
	server := httptest.NewServer(mux)
	defer server.Close()

	conn, err := ws.Dial(context.Background(), strings.Replace(server.URL, "http", "ws", 1), ws.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	ask(conn)
	// Output:
	// CONNACK code=0x00 <nil>
	// PINGRESP <nil>
}

// A client that shows a cookie with its handshake. Without one, the package need only be
// imported.
func ExampleTransport() {
	server := httptest.NewServer(&ws.Handler{Serve: echo})
	defer server.Close()

	ctx := context.Background()
	c, err := client.Dial(ctx, strings.Replace(server.URL, "http", "ws", 1)+"/mqtt", client.Options{
		ClientID:  "c",
		Transport: ws.Transport(http.Header{"Cookie": {"session=1"}}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	got := make(chan string)
	_, _ = c.Subscribe(ctx, func(m *client.Message) { got <- m.Topic + " " + string(m.Payload) }, client.Sub("a/#", 1))
	_ = c.Publish(ctx, "a/b", []byte("hello"), client.QoS(1))
	fmt.Println(<-got)
	fmt.Println(c.Close(ctx))
	// Output:
	// a/b hello
	// <nil>
}
