package packets_test

import (
	"fmt"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// A server sends a message on to its subscribers, each with what was granted to it.
func ExampleForward() {
	received := &packets.Publish{QoS: mqttwire.AtLeastOnce, PacketID: 17, Retain: true, Payload: []byte("21.5")}
	received.Properties.SetTopicAlias(3) // of the publisher's connection, on which it stands for the topic
	received.Properties.SetMessageExpiryInterval(60)
	received.Properties.AddUser([]byte("unit"), []byte("C"))
	topic := []byte("room/7/temperature") // as Decoder.Topic says

	var memory mqttwire.PropertyBuilder // for all subscribers, one after the other
	for _, to := range []packets.Forwarding{
		{Version: mqttwire.V311, QoS: mqttwire.ExactlyOnce},
		{Version: mqttwire.V5, SubscriptionIDs: []uint32{9}, RetainAsPublished: true, Waited: 20 * time.Second},
		{Version: mqttwire.V5, Waited: time.Hour}, // was away
	} {
		to.Memory = &memory
		var p packets.Publish
		if err := packets.Forward(&p, received, topic, &to); err != nil {
			fmt.Println(err)
			continue
		}
		packets.SetPacketID(&p, 1) // of the subscriber's session
		fmt.Println(p)
	}

	// Output:
	// PUBLISH topic="room/7/temperature" qos=1 packet_id=1 payload=4B
	// PUBLISH topic="room/7/temperature" qos=0 retain payload=4B properties=[Message Expiry Interval: 40, User Property: "unit"="C", Subscription Identifier: 9]
	// packets: the message has expired
}

// A server publishes the will of a client whose connection was lost.
func ExampleWill_Publish() {
	will := &packets.Will{Topic: []byte("clients/c1"), Payload: []byte("gone"), QoS: mqttwire.AtLeastOnce}
	will.Properties.SetWillDelayInterval(30)
	will.Properties.SetContentType([]byte("text/plain"))

	fmt.Println(will.Publish())

	// Output:
	// PUBLISH topic="clients/c1" qos=1 packet_id=0 payload=4B properties=[Content Type: "text/plain"]
}

// A will outlives its CONNECT, which is valid until the next packet only.
func ExampleWill_Clone() {
	connect := &packets.Connect{ClientID: []byte("c1"), Will: &packets.Will{Topic: []byte("clients/c1")}}
	kept := connect.Will.Clone()
	connect.Will.Topic[0] = '?'
	fmt.Printf("%s\n", kept.Topic)

	// Output:
	// clients/c1
}
