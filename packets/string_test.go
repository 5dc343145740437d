package packets_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

func TestStringNeverShowsSecrets(t *testing.T) {
	p := packets.Connect{Version: v5, ClientID: []byte("c"), UserName: []byte("alice"), Password: []byte("hunter2"),
		Properties: props(withMethod, func(p *mqttwire.Properties) { p.SetAuthenticationData([]byte("token")) })}
	s := p.String()
	for _, secret := range []string{"alice", "hunter2", "token"} {
		assert.NotContains(t, s, secret)
	}
	assert.Equal(t, s, fmt.Sprint(p), "a value prints like its pointer")
	assert.Equal(t, `CONNECT version=5.0 client_id="c" keep_alive=0 user_name=5B password=7B `+
		`properties=[Authentication Method: "M", Authentication Data: 5 bytes]`, s)
}

func TestStringIsOnePrintableLineOfBoundedLength(t *testing.T) {
	wild := []byte(strings.Repeat("\x1b[31m\n\xFF\u202e", 9000))
	var subs []packets.Subscription
	var filters [][]byte
	var codes []mqttwire.ReasonCode
	for range 5000 {
		subs = append(subs, packets.Subscription{Filter: wild})
		filters = append(filters, wild)
		codes = append(codes, 0)
	}
	for _, p := range []interface{ String() string }{
		&packets.Connect{ClientID: wild, Will: &packets.Will{Topic: wild, Payload: wild}},
		&packets.Publish{Topic: wild, Payload: wild},
		&packets.Subscribe{Subscriptions: subs},
		&packets.Unsubscribe{Filters: filters},
		&packets.Suback{ReasonCodes: codes},
		&packets.Unsuback{ReasonCodes: codes},
	} {
		s := p.String()
		assert.Less(t, len(s), 16<<10)
		assert.Equal(t, -1, strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }), s)
	}
}

func TestStringTellsTheCodeAndTheLists(t *testing.T) {
	for want, p := range map[string]interface{ String() string }{
		`PUBACK packet_id=1 code=0x87 (Not authorized)`:                           &packets.Puback{PacketID: 1, ReasonCode: 0x87},
		`PUBREL packet_id=1 code=0x00 (Success) dup`:                              &packets.Pubrel{PacketID: 1, Dup: true},
		`SUBACK packet_id=2 code=0x01 (Granted QoS 1) code=0x87 (Not authorized)`: &packets.Suback{PacketID: 2, ReasonCodes: []mqttwire.ReasonCode{1, 0x87}},
		`PINGREQ`:  &packets.Pingreq{},
		`PINGRESP`: &packets.Pingresp{},
		`AUTH code=0x18 (Continue authentication) properties=[Authentication Method: "M"]`: &packets.Auth{ReasonCode: 0x18, Properties: props(withMethod)},
		`UNSUBSCRIBE packet_id=3 filter="a" filter="b"`:                                    &packets.Unsubscribe{PacketID: 3, Filters: [][]byte{[]byte("a"), []byte("b")}},
		`PUBLISH topic="t" qos=1 packet_id=4 dup retain payload=1B`:                        &packets.Publish{Topic: []byte("t"), QoS: 1, PacketID: 4, Dup: true, Retain: true, Payload: []byte("x")},
	} {
		assert.Equal(t, want, p.String())
	}
}

// A packet holds no version: 4 is Bad User Name or Password in CONNACK of 3.x,
// and Disconnect with Will Message in DISCONNECT of 5.0.
func TestStringNamesACodeThatHasOneNameInItsPacket(t *testing.T) {
	for want, p := range map[string]interface{ String() string }{
		`CONNACK code=0x04 (Refused: bad user name or password)`: &packets.Connack{ReasonCode: 4},
		`CONNACK code=0x86 (Bad User Name or Password)`:          &packets.Connack{ReasonCode: 0x86},
		`CONNACK code=0x00`: &packets.Connack{}, // Connection accepted in 3.x, Success in 5.0
		`DISCONNECT code=0x04 (Disconnect with Will Message)`: &packets.Disconnect{ReasonCode: 4},
		`SUBACK packet_id=2 code=0x80`:                        &packets.Suback{PacketID: 2, ReasonCodes: []mqttwire.ReasonCode{0x80}}, // Failure or Unspecified error
		`PUBACK packet_id=1 code=0x9B`:                        &packets.Puback{PacketID: 1, ReasonCode: 0x9B},                         // not a code of PUBACK
	} {
		assert.Equal(t, want, p.String())
	}
}
