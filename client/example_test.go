package client_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// The examples have a server in memory as their Dialer; a program leaves it out.
var server = newBroker()

// Connect, subscribe, publish, close.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := client.Dial(ctx, "mqtt://broker.example", client.Options{Dialer: server.dial})
	if err != nil {
		fmt.Println(err)
		return
	}
	messages := make(chan *client.Message, 1)
	_, err = c.Subscribe(ctx, func(m *client.Message) { messages <- m }, client.Sub("room/+/light", 1))
	fmt.Println(err)
	fmt.Println(c.Publish(ctx, "room/7/light", []byte("on"), client.QoS(1)))
	m := <-messages
	fmt.Printf("%s: %s\n", m.Topic, m.Payload)
	fmt.Println(c.Close(ctx))
	// Output:
	// <nil>
	// <nil>
	// room/7/light: on
	// <nil>
}

// What an error says of the message.
func ExampleClient_Publish() {
	c, err := client.New("mqtt://broker.example", client.Options{Dialer: server.dial})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	err = c.Publish(ctx, "a/b", []byte("hello"), client.QoS(1)) // there is no connection
	switch {
	case errors.Is(err, client.ErrRefused):
		fmt.Println("the server does not take it:", err)
	case errors.Is(err, client.ErrNotSent):
		fmt.Println("it may be published again:", err)
	case errors.Is(err, client.ErrUnknown):
		fmt.Println("it may have been published:", err)
	}
	fmt.Println(c.Close(context.Background()))
	// Output:
	// it may be published again: client: not sent: context deadline exceeded
	// <nil>
}

// Many messages under way at once.
func ExampleClient_Send() {
	ctx := context.Background()
	c, err := client.Dial(ctx, "mqtt://broker.example", client.Options{Dialer: server.dial})
	if err != nil {
		fmt.Println(err)
		return
	}
	var list []*client.Delivery
	for i := range 100 {
		list = append(list, c.Send(&packets.Publish{Topic: []byte("count"), Payload: fmt.Append(nil, i), QoS: 2}))
	}
	acked := 0
	for _, d := range list {
		if d.Err() == nil {
			acked++
		}
	}
	fmt.Println(acked, c.Close(ctx))
	// Output:
	// 100 <nil>
}

// Messages as an iterator: each is acknowledged when the next one is asked for.
func ExampleInbox_Messages() {
	ctx := context.Background()
	c, err := client.Dial(ctx, "mqtt://broker.example", client.Options{Dialer: server.dial})
	if err != nil {
		fmt.Println(err)
		return
	}
	inbox := &client.Inbox{}
	if _, err := c.SubscribeTo(ctx, inbox, client.Sub("jobs", 2)); err != nil {
		fmt.Println(err)
	}
	for _, job := range []string{"wash", "dry", "stop"} {
		if err := c.Publish(ctx, "jobs", []byte(job), client.QoS(2)); err != nil {
			fmt.Println(err)
		}
	}
	for m := range inbox.Messages(ctx) {
		fmt.Println(string(m.Payload))
		if string(m.Payload) == "stop" {
			break
		}
	}
	fmt.Println(c.Close(ctx))
	// Output:
	// wash
	// dry
	// stop
	// <nil>
}

// A channel of messages, which whoever takes them acknowledges: the server does not send
// faster.
func ExampleMessage_Hold() {
	ctx := context.Background()
	c, err := client.Dial(ctx, "mqtt://broker.example", client.Options{Dialer: server.dial})
	if err != nil {
		fmt.Println(err)
		return
	}
	messages := make(chan *client.Message, 100)
	_, err = c.Subscribe(ctx, func(m *client.Message) {
		m.Hold()
		messages <- m
	}, client.Sub("orders", 1))
	fmt.Println(err)
	fmt.Println(c.Publish(ctx, "orders", []byte("tea"), client.QoS(1)))
	m := <-messages
	fmt.Println(string(m.Payload), m.Ack(), c.Close(ctx))
	// Output:
	// <nil>
	// <nil>
	// tea <nil> <nil>
}

