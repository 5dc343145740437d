package mqttwire

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// allIDs returns every identifier that the table knows.
func allIDs() (ids []PropertyID) {
	for id := range PropertyID(255) {
		if id.known() {
			ids = append(ids, id)
		}
	}
	return ids
}

// legalValue returns an encoded property with a legal value.
func legalValue(id PropertyID) []byte {
	b := []byte{byte(id)}
	switch propertyTable[id].kind {
	case kindByte, kindVarint:
		return append(b, 1)
	case kindTwoByte:
		return append(b, 0, 1)
	case kindFourByte:
		return append(b, 0, 0, 0, 1)
	case kindPair:
		return append(b, 0, 1, 'k', 0, 1, 'v')
	}
	return append(b, 0, 1, 'x')
}

func TestPropertyTableHasTheTwentySevenProperties(t *testing.T) {
	ids := allIDs()
	assert.Len(t, ids, 27)
	for _, id := range ids {
		row := propertyTable[id]
		assert.NotEmpty(t, row.name)
		assert.NotEmpty(t, row.in, row.name)
		for _, p := range row.in {
			once, value := id.Statements(p.owner)
			assert.Equal(t, id.MayRepeat(p.owner), once == "", row.name)
			hasValueRule := row.check == zeroOrOne || row.check == notZero || row.check == aliasNotZero
			assert.Equal(t, hasValueRule, value != "", row.name)
		}
	}
	for id := range 256 {
		if !PropertyID(id).known() {
			assert.False(t, PropertyID(id).AllowedIn(ofConnect), "a hole in the table is no property")
			once, value := PropertyID(id).Statements(ofConnect)
			assert.Empty(t, once+value)
		}
	}
}

func TestPropertiesAreJudgedByTheirOwner(t *testing.T) {
	for _, id := range allIDs() {
		for owner := WillProperties; owner <= ofAuth; owner++ {
			one := legalValue(id)
			p, bad := viewProperties(one, owner)
			if !id.AllowedIn(owner) {
				require.NotNil(t, bad, "%s in %d", id, owner)
				assert.Equal(t, RulePropertyNotAllowed, bad.rule)
				continue
			}
			require.Nil(t, bad, "%s in %d", id, owner)
			assert.True(t, p.Has(id))

			twice := append(append([]byte{}, one...), one...)
			p, bad = viewProperties(twice, owner)
			if id.MayRepeat(owner) {
				require.Nil(t, bad, "%s twice in %d", id, owner)
				assert.Equal(t, twice, p.Bytes())
				continue
			}
			require.NotNil(t, bad, "%s twice in %d", id, owner)
			assert.Equal(t, RulePropertyRepeated, bad.rule)
			e := bad.error(owner, 10)
			assert.Equal(t, 10+len(one), e.Offset)
			assert.NotEmpty(t, e.Statement, "%s twice in %d", id, owner)
		}
	}
}

func TestEveryCutOfAPropertyIsRefused(t *testing.T) {
	for _, id := range allIDs() {
		owner := propertyTable[id].in[0].owner
		one := legalValue(id)
		for n := 1; n < len(one); n++ {
			_, bad := viewProperties(one[:n:n], owner)
			require.NotNil(t, bad, "%s cut after %d bytes", id, n)
			assert.Equal(t, ErrMalformed, rules[bad.rule].class)
			assert.LessOrEqual(t, bad.at, n)
			assert.NotEmpty(t, bad.error(owner, 0).Error())
		}
	}
}

func TestConsumePropertiesAndAppend(t *testing.T) {
	list := append(legalValue(ContentType), legalValue(UserProperty)...)
	for _, extra := range []int{0, 107, 108, 16400, 2097152} {
		raw := append([]byte(nil), list...)
		for n := extra; n > 0; n -= min(n, 60000) { // grow by user properties
			raw = append(raw, userPropertyOf(min(n, 60000))...)
		}
		in := append(appendVarint(nil, uint32(len(raw))), raw...)
		p, rest, err := ConsumeProperties(append(in[:len(in):len(in)], "rest"...), ofPublish)
		require.NoError(t, err)
		assert.Equal(t, "rest", string(rest))
		assert.Equal(t, len(in), p.Size())
		out, err := p.Append([]byte("prefix"), ofPublish)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(append([]byte("prefix"), in...), out))
		_, _, err = ConsumeProperties(in[:len(in)-1], ofPublish)
		assert.ErrorIs(t, err, ErrIncomplete)
	}
	_, _, err := ConsumeProperties(nil, ofPublish)
	assert.ErrorIs(t, err, ErrIncomplete)
	_, rest, err := ConsumeProperties([]byte("\x02\x01\x02"), ofPublish)
	var e *Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, 2, e.Offset)
	assert.Len(t, rest, 3)
}

