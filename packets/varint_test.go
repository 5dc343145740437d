package packets_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// padded is n as a variable byte integer of size bytes, more than it needs.
func padded(n, size int) string {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(n)&0x7F | 0x80
		n >>= 7
	}
	b[size-1] &^= 0x80
	return string(b)
}

// cutLong cuts a packet of 5.0 out of its first byte and its body.
func cutLong(t *testing.T, first byte, body string) mqttwire.Frame {
	t.Helper()
	b, err := mqttwire.AppendVarint([]byte{first}, uint32(len(body)))
	require.NoError(t, err)
	return frameOf(t, string(b)+body)
}

// The error points at the last byte of the integer: the one that shows that there
// was one too many. [MQTT-1.5.5-1]
func TestAVariableByteIntegerLongerThanNeededIsRefusedAtItsLastByte(t *testing.T) {
	const (
		connect = "\x00\x04MQTT\x05\x06\x00\x00" // with a will
		id      = mqttwire.SubscriptionIdentifier
	)
	for _, c := range []struct {
		name          string
		first         byte
		before, after string // of the integer, in the body
		n, least      int    // its value, and how many bytes that needs
		inList        bool   // it is a Subscription Identifier, which needs a list around it
		field         mqttwire.Field
	}{
		{"property length 0 of PUBLISH", 0x30, "\x00\x01a", "x", 0, 1, false, mqttwire.FieldPropertyLength},
		{"property length 2 of PUBLISH", 0x30, "\x00\x01a", "\x01\x01", 2, 1, false, mqttwire.FieldPropertyLength},
		{"property length 130 of PUBLISH", 0x32, "\x00\x01a\x00\x07", "\x03\x00\x7f" + string(long(127)), 130, 2, false, mqttwire.FieldPropertyLength},
		{"property length of CONNECT", 0x10, connect, "\x00\x01c\x00\x00\x01w\x00\x00", 0, 1, false, mqttwire.FieldPropertyLength},
		{"property length of the will", 0x10, connect + "\x00\x00\x01c", "\x00\x01w\x00\x00", 0, 1, false, mqttwire.FieldWillPropertyLength},
		{"property length of PUBACK", 0x40, "\x00\x01\x10", "", 0, 1, false, mqttwire.FieldPropertyLength},
		{"property length of SUBSCRIBE", 0x82, "\x00\x01", "\x00\x01a\x00", 0, 1, false, mqttwire.FieldPropertyLength},
		{"Subscription Identifier of SUBSCRIBE", 0x82, "\x00\x01", "\x00\x01a\x00", 7, 1, true, id.Field(mqttwire.PropertyOwner(mqttwire.SUBSCRIBE))},
		{"Subscription Identifier of PUBLISH", 0x30, "\x00\x01a", "x", 300, 2, true, id.Field(mqttwire.PropertyOwner(mqttwire.PUBLISH))},
	} {
		for size := c.least + 1; size <= mqttwire.MaxVarintSize; size++ {
			where := fmt.Sprintf("%s in %d bytes", c.name, size)
			before := c.before
			if c.inList {
				before += string([]byte{byte(1 + size), byte(id)})
			}
			f := cutLong(t, c.first, before+padded(c.n, size)+c.after)
			_, err := packets.Decode(f, v5)
			e := requireBreach(t, mqttwire.RuleVarintMinimal, err)
			assert.Equal(t, int(f.Header.Size)+len(before)+size-1, e.Offset, where)
			assert.EqualValues(t, c.n, e.Found, where)
			assert.Equal(t, c.field, e.Field, where)
			assert.Equal(t, "MQTT-1.5.5-1", e.Statement, where)
		}
	}
}

func TestARemainingLengthLongerThanNeededIsRefusedAtItsLastByte(t *testing.T) {
	for _, c := range []struct {
		first byte
		body  string
		least int
	}{
		{0xC0, "", 1},
		{0xE0, "\x8e", 1},
		{0x30, "\x00\x01a\x00x", 1},
		{0x30, "\x00\x01a\x00" + string(long(200)), 2},
		{0x30, "\x00\x01a\x00" + string(long(20000)), 3},
		{0x10, "\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x01c", 1},
	} {
		for size := c.least + 1; size <= mqttwire.MaxVarintSize; size++ {
			f := frameOf(t, string([]byte{c.first})+padded(len(c.body), size)+c.body)
			_, err := packets.Decode(f, v5)
			errs := []error{err}
			if f.Header.Type == mqttwire.PUBLISH {
				var p packets.Publish
				_, _, err := p.ReadHeader(arrived(f), v5, nil, packets.HeaderOptions{})
				errs = append(errs, err)
			}
			for _, err := range errs {
				e := requireBreach(t, mqttwire.RuleVarintMinimal, err)
				assert.Equal(t, size, e.Offset, "type %s, %d bytes", f.Header.Type, size)
				assert.EqualValues(t, len(c.body), e.Found)
				assert.Equal(t, mqttwire.FieldRemainingLength, e.Field)
			}
		}
	}
}
