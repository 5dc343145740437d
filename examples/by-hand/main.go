// By-hand is a server with sockets of its own: it gives a link the bytes that come,
// prints the packets that they are, and writes what the link says. There is no package
// server and no broker in it.
//
//	go run ./examples/by-hand
package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:9501")
	if err != nil {
		log.Fatal(err)
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go func() { log.Print(serve(conn, os.Stdout)) }()
	}
}

// serve talks to a client until one of both ends.
func serve(conn net.Conn, out io.Writer) error {
	defer conn.Close()
	link := session.NewLink(session.LinkOptions{Side: mqttwire.FromServer})
	link.Tick(time.Now())
	in, answer := make([]byte, 4096), []byte(nil)
	for {
		deadline, _ := link.Deadline()
		if err := conn.SetReadDeadline(deadline); err != nil {
			return err
		}
		n, err := conn.Read(in)
		link.Feed(time.Now(), in[:n])
		for p, ok := link.Packet(); ok; p, ok = link.Packet() {
			print(out, p)
			handle(link, p)
		}
		link.Tick(time.Now())
		answer = link.Append(answer[:0], 1<<20)
		if err := conn.SetWriteDeadline(time.Now().Add(30 * time.Second)); err != nil { // a client may read nothing
			return err
		}
		n, failed := conn.Write(answer)
		link.Wrote(time.Now(), n)
		if ne, ok := err.(net.Error); ok && ne.Timeout() {
			err = nil
		}
		if err == nil {
			err = failed
		}
		if err != nil {
			link.Lost(time.Now(), err)
		}
		if cause, closed := link.Closed(); closed {
			return cause
		}
	}
}

// handle answers a packet: a CONNECT begins a session.
func handle(link *session.Link, p mqttwire.Packet) {
	if c, ok := p.(*packets.Connect); ok {
		a := &packets.Connack{}
		if len(c.ClientID) == 0 { // nobody else may have it [MQTT-3.1.3-6]
			a.Properties.SetAssignedClientIdentifier([]byte(rand.Text()))
		}
		if err := link.Accept(time.Now(), session.New(session.Options{Side: mqttwire.FromServer}), a); err == nil {
			return
		}
	}
	link.Handle(time.Now())
}

// print prints what is in a packet.
func print(out io.Writer, p mqttwire.Packet) {
	switch p := p.(type) {
	case *packets.Connect:
		fmt.Fprintf(out, "CONNECT version=%s clean=%t will=%t keepalive=%d id=%q\n", p.Version, p.CleanStart, p.Will != nil, p.KeepAlive, p.ClientID)
	case *packets.Publish:
		fmt.Fprintf(out, "PUBLISH dup=%t qos=%d retain=%t topic=%q message=%q\n", p.Dup, p.QoS, p.Retain, p.Topic, p.Payload)
	default:
		fmt.Fprintln(out, p.Type())
	}
}
