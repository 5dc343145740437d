package mqttwire

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestAListThatIsSetByIdentifierFromAnotherIsTheSame(t *testing.T) {
	var all Properties
	setAll(&all.propertyList)
	var p Properties
	var b PropertyBuilder
	b.Reset()
	for q := range all.All() {
		p.Set(q.ID, q)
		b.Set(q.ID, q)
	}
	require.NoError(t, p.Err())
	require.NoError(t, b.Err())
	assert.True(t, all.Equal(p), p.String())
	assert.True(t, all.Equal(b.Properties()), b.String())
}

func TestAnyPropertyIsSetByIdentifierFromAValueOfItsType(t *testing.T) {
	var p Properties
	for id, value := range wantAll {
		switch value := value.(type) {
		case []uint32:
			for _, n := range value {
				p.Set(id, n)
			}
		case []string:
			p.Set(id, [2]string{"k", "v"})
			p.Set(id, [2][]byte{[]byte("k"), nil})
		default:
			p.Set(id, value)
		}
	}
	require.NoError(t, p.Err())
	assert.Empty(t, cmp.Diff(wantAll, getAll(p)))
	for _, id := range []PropertyID{ContentType, CorrelationData} {
		p.Set(id, []byte("bytes"))
		v, _ := p.bytes(id)
		assert.Equal(t, "bytes", string(v), "what was there is replaced")
	}
}

func TestAValueOfAnotherTypeIsRefusedForTheProperty(t *testing.T) {
	var user, number Properties
	user.AddUser([]byte("k"), []byte("v"))
	number.SetReceiveMaximum(1)
	others := map[string]any{
		"nothing": nil, "a float": 1.0, "a long number": int64(1), "a list of numbers": []uint32{1},
		"a negative number": -1, "too large a number": 1 << 16, "a number over all": uint32(math.MaxUint32),
		"a bool": true, "a number": 1, "a string": "s", "bytes": []byte("s"), "a pair of strings": [2]string{"k", "v"},
		"a pair of bytes": [2][]byte{}, "a User Property": propertyOf(user), "a Receive Maximum": propertyOf(number),
	}
	for _, id := range allIDs() {
		legal := map[string]bool{}
		mark := func(names ...string) {
			for _, name := range names {
				legal[name] = true
			}
		}
		switch row := propertyTable[id]; row.kind {
		case kindPair:
			mark("a pair of strings", "a pair of bytes", "a User Property")
		case kindString, kindBinary:
			mark("a string", "bytes")
		case kindByte:
			mark("a number", "a bool")
		case kindFourByte:
			mark("a number", "too large a number", "a number over all")
		case kindVarint:
			mark("a number", "too large a number")
		default:
			mark("a number")
		}
		legal["a Receive Maximum"] = id == ReceiveMaximum
		for name, value := range others {
			var p Properties
			p.Set(id, value)
			err := p.Err()
			if legal[name] {
				assert.NoError(t, err, "%s is %s", id, name)
				assert.True(t, p.Has(id), "%s is %s", id, name)
				continue
			}
			var e *Error
			require.ErrorAs(t, err, &e, "%s is %s", id, name)
			assert.True(t, p.Empty())
			assert.Contains(t, []Rule{RulePropertyType, RulePropertyBool, RuleVarintLength}, e.Rule)
			assert.Contains(t, string(e.Field), id.String())
			for owner := WillProperties; owner <= ofAuth; owner++ {
				_, err := p.Append(nil, owner)
				assert.Error(t, err)
			}
			p.Remove(id)
			assert.NoError(t, p.Err(), "removing it forgives the value")
		}
	}
}

func propertyOf(p Properties) (first Property) {
	for q := range p.All() {
		return q
	}
	return Property{}
}

func TestAnIdentifierThatIsNoneIsRefused(t *testing.T) {
	for i := range 256 {
		id := PropertyID(i)
		if id.known() {
			continue
		}
		var p Properties
		p.SetTopicAlias(1)
		p.Set(id, 1)
		var e *Error
		require.ErrorAs(t, p.Err(), &e, "0x%02X", i)
		assert.Equal(t, RulePropertyUnknown, e.Rule)
		assert.EqualValues(t, i, e.Found)
		assert.Zero(t, e.Type, "it is in no packet")
		_, err := p.Append(nil, ofPublish)
		require.ErrorAs(t, err, &e, "0x%02X", i)
		assert.Equal(t, RulePropertyUnknown, e.Rule)
		assert.Equal(t, PUBLISH, e.Type)
		p.Remove(id)
		assert.NoError(t, p.Err())
	}
}

func TestWhatIsSetByIdentifierIsWhatTheSetterOfThatNameSets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{"", "a", "a/b", "#", "\xFF", "a\x00"}).Draw(t, "text")
		n := rapid.SampledFrom([]uint32{0, 1, 2, 255, 256, 65535, MaxVarint, MaxVarint + 1}).Draw(t, "number")
		var byName, byID Properties
		byName.SetContentType([]byte(text))
		byID.Set(ContentType, text)
		byName.SetResponseTopic([]byte(text))
		byID.Set(ResponseTopic, []byte(text))
		byName.SetCorrelationData([]byte(text))
		byID.Set(CorrelationData, text)
		byName.AddUser([]byte(text), nil)
		byID.Set(UserProperty, [2]string{text})
		byName.AddSubscriptionID(n)
		byID.Set(SubscriptionIdentifier, n)
		byName.AddSubscriptionID(n)
		byID.Set(SubscriptionIdentifier, int(n))
		byName.SetMessageExpiryInterval(n)
		byID.Set(MessageExpiryInterval, n)
		byName.SetTopicAlias(uint16(n))
		byID.Set(TopicAlias, uint16(n))
		byName.SetPayloadFormatIndicator(uint8(n))
		byID.Set(PayloadFormatIndicator, uint8(n))
		require.Equal(t, asTold(byName), asTold(byID))
		require.Equal(t, byName.Err(), byID.Err())
	})
}

func TestASubscribesOnlySubscriptionIdentifierIsHadByItsGetter(t *testing.T) {
	var p Properties
	_, ok := p.SubscriptionIdentifier()
	assert.False(t, ok)
	for _, want := range []uint32{MaxVarint, 1} { // the first of several counts
		p.AddSubscriptionID(want)
		id, ok := p.SubscriptionIdentifier()
		assert.True(t, ok)
		assert.EqualValues(t, MaxVarint, id)
	}
}

// A list that is lost stays so, whatever is removed from it.
func TestALostListIsNotForgiven(t *testing.T) {
	var b PropertyBuilder
	b.Reset()
	b.SetTopicAlias(1)
	p := b.Properties()
	b.Reset()
	p.SetContentType([]byte("x"))
	p.Remove(0)
	var e *Error
	require.ErrorAs(t, p.Err(), &e)
	assert.Equal(t, RulePropertiesReset, e.Rule)
}

func TestSettingByIdentifierInABuilderAllocatesNothing(t *testing.T) {
	var all Properties
	setAll(&all.propertyList)
	var b PropertyBuilder
	text, n := []byte("a text that is longer than the words of an interface"), uint32(1)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		b.Reset()
		for q := range all.All() {
			b.Set(q.ID, q)
		}
		n++
		b.Set(ContentType, text)
		b.Set(MessageExpiryInterval, 1000+n)
		b.Set(UserProperty, [2][]byte{text, text})
		if b.Err() != nil {
			t.Fatal(b.Err())
		}
	}))
}
