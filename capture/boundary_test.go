package capture

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestJudgeStart(t *testing.T) {
	for name, test := range map[string]struct {
		bytes        string
		known, doubt verdict // if it is known that the conversation is MQTT, and if not
	}{
		"a packet":                             {publish3, isMQTT, isMQTT},
		"two packets":                          {publish3 + pingreq, isMQTT, isMQTT},
		"a packet and the start of one":        {publish3 + publish3[:3], isMQTT, isMQTT},
		"a packet and what is none":            {publish3 + "\x00\x00", unknown, unknown},
		"a packet and a malformed one":         {publish3 + "\x40\x02\x00\x00", isMQTT, unknown},
		"the start of a packet":                {publish3[:6], undecided, undecided},
		"a first byte":                         {"\x30", undecided, undecided},
		"the start of a remaining length":      {"\x30\x80", undecided, undecided},
		"two bytes could be anything":          {pingreq, isMQTT, undecided},
		"four bytes":                           {pingreq + pingreq, isMQTT, isMQTT},
		"packet type 0":                        {"\x00", unknown, unknown},
		"flags that the type has not":          {"\x41\x02\x00\x01", unknown, unknown},
		"DUP, of 3.1":                          {"\x8A" + subscribe3[1:], isMQTT, isMQTT},
		"QoS 3":                                {"\x36\x08\x00\x01t\x00\x01hel", unknown, unknown},
		"a topic that is longer than it":       {"\x30\x08\x00\x07", unknown, unknown},
		"half a topic":                         {"\x30\x08\x00\x06to", undecided, undecided},
		"half a topic, half a character":       {"\x30\x08\x00\x06to\xC3", undecided, undecided},
		"half a topic that is no UTF-8":        {"\x30\x08\x00\x06to\xC3\x28", unknown, unknown},
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
			assert.Equal(t, test.known, judgeStart([]byte(test.bytes), true), "known to be MQTT")
			assert.Equal(t, test.doubt, judgeStart([]byte(test.bytes), false), "not known")
		})
	}
}

func TestTwoBytesOnAnotherPortAreNotTakenForMQTT(t *testing.T) {
	tr := newTrace(t)
	tr.begin(4000).says(pingreq)
	assert.Equal(t, []string{"1/0 ? not MQTT, stopped"}, tr.lines(Options{}))
}

func TestSearchGivesUpWhatIsTooLong(t *testing.T) {
	tr := newTrace(t)
	c := tr.begin(4000)
	c.says("\x30\x80\x80\x80\x01\x00\x01t") // a PUBLISH of 2 MiB, if it is one
	for range maxSearch/60000 + 2 {
		c.says(strings.Repeat("\x00", 60000))
	}
	lines := tr.lines(Options{})
	assert.Len(t, lines, 1)
	assert.Contains(t, lines[0], "not MQTT, stopped")
}
