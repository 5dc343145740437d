package packets_test

import (
	"fmt"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// A tool shows a packet byte by byte.
func ExampleAppendFields() {
	packet := []byte("\x32\x0f\x00\x03a/b\x00\x07\x05\x02\x00\x00\x00\x3chi")
	places, err := packets.AppendFields(nil, packet, mqttwire.V5)
	for _, p := range places {
		fmt.Printf("%02d % -16x %08b %-10s %s: %q\n", p.Start, packet[p.Start:p.End], p.Mask, p.Section, p.Field, packet[p.Value:p.End])
	}
	fmt.Println(err)

	// Output:
	// 00 32               11110000 2.1.2      MQTT Control Packet type: "2"
	// 00 32               00001000 3.3.1.1    DUP: "2"
	// 00 32               00000110 3.3.1.2    QoS: "2"
	// 00 32               00000001 3.3.1.3    RETAIN: "2"
	// 01 0f               11111111 2.1.4      Remaining Length: "\x0f"
	// 02 00 03 61 2f 62   11111111 3.3.2.1    Topic Name: "a/b"
	// 07 00 07            11111111 3.3.2.2    Packet Identifier: "\x00\a"
	// 09 05               11111111 3.3.2.3.1  Property Length: "\x05"
	// 10 02               11111111 2.2.2.2    Property Identifier: "\x02"
	// 11 00 00 00 3c      11111111 3.3.2.3.3  Message Expiry Interval: "\x00\x00\x00<"
	// 15 68 69            11111111 3.3.3      Application Message: "hi"
	// <nil>
}
