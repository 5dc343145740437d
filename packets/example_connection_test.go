package packets_test

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

func ExampleDecoder() {
	reader := mqttwire.NewReader(strings.NewReader("\x10\x0D\x00\x04MQTT\x04\x02\x00\x3C\x00\x01c\x30\x03\x00\x01a\xD0\x00"), mqttwire.Limits{})
	decoder := packets.NewDecoder(packets.Options{From: mqttwire.FromClient})
	for {
		p, err := decoder.Next(reader)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(p)
		if _, ok := p.(*packets.Connect); ok {
			decoder.Observe(&packets.Connack{}) // what is answered binds the client too
		}
	}
	// Output:
	// CONNECT version=3.1.1 client_id="c" clean_start keep_alive=60
	// PUBLISH topic="a" qos=0 payload=0B
	// mqttwire: PINGRESP (3.1.1) protocol error: MQTT Control Packet type is 13; only the other side sends packets of this type [3.1.1 section 2.2.1], reason 0x82 Protocol Error
}

func ExampleEncoder() {
	connect := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c"), CleanStart: true}
	connect.Properties.SetMaximumPacketSize(16)

	encoder := packets.NewEncoder(packets.Options{From: mqttwire.FromServer})
	encoder.Observe(connect) // what the client has announced
	b, err := encoder.Append(nil, &packets.Connack{})
	fmt.Printf("%x %v\n", b, err)

	_, err = encoder.Append(nil, &packets.Publish{Topic: []byte("a"), Payload: make([]byte, 100)})
	fmt.Println(errors.Is(err, mqttwire.ErrTooLarge))
	// Output:
	// 2003000000 <nil>
	// true
}

// A CONNECT of a version that there is not.
func ExampleReply() {
	decoder := packets.NewDecoder(packets.Options{From: mqttwire.FromClient})
	frame, _, err := mqttwire.CutFrame([]byte("\x10\x0D\x00\x04MQTT\x06\x02\x00\x3C\x00\x01c"), 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err = decoder.Decode(frame); err != nil {
		answer := packets.Reply(err)
		fmt.Printf("send %x, then close: %t\n", answer.Append(nil), answer.Close)
	}
	// Output: send 2003008400, then close: true
}

// A SUBACK that comes from a client cannot be told by its bytes alone.
func ExampleCheckSender() {
	suback := &packets.Suback{PacketID: 1, ReasonCodes: []mqttwire.ReasonCode{mqttwire.ReasonGrantedQoS1}}
	fmt.Println(packets.CheckSender(suback, mqttwire.V311, mqttwire.FromServer))
	fmt.Println(packets.CheckSender(suback, mqttwire.V311, mqttwire.FromClient))
	// Output:
	// <nil>
	// mqttwire: SUBACK (3.1.1) protocol error: MQTT Control Packet type is 9; only the other side sends packets of this type [3.1.1 section 2.2.1], reason 0x82 Protocol Error
}

// The receiver may refuse control characters, or take them.
func ExampleCheckOptional() {
	fmt.Println(packets.CheckOptional(&packets.Publish{Topic: []byte("a\x07")}, mqttwire.V5))
	// Output: mqttwire: PUBLISH (5.0) malformed packet: Topic Name has U+0007; a string should contain no control characters and no noncharacters [U-1.5.4-2], reason 0x81 Malformed Packet
}
