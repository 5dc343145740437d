package capture

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestJudgeStart(t *testing.T) {
	for name, test := range map[string]struct {
		bytes       string
		known, open verdict // if it is known that the conversation is MQTT, and if it is open
	}{
		"a packet":                             {publish3, isMQTT, undecided},
		"two packets":                          {publish3 + pingreq, isMQTT, undecided},
		"enough bytes":                         {publish3 + pingreq + puback, isMQTT, isMQTT},
		"enough bytes and the start of one":    {publish3 + publish3 + publish3[:3], undecided, isMQTT},
		"a packet and the start of one":        {publish3 + publish3[:3], undecided, undecided},
		"a packet and what is none":            {publish3 + "\x00\x00", unknown, unknown},
		"a packet and a malformed one":         {publish3 + "\x40\x02\x00\x00", unknown, unknown},
		"the start of a packet":                {publish3[:6], undecided, undecided},
		"a first byte":                         {"\x30", undecided, undecided},
		"the start of a remaining length":      {"\x30\x80", undecided, undecided},
		"two bytes could be anything":          {pingreq, isMQTT, undecided},
		"so could four":                        {puback, isMQTT, undecided},
		"SUBSCRIBE is telling":                 {subscribe3, isMQTT, isMQTT},
		"CONNACK is telling":                   {connack3, isMQTT, isMQTT},
		"15 packets and what is none":          {strings.Repeat(pingreq, 15) + "\x00", isMQTT, unknown},
		"16 packets, whatever follows":         {strings.Repeat(pingreq, 16) + "\xC0\x01", isMQTT, isMQTT},
		"packet type 0":                        {"\x00", unknown, unknown},
		"flags that the type has not":          {"\x41\x02\x00\x01", unknown, unknown},
		"DUP, of 3.1":                          {"\x8A" + subscribe3[1:], isMQTT, isMQTT},
		"QoS 3":                                {"\x36\x08\x00\x01t\x00\x01hel", unknown, unknown},
		"a topic that is longer than it":       {"\x30\x08\x00\x07", unknown, unknown},
		"half a topic":                         {"\x30\x08\x00\x06to", undecided, undecided},
		"half a topic, half a character":       {"\x30\x08\x00\x06to\xC3", undecided, undecided},
		"half a topic that is no UTF-8":        {"\x30\x08\x00\x06to\xC3\x28", unknown, unknown},
		"a topic that ends in a character":     {"\x30\x08\x00\x03to\xC3h", unknown, unknown},
		"half a topic with a wildcard":         {"\x30\x08\x00\x06t#", unknown, unknown},
		"half a topic with a zero":             {"\x30\x08\x00\x06t\x00", unknown, unknown},
		"half a large PUBLISH":                 {"\x30\x80\x80\x80\x01\x00\x01tx", undecided, undecided},
		"half a SUBSCRIBE larger than any is":  {"\x82\x80\x80\x04\x00\x01\x00\x01a", unknown, unknown},
		"a remaining length of five bytes":     {"\x30\xFF\xFF\xFF\xFF\x01", unknown, unknown},
		"a malformed packet":                   {"\x40\x02\x00\x00", unknown, unknown},
		"text":                                 {"text, not MQTT", unknown, unknown},
		"a WebSocket frame that holds CONNACK": {"\x82\x04" + connack3, unknown, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			known := judgeStart([]byte(test.bytes), context{known: true, atStart: true})
			open := judgeStart([]byte(test.bytes), context{})
			assert.Equal(t, test.known, known.verdict, "known to be MQTT")
			assert.Equal(t, test.open, open.verdict, "not known")
		})
	}
}

func TestJudgeStartDecodesNoMoreThanItNeeds(t *testing.T) {
	many := []byte(strings.Repeat(puback, 10000))
	for known, want := range map[bool]int{true: enoughInARow, false: enoughLegalPackets} {
		got := judgeStart(many, context{known: known})
		assert.Equal(t, isMQTT, got.verdict)
		assert.Equal(t, want*len(puback), got.decoded)
	}
}

func TestLongTopicIsJudgedByItsStart(t *testing.T) {
	start := "\x30\x80\x80\x04\x80\x00" // 64 KiB, of which the topic name has half
	for name, test := range map[string]struct {
		topic string
		want  verdict
	}{
		"legal":                       {strings.Repeat("x", 1000), undecided},
		"a character across the look": {strings.Repeat("x", longestLook-1) + "ü", undecided},
		"a wildcard in the look":      {strings.Repeat("x", longestLook-1) + "#", unknown},
		"a wildcard behind the look":  {strings.Repeat("x", longestLook) + "#", undecided},
	} {
		got := judgeStart([]byte(start+test.topic), context{known: true})
		assert.Equal(t, test.want, got.verdict, name)
	}
}
