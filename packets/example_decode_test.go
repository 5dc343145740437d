package packets_test

import (
	"fmt"
	"io"
	"strings"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

func ExampleDecode() {
	frame, rest, err := mqttwire.CutFrame([]byte("\x40\x02\x00\x07\xC0\x00"), 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := packets.Decode(frame, mqttwire.V311)
	if err != nil {
		fmt.Println(err)
		return
	}
	if puback, ok := p.(*packets.Puback); ok {
		fmt.Println("acknowledged:", puback.PacketID)
	}
	fmt.Printf("%x comes next\n", rest)
	// Output:
	// acknowledged: 7
	// c000 comes next
}

// A broker that knows of an old device which sets the flag bits of UNSUBSCRIBE wrong.
func ExampleDecodeTolerant() {
	frame, _, err := mqttwire.CutFrame([]byte("\xA0\x05\x00\x07\x00\x01a"), 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = packets.Decode(frame, mqttwire.V311)
	fmt.Println(err)

	tolerance := &mqttwire.Tolerance{Allow: func(e *mqttwire.Error) bool { return e.Rule == mqttwire.RuleFlags }}
	p, err := packets.DecodeTolerant(frame, mqttwire.V311, tolerance)
	fmt.Println(p, err)
	// Output:
	// mqttwire: UNSUBSCRIBE (3.1.1) malformed packet: Fixed Header flags at byte 0 are 0x00; the flag bits have one value for each packet type, 0x02 for PUBREL, SUBSCRIBE and UNSUBSCRIBE, else 0x00 [MQTT-3.10.1-1], reason 0x81 Malformed Packet
	// UNSUBSCRIBE packet_id=7 filter="a" <nil>
}

func ExampleSet() {
	reader := mqttwire.NewReader(strings.NewReader("\x30\x04\x00\x01ax\x30\x04\x00\x01ay"), mqttwire.Limits{})
	var set packets.Set // its packets are used again: nothing is allocated
	for {
		frame, err := reader.Frame()
		if err == io.EOF {
			return
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		p, err := set.Decode(frame, mqttwire.V311)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(p) // or keep packets.Clone(p)
	}
	// Output:
	// PUBLISH topic="a" qos=0 payload=1B
	// PUBLISH topic="a" qos=0 payload=1B
}

// A log that is too long for memory goes from the connection to where it is kept.
func ExamplePublish_ReadHeader() {
	reader := mqttwire.NewReader(strings.NewReader("\x30\x0E\x00\x03logone\ntwo\n\n"), mqttwire.Limits{})
	if _, err := reader.Next(); err != nil {
		fmt.Println(err)
		return
	}
	var p packets.Publish
	_, size, err := p.ReadHeader(reader, mqttwire.V311, nil, packets.HeaderOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	payload, err := io.ReadAll(reader) // the rest of the packet, not of the stream
	fmt.Printf("%s: %d bytes, %q %v\n", p.Topic, size, payload, err)
	// Output: log: 9 bytes, "one\ntwo\n\n" <nil>
}

func ExampleNew() {
	p := packets.New(mqttwire.PUBREL)
	packets.SetPacketID(p, 12)
	b, err := p.Append(nil, mqttwire.V311)
	fmt.Printf("%x %v\n", b, err)
	// Output: 6202000c <nil>
}

// A proxy that keeps a message decides between the buffer that it came in and a copy.
func ExamplePinned() {
	buffer := make([]byte, 0, 4096) // in which the stream is read
	buffer = append(buffer, "\x30\x06\x00\x01atwo"...)
	frame, _, err := mqttwire.CutFrame(buffer, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := packets.Decode(frame, mqttwire.V311)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d of %d bytes\n", packets.Pinned(p), cap(buffer))
	// Output: 4 of 4096 bytes
}

// Somebody who watches a connection names messages whose topic is an alias.
func ExampleTopicAliases() {
	first := packets.Publish{Topic: []byte("a/b")}
	first.Properties.SetTopicAlias(1)
	second := packets.Publish{}
	second.Properties.SetTopicAlias(1)

	var aliases packets.TopicAliases
	fmt.Printf("%s %s\n", aliases.Resolve(&first), aliases.Resolve(&second))
	// Output: a/b a/b
}
