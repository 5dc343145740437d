package mqttwire

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// unreadableRules are the rules after whose breach nobody knows which fields
// follow and where each ends, with the reason; and those that only a value to be
// encoded can break.
var unreadableRules = map[Rule]string{
	RulePacketType:            "no such packet: it has no known fields",
	RuleVarintLength:          "the integer has no end",
	RuleVarintCut:             "the integer has no end",
	RuleRemainingLength:       "encoding only",
	RulePacketSize:            "the packet was not taken",
	RuleFrameType:             "another packet, with other fields",
	RuleFrameLength:           "the body is not that of the header",
	RuleVersion:               "the version says which fields there are",
	RuleFieldMissing:          "there is no such field",
	RuleNotInVersion:          "encoding only",
	RuleStringLength:          "the string has no end in the packet",
	RuleBinaryLength:          "the data has no end in the packet",
	RulePropertyLengthMissing: "there is no such field",
	RulePropertyLength:        "the list has no end in the packet",
	RulePropertyCut:           "the property has no end in the list",
	RulePropertyIDForm:        "the identifier is none that a list can be read by",
	RulePropertyUnknown:       "the type of the value is not known",
	RuleProtocolName:          "another protocol",
	RuleProtocolVersion:       "the version says which fields there are",
	RuleConnectVersion:        "encoding only",
	RulePropertyType:          "encoding only",
	RuleAnswerPacketID:        "two packets",
	RuleAnswerCodes:           "two packets",
	RulePropertiesReset:       "encoding only",
	RuleClientIDMissing:       "there is no such field",
	RuleWillMissing:           "there is no such field",
	RuleUserNameMissing:       "there is no such field",
	RulePasswordMissing:       "there is no such field",
	RuleVersionRefused:        "a packet of another version",
	RuleOptionsMissing:        "there is no such field",
	RuleNotMQTT:               "another protocol",
}

func TestReadableTellsWhichRulesCanBeTolerated(t *testing.T) {
	for _, r := range Rules() {
		assert.Equal(t, unreadableRules[r] == "", r.Readable(), r)
	}
	assert.False(t, Rule(0).Readable())
	assert.False(t, numRules.Readable())
}

func TestJudgeKeepsWhatItLetsPass(t *testing.T) {
	dup := NewError(RuleDup, PUBLISH, V311, FieldDup, 0, 1)
	flags := NewError(RuleFlags, PUBACK, V311, FieldFlags, 0, 2)
	cut := NewError(RuleFieldMissing, PUBACK, V311, FieldPacketID, 2, 0)

	assert.False(t, (*Tolerance)(nil).Judge(dup))
	strict := Tolerance{}
	assert.False(t, strict.Judge(dup))
	assert.Empty(t, strict.Findings)

	some := Tolerance{Allow: func(e *Error) bool { return e.Rule == RuleDup }}
	assert.True(t, some.Judge(dup))
	assert.False(t, some.Judge(flags))
	assert.Equal(t, []*Error{dup}, some.Findings)

	all := Tolerance{Allow: ReportAll}
	assert.True(t, all.Judge(dup))
	assert.True(t, all.Judge(flags))
	assert.False(t, all.Judge(cut), "the rest of the packet cannot be read")
	kept := all.Findings
	all.Reset()
	assert.Empty(t, all.Findings)
	assert.Equal(t, []*Error{dup, flags}, kept, "Reset leaves the slice that a caller took")
}

func TestJudgeKeepsNoMoreFindingsThanTheLimit(t *testing.T) {
	dup := NewError(RuleDup, PUBLISH, V311, FieldDup, 0, 1)
	for max, kept := range map[int]int{0: DefaultFindings, 3: 3, -1: 0} {
		to := Tolerance{Allow: ReportAll, Max: max}
		for range DefaultFindings + 5 {
			require.True(t, to.Judge(dup), "what is not kept passes all the same")
		}
		assert.Len(t, to.Findings, kept)
		assert.Equal(t, DefaultFindings+5-kept, to.Dropped)
		to.Reset()
		assert.Zero(t, to.Dropped)
	}
}

