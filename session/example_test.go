package session_test

import (
	"fmt"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// A client and a server that have nothing between them but two byte slices. The client
// subscribes and publishes with QoS 2; the server sends on what matches.
func Example() {
	now := time.Now()
	client := session.New(session.Options{Side: mqttwire.FromClient})
	server := session.New(session.Options{Side: mqttwire.FromServer})
	c := session.NewLink(session.LinkOptions{Side: mqttwire.FromClient})
	s := session.NewLink(session.LinkOptions{Side: mqttwire.FromServer})

	// receive lets bytes come to a Link, and hands on what they have brought.
	receive := func(l *session.Link, chunk []byte, on func(session.Event)) {
		l.Feed(now, chunk)
		for _, ok := l.Packet(); ok; _, ok = l.Packet() {
			l.Handle(now)
			for e, ok := l.Event(); ok; e, ok = l.Event() {
				on(e)
			}
		}
	}
	_ = c.Open(now, client, &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c")})
	_, _ = client.Subscribe(now, &packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: []byte("a/+"), QoS: 2}}})
	m := session.NewMessage(now, &packets.Publish{Topic: []byte("a/b"), Payload: []byte("hello")})
	_, _ = client.Publish(now, m, session.Delivery{QoS: mqttwire.ExactlyOnce})

	for {
		toServer := c.Append(nil, 4096)
		c.Wrote(now, len(toServer))
		receive(s, toServer, func(e session.Event) {
			switch p := e.Packet.(type) {
			case *packets.Connect:
				_ = s.Accept(now, server, nil)
			case *packets.Publish:
				fmt.Printf("server: %s %s\n", p.Topic, p.Payload)
				for sub := range server.Subscriptions() {
					if mqttwire.MatchTopic(sub.Filter, p.Topic) {
						_, _ = server.Publish(now, session.NewMessage(now, p), session.Delivery{QoS: min(p.QoS, sub.QoS)})
					}
				}
			}
		})
		toClient := s.Append(nil, 4096)
		s.Wrote(now, len(toClient))
		receive(c, toClient, func(e session.Event) {
			switch {
			case e.Kind == session.Arrived:
				fmt.Printf("client: %s\n", e.Packet.(*packets.Publish).Payload)
			case e.Kind == session.Done:
				fmt.Println("done:", e.Token, e.Outcome == session.Acked)
			}
		})
		if len(toServer)+len(toClient) == 0 {
			break
		}
	}
	// Output:
	// server: a/b hello
	// done: 1 true
	// client: hello
	// done: 2 true
}
