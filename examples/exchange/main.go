// Exchange is a client and a server in one program. They talk MQTT 5.0 over a
// pipe: the client connects, publishes with QoS 1 and disconnects; the server
// acknowledges. It prints what each side receives.
//
//	go run ./examples/exchange
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"os"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

func main() {
	if err := run(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run lets both sides talk until the client has disconnected.
func run(out io.Writer) error {
	clientEnd, serverEnd := net.Pipe()
	served := make(chan error, 1)
	go func() { served <- serve(newConn(serverEnd, mqttwire.FromClient), out) }()
	if err := publish(newConn(clientEnd, mqttwire.FromServer), out); err != nil {
		return err
	}
	return <-served
}

// conn is one side's end of a connection.
type conn struct {
	net.Conn
	reader  *mqttwire.Reader
	set     packets.Set
	version mqttwire.Version // 0 until a CONNECT tells it
	peer    mqttwire.Sender
	buf     []byte // reused for every packet sent
}

func newConn(c net.Conn, peer mqttwire.Sender) *conn {
	return &conn{Conn: c, reader: mqttwire.NewReader(c, mqttwire.Limits{PacketSize: 1 << 20}), peer: peer}
}

// send encodes a packet and writes it.
func (c *conn) send(p mqttwire.Packet) (err error) {
	if c.buf, err = p.Append(c.buf[:0], c.version); err != nil {
		return err
	}
	_, err = c.Write(c.buf)
	return err
}

// receive reads the next packet. It is valid until the call after it.
func (c *conn) receive() (mqttwire.Packet, error) {
	if _, err := c.reader.Next(); err != nil {
		return nil, err
	}
	frame, err := c.reader.Body()
	if err != nil {
		return nil, err
	}
	p, err := c.set.Decode(frame, c.version)
	if err != nil {
		return nil, err
	}
	return p, packets.CheckSender(p, c.version, c.peer)
}

// publish is the client.
func publish(c *conn, out io.Writer) error {
	defer c.Close()
	c.version = mqttwire.V5
	connect := &packets.Connect{ClientID: []byte("thermometer"), CleanStart: true, KeepAlive: 60}
	message := &packets.Publish{Topic: []byte("attic/temperature"), Payload: []byte("31.4"), QoS: 1, PacketID: 1}
	message.Properties.AddUser([]byte("unit"), []byte("C"))
	for _, p := range []mqttwire.Packet{connect, message} {
		if err := c.send(p); err != nil {
			return err
		}
		answer, err := c.receive()
		if err != nil {
			return err
		}
		fmt.Fprintln(out, "client received", answer)
	}
	return c.send(&packets.Disconnect{})
}

// serve is the server.
func serve(c *conn, out io.Writer) error {
	defer c.Close()
	for {
		p, err := c.receive()
		if err != nil {
			return err
		}
		fmt.Fprintln(out, "server received", p)
		switch p := p.(type) {
		case *packets.Connect:
			c.version = p.Version
			err = c.send(&packets.Connack{})
		case *packets.Publish:
			err = c.send(&packets.Puback{PacketID: p.PacketID})
		case *packets.Disconnect:
			return nil
		}
		if err != nil {
			return err
		}
	}
}
