package packets_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// logged returns what the two handlers of package log/slog write of a value, without
// time and level.
func logged(value any) (text, json string) {
	var a, b bytes.Buffer
	o := &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key != "p" {
			return slog.Attr{}
		}
		return a
	}}
	slog.New(slog.NewTextHandler(&a, o)).Info("", "p", value)
	slog.New(slog.NewJSONHandler(&b, o)).Info("", "p", value)
	return strings.TrimSpace(a.String()), strings.TrimSpace(b.String())
}

func TestLogsHaveTheFieldsOfAPacketInGroups(t *testing.T) {
	publish := packets.Publish{Topic: []byte("plant/1"), QoS: 1, PacketID: 7, Payload: []byte("secret?"), Properties: props(withAlias, withUser, withUser)}
	for _, c := range []struct {
		packet     any
		text, json string
	}{
		{publish,
			`p.type=PUBLISH p.dup=false p.qos=1 p.retain=false p.topic=plant/1 p.packetId=7 p.props.TopicAlias=7 p.props.UserProperty="[k=v k=v]" p.payload_len=7`,
			`{"p":{"type":"PUBLISH","dup":false,"qos":1,"retain":false,"topic":"plant/1","packetId":7,"props":{"TopicAlias":7,"UserProperty":["k=v","k=v"]},"payload_len":7}}`},
		{&packets.Connack{ReasonCode: 0x87},
			`p.type=CONNACK p.sessionPresent=false p.reason=135 p.reason_name="Not authorized"`,
			`{"p":{"type":"CONNACK","sessionPresent":false,"reason":135,"reason_name":"Not authorized"}}`},
		{&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("a/#")}, {Filter: []byte("\xFF"), QoS: 2, NoLocal: true}}},
			`p.type=SUBSCRIBE p.packetId=1 p.filters.0.topic=a/# p.filters.0.qos=0 p.filters.1.topic=\xff p.filters.1.qos=2 p.filters.1.noLocal=true`,
			`{"p":{"type":"SUBSCRIBE","packetId":1,"filters":{"0":{"topic":"a/#","qos":0},"1":{"topic":"\\xff","qos":2,"noLocal":true}}}}`},
		{&packets.Suback{PacketID: 1, ReasonCodes: []mqttwire.ReasonCode{1, 0x80}},
			`p.type=SUBACK p.packetId=1 p.reasons="[1 128]"`, `{"p":{"type":"SUBACK","packetId":1,"reasons":[1,128]}}`},
		{&packets.Unsuback{PacketID: 1}, `p.type=UNSUBACK p.packetId=1`, `{"p":{"type":"UNSUBACK","packetId":1}}`},
		{&packets.Connect{Version: mqttwire.V311, Will: &packets.Will{Topic: []byte("w"), Payload: []byte("x")}},
			`p.type=CONNECT p.version=4 p.cleanStart=false p.keepAlive=0 p.clientId="" p.will.qos=0 p.will.retain=false p.will.topic=w p.will.payload_len=1`,
			`{"p":{"type":"CONNECT","version":4,"cleanStart":false,"keepAlive":0,"clientId":"","will":{"qos":0,"retain":false,"topic":"w","payload_len":1}}}`},
		{&packets.Disconnect{ReasonCode: 4}, `p.type=DISCONNECT p.reason=4 p.reason_name="Disconnect with Will Message"`,
			`{"p":{"type":"DISCONNECT","reason":4,"reason_name":"Disconnect with Will Message"}}`},
	} {
		text, json := logged(c.packet)
		assert.Equal(t, c.text, text)
		assert.Equal(t, c.json, json)
	}
}

func TestLogsShowNoSecret(t *testing.T) {
	p := packets.Connect{Version: v5, UserName: []byte("alice"), Password: []byte("hunter2"), Will: &packets.Will{Payload: []byte("payload")},
		Properties: props(withMethod, func(p *mqttwire.Properties) { p.SetAuthenticationData([]byte("token")) })}
	for _, value := range []any{p, &p, p.Properties} {
		text, json := logged(value)
		for _, secret := range []string{"alice", "hunter2", "token"} {
			assert.NotContains(t, text, secret)
			assert.NotContains(t, json, secret)
		}
	}
	text, _ := logged(p)
	assert.Contains(t, text, " p.username_len=5 p.password_len=7 ")
	assert.Contains(t, text, " p.props.AuthenticationData_len=5")
	p.UserName, p.Password = nil, []byte{}
	text, _ = logged(p)
	assert.NotContains(t, text, "username")
	assert.Contains(t, text, "password_len=0")
}

