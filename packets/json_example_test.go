package packets_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// Package encoding/json writes every packet, but its secrets.
func ExampleJSON() {
	connect := packets.Connect{Version: mqttwire.V5, ClientID: []byte("sensor"), UserName: []byte("alice"), Password: []byte("hunter2")}
	connect.Properties.SetSessionExpiryInterval(60)

	hidden, err := json.Marshal(connect)
	fmt.Println(string(hidden), err)

	shown, err := packets.JSON{Secrets: true}.Append(nil, &connect)
	fmt.Println(string(shown), err)
	// Output:
	// {"type":"CONNECT","version":5,"cleanStart":false,"keepAlive":0,"clientId":"sensor","username_len":5,"password_len":7,"props":[{"id":17,"name":"SessionExpiryInterval","value":60}]} <nil>
	// {"type":"CONNECT","version":5,"cleanStart":false,"keepAlive":0,"clientId":"sensor","username":"alice","password":"hunter2","props":[{"id":17,"name":"SessionExpiryInterval","value":60}]} <nil>
}

// What was written reads back as the same packet.
func ExampleAppendJSON() {
	publish := &packets.Publish{Topic: []byte("plant/1"), QoS: mqttwire.AtLeastOnce, PacketID: 10, Payload: []byte{0xFF, 0x00}}
	b, err := packets.AppendJSON(nil, publish)
	fmt.Println(string(b), err)

	packet, err := packets.ParseJSON(b)
	fmt.Println(packet, err)
	// Output:
	// {"type":"PUBLISH","dup":false,"qos":1,"retain":false,"topic":"plant/1","packetId":10,"payload_base64":"/wA="} <nil>
	// PUBLISH topic="plant/1" qos=1 packet_id=10 payload=2B <nil>
}

// JSON that cannot be read gives an error that names key and value; a packet that is
// not legal is refused when it is encoded.
func ExampleParseJSON() {
	packet, err := packets.ParseJSON([]byte(`{"type":"PUBLISH","topic":"plant/1","payload":"on",
		"props":[{"name":"MessageExpiryInterval","value":60}]}`))
	fmt.Println(packet, err)

	_, err = packets.ParseJSON([]byte(`{"type":"PUBLISH","topic":"plant/1","qos":"high"}`))
	fmt.Println(err)

	packet, err = packets.ParseJSON([]byte(`{"type":"PUBLISH","topic":"plant/#"}`))
	if err == nil {
		_, err = packet.Append(nil, mqttwire.V5)
	}
	fmt.Println(err)
	// Output:
	// PUBLISH topic="plant/1" qos=0 payload=2B properties=[Message Expiry Interval: 60] <nil>
	// mqttwire: JSON: qos is "high"; want a whole number, 0 to 255
	// mqttwire: own PUBLISH (5.0) malformed packet: Topic Name has 0x23 '#'; a topic name has neither + nor # [MQTT-3.3.2-2], reason 0x81 Malformed Packet
}

// A log has packets in one object with its own fields.
func ExampleJSON_Parse() {
	const line = `{"time":"12:00","type":"PUBACK","packetId":7,"peer":"sensor"}`
	packet, err := packets.JSON{OtherKeys: true}.Parse([]byte(line))
	fmt.Println(packet, err)
	// Output: PUBACK packet_id=7 code=0x00 (Success) <nil>
}

func ExampleJSON_ParseProperties() {
	list, err := packets.JSON{}.ParseProperties([]byte(`[{"name":"TopicAlias","value":5},{"name":"UserProperty","key":"unit","value":"°C"}]`))
	fmt.Println(list, err)
	b, err := packets.JSON{}.AppendProperties(nil, list)
	fmt.Println(string(b), err)
	// Output:
	// [Topic Alias: 5, User Property: "unit"="°C"] <nil>
	// [{"id":35,"name":"TopicAlias","value":5},{"id":38,"name":"UserProperty","key":"unit","value":"°C"}] <nil>
}

// newLogger returns a logger that tells no time.
func newLogger() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

// Package log/slog writes a packet as a group, without secrets and payload.
func ExampleConnect_LogValue() {
	connect := &packets.Connect{Version: mqttwire.V311, ClientID: []byte("sensor"), UserName: []byte("alice"), KeepAlive: 60}
	newLogger().Info("received", "packet", connect)
	// Output:
	// level=INFO msg=received packet.type=CONNECT packet.version=4 packet.cleanStart=false packet.keepAlive=60 packet.clientId=sensor packet.username_len=5
}

func ExampleLogError() {
	frame, _, err := mqttwire.CutFrame([]byte("\x40\x02\x00\x00"), 0)
	if err == nil {
		_, err = packets.Decode(frame, mqttwire.V311)
	}
	newLogger().Warn("refused", "error", packets.LogError(err))
	// Output:
	// level=WARN msg=refused error.message="PUBACK (3.1.1) protocol error: Packet Identifier at byte 2 is 0; a packet identifier is 1 to 65535 [MQTT-2.3.1-6], reason 0x82 Protocol Error" error.rule=packet-id-zero error.packet=PUBACK error.version=4 error.field="Packet Identifier" error.offset=2 error.found=0 error.allowed="a packet identifier is 1 to 65535" error.statement=MQTT-2.3.1-6 error.reason=130 error.reason_name="Protocol Error" error.class="protocol error"
}

// Whoever reads JSON from people shows where it is wrong.
func ExampleJSONError() {
	_, err := packets.ParseJSON([]byte(`{"type":"SUBSCRIBE","packetId":1,"filters":[{"topic":"a"},{"topic":7}]}`))
	var e *packets.JSONError
	if errors.As(err, &e) {
		fmt.Println("at", e.Key)
	}
	fmt.Println(err)
	// Output:
	// at filters[1].topic
	// mqttwire: JSON: filters[1].topic is 7; want text
}
