// Proxy lets clients of one version of MQTT talk to a server of another: what each
// side sends is converted for the other one, and what is lost on the way is told. A
// loss that changes what a packet means, as that of a Response Topic, ends the
// connection if -strict is given, and is let go otherwise. (With -strict an older
// server takes no client that announces a Receive Maximum, as mosquitto's do in 5.0.)
//
//	go run ./examples/proxy -listen 127.0.0.1:1884 -server 127.0.0.1:1883 -version 3.1.1
package main

import (
	"crypto/rand"
	"errors"
	"flag"
	"io"
	"log"
	"net"
	"sync"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:1884", "`address` to listen on")
	server := flag.String("server", "127.0.0.1:1883", "`address` of the server")
	version := flag.String("version", "5.0", "`version` that the server speaks: 3.1, 3.1.1 or 5.0")
	strict := flag.Bool("strict", false, "end a connection on which the meaning of a packet would be changed")
	flag.Parse()

	p := proxy{server: *server, strict: *strict}
	for _, v := range []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5} {
		if v.String() == *version {
			p.version = v
		}
	}
	if p.version == 0 {
		log.Fatalf("-version %s: neither 3.1 nor 3.1.1 nor 5.0", *version)
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(p.serve(listener))
}

// proxy stands before one server.
type proxy struct {
	server  string
	version mqttwire.Version
	strict  bool
}

func (p *proxy) serve(listener net.Listener) error {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			err := p.talk(conn)
			if closed := conn.Close(); !errors.Is(closed, net.ErrClosed) {
				err = errors.Join(err, closed)
			}
			log.Println(conn.RemoteAddr(), err)
		}()
	}
}

// talk connects a client to the server, until one of them ends.
func (p *proxy) talk(conn net.Conn) error {
	client := packets.NewStream(conn, options(mqttwire.FromServer))
	connect, err := client.Receive()
	if err != nil {
		return client.Reply(err) // tells the client why
	}
	upstream, err := net.Dial("tcp", p.server)
	if err != nil {
		return err
	}
	server := packets.NewStream(upstream, options(mqttwire.FromClient))

	filters := new(sync.Map)
	up := way{from: client, to: server, filters: filters}
	up.c = packets.Conversion{From: client.Version(), To: p.version, Sender: mqttwire.FromClient, Allow: p.allow}
	down := way{from: server, to: client, filters: filters}
	down.c = packets.Conversion{From: p.version, To: client.Version(), Sender: mqttwire.FromServer, Allow: p.allow}

	if c, ok := connect.(*packets.Connect); ok && len(c.ClientID) == 0 && p.assigns(client.Version()) {
		down.assigned = []byte(rand.Text()[:23]) // 3.1 takes no more characters
		c.ClientID = down.assigned
	}
	if err := up.pass(connect); err != nil {
		refusal := packets.Connack{ReasonCode: mqttwire.ReasonImplementationSpecificError}
		if client.Version() != mqttwire.V5 {
			refusal.ReasonCode = mqttwire.ReturnServerUnavailable
		}
		return errors.Join(err, client.Send(&refusal), upstream.Close())
	}
	back := make(chan error, 1)
	go func() {
		err := down.run()
		back <- errors.Join(err, conn.Close()) // so that the way up ends too
	}()
	err = up.run()
	err = errors.Join(err, upstream.Close())
	return errors.Join(err, <-back)
}

// assigns reports whether a client of that version that has no client identifier gets
// one from the proxy: a server of 3.1 assigns none, and one of 3.1.1 does not tell a
// client of 5.0 which.
func (p *proxy) assigns(v mqttwire.Version) bool {
	return p.version == mqttwire.V31 || p.version == mqttwire.V311 && v == mqttwire.V5
}

// options say who we are on a connection, of two sides that are not always strict.
func options(side mqttwire.Sender) packets.ConnectionOptions {
	return packets.ConnectionOptions{Side: side, Tolerance: &mqttwire.Tolerance{Allow: mqttwire.Interop}}
}

// allow decides about a loss.
func (p *proxy) allow(l packets.Loss) bool { return !p.strict || l.Effect == packets.Harmless }

// way is one direction of a connection.
type way struct {
	from, to *packets.Stream
	c        packets.Conversion
	filters  *sync.Map // how many an UNSUBSCRIBE has, by its packet identifier
	assigned []byte    // the client identifier, if the proxy has assigned it
}

// run passes packets on until one of the connections ends.
func (w *way) run() error {
	for {
		p, err := w.from.Receive()
		switch {
		case err == nil:
			err = w.pass(p)
		case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
			return nil
		default:
			err = w.from.Reply(err) // nil if the packet alone was refused
		}
		if err != nil {
			return err
		}
	}
}

// pass converts a packet, in its place, and sends it on.
func (w *way) pass(p mqttwire.Packet) error {
	w.c.Topic, w.c.Filters = nil, 0
	switch p := p.(type) {
	case *packets.Publish:
		w.c.Topic = w.from.Topic(p)
	case *packets.Unsubscribe:
		w.filters.Store(p.PacketID, len(p.Filters))
	case *packets.Unsuback:
		if n, ok := w.filters.LoadAndDelete(p.PacketID); ok {
			w.c.Filters = n.(int)
		}
	}
	if err := packets.Convert(p, p, &w.c); err != nil {
		return err
	}
	if c, ok := p.(*packets.Connack); ok && c.ReasonCode == 0 && w.assigned != nil {
		c.Properties.SetAssignedClientIdentifier(w.assigned)
	}
	for _, loss := range w.c.Losses {
		log.Printf("%s to %s: %s without %s", w.c.From, w.c.To, p.Type(), loss)
	}
	err := w.to.Send(p)
	if m, ok := p.(*packets.Publish); ok && w.c.Sender == mqttwire.FromServer && errors.Is(err, mqttwire.ErrTooLarge) {
		log.Println("not passed on:", err)
		return w.discard(m)
	}
	return err
}

// discard acknowledges a message in place of the client, which does not take one so
// large: the server of an older version cannot know. [MQTT-3.1.2-25]
func (w *way) discard(m *packets.Publish) error {
	err := w.to.Resume()
	if ack := packets.Acknowledge(m); err == nil && ack != nil {
		err = w.from.Send(ack)
	}
	return err
}
