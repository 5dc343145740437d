package packets_test

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

const (
	v31  = mqttwire.V31
	v311 = mqttwire.V311
	v5   = mqttwire.V5
)

// props builds a property list.
func props(set ...func(*mqttwire.Properties)) (p mqttwire.Properties) {
	for _, f := range set {
		f(&p)
	}
	return p
}

func withUser(p *mqttwire.Properties)   { p.AddUser([]byte("k"), []byte("v")) }
func withReason(p *mqttwire.Properties) { p.SetReasonString([]byte("why")) }
func withAlias(p *mqttwire.Properties)  { p.SetTopicAlias(7) }
func withMethod(p *mqttwire.Properties) { p.SetAuthenticationMethod([]byte("M")) }
func withData(p *mqttwire.Properties)   { p.SetAuthenticationData([]byte("D")) }

// roundTrips are structs and their bytes, run both ways. Text stands for bytes.
var roundTrips = []struct {
	name  string
	v     mqttwire.Version
	p     mqttwire.Packet
	bytes string
}{
	{"CONNECT of 3.1", v31, &packets.Connect{Version: v31, CleanStart: true, KeepAlive: 60, ClientID: []byte("a")},
		"\x10\x0F\x00\x06MQIsdp\x03\x02\x00\x3C\x00\x01a"},
	{"CONNECT of a 3.1 bridge", v31, &packets.Connect{Version: v31, Bridge: true, ClientID: []byte("a")},
		"\x10\x0F\x00\x06MQIsdp\x83\x00\x00\x00\x00\x01a"},
	{"CONNECT of 3.1.1 with everything", v311, &packets.Connect{Version: v311, KeepAlive: 1, ClientID: []byte("a"),
		Will: &packets.Will{Topic: []byte("w"), Payload: []byte{0xFF}, QoS: 2, Retain: true}, UserName: []byte("u"), Password: []byte{0}},
		"\x10\x19\x00\x04MQTT\x04\xF4\x00\x01\x00\x01a\x00\x01w\x00\x01\xFF\x00\x01u\x00\x01\x00"},
	{"CONNECT with empty user name, password and will payload", v311, &packets.Connect{Version: v311, ClientID: []byte("a"),
		Will: &packets.Will{Topic: []byte("w"), Payload: []byte{}}, UserName: []byte{}, Password: []byte{}},
		"\x10\x16\x00\x04MQTT\x04\xC4\x00\x00\x00\x01a\x00\x01w\x00\x00\x00\x00\x00\x00"},
	{"CONNECT of 5.0 with a password alone", v5, &packets.Connect{Version: v5, ClientID: []byte{}, Password: []byte("p"), Properties: props(withMethod, withData)},
		"\x10\x18\x00\x04MQTT\x05\x40\x00\x00\x08\x15\x00\x01M\x16\x00\x01D\x00\x00\x00\x01p"},
	{"CONNECT of 5.0 with will properties", v5, &packets.Connect{Version: v5, ClientID: []byte{},
		Will: &packets.Will{Topic: []byte("w"), Payload: []byte("x"), Properties: props(withUser)}},
		"\x10\x1B\x00\x04MQTT\x05\x04\x00\x00\x00\x00\x00\x07\x26\x00\x01k\x00\x01v\x00\x01w\x00\x01x"},
	{"CONNACK of 3.1", v31, &packets.Connack{ReasonCode: 5}, "\x20\x02\x00\x05"},
	{"CONNACK of 3.1.1", v311, &packets.Connack{SessionPresent: true}, "\x20\x02\x01\x00"},
	{"CONNACK of 5.0", v5, &packets.Connack{ReasonCode: 0x87, Properties: props(withReason)}, "\x20\x09\x00\x87\x06\x1F\x00\x03why"},
	{"PUBLISH of 3.1 with DUP and QoS 0", v31, &packets.Publish{Topic: []byte("a"), Payload: []byte("x"), Dup: true}, "\x38\x04\x00\x01ax"},
	{"PUBLISH of 3.1.1", v311, &packets.Publish{Topic: []byte("a"), Payload: []byte{}, QoS: 2, Dup: true, Retain: true, PacketID: 10}, "\x3D\x05\x00\x01a\x00\x0A"},
	{"PUBLISH of 5.0 by alias", v5, &packets.Publish{Topic: []byte{}, Payload: []byte("x"), Properties: props(withAlias)}, "\x30\x07\x00\x00\x03\x23\x00\x07x"},
	{"PUBACK of 3.1.1", v311, &packets.Puback{PacketID: 10}, "\x40\x02\x00\x0A"},
	{"PUBACK of 5.0 without code", v5, &packets.Puback{PacketID: 10}, "\x40\x02\x00\x0A"},
	{"PUBACK of 5.0 with a code", v5, &packets.Puback{PacketID: 10, ReasonCode: 0x10}, "\x40\x03\x00\x0A\x10"},
	{"PUBREC of 5.0 with code 0 and properties", v5, &packets.Pubrec{PacketID: 65535, Properties: props(withReason)}, "\x50\x0A\xFF\xFF\x00\x06\x1F\x00\x03why"},
	{"PUBREL of 3.1 with DUP", v31, &packets.Pubrel{PacketID: 10, Dup: true}, "\x6A\x02\x00\x0A"},
	{"PUBREL of 3.1.1", v311, &packets.Pubrel{PacketID: 10}, "\x62\x02\x00\x0A"},
	{"PUBREL of 5.0", v5, &packets.Pubrel{PacketID: 10, ReasonCode: 0x92}, "\x62\x03\x00\x0A\x92"},
	{"PUBCOMP of 5.0", v5, &packets.Pubcomp{PacketID: 1, ReasonCode: 0x92, Properties: props(withUser)}, "\x70\x0B\x00\x01\x92\x07\x26\x00\x01k\x00\x01v"},
	{"SUBSCRIBE of 3.1 with DUP", v31, &packets.Subscribe{PacketID: 1, Dup: true, Subscriptions: []packets.Subscription{{Filter: []byte("a"), QoS: 2}}}, "\x8A\x06\x00\x01\x00\x01a\x02"},
	{"SUBSCRIBE of 3.1.1", v311, &packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("a"), QoS: 1}, {Filter: []byte("#")}}}, "\x82\x0A\x00\x01\x00\x01a\x01\x00\x01#\x00"},
	{"SUBSCRIBE of 5.0", v5, &packets.Subscribe{PacketID: 1, Properties: props(func(p *mqttwire.Properties) { p.AddSubscriptionID(128) }),
		Subscriptions: []packets.Subscription{{Filter: []byte("a"), QoS: 2, NoLocal: true, RetainAsPublished: true, RetainHandling: 2}}},
		"\x82\x0A\x00\x01\x03\x0B\x80\x01\x00\x01a\x2E"},
	{"SUBACK of 3.1", v31, &packets.Suback{PacketID: 1, ReasonCodes: []mqttwire.ReasonCode{2}}, "\x90\x03\x00\x01\x02"},
	{"SUBACK of 3.1.1", v311, &packets.Suback{PacketID: 1, ReasonCodes: []mqttwire.ReasonCode{0, 0x80}}, "\x90\x04\x00\x01\x00\x80"},
	{"SUBACK of 5.0", v5, &packets.Suback{PacketID: 1, ReasonCodes: []mqttwire.ReasonCode{1, 0xA2}}, "\x90\x05\x00\x01\x00\x01\xA2"},
	{"UNSUBSCRIBE of 3.1 with DUP", v31, &packets.Unsubscribe{PacketID: 1, Dup: true, Filters: [][]byte{[]byte("a")}}, "\xAA\x05\x00\x01\x00\x01a"},
	{"UNSUBSCRIBE of 3.1.1", v311, &packets.Unsubscribe{PacketID: 1, Filters: [][]byte{[]byte("a"), []byte("b")}}, "\xA2\x08\x00\x01\x00\x01a\x00\x01b"},
	{"UNSUBSCRIBE of 5.0", v5, &packets.Unsubscribe{PacketID: 1, Properties: props(withUser), Filters: [][]byte{[]byte("a")}}, "\xA2\x0D\x00\x01\x07\x26\x00\x01k\x00\x01v\x00\x01a"},
	{"UNSUBACK of 3.1.1", v311, &packets.Unsuback{PacketID: 1}, "\xB0\x02\x00\x01"},
	{"UNSUBACK of 5.0", v5, &packets.Unsuback{PacketID: 1, ReasonCodes: []mqttwire.ReasonCode{0, 0x11}}, "\xB0\x05\x00\x01\x00\x00\x11"},
	{"PINGREQ", v311, &packets.Pingreq{}, "\xC0\x00"},
	{"PINGRESP", v5, &packets.Pingresp{}, "\xD0\x00"},
	{"DISCONNECT of 3.1.1", v311, &packets.Disconnect{}, "\xE0\x00"},
	{"DISCONNECT of 5.0 without code", v5, &packets.Disconnect{}, "\xE0\x00"},
	{"DISCONNECT of 5.0 with a code", v5, &packets.Disconnect{ReasonCode: 0x8E}, "\xE0\x01\x8E"},
	{"DISCONNECT of 5.0 with code 0 and properties", v5, &packets.Disconnect{Properties: props(withReason)}, "\xE0\x08\x00\x06\x1F\x00\x03why"},
	{"AUTH", v5, &packets.Auth{ReasonCode: 0x18, Properties: props(withMethod, withData)}, "\xF0\x0A\x18\x08\x15\x00\x01M\x16\x00\x01D"},
	{"AUTH of remaining length 0", v5, &packets.Auth{}, "\xF0\x00"},
}

