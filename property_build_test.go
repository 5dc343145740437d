package mqttwire

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// setter is a call that changes a list, drawn at random.
type setter func(*propertyList)

var someSetter = rapid.Custom(func(t *rapid.T) setter {
	text := rapid.SampledFrom([][]byte{nil, []byte("a"), []byte("eight by"), []byte("a longer value, of some words"), {0xFF}}).Draw(t, "text")
	n := rapid.SampledFrom([]uint32{0, 1, 127, 128, MaxVarint, MaxVarint + 1}).Draw(t, "number")
	id := rapid.SampledFrom(allIDs()).Draw(t, "property")
	return rapid.SampledFrom([]setter{
		func(p *propertyList) { p.AddUser(text, text) },
		func(p *propertyList) { p.AddSubscriptionID(n) },
		func(p *propertyList) { p.SetContentType(text) },
		func(p *propertyList) { p.SetReasonString(text) },
		func(p *propertyList) { p.SetTopicAlias(uint16(n)) },
		func(p *propertyList) { p.SetMessageExpiryInterval(n) },
		func(p *propertyList) { p.Remove(id) },
		func(p *propertyList) { p.Remove(UserProperty) },
		func(p *propertyList) { // a value of the list itself
			v, _ := p.ContentType()
			p.AddUser(v, v)
		},
	}).Draw(t, "setter")
})

// asTold is what a list shows and what encoding it gives.
func asTold(p Properties) [3]string {
	out, err := p.Append(nil, ofPublish)
	told := [3]string{p.String(), string(out)}
	if err != nil {
		told[2] = err.Error()
	}
	return told
}

func TestABuilderMakesTheListsThatPropertiesDoes(t *testing.T) {
	var b PropertyBuilder // used again, as its memory is
	rapid.Check(t, func(t *rapid.T) {
		b.Reset()
		var p Properties
		type kept struct {
			list Properties
			told [3]string
		}
		var finished []kept
		for _, set := range rapid.SliceOfN(someSetter, 0, 12).Draw(t, "setters") {
			set(&b.propertyList)
			set(&p.propertyList)
			list := b.Properties()
			require.Equal(t, asTold(p), asTold(list))
			require.Equal(t, p.Err(), list.Err())
			finished = append(finished, kept{list, asTold(list)})
		}
		for _, k := range finished {
			require.Equal(t, k.told, asTold(k.list), "what was finished stays as it was")
		}
	})
}

func TestCopiesOfABuilderAndOfItsListsAreEachTheirOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var builders [3]PropertyBuilder
		var lists, want [3]Properties
		builders[0].Reset()
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			i, j := rapid.IntRange(0, 2).Draw(t, "from"), rapid.IntRange(0, 2).Draw(t, "to")
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				builders[j] = builders[i]
				want[j] = Properties{builders[i].propertyList}.Clone()
			case 1:
				lists[i] = builders[i].Properties()
			default:
				set := someSetter.Draw(t, "setter")
				set(&builders[i].propertyList)
				set(&want[i].propertyList)
				set(&lists[i].propertyList)
			}
			for k := range builders {
				require.Equal(t, want[k].String(), builders[k].String(), "builder %d", k)
			}
		}
	})
}

func TestAListIsRefusedOnceItsBuilderIsReset(t *testing.T) {
	var b PropertyBuilder
	b.Reset()
	b.SetTopicAlias(1)
	list := b.Properties()
	before, changed := list.Clone(), list
	changed.SetContentType([]byte("x"))
	b.Reset()
	b.AddSubscriptionID(7)

	after, set, removed := list.Clone(), list, list
	set.SetTopicAlias(2)
	removed.Remove(TopicAlias)
	for name, p := range map[string]Properties{"the list": list, "a clone made too late": after, "one set too late": set, "one removed from too late": removed} {
		out, err := p.Append([]byte("prefix"), ofPublish)
		var e *Error
		require.ErrorAs(t, err, &e, name)
		assert.Equal(t, RulePropertiesReset, e.Rule, name)
		assert.Contains(t, e.Error(), "protocol error: Properties were lost when their PropertyBuilder was reset; "+
			"a list is encoded, or cloned, before its PropertyBuilder is reset [5.0 section 2.2.2]")
		assert.Equal(t, "prefix", string(out), name)
		assert.ErrorIs(t, p.Err(), ErrProtocol, name)
	}
	for want, p := range map[string]Properties{
		`[Topic Alias: 1]`: before, `[Topic Alias: 1, Content Type: "x"]`: changed, `[Subscription Identifier: 7]`: b.Properties(),
	} {
		assert.Equal(t, want, p.String())
		_, err := p.Append(nil, ofPublish)
		assert.NoError(t, err, want)
	}
}

