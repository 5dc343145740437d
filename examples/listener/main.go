// Listener is a client with a function for each packet that a server sends, over TLS,
// with a will, user name and password. What is to be answered is answered by the client,
// and its subscriptions are there again after the server was.
//
//	go run ./examples/listener mqtts://127.0.0.1:8883 ca.crt
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: listener URL CERTIFICATES")
	}
	pem, err := os.ReadFile(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		log.Fatal("there is no certificate in ", os.Args[2])
	}
	c, err := prepare(os.Args[1], &tls.Config{RootCAs: pool}, mqttwire.V311, os.Stdout)
	if err != nil {
		log.Fatal(err)
	}
	log.Print(c.Run(context.Background())) // connects, and waits until it is closed for good
}

// prepare returns a client that prints each packet that comes.
func prepare(url string, config *tls.Config, version mqttwire.Version, out io.Writer) (*client.Client, error) {
	c, err := client.New(url, client.Options{
		Version: version, ClientID: "c1", KeepAlive: 60 * time.Second, CleanStart: true,
		Credentials: client.User("root", []byte("123456")),
		Will:        &packets.Will{Topic: []byte("w"), Payload: []byte("gone"), QoS: 1, Retain: true},
		TLS:         config,
	})
	if err != nil {
		return nil, err
	}
	show := func(p fmt.Stringer) { fmt.Fprintln(out, p) }
	c.Listen(client.Listener{
		ConnectAck: func(c *client.Client, p *packets.Connack) {
			show(p)
			c.Send(&packets.Publish{Topic: []byte("a"), Payload: []byte("hello"), QoS: 2})
		},
		Publish:         func(_ *client.Client, p *packets.Publish) { show(p) },
		PublishAck:      func(_ *client.Client, p *packets.Puback) { show(p) },
		PublishReceived: func(_ *client.Client, p *packets.Pubrec) { show(p) },
		PublishRelease:  func(_ *client.Client, p *packets.Pubrel) { show(p) },
		PublishComplete: func(_ *client.Client, p *packets.Pubcomp) { show(p) },
		SubscribeAck:    func(_ *client.Client, p *packets.Suback) { show(p) },
		UnsubscribeAck:  func(_ *client.Client, p *packets.Unsuback) { show(p) },
		Ping:            func(*client.Client) { fmt.Fprintln(out, "PINGRESP") },
		Disconnect:      func(_ *client.Client, p *packets.Disconnect) { show(p) }, // of 5.0, as the next
		Auth:            func(_ *client.Client, p *packets.Auth) { show(p) },
	})
	return c, nil
}
