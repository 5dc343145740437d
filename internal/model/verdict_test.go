package model

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bytesOf reads hex digits and spaces.
func bytesOf(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	require.NoError(t, err, text)
	return b
}

// verdicts are the versions that accept the bytes, as digits.
func verdicts(b []byte) string {
	accepting := ""
	for _, v := range []int{v31, v311, v5} {
		if ok, _ := Verdict(b, v); ok {
			accepting += string(rune('0' + v))
		}
	}
	return accepting
}

func TestPacketsAreAcceptedByTheirVersions(t *testing.T) {
	for text, accepting := range map[string]string{
		"10 0C 00 04 4D 51 54 54 04 02 00 3C 00 00":               "345", // CONNECT tells its own version
		"10 0D 00 04 4D 51 54 54 05 02 00 3C 00 00 00":            "345",
		"10 0F 00 06 4D 51 49 73 64 70 03 02 00 3C 00 01 61":      "345",
		"1F 0F 00 06 4D 51 49 73 64 70 03 02 00 3C 00 01 61":      "345", // flags, in 3.1
		"11 0C 00 04 4D 51 54 54 04 02 00 3C 00 00":               "",
		"10 8C 00 00 04 4D 51 54 54 04 02 00 3C 00 00":            "345", // overlong, in 3.1.1
		"10 8D 00 00 04 4D 51 54 54 05 02 00 3C 00 00 00":         "",
		"10 0C 00 04 4D 51 54 54 03 02 00 3C 00 00":               "",
		"10 0C 00 04 4D 51 54 54 84 02 00 3C 00 00":               "345",
		"10 0D 00 04 4D 51 54 54 85 02 00 3C 00 00 00":            "",
		"10 0F 00 06 4D 51 49 73 64 70 03 C2 00 3C 00 01 61":      "345", // flags without fields, in 3.1
		"10 11 00 06 4D 51 49 73 64 70 03 C2 00 3C 00 01 61 0000": "345",
		"10 0F 00 06 4D 51 49 73 64 70 03 42 00 3C 00 01 61":      "",
		"10 0C 00 04 4D 51 54 54 04 00 00 3C 00 00":               "", // empty without CleanSession
		"20 02 00 00":                   "34",
		"20 03 00 00 00":                "5",
		"20 02 00 01":                   "34",
		"20 02 01 01":                   "3",
		"20 02 00 06":                   "",
		"30 04 00 01 61 00":             "345",
		"30 06 00 00 03 23 00 01":       "5",
		"30 06 00 00 03 23 00 00":       "",
		"32 05 00 01 61 00 0A":          "34",
		"38 04 00 01 61 00":             "3", // DUP with QoS 0
		"36 06 00 01 61 00 0A 00":       "",
		"30 08 00 01 61 04 0B 01 0B 02": "345",
		"40 02 00 0A":                   "345",
		"40 02 00 00":                   "",
		"4F 02 00 0A":                   "3",
		"40 03 00 0A 10":                "5",
		"40 04 00 0A 10 00":             "5",
		"62 02 00 0A":                   "345",
		"6A 02 00 0A":                   "3",
		"82 06 00 0A 00 01 61 01":       "34",
		"82 06 00 0A 00 01 61 05":       "3",
		"82 06 00 0A 00 01 61 03":       "",
		"82 02 00 0A":                   "3",
		"82 07 00 0A 00 00 01 61 01":    "5",
		"82 07 00 0A 00 00 01 61 41":    "",
		"82 07 00 0A 00 00 01 61 31":    "",
		"90 03 00 0A 01":                "34",
		"90 03 00 0A 80":                "4",
		"90 04 00 0A 00 01":             "345",
		"90 03 00 0A 00":                "34",
		"A2 05 00 0A 00 01 61":          "34",
		"B0 02 00 0A":                   "34",
		"B0 04 00 0A 00 11":             "5",
		"C0 00":                         "345",
		"C0 01 00":                      "",
		"C0 80 00":                      "34",
		"E0 00":                         "345",
		"E0 01 8E":                      "5",
		"E0 02 8C 00":                   "5",
		"E0 02 9B 00":                   "5",
		"E0 02 84 00":                   "",
		"F0 00":                         "5",
		"F0 01 00":                      "",
		"F0 02 00 00":                   "",
		"F0 06 18 04 15 00 01 4D":       "5",
		"00 00":                         "",
		"C0":                            "",
		"C0 80":                         "",
		"C0 80 80 80 80 00":             "",
		"":                              "",
	} {
		assert.Equal(t, accepting, verdicts(bytesOf(t, text)), text)
	}
}

