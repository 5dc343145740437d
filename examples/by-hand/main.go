// By-hand is a server with sockets of its own: it gives a link the bytes that come,
// prints the packets that they are, and writes what the link says. There is no package
// server and no broker in it. A client identifier that comes again throws the first
// connection out.
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
	"sync"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// server knows who is connected: one connection for each client identifier. [MQTT-3.1.4-3]
type server struct {
	mu      sync.Mutex
	clients map[string]*client
}

type client struct {
	net.Conn
	link  *session.Link
	out   []byte
	id    string
	taken bool // another connection has its identifier now
}

func newServer() *server { return &server{clients: map[string]*client{}} }

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:9501")
	if err != nil {
		log.Fatal(err)
	}
	log.Print("mosquitto_pub -p 9501 -t a -m hello")
	s := newServer()
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go func() { log.Print(s.serve(conn, os.Stdout)) }()
	}
}

// serve talks to a client until one of both ends.
func (s *server) serve(conn net.Conn, out io.Writer) error {
	defer conn.Close()
	link := session.NewLink(session.LinkOptions{Side: mqttwire.FromServer})
	link.Tick(time.Now())
	c := &client{Conn: conn, link: link}
	defer s.forget(c)
	in := make([]byte, 4096)
	for {
		if err := s.await(c); err != nil {
			return err
		}
		n, err := conn.Read(in)
		link.Feed(time.Now(), in[:n])
		for p, ok := link.Packet(); ok; p, ok = link.Packet() {
			print(out, p)
			s.handle(c, p)
		}
		link.Tick(time.Now())
		s.leave(c)
		failed := c.write()
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

// write writes what the link says.
func (c *client) write() error {
	c.out = c.link.Append(c.out[:0], 1<<20)
	if len(c.out) == 0 {
		return nil
	}
	if err := c.SetWriteDeadline(time.Now().Add(30 * time.Second)); err != nil { // a client may read nothing
		return err
	}
	n, err := c.Write(c.out)
	c.link.Wrote(time.Now(), n)
	return err
}

// handle answers a packet.
func (s *server) handle(c *client, p mqttwire.Packet) {
	connect, ok := p.(*packets.Connect)
	if !ok {
		c.link.Handle(time.Now())
	} else if err := s.connect(c, connect); err != nil { // as of a CONNACK that is larger than the client takes
		c.link.Lost(time.Now(), err)
	}
}

// connect begins a session, which ends with the connection.
func (s *server) connect(c *client, p *packets.Connect) error {
	a := &packets.Connack{}
	if p.Properties.Has(mqttwire.AuthenticationMethod) { // there is none here [MQTT-4.12.0-1]
		a.ReasonCode = mqttwire.ReasonBadAuthenticationMethod
		return c.link.Refuse(time.Now(), a)
	}
	id := string(p.ClientID)
	if id == "" { // nobody else may have it [MQTT-3.1.3-6]
		id = rand.Text()
		a.Properties.SetAssignedClientIdentifier([]byte(id))
	}
	a.Properties.SetSessionExpiryInterval(0) // whatever the client asks for. Section 3.2.2.3.2
	if err := c.link.Accept(time.Now(), session.New(session.Options{Side: mqttwire.FromServer}), a); err != nil {
		return err
	}
	s.takeOver(c, id)
	return nil
}

// takeOver makes a connection that of a client: if there is another one, that is woken,
// and goes. [MQTT-3.1.4-3]
func (s *server) takeOver(c *client, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.clients[id]; old != nil {
		old.taken = true
		if err := old.SetReadDeadline(time.Now()); err != nil {
			log.Print(err) // it has gone
		}
	}
	c.id, s.clients[id] = id, c
}

// await has the next read end by the deadline of the link, or at once if the client has
// another connection.
func (s *server) await(c *client) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	deadline, _ := c.link.Deadline()
	if c.taken {
		deadline = time.Now()
	}
	return c.SetReadDeadline(deadline)
}

// leave ends a connection whose client has another one.
func (s *server) leave(c *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !c.taken {
		return
	}
	if err := c.link.Disconnect(time.Now(), &packets.Disconnect{ReasonCode: mqttwire.ReasonSessionTakenOver}); err != nil {
		c.link.Lost(time.Now(), err)
	}
}

func (s *server) forget(c *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clients[c.id] == c {
		delete(s.clients, c.id)
	}
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
