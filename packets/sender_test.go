package packets_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

func TestCheckSenderKnowsTheDirectionOfEveryPacket(t *testing.T) {
	for typ := mqttwire.CONNECT; typ <= mqttwire.AUTH; typ++ {
		for _, v := range []mqttwire.Version{v31, v311, v5} {
			for _, from := range []mqttwire.Sender{mqttwire.FromClient, mqttwire.FromServer} {
				p := packets.New(typ)
				if auth, ok := p.(*packets.Auth); ok {
					auth.ReasonCode = mqttwire.ReasonContinueAuthentication
				}
				err := packets.CheckSender(p, v, from)
				if typ.MayBeSentBy(from, v) {
					assert.NoError(t, err, "%s from the %s in %s", typ, from, v)
					continue
				}
				var e *mqttwire.Error
				require.ErrorAs(t, err, &e, "%s from the %s in %s", typ, from, v)
				assert.Equal(t, mqttwire.RuleDirection, e.Rule)
				assert.NotEmpty(t, e.Statement)
			}
		}
	}
}

func TestCheckSenderKnowsWhoMaySendAReasonCode(t *testing.T) {
	refused := map[mqttwire.PacketType]int{}
	for typ := range mqttwire.PacketType(16) {
		for code := range 256 {
			p, c := packetWithCode(typ, mqttwire.ReasonCode(code)), mqttwire.ReasonCode(code)
			if p == nil || !c.AllowedIn(typ, v5, 0) {
				continue
			}
			for _, from := range []mqttwire.Sender{mqttwire.FromClient, mqttwire.FromServer} {
				err := packets.CheckSender(p, v5, from)
				switch {
				case !typ.MayBeSentBy(from, v5):
				case c.AllowedIn(typ, v5, from):
					assert.NoError(t, err, "%s in %s from the %s", c, typ, from)
				default:
					refused[typ]++
					var e *mqttwire.Error
					require.ErrorAs(t, err, &e, "%s in %s from the %s", c, typ, from)
					assert.Equal(t, mqttwire.RuleReasonSender, e.Rule)
					assert.EqualValues(t, c, e.Found)
					assert.NotEmpty(t, e.Statement)
				}
			}
		}
	}
	assert.Len(t, refused, 4, "PUBACK, PUBREC, DISCONNECT, AUTH: %v", refused)
}

// packetWithCode returns a packet of type t with the code, or nil if the type has
// none, or a list of them.
func packetWithCode(t mqttwire.PacketType, c mqttwire.ReasonCode) mqttwire.Packet {
	p := packets.New(t)
	if p == nil {
		return nil
	}
	field := reflect.ValueOf(p).Elem().FieldByName("ReasonCode")
	if !field.IsValid() {
		return nil
	}
	field.SetUint(uint64(c))
	return p
}

func TestAConnectTellsItsVersionToTheChecks(t *testing.T) {
	p := &packets.Connect{Version: v5, ClientID: []byte("a\x01")}
	assert.NoError(t, packets.CheckSender(p, 0, mqttwire.FromClient))
	assert.Error(t, packets.CheckSender(p, 0, mqttwire.FromServer))
	assert.Error(t, packets.CheckOptional(p, 0))
	p.Version = v31
	assert.NoError(t, packets.CheckOptional(p, 0), "3.1 advises against nothing")
}

func TestOptionalRulesAreFoundInEveryTextField(t *testing.T) {
	bad := []byte("a\x7F")
	text := func(set func(*mqttwire.Properties)) mqttwire.Properties { return props(set) }
	reason := text(func(p *mqttwire.Properties) { p.SetReasonString(bad) })
	user := text(func(p *mqttwire.Properties) { p.AddUser(bad, nil) })
	utf8 := text(func(p *mqttwire.Properties) { p.SetPayloadFormatIndicator(1) })
	for name, c := range map[string]struct {
		p    mqttwire.Packet
		rule mqttwire.Rule
	}{
		"client identifier": {&packets.Connect{ClientID: bad}, mqttwire.RuleDiscouraged},
		"user name":         {&packets.Connect{UserName: bad}, mqttwire.RuleDiscouraged},
		"will topic":        {&packets.Connect{Will: &packets.Will{Topic: bad}}, mqttwire.RuleDiscouraged},
		"will property":     {&packets.Connect{Will: &packets.Will{Topic: []byte("w"), Properties: user}}, mqttwire.RuleDiscouraged},
		"will payload":      {&packets.Connect{Will: &packets.Will{Topic: []byte("w"), Payload: []byte{0xFF}, Properties: utf8}}, mqttwire.RulePayloadFormat},
		"CONNECT property":  {&packets.Connect{Properties: user}, mqttwire.RuleDiscouraged},
		"CONNACK":           {&packets.Connack{Properties: reason}, mqttwire.RuleDiscouraged},
		"topic name":        {&packets.Publish{Topic: bad}, mqttwire.RuleDiscouraged},
		"PUBLISH property":  {&packets.Publish{Topic: []byte("a"), Properties: user}, mqttwire.RuleDiscouraged},
		"payload":           {&packets.Publish{Topic: []byte("a"), Payload: []byte{0xC0}, Properties: utf8}, mqttwire.RulePayloadFormat},
		"PUBACK":            {&packets.Puback{Properties: reason}, mqttwire.RuleDiscouraged},
		"PUBREC":            {&packets.Pubrec{Properties: reason}, mqttwire.RuleDiscouraged},
		"PUBREL":            {&packets.Pubrel{Properties: reason}, mqttwire.RuleDiscouraged},
		"PUBCOMP":           {&packets.Pubcomp{Properties: reason}, mqttwire.RuleDiscouraged},
		"filter":            {&packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: bad}}}, mqttwire.RuleDiscouraged},
		"SUBSCRIBE":         {&packets.Subscribe{Properties: user}, mqttwire.RuleDiscouraged},
		"SUBACK":            {&packets.Suback{Properties: reason}, mqttwire.RuleDiscouraged},
		"UNSUBSCRIBE":       {&packets.Unsubscribe{Filters: [][]byte{bad}}, mqttwire.RuleDiscouraged},
		"UNSUBACK":          {&packets.Unsuback{Properties: reason}, mqttwire.RuleDiscouraged},
		"DISCONNECT":        {&packets.Disconnect{Properties: reason}, mqttwire.RuleDiscouraged},
		"AUTH":              {&packets.Auth{ReasonCode: 0x18, Properties: reason}, mqttwire.RuleDiscouraged},
		"AUTH without body": {&packets.Auth{}, mqttwire.RuleAuthEmpty},
	} {
		var e *mqttwire.Error
		require.ErrorAs(t, packets.CheckOptional(c.p, v5), &e, name)
		assert.Equal(t, c.rule.String(), e.Rule.String(), name)
	}
	var e *mqttwire.Error
	require.ErrorAs(t, packets.CheckOptional(&packets.Connect{Will: &packets.Will{Topic: []byte("w"), Properties: user}}, v5), &e)
	assert.EqualValues(t, "Will User Property", e.Field)
	// U+0000 is not excluded from a payload, and without the indicator it is bytes.
	assert.NoError(t, packets.CheckOptional(&packets.Publish{Topic: []byte("a"), Payload: []byte{0}, Properties: utf8}, v5))
	assert.NoError(t, packets.CheckOptional(&packets.Publish{Topic: []byte("a"), Payload: []byte{0xFF}}, v5))
	assert.NoError(t, packets.CheckOptional(&packets.Pingreq{}, v5))
}
