package packets_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// A server of 3.1.1 and 5.0 refuses a client of 3.1 in the client's own form.
func ExampleOptions_versions() {
	d := packets.NewDecoder(packets.Options{
		From:     mqttwire.FromClient,
		Versions: mqttwire.VersionsOf(mqttwire.V311, mqttwire.V5),
	})
	conn := strings.NewReader("\x10\x0F\x00\x06MQIsdp\x03\x02\x00\x3C\x00\x01c")
	_, err := d.Next(mqttwire.NewReader(conn, mqttwire.Limits{}))
	answer := packets.Reply(err)
	fmt.Println(err)
	fmt.Println(answer.Packet, answer.Close)
	// Output:
	// mqttwire: CONNECT unsupported protocol version: Protocol Version at byte 10 is 3; 3 goes with the name MQIsdp, 4 and 5 with MQTT; and the receiver serves that version [MQTT-3.1.2-2], reason 0x84 Unsupported Protocol Version
	// CONNACK code=0x01 (Refused: unacceptable protocol version) true
}

// connects are one CONNECT of each version, with the bridge bit where there is one.
var connects = map[mqttwire.Version][]string{
	mqttwire.V31:  {"\x10\x0F\x00\x06MQIsdp\x03\x02\x00\x3C\x00\x01c", "\x10\x0F\x00\x06MQIsdp\x83\x02\x00\x3C\x00\x01c"},
	mqttwire.V311: {connect311, strings.Replace(connect311, "MQTT\x04", "MQTT\x84", 1)},
	mqttwire.V5:   {connect5},
}

func TestAConnectOfAVersionOutsideOfTheSetIsRefused(t *testing.T) {
	for set := range 8 {
		var served []mqttwire.Version
		for v := mqttwire.V31; v <= mqttwire.V5; v++ {
			if set>>(v-mqttwire.V31)&1 != 0 {
				served = append(served, v)
			}
		}
		versions := mqttwire.VersionsOf(served...)
		for v, list := range connects {
			for _, b := range list {
				d := packets.NewDecoder(packets.Options{From: mqttwire.FromClient, Versions: versions})
				p, err := d.Decode(frameOf(t, b))
				if versions == 0 || versions.Has(v) {
					require.NoError(t, err, "%s of %s", v, versions)
					assert.Equal(t, v, p.(*packets.Connect).Version)
					continue
				}
				e := requireBreach(t, mqttwire.RuleProtocolVersion, err)
				assert.ErrorIs(t, err, mqttwire.ErrUnsupportedVersion)
				assert.EqualValues(t, b[e.Offset], e.Found)
				assert.Equal(t, uint8(v), uint8(e.Found)&0x7F)
				assert.Equal(t, "\x20\x02\x00\x01", replyTo(t, packets.Reply(err)), "which clients of every version know")
				_, same := d.Decode(frameOf(t, pingreq))
				assert.Same(t, err, same)
			}
		}
	}
}

func TestTheVersionIsRefusedBeforeAnythingElse(t *testing.T) {
	d := packets.NewDecoder(packets.Options{From: mqttwire.FromClient, Versions: mqttwire.VersionsOf(mqttwire.V5)})
	_, err := d.Decode(frameOf(t, "\x10\x0d\x00\x04MQTT\x04\xFF\x00\x3c\x00\x01c")) // and its flags are wrong
	requireBreach(t, mqttwire.RuleProtocolVersion, err)

	all := &mqttwire.Tolerance{Allow: mqttwire.ReportAll}
	d = packets.NewDecoder(packets.Options{From: mqttwire.FromClient, Versions: mqttwire.VersionsOf(mqttwire.V5), Tolerance: all})
	_, err = d.Decode(frameOf(t, connect311))
	requireBreach(t, mqttwire.RuleProtocolVersion, err)
}

func TestBothVersionAndVersionsHaveToAllowAConnect(t *testing.T) {
	d := packets.NewDecoder(packets.Options{From: mqttwire.FromClient, Version: mqttwire.V311, Versions: mqttwire.VersionsOf(mqttwire.V5)})
	_, err := d.Decode(frameOf(t, connect311))
	requireBreach(t, mqttwire.RuleProtocolVersion, err)
	d = packets.NewDecoder(packets.Options{From: mqttwire.FromClient, Version: mqttwire.V311, Versions: mqttwire.VersionsOf(mqttwire.V311, mqttwire.V5)})
	_, err = d.Decode(frameOf(t, connect5))
	requireBreach(t, mqttwire.RuleProtocolVersion, err)
}

func TestAClientWritesNoConnectOutsideOfTheSet(t *testing.T) {
	e := packets.NewEncoder(packets.Options{From: mqttwire.FromClient, Versions: mqttwire.VersionsOf(mqttwire.V311, mqttwire.V5)})
	b, err := e.Append([]byte("x"), &packets.Connect{Version: mqttwire.V31, ClientID: []byte("c")})
	assert.Equal(t, mqttwire.NoOffset, requireBreach(t, mqttwire.RuleProtocolVersion, err).Offset)
	assert.Equal(t, "x", string(b))
	_, err = e.Append(nil, &packets.Connect{Version: mqttwire.V5})
	assert.NoError(t, err)
}
