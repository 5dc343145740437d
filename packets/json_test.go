package packets_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// lossless writes secrets too, and all of each payload.
var lossless = packets.JSON{Secrets: true}

// jsonForms has a packet of each type and its JSON.
var jsonForms = []struct {
	packet mqttwire.Packet
	text   string
}{
	{&packets.Connect{Version: v5, ClientID: []byte("c"), CleanStart: true, KeepAlive: 60, UserName: []byte("alice"), Password: []byte{0xFF},
		Will: &packets.Will{Topic: []byte("w"), Payload: []byte("gone"), QoS: 1, Retain: true,
			Properties: props(func(p *mqttwire.Properties) { p.SetWillDelayInterval(5) })},
		Properties: props(withMethod, withData)},
		`{"type":"CONNECT","version":5,"cleanStart":true,"keepAlive":60,"clientId":"c","username":"alice","password_base64":"/w==",` +
			`"will":{"qos":1,"retain":true,"props":[{"id":24,"name":"WillDelayInterval","value":5}],"topic":"w","payload":"gone"},` +
			`"props":[{"id":21,"name":"AuthenticationMethod","value":"M"},{"id":22,"name":"AuthenticationData","value":"D"}]}`},
	{&packets.Connect{Version: mqttwire.V311, Bridge: true},
		`{"type":"CONNECT","version":4,"bridge":true,"cleanStart":false,"keepAlive":0,"clientId":""}`},
	{&packets.Connack{ReasonCode: 0x87, Properties: props(withReason)},
		`{"type":"CONNACK","sessionPresent":false,"reason":135,"reason_name":"Not authorized","props":[{"id":31,"name":"ReasonString","value":"why"}]}`},
	{&packets.Connack{SessionPresent: true}, `{"type":"CONNACK","sessionPresent":true,"reason":0}`},
	{&packets.Publish{Topic: []byte("plant/é"), QoS: 1, PacketID: 10, Payload: []byte{0xFF, 0}, Dup: true, Properties: props(withAlias, withUser, withUser)},
		`{"type":"PUBLISH","dup":true,"qos":1,"retain":false,"topic":"plant/é","packetId":10,"props":[{"id":35,"name":"TopicAlias","value":7},` +
			`{"id":38,"name":"UserProperty","key":"k","value":"v"},{"id":38,"name":"UserProperty","key":"k","value":"v"}],"payload_base64":"/wA="}`},
	{&packets.Publish{Topic: []byte("t"), Retain: true, Payload: []byte("\"\u202e\x00")},
		`{"type":"PUBLISH","dup":false,"qos":0,"retain":true,"topic":"t","payload":"\"\u202e\u0000"}`},
	{&packets.Publish{Topic: []byte(`\ud800`), Payload: []byte("😀")},
		`{"type":"PUBLISH","dup":false,"qos":0,"retain":false,"topic":"\\ud800","payload":"😀"}`},
	{&packets.Puback{PacketID: 1, ReasonCode: 0x10}, `{"type":"PUBACK","packetId":1,"reason":16,"reason_name":"No matching subscribers"}`},
	{&packets.Pubrec{PacketID: 2}, `{"type":"PUBREC","packetId":2}`},
	{&packets.Pubrel{PacketID: 3, Dup: true}, `{"type":"PUBREL","packetId":3,"dup":true}`},
	{&packets.Pubcomp{PacketID: 4, ReasonCode: 0x92}, `{"type":"PUBCOMP","packetId":4,"reason":146,"reason_name":"Packet Identifier not found"}`},
	{&packets.Subscribe{PacketID: 5, Subscriptions: []packets.Subscription{
		{Filter: []byte("a/#"), QoS: 2}, {Filter: []byte("b"), NoLocal: true, RetainAsPublished: true, RetainHandling: 2}}},
		`{"type":"SUBSCRIBE","packetId":5,"filters":[{"topic":"a/#","qos":2},{"topic":"b","qos":0,"noLocal":true,"retainAsPublished":true,"retainHandling":2}]}`},
	{&packets.Suback{PacketID: 5, ReasonCodes: []mqttwire.ReasonCode{2, 0x80}}, `{"type":"SUBACK","packetId":5,"reasons":[2,128]}`},
	{&packets.Unsubscribe{PacketID: 6, Filters: [][]byte{[]byte("a"), []byte("\xED\xA0\x81")}, Dup: true},
		`{"type":"UNSUBSCRIBE","dup":true,"packetId":6,"filters":[{"topic":"a"},{"topic_base64":"7aCB"}]}`},
	{&packets.Unsuback{PacketID: 6, ReasonCodes: []mqttwire.ReasonCode{0, 0x11}}, `{"type":"UNSUBACK","packetId":6,"reasons":[0,17]}`},
	{&packets.Unsuback{PacketID: 6}, `{"type":"UNSUBACK","packetId":6}`},
	{&packets.Pingreq{}, `{"type":"PINGREQ"}`},
	{&packets.Pingresp{}, `{"type":"PINGRESP"}`},
	{&packets.Disconnect{}, `{"type":"DISCONNECT"}`},
	{&packets.Auth{ReasonCode: 0x18, Properties: props(withMethod)},
		`{"type":"AUTH","reason":24,"reason_name":"Continue authentication","props":[{"id":21,"name":"AuthenticationMethod","value":"M"}]}`},
}

