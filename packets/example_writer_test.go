package packets_test

import (
	"fmt"
	"strings"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// The first error is kept, so that it is enough to look once; a packet that was
// refused can be done without.
func ExampleWriter() {
	var conn strings.Builder // stands for a net.Conn
	w := packets.NewWriter(&conn, mqttwire.V311)
	w.WritePacket(&packets.Publish{Topic: []byte("a/#"), Payload: []byte("off")}) // no topic name
	w.WritePacket(&packets.Publish{Topic: []byte("a/b"), Payload: []byte("on")})
	fmt.Println(w.Err())
	fmt.Printf("%q\n", conn.String())

	if err := w.Resume(); err != nil {
		fmt.Println(err)
		return
	}
	if err := w.WritePacket(&packets.Publish{Topic: []byte("a/b"), Payload: []byte("on")}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%q\n", conn.String())
	// Output:
	// mqttwire: own PUBLISH (3.1.1) malformed packet: Topic Name has 0x23 '#'; a topic name has neither + nor # [MQTT-3.3.2-2], reason 0x81 Malformed Packet
	// ""
	// "0\a\x00\x03a/bon"
}

// A client that takes small packets only is answered without the Reason String.
func ExampleReplyWithReason() {
	connect := "\x10\x13\x00\x04MQTT\x05\x02\x00\x3C\x05\x27\x00\x00\x00\x14\x00\x01c" // Maximum Packet Size 20
	publish := "\x36\x05\x00\x01a\x00\x01"                                             // QoS 3

	reader := mqttwire.NewReader(strings.NewReader(connect+publish), mqttwire.Limits{})
	decoder := packets.NewDecoder(packets.Options{From: mqttwire.FromClient})
	for {
		packet, err := decoder.Next(reader)
		if err != nil {
			answer := packets.ReplyWithReason(err)
			fmt.Printf("%s, % x, close %t\n", answer.Packet, answer.Append(nil), answer.Close)
			return
		}
		if packet.Type() == mqttwire.CONNECT {
			decoder.Observe(&packets.Connack{})
		}
	}
	// Output: DISCONNECT code=0x81 (Malformed Packet), e0 01 81, close true
}
