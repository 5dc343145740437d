// Hello is a client: it subscribes, publishes, and prints what comes until it is
// interrupted. A broker to talk to is examples/broker.
//
//	go run ./examples/hello
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/mqttwire/mqttwire/client"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := hello(ctx, "mqtt://127.0.0.1:1883"); err != nil {
		log.Fatal(err)
	}
}

func hello(ctx context.Context, url string) error {
	c, err := client.Dial(ctx, url, client.Options{})
	if err != nil {
		return err
	}
	show := func(m *client.Message) { fmt.Printf("%s: %s\n", m.Topic, m.Payload) }
	if _, err = c.Subscribe(ctx, show, client.Sub("a/#", 1)); err != nil {
		return err
	}
	if err = c.Publish(ctx, "a/b", []byte("hello"), client.QoS(1)); err != nil {
		return err // which says whether it was refused, not sent, or may have come
	}
	return c.Run(ctx) // through lost connections, until ctx ends
}
