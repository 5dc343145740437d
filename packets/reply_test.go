package packets_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal"
	"github.com/mqttwire/mqttwire/packets"
)

// replyTo returns the bytes of the answer to an error, "close" for none.
func replyTo(t *testing.T, a packets.Answer) string {
	t.Helper()
	if a.Packet == nil {
		require.True(t, a.Close, "who sends nothing closes")
		return "close"
	}
	b, err := a.Packet.Append(nil, a.Version)
	require.NoError(t, err)
	return string(b)
}

// sentBy makes e the error of a packet of one side, as a Decoder does.
func sentBy(s mqttwire.Sender, e *mqttwire.Error) *mqttwire.Error {
	return mqttwire.Internal.Export(&internal.AllowInternalUse).SentBy(e, s)
}

// TestEveryRuleHasAnAnswerThatItsPeerTakes goes over the rule table, the
// versions, both sides and both phases of a connection: the answer is one that
// the other side's strict decoder takes at that place, with the code of the rule
// where the packet may carry it.
func TestEveryRuleHasAnAnswerThatItsPeerTakes(t *testing.T) {
	for _, rule := range mqttwire.Rules() {
		for v := mqttwire.V31; v <= mqttwire.V5; v++ {
			for _, sender := range []mqttwire.Sender{mqttwire.FromClient, mqttwire.FromServer} {
				for _, connected := range []bool{false, true} {
					for typ := mqttwire.CONNECT; typ <= mqttwire.AUTH; typ++ {
						e := sentBy(sender, mqttwire.NewError(rule, typ, v, "", mqttwire.NoOffset, mqttwire.NotANumber))
						e.Connected = connected
						checkAnswer(t, e)
					}
				}
			}
		}
	}
}

func TestAnErrorThatIsNilIsAnsweredByClosing(t *testing.T) {
	var none *mqttwire.Error
	for _, err := range []error{nil, none, fmt.Errorf("reading: %w", error(none))} {
		assert.Equal(t, packets.Answer{Close: true}, packets.Reply(err))
		assert.Equal(t, packets.Answer{Close: true}, packets.ReplyWithReason(err))
	}
}

func checkAnswer(t *testing.T, e *mqttwire.Error) {
	t.Helper()
	a := packets.Reply(e)
	b := replyTo(t, a)
	if b == "close" {
		quiet := e.Rule == mqttwire.RuleNotMQTT || e.Rule == mqttwire.RuleFirstPacket || e.Rule == mqttwire.RuleAfterDisconnect ||
			e.Rule == mqttwire.RuleAfterConnackFailure || e.Rule == mqttwire.RuleVersionRefused ||
			!e.Connected && (e.Rule == mqttwire.RulePacketType || e.Rule == mqttwire.RuleVarintLength)
		if e.Version == mqttwire.V5 && !quiet {
			t.Errorf("%s in 5.0 is not answered", e)
		}
		return
	}
	refusesVersion := e.Rule == mqttwire.RuleProtocolVersion && !e.Connected
	answering := mqttwire.FromServer
	if e.Sender == mqttwire.FromServer && !refusesVersion {
		answering = mqttwire.FromClient
	}
	if !refusesVersion {
		assert.Equal(t, e.Version, a.Version, e)
	}
	assert.NoError(t, packets.CheckSender(a.Packet, a.Version, answering), e)
	switch p := a.Packet.(type) {
	case *packets.Connack:
		assert.True(t, refusesVersion || !e.Connected && e.Sender == mqttwire.FromClient, e)
		assert.NotZero(t, p.ReasonCode)
		if e.Version == mqttwire.V5 && e.Reason.AllowedIn(mqttwire.CONNACK, mqttwire.V5, mqttwire.FromServer) && !refusesVersion {
			assert.Equal(t, e.Reason, p.ReasonCode, e)
		}
	case *packets.Disconnect:
		assert.Equal(t, mqttwire.V5, a.Version)
		assert.True(t, e.Connected || e.Sender == mqttwire.FromServer, "[MQTT-3.14.0-1] %s", e)
		assert.True(t, p.ReasonCode.IsError())
		if e.Reason.AllowedIn(mqttwire.DISCONNECT, mqttwire.V5, answering) {
			assert.Equal(t, e.Reason, p.ReasonCode, e)
		}
	default:
		t.Errorf("%s is answered by %s", e, a.Packet)
	}
	assert.True(t, a.Close)
}

// decodeError returns the error that b, one packet, gives.
func decodeError(t *testing.T, b string, v mqttwire.Version) error {
	t.Helper()
	f, _, err := mqttwire.CutFrame([]byte(b), 0)
	require.NoError(t, err)
	_, err = packets.Decode(f, v)
	require.Error(t, err)
	return err
}