func TestEveryPacketHasAJSONFormThatReadsBack(t *testing.T) {
	shown := map[mqttwire.PacketType]bool{}
	for _, c := range jsonForms {
		shown[c.packet.Type()] = true
		b, err := lossless.Append([]byte("before "), c.packet)
		require.NoError(t, err)
		assert.Equal(t, "before "+c.text, string(b))
		got, err := packets.ParseJSON([]byte(c.text))
		require.NoError(t, err, c.text)
		assert.Equal(t, textOf(c.packet), textOf(got))
		again, err := lossless.Append(nil, got)
		require.NoError(t, err)
		assert.Equal(t, c.text, string(again))
	}
	for typ := mqttwire.CONNECT; typ <= mqttwire.AUTH; typ++ {
		assert.True(t, shown[typ], "%s has no form", typ)
	}
}

func TestPackageJSONWritesAPacketByValueAsByPointer(t *testing.T) {
	for _, c := range jsonForms {
		want, err := packets.AppendJSON(nil, c.packet)
		require.NoError(t, err)
		for _, v := range []any{c.packet, reflect.ValueOf(c.packet).Elem().Interface()} {
			got, err := json.Marshal(v)
			require.NoError(t, err)
			assert.Equal(t, string(want), string(got))
		}
	}
}

// requireReadsBack checks that a packet that was read from b in version v is the
// same when it has been JSON.
func requireReadsBack(t require.TestingT, p mqttwire.Packet, v mqttwire.Version, b []byte, where string) {
	text, err := lossless.Append(nil, p)
	require.NoError(t, err, where)
	require.True(t, json.Valid(text), "%s: %s", where, text)
	got, err := packets.ParseJSON(text)
	require.NoError(t, err, where)
	again, err := got.Append(nil, v)
	require.NoError(t, err, where)
	require.Equal(t, b, again, where)
}

func TestJSONLosesNothingOfAnyPacket(t *testing.T) {
	checkGenerated(t, 12, func(t *rapid.T, g generated) {
		requireReadsBack(t, g.packet, g.version, g.bytes, "built")
		p, _ := g.decode(t)
		requireReadsBack(t, p, g.version, g.bytes, "decoded")
		text, err := lossless.Append(nil, g.packet)
		require.NoError(t, err)
		got, err := packets.ParseJSON(text)
		require.NoError(t, err)
		requireSame(t, p, got)
		requireReadsByItsType(t, g.packet, text)
	})
}

// requireReadsByItsType checks that package encoding/json reads the text into a
// packet of the type, and that nothing of the packet before is left.
func requireReadsByItsType(t *rapid.T, p mqttwire.Packet, text []byte) {
	typed := packets.New(p.Type())
	for range 2 {
		require.NoError(t, json.Unmarshal(text, typed))
		requireSame(t, p, typed)
	}
	require.NoError(t, json.Unmarshal([]byte("null"), typed))
	requireSame(t, p, typed)
}

func TestJSONLosesNothingOfTheCorpus(t *testing.T) {
	for _, c := range loadCorpus(t) {
		if !c.Decodes() {
			continue
		}
		p, err := packets.Decode(c.Frame(), c.Version)
		require.NoError(t, err, c.Where())
		requireReadsBack(t, p, c.Version, c.Encodes, c.Where())
	}
}

