package packets_test

import (
	"fmt"
	"net"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// A server prepares a message once, and sends it to each subscriber in its version.
func ExamplePrepare() {
	received := &packets.Publish{QoS: mqttwire.AtLeastOnce, PacketID: 17, Payload: []byte("21.5")}
	received.Properties.SetTopicAlias(3) // of the publisher's connection, on which it stands for the topic
	received.Properties.SetMessageExpiryInterval(60)
	message, err := packets.Prepare(received, []byte("room/7")) // as Decoder.Topic says
	if err != nil {
		fmt.Println(err)
		return
	}

	for _, to := range []struct {
		version  mqttwire.Version
		limit    int // its Maximum Packet Size
		delivery packets.Delivery
	}{
		{mqttwire.V311, 100, packets.Delivery{QoS: mqttwire.AtLeastOnce, PacketID: 1}},
		{mqttwire.V5, 100, packets.Delivery{SubscriptionIDs: []uint32{9}, Waited: 20 * time.Second}},
		{mqttwire.V5, 100, packets.Delivery{TopicAlias: 1, OmitTopic: true}},
		{mqttwire.V5, 15, packets.Delivery{}},
		{mqttwire.V5, 100, packets.Delivery{Waited: time.Hour}}, // was away
	} {
		if n := message.Size(to.version, &to.delivery); n > to.limit {
			fmt.Println("too large:", n, "bytes")
			continue
		}
		b, err := message.Append(nil, to.version, &to.delivery)
		fmt.Printf("%q %v\n", b, err)
	}

	// Output:
	// "2\x0e\x00\x06room/7\x00\x0121.5" <nil>
	// "0\x14\x00\x06room/7\a\x02\x00\x00\x00(\v\t21.5" <nil>
	// "0\x0f\x00\x00\b\x02\x00\x00\x00<#\x00\x0121.5" <nil>
	// too large: 20 bytes
	// "" packets: the message has expired
}

// The payload is kept where it is, and sent from there to all.
func ExamplePrepareShared() {
	p := &packets.Publish{Topic: []byte("film"), Payload: make([]byte, 1<<20)}
	message, err := packets.PrepareShared(p, p.Topic)
	if err != nil {
		fmt.Println(err)
		return
	}
	var queued packets.Buffers
	for range 3 {
		if err := queued.AppendPrepared(message, mqttwire.V311, &packets.Delivery{}); err != nil {
			fmt.Println(err)
			return
		}
	}
	parts := net.Buffers(queued.Parts())
	fmt.Println(len(parts), &parts[1][0] == &p.Payload[0], &parts[5][0] == &p.Payload[0])

	// Output:
	// 6 true true
}

// A message that is delivered can be looked at, and changed, as a packet.
func ExamplePrepared_Publish() {
	message, err := packets.Prepare(&packets.Publish{Payload: []byte("21.5")}, []byte("room/7"))
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := message.Publish(&packets.Delivery{SubscriptionIDs: []uint32{9}})
	if err != nil {
		fmt.Println(err)
		return
	}
	p.Payload = []byte("21")
	fmt.Println(p)

	// Output:
	// PUBLISH topic="room/7" qos=0 payload=2B properties=[Subscription Identifier: 9]
}

// A server encodes prepared messages by the rules of the connection.
func ExampleEncoder_AppendPrepared() {
	e := packets.NewEncoder(packets.Options{From: mqttwire.FromServer})
	connect := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c"), CleanStart: true}
	connect.Properties.SetMaximumPacketSize(20)
	e.Observe(connect)
	out, err := e.Append(nil, &packets.Connack{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, payload := range []string{"21.5", "twenty-one and a half"} {
		message, err := packets.Prepare(&packets.Publish{Payload: []byte(payload)}, []byte("room/7"))
		if err != nil {
			fmt.Println(err)
			return
		}
		if out, err = e.AppendPrepared(out, message, &packets.Delivery{}); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Printf("%q\n", out)

	// Output:
	// mqttwire: own PUBLISH (5.0) packet too large: packet of 32 bytes; no packet is larger than the receiver's maximum packet size, here at most 20 [MQTT-3.1.2-24], reason 0x95 Packet too large
	// " \x03\x00\x00\x000\r\x00\x06room/7\x0021.5"
}

// Prepared messages go out by one system call, with what else is queued.
func ExampleEncoder_AppendPreparedBuffers() {
	e := packets.NewEncoder(packets.Options{From: mqttwire.FromServer})
	e.Observe(&packets.Connect{Version: mqttwire.V311, ClientID: []byte("c"), CleanStart: true})
	message, err := packets.Prepare(&packets.Publish{Payload: []byte("21.5")}, []byte("room/7"))
	if err != nil {
		fmt.Println(err)
		return
	}
	var queued packets.Buffers
	if err := e.AppendBuffers(&queued, &packets.Connack{}); err != nil {
		fmt.Println(err)
		return
	}
	if err := e.AppendPreparedBuffers(&queued, message, &packets.Delivery{}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%q\n", queued.Parts())

	// Output:
	// [" \x02\x00\x00" "0\f\x00\x06room/7" "21.5"]
}

// A connection checks and encodes a prepared message, and its payload is sent from
// where it is.
func ExampleConnection_AppendPreparedHeader() {
	c := packets.NewConnection(packets.ConnectionOptions{Side: mqttwire.FromServer})
	c.Feed([]byte("\x10\x0D\x00\x04MQTT\x04\x02\x00\x00\x00\x01c"))
	if _, err := c.Next(); err != nil {
		fmt.Println(err)
		return
	}
	message, err := packets.Prepare(&packets.Publish{Payload: []byte("21.5")}, []byte("room/7"))
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := c.Append(nil, &packets.Connack{})
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err = c.AppendPreparedHeader(out, message, &packets.Delivery{})
	fmt.Printf("%q %q %v\n", out, message.Payload(), err)

	// Output:
	// " \x02\x00\x000\f\x00\x06room/7" "21.5" <nil>
}

// Who knows when nobody uses a message any more lets the next one have its memory.
func ExamplePrepared_PrepareIn() {
	var message packets.Prepared
	var memory []byte
	for _, payload := range []string{"21.5", "21.4"} {
		var err error
		p := &packets.Publish{Topic: []byte("room/7"), Payload: []byte(payload)}
		if memory, err = message.PrepareIn(memory[:0], p, p.Topic); err != nil {
			fmt.Println(err)
			return
		}
		b, err := message.Append(nil, mqttwire.V311, &packets.Delivery{})
		fmt.Printf("%q %v\n", b, err)
	}
	// Output:
	// "0\f\x00\x06room/721.5" <nil>
	// "0\f\x00\x06room/721.4" <nil>
}
