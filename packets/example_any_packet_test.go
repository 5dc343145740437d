package packets_test

import (
	"fmt"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// A packet that is kept, or given to another goroutine, is cloned first: what a Set
// or a Decoder returns is valid until the next call only.
func ExampleClone() {
	var set packets.Set
	var kept []mqttwire.Packet
	stream := []byte("\x40\x02\x00\x01\x40\x02\x00\x02\xD0\x00")
	for len(stream) > 0 {
		f, rest, err := mqttwire.CutFrame(stream, 0)
		if err != nil {
			fmt.Println(err)
			return
		}
		p, err := set.Decode(f, mqttwire.V311)
		if err != nil {
			fmt.Println(err)
			return
		}
		kept, stream = append(kept, packets.Clone(p)), rest
	}
	for _, p := range kept {
		fmt.Println(p)
	}

	// Output:
	// PUBACK packet_id=1 code=0x00 (Success)
	// PUBACK packet_id=2 code=0x00 (Success)
	// PINGRESP
}

// A proxy that gives its own packet identifiers.
func ExampleSetPacketID() {
	for _, p := range []mqttwire.Packet{&packets.Pubrel{PacketID: 1}, &packets.Publish{Topic: []byte("a")}, &packets.Pingreq{}} {
		fmt.Println(p.Type(), packets.SetPacketID(p, 700))
		fmt.Println(packets.PacketID(p))
	}

	// Output:
	// PUBREL true
	// 700 true
	// PUBLISH false
	// 0 false
	// PINGREQ false
	// 0 false
}

func ExampleReasonCode() {
	refused := &packets.Puback{PacketID: 1, ReasonCode: mqttwire.ReasonQuotaExceeded}
	code, ok := packets.ReasonCode(refused)
	fmt.Println(code, ok)
	_, ok = packets.ReasonCode(&packets.Publish{})
	fmt.Println(ok)

	// Output:
	// 0x97 Quota exceeded true
	// false
}

// A server refuses what its own check of rights does not allow, whatever it answers.
func ExampleSetReasonCode() {
	for _, p := range []mqttwire.Packet{&packets.Publish{QoS: mqttwire.AtLeastOnce, PacketID: 7}, &packets.Pingreq{}} {
		answer := packets.Acknowledge(p)
		fmt.Println(packets.SetReasonCode(answer, mqttwire.ReasonNotAuthorized), answer)
	}

	// Output:
	// true PUBACK packet_id=7 code=0x87 (Not authorized)
	// false PINGRESP
}

func ExamplePropertiesOf() {
	for _, p := range []mqttwire.Packet{&packets.Disconnect{}, &packets.Pingreq{}} {
		if list := packets.PropertiesOf(p); list != nil {
			list.SetReasonString([]byte("going to sleep"))
		}
		fmt.Println(p)
	}

	// Output:
	// DISCONNECT code=0x00 (Normal disconnection) properties=[Reason String: "going to sleep"]
	// PINGREQ
}
