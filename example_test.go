package mqttwire_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// The bytes of one packet become a struct whose byte slices alias them.
func Example_decode() {
	received := []byte("\x32\x0A\x00\x01a\x00\x0A\x03\x23\x00\x05!")

	frame, rest, err := mqttwire.CutFrame(received, 0)
	if err != nil {
		fmt.Println(err) // mqttwire.ErrIncomplete: wait for more bytes
		return
	}
	var publish packets.Publish
	if err := publish.Decode(frame, mqttwire.V5); err != nil {
		fmt.Println(err)
		return
	}
	alias, ok := publish.Properties.TopicAlias()
	fmt.Printf("%s %q %s, id %d, alias %d %t, %d bytes left\n",
		publish.Topic, publish.Payload, publish.QoS, publish.PacketID, alias, ok, len(rest))
	// Output: a "!" QoS 1, id 10, alias 5 true, 0 bytes left
}

// A struct becomes bytes, for any version: what 3.1.1 has no place for is left
// out, unless leaving it out would change the meaning.
func Example_encode() {
	publish := packets.Publish{
		Topic:   []byte("plant/line/1"),
		Payload: []byte("42"),
	}
	publish.Properties.SetMessageExpiryInterval(60)
	publish.Properties.AddUser([]byte("unit"), []byte("°C"))

	for _, v := range []mqttwire.Version{mqttwire.V5, mqttwire.V311} {
		b, err := publish.Append(nil, v)
		fmt.Printf("%s: %d bytes %v\n%x\n", v, publish.Size(v), err, b)
	}
	// Output:
	// 5.0: 36 bytes <nil>
	// 3022000c706c616e742f6c696e652f3111020000003c260004756e69740003c2b0433432
	// 3.1.1: 18 bytes <nil>
	// 3010000c706c616e742f6c696e652f313432
}

// A Reader cuts a connection's bytes into packets; a Set decodes each into a
// packet that it reuses.
func Example_stream() {
	var conn bytes.Buffer // stands for a net.Conn
	writer := packets.NewWriter(&conn, mqttwire.V311)
	writer.WritePacket(&packets.Connect{Version: mqttwire.V311, ClientID: []byte("sensor"), CleanStart: true})
	writer.WritePacket(&packets.Publish{Topic: []byte("t"), Payload: []byte("on")})
	writer.WritePacket(&packets.Disconnect{})
	if err := writer.Err(); err != nil { // the first, after which nothing is written
		fmt.Println(err)
		return
	}

	reader := mqttwire.NewReader(&conn, mqttwire.Limits{})
	var set packets.Set
	var version mqttwire.Version // 0: told by CONNECT
	for {
		frame, err := reader.Frame()
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		packet, err := set.Decode(frame, version)
		if err != nil {
			fmt.Println(err)
			return
		}
		switch p := packet.(type) {
		case *packets.Connect:
			version = p.Version
			fmt.Printf("%s connects with MQTT %s\n", p.ClientID, p.Version)
		case *packets.Publish:
			fmt.Printf("%s: %s\n", p.Topic, p.Payload)
		default:
			fmt.Println(p)
		}
	}
	// Output:
	// sensor connects with MQTT 3.1.1
	// t: on
	// DISCONNECT code=0x00 (Normal disconnection)
}