func TestInteropLetsPassWhatItsRowsSayOnly(t *testing.T) {
	for _, row := range InteropRules() {
		require.True(t, row.Rule.Readable(), row.Rule)
		require.Contains(t, row.Why, "#", "%s names no public report", row.Rule)
		for _, p := range row.Packets {
			for _, v := range row.Versions {
				e := NewError(row.Rule, p, v, FieldFlags, 0, row.Most)
				assert.True(t, Interop(e), "%s in %s of %s", row.Rule, p, v)
				if row.Most != 0 {
					for _, n := range []int64{row.Least - 1, row.Most + 1, NotANumber} {
						e.Found = n
						assert.False(t, Interop(e), "%s of %d in %s of %s", row.Rule, n, p, v)
					}
				}
			}
		}
	}
	for _, r := range Rules() {
		for p := CONNECT; p <= AUTH; p++ {
			for v := V31; v <= V5; v++ {
				in := slices.ContainsFunc(InteropRules(), func(row InteropRule) bool {
					return row.Rule == r && slices.Contains(row.Packets, p) && slices.Contains(row.Versions, v)
				})
				if !in {
					assert.False(t, Interop(NewError(r, p, v, FieldFlags, 0, 2)), "%s in %s of %s", r, p, v)
				}
			}
		}
	}
}

func TestInteropRulesIsACopy(t *testing.T) {
	InteropRules()[0].Rule = RuleUTF8
	assert.Equal(t, RuleFlags, InteropRules()[0].Rule)
}

// fault is a rule that a text breaks, and where.
type fault struct {
	Rule Rule
	At   int
}

func TestTextFaultsNamesEachRuleOnceAtItsFirstByte(t *testing.T) {
	for _, c := range []struct {
		text string
		kind textKind
		v    Version
		want []fault
	}{
		{"a\x00b\xFF\x00\xFE", anyText, V5, []fault{{RuleNUL, 1}, {RuleUTF8, 3}}},
		{"\xFFab\x00", anyText, V311, []fault{{RuleUTF8, 0}, {RuleNUL, 3}}},
		{"\xFF\x00\xC0\x80", anyText, V31, []fault{{RuleUTF8, 0}}},
		{"\xC0\x80\xFF", nameText, V31, []fault{{RuleTopicNUL, 0}, {RuleUTF8, 2}}},
		{"", nameText, V5, []fault{{RuleTopicEmpty, 0}}},
		{"", filterText, V311, []fault{{RuleTopicEmpty, 0}}},
		{"\xFFa\x00/+/#", nameText, V5, []fault{{RuleTopicWildcard, 4}, {RuleUTF8, 0}, {RuleTopicNUL, 2}}},
		{"a+/#b/\x00\xC3", filterText, V5, []fault{{RuleTopicNUL, 6}, {RuleUTF8, 7}, {RuleFilterPlus, 1}, {RuleFilterHash, 3}}},
		{"a##+", filterText, V311, []fault{{RuleFilterHash, 1}, {RuleFilterPlus, 3}}},
		{"$share//a#/b+", filterText, V5, []fault{{RuleShareNameEmpty, 7}, {RuleFilterHash, 9}, {RuleFilterPlus, 12}}},
		{"$share/a+b/#/c", filterText, V5, []fault{{RuleShareForm, 8}, {RuleFilterHash, 11}}},
		{"$share/a", filterText, V5, []fault{{RuleShareForm, 8}}},
		{"$share/#", filterText, V5, []fault{{RuleShareForm, 7}}},
		{"$share//a#/b", filterText, V311, []fault{{RuleFilterHash, 9}}},
	} {
		var got []fault
		textFaults([]byte(c.text), c.kind, c.v, func(r Rule, at int) bool {
			got = append(got, fault{r, at})
			return true
		})
		assert.Equal(t, c.want, got, "%q in %s", c.text, c.v)
		for n := range c.want {
			got = nil
			textFaults([]byte(c.text), c.kind, c.v, func(r Rule, at int) bool {
				got = append(got, fault{r, at})
				return len(got) <= n
			})
			assert.Equal(t, c.want[:n+1], got, "%q in %s, stopped after %d", c.text, c.v, n+1)
		}
	}
}

// listFault is a rule that a property list breaks.
type listFault struct {
	Rule  Rule
	ID    PropertyID
	At    int
	Found int64
}

