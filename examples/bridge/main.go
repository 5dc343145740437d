// Bridge passes messages on between two servers, in both directions: what one server has
// acknowledged is acknowledged to the other one then, so that none is lost on the way while
// both remember their sessions; what a side does not take is logged, and refused to the
// other one. Who gets a message of this client again is not sent it
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
	"github.com/mqttwire/mqttwire/session"
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
	p := &packets.Publish{Topic: []byte(m.Topic), Payload: m.Payload, QoS: m.QoS, Retain: m.Retain, Properties: m.Properties}
	p.Properties.Remove(mqttwire.SubscriptionIdentifier) // which is ours
	if m.QoS == mqttwire.AtMostOnce {
		to.Send(p) // or it is lost, as it may be
		return
	}
	m.Hold()
	d, err := send(m.Context(), to, p)
	if err != nil {
		log.Print(err) // the client has ended
		return
	}
	go func() {
		code, err := d.Code(), d.Err()
		if err != nil {
			log.Printf("%q: %v", m.Topic, err)
			if !final(err) {
				return // it is held, and comes again on the next connection
			}
			code = max(code, mqttwire.ReasonUnspecifiedError) // that of the other side, if it has refused
		}
		if err := m.Ack(code); err != nil {
			log.Print(err)
		}
	}()
}

// send queues a message, and waits while the queue is full.
func send(ctx context.Context, to *client.Client, p *packets.Publish) (*client.Delivery, error) {
	for {
		d := to.Send(p)
		select {
		case <-d.Done():
		default:
			return d, nil // it is on its way
		}
		if !errors.Is(d.Err(), client.ErrQueueFull) {
			return d, nil
		}
		if err := to.Flush(ctx); err != nil {
			return nil, err
		}
	}
}

// final reports whether a message is not taken however often it comes. Held, it would hold
// up all behind it, as they are acknowledged in their order. [MQTT-4.6.0-2]
func final(err error) bool {
	var e *client.RequestError
	if !errors.As(err, &e) {
		return false
	}
	switch e.Drop {
	case session.DropTooLarge, session.DropNotSupported, session.DropExpired:
		return true
	}
	return errors.Is(e, client.ErrRefused) || errors.Is(e, session.ErrTooLarge) || errors.Is(e, session.ErrNotSupported)
}
