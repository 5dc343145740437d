package mqttwire_test

import (
	"testing"

	"github.com/mqttwire/mqttwire"
)

// propertyLists are lists as packets have them, and lists made to cost much for
// each of their bytes.
func propertyLists() []propertyList {
	b := func(s string) []byte { return []byte(s) }
	var ack, login, three, four mqttwire.Properties
	ack.SetReasonString(b("no matching subscribers"))
	login.SetAuthenticationMethod(b("SCRAM-SHA-256"))
	login.SetAuthenticationData(b("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"))
	three.SetSessionExpiryInterval(3600)
	three.SetReceiveMaximum(100)
	three.SetTopicAliasMaximum(10)
	four.SetAssignedClientIdentifier(b("auto-4711"))
	four.SetReceiveMaximum(100)
	four.SetServerKeepAlive(30)
	four.SetTopicAliasMaximum(10)
	return []propertyList{
		{"PUBACK/props=1", mqttwire.PUBACK, ack},
		{"AUTH/props=2", mqttwire.AUTH, login},
		{"CONNECT/props=3", mqttwire.CONNECT, three},
		{"CONNACK/props=4", mqttwire.CONNACK, four},
		{"PUBLISH/props=8", mqttwire.PUBLISH, eightProperties()},
		{"PUBLISH/users=10", mqttwire.PUBLISH, userProperties(10, "name-17", "value-17")},
		{"PUBLISH/users=1000", mqttwire.PUBLISH, userProperties(1000, "name-17", "value-17")},
		{"PUBLISH/users=10000", mqttwire.PUBLISH, userProperties(10000, "name-17", "value-17")},
		{"PUBLISH/64KiB/users,empty", mqttwire.PUBLISH, userProperties(13108, "", "")},
		{"PUBLISH/64KiB/users,short", mqttwire.PUBLISH, userProperties(6554, "ab", "cde")},
		{"PUBLISH/64KiB/users,3-byte", mqttwire.PUBLISH, userProperties(1000, "語語語語語語語語語語", "語語語語語語語語語語")},
		{"PUBLISH/64KiB/ids", mqttwire.PUBLISH, subscriptionIDs(32768, 1)},
		{"PUBLISH/64KiB/ids,long", mqttwire.PUBLISH, subscriptionIDs(13108, mqttwire.MaxVarint)},
	}
}

type propertyList struct {
	name  string
	owner mqttwire.PacketType
	list  mqttwire.Properties
}

func userProperties(n int, name, value string) mqttwire.Properties {
	var b mqttwire.PropertyBuilder
	b.Reset()
	for range n {
		b.AddUser([]byte(name), []byte(value))
	}
	return b.Properties()
}

func subscriptionIDs(n int, id uint32) mqttwire.Properties {
	var b mqttwire.PropertyBuilder
	b.Reset()
	for range n {
		b.AddSubscriptionID(id)
	}
	return b.Properties()
}

// BenchmarkPropertyLists checks a list, and reads each of its values.
func BenchmarkPropertyLists(b *testing.B) {
	for _, c := range propertyLists() {
		benchmarkList(b, c, "check,read", readProperties)
		benchmarkList(b, c, "check", func(*mqttwire.Properties) int { return 0 })
	}
}

func benchmarkList(b *testing.B, c propertyList, name string, readList func(*mqttwire.Properties) int) {
	b.Run(c.name+"/"+name, func(b *testing.B) {
		owner := mqttwire.PropertyOwner(c.owner)
		in, err := c.list.Append(nil, owner)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		b.SetBytes(int64(len(in)))
		for b.Loop() {
			p, _, err := mqttwire.ConsumeProperties(in, owner)
			if err != nil {
				b.Fatal(err)
			}
			read += readList(&p)
		}
	})
}

// BenchmarkPropertyGetters reads the eight properties of a request by name.
func BenchmarkPropertyGetters(b *testing.B) {
	p := eightProperties()
	b.ReportAllocs()
	for b.Loop() {
		format, _ := p.PayloadFormatIndicator()
		expiry, _ := p.MessageExpiryInterval()
		content, _ := p.ContentType()
		response, _ := p.ResponseTopic()
		correlation, _ := p.CorrelationData()
		read += int(format) + int(expiry) + readBytes(content) + readBytes(response) + readBytes(correlation)
		for name, value := range p.User() {
			read += readBytes(name) + readBytes(value)
		}
		for id := range p.SubscriptionIDs() {
			read += int(id)
		}
	}
}
