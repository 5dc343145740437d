// Durable publishes the lines of its input with QoS 2, and keeps in a file what the broker
// does not have yet: it may be killed at any time and started again, and each arrives once.
//
//	go run ./examples/durable [-force] mqtt://localhost queue < lines
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"io"
	"log"
	"os"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/store"
)

func main() {
	force := flag.Bool("force", false, "at the end of the input do not wait for the broker")
	flag.Parse()
	if flag.NArg() != 2 {
		log.Fatal("usage: durable [-force] URL FILE")
	}
	if err := run(flag.Arg(0), flag.Arg(1), os.Stdin, *force, client.Options{}); err != nil {
		log.Fatal(err)
	}
}

func run(url, file string, in io.Reader, force bool, o client.Options) (err error) {
	journal, err := store.Open(file, store.Options{})
	if err != nil {
		return err // a *store.DamageError says where
	}
	defer func() { err = errors.Join(err, journal.Close()) }()
	o.ClientID, o.Expiry, o.Journal = "durable", time.Hour, journal
	o.KeepAlive, o.ConnectTimeout = 10*time.Second, 30*time.Second                                // a ping 7.5 s after the last packet
	o.Backoff.Min, o.Backoff.Max, o.Backoff.StableAfter = time.Second, time.Minute, 5*time.Minute // it doubles, and begins anew
	o.OnDropped = func(d client.Dropped) { log.Printf("lost %q: %v", d.Message.Payload, d.Err) }  // as the broker refuses it
	c, err := client.New(url, o)
	if err != nil {
		return err
	}
	defer c.Abort() // which does nothing after Close, and else leaves the journal free
	c.On(client.Events{
		Connect:   func(*client.Client, *packets.Connack) { log.Print("connect") },
		Reconnect: func(_ *client.Client, n int) { log.Print("reconnect ", n) },
		Offline:   func(*client.Client) { log.Print("offline") },
		Error:     func(_ *client.Client, err error) { log.Print("error ", err) },
		Message:   func(_ *client.Client, m *client.Message) { log.Printf("%s %q", m.Topic, m.Payload) },
		Close:     func(*client.Client, error) { log.Print("close") },
	})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := c.Start(); err != nil { // connects, for as long as it takes
		return err
	}
	go subscribe(ctx, c)
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if err := send(ctx, c, lines.Bytes()); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil { // as a line that is too long
		return err
	}
	if !force {
		return errors.Join(c.Flush(ctx), c.Close(ctx)) // back after the last PUBCOMP, over as many connections as it takes
	}
	cancel()
	if err = c.Close(ctx); errors.Is(err, context.Canceled) {
		return nil // what is left waits in the file for the next run
	}
	return err
}

// send queues a line, and waits while the queue is full.
func send(ctx context.Context, c *client.Client, line []byte) error {
	for {
		d := c.Send(&packets.Publish{Topic: []byte("lines"), Payload: line, QoS: mqttwire.ExactlyOnce})
		select {
		case <-d.Done():
		default:
			return nil // it is on its way
		}
		switch err := d.Err(); {
		case errors.Is(err, client.ErrQueueFull):
			if err := c.Flush(ctx); err != nil {
				return err
			}
		case errors.Is(err, client.ErrClosed): // nothing more is taken, as the broker does not let the client in
			return err
		case errors.Is(err, client.ErrNotSent): // as it is larger than the broker takes
			log.Printf("lost %q: %v", line, err)
			return nil
		default:
			return nil
		}
	}
}

// subscribe subscribes to one filter, to a list, and to a map of filters to QoS.
func subscribe(ctx context.Context, c *client.Client) {
	var ofMap []packets.Subscription
	for filter, qos := range map[string]mqttwire.QoS{"c/low": 0, "c/high": 2} {
		ofMap = append(ofMap, client.Sub(filter, qos))
	}
	_, one := c.Subscribe(ctx, nil, client.Sub("a/#", 0))
	_, list := c.Subscribe(ctx, nil, client.Sub("b/+", 1), client.Sub("b", 2))
	_, both := c.Subscribe(ctx, nil, ofMap...)
	log.Print("subscribed ", errors.Join(one, list, both))
}