func TestAbsentAndEmptyAreApartInJSON(t *testing.T) {
	for _, p := range []packets.Connect{
		{Version: v5},
		{Version: v5, UserName: []byte{}},
		{Version: v5, Password: []byte{}},
		{Version: v5, UserName: []byte{}, Password: []byte{}, Will: &packets.Will{}},
	} {
		b, err := lossless.Append(nil, &p)
		require.NoError(t, err)
		var got packets.Connect
		require.NoError(t, json.Unmarshal(b, &got))
		assert.Equal(t, p.UserName == nil, got.UserName == nil, string(b))
		assert.Equal(t, p.Password == nil, got.Password == nil, string(b))
		assert.Equal(t, p.Will == nil, got.Will == nil, string(b))
	}
}

func TestPackageJSONWritesAPacketAndItsParts(t *testing.T) {
	connect := packets.Connect{Version: v5, Will: &packets.Will{Topic: []byte("w")}}
	sub := packets.Subscription{Filter: []byte("f"), NoLocal: true}
	for want, v := range map[string]any{
		`{"type":"PUBLISH","dup":false,"qos":0,"retain":false,"topic":"t","payload":""}`: packets.Publish{Topic: []byte("t")}, // no pointer
		`{"qos":0,"retain":false,"topic":"w","payload":""}`:                              *connect.Will,
		`{"topic":"f","qos":0,"noLocal":true}`:                                           sub,
		`[{"id":35,"name":"TopicAlias","value":7}]`:                                      props(withAlias),
	} {
		b, err := json.Marshal(v)
		require.NoError(t, err)
		assert.Equal(t, want, string(b))
	}
	var will packets.Will
	require.NoError(t, json.Unmarshal([]byte(`{"topic":"w","qos":1}`), &will))
	assert.Equal(t, packets.Will{Topic: []byte("w"), QoS: 1}, will)
	require.NoError(t, json.Unmarshal([]byte(`null`), &will))
	assert.Equal(t, "w", string(will.Topic))
	var got packets.Subscription
	require.NoError(t, json.Unmarshal([]byte(`{"topic":"f","qos":0,"noLocal":true}`), &got))
	assert.Equal(t, sub, got)
	assert.EqualError(t, json.Unmarshal([]byte(`{"topics":"f"}`), &got), "mqttwire: JSON: topics; want a key that the packet has")
	assert.Error(t, got.UnmarshalJSON([]byte(`{`)))
}

func TestJSONHidesSecretsUnlessAsked(t *testing.T) {
	p := packets.Connect{Version: v5, UserName: []byte("alice"), Password: []byte("hunter2"), Properties: props(withMethod,
		func(p *mqttwire.Properties) { p.SetAuthenticationData([]byte("token")) })}
	byValue, err := json.Marshal(p)
	require.NoError(t, err)
	byPointer, err := json.Marshal(&p)
	require.NoError(t, err)
	list, err := json.Marshal(p.Properties)
	require.NoError(t, err)
	appended, err := packets.AppendJSON(nil, &p)
	require.NoError(t, err)
	shown, err := lossless.Append(nil, &p)
	require.NoError(t, err)
	for _, secret := range []string{"alice", "hunter2", "token"} {
		for _, b := range [][]byte{byValue, byPointer, list, appended} {
			assert.NotContains(t, string(b), secret)
		}
		assert.Contains(t, string(shown), secret)
	}
	assert.Equal(t, `{"type":"CONNECT","version":5,"cleanStart":false,"keepAlive":0,"clientId":"","username_len":5,"password_len":7,`+
		`"props":[{"id":21,"name":"AuthenticationMethod","value":"M"},{"id":22,"name":"AuthenticationData","value_len":5}]}`, string(byValue))
	_, err = packets.ParseJSON(byValue)
	assert.EqualError(t, err, "mqttwire: JSON: username_len is 5; want username itself, which was left out of the JSON")
	_, err = packets.JSON{}.ParseProperties(list)
	assert.EqualError(t, err, "mqttwire: JSON: props[1].value_len is 5; want value itself, which was left out of the JSON")
}

