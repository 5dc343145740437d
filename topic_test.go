package mqttwire_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

func TestTopicNamesAndFilters(t *testing.T) {
	for _, c := range []struct {
		topics  string // separated by blanks
		name    bool
		filter  bool // in 5.0
		filter3 bool // in 3.1 and 3.1.1
	}{
		{"a a/b / // /a a/ a//b $SYS/x $ $share a* a? é/ü", true, true, true},
		{"+ # +/+ /+ +/ a/+/b a/# +/b/# /# //# +/# a//#", false, true, true},
		{"a+ +a a/b+ a/+b/c ++ +# #+ a# #a a/b# a/#/b #/ #/a ## a/## +/#/", false, false, false},
		{"$share/g/a $share/g//a $share/g/$SYS/x $shared/g/a $SHARE/g/a /$share/g/a a/$share/g/b $share/g/$share/h/a", true, true, true},
		{"$share/g/# $share/g/+/b", false, true, true},
		{"$share/g/ $share/g $share/ $share//a $share//", true, false, true},
		{"$share/g+/a", false, false, false},
		{"$share/+/a", false, false, true},
		{"$share/#/a $share/g/a# $share/g/a/#/b", false, false, false},
		{"a\x00b a\xFFb a\xED\xA0\x80b", false, false, false},
	} {
		for _, s := range strings.Fields(c.topics) {
			for _, v := range []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5} {
				if v == mqttwire.V31 && strings.Contains(s, "\xED") {
					continue // surrogates: modified UTF-8
				}
				filter := c.filter
				if v != mqttwire.V5 {
					filter = c.filter3
				}
				err := mqttwire.CheckTopicName([]byte(s), v)
				assert.Equal(t, c.name, err == nil, "name %q in %s: %v", s, v, err)
				err = mqttwire.CheckTopicFilter([]byte(s), v)
				assert.Equal(t, filter, err == nil, "filter %q in %s: %v", s, v, err)
			}
		}
	}
	assert.NoError(t, mqttwire.CheckTopicFilter([]byte("meter 7/ "), mqttwire.V5))
}

func TestTopicLengthLimits(t *testing.T) {
	slashes := []byte(strings.Repeat("/", 65535))
	assert.NoError(t, mqttwire.CheckTopicName(slashes, mqttwire.V5), "65536 levels are legal")
	assert.NoError(t, mqttwire.CheckTopicFilter(slashes, mqttwire.V5))
	requireRule(t, mqttwire.CheckTopicName(append(slashes, '/'), mqttwire.V5), mqttwire.RuleStringLength)
	requireRule(t, mqttwire.CheckTopicFilter(append(slashes, '/'), mqttwire.V5), mqttwire.RuleStringLength)
	requireRule(t, mqttwire.CheckTopicName(nil, mqttwire.V5), mqttwire.RuleTopicEmpty)
	requireRule(t, mqttwire.CheckTopicFilter(nil, mqttwire.V5), mqttwire.RuleTopicEmpty)
}

func TestTopicErrorsPointAtTheByte(t *testing.T) {
	for _, c := range []struct {
		filter string
		rule   mqttwire.Rule
		at     int
	}{
		{"sport/tennis#", mqttwire.RuleFilterHash, 12},
		{"sport/#/ranking", mqttwire.RuleFilterHash, 6},
		{"sport+", mqttwire.RuleFilterPlus, 5},
		{"$share//a", mqttwire.RuleShareNameEmpty, 7},
		{"$share/g", mqttwire.RuleShareForm, 8},
		{"$share/g#/a", mqttwire.RuleShareForm, 8},
		{"$share/g/a+", mqttwire.RuleFilterPlus, 10},
		{"grüße/\x00", mqttwire.RuleTopicNUL, 8},
	} {
		err := mqttwire.CheckTopicFilter([]byte(c.filter), mqttwire.V5)
		requireRule(t, err, c.rule)
		var e *mqttwire.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, c.at, e.Offset, c.filter)
	}
}

// What a server keeps of a subscription: the group, if there is one, and the filter.
func ExampleSplitSharedFilter() {
	for _, filter := range []string{"$share/workers/jobs/+", "jobs/+", "$share/workers"} {
		group, within, ok := mqttwire.SplitSharedFilter([]byte(filter))
		fmt.Printf("%q %q %t\n", group, within, ok)
	}
	// Output:
	// "workers" "jobs/+" true
	// "" "jobs/+" true
	// "" "" false
}

