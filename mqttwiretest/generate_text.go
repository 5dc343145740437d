package mqttwiretest

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
)

// characters are those that texts are made of: of one to four bytes, with the
// first and the last of each size, U+FEFF, and the characters that mean
// something in a topic. There are none that the standard advises against, which
// a receiver may refuse: U-1.5.4-2.
var characters = []rune("ab/ 0~$.*é" + "\u00A0\u07FF" + "\u0800温\uD7FF\uE000\uFEFF\uFFFD" + "\U00010000😀\U0010FFFD")

// wildcards stand in text that is neither topic name nor filter.
var wildcards = []rune("+#")

// fieldSizes are lengths of a field, in bytes; -1 stands for a few characters.
// Those at which a packet's remaining length or a property length takes one more
// byte come with the largest one, and all of them seldom.
var fieldSizes = append(slices.Repeat([]int{-1}, 57), 0, 127, 128, 255, 256, 16383, 16384)

// longest is how many packets there are for one with a field of 65535 bytes.
const longest = 256

// fieldSize draws the length of a field: -1 for a few characters.
func fieldSize(t *rapid.T) int {
	if rapid.IntRange(1, longest).Draw(t, "longest") == longest {
		return 65535
	}
	return rapid.SampledFrom(fieldSizes).Draw(t, "size")
}

// drawText draws a string of at least one character if least is 1, made of the
// characters.
func drawText(t *rapid.T, least int, chars []rune) []byte {
	size := fieldSize(t)
	few := []byte(string(rapid.SliceOfN(rapid.SampledFrom(chars), least, 12).Draw(t, "characters")))
	switch {
	case size < 0 || size < least:
		return few
	case size == 0:
		return []byte{}
	}
	return filled(few, size)
}

// filled makes text exactly size bytes long.
func filled(text []byte, size int) []byte {
	if len(text) == 0 {
		text = []byte("x")
	}
	out := bytes.Repeat(text, size/len(text)+1)[:size]
	end := size
	for end > 0 && !utf8.RuneStart(out[end-1]) {
		end--
	}
	if end > 0 && !utf8.FullRune(out[end-1:]) { // the last character was cut
		for i := end - 1; i < size; i++ {
			out[i] = 'x'
		}
	}
	return out
}

// Text returns a generator of strings: UTF-8 of 0 to 65535 bytes.
func Text() *rapid.Generator[[]byte] {
	return rapid.Custom(func(t *rapid.T) []byte { return drawText(t, 0, append(wildcards, characters...)) })
}

// Binary returns a generator of binary data of 0 to 65535 bytes.
func Binary() *rapid.Generator[[]byte] {
	return rapid.Custom(func(t *rapid.T) []byte {
		few := rapid.SliceOfN(rapid.Byte(), 0, 12).Draw(t, "bytes")
		size := fieldSize(t)
		switch {
		case size < 0:
			return few
		case len(few) == 0:
			return make([]byte, size)
		}
		return bytes.Repeat(few, size/len(few)+1)[:size]
	})
}

// TopicName returns a generator of topic names: 1 to 65535 bytes without
// wildcards. Section 4.7.
func TopicName() *rapid.Generator[[]byte] {
	return rapid.Custom(func(t *rapid.T) []byte {
		if rapid.IntRange(0, 7).Draw(t, "well-known") == 7 {
			return []byte(rapid.SampledFrom([]string{"/", "//", "a//b", "$SYS/x", "$share/g/a", "$share", " "}).Draw(t, "name"))
		}
		return drawText(t, 1, characters)
	})
}

// filterLevels are levels of a topic filter.
var filterLevels = []string{"a", "+", "", "b c", "é", "温", "😀", "$SYS", "$", "share", "*", "\uFEFF"}

// longFilters make a filter of any size when they are repeated.
var longFilters = []string{"/", "a/+/", "é/温/"}

// TopicFilter returns a generator of topic filters of version v: 1 to 65535
// bytes, with wildcards where they may stand and, in 5.0, shared ones too.
// Sections 4.7 and 4.8.2.
func TopicFilter(v mqttwire.Version) *rapid.Generator[[]byte] {
	return rapid.Custom(func(t *rapid.T) []byte {
		filter := drawFilter(t)
		switch {
		case v == mqttwire.V5 && rapid.IntRange(0, 31).Draw(t, "not shared") == 31:
			return []byte("$share") // a shared one begins with $share/: [MQTT-4.8.2-1]
		case v != mqttwire.V5 && rapid.IntRange(0, 15).Draw(t, "ordinary") == 15:
			// Before 5.0, $share is a level like any other.
			return []byte(rapid.SampledFrom([]string{"$share", "$share/g", "$share//a", "$share/+/#", "$share/"}).Draw(t, "filter"))
		case v == mqttwire.V5 && rapid.IntRange(0, 3).Draw(t, "shared") == 3:
			name := rapid.SampledFrom([]string{"g", "é", "温 1", "$share"}).Draw(t, "ShareName")
			prefix := "$share/" + name + "/"
			if most := 65535 - len(prefix); len(filter) > most {
				filter = filled([]byte{'/'}, most)
			}
			return append([]byte(prefix), filter...)
		}
		return filter
	})
}

// drawFilter draws a filter that is not a shared one.
func drawFilter(t *rapid.T) []byte {
	if size := fieldSize(t); size > 0 {
		return filled([]byte(rapid.SampledFrom(longFilters).Draw(t, "levels")), size)
	}
	var filter []byte
	for i, level := range rapid.SliceOfN(rapid.SampledFrom(filterLevels), 1, 5).Draw(t, "levels") {
		if i > 0 {
			filter = append(filter, '/')
		}
		filter = append(filter, level...)
	}
	if rapid.IntRange(0, 3).Draw(t, "all below") == 3 {
		filter = append(filter, "/#"...)
	}
	if len(filter) == 0 {
		return []byte{'#'}
	}
	return filter
}
