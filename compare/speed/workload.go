package main

import (
	"bytes"
	"fmt"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/against/texts"
	"github.com/mqttwire/mqttwire/packets"
)

const v311, v5 = mqttwire.V311, mqttwire.V5

// workload is a packet that every codec decodes and encodes.
type workload struct {
	name   string
	v      mqttwire.Version
	packet mqttwire.Packet
	wire   []byte

	// emptyList puts the property length 0 behind the reason code, which may be left
	// out: without it mochi does not read the code of a DISCONNECT.
	emptyList bool
}

func (w *workload) kind() mqttwire.PacketType { return w.packet.Type() }

// workloads are all packets in 3.1.1 and 5.0, small and rich.
func workloads() []workload {
	list := append(append(workloads311(), workloads5()...), workloadsOfLanguages()...)
	for i := range list {
		w := &list[i]
		w.name = fmt.Sprintf("%s/v%s/%s", w.kind(), w.v, w.name)
		w.wire = mustAppend(nil, w.packet, w.v)
		if w.emptyList {
			w.wire = append(w.wire, 0)
			w.wire[1]++
		}
	}
	return list
}

func mustAppend(dst []byte, p mqttwire.Packet, v mqttwire.Version) []byte {
	dst, err := p.Append(dst, v)
	if err != nil {
		panic(err)
	}
	return dst
}

func workloads311() []workload {
	small := &packets.Connect{Version: v311, CleanStart: true, KeepAlive: 60, ClientID: []byte("sensor-17")}
	return []workload{
		{name: "small", v: v311, packet: small},
		{name: "will,user,password", v: v311, packet: richConnect(v311)},
		{name: "success", v: v311, packet: &packets.Connack{}},
		{name: "qos0/64B", v: v311, packet: publish(0, 64)},
		{name: "qos1/64B", v: v311, packet: publish(1, 64)},
		{name: "qos1/1KiB", v: v311, packet: publish(1, 1<<10)},
		{name: "id", v: v311, packet: &packets.Puback{PacketID: 10}},
		{name: "id", v: v311, packet: &packets.Pubrec{PacketID: 10}},
		{name: "id", v: v311, packet: &packets.Pubrel{PacketID: 10}},
		{name: "id", v: v311, packet: &packets.Pubcomp{PacketID: 10}},
		{name: "filters=1", v: v311, packet: subscribe(1)},
		{name: "filters=10", v: v311, packet: subscribe(10)},
		{name: "codes=1", v: v311, packet: &packets.Suback{PacketID: 10, ReasonCodes: codes(1)}},
		{name: "codes=10", v: v311, packet: &packets.Suback{PacketID: 10, ReasonCodes: codes(10)}},
		{name: "filters=1", v: v311, packet: &packets.Unsubscribe{PacketID: 10, Filters: filters(1)}},
		{name: "filters=10", v: v311, packet: &packets.Unsubscribe{PacketID: 10, Filters: filters(10)}},
		{name: "id", v: v311, packet: &packets.Unsuback{PacketID: 10}},
		{name: "empty", v: v311, packet: &packets.Pingreq{}},
		{name: "empty", v: v311, packet: &packets.Pingresp{}},
		{name: "empty", v: v311, packet: &packets.Disconnect{}},
	}
}

func workloads5() []workload {
	small := &packets.Connect{Version: v5, CleanStart: true, KeepAlive: 60, ClientID: []byte("sensor-17")}
	rich := publish(1, 64)
	rich.Properties = eightProperties()
	reason := reasonString()
	return []workload{
		{name: "small", v: v5, packet: small},
		{name: "will,user,password,props=3", v: v5, packet: richConnect(v5)},
		{name: "success", v: v5, packet: &packets.Connack{}},
		{name: "props=4", v: v5, packet: &packets.Connack{Properties: connackProperties()}},
		{name: "qos0/64B/props=0", v: v5, packet: publish(0, 64)},
		{name: "qos1/64B/props=0", v: v5, packet: publish(1, 64)},
		{name: "qos1/64B/props=8", v: v5, packet: rich},
		{name: "id", v: v5, packet: &packets.Puback{PacketID: 10}},
		{name: "code,props=1", v: v5, packet: &packets.Puback{PacketID: 10, ReasonCode: 0x10, Properties: reason}},
		{name: "id", v: v5, packet: &packets.Pubrec{PacketID: 10}},
		{name: "code,props=1", v: v5, packet: &packets.Pubrec{PacketID: 10, ReasonCode: 0x10, Properties: reason}},
		{name: "id", v: v5, packet: &packets.Pubrel{PacketID: 10}},
		{name: "code,props=1", v: v5, packet: &packets.Pubrel{PacketID: 10, ReasonCode: 0x92, Properties: reason}},
		{name: "id", v: v5, packet: &packets.Pubcomp{PacketID: 10}},
		{name: "code,props=1", v: v5, packet: &packets.Pubcomp{PacketID: 10, ReasonCode: 0x92, Properties: reason}},
		{name: "filters=1", v: v5, packet: subscribe(1)},
		{name: "filters=10", v: v5, packet: subscribe(10)},
		{name: "codes=1", v: v5, packet: &packets.Suback{PacketID: 10, ReasonCodes: codes(1)}},
		{name: "codes=10", v: v5, packet: &packets.Suback{PacketID: 10, ReasonCodes: codes(10)}},
		{name: "filters=1", v: v5, packet: &packets.Unsubscribe{PacketID: 10, Filters: filters(1)}},
		{name: "filters=10", v: v5, packet: &packets.Unsubscribe{PacketID: 10, Filters: filters(10)}},
		{name: "codes=1", v: v5, packet: &packets.Unsuback{PacketID: 10, ReasonCodes: make([]mqttwire.ReasonCode, 1)}},
		{name: "codes=10", v: v5, packet: &packets.Unsuback{PacketID: 10, ReasonCodes: make([]mqttwire.ReasonCode, 10)}},
		{name: "empty", v: v5, packet: &packets.Pingreq{}},
		{name: "empty", v: v5, packet: &packets.Pingresp{}},
		{name: "code", v: v5, packet: &packets.Disconnect{ReasonCode: 0x8E}, emptyList: true},
		{name: "code,props=1", v: v5, packet: &packets.Disconnect{ReasonCode: 0x8E, Properties: reason}},
		{name: "props=2", v: v5, packet: &packets.Auth{ReasonCode: 0x18, Properties: authProperties()}},
	}
}

