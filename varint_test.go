package mqttwire_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

// varintBounds are the values at which a variable byte integer gets longer.
var varintBounds = []struct {
	n     uint32
	bytes string
}{
	{0, "\x00"},
	{1, "\x01"},
	{127, "\x7F"},
	{128, "\x80\x01"},
	{16383, "\xFF\x7F"},
	{16384, "\x80\x80\x01"},
	{2097151, "\xFF\xFF\x7F"},
	{2097152, "\x80\x80\x80\x01"},
	{268435455, "\xFF\xFF\xFF\x7F"},
}

func TestVarintBothWaysAtEveryBoundary(t *testing.T) {
	for _, c := range varintBounds {
		b, err := mqttwire.AppendVarint([]byte("prefix"), c.n)
		require.NoError(t, err)
		assert.Equal(t, "prefix"+c.bytes, string(b))
		assert.Equal(t, len(c.bytes), mqttwire.SizeVarint(c.n))

		n, rest, err := mqttwire.ConsumeVarint([]byte(c.bytes + "rest"))
		require.NoError(t, err)
		assert.Equal(t, c.n, n)
		assert.Equal(t, "rest", string(rest))

		for cut := range c.bytes {
			_, rest, err = mqttwire.ConsumeVarint([]byte(c.bytes[:cut]))
			assert.ErrorIs(t, err, mqttwire.ErrIncomplete)
			assert.Len(t, rest, cut)
		}
	}
}

func TestVarintOverTheMaximumHasNoForm(t *testing.T) {
	for _, n := range []uint32{mqttwire.MaxVarint + 1, 1 << 31, 1<<32 - 1} {
		b, err := mqttwire.AppendVarint([]byte("prefix"), n)
		requireRule(t, err, mqttwire.RuleVarintLength)
		requireOffset(t, err, mqttwire.NoOffset, "there are no bytes")
		assert.Equal(t, "prefix", string(b))
		assert.Zero(t, mqttwire.SizeVarint(n))
	}
}

func TestVarintInMoreBytesThanNeededIsRefused(t *testing.T) {
	for _, s := range []string{"\x80\x00", "\x81\x00", "\x80\x80\x00", "\xFF\xFF\xFF\x00"} {
		_, rest, err := mqttwire.ConsumeVarint([]byte(s))
		requireRule(t, err, mqttwire.RuleVarintMinimal)
		requireOffset(t, err, len(s)-1, "the last byte is the one too many")
		assert.Equal(t, s, string(rest))
	}
	for _, s := range []string{"\x80\x80\x80\x80", "\x80\x80\x80\x80\x01", "\xFF\xFF\xFF\xFF\x7F", "\xFF\xFB\xFF\xFF\xFF\xFF"} {
		_, rest, err := mqttwire.ConsumeVarint([]byte(s))
		requireRule(t, err, mqttwire.RuleVarintLength)
		requireOffset(t, err, 3, "the fourth byte says that a fifth follows")
		assert.Equal(t, s, string(rest))
	}
}

// requireRule checks that err is an *Error for the given rule, and complete.
func requireRule(t *testing.T, err error, rule mqttwire.Rule) {
	t.Helper()
	var e *mqttwire.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, rule.String(), e.Rule.String())
	require.ErrorIs(t, err, rule.Class())
	require.Equal(t, rule.Reason(), e.Reason)
	require.NotEmpty(t, e.Field)
}

func requireOffset(t *testing.T, err error, want int, why string) {
	t.Helper()
	var e *mqttwire.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, want, e.Offset, why)
}