func TestErrorsOfJSONShowNoSecret(t *testing.T) {
	const secret = "hunter2"
	for _, text := range []string{
		`{"type":"CONNECT","password":["hunter2"]}`,
		`{"type":"CONNECT","password":{"x":"hunter2"}}`,
		`{"type":"CONNECT","username":"hunter2\ud800"}`,
		`{"type":"CONNECT","pasword":"hunter2"}`,
		`{"type":"CONNECT","password":"hunter2","password_base64":"hunter2"}`,
		`{"type":"CONNECT","password_base64":"hunter2"}`,
		`{"type":"CONNECT","password":"hunter2","password":"x"}`,
		`{"type":"CONNECT","will":[{"password":"hunter2"}]}`,
		`{"type":"AUTH","props":{"value":"hunter2"}}`,
		`{"type":"AUTH","props":[{"id":22,"value":["hunter2"]}]}`,
		`{"type":"AUTH","props":[{"id":22,"value":"hunter2\udc00"}]}`,
		`{"type":"AUTH","props":[["hunter2"]]}`,
		`[{"password":"hunter2"}]`,
	} {
		_, err := packets.ParseJSON([]byte(text))
		require.Error(t, err, text)
		assert.NotContains(t, err.Error(), secret, text)
	}
}

func TestLongPayloadsAreCutOnDemandAndThenRefused(t *testing.T) {
	o := packets.JSON{MaxPayload: 3}
	p := &packets.Publish{Topic: []byte("t"), Payload: []byte("abc")}
	b, err := o.Append(nil, p)
	require.NoError(t, err)
	assert.Contains(t, string(b), `"payload":"abc"`)
	p.Payload = []byte("abcd")
	b, err = o.Append(nil, p)
	require.NoError(t, err)
	assert.Equal(t, `{"type":"PUBLISH","dup":false,"qos":0,"retain":false,"topic":"t","payload_len":4}`, string(b))
	_, err = packets.ParseJSON(b)
	assert.EqualError(t, err, "mqttwire: JSON: payload_len is 4; want payload itself, which was left out of the JSON")
	b, err = o.Append(nil, &packets.Connect{Version: v5, Will: &packets.Will{Payload: p.Payload}})
	require.NoError(t, err)
	assert.Contains(t, string(b), `"payload_len":4`)
}

