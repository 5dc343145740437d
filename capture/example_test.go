package capture_test

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

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

// What a device did, and why it is gone: its second PUBLISH is not in the capture, but
// the server has acknowledged it; then the device was silent for longer than it had
// said, and the server reset the connection.
func ExampleIterate() {
	device, server := netip.MustParseAddrPort("192.0.2.1:40000"), netip.MustParseAddrPort("192.0.2.2:1883")
	at := func(seconds float64) time.Time { return time.Unix(1700000000, 0).Add(time.Duration(seconds * 1e9)) }
	segments := slices.Values([]capture.Segment{
		{Time: at(0), Src: device, Dst: server, Seq: 999, SYN: true},
		{Time: at(0), Src: server, Dst: device, Seq: 4999, SYN: true, ACK: true, Ack: 1000},
		{Time: at(0), Src: device, Dst: server, Seq: 1000, ACK: true, Ack: 5000, Payload: []byte("\x10\x0F\x00\x04MQTT\x04\x02\x00\x0A\x00\x03dev")},
		{Time: at(1), Src: server, Dst: device, Seq: 5000, ACK: true, Ack: 1017, Payload: []byte("\x20\x02\x00\x00")},
		{Time: at(2), Src: device, Dst: server, Seq: 1017, ACK: true, Ack: 5004, Payload: []byte("\x32\x06\x00\x01t\x00\x01a")},
		{Time: at(2), Src: server, Dst: device, Seq: 5004, ACK: true, Ack: 1033, Payload: []byte("\x40\x02\x00\x01\x40\x02\x00\x02")},
		{Time: at(2), Src: device, Dst: server, Seq: 1033, ACK: true, Ack: 5012},
		{Time: at(20), Src: server, Dst: device, Seq: 5012, RST: true},
	})
	for event, err := range capture.Iterate(segments, capture.Options{}) {
		switch {
		case err != nil:
			fmt.Println(err)
		case event.Kind == capture.WholePacket:
			fmt.Println(event.ClientID, event.Sender, event.Packet)
		default:
			fmt.Println(event.ClientID, event.Sender, event.Kind, event.Bytes, event.Note)
		}
	}
	// Output:
	// dev client CONNECT version=3.1.1 client_id="dev" clean_start keep_alive=10
	// dev server CONNACK code=0x00
	// dev client PUBLISH topic="t" qos=1 packet_id=1 payload=1B
	// dev client lost bytes 8 bytes are missing from the capture, and with them a packet boundary; the next one is looked for
	// dev server PUBACK packet_id=1 code=0x00 (Success)
	// dev server PUBACK packet_id=2 code=0x00 (Success)
	// dev client silence 0 the client sent no packet for 18s; its keep alive allows 15s
	// dev server reset 0 the server reset the connection
}
