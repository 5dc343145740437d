package rows

import (
	"bytes"
	"fmt"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/against/texts"
	"github.com/mqttwire/mqttwire/packets"
)

var topic = []byte("site/7/line/12/machine/4/temperature")

func publish(qos mqttwire.QoS, payload int) *packets.Publish {
	p := &packets.Publish{Topic: topic, Payload: bytes.Repeat([]byte("x"), payload), QoS: qos}
	if qos > 0 {
		p.PacketID = 10
	}
	return p
}

func codes(n int) (list []mqttwire.ReasonCode) {
	for range n {
		list = append(list, 1)
	}
	return list
}

func asciiFilters(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("site/7/line/%d/+/temperature", i))
	}
	return list
}

func times(n int, filter string) (list []string) {
	for range n {
		list = append(list, filter)
	}
	return list
}

func subscribe(filters []string) *packets.Subscribe {
	p := &packets.Subscribe{PacketID: 10}
	for _, f := range filters {
		p.Subscriptions = append(p.Subscriptions, packets.Subscription{Filter: []byte(f), QoS: 1})
	}
	return p
}

func unsubscribe(filters []string) *packets.Unsubscribe {
	p := &packets.Unsubscribe{PacketID: 10}
	for _, f := range filters {
		p.Filters = append(p.Filters, []byte(f))
	}
	return p
}

func connect(v mqttwire.Version, rich bool) *packets.Connect {
	p := &packets.Connect{Version: v, CleanStart: true, KeepAlive: 60, ClientID: []byte("sensor-17")}
	if rich {
		p.UserName, p.Password = []byte("user"), []byte("secret")
		p.Will = &packets.Will{Topic: []byte("site/7/status"), Payload: []byte("gone"), QoS: 1, Retain: true}
	}
	return p
}

// ofAll are the packets that all versions have.
func ofAll(v mqttwire.Version) []one {
	return []one{
		{v, "small", connect(v, false)}, {v, "will, user, password", connect(v, true)}, {v, "", &packets.Connack{}},
		{v, "qos0", publish(0, 64)}, {v, "qos1", publish(1, 64)}, {v, "qos1, 64 KiB", publish(1, 64<<10)},
		{v, "", &packets.Puback{PacketID: 10}}, {v, "", &packets.Pubrec{PacketID: 10}}, {v, "", &packets.Pubrel{PacketID: 10}},
		{v, "", &packets.Pubcomp{PacketID: 10}},
		{v, "1 filter", subscribe(asciiFilters(1))}, {v, "10 filters", subscribe(asciiFilters(10))},
		{v, "1 code", &packets.Suback{PacketID: 10, ReasonCodes: codes(1)}}, {v, "10 codes", &packets.Suback{PacketID: 10, ReasonCodes: codes(10)}},
		{v, "1 filter", unsubscribe(asciiFilters(1))}, {v, "10 filters", unsubscribe(asciiFilters(10))},
		{v, "", &packets.Pingreq{}}, {v, "", &packets.Pingresp{}}, {v, "", &packets.Disconnect{}},
	}
}

// of5 are the packets of 5.0.
func of5() []one {
	rich := publish(1, 64)
	rich.Properties = eightProperties()
	set := connect(v5, true)
	set.Properties.SetSessionExpiryInterval(3600)
	set.Properties.SetReceiveMaximum(100)
	set.Properties.SetTopicAliasMaximum(10)
	reason := reasonString()
	return append(ofAll(v5), []one{
		{v5, "will, user, password, 3 properties", set}, {v5, "4 properties", &packets.Connack{Properties: connackProperties()}},
		{v5, "qos1, 8 properties", rich},
		{v5, "code", &packets.Puback{PacketID: 10, ReasonCode: 0x10}},
		{v5, "code, 1 property", &packets.Puback{PacketID: 10, ReasonCode: 0x10, Properties: reason}},
		{v5, "code, 1 property", &packets.Pubrec{PacketID: 10, ReasonCode: 0x10, Properties: reason}},
		{v5, "code, 1 property", &packets.Pubrel{PacketID: 10, ReasonCode: 0x92, Properties: reason}},
		{v5, "code, 1 property", &packets.Pubcomp{PacketID: 10, ReasonCode: 0x92, Properties: reason}},
		{v5, "1 code", &packets.Unsuback{PacketID: 10, ReasonCodes: make([]mqttwire.ReasonCode, 1)}},
		{v5, "10 codes", &packets.Unsuback{PacketID: 10, ReasonCodes: make([]mqttwire.ReasonCode, 10)}},
		{v5, "code", &packets.Disconnect{ReasonCode: 0x8E}}, {v5, "code, 1 property", &packets.Disconnect{ReasonCode: 0x8E, Properties: reason}},
		{v5, "2 properties", &packets.Auth{ReasonCode: 0x18, Properties: authProperties()}},
	}...)
}

// usual are the packets of most traffic. What 3.1 does as 3.1.1 does is there once.
func usual() []one {
	list := append(ofAll(v311), one{v311, "", &packets.Unsuback{PacketID: 10}}, one{v31, "small", connect(v31, false)}, one{v31, "qos1", publish(1, 64)})
	return append(list, of5()...)
}

// otherTexts are packets whose topics need a closer look.
func otherTexts() (list []one) {
	for _, t := range []struct{ name, topic string }{
		{"French", texts.French}, {"Portuguese", texts.Portuguese}, {"Arabic", texts.Arabic}, {"Chinese", texts.Chinese},
		{"$SYS", texts.System},
	} {
		p := publish(1, 64)
		p.Topic = []byte(t.topic)
		list = append(list, one{v5, t.name, p}, one{v5, t.name + ", 1 filter", subscribe([]string{t.topic + "/+"})})
	}
	return append(list, one{v5, "Arabic, 8 filters", subscribe(times(8, texts.Arabic))}, one{v5, "French, 8 filters", unsubscribe(times(8, texts.French))},
		one{v5, "$share, 1 filter", subscribe([]string{texts.Shared})}, one{v5, "$share, 8 filters", unsubscribe(times(8, texts.Shared))})
}

// byHand are the packets of which the header is made by hand.
func byHand() []one {
	return []one{{v5, "qos1", publish(1, 64)}, {v5, "", &packets.Puback{PacketID: 10}}, {v5, "1 filter", subscribe(asciiFilters(1))}}
}

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
