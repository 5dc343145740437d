package packets_test

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// A message of QoS 2 takes four packets, each of which answers the one before.
// Section 4.3.3.
func Example_exactlyOnce() {
	const id = 7
	for _, p := range []mqttwire.Packet{
		&packets.Publish{Topic: []byte("a"), Payload: []byte("!"), QoS: mqttwire.ExactlyOnce, PacketID: id},
		&packets.Pubrec{PacketID: id},
		&packets.Pubrel{PacketID: id},
		&packets.Pubcomp{PacketID: id},
	} {
		b, err := p.Append(nil, mqttwire.V5)
		fmt.Printf("%-8s %x %v\n", p.Type(), b, err)
	}
	// Output:
	// PUBLISH  340700016100070021 <nil>
	// PUBREC   50020007 <nil>
	// PUBREL   62020007 <nil>
	// PUBCOMP  70020007 <nil>
}

// A client that has nothing to send shows that it is there. Section 3.12.
func Example_keepAlive() {
	for _, p := range []mqttwire.Packet{&packets.Pingreq{}, &packets.Pingresp{}} {
		b, err := p.Append(nil, mqttwire.V311)
		fmt.Printf("%-8s %x %v\n", p.Type(), b, err)
	}
	// Output:
	// PINGREQ  c000 <nil>
	// PINGRESP d000 <nil>
}

// Client and server of 5.0 authenticate with as many AUTH packets as their method
// takes. Section 4.12.
func Example_authentication() {
	connect := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c"), CleanStart: true}
	challenge := &packets.Auth{ReasonCode: mqttwire.ReasonContinueAuthentication}
	response := &packets.Auth{ReasonCode: mqttwire.ReasonContinueAuthentication}
	connack := &packets.Connack{}
	for i, list := range []*mqttwire.Properties{&connect.Properties, &challenge.Properties, &response.Properties, &connack.Properties} {
		list.SetAuthenticationMethod([]byte("SCRAM-SHA-1"))
		list.SetAuthenticationData(fmt.Appendf(nil, "step %d", i+1))
	}
	for _, p := range []mqttwire.Packet{connect, challenge, response, connack} {
		b, err := p.Append(nil, mqttwire.V5)
		fmt.Println(p.Type(), len(b), err)
	}
	// Output:
	// CONNECT 39 <nil>
	// AUTH 27 <nil>
	// AUTH 27 <nil>
	// CONNACK 28 <nil>
}

// A balancer that has cut a frame sends the connection to the server of its client.
func ExamplePeekConnectFrame() {
	frame, _, err := mqttwire.CutFrame([]byte("\x10\x12\x00\x04MQTT\x04\x02\x00\x3C\x00\x06sensor"), 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	start, err := packets.PeekConnectFrame(frame)
	fmt.Printf("MQTT %s, %s %v\n", start.Version, start.ClientID, err)
	// Output: MQTT 3.1.1, sensor <nil>
}

// A file that gets shorter while it is sent ends the stream: the peer has been told of
// more.
func ExamplePayloadError() {
	w := packets.NewWriter(io.Discard, mqttwire.V311)
	err := w.WritePublish(&packets.Publish{Topic: []byte("log")}, strings.NewReader("one\ntwo\n"), 100)
	var e *packets.PayloadError
	if errors.As(err, &e) {
		fmt.Println(e.Size-e.Written, "bytes short")
	}
	fmt.Println(err)
	// Output:
	// 92 bytes short
	// packets: payload of PUBLISH: 8 of 100 bytes written: unexpected EOF
}