// A request and its reply.
func ExampleClient_Request() {
	ctx := context.Background()
	c, err := client.Dial(ctx, "mqtt://broker.example", client.Options{Dialer: server.dial})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = c.Subscribe(ctx, func(m *client.Message) {
		fmt.Println("asked:", string(m.Payload))
		if err := m.Reply(ctx, []byte("21 °C")); err != nil {
			fmt.Println(err)
		}
	}, client.Sub("temperature", 1))
	fmt.Println(err)
	m, err := c.Request(ctx, "temperature", []byte("kitchen"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("reply:", string(m.Payload), c.Close(ctx))
	// Output:
	// <nil>
	// asked: kitchen
	// reply: 21 °C <nil>
}

// Values in place of payloads.
func ExampleTyped() {
	type reading struct {
		Celsius float64 `json:"celsius"`
	}
	ctx := context.Background()
	c, err := client.Dial(ctx, "mqtt://broker.example", client.Options{Dialer: server.dial})
	if err != nil {
		fmt.Println(err)
		return
	}
	readings := client.NewTyped[reading](c, client.JSON)
	values := make(chan reading, 1)
	_, err = readings.Subscribe(ctx, func(_ *client.Message, r reading) { values <- r }, client.Sub("sensor/+", 1))
	fmt.Println(err)
	fmt.Println(readings.Publish(ctx, "sensor/1", reading{20.5}, client.QoS(1)))
	fmt.Println((<-values).Celsius, c.Close(ctx))
	// Output:
	// <nil>
	// <nil>
	// 20.5 <nil>
}

// A client that connects in the background, keeps what it has promised beyond the
// program's end, and tells what happens.
func ExampleClient_Start() {
	events := make(chan string, 10)
	c, err := client.New("mqtt://broker.example", client.Options{
		Dialer:   server.dial,
		ClientID: "meter-7",
		Expiry:   24 * time.Hour,
		Journal:  session.MemoryJournal(), // one of package store is durable
		Will:     &packets.Will{Topic: []byte("meter/7/state"), Payload: []byte("gone"), QoS: 1, Retain: true},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	c.On(client.Events{
		Connect: func(c *client.Client, p *packets.Connack) { events <- fmt.Sprint("connected ", p.SessionPresent) },
		Close:   func(c *client.Client, err error) { events <- fmt.Sprint("closed ", err) },
	})
	fmt.Println(c.Start())
	d := c.Send(&packets.Publish{Topic: []byte("meter/7/kwh"), Payload: []byte("3.14"), QoS: mqttwire.AtLeastOnce})
	fmt.Println(d.Err(), <-events)
	fmt.Println(c.Close(context.Background()), <-events)
	// Output:
	// <nil>
	// <nil> connected false
	// <nil> closed <nil>
}

// A message that outlives the program from Sync on, with a server or without.
func ExampleClient_Sync() {
	ctx := context.Background()
	journal := session.MemoryJournal() // one of package store is durable
	c, err := client.New("mqtt://broker.example", client.Options{ClientID: "meter-8", Expiry: time.Hour, Journal: journal})
	if err != nil {
		fmt.Println(err)
		return
	}
	d := c.Send(&packets.Publish{Topic: []byte("meter/8/kwh"), Payload: []byte("2.72"), QoS: mqttwire.ExactlyOnce})
	fmt.Println(c.Sync(ctx))
	fmt.Println(c.Close(ctx), d.Err()) // there was no connection
	c, err = client.New("mqtt://broker.example", client.Options{ClientID: "meter-8", Expiry: time.Hour, Journal: journal, Dialer: server.dial})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Stats().Restored, c.Connect(ctx), c.Flush(ctx), c.Close(ctx))
	// Output:
	// <nil>
	// <nil> client: the outcome is not known: the client was closed, and its journal has the message still
	// 1 <nil> <nil> <nil>
}