func TestSplitSharedFilter(t *testing.T) {
	name, filter, ok := mqttwire.SplitSharedFilter([]byte("$share/grp/a/+"))
	require.True(t, ok)
	assert.Equal(t, "grp", string(name))
	assert.Equal(t, "a/+", string(filter))
	assert.Equal(t, len(name), cap(name))
	for _, s := range []string{"$share/g", "$share/g/", "$share//a", "$share/g/a#", "$share/+/a", "a#", "a\x00", ""} {
		_, _, ok := mqttwire.SplitSharedFilter([]byte(s))
		assert.False(t, ok, s)
	}
}

func TestSplittingAFilterThatIsNotSharedGivesItself(t *testing.T) {
	for _, s := range []string{"a/b", "#", "a/+", "$SYS/#", "$shared/g/a", "a/$share/g/b", "é"} {
		name, filter, ok := mqttwire.SplitSharedFilter([]byte(s))
		require.True(t, ok, s)
		assert.Nil(t, name, s)
		assert.Equal(t, s, string(filter))
		assert.Equal(t, len(filter), cap(filter), s)
	}
}

func TestMatchTopic(t *testing.T) {
	for _, c := range []struct {
		filter, yes, no string // names separated by blanks
	}{
		{"plant/line/p1/#", "plant/line/p1 plant/line/p1/speed plant/line/p1/", "plant/line/p10 plant/line"},
		{"plant/#", "plant plant/ plant/a/b", "plants /plant"},
		{"#", "a / a/b //", "$SYS/x $x"},
		{"+", "a", "/a a/ $x a/b"},
		{"plant/+", "plant/ plant/a", "plant plant/a/b"},
		{"+/+", "/stock a/b /", "stock a/b/c $a/b"},
		{"/+", "/stock /", "stock /a/b"},
		{"+/broker/uptime", "a/broker/uptime", "$SYS/broker/uptime"},
		{"$SYS/#", "$SYS/broker/uptime $SYS", "a/broker/uptime"},
		{"$SYS/broker/+", "$SYS/broker/uptime", "$SYS/broker"},
		{"a/+/b", "a/x/b a//b", "a/b a/x/y/b"},
		{"a/b", "a/b", "a/bc a a/b/ A/b"},
		{"+/#", "a a/b /", "$a"},
		{"a/+/#", "a/b a/ a/b/c", "a"},
		{"$share/g/a/+", "a/b a/", "a $share/g/a/b a/b/c"},
		{"$share/g/#", "a a/b /", "$SYS/x $share/g/a"},
		{"$share/g/$SYS/#", "$SYS $SYS/x", "a SYS"},
		{"$share/g//a", "/a", "a"},
		{"$share/é/ü", "ü", "é"},
		{"$share/g/$share/h/a", "$share/h/a", "a"},
		{"$share/g", "$share/g", "g a"}, // which 5.0 refuses, and 3.x gives no other meaning
		{"$share//a", "$share//a", "a"},
		{"$share/+/a", "$share/g/a", "a"},
	} {
		for _, n := range strings.Fields(c.yes) {
			assert.True(t, mqttwire.MatchTopic([]byte(c.filter), []byte(n)), "%s should match %s", c.filter, n)
		}
		for _, n := range strings.Fields(c.no) {
			assert.False(t, mqttwire.MatchTopic([]byte(c.filter), []byte(n)), "%s should not match %s", c.filter, n)
		}
	}
	assert.False(t, mqttwire.MatchTopic(nil, []byte("a")))
	assert.False(t, mqttwire.MatchTopic([]byte("a"), nil))
}

func TestMatchingAndCheckingTopicsAllocatesNothing(t *testing.T) {
	skipUnderRace(t)
	filter, name := []byte("plant/+/line/#"), []byte("plant/1/line/2/grüße")
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if !mqttwire.MatchTopic(filter, name) || mqttwire.CheckTopicName(name, mqttwire.V5) != nil || mqttwire.CheckTopicFilter(filter, mqttwire.V5) != nil {
			t.Fatal("a legal topic that matches")
		}
	}))
}