func TestJSONThatCannotBeReadNamesKeyAndValue(t *testing.T) {
	long := strings.Repeat("é", 100)
	for text, want := range map[string]string{
		``:                                 ": unexpected end of JSON input",
		`{"type":"PINGREQ"} x`:             ": invalid character 'x' after top-level value",
		"{\"type\":\"PINGREQ\xFF\"}":       "; want UTF-8",
		`null`:                             " is null; want an object",
		`["PINGREQ"]`:                      " is a list; want an object",
		`{}`:                               ": type; want the name of a packet type, such as \"PUBLISH\"",
		`{"type":"pingreq"}`:               ": type is \"pingreq\"; want the name of a packet type, such as \"PUBLISH\"",
		`{"type":16}`:                      ": type is 16; want the name of a packet type, such as \"PUBLISH\"",
		`{"type":"PINGREQ","qos":0}`:       ": qos; want a key that the packet has",
		`{"type":"PINGREQ","\u001b[2J":0}`: `: \u001b[2J; want a key that the packet has`,
		`{"type":"PUBLISH","QoS":1,"PacketId":0}`:                                     ": PacketId; want a key that the packet has",
		`{"type":"PUBLISH","qos":1,"qos":2}`:                                          ": qos; want each key once",
		`{"type":"PUBLISH","\u001b":1,"\u001b":2}`:                                    `: \u001b; want each key once`,
		`{"type":"PUBLISH","qos":"high"}`:                                             ": qos is \"high\"; want a whole number, 0 to 255",
		`{"type":"PUBLISH","qos":"` + long + `"}`:                                     ": qos is \"" + long[:64] + "...\"; want a whole number, 0 to 255",
		`{"type":"PUBLISH","qos":"` + "a" + long + `"}`:                               ": qos is \"a" + long[:62] + "...\"; want a whole number, 0 to 255",
		`{"type":"PUBLISH","qos":"\u001b"}`:                                           ": qos is \"\\u001b\"; want a whole number, 0 to 255",
		`{"type":"PUBLISH","qos":-1}`:                                                 ": qos is -1; want a whole number, 0 to 255",
		`{"type":"PUBLISH","qos":1e0}`:                                                ": qos is 1e0; want a whole number, 0 to 255",
		`{"type":"PUBLISH","qos":256}`:                                                ": qos is 256; want a whole number, 0 to 255",
		`{"type":"PUBLISH","packetId":65536}`:                                         ": packetId is 65536; want a whole number, 0 to 65535",
		`{"type":"PUBLISH","retain":1}`:                                               ": retain is 1; want true or false",
		`{"type":"PUBLISH","topic":null}`:                                             ": topic is null; want text",
		`{"type":"PUBLISH","topic":"\ud83d"}`:                                         ": topic is \"\uFFFD\"; want text without half of a surrogate pair",
		`{"type":"PUBLISH","topic":"\ud83d\n"}`:                                       ": topic is \"\uFFFD\\u000a\"; want text without half of a surrogate pair",
		`{"type":"PUBLISH","topic":"\ude00"}`:                                         ": topic is \"\uFFFD\"; want text without half of a surrogate pair",
		`{"type":"PUBLISH","topic":"a","topic_base64":"YQ=="}`:                        ": topic_base64; want only one of it and topic",
		`{"type":"PUBLISH","payload_base64":"*"}`:                                     ": payload_base64 is \"*\"; want text in base64",
		`{"type":"PUBLISH","payload_base64":"YQ==\r\n"}`:                              ": payload_base64 is \"YQ==\\u000d\\u000a\"; want text in base64",
		`{"type":"PUBLISH","payload_base64":"Y\nQ=="}`:                                ": payload_base64 is \"Y\\u000aQ==\"; want text in base64",
		`{"type":"PUBLISH","payload_base64":"YR=="}`:                                  ": payload_base64 is \"YR==\"; want text in base64",
		`{"type":"PUBLISH","payload_base64":"YQ"}`:                                    ": payload_base64 is \"YQ\"; want text in base64",
		`{"type":"PUBLISH","payload_base64":"_-8="}`:                                  ": payload_base64 is \"_-8=\"; want text in base64",
		`{"type":"PUBLISH","payload_base64":7}`:                                       ": payload_base64 is 7; want text in base64",
		`{"type":"SUBSCRIBE","filters":"a"}`:                                          ": filters is \"a\"; want a list",
		`{"type":"SUBSCRIBE","filters":["a"]}`:                                        ": filters[0] is \"a\"; want an object",
		`{"type":"SUBSCRIBE","filters":[{"topic":"a"},{"topic":"b","nolocal":true}]}`: ": filters[1].nolocal; want a key that the packet has",
		`{"type":"SUBACK","reasons":[0,300]}`:                                         ": reasons[1] is 300; want a whole number, 0 to 255",
		`{"type":"SUBACK","reasons":null}`:                                            ": reasons is null; want a list",
		`{"type":"CONNECT","will":"w"}`:                                               ": will is \"w\"; want an object",
		`{"type":"CONNECT","will":{"qos":true}}`:                                      ": will.qos is true; want a whole number, 0 to 255",
		`{"type":"CONNECT","version":"5.0","will":{}}`:                                ": version is \"5.0\"; want a whole number, 0 to 255",
		`{"type":"CONNECT","will":{"props":[{"id":24,"value":4294967296}]}}`:          ": will.props[0].value is 4294967296; want a whole number, 0 to 4294967295",
		`{"type":"AUTH","props":[{}]}`:                                                ": props[0].id; want the identifier of a property",
		`{"type":"AUTH","props":[{"id":99,"value":1}]}`:                               ": props[0].id is 99; want the identifier of a property",
		`{"type":"AUTH","props":[{"name":"Topic Alias","value":1}]}`:                  ": props[0].name is \"Topic Alias\"; want the name of the property, such as \"TopicAlias\"",
		`{"type":"AUTH","props":[{"name":7,"value":1}]}`:                              ": props[0].name is 7; want text",
		`{"type":"AUTH","props":[{"id":34,"name":"TopicAlias","value":1}]}`:           ": props[0].name is \"TopicAlias\"; want the name of the property, such as \"TopicAlias\"",
		`{"type":"AUTH","props":[{"id":35,"value":65536}]}`:                           ": props[0].value is 65536; want a whole number, 0 to 65535",
		`{"type":"AUTH","props":[{"id":36,"value":256}]}`:                             ": props[0].value is 256; want a whole number, 0 to 255",
		`{"type":"AUTH","props":[{"id":35}]}`:                                         ": props[0].value; want a number",
		`{"type":"AUTH","props":[{"id":31}]}`:                                         ": props[0].value; want text",
		`{"type":"AUTH","props":[{"id":38,"value":"v"}]}`:                             ": props[0].key; want text",
		`{"type":"AUTH","props":[{"id":31,"value":"v","key":"k"}]}`:                   ": props[0].key; want a key that the packet has",
	} {
		p, err := packets.ParseJSON([]byte(text))
		assert.Nil(t, p, text)
		var e *packets.JSONError
		require.ErrorAs(t, err, &e, text)
		assert.Equal(t, "mqttwire: JSON"+want, err.Error(), text)
	}
}

