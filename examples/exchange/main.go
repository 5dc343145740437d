// Exchange is a client and a server in one program. They talk MQTT 5.0 over a
// pipe: the client connects, publishes with QoS 1 and disconnects; the server
// acknowledges. It prints what each side receives.
//
//	go run ./examples/exchange
package main

import (
	"errors"
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
	go func() { served <- serve(newConn(serverEnd, mqttwire.FromServer, mqttwire.FromClient), out) }()
	if err := publish(newConn(clientEnd, mqttwire.FromClient, mqttwire.FromServer), out); err != nil {
		return err
	}
	return <-served
}

// conn is one side's end of a connection. What it sends binds what it may
// receive, and the other way round.
type conn struct {
	net.Conn
	reader  *mqttwire.Reader
	decoder *packets.Decoder
	encoder *packets.Encoder
	buf     []byte // reused for every packet sent
}

func newConn(c net.Conn, from, peer mqttwire.Sender) *conn {
	return &conn{
		Conn:    c,
		reader:  mqttwire.NewReader(c, mqttwire.Limits{}),
		decoder: packets.NewDecoder(packets.Options{From: peer}),
		encoder: packets.NewEncoder(packets.Options{From: from}),
	}
}

// send encodes a packet and writes it.
func (c *conn) send(p mqttwire.Packet) (err error) {
	if c.buf, err = c.encoder.Append(c.buf[:0], p); err != nil {
		return err
	}
	c.decoder.Observe(p)
	_, err = c.Write(c.buf)
	return err
}

// receive reads the next packet, which is valid until the call after it. A
// packet that breaks a rule is answered before the error is returned.
func (c *conn) receive() (mqttwire.Packet, error) {
	p, err := c.decoder.Next(c.reader)
	if err != nil {
		if answer := packets.Reply(err).Append(nil); len(answer) > 0 {
			_, failed := c.Write(answer)
			err = errors.Join(err, failed)
		}
		return nil, err
	}
	c.encoder.Observe(p)
	return p, nil
}

// publish is the client.
func publish(c *conn, out io.Writer) error {
	defer c.Close()
	connect := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("thermometer"), CleanStart: true, KeepAlive: 60}
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
