// Events is a client as an event loop has it: functions that are called when something
// happens, and requests that are answered where they were made. A handler may wait, as it
// does not run where packets are read. If the server goes away the client comes back by
// itself, with its subscriptions.
//
//	go run ./examples/events mqtt://test.mosquitto.org
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) != 2 {
		log.Fatal("usage: events URL")
	}
	c, err := start(ctx, os.Args[1], mqttwire.V311, os.Stdout)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("ended:", c.Run(ctx)) // until it is interrupted: Close sends DISCONNECT, Abort does not
}

// start returns a client that is connected.
func start(ctx context.Context, url string, version mqttwire.Version, out io.Writer) (*client.Client, error) {
	c, err := client.New(url, client.Options{
		Version: version, CleanStart: true,
		KeepAlive: 50 * time.Second, ConnectTimeout: 30 * time.Second,
		Backoff: client.Backoff{Min: time.Second, Max: time.Second},
		Will:    &packets.Will{Topic: []byte("gone"), Payload: []byte("bye"), QoS: 1},
		OnMessage: func(m *client.Message) {
			fmt.Fprintf(out, "message %s %q\n", m.Topic, m.Payload)
		},
	})
	if err != nil {
		return nil, err
	}
	subscribed := false
	c.On(client.Events{
		Connect: func(c *client.Client, _ *packets.Connack) {
			fmt.Fprintln(out, "connect")
			if subscribed {
				return // what was subscribed to is again
			}
			grants, err := c.Subscribe(ctx, nil, client.Sub("test", 1), client.Sub("news/#", 2))
			fmt.Fprintln(out, "subscribe", grants, err)
			subscribed = err == nil
			fmt.Fprintln(out, "publish", c.Publish(ctx, "test", []byte("hello"), client.QoS(2)))
			fmt.Fprintln(out, "unsubscribe", c.Unsubscribe(ctx, "test"))
		},
		Reconnect: func(*client.Client, int) { fmt.Fprintln(out, "reconnect") },
		Offline:   func(*client.Client) { fmt.Fprintln(out, "offline") },
		Error:     func(_ *client.Client, err error) { fmt.Fprintln(out, "error:", err) },
		Close:     func(_ *client.Client, err error) { fmt.Fprintln(out, "close", err) },
	})
	return c, c.Connect(ctx)
}
