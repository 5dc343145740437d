package mqttwire_test

import (
	"fmt"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// What packets are made of is there for formats of one's own, such as a file that
// keeps messages.
func ExampleAppendString() {
	record, err := mqttwire.AppendString(nil, []byte("plant/1"), mqttwire.V5)
	if err == nil {
		record, err = mqttwire.AppendBinary(record, []byte{0xCA, 0xFE})
	}
	if err == nil {
		record, err = mqttwire.AppendVarint(record, 300)
	}
	fmt.Printf("%x %v\n", record, err)

	topic, rest, err := mqttwire.ConsumeString(record, mqttwire.V5)
	if err != nil {
		fmt.Println(err)
		return
	}
	payload, rest, err := mqttwire.ConsumeBinary(rest)
	if err != nil {
		fmt.Println(err)
		return
	}
	n, rest, err := mqttwire.ConsumeVarint(rest)
	fmt.Printf("%s %x %d, %d bytes left %v\n", topic, payload, n, len(rest), err)

	_, _, err = mqttwire.ConsumeString(record[:5], mqttwire.V5)
	fmt.Println(err)
	// Output:
	// 0007706c616e742f310002cafeac02 <nil>
	// plant/1 cafe 300, 0 bytes left <nil>
	// mqttwire: incomplete: more bytes are needed
}

// A variable byte integer takes one to four bytes.
func ExampleSizeVarint() {
	for _, n := range []uint32{127, 128, mqttwire.MaxVarint, mqttwire.MaxVarint + 1} {
		b, err := mqttwire.AppendVarint(nil, n)
		fmt.Println(mqttwire.SizeVarint(n), len(b), err)
	}
	// Output:
	// 1 1 <nil>
	// 2 2 <nil>
	// 4 4 <nil>
	// 0 0 mqttwire: own malformed packet: Variable Byte Integer is 268435456; a variable byte integer has at most 4 bytes, for 0 to 268435455 [U-1.5.5-1], reason 0x81 Malformed Packet
}

// A property list stands for itself too, with its length before it.
func ExampleConsumeProperties() {
	b := []byte("\x08\x02\x00\x00\x00\x3C\x23\x00\x05rest")
	list, rest, err := mqttwire.ConsumeProperties(b, mqttwire.PropertyOwner(mqttwire.PUBLISH))
	fmt.Printf("%s %q %v\n", list, rest, err)

	_, _, err = mqttwire.ConsumeProperties(b, mqttwire.PropertyOwner(mqttwire.SUBACK))
	fmt.Println(err)
	// Output:
	// [Message Expiry Interval: 60, Topic Alias: 5] "rest" <nil>
	// mqttwire: SUBACK (5.0) malformed packet: Message Expiry Interval at byte 1; a property is allowed only in the packets that it is defined for [U-2.2.2.2-1], reason 0x81 Malformed Packet
}

// One builder makes the lists of all messages in the same memory.
func ExamplePropertyBuilder() {
	var builder mqttwire.PropertyBuilder
	var out []byte
	for _, unit := range []string{"bar", "psi"} {
		builder.Reset() // the list before is lost, which was encoded
		builder.SetMessageExpiryInterval(60)
		builder.AddUser([]byte("unit"), []byte(unit))
		p := packets.Publish{Topic: []byte("pressure"), Properties: builder.Properties()}

		var err error
		out, err = p.Append(out[:0], mqttwire.V5)
		fmt.Println(p.Properties, len(out), err)
	}
	// Output:
	// [Message Expiry Interval: 60, User Property: "unit"="bar"] 30 <nil>
	// [Message Expiry Interval: 60, User Property: "unit"="psi"] 30 <nil>
}
