package mqttwire_test

import (
	"fmt"

	"github.com/mqttwire/mqttwire"
)

// A form that takes topic filters from people tells them what is wrong.
func ExampleCheckTopicFilter() {
	for _, filter := range []string{"plant/+/temperature", "plant/#/temperature", "plant+", "$share/g", ""} {
		fmt.Println(mqttwire.CheckTopicFilter([]byte(filter), mqttwire.V5))
	}
	// Output:
	// <nil>
	// mqttwire: (5.0) malformed packet: Topic Filter at byte 6 has 0x23 '#'; # is the last level of a filter, and the whole of that level [MQTT-4.7.1-1], reason 0x81 Malformed Packet
	// mqttwire: (5.0) malformed packet: Topic Filter at byte 5 has 0x2B '+'; + is the whole of a level of a filter [MQTT-4.7.1-2], reason 0x81 Malformed Packet
	// mqttwire: (5.0) malformed packet: Topic Filter at byte 8; a ShareName has neither + nor #, and is followed by / and a topic filter [MQTT-4.8.2-2], reason 0x81 Malformed Packet
	// mqttwire: (5.0) malformed packet: Topic Filter at byte 0 is empty; a topic name or filter has at least one character [MQTT-4.7.3-1], reason 0x81 Malformed Packet
}

func ExampleCheckTopicName() {
	for _, name := range []string{"plant/1/temperature", "plant/+/temperature"} {
		fmt.Println(mqttwire.CheckTopicName([]byte(name), mqttwire.V311))
	}
	// Output:
	// <nil>
	// mqttwire: (3.1.1) malformed packet: Topic Name at byte 6 has 0x2B '+'; a topic name has neither + nor # [MQTT-4.7.1-1], reason 0x81 Malformed Packet
}

// What is legal may still be what a server does not want.
func ExampleCheckString() {
	for _, s := range []string{"Zürich", "Z\xFCrich", "a\x00b", "a\tb"} {
		if err := mqttwire.CheckString([]byte(s), mqttwire.V5); err != nil {
			fmt.Println(err)
			continue
		}
		if r := mqttwire.Discouraged([]byte(s)); r >= 0 {
			fmt.Printf("%q has %U\n", s, r)
			continue
		}
		fmt.Printf("%q is fine\n", s)
	}
	// Output:
	// "Zürich" is fine
	// mqttwire: (5.0) malformed packet: UTF-8 Encoded String at byte 1 has 0xFC; a string is well-formed UTF-8; 3.1 alone also allows Java's modified form [MQTT-1.5.4-1], reason 0x81 Malformed Packet
	// mqttwire: (5.0) malformed packet: UTF-8 Encoded String at byte 1 has 0x00; a string does not contain U+0000 [MQTT-1.5.4-2], reason 0x81 Malformed Packet
	// "a\tb" has U+0009
}

// A server without shared subscriptions says so.
func ExampleIsSharedFilter() {
	for _, filter := range []string{"$share/workers/jobs/#", "$SYS/#"} {
		fmt.Println(filter, mqttwire.IsSharedFilter([]byte(filter)))
	}
	// Output:
	// $share/workers/jobs/# true
	// $SYS/# false
}
