package session_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// A message that waits outlives the program, if its changes were made durable.
func ExampleRestore() {
	now := time.Now()
	o := session.Options{Side: mqttwire.FromClient, Journal: true}
	s := session.New(o)
	m := session.NewMessage(now, &packets.Publish{Topic: []byte("a/b"), Payload: []byte("hello")})
	if _, err := s.Publish(now, m, session.Delivery{QoS: mqttwire.AtLeastOnce}); err != nil {
		fmt.Println(err)
	}
	var durable [][]byte
	for c, ok := s.Change(); ok; c, ok = s.Change() {
		fmt.Println("change:", c.Kind)
		durable = append(durable, slices.Clone(c.Data))
	}

	s, report, err := session.Restore(o, now, nil, slices.Values(durable))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("messages:", report.Messages, "waiting:", s.Stats().Waiting)

	durable[0][20] ^= 1
	_, _, err = session.Restore(o, now, nil, slices.Values(durable))
	fmt.Println(err)
	// Output:
	// change: queued
	// messages: 1 waiting: 1
	// session: change 0 is damaged at byte 52: its checksum is another
}

// A server that looks at each packet, and answers some of them itself.
func ExampleLink_Answer() {
	now := time.Now()
	s := session.New(session.Options{Side: mqttwire.FromServer})
	l := session.NewLink(session.LinkOptions{Side: mqttwire.FromServer})
	wire, _ := (&packets.Connect{Version: mqttwire.V5, ClientID: []byte("c")}).Append(nil, mqttwire.V5)
	wire, _ = (&packets.Publish{Topic: []byte("private/x"), QoS: 1, PacketID: 7}).Append(wire, mqttwire.V5)
	l.Feed(now, wire)
	for p, ok := l.Packet(); ok; p, ok = l.Packet() {
		switch p := p.(type) {
		case *packets.Connect:
			fmt.Printf("connect %s\n", p.ClientID)
			_ = l.Accept(now, s, nil)
		case *packets.Publish:
			fmt.Printf("publish %s\n", p.Topic)
			fmt.Println(l.Answer(now, &packets.Puback{PacketID: 8}))
			fmt.Println(l.Answer(now, &packets.Puback{PacketID: 7, ReasonCode: mqttwire.ReasonNotAuthorized}))
		default:
			l.Handle(now)
		}
	}
	fmt.Printf("% x\n", l.Append(nil, 100))
	// Output:
	// connect c
	// publish private/x
	// session: the packet is no answer to the one that has come
	// <nil>
	// 20 03 00 00 00 40 03 00 07 87
}

// An acknowledgement that waits until a message has been worked on.
func ExampleSession_Ack() {
	now := time.Now()
	s := session.New(session.Options{Side: mqttwire.FromServer})
	l := session.NewLink(session.LinkOptions{Side: mqttwire.FromServer, Hold: true})
	wire, _ := (&packets.Connect{Version: mqttwire.V311, ClientID: []byte("c")}).Append(nil, mqttwire.V311)
	wire, _ = (&packets.Publish{Topic: []byte("t"), QoS: 1, PacketID: 7}).Append(wire, mqttwire.V311)
	l.Feed(now, wire)
	l.Packet()
	_ = l.Accept(now, s, nil)
	l.Packet()
	l.Handle(now)
	e, _ := l.Event()
	fmt.Printf("% x\n", l.Append(nil, 100))
	fmt.Println(s.Ack(e.Ack, 0))
	fmt.Printf("% x\n", l.Append(nil, 100))
	fmt.Println(s.Ack(e.Ack, 0))
	// Output:
	// 20 02 00 00
	// <nil>
	// 40 02 00 07
	// session: the message's acknowledgement is not held any more
}

// A server that sends on what comes lets the next message have the memory of one that is
// through.
func ExampleMessagePool() {
	now := time.Now()
	var pool session.MessagePool
	var kept *session.Message
	for _, payload := range []string{"first", "second", "third"} {
		m := pool.New(now, &packets.Publish{Topic: []byte("a/b"), Payload: []byte(payload)})
		// here it is published to sessions, each of which keeps it as long as it needs it
		if payload == "second" {
			m.Keep()
			kept = m
		}
		m.Release()
	}
	fmt.Printf("%s\n", kept.Payload())
	// Output:
	// second
}
