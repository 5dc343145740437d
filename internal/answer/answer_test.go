package answer_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/answer"
	"github.com/mqttwire/mqttwire/packets"
)

func TestANilPointerToAPacketIsNoAnswer(t *testing.T) {
	for _, a := range []mqttwire.Packet{
		nil, (*packets.Connect)(nil), (*packets.Connack)(nil), (*packets.Publish)(nil), (*packets.Puback)(nil), (*packets.Pubrec)(nil),
		(*packets.Pubrel)(nil), (*packets.Pubcomp)(nil), (*packets.Subscribe)(nil), (*packets.Suback)(nil), (*packets.Unsubscribe)(nil),
		(*packets.Unsuback)(nil), (*packets.Pingreq)(nil), (*packets.Pingresp)(nil), (*packets.Disconnect)(nil), (*packets.Auth)(nil),
	} {
		assert.True(t, answer.IsNil(a), "%T", a)
	}
	for of := mqttwire.CONNECT; of <= mqttwire.AUTH; of++ {
		assert.False(t, answer.IsNil(packets.New(of)), of)
	}
}

func TestACodeOfAnAnswerIsKnownIfSomeVersionHasItThere(t *testing.T) {
	for _, c := range []struct {
		answer mqttwire.Packet
		from   mqttwire.Sender
		known  bool
	}{
		{&packets.Connack{ReasonCode: mqttwire.ReturnNotAuthorized}, mqttwire.FromServer, true},
		{&packets.Connack{ReasonCode: mqttwire.ReasonNotAuthorized}, mqttwire.FromServer, true},
		{&packets.Connack{ReasonCode: mqttwire.ReasonPacketIdentifierInUse}, mqttwire.FromServer, false},
		{&packets.Puback{ReasonCode: mqttwire.ReasonNoMatchingSubscribers}, mqttwire.FromServer, true},
		{&packets.Puback{ReasonCode: mqttwire.ReasonNoMatchingSubscribers}, mqttwire.FromClient, false},
		{&packets.Puback{ReasonCode: 0x77}, mqttwire.FromServer, false},
		{&packets.Pubrel{ReasonCode: mqttwire.ReasonPacketIdentifierNotFound}, mqttwire.FromServer, true},
		{&packets.Suback{ReasonCodes: []mqttwire.ReasonCode{2, mqttwire.ReturnFailure}}, mqttwire.FromServer, true},
		{&packets.Suback{ReasonCodes: []mqttwire.ReasonCode{2, 0x55}}, mqttwire.FromServer, false},
		{&packets.Unsuback{ReasonCodes: []mqttwire.ReasonCode{mqttwire.ReasonNoSubscriptionExisted}}, mqttwire.FromServer, true},
		{&packets.Unsuback{ReasonCodes: []mqttwire.ReasonCode{1}}, mqttwire.FromServer, false},
		{&packets.Pingresp{}, mqttwire.FromServer, true},
	} {
		assert.Equal(t, c.known, answer.HasKnownCodes(c.answer, c.from), "%v", c.answer)
	}
}