func TestCharactersAreAcceptedByTheirVersions(t *testing.T) {
	for text, accepting := range map[string]string{
		"80": "", "C3": "", "C0 AF": "", "E0 80 AF": "", "F4 90 80 80": "", "FF": "", "C1 BF": "", "F0 80 80 80": "",
		"F5 80 80 80": "", "E0 80 80": "", "C3 C3": "", "61 80": "",
		"ED A0 80": "3", "ED BF BF": "3", "ED A0 B4 ED B4 9E": "3", "F0 8D BF BF": "",
		"00": "3", "C0 80": "3",
		"01": "345", "1F": "345", "7F": "345", "C2 80": "345", "C2 9F": "345",
		"EF B7 90": "345", "EF BF BE": "345", "F0 9F BF BF": "345", "EF BB BF": "345", "EE 80 80": "345",
		"ED 9F BF": "345", "F4 8F BF BF": "345",
	} {
		b := bytesOf(t, text)
		connect := append([]byte("\x10\x00\x00\x06MQIsdp\x03\x80\x00\x00\x00\x01a\x00"), byte(len(b)))
		connect = append(connect, b...)
		connect[1] = byte(len(connect) - 2)
		accepted := ""
		if ok, _ := Verdict(connect, v31); ok {
			accepted = "3"
		}
		connect = append([]byte("\x10\x00\x00\x04MQTT\x04\x82\x00\x00\x00\x00\x00"), byte(len(b)))
		connect = append(connect, b...)
		connect[1] = byte(len(connect) - 2)
		if ok, _ := Verdict(connect, v311); ok {
			accepted += "4"
		}
		content := append([]byte("\x30\x00\x00\x01a\x00\x03\x00"), byte(len(b)))
		content[1], content[5] = byte(7+len(b)), byte(3+len(b))
		if ok, _ := Verdict(append(content, b...), v5); ok {
			accepted += "5"
		}
		assert.Equal(t, accepting, accepted, text)
	}
}

func TestTopicsAreNamesAndFiltersOfTheirVersions(t *testing.T) {
	for topic, accepting := range map[string]struct{ name, filter string }{
		"a": {"345", "345"}, "a/b": {"345", "345"}, "/": {"345", "345"}, "//": {"345", "345"}, " ": {"345", "345"},
		"$SYS/x": {"345", "345"}, "$": {"345", "345"}, "$share": {"345", "345"},
		"":  {"", ""},
		"+": {"", "345"}, "#": {"", "345"}, "+/+": {"", "345"}, "/+": {"", "345"}, "+/": {"", "345"},
		"a/+/b": {"", "345"}, "a/#": {"", "345"}, "+/b/#": {"", "345"}, "/#": {"", "345"}, "a//#": {"", "345"},
		"a+": {"", ""}, "+a": {"", ""}, "a/b+": {"", ""}, "a/+b/c": {"", ""}, "++": {"", ""}, "+#": {"", ""}, "#+": {"", ""},
		"a#": {"", ""}, "#a": {"", ""}, "a/#/b": {"", ""}, "#/": {"", ""}, "##": {"", ""}, "a/##": {"", ""}, "+/#/": {"", ""},
		"a*": {"345", "345"}, "a\x00": {"", ""}, "a\xC0\x80": {"", ""}, "a\xED\xA0\x80": {"3", "3"},
		"$share/g/a": {"345", "345"}, "$share/g/#": {"", "345"}, "$share/g//a": {"345", "345"},
		"$share/g/": {"345", "34"}, "$share/g": {"345", "34"}, "$share/": {"345", "34"}, "$share//a": {"345", "34"},
		"$share//": {"345", "34"}, "$share/+/a": {"", "34"}, "$share/g+/a": {"", ""}, "$share/#/a": {"", ""},
		"$share/g/a#": {"", ""}, "$share/g/a/#/b": {"", ""}, "$shared/g/": {"345", "345"}, "$SHARE/g": {"345", "345"},
		"$share/g/$share/h/a": {"345", "345"},
	} {
		n := len(topic)
		// As a payload, the last byte is right in each version; as a property
		// length it says that there are none.
		name := "\x30" + string(rune(n+3)) + "\x00" + string(rune(n)) + topic + "\x00"
		assert.Equal(t, accepting.name, verdicts([]byte(name)), "name %q", topic)

		filter := "\xA2" + string(rune(n+4)) + "\x00\x01\x00" + string(rune(n)) + topic
		filter5 := "\xA2" + string(rune(n+5)) + "\x00\x01\x00\x00" + string(rune(n)) + topic
		three := strings.Trim(verdicts([]byte(filter)), "5")
		five := strings.Trim(verdicts([]byte(filter5)), "34")
		assert.Equal(t, accepting.filter, three+five, "filter %q", topic)
	}
}

func TestVariableByteIntegersHaveTheShortestForm(t *testing.T) {
	for text, ok := range map[string]bool{
		"00": true, "7F": true, "80 01": true, "FF 7F": true, "80 80 01": true, "FF FF 7F": true, "80 80 80 01": true,
		"FF FF FF 7F": true,
		"80 00":       false, "81 00": false, "80 80 00": false, "FF FF FF 00": false, "80 80 80 80 01": false,
		"FF FF FF FF 7F": false, "80": false, "": false,
	} {
		r := &reading{left: bytesOf(t, text)}
		r.shortInteger()
		assert.Equal(t, ok, r.why == "" && len(r.left) == 0, text)
	}
}

func TestRefusalsTellTheRule(t *testing.T) {
	for text, why := range map[string]string{
		"00 00":                         "packet type 0",
		"C1 00":                         "flags of the fixed header",
		"30 05 00 01 61 02 02":          "a field runs past the end",
		"30 06 00 01 61 02 11 00":       "a field runs past the end",
		"30 09 00 01 61 05 11 00000000": "property: unknown, or not one of this packet",
		"30 08 00 01 61 04 01 00 01 00": "property: repeated",
		"30 06 00 01 61 02 01 02":       "property: neither 0 nor 1",
		"C0 01 00":                      "bytes are left over at the end of the packet",
	} {
		_, got := Verdict(bytesOf(t, text), v5)
		assert.Equal(t, why, got, text)
	}
}