// userPropertyOf is an encoded User Property whose value has n bytes.
func userPropertyOf(n int) []byte {
	return append(append([]byte{byte(UserProperty), 0, 0}, byte(n>>8), byte(n)), bytes.Repeat([]byte("v"), n)...)
}

// setAll sets every property once, and repeats those that may.
func setAll(p *propertyList) {
	p.SetPayloadFormatIndicator(1)
	p.SetMessageExpiryInterval(math.MaxUint32)
	p.SetContentType([]byte("text/plain"))
	p.SetResponseTopic([]byte("r/t"))
	p.SetCorrelationData([]byte{0, 1, 2})
	p.AddSubscriptionID(1)
	p.AddSubscriptionID(MaxVarint)
	p.SetSessionExpiryInterval(7)
	p.SetAssignedClientIdentifier([]byte("id"))
	p.SetServerKeepAlive(60)
	p.SetAuthenticationMethod([]byte("M"))
	p.SetAuthenticationData(nil)
	p.SetRequestProblemInformation(false)
	p.SetWillDelayInterval(0)
	p.SetRequestResponseInformation(true)
	p.SetResponseInformation([]byte("info"))
	p.SetServerReference([]byte("a b"))
	p.SetReasonString([]byte("why"))
	p.SetReceiveMaximum(65535)
	p.SetTopicAliasMaximum(0)
	p.SetTopicAlias(1)
	p.SetMaximumQoS(1)
	p.SetRetainAvailable(false)
	p.AddUser([]byte("k"), []byte("v"))
	p.AddUser([]byte("k"), nil)
	p.SetMaximumPacketSize(1)
	p.SetWildcardSubscriptionAvailable(true)
	p.SetSubscriptionIdentifierAvailable(false)
	p.SetSharedSubscriptionAvailable(true)
}

// getAll returns what every getter says, by property.
func getAll(p Properties) map[PropertyID]any {
	got := map[PropertyID]any{}
	put := func(id PropertyID, v any, ok bool) {
		if b, isBytes := v.([]byte); isBytes {
			v = string(b)
		}
		if ok {
			got[id] = v
		}
	}
	get := func(id PropertyID) func(v any, ok bool) { return func(v any, ok bool) { put(id, v, ok) } }
	numbers := map[PropertyID]func() (uint32, bool){
		MessageExpiryInterval: p.MessageExpiryInterval, SessionExpiryInterval: p.SessionExpiryInterval,
		WillDelayInterval: p.WillDelayInterval, MaximumPacketSize: p.MaximumPacketSize,
	}
	for id, f := range numbers {
		v, ok := f()
		get(id)(v, ok)
	}
	shorts := map[PropertyID]func() (uint16, bool){
		ServerKeepAlive: p.ServerKeepAlive, ReceiveMaximum: p.ReceiveMaximum,
		TopicAliasMaximum: p.TopicAliasMaximum, TopicAlias: p.TopicAlias,
	}
	for id, f := range shorts {
		v, ok := f()
		get(id)(v, ok)
	}
	bools := map[PropertyID]func() (bool, bool){
		RequestProblemInformation: p.RequestProblemInformation, RequestResponseInformation: p.RequestResponseInformation,
		RetainAvailable: p.RetainAvailable, WildcardSubscriptionAvailable: p.WildcardSubscriptionAvailable,
		SubscriptionIdentifierAvailable: p.SubscriptionIdentifierAvailable, SharedSubscriptionAvailable: p.SharedSubscriptionAvailable,
	}
	for id, f := range bools {
		v, ok := f()
		get(id)(v, ok)
	}
	texts := map[PropertyID]func() ([]byte, bool){
		ContentType: p.ContentType, ResponseTopic: p.ResponseTopic, CorrelationData: p.CorrelationData,
		AssignedClientIdentifier: p.AssignedClientIdentifier, AuthenticationMethod: p.AuthenticationMethod,
		AuthenticationData: p.AuthenticationData, ResponseInformation: p.ResponseInformation,
		ServerReference: p.ServerReference, ReasonString: p.ReasonString,
	}
	for id, f := range texts {
		v, ok := f()
		get(id)(v, ok)
	}
	pfi, ok := p.PayloadFormatIndicator()
	put(PayloadFormatIndicator, pfi, ok)
	qos, ok := p.MaximumQoS()
	put(MaximumQoS, qos, ok)
	var users []string
	for k, v := range p.User() {
		users = append(users, string(k)+"="+string(v))
	}
	put(UserProperty, users, users != nil)
	var ids []uint32
	for id := range p.SubscriptionIDs() {
		ids = append(ids, id)
	}
	put(SubscriptionIdentifier, ids, ids != nil)
	return got
}

