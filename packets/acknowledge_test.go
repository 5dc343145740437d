package packets_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

func TestAcknowledgeAnswersAsTheStandardSays(t *testing.T) {
	topic := []byte("a")
	filters := [][]byte{topic, topic}
	zeros := make([]mqttwire.ReasonCode, 2)
	for _, test := range []struct{ packet, want mqttwire.Packet }{
		{&packets.Connect{Version: mqttwire.V5, ClientID: topic}, &packets.Connack{}},
		{&packets.Connack{}, nil},
		{&packets.Publish{Topic: topic}, nil},
		{&packets.Publish{Topic: topic, QoS: mqttwire.AtLeastOnce, PacketID: 7}, &packets.Puback{PacketID: 7}},
		{&packets.Publish{Topic: topic, QoS: mqttwire.ExactlyOnce, PacketID: 7}, &packets.Pubrec{PacketID: 7}},
		{&packets.Puback{PacketID: 7}, nil},
		{&packets.Pubrec{PacketID: 7, ReasonCode: mqttwire.ReasonNoMatchingSubscribers}, &packets.Pubrel{PacketID: 7}},
		{&packets.Pubrec{PacketID: 7, ReasonCode: mqttwire.ReasonUnspecifiedError}, nil},
		{&packets.Pubrel{PacketID: 7, ReasonCode: mqttwire.ReasonPacketIdentifierNotFound}, &packets.Pubcomp{PacketID: 7}},
		{&packets.Pubcomp{PacketID: 7}, nil},
		{&packets.Subscribe{PacketID: 7, Subscriptions: []packets.Subscription{{Filter: topic, QoS: 1}, {Filter: topic}}},
			&packets.Suback{PacketID: 7, ReasonCodes: zeros}},
		{&packets.Suback{PacketID: 7, ReasonCodes: zeros}, nil},
		{&packets.Unsubscribe{PacketID: 7, Filters: filters}, &packets.Unsuback{PacketID: 7, ReasonCodes: zeros}},
		{&packets.Unsuback{PacketID: 7, ReasonCodes: zeros}, nil},
		{&packets.Pingreq{}, &packets.Pingresp{}},
		{&packets.Pingresp{}, nil},
		{&packets.Disconnect{}, nil},
		{&packets.Auth{ReasonCode: mqttwire.ReasonContinueAuthentication}, nil},
	} {
		got := packets.Acknowledge(test.packet)
		assert.True(t, test.want == nil && got == nil || test.want != nil && got != nil && cmp.Equal(got, test.want),
			"%v: got %v, want %v", test.packet, got, test.want)
	}
}

// What the answer is sent in is the connection's version, whatever that is.
func TestAnAcknowledgementCanBeEncodedInEachVersionThatHasItsPacket(t *testing.T) {
	for _, p := range []mqttwire.Packet{
		&packets.Publish{QoS: mqttwire.ExactlyOnce, PacketID: 7},
		&packets.Unsubscribe{PacketID: 7, Filters: [][]byte{[]byte("a")}},
		&packets.Subscribe{PacketID: 7, Subscriptions: []packets.Subscription{{Filter: []byte("a")}}},
	} {
		for _, v := range []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5} {
			answer := packets.Acknowledge(p)
			_, err := answer.Append(nil, v)
			require.NoError(t, err, "%v", answer)
		}
	}
}

func ExampleAcknowledge() {
	subscribe := &packets.Subscribe{PacketID: 10, Subscriptions: []packets.Subscription{
		{Filter: []byte("a/b"), QoS: mqttwire.ExactlyOnce},
	}}
	answer := packets.Acknowledge(subscribe)
	if suback, ok := answer.(*packets.Suback); ok {
		suback.ReasonCodes[0] = mqttwire.ReasonGrantedQoS1 // no more is granted here
	}
	fmt.Println(answer)
	fmt.Println(packets.Acknowledge(&packets.Publish{Topic: []byte("a"), QoS: mqttwire.AtLeastOnce, PacketID: 3}))
	// Output:
	// SUBACK packet_id=10 code=0x01 (Granted QoS 1)
	// PUBACK packet_id=3 code=0x00 (Success)
}