func TestTheTypeMayBeWrittenWithEscapesAsAnyText(t *testing.T) {
	p, err := packets.ParseJSON([]byte(`{"type":"P\u0049NGREQ"}`))
	require.NoError(t, err)
	assert.Equal(t, &packets.Pingreq{}, p)
	assert.NoError(t, new(packets.Pingreq).UnmarshalJSON([]byte(`{"type":"P\u0049NGREQ"}`)))
	assert.Error(t, new(packets.Pingresp).UnmarshalJSON([]byte(`{"type":"P\u0049NGREQ"}`)))
}

func TestUnmarshalJSONRefusesAnotherTypeAndLeavesThePacketReset(t *testing.T) {
	p := packets.Publish{Topic: []byte("t"), QoS: 1, PacketID: 1}
	require.EqualError(t, json.Unmarshal([]byte(`{"type":"PUBACK","packetId":1}`), &p), `mqttwire: JSON: type is "PUBACK"; want "PUBLISH"`)
	assert.Equal(t, packets.Publish{}, p)
	require.NoError(t, json.Unmarshal([]byte(`{"topic":"t"}`), &p), "the type goes without saying")
	assert.Equal(t, packets.Publish{Topic: []byte("t")}, p)
	require.Error(t, p.UnmarshalJSON([]byte(`{"topic":"t"`)))
	assert.Equal(t, packets.Publish{}, p)
	require.Error(t, json.Unmarshal([]byte(`{"topic":"u","qos":"x"}`), &p))
	assert.Equal(t, packets.Publish{}, p)
	var e *json.SyntaxError
	require.ErrorAs(t, p.UnmarshalJSON([]byte(`{`)), &e)
}

func TestOtherKeysArePassedOverOnDemand(t *testing.T) {
	const line = `{"ts":"1","type":"PUBACK","packetId":7,"src":{"qos":"high"}}`
	_, err := packets.ParseJSON([]byte(line))
	assert.EqualError(t, err, "mqttwire: JSON: src; want a key that the packet has")
	p, err := packets.JSON{OtherKeys: true}.Parse([]byte(line))
	require.NoError(t, err)
	assert.Equal(t, &packets.Puback{PacketID: 7}, p)
}

func TestPropertiesAreReadByNumberOrName(t *testing.T) {
	want := props(withAlias, withUser)
	for _, text := range []string{
		` [{"id":35,"value":7},{"id":38,"key":"k","value":"v"}] `,
		`[{"name":"TopicAlias","value":7},{"name":"UserProperty","key":"k","value_base64":"dg=="}]`,
		`[{"name":"TopicAlias","id":35,"value":7},{"value":"v","key_base64":"aw==","name":"UserProperty"}]`,
	} {
		got, err := packets.JSON{}.ParseProperties([]byte(text))
		require.NoError(t, err, text)
		assert.True(t, want.Equal(got), "%s: %v", text, got)
	}
	for text, want := range map[string]string{
		`[`:          ": unexpected end of JSON input",
		`{}`:         ": props is an object; want a list",
		`[{"id":0}]`: ": props[0].id is 0; want the identifier of a property",
	} {
		_, err := packets.JSON{}.ParseProperties([]byte(text))
		assert.EqualError(t, err, "mqttwire: JSON"+want)
	}
}

func TestAPropertyListAloneIsWrittenAsInAPacket(t *testing.T) {
	list := props(withMethod, withData)
	b, err := lossless.AppendProperties([]byte("x"), list)
	require.NoError(t, err)
	assert.Equal(t, `x[{"id":21,"name":"AuthenticationMethod","value":"M"},{"id":22,"name":"AuthenticationData","value":"D"}]`, string(b))
	got, err := packets.JSON{}.ParseProperties(b[1:])
	require.NoError(t, err)
	assert.True(t, list.Equal(got))
	b, err = packets.JSON{}.AppendProperties(nil, list)
	require.NoError(t, err)
	assert.Contains(t, string(b), `"value_len":1`)
}

