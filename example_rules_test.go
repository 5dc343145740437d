package mqttwire_test

import (
	"fmt"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// A server that lets pass what clients in the field get wrong, and counts it.
func ExampleTolerance() {
	tolerance := mqttwire.Tolerance{Allow: mqttwire.Interop}
	frame, _, err := mqttwire.CutFrame([]byte("\x6A\x02\x00\x07"), 0) // PUBREL with DUP
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := packets.DecodeTolerant(frame, mqttwire.V311, &tolerance)
	fmt.Println(p, err)
	for _, finding := range tolerance.Findings {
		fmt.Println(finding)
	}
	tolerance.Reset() // for the next packet
	fmt.Println(len(tolerance.Findings))
	// Output:
	// PUBREL packet_id=7 code=0x00 (Success) <nil>
	// mqttwire: PUBREL (3.1.1) malformed packet: Fixed Header flags at byte 0 are 0x0A; the flag bits have one value for each packet type, 0x02 for PUBREL, SUBSCRIBE and UNSUBSCRIBE, else 0x00 [MQTT-3.6.1-1], reason 0x81 Malformed Packet
	// 0
}

// A tool for diagnosis shows everything that is wrong with a packet.
func ExampleReportAll() {
	tolerance := mqttwire.Tolerance{Allow: mqttwire.ReportAll}
	frame, _, err := mqttwire.CutFrame([]byte("\x3E\x07\x00\x03a/#\x00\x00"), 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := packets.DecodeTolerant(frame, mqttwire.V311, &tolerance)
	fmt.Println(p, err)
	for _, finding := range tolerance.Findings {
		fmt.Println(finding.Field, "at byte", finding.Offset, "breaks", finding.Rule)
	}
	// Output:
	// PUBLISH topic="a/#" qos=3 packet_id=0 dup payload=0B <nil>
	// QoS at byte 0 breaks qos
	// Topic Name at byte 6 breaks topic-wildcard
	// Packet Identifier at byte 7 breaks packet-id-zero
}

// A page of documentation says what a server takes that the standard forbids.
func ExampleInteropRules() {
	for _, row := range mqttwire.InteropRules()[:3] {
		fmt.Println(row.Rule, row.Packets, row.Versions)
	}
	// Output:
	// flags [PUBACK SUBACK] [3.1.1]
	// flags [PUBREL] [3.1.1]
	// flags [AUTH] [5.0]
}

// Each rule says what it demands, and by which statement.
func ExampleRules() {
	for _, rule := range mqttwire.Rules()[:3] {
		fmt.Printf("%s: %s [%s]\n", rule, rule.Allowed(), rule.Statement(mqttwire.PUBREL, mqttwire.V5))
	}
	// Output:
	// packet-type: a packet type is 1 to 14, and in 5.0 also 15 [U-2.1.2-1]
	// flags: the flag bits have one value for each packet type, 0x02 for PUBREL, SUBSCRIBE and UNSUBSCRIBE, else 0x00 [MQTT-3.6.1-1]
	// varint-length: a variable byte integer has at most 4 bytes, for 0 to 268435455 [U-1.5.5-1]
}

// A server that has checks of its own answers as for those of the library: here it
// lets a client send QoS 1 at most.
func ExampleNewError() {
	e := mqttwire.NewError(mqttwire.RuleMaximumQoS, mqttwire.PUBLISH, mqttwire.V5, mqttwire.FieldQoS, 0, 2)
	e.Sender, e.Connected, e.Max = mqttwire.FromClient, true, 1
	fmt.Println(e)
	fmt.Println(packets.Reply(e).Packet)
	// Output:
	// mqttwire: PUBLISH (5.0) protocol error: QoS at byte 0 is 2; a client's QoS is at most the server's maximum QoS, here at most 1 [MQTT-3.2.2-11], reason 0x9B QoS not supported
	// DISCONNECT code=0x9B (QoS not supported)
}