var wantAll = map[PropertyID]any{
	PayloadFormatIndicator: uint8(1), MessageExpiryInterval: uint32(math.MaxUint32), ContentType: "text/plain",
	ResponseTopic: "r/t", CorrelationData: "\x00\x01\x02", SubscriptionIdentifier: []uint32{1, MaxVarint},
	SessionExpiryInterval: uint32(7), AssignedClientIdentifier: "id", ServerKeepAlive: uint16(60),
	AuthenticationMethod: "M", AuthenticationData: "", RequestProblemInformation: false, WillDelayInterval: uint32(0),
	RequestResponseInformation: true, ResponseInformation: "info", ServerReference: "a b", ReasonString: "why",
	ReceiveMaximum: uint16(65535), TopicAliasMaximum: uint16(0), TopicAlias: uint16(1), MaximumQoS: QoS(1),
	RetainAvailable: false, UserProperty: []string{"k=v", "k="}, MaximumPacketSize: uint32(1),
	WildcardSubscriptionAvailable: true, SubscriptionIdentifierAvailable: false, SharedSubscriptionAvailable: true,
}

func TestEachSetterIsReadByItsGetter(t *testing.T) {
	var p Properties
	assert.Empty(t, getAll(p), "nothing is there before it is set, not even a zero")
	setAll(&p.propertyList)
	require.NoError(t, p.Err())
	assert.Empty(t, cmp.Diff(wantAll, getAll(p)))
	assert.Len(t, wantAll, 27)
	for _, id := range allIDs() {
		q := p
		q.Remove(id)
		assert.False(t, q.Has(id))
		want := map[PropertyID]any{}
		for k, v := range wantAll {
			if k != id {
				want[k] = v
			}
		}
		assert.Empty(t, cmp.Diff(want, getAll(q)), "without %s", id)
	}
	assert.Empty(t, cmp.Diff(wantAll, getAll(p)), "removing from copies leaves the list as it was")
}

func TestSettersReplaceWhatIsThere(t *testing.T) {
	var p Properties
	p.SetReceiveMaximum(1)
	p.SetContentType([]byte("a"))
	p.SetReceiveMaximum(2)
	n, ok := p.ReceiveMaximum()
	assert.True(t, ok)
	assert.EqualValues(t, 2, n)
	assert.Equal(t, `[Content Type: "a", Receive Maximum: 2]`, p.String())
}

func TestChangingACopyNeverShowsInAnother(t *testing.T) {
	frame := append([]byte("xx"), legalValue(ContentType)...)
	frame = append(frame, "behind"...)
	before := string(frame)
	p, bad := viewProperties(frame[2:6:len(frame)], ofPublish)
	require.Nil(t, bad)
	a, b := p, p
	a.AddUser([]byte("k"), []byte("a"))
	b.AddUser([]byte("k"), []byte("b"))
	a.SetContentType([]byte("y"))
	c, d := a, a
	c.AddSubscriptionID(1)
	d.AddSubscriptionID(2)
	assert.Equal(t, before, string(frame), "the frame is not written to")
	assert.Equal(t, `[Content Type: "x"]`, p.String())
	assert.Equal(t, `[User Property: "k"="a", Content Type: "y"]`, a.String())
	assert.Equal(t, `[Content Type: "x", User Property: "k"="b"]`, b.String())
	assert.Equal(t, `[User Property: "k"="a", Content Type: "y", Subscription Identifier: 1]`, c.String())
	assert.Equal(t, `[User Property: "k"="a", Content Type: "y", Subscription Identifier: 2]`, d.String())
}