func TestJSONOfNoLegalPacketIsRefusedWithThePacketsOwnError(t *testing.T) {
	long := strings.Repeat("x", 65536)
	for text, rule := range map[string]mqttwire.Rule{
		`{"type":"PUBLISH","topic":"t","qos":3}`:                       mqttwire.RuleQoS,
		`{"type":"PUBLISH","topic":"t/#"}`:                             mqttwire.RuleTopicWildcard,
		`{"type":"PUBLISH"}`:                                           mqttwire.RuleTopicOrAlias,
		`{"type":"PUBLISH","topic":"` + long + `"}`:                    mqttwire.RuleStringLength,
		`{"type":"PUBACK"}`:                                            mqttwire.RulePacketIDZero,
		`{"type":"PUBACK","packetId":1,"reason":1}`:                    mqttwire.RuleReasonCode,
		`{"type":"PUBACK","packetId":1,"props":[{"id":35,"value":1}]}`: mqttwire.RulePropertyNotAllowed,
		`{"type":"SUBSCRIBE","packetId":1,"filters":[]}`:               mqttwire.RuleNoFilters,
		`{"type":"SUBSCRIBE","packetId":1,"filters":[{"topic":"a"}],"props":[{"id":11,"value":1},{"id":11,"value":2}]}`: mqttwire.RulePropertyRepeated,
		`{"type":"CONNECT","version":9}`: mqttwire.RuleVersion,
	} {
		p, err := packets.ParseJSON([]byte(text))
		require.NoError(t, err, text)
		v := v5
		if p.Type() == mqttwire.CONNECT {
			v = 0
		}
		b, err := p.Append([]byte("dst"), v)
		var e *mqttwire.Error
		require.ErrorAs(t, err, &e, text)
		assert.Equal(t, rule, e.Rule, "%s: %v", text, err)
		assert.Equal(t, "dst", string(b))
	}
}

func TestJSONOfAPropertyThatIsRefusedIsRefusedAtOnce(t *testing.T) {
	long := strings.Repeat("x", 65536)
	for _, test := range []struct {
		props, place string
		rule         mqttwire.Rule
	}{
		{`{"id":35,"value":1},{"id":35,"value":2}`, "props[1]", mqttwire.RulePropertyRepeated},
		{`{"id":35,"value":0},{"id":35,"value":1}`, "props[0]", mqttwire.RuleTopicAliasZero},
		{`{"id":35,"value":1},{"id":35,"value":0}`, "props[1]", mqttwire.RulePropertyRepeated},
		{`{"id":35,"value":0},{"id":2,"value":9}`, "props[0]", mqttwire.RuleTopicAliasZero},
		{`{"id":3,"value":"a"},{"id":3,"value":"a"}`, "props[1]", mqttwire.RulePropertyRepeated},
		{`{"id":3,"value":"a"},{"id":3,"value":"b"}`, "props[1]", mqttwire.RulePropertyRepeated},
		{`{"id":3,"value":"\u0000"},{"id":3,"value":"b"}`, "props[0]", mqttwire.RuleNUL},
		{`{"id":1,"value":2}`, "props[0]", mqttwire.RulePropertyBool},
		{`{"id":11,"value":268435456}`, "props[0]", mqttwire.RuleVarintLength},
		{`{"id":11,"value":0},{"id":11,"value":1}`, "props[0]", mqttwire.RulePropertyZero},
		{`{"id":8,"value":"+"}`, "props[0]", mqttwire.RuleResponseTopicWildcard},
		{`{"id":38,"key":"` + long + `","value":""}`, "props[0]", mqttwire.RuleStringLength},
	} {
		list := `[` + test.props + `]`
		whole := `{"type":"PUBLISH","topic":"t","props":` + list + `}`
		_, whenParsed := packets.ParseJSON([]byte(whole))
		_, whenAlone := packets.JSON{}.ParseProperties([]byte(list))
		p := packets.Publish{Topic: []byte("old")}
		for _, err := range []error{whenParsed, whenAlone, json.Unmarshal([]byte(whole), &p)} {
			var at *packets.JSONError
			require.ErrorAs(t, err, &at, test.props)
			assert.Equal(t, test.place, at.Key, test.props)
			var e *mqttwire.Error
			require.ErrorAs(t, err, &e, test.props)
			assert.Equal(t, test.rule, e.Rule, test.props)
			assert.True(t, e.Own)
		}
		assert.Zero(t, p, "is left reset")
		var e *mqttwire.Error
		require.ErrorAs(t, whenParsed, &e)
		assert.Equal(t, mqttwire.PUBLISH, e.Type)
	}
	_, err := packets.ParseJSON([]byte(`{"type":"CONNECT","version":5,"will":{"topic":"t","props":[{"id":24,"value":1},{"id":24,"value":1}]}}`))
	assert.EqualError(t, err, "mqttwire: JSON: will.props[1]: mqttwire: own CONNECT (5.0) protocol error: Will Delay Interval; "+
		"this property is present at most once [U-3.1.3.2.2-1], reason 0x82 Protocol Error")
}

