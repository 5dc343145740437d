package corpus

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

func TestALineSaysWhatItMeansThatARuleIsBroken(t *testing.T) {
	all, err := parseRefusals("r.txt", "# a group\n\ndup  malformed 0x81\nversion version 0x84 value after=0x82\nnot-mqtt protocol 0x82 before=close after=close\n")
	require.NoError(t, err)
	code := func(c mqttwire.ReasonCode) Code { return Code{Reason: c} }
	assert.Equal(t, map[string]Refusal{
		"dup":      {Rule: "dup", Class: mqttwire.ErrMalformed, Reason: 0x81, Before: code(0x81), After: code(0x81)},
		"version":  {Rule: "version", Class: mqttwire.ErrUnsupportedVersion, Reason: 0x84, Value: true, Before: code(0x84), After: code(0x82)},
		"not-mqtt": {Rule: "not-mqtt", Class: mqttwire.ErrProtocol, Reason: 0x82, Before: Code{Close: true}, After: Code{Close: true}},
	}, all)
}

func TestARefusalThatDoesNotParseNamesFileAndLine(t *testing.T) {
	for line, want := range map[string]string{
		"dup malformed":                   `r.txt:2: expected rule, class and reason code`,
		"dupp malformed 0x81":             `r.txt:2: unknown rule "dupp"`,
		"dup mal 0x81":                    `r.txt:2: unknown class "mal"`,
		"dup malformed 0x181":             `r.txt:2: reason: "0x181" is no code`,
		"dup malformed 0x81 soon":         `r.txt:2: unknown word "soon"`,
		"dup malformed 0x81 before=never": `r.txt:2: reason: "never" is no code`,
		"qos malformed 0x81":              `r.txt:2: rule qos stands twice`,
	} {
		_, err := parseRefusals("r.txt", "qos malformed 0x81\n"+line)
		assert.ErrorContains(t, err, want, line)
	}
}

func TestACaseMayNotContradictItsRule(t *testing.T) {
	all, err := parseRefusals("r.txt", "dup malformed 0x81")
	require.NoError(t, err)
	c := Case{Name: "a", File: "f.txt", Line: 3, Rule: "dup", Reason: 0x81}
	require.NoError(t, refuse(&c, all))
	assert.Equal(t, mqttwire.ErrMalformed, c.Class)
	c.Reason = 0x82
	assert.ErrorContains(t, refuse(&c, all), "f.txt:3: a: reason 0x82, but 0x81 in refusals.txt")
	c.Rule = "qos"
	assert.ErrorContains(t, refuse(&c, all), "f.txt:3: a: rule qos is not in refusals.txt")
}
