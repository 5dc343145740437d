package mqttwire_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

func TestAnErrorAsJSONSaysAllThatIsKnown(t *testing.T) {
	e := mqttwire.NewError(mqttwire.RuleTopicWildcard, mqttwire.PUBLISH, mqttwire.V5, mqttwire.FieldTopicName, 4, '#')
	const known = `"rule":"topic-wildcard","packet":"PUBLISH","version":5,"field":"Topic Name","offset":4,"found":35,` +
		`"allowed":"a topic name has neither + nor #","statement":"MQTT-3.3.2-2","reason":129,"reason_name":"Malformed Packet",` +
		`"class":"malformed packet"`
	b, err := json.Marshal(fmt.Errorf("read: %w", e))
	require.NoError(t, err)
	assert.Equal(t, `{}`, string(b), "what wraps it is marshalled as itself")
	got := string(e.AppendJSON([]byte("before ")))
	assert.Equal(t, `before {"message":"`+e.Error()[len("mqttwire: "):]+`",`+known+`}`, got)

	e.Sender, e.Connected, e.PacketID, e.QoS, e.Max, e.Foreign = mqttwire.FromClient, true, 7, 1, 9, mqttwire.ForeignTLS
	e.Own, e.NoProblemInformation, e.MaximumPacketSize = true, true, 4096
	var all map[string]any
	require.NoError(t, json.Unmarshal(e.AppendJSON(nil), &all))
	assert.Equal(t, true, all["own"])
	assert.Equal(t, true, all["noProblemInformation"])
	assert.Equal(t, 4096.0, all["maximumPacketSize"])
	assert.Equal(t, "client", all["sender"])
	assert.Equal(t, true, all["connected"])
	assert.Equal(t, 7.0, all["packetId"])
	assert.Equal(t, 1.0, all["qos"])
	assert.Equal(t, 9.0, all["max"])
	assert.Equal(t, "TLS ClientHello", all["foreign"])
}

func TestAnErrorAsJSONLeavesOutWhatIsNotKnown(t *testing.T) {
	e := &mqttwire.Error{Offset: mqttwire.NoOffset, Found: mqttwire.NotANumber, Reason: 0xFE}
	b, err := json.Marshal(e)
	require.NoError(t, err)
	assert.JSONEq(t, `{"message":"; , reason 0xFE","rule":"Rule(0)","reason":254}`, string(b))
}

func TestEveryRuleGivesAnErrorThatIsJSON(t *testing.T) {
	for _, r := range mqttwire.Rules() {
		var got struct {
			Rule       string
			Allowed    string
			Class      string
			Reason     mqttwire.ReasonCode
			ReasonName string `json:"reason_name"`
		}
		e := mqttwire.NewError(r, mqttwire.CONNECT, mqttwire.V5, mqttwire.FieldClientID, 0, 0)
		require.NoError(t, json.Unmarshal(e.AppendJSON(nil), &got), r)
		assert.Equal(t, r.String(), got.Rule)
		assert.Equal(t, r.Allowed(), got.Allowed)
		assert.Equal(t, r.Class().Error(), got.Class)
		assert.Equal(t, r.Reason(), got.Reason)
		assert.Equal(t, r.Reason().String(), fmt.Sprintf("0x%02X %s", uint8(got.Reason), got.ReasonName))
	}
}

func TestAnErrorAsJSONSaysThatThePacketWasToBeSent(t *testing.T) {
	_, err := (&packets.Publish{Topic: []byte("#")}).Append(nil, mqttwire.V5)
	var e *mqttwire.Error
	require.ErrorAs(t, err, &e)
	assert.Contains(t, string(e.AppendJSON(nil)), `"class":"malformed packet","own":true}`)
}

func ExampleError_AppendJSON() {
	frame, _, err := mqttwire.CutFrame([]byte("\x40\x02\x00\x00"), 0)
	if err == nil {
		err = new(packets.Puback).Decode(frame, mqttwire.V311)
	}
	var e *mqttwire.Error
	if errors.As(err, &e) {
		fmt.Println(string(e.AppendJSON(nil)))
	}
	// Output:
	// {"message":"PUBACK (3.1.1) protocol error: Packet Identifier at byte 2 is 0; a packet identifier is 1 to 65535 [MQTT-2.3.1-6], reason 0x82 Protocol Error","rule":"packet-id-zero","packet":"PUBACK","version":4,"field":"Packet Identifier","offset":2,"found":0,"allowed":"a packet identifier is 1 to 65535","statement":"MQTT-2.3.1-6","reason":130,"reason_name":"Protocol Error","class":"protocol error"}
}