// workloadsOfLanguages are packets with names and filters that are no ASCII, or begin
// with $.
func workloadsOfLanguages() []workload {
	named := func(topic string) *packets.Publish {
		p := publish(1, 64)
		p.Topic = []byte(topic)
		return p
	}
	one := func(filter string) *packets.Subscribe {
		return &packets.Subscribe{PacketID: 10, Subscriptions: []packets.Subscription{{Filter: []byte(filter), QoS: 1}}}
	}
	return []workload{
		{name: "qos1/64B/French", v: v311, packet: named(texts.French)},
		{name: "qos1/64B/Portuguese", v: v311, packet: named(texts.Portuguese)},
		{name: "qos1/64B/Arabic", v: v311, packet: named(texts.Arabic)},
		{name: "qos1/64B/Chinese", v: v311, packet: named(texts.Chinese)},
		{name: "filters=1/Arabic", v: v311, packet: one(texts.Arabic)},
		{name: "filters=1/Chinese", v: v311, packet: one(texts.Chinese)},
		{name: "filters=1/$SYS", v: v311, packet: one(texts.System + "/+")},
		{name: "filters=1/$share", v: v5, packet: one(texts.Shared)},
	}
}

var topicName = []byte("site/7/line/12/machine/4/temperature")

func publish(qos mqttwire.QoS, payload int) *packets.Publish {
	p := &packets.Publish{Topic: topicName, Payload: bytes.Repeat([]byte("x"), payload), QoS: qos}
	if qos > 0 {
		p.PacketID = 10
	}
	return p
}

func richConnect(v mqttwire.Version) *packets.Connect {
	p := &packets.Connect{Version: v, KeepAlive: 60, ClientID: []byte("sensor-17"), UserName: []byte("user"), Password: []byte("secret"),
		Will: &packets.Will{Topic: []byte("site/7/status"), Payload: []byte("gone"), QoS: 1, Retain: true}}
	if v == v5 {
		p.Properties.SetSessionExpiryInterval(3600)
		p.Properties.SetReceiveMaximum(100)
		p.Properties.SetTopicAliasMaximum(10)
	}
	return p
}

func filters(n int) [][]byte {
	list := make([][]byte, n)
	for i := range list {
		list[i] = fmt.Appendf(nil, "site/7/line/%d/+/temperature", i)
	}
	return list
}

func subscribe(n int) *packets.Subscribe {
	p := &packets.Subscribe{PacketID: 10}
	for _, f := range filters(n) {
		p.Subscriptions = append(p.Subscriptions, packets.Subscription{Filter: f, QoS: 1})
	}
	return p
}

func codes(n int) []mqttwire.ReasonCode {
	list := make([]mqttwire.ReasonCode, n)
	for i := range list {
		list[i] = 1
	}
	return list
}

// The values of the eight properties, which other codecs set one by one too.
const (
	contentType     = "application/json"
	responseTopic   = "site/7/replies"
	correlationData = "0123456789abcdef"
	expiry          = 60
	subscriptionID  = 1
	traceName       = "trace"
	traceValue      = "4bf92f3577b34da6"
	spanName        = "span"
	spanValue       = "00f067aa0ba902b7"
)

func eightProperties() (p mqttwire.Properties) {
	p.SetPayloadFormatIndicator(1)
	p.SetMessageExpiryInterval(expiry)
	p.SetContentType([]byte(contentType))
	p.SetResponseTopic([]byte(responseTopic))
	p.SetCorrelationData([]byte(correlationData))
	p.AddUser([]byte(traceName), []byte(traceValue))
	p.AddUser([]byte(spanName), []byte(spanValue))
	p.AddSubscriptionID(subscriptionID)
	return p
}

func connackProperties() (p mqttwire.Properties) {
	p.SetAssignedClientIdentifier([]byte("auto-4711"))
	p.SetReceiveMaximum(100)
	p.SetServerKeepAlive(30)
	p.SetTopicAliasMaximum(10)
	return p
}

func reasonString() (p mqttwire.Properties) {
	p.SetReasonString([]byte("no matching subscribers"))
	return p
}

func authProperties() (p mqttwire.Properties) {
	p.SetAuthenticationMethod([]byte("SCRAM-SHA-256"))
	p.SetAuthenticationData([]byte("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"))
	return p
}
