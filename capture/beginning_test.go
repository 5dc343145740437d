package capture

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWhatMayBeginMQTT(t *testing.T) {
	for name, test := range map[string]struct {
		bytes    string
		ok, more bool
	}{
		"nothing":                            {"", true, true},
		"CONNECT":                            {connect311, true, false},
		"a part of a CONNECT":                {connect311[:5], true, true},
		"a malformed CONNECT":                {"\x10\x0C\x00\x04MQTT\x09\xFF", true, false},
		"a CONNECT of another protocol":      {"\x10\x0C\x00\x04AMQP\x09\xFF\x00\x00\x00\x00", false, false},
		"PUBLISH of 3.1.1":                   {"\x30\x08\x00\x01thello", true, false},
		"PUBLISH of 5.0":                     {publish5, true, false},
		"a PUBLISH that is not there":        {publish5[:7], true, true},
		"a PUBLISH with a wildcard":          {"\x30\x08\x00\x01#hello", false, false},
		"a PUBLISH whose topic is not UTF":   {"\x30\x08\x00\x01\xFFhello", false, false},
		"a PUBLISH with a control character": {"\x30\x08\x00\x01\x07hello", true, false},
		"a part of one":                      {"\x30\x08\x00\x01\x07hel", false, false},
		"PINGREQ":                            {pingreq, true, true},
		"two of them":                        {pingreq + pingreq, true, false},
		"PINGREQ before something":           {pingreq + "\x00\x00", false, false},
		"PINGREQ before PUBLISH":             {pingreq + publish5, true, false},
		"PUBACK without an identifier":       {"\x40\x02\x00\x00", false, false},
		"flags that its type has not":        {"\x41\x02\x00\x01", false, false},
		"type 0":                             {"\x00\x02\x00\x01", false, false},
		"a long length that is none":         {"\x30\xFF\xFF\xFF\xFF\x01", false, false},
		"an ELF header":                      {"\x7fELF\x02\x01\x01\x00", false, false},
		"a SUBSCRIBE without filters":        {"\x82\x02\x00\x01", false, false},
	} {
		ok, more := MayBegin([]byte(test.bytes))
		assert.Equal(t, test.ok, ok, name)
		assert.Equal(t, test.more, more, name)
	}
}

func TestMoreBytesAreAskedForOnlyWhereTheyTell(t *testing.T) {
	for _, text := range []string{connect311, publish5, strings.Repeat(pingreq, 3) + connect311} {
		for n := range text {
			ok, more := MayBegin([]byte(text[:n]))
			assert.True(t, ok, n)
			if n < 3 {
				assert.True(t, more, n)
			}
		}
	}
}