func TestValuesThatNoPropertyCanHave(t *testing.T) {
	long := bytes.Repeat([]byte("x"), 65536)
	for name, c := range map[string]struct {
		set   func(*Properties)
		owner PropertyOwner
		rule  Rule
	}{
		"receive maximum 0":       {func(p *Properties) { p.SetReceiveMaximum(0) }, ofConnect, RulePropertyZero},
		"maximum packet size 0":   {func(p *Properties) { p.SetMaximumPacketSize(0) }, ofConnack, RulePropertyZero},
		"topic alias 0":           {func(p *Properties) { p.SetTopicAlias(0) }, ofPublish, RuleTopicAliasZero},
		"maximum QoS 2":           {func(p *Properties) { p.SetMaximumQoS(2) }, ofConnack, RulePropertyBool},
		"payload format 2":        {func(p *Properties) { p.SetPayloadFormatIndicator(2) }, ofPublish, RulePropertyBool},
		"subscription id 0":       {func(p *Properties) { p.AddSubscriptionID(0) }, ofSubscribe, RulePropertyZero},
		"subscription id too big": {func(p *Properties) { p.AddSubscriptionID(MaxVarint + 1) }, ofPublish, RuleVarintLength},
		"response topic wildcard": {func(p *Properties) { p.SetResponseTopic([]byte("a/#")) }, ofPublish, RuleResponseTopicWildcard},
		"response topic empty":    {func(p *Properties) { p.SetResponseTopic(nil) }, ofPublish, RuleResponseTopicEmpty},
		"response topic NUL":      {func(p *Properties) { p.SetResponseTopic([]byte("a\x00")) }, ofPublish, RuleTopicNUL},
		"string of 65536 bytes":   {func(p *Properties) { p.SetReasonString(long) }, ofPuback, RuleStringLength},
		"data of 65536 bytes":     {func(p *Properties) { p.SetCorrelationData(long) }, ofPublish, RuleBinaryLength},
		"ill-formed UTF-8":        {func(p *Properties) { p.SetContentType([]byte{0xFF}) }, ofPublish, RuleUTF8},
		"user name NUL":           {func(p *Properties) { p.AddUser([]byte{0}, nil) }, ofAuth, RuleNUL},
		"user value too long":     {func(p *Properties) { p.AddUser(nil, long) }, ofAuth, RuleStringLength},
		"bad value, wrong packet": {func(p *Properties) { p.SetReceiveMaximum(0) }, ofPublish, RulePropertyNotAllowed},
		"will delay in PUBLISH":   {func(p *Properties) { p.SetWillDelayInterval(1) }, ofPublish, RulePropertyNotAllowed},
		"session expiry in will":  {func(p *Properties) { p.SetSessionExpiryInterval(1) }, WillProperties, RulePropertyNotAllowed},
		"two ids in SUBSCRIBE":    {func(p *Properties) { p.AddSubscriptionID(1); p.AddSubscriptionID(1) }, ofSubscribe, RulePropertyRepeated},
	} {
		t.Run(name, func(t *testing.T) {
			var p Properties
			c.set(&p)
			dst, err := p.Append([]byte("prefix"), c.owner)
			var e *Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, c.rule.String(), e.Rule.String())
			assert.Equal(t, NoOffset, e.Offset)
			assert.NotEmpty(t, e.Statement)
			assert.Equal(t, "prefix", string(dst))
			placed := (c.rule == RulePropertyNotAllowed || c.rule == RulePropertyRepeated) && name != "bad value, wrong packet"
			assert.Equal(t, placed, p.Err() == nil, "Err tells of values, not of places")
			p.AddUser([]byte("k"), nil)
			_, err = p.Append(nil, c.owner)
			assert.Error(t, err, "a good value of another property does not hide the bad one")
		})
	}
}

func TestARefusedValueIsForgivenWhenThePropertyIsSetAgain(t *testing.T) {
	var p Properties
	p.SetReceiveMaximum(5)
	p.SetReceiveMaximum(0)
	p.SetMaximumPacketSize(0)
	n, ok := p.ReceiveMaximum()
	assert.True(t, ok && n == 5, "a refused value leaves the old one")
	q := p
	p.SetReceiveMaximum(6)
	assert.Error(t, p.Err(), "the other property's value is still refused")
	p.Remove(MaximumPacketSize)
	assert.NoError(t, p.Err())
	out, err := p.Append(nil, ofConnect)
	assert.NoError(t, err)
	assert.Equal(t, "\x03\x21\x00\x06", string(out))
	assert.Error(t, q.Err(), "a copy keeps what it was told")
}

