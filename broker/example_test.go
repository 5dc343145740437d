package broker_test

import (
	"context"
	"fmt"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// A broker with one connection, whose client speaks by bytes; the program publishes.
func Example() {
	now := time.Now()
	b := broker.New(broker.Options{})
	c := b.Attach(context.Background(), now, session.NewLink(session.LinkOptions{Side: mqttwire.FromServer}), broker.Origin{}, nil)

	var bytes []byte
	for _, p := range []mqttwire.Packet{
		&packets.Connect{Version: mqttwire.V311, ClientID: []byte("c"), CleanStart: true},
		&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("a/+")}}},
	} {
		bytes, _ = p.Append(bytes, mqttwire.V311)
	}
	c.Feed(now, bytes)
	for _, ok := c.Packet(); ok; _, ok = c.Packet() {
		c.Handle(now)
	}
	m := session.NewMessage(now, &packets.Publish{Topic: []byte("a/b"), Payload: []byte("hello")})
	_ = b.Publish(now, "", m, nil)

	out := c.Append(nil, 4096)
	c.Wrote(now, len(out))
	fmt.Printf("% x\n", out)
	// Output: 20 02 00 00 90 03 00 01 00 30 0a 00 03 61 2f 62 68 65 6c 6c 6f
}

// Hooks decide who may connect and publish what.
func ExampleHooks() {
	topics := broker.Hooks{Publish: func(c *broker.Peer, p *packets.Publish) mqttwire.ReasonCode {
		if !mqttwire.MatchTopic([]byte("of/"+c.ClientID+"/#"), p.Topic) {
			return mqttwire.ReasonNotAuthorized
		}
		return mqttwire.ReasonSuccess
	}}
	heard := broker.Hooks{Publish: func(c *broker.Peer, p *packets.Publish) mqttwire.ReasonCode {
		fmt.Printf("%s: %s\n", c.ClientID, p.Topic)
		return mqttwire.ReasonSuccess
	}}
	b := broker.New(broker.Options{Hooks: broker.Chain(topics, heard)})

	now, as := time.Now(), &broker.Peer{ClientID: "c"}
	for _, topic := range []string{"of/c/x", "of/d/x"} {
		m := session.NewMessage(now, &packets.Publish{Topic: []byte(topic)})
		fmt.Println(b.Publish(now, "", m, as))
	}
	// Output:
	// c: of/c/x
	// <nil>
	// broker: the message was refused
}

// The program itself subscribes; and lists what is retained.
func ExampleBroker_Subscribe() {
	now := time.Now()
	b := broker.New(broker.Options{})
	cancel, err := b.Subscribe(now, "", &packets.Subscription{Filter: []byte("a/#"), QoS: 1}, func(m *session.Message, d session.Delivery) {
		fmt.Printf("%s %s, QoS %d\n", m.Topic(), m.Payload(), d.QoS)
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cancel()
	m := session.NewMessage(now, &packets.Publish{Topic: []byte("a/b"), Payload: []byte("hello"), QoS: 2, Retain: true})
	_ = b.Publish(now, "", m, nil)
	for _, kept := range b.Retained("", []byte("#")) {
		fmt.Printf("retained: %s\n", kept.Topic())
	}
	// Output:
	// a/b hello, QoS 1
	// retained: a/b
}

// A broker with a journal is made again from it.
func ExampleRestore() {
	now := time.Now()
	journal := session.MemoryJournal()
	o := broker.Options{Journal: true}
	b := broker.New(o)
	m := session.NewMessage(now, &packets.Publish{Topic: []byte("a"), Payload: []byte("kept"), Retain: true})
	_ = b.Publish(now, "", m, nil)

	changes, mark := b.Changes(nil) // again and again, as fast as the journal goes
	if err := journal.Append(changes); err != nil {
		fmt.Println(err)
		return
	}
	b.Durable(mark)

	b, report, err := broker.Restore(o, now, journal.Load())
	fmt.Println(report.Retained, err, len(b.Retained("", []byte("#"))))
	// Output: 1 <nil> 1
}
