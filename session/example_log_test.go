package session_test

import (
	"fmt"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// A queue may hold places in a log in place of messages: what is queued, and made durable, is
// small whatever the messages are, and they are fetched when it is their turn.
func ExampleHollowMessage() {
	now := time.Now()
	log := []string{"first", "second"} // what another program keeps, or a disk

	s := session.New(session.Options{Side: mqttwire.FromServer, Journal: true})
	for i := range log {
		m := session.HollowMessage(session.Position{Seq: uint64(i + 1)}, 100)
		_, _ = s.Publish(now, m, session.Delivery{QoS: mqttwire.AtLeastOnce})
	}
	snapshot := s.AppendSnapshot(nil) // has the places

	s, _, _ = session.Restore(session.Options{Side: mqttwire.FromServer}, now, snapshot, nil)
	link := session.NewLink(session.LinkOptions{Side: mqttwire.FromServer})
	_ = link.Receive(now, &packets.Connect{Version: mqttwire.V311, ClientID: []byte("c")})
	_ = link.Accept(now, s, nil)
	for {
		out := link.Append(nil, 1<<16)
		for len(out) > 0 {
			f, rest, _ := mqttwire.CutFrame(out, 0)
			p, _ := packets.Decode(f, mqttwire.V311)
			fmt.Println(p)
			out = rest
		}
		e, ok := link.Event()
		if !ok {
			break
		}
		if e.Kind == session.Fetch {
			at, _ := e.Message.Position()
			p := &packets.Publish{Topic: []byte("t"), Payload: []byte(log[at.Seq-1])}
			_ = s.Fetched(now, e.Token, session.NewMessageAt(now, p, at))
		}
	}
	// Output:
	// CONNACK code=0x00
	// PUBLISH topic="t" qos=1 packet_id=1 payload=5B
	// PUBLISH topic="t" qos=1 packet_id=2 payload=6B
}