// A server checks what a client sends against the whole connection, and answers.
func Example_connection() {
	received := "\x10\x0E\x00\x04MQTT\x05\x02\x00\x3C\x00\x00\x01c" + // CONNECT
		"\x34\x07\x00\x01a\x00\x01\x00!" // PUBLISH, QoS 2

	reader := mqttwire.NewReader(strings.NewReader(received), mqttwire.Limits{})
	decoder := packets.NewDecoder(packets.Options{From: mqttwire.FromClient})
	encoder := packets.NewEncoder(packets.Options{From: mqttwire.FromServer})
	for {
		packet, err := decoder.Next(reader)
		if err != nil {
			fmt.Println(err)
			fmt.Println("answer:", packets.Reply(err).Packet) // then close
			break
		}
		encoder.Observe(packet) // the client's limits bind what is sent
		if _, ok := packet.(*packets.Connect); ok {
			connack := &packets.Connack{}
			connack.Properties.SetMaximumQoS(1)
			b, err := encoder.Append(nil, connack)
			fmt.Printf("send %x %v\n", b, err)
			decoder.Observe(connack) // and the server's what is received
		}
	}
	// Output:
	// send 20050000022401 <nil>
	// mqttwire: PUBLISH (5.0) protocol error: QoS at byte 0 is 2; a client's QoS is at most the server's maximum QoS, here at most 1 [MQTT-3.2.2-11], reason 0x9B QoS not supported
	// answer: DISCONNECT code=0x9B (QoS not supported)
}

// A SUBACK with flag bits that some servers set, and with a code that a caller
// wants to hear of but not close the connection for.
func Example_tolerance() {
	received := []byte("\x92\x04\x00\x0A\x01\x03")

	frame, _, err := mqttwire.CutFrame(received, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	tolerance := &mqttwire.Tolerance{Allow: func(e *mqttwire.Error) bool {
		return mqttwire.Interop(e) || e.Rule == mqttwire.RuleReasonCode
	}}
	suback, err := packets.DecodeTolerant(frame, mqttwire.V311, tolerance)
	fmt.Println(suback, err)
	for _, finding := range tolerance.Findings {
		fmt.Println(finding.Rule, "at byte", finding.Offset, finding.Statement)
	}
	// Output:
	// SUBACK packet_id=10 code=0x01 (Granted QoS 1) code=0x03 <nil>
	// flags at byte 0 MQTT-2.2.2-1
	// reason-code at byte 5 MQTT-3.9.3-2
}

// An error says which packet, field and byte, what is allowed, by which
// statement of the standard, and what to answer.
func Example_errors() {
	frame, _, err := mqttwire.CutFrame([]byte("\x30\x06\x00\x04a/b#"), 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = packets.Decode(frame, mqttwire.V311)

	fmt.Println(errors.Is(err, mqttwire.ErrMalformed))
	var e *mqttwire.Error
	if errors.As(err, &e) {
		fmt.Println(e.Type, e.Field, e.Offset, e.Statement)
		fmt.Println(e.Reason)
	}
	fmt.Println(err)
	// Output:
	// true
	// PUBLISH Topic Name 7 MQTT-3.3.2-2
	// 0x81 Malformed Packet
	// mqttwire: PUBLISH (3.1.1) malformed packet: Topic Name at byte 7 has 0x23 '#'; a topic name has neither + nor # [MQTT-3.3.2-2], reason 0x81 Malformed Packet
}

func ExampleMatchTopic() {
	for _, name := range []string{"plant", "plant/line/1", "plants", "$SYS/uptime"} {
		fmt.Println(name, mqttwire.MatchTopic([]byte("plant/#"), []byte(name)), mqttwire.MatchTopic([]byte("#"), []byte(name)))
	}
	// Output:
	// plant true true
	// plant/line/1 true true
	// plants false true
	// $SYS/uptime false false
}

func ExampleProperties_User() {
	var p mqttwire.Properties
	p.AddUser([]byte("unit"), []byte("bar"))
	p.AddUser([]byte("unit"), []byte("psi"))
	for name, value := range p.User() {
		fmt.Printf("%s=%s\n", name, value)
	}
	// Output:
	// unit=bar
	// unit=psi
}

func ExampleMapReasonCode() {
	code, ok := mqttwire.MapReasonCode(mqttwire.CONNACK, mqttwire.ReasonBanned, mqttwire.V5, mqttwire.V311)
	fmt.Println(code.Name(mqttwire.CONNACK, mqttwire.V311), ok)
	// Output: Refused: not authorized true
}
