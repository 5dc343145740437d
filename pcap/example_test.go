package pcap_test

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/pcap"
)

// Print the topics of all messages in a capture.
func ExampleOpen() {
	r, err := pcap.Open("../testdata/captures/zeek-mqtt.pcap", capture.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	for event, err := range r.Events() {
		if err != nil {
			fmt.Println(err) // the file is damaged; what came before is good
			return
		}
		if p, ok := event.Packet.(*packets.Publish); ok {
			fmt.Printf("record %d, from the %v: %s, %d bytes\n", event.Record, event.Sender, p.Topic, len(p.Payload))
		}
	}
	// Output:
	// record 5, from the server: SampleTopic, 35 bytes
	// record 9, from the client: SampleTopic, 10 bytes
	// record 11, from the server: SampleTopic, 10 bytes
}

// What a log has of a packet.
func ExampleNewReader() {
	text := "# what the device has sent\n30 0E 00 07 70 6C 61 6E 74 2F 31 6F 6E\n6C 69 6E\n"
	r, err := pcap.NewReader(strings.NewReader(text), capture.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	event, err := r.Next()
	fmt.Println(event.Packet, err)
	// Output:
	// PUBLISH topic="plant/1" qos=0 payload=5B <nil>
}

// The same connection was recorded at two places, and one of the captures is
// compressed: together they are one timeline, in which each packet comes once.
func ExampleOpenInputs() {
	r, err := pcap.OpenInputs([]pcap.Input{
		{Name: "../testdata/captures/faults/plain.pcap"},
		{Name: "../testdata/captures/faults/plain.pcap.zst"},
	}, pcap.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	var types []mqttwire.PacketType
	for event, err := range r.Events() {
		if err != nil {
			fmt.Println(err) // of one file; the other is read on
			continue
		}
		if event.Kind == capture.WholePacket {
			types = append(types, event.Frame.Header.Type)
		}
	}
	fmt.Println(types)
	fmt.Println(r.Records().Total, "records,", r.Summary().Streams, "connection")
	// Output:
	// [CONNECT CONNACK SUBSCRIBE SUBACK PUBLISH PUBACK PUBLISH PUBACK PINGREQ PINGRESP DISCONNECT]
	// 30 records, 1 connection
}

// Why there is no packet: a capture has a connection that nobody answered.
func ExampleReader_Summary() {
	r, err := pcap.Open("../testdata/captures/faults/syn-no-answer.pcap", capture.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	for event, err := range r.Events() {
		fmt.Println(event.Kind, event.Note, err)
	}
	s := r.Summary()
	fmt.Println(r.Records().TCP, "records of TCP;", s.MQTT, "streams of MQTT,", s.Unanswered, "unanswered")
	// Output:
	// unanswered nobody answered <nil>
	// 4 records of TCP; 0 streams of MQTT, 1 unanswered
}

// What was said over TLS, with the secrets that the client has logged.
func ExampleNewKeyLog() {
	secrets, err := os.Open("../testdata/captures/tls-openssl.keys")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer secrets.Close()
	r, err := pcap.OpenInputs([]pcap.Input{{Name: "../testdata/captures/tls-openssl-secrets.pcapng"}},
		pcap.Options{KeyLog: pcap.NewKeyLog(secrets)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	for event, err := range r.Events() {
		if err != nil {
			fmt.Println(err)
			return
		}
		switch {
		case event.Stream != 0:
		case event.Kind == capture.StageNote:
			fmt.Println(event.Note)
		case event.Kind == capture.WholePacket:
			fmt.Println(event.Via, event.Sender, event.Packet)
		}
	}
	// Output:
	// TLS 1.3 with TLS_AES_256_GCM_SHA384, to "broker.example"
	// TLS client CONNECT version=5.0 client_id="13a" clean_start keep_alive=60
	// TLS server CONNACK code=0x00 properties=[Topic Alias Maximum: 10, Receive Maximum: 20]
	// TLS client SUBSCRIBE packet_id=1 filter="a/b" qos=0
	// TLS server SUBACK packet_id=1 code=0x00 (Granted QoS 0)
	// TLS client PUBLISH topic="a/b" qos=0 payload=5B
	// TLS server PUBLISH topic="a/b" qos=0 payload=5B
	// TLS client DISCONNECT code=0x00 (Normal disconnection)
}

// Who has TCP segments from elsewhere gives the stages to package capture.
func ExampleOpenWebSocket() {
	client, server := netip.MustParseAddrPort("192.0.2.1:40000"), netip.MustParseAddrPort("192.0.2.2:80")
	upgrade := "GET /mqtt HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"
	upgraded := "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"
	connect := "\x82\x8E\x00\x00\x00\x00\x10\x0C\x00\x04MQTT\x04\x02\x00\x3C\x00\x00"
	segments := slices.Values([]capture.Segment{
		{Src: client, Dst: server, Seq: 0, SYN: true},
		{Src: server, Dst: client, Seq: 0, SYN: true, ACK: true, Ack: 1},
		{Src: client, Dst: server, Seq: 1, Payload: []byte(upgrade)},
		{Src: server, Dst: client, Seq: 1, Payload: []byte(upgraded)},
		{Src: client, Dst: server, Seq: 1 + uint32(len(upgrade)), Payload: []byte(connect)},
	})
	for event, err := range capture.Iterate(segments, capture.Options{Stages: []capture.StageOpener{pcap.OpenWebSocket}}) {
		fmt.Println(event.Via, event.Sender, event.Packet, err)
	}
	// Output:
	// WebSocket client CONNECT version=3.1.1 client_id="" clean_start keep_alive=60 <nil>
}
