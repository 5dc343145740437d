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
		nil, (*packets.Connack)(nil), (*packets.Puback)(nil), (*packets.Pubrec)(nil), (*packets.Pubrel)(nil), (*packets.Pubcomp)(nil),
		(*packets.Suback)(nil), (*packets.Unsuback)(nil), (*packets.Pingresp)(nil), (*packets.Auth)(nil),
	} {
		assert.True(t, answer.IsNil(a), "%T", a)
	}
	for _, a := range []mqttwire.Packet{
		&packets.Connack{}, &packets.Puback{}, &packets.Pubrec{}, &packets.Pubrel{}, &packets.Pubcomp{},
		&packets.Suback{}, &packets.Unsuback{}, &packets.Pingresp{}, &packets.Auth{}, &packets.Publish{},
	} {
		assert.False(t, answer.IsNil(a), "%T", a)
	}
}