func TestEveryFaultOfAPropertyListIsFound(t *testing.T) {
	for _, c := range []struct {
		name  string
		list  string
		owner PropertyOwner
		want  []listFault
		read  int // entries of the view
	}{
		{"three maxima of 0 and a repeat", "\x21\x00\x00\x27\x00\x00\x00\x00\x21\x00\x00", ofConnect, []listFault{
			{RulePropertyZero, ReceiveMaximum, 1, 0}, {RulePropertyZero, MaximumPacketSize, 4, 0},
			{RulePropertyRepeated, ReceiveMaximum, 8, NotANumber}, {RulePropertyZero, ReceiveMaximum, 9, 0}}, 3},
		{"another packet's, twice, of a bad value", "\x17\x02\x17\x03", ofPublish, []listFault{
			{RulePropertyNotAllowed, RequestProblemInformation, 0, NotANumber},
			{RulePropertyNotAllowed, RequestProblemInformation, 2, NotANumber}}, 2},
		{"another packet's text", "\x01\x00\x12\x00\x02\x00\xFF", ofPublish, []listFault{
			{RulePropertyNotAllowed, AssignedClientIdentifier, 2, NotANumber}, {RuleNUL, AssignedClientIdentifier, 5, 0},
			{RuleUTF8, AssignedClientIdentifier, 6, 0xFF}}, 2},
		{"name and value of one entry", "\x26\x00\x03\x00a\xFF\x00\x01\xFE", ofPuback, []listFault{
			{RuleNUL, UserProperty, 3, 0}, {RuleUTF8, UserProperty, 5, 0xFF}, {RuleUTF8, UserProperty, 8, 0xFE}}, 1},
		{"an integer of 0 in more bytes than needed", "\x0B\x80\x00\x0B\x05", ofSubscribe, []listFault{
			{RuleVarintMinimal, SubscriptionIdentifier, 2, 0}, {RulePropertyZero, SubscriptionIdentifier, 1, 0},
			{RulePropertyRepeated, SubscriptionIdentifier, 3, NotANumber}}, 2},
		{"response topics", "\x08\x00\x00\x08\x00\x03#\x00\xFF", ofWill, []listFault{
			{RuleResponseTopicEmpty, ResponseTopic, 1, 0}, {RulePropertyRepeated, ResponseTopic, 3, NotANumber},
			{RuleResponseTopicWildcard, ResponseTopic, 6, '#'}, {RuleTopicNUL, ResponseTopic, 7, 0}, {RuleUTF8, ResponseTopic, 8, 0xFF}}, 2},
		{"alias 0 before a list that cannot be read on", "\x23\x00\x00\x7F\x00", ofPublish, []listFault{
			{RuleTopicAliasZero, TopicAlias, 1, 0}, {RulePropertyUnknown, 0, 3, 0x7F}}, 0},
		{"a name that is broken before a value that is cut", "\x26\x00\x01\xFF\x00\x02a", ofAuth, []listFault{
			{RuleUTF8, UserProperty, 3, 0xFF}, {RuleStringLength, UserProperty, 4, 2}}, 0},
		{"an identifier in two bytes", "\xA6\x00", ofAuth, []listFault{{RulePropertyIDForm, 0, 0, 0x26}}, 0},
		{"an identifier in two bytes, of another property's first", "\xA3\x01", ofAuth, []listFault{{RulePropertyUnknown, 0, 0, 0xA3}}, 0},
		{"cut in a number", "\x21\x00\x00\x21\x00", ofConnack, []listFault{
			{RulePropertyZero, ReceiveMaximum, 1, 0}, {RulePropertyRepeated, ReceiveMaximum, 3, NotANumber}, {RulePropertyCut, ReceiveMaximum, 4, 1}}, 0},
		{"cut in binary data", "\x16\x00\x02a", ofAuth, []listFault{{RuleBinaryLength, AuthenticationData, 1, 2}}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, first := scanProperties([]byte(c.list), c.owner)
			require.NotNil(t, first, "the list is broken")
			var got []listFault
			p := tolerateProperties([]byte(c.list), c.owner, func(f *propertyFault) bool {
				got = append(got, listFault{f.rule, f.id, f.at, f.found})
				return f.rule.Readable()
			})
			require.Empty(t, cmp.Diff(c.want, got))
			require.Equal(t, listFault{first.rule, first.id, first.at, first.found}, got[0], "the strict walk finds the same first")
			assert.Len(t, slices.Collect(p.All()), c.read)
			if c.read == 0 {
				assert.True(t, p.Empty())
				return
			}
			assert.Equal(t, c.list, string(p.Bytes()))
			for _, q := range []Properties{p, p.Clone()} {
				dst, err := q.Append([]byte("dst"), c.owner)
				assert.ErrorContains(t, err, first.rule.Allowed(), "a broken list is never encoded")
				assert.Equal(t, "dst", string(dst))
			}
		})
	}
}

func TestAToleratedListCanBeMended(t *testing.T) {
	list := []byte("\x21\x00\x00\x27\x00\x00\x00\x09\x21\x00\x07")
	p := tolerateProperties(list, ofConnect, func(*propertyFault) bool { return true })
	_, err := p.Append(nil, ofConnect)
	require.Error(t, err)
	p.SetReceiveMaximum(5)
	b, err := p.Append(nil, ofConnect)
	require.NoError(t, err)
	assert.Equal(t, "\x08\x27\x00\x00\x00\x09\x21\x00\x05", string(b))
	p.Remove(ReceiveMaximum)
	p.Remove(MaximumPacketSize)
	b, err = p.Append(nil, ofConnect)
	require.NoError(t, err)
	assert.Equal(t, "\x00", string(b))
}
