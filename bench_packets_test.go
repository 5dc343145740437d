package mqttwire_test

import (
	"bytes"
	"fmt"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// benchmarkedPacket is a packet that the benchmarks decode and encode.
type benchmarkedPacket struct {
	name string // packet, version and what is in it
	v    mqttwire.Version
	p    mqttwire.Packet
}

// benchmarked returns every packet in every version that has it, small and, where
// it can have more, rich.
func benchmarked() (all []benchmarkedPacket) {
	for v := mqttwire.V31; v <= mqttwire.V5; v++ {
		add := func(what string, p mqttwire.Packet) {
			name := fmt.Sprintf("%s/v%s/%s", p.Type(), shortVersion(v), what)
			all = append(all, benchmarkedPacket{name, v, p})
		}
		for _, p := range smallPackets(v) {
			add("small", p)
		}
		addRich(add, v)
		if v == mqttwire.V5 {
			addRich5(add)
		}
	}
	return all
}

func shortVersion(v mqttwire.Version) string {
	if v == mqttwire.V5 {
		return "5"
	}
	return v.String()
}

var (
	benchTopic   = []byte("site/7/line/12/machine/4/temperature")
	benchPayload = bytes.Repeat([]byte("x"), 64)
)

// smallPackets returns each packet of a version with as little in it as is usual.
func smallPackets(v mqttwire.Version) []mqttwire.Packet {
	codes := []mqttwire.ReasonCode{1}
	unsuback := &packets.Unsuback{PacketID: 10}
	if v == mqttwire.V5 {
		unsuback.ReasonCodes = []mqttwire.ReasonCode{0}
	}
	small := []mqttwire.Packet{
		&packets.Connect{Version: v, CleanStart: true, KeepAlive: 60, ClientID: []byte("sensor-17")},
		&packets.Connack{},
		&packets.Publish{Topic: benchTopic, Payload: benchPayload},
		&packets.Puback{PacketID: 10}, &packets.Pubrec{PacketID: 10}, &packets.Pubrel{PacketID: 10}, &packets.Pubcomp{PacketID: 10},
		&packets.Subscribe{PacketID: 10, Subscriptions: benchSubscriptions(1)}, &packets.Suback{PacketID: 10, ReasonCodes: codes},
		&packets.Unsubscribe{PacketID: 10, Filters: benchFilters(1)}, unsuback,
		&packets.Pingreq{}, &packets.Pingresp{}, &packets.Disconnect{},
	}
	if v == mqttwire.V5 {
		auth := &packets.Auth{ReasonCode: mqttwire.ReasonContinueAuthentication}
		auth.Properties.SetAuthenticationMethod([]byte("SCRAM-SHA-256"))
		small = append(small, auth)
	}
	return small
}

func benchFilters(n int) (filters [][]byte) {
	for i := range n {
		filters = append(filters, fmt.Appendf(nil, "site/7/line/%d/+/temperature", i))
	}
	return filters
}

func benchSubscriptions(n int) (all []packets.Subscription) {
	for _, filter := range benchFilters(n) {
		all = append(all, packets.Subscription{Filter: filter, QoS: 1})
	}
	return all
}

// addRich adds the packets that have more in every version.
func addRich(add func(string, mqttwire.Packet), v mqttwire.Version) {
	will := &packets.Will{Topic: []byte("site/7/status"), Payload: []byte("gone"), QoS: 1, Retain: true}
	add("will,user,password", &packets.Connect{Version: v, KeepAlive: 60, ClientID: []byte("sensor-17"), Will: will, UserName: []byte("user"), Password: []byte("secret")})
	add("qos1", &packets.Publish{Topic: benchTopic, Payload: benchPayload, QoS: 1, PacketID: 10})
	add("qos1,1KiB", &packets.Publish{Topic: benchTopic, Payload: make([]byte, 1<<10), QoS: 1, PacketID: 10})
	add("filters=10", &packets.Subscribe{PacketID: 10, Subscriptions: benchSubscriptions(10)})
	add("codes=10", &packets.Suback{PacketID: 10, ReasonCodes: make([]mqttwire.ReasonCode, 10)})
	add("filters=10", &packets.Unsubscribe{PacketID: 10, Filters: benchFilters(10)})
}

// addRich5 adds the packets that have more in 5.0.
func addRich5(add func(string, mqttwire.Packet)) {
	connect := &packets.Connect{Version: mqttwire.V5, KeepAlive: 60, ClientID: []byte("sensor-17")}
	connect.Properties.SetSessionExpiryInterval(3600)
	connect.Properties.SetReceiveMaximum(100)
	connect.Properties.SetTopicAliasMaximum(10)
	add("props=3", connect)
	connack := &packets.Connack{}
	connack.Properties.SetAssignedClientIdentifier([]byte("auto-4711"))
	connack.Properties.SetReceiveMaximum(100)
	add("props=2", connack)
	add("qos1/props=8", &packets.Publish{Topic: benchTopic, Payload: benchPayload, QoS: 1, PacketID: 10, Properties: eightProperties()})
	var reason mqttwire.Properties
	reason.SetReasonString([]byte("no matching subscribers"))
	add("code,props=1", &packets.Puback{PacketID: 10, ReasonCode: 0x10, Properties: reason})
	add("code,props=1", &packets.Pubrec{PacketID: 10, ReasonCode: 0x10, Properties: reason})
	add("code,props=1", &packets.Pubrel{PacketID: 10, ReasonCode: 0x92, Properties: reason})
	add("code,props=1", &packets.Pubcomp{PacketID: 10, ReasonCode: 0x92, Properties: reason})
	add("codes=10", &packets.Unsuback{PacketID: 10, ReasonCodes: make([]mqttwire.ReasonCode, 10)})
	add("code,props=1", &packets.Disconnect{ReasonCode: 0x8E, Properties: reason})
	auth := &packets.Auth{ReasonCode: mqttwire.ReasonContinueAuthentication}
	auth.Properties.SetAuthenticationMethod([]byte("SCRAM-SHA-256"))
	auth.Properties.SetAuthenticationData([]byte("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"))
	add("props=2", auth)
}

// eightProperties is what a request over PUBLISH may have.
func eightProperties() (p mqttwire.Properties) {
	p.SetPayloadFormatIndicator(1)
	p.SetMessageExpiryInterval(60)
	p.SetContentType([]byte("application/json"))
	p.SetResponseTopic([]byte("site/7/replies"))
	p.SetCorrelationData([]byte("0123456789abcdef"))
	p.AddUser([]byte("trace"), []byte("4bf92f3577b34da6"))
	p.AddUser([]byte("span"), []byte("00f067aa0ba902b7"))
	p.AddSubscriptionID(1)
	return p
}