func TestAPacketWithARefusedPropertyHasNoJSON(t *testing.T) {
	bad := props(withUser, func(p *mqttwire.Properties) { p.SetTopicAlias(0) })
	p := &packets.Publish{Topic: []byte("t"), Properties: bad}
	var e *mqttwire.Error
	b, err := packets.AppendJSON([]byte("dst"), p)
	require.ErrorAs(t, err, &e)
	assert.Equal(t, mqttwire.RuleTopicAliasZero, e.Rule)
	assert.Equal(t, "dst", string(b))
	_, err = json.Marshal(p)
	require.ErrorAs(t, err, &e)
	_, err = json.Marshal(packets.Publish{Properties: props(func(p *mqttwire.Properties) { p.SetTopicAlias(0) })})
	require.ErrorAs(t, err, &e, "with nothing else in the list")
	_, err = packets.AppendJSON(nil, &packets.Connect{Will: &packets.Will{Properties: bad}, Properties: props(withMethod)})
	require.ErrorAs(t, err, &e)
	assert.Equal(t, mqttwire.RuleTopicAliasZero, e.Rule)
}

type foreignPacket struct{ mqttwire.Packet }

func TestOnlyPacketsOfThisPackageHaveJSON(t *testing.T) {
	for _, p := range []mqttwire.Packet{nil, foreignPacket{}} {
		b, err := packets.AppendJSON([]byte("dst"), p)
		assert.EqualError(t, err, "mqttwire: JSON: type; want that of a packet of package packets")
		assert.Equal(t, "dst", string(b))
	}
}

func TestAppendingJSONIntoMemoryOfOnesOwnAllocatesTheWriterOnly(t *testing.T) {
	p := &packets.Publish{Topic: []byte("t"), Payload: []byte("on"), Properties: props(withAlias)}
	buf := make([]byte, 0, 1<<10)
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		b, err := packets.AppendJSON(buf, p)
		if err != nil || len(b) == 0 {
			t.Fatal(err)
		}
	}), 2.0, "the writer, and a property's name")
}

// FuzzJSON reads any bytes as a packet. One that is read and is legal in a version
// comes back the same, from JSON and from the wire.
func FuzzJSON(f *testing.F) {
	for _, c := range jsonForms {
		f.Add([]byte(c.text))
	}
	f.Add([]byte(`{"type":"PUBLISH","topic":"\ud83d\ude00","props":[{"name":"TopicAlias","value":1},{"id":35,"value":2}]}`))
	f.Add([]byte(`{"type":"SUBACK","reasons":[0,300],"x":{"y":[null]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := packets.ParseJSON(text)
		if err != nil {
			var e *packets.JSONError
			require.ErrorAs(t, err, &e)
			require.True(t, utf8.ValidString(err.Error()))
			return
		}
		require.NotEmpty(t, fmt.Sprint(p))
		for v := mqttwire.V31; v <= mqttwire.V5; v++ {
			b, err := p.Append(nil, v)
			if err != nil {
				var e *mqttwire.Error
				require.ErrorAs(t, err, &e)
				continue
			}
			if _, err := lossless.Append(nil, p); err != nil { // properties that only 5.0 has a place for
				require.NotEqual(t, v5, v)
			} else {
				requireReadsBack(t, p, v, b, "as JSON")
			}
			f, _, err := mqttwire.CutFrame(b, 0)
			require.NoError(t, err)
			q, err := packets.Decode(f, v)
			require.NoError(t, err)
			requireReadsBack(t, q, v, b, "from the wire")
		}
	})
}
