package packets_test

import (
	"fmt"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// A client checks the answer before it looks for each filter's code.
func ExampleCheckSuback() {
	request := &packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{
		{Filter: []byte("sensors/#"), QoS: mqttwire.AtLeastOnce}, {Filter: []byte("secret/#")}}}
	answer := &packets.Suback{PacketID: 1, ReasonCodes: []mqttwire.ReasonCode{mqttwire.ReasonGrantedQoS1, mqttwire.ReasonNotAuthorized}}
	if err := packets.CheckSuback(request, answer, mqttwire.V5); err != nil {
		fmt.Println(err)
		return
	}
	for i, s := range request.Subscriptions {
		fmt.Printf("%s: %s\n", s.Filter, answer.ReasonCodes[i].Name(mqttwire.SUBACK, mqttwire.V5))
	}

	answer.ReasonCodes = answer.ReasonCodes[:1]
	fmt.Println(packets.CheckSuback(request, answer, mqttwire.V5))

	// Output:
	// sensors/#: Granted QoS 1
	// secret/#: Not authorized
	// mqttwire: SUBACK (5.0) protocol error: 1 reason code; an answer has a reason code for each topic filter of its request [MQTT-3.8.4-6], reason 0x82 Protocol Error
}

func ExampleCheckUnsuback() {
	request := &packets.Unsubscribe{PacketID: 2, Filters: [][]byte{[]byte("sensors/#")}}
	answer := &packets.Unsuback{PacketID: 3, ReasonCodes: []mqttwire.ReasonCode{mqttwire.ReasonSuccess}}
	fmt.Println(packets.CheckUnsuback(request, answer, mqttwire.V5))

	// Output:
	// mqttwire: UNSUBACK (5.0) protocol error: Packet Identifier is 3; an answer has the packet identifier of its request [MQTT-3.10.4-5], reason 0x82 Protocol Error
}
