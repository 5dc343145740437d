package capture

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

func frameOf(t *testing.T, b string) mqttwire.Frame {
	t.Helper()
	f, rest, err := mqttwire.CutFrame([]byte(b), 0)
	require.NoError(t, err)
	require.Empty(t, rest)
	return f
}

func TestVersionGuess(t *testing.T) {
	const (
		aliased   = "\x30\x07\x00\x01t\x03\x23\x00\x01" // three bytes of properties
		malformed = "\x40\x02\x00\x00"
	)
	for name, test := range map[string]struct {
		packets       []string
		certain, best mqttwire.Version
	}{
		"nothing":                         {nil, 0, mqttwire.V311},
		"what all versions have":          {[]string{pingreq, puback, disconnect}, 0, mqttwire.V311},
		"five bytes of properties":        {[]string{publish5p}, mqttwire.V5, mqttwire.V5},
		"fewer may be chance":             {[]string{aliased}, 0, mqttwire.V5},
		"together they are enough":        {[]string{aliased, aliased}, mqttwire.V5, mqttwire.V5},
		"no properties":                   {[]string{publish5}, 0, mqttwire.V5},
		"no property list":                {[]string{publish3}, mqttwire.V311, mqttwire.V311},
		"an acknowledgement with a code":  {[]string{puback5}, mqttwire.V5, mqttwire.V5},
		"CONNACK of 5.0":                  {[]string{connack5}, mqttwire.V5, mqttwire.V5},
		"CONNACK of 3.1.1":                {[]string{connack3}, mqttwire.V311, mqttwire.V311},
		"DUP that only 3.1 allows":        {[]string{"\x8A" + subscribe3[1:]}, mqttwire.V31, mqttwire.V31},
		"flags that 3.1 ignores":          {[]string{"\xC1\x00"}, 0, mqttwire.V311},
		"a malformed packet tells nought": {[]string{malformed}, 0, mqttwire.V311},
		"contradiction: the first counts": {[]string{puback5, publish3}, mqttwire.V5, mqttwire.V5},
	} {
		t.Run(name, func(t *testing.T) {
			var g versionGuess
			for _, p := range test.packets {
				g.see(frameOf(t, p))
			}
			assert.Equal(t, test.certain, g.certain())
			assert.Equal(t, test.best, g.best())
		})
	}
}