func TestABuilderThatWasNeverResetCopies(t *testing.T) {
	var b PropertyBuilder
	b.SetTopicAlias(1)
	list := b.Properties()
	b.SetTopicAlias(2)
	b.Reset()
	b.SetTopicAlias(3)
	assert.Equal(t, "[Topic Alias: 1]", list.String())
	_, err := list.Append(nil, ofPublish)
	assert.NoError(t, err)
}

func TestRemovingWhileWalkingShowsEachPropertyOnce(t *testing.T) {
	var b PropertyBuilder
	b.Reset()
	setAll(&b.propertyList)
	p := b.Properties()
	for name, list := range map[string]*propertyList{"built": &b.propertyList, "not": &p.propertyList} {
		shown := map[PropertyID]int{}
		for q := range list.All() {
			shown[q.ID]++
			list.Remove(q.ID)
		}
		assert.Len(t, shown, 27, name)
		assert.Equal(t, 2, shown[UserProperty], name)
		assert.True(t, list.Empty(), name)
		for _, id := range allIDs() {
			assert.False(t, list.Has(id), name)
		}
	}
}

func TestBuildingPropertiesInMemoryThatIsThereAllocatesNothing(t *testing.T) {
	name, value := []byte("k"), []byte("v")
	var b PropertyBuilder
	dst := make([]byte, 0, 256)
	allocs := testing.AllocsPerRun(100, func() {
		b.Reset()
		b.SetTopicAlias(7)
		b.SetMessageExpiryInterval(60)
		b.AddUser(name, value)
		b.AddSubscriptionID(300)
		b.SetMessageExpiryInterval(59)
		p := b.Properties()
		if _, err := p.Append(dst, ofPublish); err != nil {
			t.Fatal(err)
		}
	})
	assert.Zero(t, allocs)
}

// A builder that is never reset again must not grow with each value that is set
// anew, but with the list only.
func TestSettingAPropertyAnewManyTimesTakesNoMemory(t *testing.T) {
	var b PropertyBuilder
	b.Reset()
	b.AddUser([]byte("name"), []byte("value"))
	for i := range uint32(10000) {
		b.SetMessageExpiryInterval(i)
	}
	assert.Less(t, cap(b.memory.buf), 512)
	assert.Equal(t, `[User Property: "name"="value", Message Expiry Interval: 9999]`, b.String())
}

func TestAListIsRefusedHoweverOftenItsBuilderWasReset(t *testing.T) {
	var b PropertyBuilder
	b.Reset()
	b.memory.resets = resetBits - oneReset
	var lists []Properties
	for range 5 { // over the largest number that a list can hold
		b.Reset()
		b.SetTopicAlias(1)
		list := b.Properties()
		for _, old := range lists {
			_, err := old.Append(nil, ofPublish)
			assert.Error(t, err)
		}
		out, err := list.Append(nil, ofPublish)
		require.NoError(t, err)
		assert.Equal(t, "\x03\x23\x00\x01", string(out))
		lists = append(lists, list)
	}
}

func TestACopyOfABuilderGetsNoMemoryThatTheBuilderHasKept(t *testing.T) {
	var b PropertyBuilder
	b.Reset()
	b.AddUser([]byte(strings.Repeat("x", 100)), nil)
	first := b.Properties()
	copied := b
	b.memory.resets = resetBits // the last number: the next Reset begins again
	b.Reset()
	copied.AddUser([]byte("no list"), nil)
	require.Error(t, copied.Err())
	copied.Reset()
	require.Error(t, first.Err(), "the first of a number")
	b.AddUser([]byte("b"), nil)
	of := b.Properties()
	copied.AddUser([]byte("c"), nil)
	for want, p := range map[string]Properties{`[User Property: "b"=""]`: of, `[User Property: "c"=""]`: copied.Properties()} {
		require.NoError(t, p.Err())
		assert.Equal(t, want, p.String())
	}
}

func TestACopyOfABuilderWritesBehindWhatTheOtherHasWritten(t *testing.T) {
	var a PropertyBuilder
	a.Reset()
	a.SetContentType([]byte("x"))
	b := a
	b.SetTopicAlias(2)
	a.SetTopicAlias(1)
	first := a.Properties()
	b.AddSubscriptionID(7)
	for want, p := range map[string]Properties{
		`[Content Type: "x", Topic Alias: 1]`:                             first,
		`[Content Type: "x", Topic Alias: 2, Subscription Identifier: 7]`: b.Properties(),
	} {
		assert.Equal(t, want, p.String())
		_, err := p.Append(nil, ofPublish)
		assert.NoError(t, err, want)
	}
}