func TestPacketsAndBytesBothWays(t *testing.T) {
	for _, c := range roundTrips {
		t.Run(c.name, func(t *testing.T) {
			b, err := c.p.Append([]byte("prefix"), c.v)
			require.NoError(t, err)
			assert.Equal(t, "prefix"+c.bytes, string(b))
			assert.Equal(t, len(c.bytes), c.p.Size(c.v))

			f, rest, err := mqttwire.CutFrame([]byte(c.bytes), 0)
			require.NoError(t, err)
			require.Empty(t, rest)
			got, err := packets.Decode(f, c.v)
			require.NoError(t, err)
			assert.Empty(t, cmp.Diff(c.p, got, cmpopts.EquateEmpty()))
		})
	}
}

func TestAbsentAndEmptyStayApart(t *testing.T) {
	for _, c := range roundTrips {
		connect, ok := c.p.(*packets.Connect)
		if !ok {
			continue
		}
		f, _, err := mqttwire.CutFrame([]byte(c.bytes), 0)
		require.NoError(t, err)
		var got packets.Connect
		require.NoError(t, got.Decode(f, 0))
		assert.Equal(t, connect.Will == nil, got.Will == nil, c.name)
		assert.Equal(t, connect.UserName == nil, got.UserName == nil, c.name)
		assert.Equal(t, connect.Password == nil, got.Password == nil, c.name)
		clone := got.Clone()
		assert.Equal(t, got.UserName == nil, clone.UserName == nil, c.name)
		assert.Equal(t, got.Password == nil, clone.Password == nil, c.name)
	}
}

func TestOneValueEncodedByManyGoroutines(t *testing.T) {
	for _, c := range roundTrips {
		var group sync.WaitGroup
		for range 4 {
			group.Add(1)
			go func() {
				defer group.Done()
				b, err := c.p.Append(nil, c.v)
				assert.NoError(t, err)
				assert.Equal(t, c.bytes, string(b))
			}()
		}
		group.Wait()
	}
}
