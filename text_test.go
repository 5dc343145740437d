package mqttwire

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStringsUpToThreeBytesAreJudgedLikeTheStandardLibrary(t *testing.T) {
	stride := 1 // all 16 million of three bytes
	if testing.Short() {
		stride = 1009
	}
	for n := 1; n <= 3; n++ {
		b := make([]byte, n)
		for x := 0; x < 1<<(8*n); x++ {
			if n == 3 && x%stride != 0 {
				continue
			}
			for i := range b {
				b[i] = byte(x >> (8 * i))
			}
			if why := judgedWrongly(b); why != "" {
				t.Fatalf("%x: %s", b, why)
			}
		}
	}
}

// judgedWrongly says what is wrong with the verdict on b as a string of 5.0, "" if
// nothing is.
func judgedWrongly(b []byte) string {
	rule, at := textFault(b, V5)
	exact, exactAt := characterFault(b, V5, RuleNUL)
	legal := utf8.Valid(b) && bytes.IndexByte(b, 0) < 0
	switch {
	case rule != exact || at != exactAt:
		return "the fast way is not the exact one"
	case (rule == 0) != legal:
		return "legal or not"
	case rule == RuleNUL && (b[at] != 0 || !utf8.Valid(b[:at])):
		return "U+0000 at the wrong place"
	case rule == RuleUTF8 && (!utf8.Valid(b[:at]) || utf8.Valid(b[at:])):
		return "ill-formed at the wrong place"
	}
	return ""
}

func TestFourByteSequencesAtTheEdgesOfTheirClasses(t *testing.T) {
	edges := []byte{0x00, 0x01, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF}
	b := make([]byte, 4)
	for _, b[0] = range edges {
		for _, b[1] = range edges {
			for _, b[2] = range edges {
				for _, b[3] = range edges {
					rule, _ := textFault(b, V311)
					want := utf8.Valid(b) && bytes.IndexByte(b, 0) < 0
					require.Equal(t, want, rule == 0, "%x", b)
				}
			}
		}
	}
}

func TestMQTT31TakesModifiedUTF8(t *testing.T) {
	for _, c := range []struct {
		s     string
		text  Rule
		topic Rule
	}{
		{"a\xC0\x80b", 0, RuleTopicNUL},
		{"a\x00b", 0, RuleTopicNUL},
		{"\xED\xA0\xB4\xED\xB4\x9E", 0, 0},
		{"\xFF", RuleUTF8, RuleUTF8},
		{"\xC0\x81", RuleUTF8, RuleUTF8},
		{"\xED\xA0", RuleUTF8, RuleUTF8},
		{"\xC0", RuleUTF8, RuleUTF8},
	} {
		rule, _ := textFault([]byte(c.s), V31)
		assert.Equal(t, c.text, rule, "%x", c.s)
		rule, _ = topicNameFault([]byte(c.s), V31)
		assert.Equal(t, c.topic, rule, "%x", c.s)
		rule, _ = topicFilterFault([]byte(c.s), V31)
		assert.Equal(t, c.topic, rule, "%x", c.s)
		for _, v := range []Version{V311, V5} {
			rule, _ = textFault([]byte(c.s), v)
			assert.NotZero(t, rule, "%x", c.s)
		}
	}
}

func TestCheckStringSaysWhere(t *testing.T) {
	require.NoError(t, CheckString([]byte("grüße \uFEFF"), V5))
	require.NoError(t, CheckString(bytes.Repeat([]byte("a"), 65535), V5))
	for _, c := range []struct {
		s    string
		rule Rule
		at   int
	}{
		{"abc\x00", RuleNUL, 3},
		{"abcdefghij\xC3", RuleUTF8, 10},
		{"\xED\xA0\x80", RuleUTF8, 0},
		{strings.Repeat("a", 65536), RuleStringLength, 65535},
	} {
		err := CheckString([]byte(c.s), V5)
		var e *Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, c.rule.String(), e.Rule.String())
		assert.Equal(t, c.at, e.Offset)
	}
}

func TestDiscouragedCodePoints(t *testing.T) {
	for _, r := range []rune{1, 0x1F, 0x7F, 0x80, 0x9F, 0xFDD0, 0xFDEF, 0xFFFE, 0xFFFF, 0x1FFFE, 0x10FFFF} {
		assert.Equal(t, r, Discouraged([]byte("ab"+string(r)+"c")), "%U", r)
	}
	for _, r := range []rune{0x20, 0x7E, 0xA0, 0xFDCF, 0xFDF0, 0xFFFD, 0xFEFF, 0xE000, 0x10FFFD} {
		assert.EqualValues(t, -1, Discouraged([]byte("ab"+string(r)+"c")), "%U", r)
	}
}

func TestStringAndBinaryTrios(t *testing.T) {
	long := bytes.Repeat([]byte("x"), 65535)
	for _, s := range [][]byte{{}, []byte("a"), []byte("grüße"), long} {
		b, err := AppendString([]byte("prefix"), s, V5)
		require.NoError(t, err)
		assert.Len(t, b, 6+2+len(s))
		got, rest, err := ConsumeString(append(b[6:len(b):len(b)], "rest"...), V5)
		require.NoError(t, err)
		assert.Equal(t, string(s), string(got))
		assert.Equal(t, "rest", string(rest))
		assert.Equal(t, len(got), cap(got))

		b, err = AppendBinary([]byte("prefix"), s)
		require.NoError(t, err)
		assert.Len(t, b, 6+2+len(s))
		for _, n := range []int{0, 1, len(b) - 7} {
			_, rest, err = ConsumeBinary(b[6 : 6+n])
			require.ErrorIs(t, err, ErrIncomplete)
			require.Len(t, rest, n)
			_, _, err = ConsumeString(b[6:6+n], V5)
			require.ErrorIs(t, err, ErrIncomplete)
		}
	}
	tooLong := append(long, 'x')
	b, err := AppendBinary([]byte("prefix"), tooLong)
	assert.ErrorIs(t, err, ErrMalformed)
	assert.Equal(t, "prefix", string(b))
	b, err = AppendString([]byte("prefix"), tooLong, V5)
	assert.ErrorIs(t, err, ErrMalformed)
	assert.Equal(t, "prefix", string(b))
	_, rest, err := ConsumeString([]byte("\x00\x01\xFFrest"), V5)
	assert.ErrorIs(t, err, ErrMalformed)
	assert.Len(t, rest, 7)
}
