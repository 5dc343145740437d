package text_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire/internal/text"
)

func TestTextAsJSONReadsBackAndIsPrintable(t *testing.T) {
	piece := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"\x00", "\x1B", "\x7F", `"`, `\`, "\u2028", "\u202E", "\uFFFD", "😀", "\U0010FFFF", "ü", "~", " "}))
	rapid.Check(t, func(t *rapid.T) {
		want := strings.ToValidUTF8(strings.Join(rapid.SliceOf(piece).Draw(t, "pieces"), ""), "")
		b := text.AppendJSON([]byte("before"), []byte(want))
		require.Equal(t, "before", string(b[:6]))
		var got string
		require.NoError(t, json.Unmarshal(b[6:], &got))
		require.Equal(t, want, got)
		require.Equal(t, -1, strings.IndexFunc(string(b), func(r rune) bool { return !unicode.IsPrint(r) }), string(b))
	})
}

func TestBase64IsThatOfTheStandardLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		require.Equal(t, `"`+base64.StdEncoding.EncodeToString(b)+`"`, string(text.AppendBase64(nil, b)))
	})
}

func TestBytesAreTextWhereTheyAreUTF8(t *testing.T) {
	require.Equal(t, `{"key":"é\u0000\""`, string(text.AppendJSONBytes([]byte("{"), "key", []byte("é\x00\""))))
	require.Equal(t, `"key":""`, string(text.AppendJSONBytes(nil, "key", nil)))
	require.Equal(t, `"key_base64":"/wA="`, string(text.AppendJSONBytes(nil, "key", []byte{0xFF, 0})))
}