func TestReply(t *testing.T) {
	const (
		any = mqttwire.Version(0)
		v3  = mqttwire.V31
		v4  = mqttwire.V311
		v5  = mqttwire.V5
	)
	for _, c := range []struct {
		name   string
		packet string
		accept mqttwire.Version
		want   string
	}{
		{"a CONNECT of version 6", "\x10\x0c\x00\x04MQTT\x06\x02\x00\x00\x00\x00", any, "\x20\x03\x00\x84\x00"},
		{"a CONNECT of 5.0 where 3.1.1 is served", "\x10\x0d\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x00", v4, "\x20\x02\x00\x01"},
		{"a CONNECT of 3.1.1 where 5.0 is served", "\x10\x0c\x00\x04MQTT\x04\x02\x00\x00\x00\x00", v5, "\x20\x02\x00\x01"},
		{"a bridge of 3.1.1 where 5.0 is served", "\x10\x0c\x00\x04MQTT\x84\x02\x00\x00\x00\x00", v5, "\x20\x02\x00\x01"},
		{"a bridge of 3.1 where 5.0 is served", "\x10\x0f\x00\x06MQIsdp\x83\x02\x00\x00\x00\x01b", v5, "\x20\x02\x00\x01"},
		{"a bridge of 5.0, which has none", "\x10\x0d\x00\x04MQTT\x85\x02\x00\x00\x00\x00\x00", any, "\x20\x02\x00\x01"},
		{"a CONNECT of level 2", "\x10\x0c\x00\x04MQTT\x02\x02\x00\x00\x00\x00", any, "\x20\x02\x00\x01"},
		{"a CONNECT of another protocol", "\x10\x0c\x00\x04MQTX\x04\x02\x00\x00\x00\x00", any, "close"},
		{"a client identifier too long for 3.1", "\x10\x26\x00\x06MQIsdp\x03\x02\x00\x00\x00\x18" + "123456789012345678901234", any, "\x20\x02\x00\x02"},
		{"no client identifier in 3.1.1 without clean session", "\x10\x0c\x00\x04MQTT\x04\x00\x00\x00\x00\x00", any, "\x20\x02\x00\x02"},
		{"a malformed CONNECT of 3.1.1", "\x10\x0c\x00\x04MQTT\x04\x03\x00\x00\x00\x00", any, "close"},
		{"a malformed CONNECT of 5.0", "\x10\x0d\x00\x04MQTT\x05\x03\x00\x00\x00\x00\x00", any, "\x20\x03\x00\x81\x00"},
		{"a malformed PUBLISH of 5.0", "\x36\x06\x00\x01a\x00\x01\x00", v5, "\xe0\x01\x81"},
		{"a malformed PUBLISH of 3.1.1", "\x36\x05\x00\x01a\x00\x01", v4, "close"},
		{"a topic alias of 0", "\x30\x07\x00\x01a\x03\x23\x00\x00", v5, "\xe0\x01\x94"},
		{"a bad CONNACK of 5.0", "\x20\x03\x02\x00\x00", v5, "\xe0\x01\x81"},
		{"a CONNACK of a server of 3.1.1", "\x20\x02\x00\x01", v5, "close"},
		{"a bad SUBACK of 3.1", "\x90\x03\x00\x01\x80", v3, "close"},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, replyTo(t, packets.Reply(decodeError(t, c.packet, c.accept))))
		})
	}
}

func TestReplyToErrorsThatAreNotOfAPacket(t *testing.T) {
	for _, err := range []error{io.EOF, io.ErrUnexpectedEOF, mqttwire.ErrIncomplete, errors.New("x")} {
		assert.Equal(t, packets.Answer{Close: true}, packets.Reply(err))
		assert.Equal(t, packets.Answer{Close: true}, packets.ReplyWithReason(err))
	}
}

func TestReplyAcknowledgesAMessageThatWasRefused(t *testing.T) {
	for _, c := range []struct {
		rule mqttwire.Rule
		qos  mqttwire.QoS
		want string
	}{
		{mqttwire.RulePayloadFormat, 1, "\x40\x03\x00\x07\x99"},
		{mqttwire.RulePayloadFormat, 2, "\x50\x03\x00\x07\x99"},
		{mqttwire.RulePacketSize, 1, "\x40\x03\x00\x07\x97"},
		{mqttwire.RulePacketSize, 2, "\x50\x03\x00\x07\x97"},
	} {
		e := sentBy(mqttwire.FromClient, mqttwire.NewError(c.rule, mqttwire.PUBLISH, mqttwire.V5, "", 0, 0))
		e.Connected, e.PacketID, e.QoS = true, 7, c.qos
		a := packets.Reply(e)
		assert.Equal(t, c.want, replyTo(t, a))
		assert.False(t, a.Close, "the connection can go on")

		e.PacketID, e.QoS = 0, 0
		assert.IsType(t, &packets.Disconnect{}, packets.Reply(e).Packet, "QoS 0 is not acknowledged")
	}
}

func TestReplyWithReasonSaysWhatWasWrong(t *testing.T) {
	err := refusedBy(t, mqttwire.FromClient, connectOf(mqttwire.Properties{}), notText(0))
	a := packets.ReplyWithReason(err)
	text, ok := a.Packet.(*packets.Disconnect).Properties.ReasonString()
	require.True(t, ok)
	assert.Equal(t, err.Error(), string(text))
	assert.Equal(t, replyTo(t, a), replyTo(t, packets.ReplyWithReason(err)))

	a = packets.ReplyWithReason(decodeError(t, "\x10\x0c\x00\x04MQTT\x04\x00\x00\x00\x00\x00", 0))
	assert.Equal(t, "\x20\x02\x00\x02", replyTo(t, a), "3.1.1 has no place for it")
}

func TestAnAnswerAppendsItsPacketOrNothing(t *testing.T) {
	a := packets.Reply(decodeError(t, "\x36\x06\x00\x01a\x00\x01\x00", mqttwire.V5))
	assert.Equal(t, "before\xe0\x01\x81", string(a.Append([]byte("before"))))
	assert.Equal(t, "before", string(packets.Reply(io.EOF).Append([]byte("before"))))
}
