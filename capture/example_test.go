package capture_test

import (
	"fmt"
	"net/netip"

	"github.com/mqttwire/mqttwire/capture"
)

// A client connects and publishes. Its last two segments were swapped on the way,
// so the PUBLISH is complete with the fifth.
func ExampleConversations() {
	client, server := netip.MustParseAddrPort("192.0.2.1:40000"), netip.MustParseAddrPort("192.0.2.2:1883")
	segments := []capture.Segment{
		{Src: client, Dst: server, Seq: 999, SYN: true},
		{Src: client, Dst: server, Seq: 1000, Payload: []byte("\x10\x0D\x00\x04MQTT\x04\x02\x00\x3C\x00\x01c")},
		{Src: server, Dst: client, Seq: 5000, Payload: []byte("\x20\x02\x00\x00")},
		{Src: client, Dst: server, Seq: 1022, Payload: []byte("nt/1on")},
		{Src: client, Dst: server, Seq: 1015, Payload: []byte("\x30\x0B\x00\x07pla")},
	}
	conversations, err := capture.NewConversations(capture.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range segments {
		conversations.Add(s)
		for event := range conversations.Events() {
			fmt.Println(event.Record, event.Sender, event.Packet)
		}
	}
	conversations.Finish()
	for event := range conversations.Events() {
		fmt.Println(event.Record, event.Sender, event.Kind, event.Note)
	}
	// Output:
	// 2 client CONNECT version=3.1.1 client_id="c" clean_start keep_alive=60
	// 3 server CONNACK code=0x00
	// 5 client PUBLISH topic="plant/1" qos=0 payload=2B
}
