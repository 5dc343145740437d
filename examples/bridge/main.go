// Bridge passes messages on between two servers, in both directions: what one server has
// acknowledged is acknowledged to the other one then, so that none is lost on the way while
// both remember their sessions. Who gets a message of this client again is not sent it
// back: by No Local in 5.0, by the bridge bit of mosquitto before.
//
//	go run ./examples/bridge mqtt://127.0.0.1:1883 mqtt://example.org 'sensors/#'
package main

import (
	"context"
	"errors"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
)

func main() {
	if len(os.Args) < 4 {
		log.Fatal("usage: bridge URL URL FILTER...")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	log.Print(bridge(ctx, os.Args[1], os.Args[2], os.Args[3:], client.Options{ClientID: "bridge"}))
}

// bridge passes on until ctx ends, or one side has ended for good.
func bridge(ctx context.Context, here, there string, filters []string, o client.Options) error {
	o.Expiry, o.ReceiveMaximum = time.Hour, 100 // at most so many are between the two at once
	o.OnConnect = func(p *packets.Connect) { p.Bridge = p.Version != mqttwire.V5 }
	var sides [2]*client.Client
	for i, url := range []string{here, there} {
		var err error
		o.OnMessage = func(m *client.Message) { pass(sides[1-i], m) } // also what the server has kept for us
		if sides[i], err = client.New(url, o); err != nil {
			return err
		}
		defer sides[i].Abort() // what is not acknowledged comes again
	}
	for _, from := range sides {
		if err := from.Start(); err != nil { // connects, for as long as it takes
			return err
		}
		go subscribe(ctx, from, filters)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-sides[0].Done():
		return sides[0].Run(ctx)
	case <-sides[1].Done():
		return sides[1].Run(ctx)
	}
}

func subscribe(ctx context.Context, c *client.Client, filters []string) {
	if c.AwaitConnection(ctx) != nil {
		return
	}
	v5 := c.ServerInfo().Version == mqttwire.V5 // before, the bridge bit has asked for both
	var subs []packets.Subscription
	for _, filter := range filters {
		subs = append(subs, packets.Subscription{Filter: []byte(filter), QoS: 2, NoLocal: v5, RetainAsPublished: v5})
	}
	if grants, err := c.Subscribe(ctx, nil, subs...); err != nil {
		log.Print(grants, err) // which filters it does not take
	}
}

// pass passes a message on, and acknowledges it when the other side has it.
func pass(to *client.Client, m *client.Message) {
	m.Hold()
	p := &packets.Publish{Topic: []byte(m.Topic), Payload: m.Payload, QoS: m.QoS, Retain: m.Retain, Properties: m.Properties}
	p.Properties.Remove(mqttwire.SubscriptionIdentifier) // which is ours
	d := to.Send(p)
	go func() {
		<-d.Done()
		if err := d.Err(); err != nil && !errors.Is(err, client.ErrRefused) {
			log.Print(err) // it is held, and comes again on the next connection
			return
		}
		if err := m.Ack(d.Code()); err != nil {
			log.Print(err)
		}
	}()
}