func TestLogsOfAPacketAreBounded(t *testing.T) {
	wild := []byte(strings.Repeat("é\xFF", 20000))
	many := &packets.Subscribe{Subscriptions: make([]packets.Subscription, 1000), Properties: props(withUser)}
	codes := &packets.Suback{ReasonCodes: make([]mqttwire.ReasonCode, 1000)}
	var list mqttwire.PropertyBuilder
	list.Reset()
	for range 1000 {
		list.AddUser(bytes.Repeat([]byte("k"), 300), bytes.Repeat([]byte("é"), 300))
	}
	for i := range many.Subscriptions {
		many.Subscriptions[i].Filter = wild
	}
	for _, p := range []any{many, codes, &packets.Publish{Topic: wild, Payload: wild}, &packets.Puback{Properties: list.Properties()}} {
		text, json := logged(p)
		assert.Less(t, len(text), 32<<10)
		assert.Less(t, len(json), 32<<10)
		assert.True(t, utf8.ValidString(text) && utf8.ValidString(json))
	}
	text, _ := logged(codes)
	assert.Contains(t, text, " p.reasons_more=984")
	text, _ = logged(many)
	assert.Contains(t, text, " p.filters_more=984 ")
	text, _ = logged(&packets.Puback{Properties: list.Properties()})
	assert.Contains(t, text, " p.props_more=984")
}

func TestLogsCutTextBetweenCharacters(t *testing.T) {
	for n := range 4 {
		text, _ := logged(&packets.Publish{Topic: []byte(strings.Repeat("a", 125+n) + "😀😀")})
		if n == 0 || n == 1 || n == 2 {
			assert.Contains(t, text, strings.Repeat("a", 125+n)+"... ")
		} else {
			assert.Contains(t, text, strings.Repeat("a", 128)+"... ")
		}
	}
	text, _ := logged(&packets.Publish{Topic: []byte(strings.Repeat("a", 124) + "😀😀")})
	assert.Contains(t, text, "a😀... ")
}

func TestEveryPacketIsLoggedInOneLineByEveryHandler(t *testing.T) {
	checkGenerated(t, 3, func(t *rapid.T, g generated) {
		text, json := logged(g.packet)
		require.True(t, strings.HasPrefix(text, "p.type="+g.packet.Type().String()), text)
		require.True(t, strings.HasPrefix(json, `{"p":{"type":"`+g.packet.Type().String()+`"`), json)
		require.NotContains(t, text+json, "\n")
		require.True(t, utf8.ValidString(text+json))
		v := g.packet.(slog.LogValuer).LogValue()
		require.Equal(t, slog.KindGroup, v.Kind())
	})
}

func TestAPacketCostsNothingWhereItsLevelIsNotLogged(t *testing.T) {
	logger := slog.New(slog.NewTextHandler(&bytes.Buffer{}, &slog.HandlerOptions{Level: slog.LevelInfo}))
	p := &packets.Publish{Topic: []byte("t"), Properties: props(withAlias)}
	var err error = mqttwire.NewError(mqttwire.RuleQoS, mqttwire.PUBLISH, v5, mqttwire.FieldQoS, 0, 3)
	ctx := context.Background()
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		logger.LogAttrs(ctx, slog.LevelDebug, "received", slog.Any("packet", p))
	}))
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		logger.LogAttrs(ctx, slog.LevelDebug, "refused", slog.Any("error", packets.LogError(err)))
	}), 1.0, "the value in an interface")
}

func TestErrorsAreLoggedInGroups(t *testing.T) {
	e := mqttwire.NewError(mqttwire.RuleQoS, mqttwire.PUBLISH, v5, mqttwire.FieldQoS, 0, 3)
	e.Sender, e.Connected = mqttwire.FromClient, true
	message := strings.TrimPrefix(e.Error(), "mqttwire: ")
	text, _ := logged(packets.LogError(e))
	assert.Contains(t, string(e.AppendJSON(nil)), `{"message":"`+message+`",`)
	assert.Contains(t, text, `p.message="`+message+`" p.rule`)
	text, json := logged(packets.LogError(fmt.Errorf("reading: %w", e)))
	assert.Equal(t, `p.message="reading: `+message+`" p.rule=qos p.packet=PUBLISH p.version=5 p.field=QoS p.offset=0 p.found=3 `+
		`p.allowed="QoS is 0, 1 or 2" p.statement=MQTT-3.3.1-4 p.reason=129 p.reason_name="Malformed Packet" p.class="malformed packet" `+
		`p.sender=client p.connected=true`, text)
	assert.Contains(t, json, `"rule":"qos","packet":"PUBLISH","version":5,"field":"QoS","offset":0,"found":3,`)
	text, _ = logged(packets.LogError(errors.New("broken pipe")))
	assert.Equal(t, `p="broken pipe"`, text)
	_, json = logged(packets.LogError(nil))
	assert.Equal(t, `{"p":null}`, json)
	_, json = logged(packets.LogError((*mqttwire.Error)(nil)))
	assert.Equal(t, `{"p":null}`, json)
	_, json = logged(packets.LogError(fmt.Errorf("reading: %w", error((*mqttwire.Error)(nil)))))
	assert.Equal(t, `{"p":"reading: <nil>"}`, json)
	_, json = logged(e)
	assert.Contains(t, json, `"rule":"qos"`, "as it is, by its MarshalJSON")
}
