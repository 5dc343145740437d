package packets_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

func TestAnAnswerIsCheckedAgainstItsRequest(t *testing.T) {
	versions := []mqttwire.Version{v31, v311, v5}
	idStatements := map[mqttwire.PacketType][]string{
		mqttwire.SUBACK:   {"3.1 section 3.9", "MQTT-3.8.4-2", "MQTT-3.8.4-2"},
		mqttwire.UNSUBACK: {"3.1 section 3.11", "MQTT-3.10.4-4", "MQTT-3.10.4-5"},
	}
	codeStatements := map[mqttwire.PacketType][]string{
		mqttwire.SUBACK:   {"3.1 section 3.9", "MQTT-3.8.4-5", "MQTT-3.8.4-6"},
		mqttwire.UNSUBACK: {"", "", "MQTT-3.11.3-1"},
	}
	for filters := range 4 {
		for given := range 5 {
			for i, v := range versions {
				for _, id := range []uint16{1, 2} {
					subscribe := &packets.Subscribe{PacketID: 1, Subscriptions: make([]packets.Subscription, filters)}
					unsubscribe := &packets.Unsubscribe{PacketID: 1, Filters: make([][]byte, filters)}
					suback := &packets.Suback{PacketID: id, ReasonCodes: codes(given)}
					unsuback := &packets.Unsuback{PacketID: id, ReasonCodes: codes(given)}
					for typ, err := range map[mqttwire.PacketType]error{
						mqttwire.SUBACK:   packets.CheckSuback(subscribe, suback, v),
						mqttwire.UNSUBACK: packets.CheckUnsuback(unsubscribe, unsuback, v),
					} {
						rule, statement, found := mqttwire.RuleAnswerCodes, codeStatements[typ][i], int64(given)
						switch {
						case id != 1:
							rule, statement, found = mqttwire.RuleAnswerPacketID, idStatements[typ][i], int64(id)
						case given == filters || typ == mqttwire.UNSUBACK && v != v5:
							assert.NoError(t, err, "%s %s: %d codes for %d filters", typ, v, given, filters)
							continue
						}
						e := requireBreach(t, rule, err)
						assert.Equal(t, typ, e.Type)
						assert.Equal(t, v, e.Version)
						assert.Equal(t, statement, e.Statement)
						assert.Equal(t, found, e.Found)
						assert.Equal(t, mqttwire.NoOffset, e.Offset)
						assert.ErrorIs(t, err, mqttwire.ErrProtocol)
						assert.Equal(t, mqttwire.ReasonProtocolError, e.Reason)
					}
				}
			}
		}
	}
}

// The answer to two filters that a broker sent with no code at all, or with one.
func TestASubackThatIsTooShortIsRefusedAndDoesNotPanic(t *testing.T) {
	request := &packets.Subscribe{PacketID: 10, Subscriptions: []packets.Subscription{{Filter: []byte("a")}, {Filter: []byte("b")}}}
	var answer packets.Suback
	require.NoError(t, answer.Decode(frameOf(t, "\x90\x04\x00\x0A\x00\x00"), v5))
	err := packets.CheckSuback(request, &answer, v5)
	assert.EqualError(t, err, "mqttwire: SUBACK (5.0) protocol error: 1 reason code; "+
		"an answer has a reason code for each topic filter of its request [MQTT-3.8.4-6], reason 0x82 Protocol Error")
	assert.IsType(t, &packets.Disconnect{}, packets.Reply(err).Packet, "a client answers by leaving")
}

func TestAnAnswerInAVersionThatIsNoneIsRefused(t *testing.T) {
	requireBreach(t, mqttwire.RuleVersion, packets.CheckSuback(&packets.Subscribe{}, &packets.Suback{}, 0))
	requireBreach(t, mqttwire.RuleVersion, packets.CheckUnsuback(&packets.Unsubscribe{}, &packets.Unsuback{}, 6))
}
