package text

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The states share bits of the rows, so each step is compared with the rules it
// was made from.
func TestTheStepsOfAMachineAreThoseOfItsKind(t *testing.T) {
	for k, m := range map[kind]*machine{anyText: stringMachine, nameText: nameMachine, filterText: filterMachine} {
		for c := range 256 {
			for _, s := range append(states[:], refused, hash) {
				require.Equal(t, k.next(s, byte(c)), m.rows[c]>>s&63, "%#x in state %d of kind %d", c, s, k)
			}
		}
	}
}

func TestPlainTextUpToThreeBytesIsJudgedLikeTheStandardLibrary(t *testing.T) {
	stride := 1 // all 16 million of three bytes
	if testing.Short() {
		stride = 1009
	}
	for n := range 4 {
		b := make([]byte, n)
		for x := 0; x < 1<<(8*n); x++ {
			if n == 3 && x%stride != 0 {
				continue
			}
			for i := range b {
				b[i] = byte(x >> (8 * i))
			}
			if PlainString(b) != plainStringTwin(b) || PlainTopicName(b) != plainNameTwin(b) || PlainTopicFilter(b) != plainFilterTwin(b) {
				t.Fatalf("%q: string %v, name %v, filter %v", b, PlainString(b), PlainTopicName(b), PlainTopicFilter(b))
			}
		}
	}
}

// classEdges are the bytes at the edges of their classes: what may begin a character
// of each length, what may follow which, what counts in topics.
var classEdges = []byte("\x00\x01\"#$+,./0\x7F\x80\x8F\x90\x9F\xA0\xBF\xC0\xC1\xC2\xDF\xE0\xE1\xEC\xED\xEE\xEF\xF0\xF1\xF3\xF4\xF5\xFF")

func TestPlainTextOfFourBytesAtTheEdgesOfTheirClasses(t *testing.T) {
	for _, place := range []struct{ before, after string }{{"", ""}, {"", "abcdefgh"}, {"abcdef", "gh"}, {"é/é/é/", "/é"}} {
		b := []byte(place.before + "1234" + place.after)
		four := b[len(place.before):][:4]
		for _, four[0] = range classEdges {
			for _, four[1] = range classEdges {
				for _, four[2] = range classEdges {
					for _, four[3] = range classEdges {
						if PlainString(b) != plainStringTwin(b) || PlainTopicName(b) != plainNameTwin(b) || PlainTopicFilter(b) != plainFilterTwin(b) {
							t.Fatalf("%q: string %v, name %v, filter %v", b, PlainString(b), PlainTopicName(b), PlainTopicFilter(b))
						}
					}
				}
			}
		}
	}
}

// characterSamples are the first and last characters of each length and what is next
// to them, characters that are cut, and what counts in topics.
var characterSamples = strings.Fields("a / + # /+ /+/ /# $ \x00 \x01 \x7F \u0080 \u00FF \u0100 \u07FF \u0800 \u0FFF \u1000 \uCFFF \uD000 \uD7FF \uE000 \uFFFD " +
	"\uFFFF \U00010000 \U0003FFFF \U00040000 \U000FFFFF \U00100000 \U0010FFFF \x80 \xBF \xC0\x80 \xC1\xBF \xC2 \xC2\x7F \xC2\xC0 \xDF\xC0 \xDF \xE0\x80\x80 " +
	"\xE0\x9F\xBF \xE0\xA0 \xE0\xA0\x7F \xE0\xA0\xC0 \xE0\xC0\x80 \xE1\x80 \xED\xA0\x80 \xED\xBF\xBF \xED\xA0\xBD\xED\xB8\x80 \xEF\xBF \xEF\xBF\xC0 " +
	"\xF0\x80\x80\x80 \xF0\x8F\xBF\xBF \xF0\x90\x80 \xF0\x90\x80\x7F \xF0\x90\x7F\x80 \xF1\x80\x80\xC0 \xF4\x90\x80\x80 \xF4\x8F\xBF \xF5\x80\x80\x80 \xFF " +
	"é/ 語/ 😀+ é+/ +é")

func TestPlainTextHasEveryCharacterJudgedAtEveryPlace(t *testing.T) {
	longest := 40
	if testing.Short() {
		longest = 20
	}
	for _, fill := range []string{"a", "/", "+/", "é", "語/", "😀"} {
		for n := 0; n*len(fill) <= longest; n++ {
			filling := strings.Repeat(fill, n)
			for i := 0; i <= len(filling); i++ { // in the midst of its characters too
				for _, sample := range characterSamples {
					requirePlain(t, []byte(filling[:i]+sample+filling[i:]))
				}
			}
		}
	}
}

// TestLongPlainTextHasEveryCharacterJudged puts samples where a machine goes over to
// words and back.
func TestLongPlainTextHasEveryCharacterJudged(t *testing.T) {
	for _, fill := range []string{"a", "a/", "/", "é", "語", "/+"} {
		filling := strings.Repeat(fill, 5*stride/2/len(fill))
		for i := 0; i <= len(filling); i++ {
			for _, sample := range characterSamples {
				requirePlain(t, []byte("é"+filling[:i]+sample+filling[i:]))
			}
		}
	}
}

func TestPlainSharedFiltersHaveAShareNameAndAFilter(t *testing.T) {
	parts := []string{"", "a", "/", "+", "#", "é", "\x00", "$share/", "\xC3", "consumer"}
	for x := range len(parts) * len(parts) * len(parts) * len(parts) * len(parts) {
		b := []byte("$share/")
		for range 5 {
			b = append(b, parts[x%len(parts)]...)
			x /= len(parts)
		}
		requirePlain(t, b)
	}
	for _, s := range []string{"$", "$s", "$share", "$SHARE//", "$shared//", "$/", "$+", "$#", "$$", "+/$share//", "$SYS/#", "$SYS/é/+"} {
		requirePlain(t, []byte(s))
	}
}

// TestPlainTextOfAnyLanguageIsPlain is for the samples themselves.
func TestPlainTextOfAnyLanguageIsPlain(t *testing.T) {
	for _, s := range []string{"température", "estação", "حرارة", "温度", "온도한해", "तापमान", "температура", "nhiệt/độ", "อุณหภูมิ", "🌡️"} {
		for n := 1; n <= 70; n++ {
			b := []byte(strings.Repeat(s+"/", n) + s)
			assert.True(t, PlainString(b), "%s", b)
			assert.True(t, PlainTopicName(b), "%s", b)
			assert.True(t, PlainTopicFilter(b), "%s", b)
			assert.True(t, PlainTopicFilter(append(b, "/+/#"...)), "%s", b)
			assert.False(t, PlainTopicFilter(append(b, "#"...)), "%s", b)
			assert.False(t, PlainTopicName(append(b, "/+"...)), "%s", b)
		}
	}
}

func FuzzPlain(f *testing.F) {
	for _, s := range characterSamples {
		f.Add([]byte(s))
		f.Add([]byte("$share/é/" + s))
		f.Add([]byte(strings.Repeat("語/a", stride) + s + strings.Repeat("a/+", stride)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > MaxLength+8 {
			b = b[:MaxLength+8]
		}
		requirePlain(t, bytes.Clone(b))
	})
}