func TestSettersTakeValuesOfTheSameList(t *testing.T) {
	var copied Properties
	var built, grown PropertyBuilder
	built.Reset()
	built.AddUser(bytes.Repeat([]byte("x"), 200), nil) // so that there is room
	built.Reset()
	grown.Reset()
	for name, p := range map[string]*propertyList{"in place": &built.propertyList, "in place, then grown": &grown.propertyList, "copied": &copied.propertyList} {
		p.SetContentType([]byte("abc"))
		p.SetResponseTopic([]byte("reply/to"))
		p.AddUser([]byte("####"), []byte("xxxxxx"))
		v, _ := p.ResponseTopic()
		p.SetContentType(v)
		v, _ = p.ResponseTopic()
		p.SetResponseTopic(v)
		v, _ = p.ContentType()
		p.AddUser(v, v)
		assert.NoError(t, p.Err(), name)
		assert.Equal(t, `[User Property: "####"="xxxxxx", Content Type: "reply/to", Response Topic: "reply/to", User Property: "reply/to"="reply/to"]`, p.String(), name)
		q := Properties{*p}
		_, err := q.Append(nil, ofPublish)
		assert.NoError(t, err, name)
	}
}

func TestWalkingAListWhoseMemoryWasOverwrittenStaysInside(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p Properties
		setAll(&p.propertyList)
		p.raw = append([]byte(nil), p.raw...)
		for range rapid.IntRange(1, 20).Draw(t, "bytes") {
			p.raw[rapid.IntRange(0, len(p.raw)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		p.raw = p.raw[:rapid.IntRange(0, len(p.raw)).Draw(t, "length")]
		_ = p.String()
		getAll(p)
		q := p
		for _, id := range allIDs() {
			q.Remove(id)
		}
		q.SetContentType([]byte("x"))
	})
}

func TestIteratorsStopWhenAsked(t *testing.T) {
	var p Properties
	setAll(&p.propertyList)
	n := 0
	for range p.All() {
		if n++; n == 3 {
			break
		}
	}
	for range p.User() {
		n++
		break
	}
	for range p.SubscriptionIDs() {
		n++
		break
	}
	assert.Equal(t, 5, n)
}

func TestAllShowsEachPropertyWithItsKind(t *testing.T) {
	var p Properties
	setAll(&p.propertyList)
	seen := 0
	for q := range p.All() {
		seen++
		kind := propertyTable[q.ID].kind
		assert.Equal(t, kind <= kindVarint, q.IsNumber(), q.ID)
		assert.Equal(t, kind == kindString || kind == kindPair, q.IsText(), q.ID)
		assert.Equal(t, kind == kindPair, q.Name() != nil, q.ID)
	}
	assert.Equal(t, 29, seen)
}

func TestStringOfPropertiesHidesSecretsAndIsOneLine(t *testing.T) {
	var p Properties
	p.SetAuthenticationData([]byte("secret"))
	p.AddUser([]byte("a\nb"), []byte(strings.Repeat("x", 100)))
	s := p.String()
	assert.NotContains(t, s, "secret")
	assert.NotContains(t, s, "\n")
	assert.Equal(t, `[Authentication Data: 6 bytes, User Property: "a\nb"="`+strings.Repeat("x", 64)+`"...]`, s)
}

func TestPropertiesAnyListThatScansIsWalkedWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		owner := PropertyOwner(rapid.IntRange(0, 15).Draw(t, "owner"))
		var b []byte
		for _, id := range rapid.SliceOf(rapid.SampledFrom(allIDs())).Draw(t, "ids") {
			b = append(b, legalValue(id)...)
		}
		b = append(b, rapid.SliceOfN(rapid.Byte(), 0, 5).Draw(t, "tail")...)
		p, bad := viewProperties(b, owner)
		if bad != nil {
			if bad.at < 0 || bad.at > len(b) {
				t.Fatalf("offset %d in a list of %d bytes", bad.at, len(b))
			}
			return
		}
		size := 0
		for q := range p.All() {
			first, _, ok := p.find(q.ID)
			if !ok || first.ID != q.ID {
				t.Fatalf("%s is not found", q.ID)
			}
			_, size = propertyAt(b, size)
		}
		if size != len(b) {
			t.Fatalf("walked %d of %d bytes", size, len(b))
		}
	})
}

func TestReadingPropertiesAllocatesNothing(t *testing.T) {
	var p Properties
	setAll(&p.propertyList)
	sink := 0
	for name, f := range map[string]func(){
		"getter": func() {
			v, _ := p.ReasonString()
			n, _ := p.MaximumPacketSize()
			sink += len(v) + int(n)
		},
		"user": func() {
			for k, v := range p.User() {
				sink += len(k) + len(v)
			}
		},
		"ids": func() {
			for id := range p.SubscriptionIDs() {
				sink += int(id)
			}
		},
		"all": func() {
			for q := range p.All() {
				sink += int(q.Number)
			}
		},
	} {
		assert.Zero(t, testing.AllocsPerRun(100, f), name)
	}
}
