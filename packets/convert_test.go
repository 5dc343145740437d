package packets_test

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

func TestEveryCorpusCaseConvertsOrSaysWhy(t *testing.T) {
	type way struct {
		t        mqttwire.PacketType
		from, to mqttwire.Version
	}
	done := map[way]int{}
	for _, c := range loadCorpus(t) {
		if !c.Decodes() {
			continue
		}
		p, err := packets.Decode(c.Frame(), c.Version)
		require.NoError(t, err, c.Where())
		for to := v31; to <= v5; to++ {
			conversion := conversionOf(p, c.Version, to, c.Sender)
			q := mustConvert(t, p, &conversion)
			if q == nil {
				continue
			}
			done[way{p.Type(), c.Version, to}]++
			b, err := q.Append(nil, to)
			require.NoError(t, err, c.Where())
			f, _, err := mqttwire.CutFrame(b, 0)
			require.NoError(t, err, c.Where())
			_, err = packets.Decode(f, to)
			require.NoError(t, err, c.Where())
		}
	}
	for typ := mqttwire.CONNECT; typ <= mqttwire.AUTH; typ++ {
		for from := v31; from <= v5; from++ {
			for to := v31; to <= v5; to++ {
				if typ.Known(from) && typ.Known(to) {
					assert.NotZero(t, done[way{typ, from, to}], "%s of %s in %s", typ, from, to)
				}
			}
		}
	}
}

// converted converts with every consent, and returns the packet and its losses.
func converted[P mqttwire.Packet](t *testing.T, p P, from, to mqttwire.Version) (P, []packets.Loss) {
	t.Helper()
	c := conversionOf(p, from, to, 0)
	q := packets.New(p.Type())
	require.NoError(t, packets.Convert(q, p, &c))
	return q.(P), c.Losses
}

func TestTheSessionOfAConnectBetweenVersions(t *testing.T) {
	const never = math.MaxUint32
	for _, c := range []struct {
		clean   bool
		expiry  int64 // -1 for none
		id      string
		session bool // Clean Session of 3.1.1
		lost    []packets.Effect
	}{
		{true, -1, "c", true, nil},
		{true, 0, "c", true, nil},
		{false, never, "c", false, nil},
		{true, 60, "c", true, []packets.Effect{packets.ChangesMeaning}},
		{true, never, "c", true, []packets.Effect{packets.ChangesMeaning}},
		{false, -1, "c", false, []packets.Effect{packets.ChangesMeaning}},
		{false, 0, "c", false, []packets.Effect{packets.ChangesMeaning}},
		{false, 60, "c", false, []packets.Effect{packets.ChangesMeaning}},
		{true, -1, "", true, nil},
		{false, -1, "", true, []packets.Effect{packets.Harmless}},
		{false, 60, "", true, []packets.Effect{packets.Harmless, packets.ChangesMeaning}},
		{false, never, "", true, []packets.Effect{packets.Harmless, packets.ChangesMeaning}},
	} {
		p := &packets.Connect{Version: v5, CleanStart: c.clean, ClientID: []byte(c.id), KeepAlive: 9}
		if c.expiry >= 0 {
			p.Properties.SetSessionExpiryInterval(uint32(c.expiry))
		}
		for _, to := range []mqttwire.Version{v311, v31} {
			if c.id == "" && to == v31 {
				conversion := conversionOf(p, v5, to, 0)
				requireBreach(t, mqttwire.RuleClientIDLength, packets.Convert(new(packets.Connect), p, &conversion))
				continue
			}
			q, losses := converted(t, p, v5, to)
			assert.Equal(t, &packets.Connect{Version: to, CleanStart: c.session, ClientID: []byte(c.id), KeepAlive: 9}, q, "%+v", c)
			var effects []packets.Effect
			for _, l := range losses {
				effects = append(effects, l.Effect)
				if l.Effect == packets.ChangesMeaning {
					assert.Equal(t, max(0, c.expiry), l.Number)
					assert.Equal(t, c.expiry >= 0, l.Property.ID == mqttwire.SessionExpiryInterval)
				}
			}
			assert.Equal(t, c.lost, effects, "%+v", c)
		}
	}
	for _, from := range []mqttwire.Version{v31, v311} {
		for _, clean := range []bool{false, true} {
			p := &packets.Connect{Version: from, CleanStart: clean, ClientID: []byte("c")}
			q, losses := converted(t, p, from, v5)
			assert.Empty(t, losses)
			expiry, ok := q.Properties.SessionExpiryInterval()
			assert.Equal(t, clean, q.CleanStart)
			assert.Equal(t, !clean, ok)
			assert.Equal(t, !clean, expiry == never)
		}
	}
}

func TestAConnectTellsItsVersionToTheConversion(t *testing.T) {
	p := &packets.Connect{Version: v31, Bridge: true, CleanStart: true, ClientID: []byte("c")}
	for _, from := range []mqttwire.Version{0, v31} {
		q, losses := converted(t, p, from, v311)
		assert.Empty(t, losses)
		assert.Equal(t, &packets.Connect{Version: v311, Bridge: true, CleanStart: true, ClientID: []byte("c")}, q)

		q, losses = converted(t, p, from, v5)
		assert.Equal(t, &packets.Connect{Version: v5, CleanStart: true, ClientID: []byte("c")}, q)
		require.Len(t, losses, 1)
		assert.Equal(t, mqttwire.FieldProtocolVersion, losses[0].Field)
		assert.EqualValues(t, 0x83, losses[0].Number)
	}
	p.Version = 0 // told by the caller
	q, _ := converted(t, p, v31, v311)
	assert.Equal(t, v311, q.Version)
	refused := func(p *packets.Connect, from mqttwire.Version, rule mqttwire.Rule) {
		c := conversionOf(p, from, v311, 0)
		requireBreach(t, rule, packets.Convert(new(packets.Connect), p, &c))
	}
	refused(p, 0, mqttwire.RuleVersion)
	refused(p, 9, mqttwire.RuleVersion)
	refused(p, v5, mqttwire.RuleNotInVersion) // has no bridges
	refused(&packets.Connect{Version: v5}, v31, mqttwire.RuleConnectVersion)
}

func TestAPasswordWithoutAUserNameIsLostBefore5(t *testing.T) {
	p := &packets.Connect{Version: v5, CleanStart: true, ClientID: []byte("c"), Password: []byte{}}
	q, losses := converted(t, p, v5, v311)
	assert.Nil(t, q.Password)
	assert.Equal(t, []packets.Loss{{Owner: mqttwire.PropertyOwner(mqttwire.CONNECT), Field: mqttwire.FieldPassword, Number: mqttwire.NotANumber,
		Value: []byte{}, Effect: packets.ChangesMeaning, Why: losses[0].Why}}, losses)
	p.UserName = []byte{}
	q, losses = converted(t, p, v5, v311)
	assert.Empty(t, losses)
	assert.NotNil(t, q.Password)
	p.UserName, p.Version = nil, v311 // as a Tolerance lets pass
	q, losses = converted(t, p, v311, v5)
	assert.Empty(t, losses)
	assert.NotNil(t, q.Password)
}

// Every code of every packet that has one, between every two versions.
func TestReasonCodesAreThoseThatSayTheSame(t *testing.T) {
	for typ := mqttwire.CONNACK; typ < mqttwire.AUTH; typ++ {
		if _, ok := packets.ReasonCode(packets.New(typ)); !ok && typ != mqttwire.SUBACK && typ != mqttwire.UNSUBACK {
			continue
		}
		for from := v31; from <= v5; from++ {
			for to := v31; to <= v5; to++ {
				for code := range mqttwire.ReasonCode(255) {
					if code <= 0x1A || code >= 0x7F && code <= 0xA3 || code == 0xFE { // all that are some, and others
						requireMapped(t, typ, code, from, to)
					}
				}
			}
		}
	}
}

// withCode returns a packet that has the code, in a list behind a success.
func withCode(typ mqttwire.PacketType, code mqttwire.ReasonCode) mqttwire.Packet {
	switch typ {
	case mqttwire.CONNACK:
		return &packets.Connack{ReasonCode: code}
	case mqttwire.PUBACK:
		return &packets.Puback{PacketID: 1, ReasonCode: code}
	case mqttwire.PUBREC:
		return &packets.Pubrec{PacketID: 1, ReasonCode: code}
	case mqttwire.PUBREL:
		return &packets.Pubrel{PacketID: 1, ReasonCode: code}
	case mqttwire.PUBCOMP:
		return &packets.Pubcomp{PacketID: 1, ReasonCode: code}
	case mqttwire.SUBACK:
		return &packets.Suback{PacketID: 1, ReasonCodes: []mqttwire.ReasonCode{0, code}}
	case mqttwire.UNSUBACK:
		return &packets.Unsuback{PacketID: 1, ReasonCodes: []mqttwire.ReasonCode{0, code}}
	}
	return &packets.Disconnect{ReasonCode: code}
}

// codeOf returns what withCode has set.
func codeOf(p mqttwire.Packet, to mqttwire.Version) mqttwire.ReasonCode {
	switch p := p.(type) {
	case *packets.Suback:
		return p.ReasonCodes[1]
	case *packets.Unsuback:
		if to != v5 {
			return mqttwire.ReasonCode(len(p.ReasonCodes)) // none
		}
		return p.ReasonCodes[1]
	}
	code, _ := packets.ReasonCode(p)
	return code
}

func requireMapped(t *testing.T, typ mqttwire.PacketType, code mqttwire.ReasonCode, from, to mqttwire.Version) {
	p := withCode(typ, code)
	c := conversionOf(p, from, to, 0)
	q := packets.New(typ)
	c.Filters = 2
	err := packets.Convert(q, p, &c)
	said, ok := mqttwire.MapReasonCode(typ, code, from, to)
	_, legal := mqttwire.MapReasonCode(typ, code, from, from)
	if from != v5 && typ != mqttwire.CONNACK && typ != mqttwire.SUBACK && typ != mqttwire.DISCONNECT {
		if _, refused := p.Append(nil, from); refused != nil && typ != mqttwire.UNSUBACK { // of which no code is looked at
			requireBreach(t, mqttwire.RuleReasonCode, err)
			return
		}
		code, said, ok, legal = 0, 0, true, true // not on the wire
	}
	where := []any{"%s %s of %s in %s", typ, code, from, to}
	switch {
	case !legal:
		requireBreach(t, mqttwire.RuleReasonCode, err)
		return
	case !ok && (typ == mqttwire.CONNACK || typ == mqttwire.DISCONNECT):
		var lost *packets.LossError
		require.ErrorAs(t, err, &lost, where...)
		require.Equal(t, packets.NoForm, lost.Loss.Effect, where...)
		require.EqualValues(t, code, lost.Loss.Number, where...)
		return
	}
	require.NoError(t, err, where...)
	if !ok {
		said = 0 // as if all were well
	}
	require.Equal(t, said, codeOf(q, to), where...)
	if back, _ := mqttwire.MapReasonCode(typ, said, to, from); ok && back == code {
		require.Empty(t, c.Losses, where...)
		return
	}
	require.Len(t, c.Losses, 1, where...)
	l := c.Losses[0]
	require.EqualValues(t, code, l.Number, where...)
	require.Equal(t, typ == mqttwire.SUBACK || typ == mqttwire.UNSUBACK, l.Index == 1, where...)
	harmless := ok || typ == mqttwire.PUBREL || typ == mqttwire.PUBCOMP
	require.Equal(t, harmless, l.Effect == packets.Harmless, where...)
	require.NotEqual(t, packets.NoForm, l.Effect, where...)
}

func TestAnUnsubackGetsAsManyCodesAsTheUnsubscribeHasFilters(t *testing.T) {
	p := &packets.Unsuback{PacketID: 7, ReasonCodes: codes(9)} // which are not on the wire
	for _, n := range []int{1, 2, 64, 65, 5000} {
		q := new(packets.Unsuback)
		require.NoError(t, packets.Convert(q, p, &packets.Conversion{From: v311, To: v5, Filters: n}))
		assert.Equal(t, &packets.Unsuback{PacketID: 7, ReasonCodes: codes(n)}, q)
		q.ReasonCodes[0] = 0x80 // is its own
	}
	for _, n := range []int{0, -1} {
		q := &packets.Unsuback{PacketID: 3}
		requireBreach(t, mqttwire.RuleNoReasonCodes, packets.Convert(q, p, &packets.Conversion{From: v31, To: v5, Filters: n}))
		assert.Equal(t, &packets.Unsuback{PacketID: 3}, q)
	}
	q := new(packets.Unsuback)
	require.NoError(t, packets.Convert(q, p, &packets.Conversion{From: v31, To: v311, Filters: 2}))
	assert.Empty(t, q.ReasonCodes)
}

func TestASharedFilterMeansSomethingElseBefore5(t *testing.T) {
	for _, filter := range []string{"$share/g/t", "$share", "a/$share/b"} {
		for from := v31; from <= v5; from++ {
			for to := v31; to <= v5; to++ {
				lost := filter == "$share/g/t" && (from == v5) != (to == v5)
				s, losses := converted(t, &packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("a")}, {Filter: []byte(filter), QoS: 1}}}, from, to)
				assert.Equal(t, []packets.Subscription{{Filter: []byte("a")}, {Filter: []byte(filter), QoS: 1}}, s.Subscriptions)
				requireFilterLost(t, lost, filter, losses)
				u, losses := converted(t, &packets.Unsubscribe{PacketID: 1, Filters: [][]byte{[]byte("a"), []byte(filter)}}, from, to)
				assert.Equal(t, [][]byte{[]byte("a"), []byte(filter)}, u.Filters)
				requireFilterLost(t, lost, filter, losses)
			}
		}
	}
	p := &packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("$share/g")}}} // legal in 3.1.1
	c := conversionOf(p, v311, v5, 0)
	requireBreach(t, mqttwire.RuleShareForm, packets.Convert(new(packets.Subscribe), p, &c))
}

func requireFilterLost(t *testing.T, lost bool, filter string, losses []packets.Loss) {
	t.Helper()
	if !lost {
		require.Empty(t, losses)
		return
	}
	require.Len(t, losses, 1)
	require.Equal(t, mqttwire.FieldTopicFilter, losses[0].Field)
	require.Equal(t, filter, string(losses[0].Value))
	require.Equal(t, 1, losses[0].Index)
	require.Equal(t, packets.ChangesMeaning, losses[0].Effect)
}

func TestEachSubscriptionLosesItsOwnOptions(t *testing.T) {
	p := &packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{
		{Filter: []byte("a"), QoS: 2, NoLocal: true}, {Filter: []byte("b"), QoS: 1}, {Filter: []byte("c"), RetainAsPublished: true, RetainHandling: 2}}}
	q, losses := converted(t, p, v5, v31)
	assert.Equal(t, []packets.Subscription{{Filter: []byte("a"), QoS: 2}, {Filter: []byte("b"), QoS: 1}, {Filter: []byte("c")}}, q.Subscriptions)
	assert.True(t, p.Subscriptions[0].NoLocal)
	require.Len(t, losses, 2)
	assert.Equal(t, []int64{0x06, 0x28}, []int64{losses[0].Number, losses[1].Number})
	assert.Equal(t, []int{0, 2}, []int{losses[0].Index, losses[1].Index})

	p.Subscriptions[1].QoS = 3
	c := conversionOf(p, v5, v31, 0)
	requireBreach(t, mqttwire.RuleRequestedQoS, packets.Convert(new(packets.Subscribe), p, &c))
	c = conversionOf(p, v311, v5, 0)
	requireBreach(t, mqttwire.RuleNotInVersion, packets.Convert(new(packets.Subscribe), p, &c))
}

func TestFlagsThatAVersionHasNotAreLost(t *testing.T) {
	for from := v31; from <= v5; from++ {
		for to := v31; to <= v5; to++ {
			kept, lost := from == v31 && to == v31, from == v31 && to != v31 // in the others it is not on the wire
			r, losses := converted(t, &packets.Pubrel{PacketID: 1, Dup: true}, from, to)
			assert.Equal(t, kept, r.Dup)
			requireDupLost(t, lost, losses)
			s, losses := converted(t, &packets.Subscribe{PacketID: 1, Dup: true, Subscriptions: []packets.Subscription{{Filter: []byte("a")}}}, from, to)
			assert.Equal(t, kept, s.Dup)
			requireDupLost(t, lost, losses)
			u, losses := converted(t, &packets.Unsubscribe{PacketID: 1, Dup: true, Filters: [][]byte{[]byte("a")}}, from, to)
			assert.Equal(t, kept, u.Dup)
			requireDupLost(t, lost, losses)

			p, losses := converted(t, &packets.Publish{Topic: []byte("a"), Dup: true}, from, to) // in others than 3.1 let pass
			assert.Equal(t, to == v31, p.Dup)
			requireDupLost(t, to != v31, losses)
			p, losses = converted(t, &packets.Publish{Topic: []byte("a"), Dup: true, QoS: 1, PacketID: 1}, from, to)
			assert.True(t, p.Dup)
			assert.Empty(t, losses)
		}
	}
}

func requireDupLost(t *testing.T, lost bool, losses []packets.Loss) {
	t.Helper()
	if !lost {
		require.Empty(t, losses)
		return
	}
	require.Len(t, losses, 1)
	require.Equal(t, mqttwire.FieldDup, losses[0].Field)
	require.Equal(t, packets.Harmless, losses[0].Effect)
	require.EqualValues(t, 1, losses[0].Number)
}

func TestSessionPresentIsToldSince311(t *testing.T) {
	for from := v31; from <= v5; from++ {
		for to := v31; to <= v5; to++ {
			q, losses := converted(t, &packets.Connack{SessionPresent: true}, from, to)
			assert.Equal(t, from != v31 && to != v31, q.SessionPresent)
			if from == v31 || to != v31 {
				assert.Empty(t, losses)
				continue
			}
			require.Len(t, losses, 1)
			assert.Equal(t, mqttwire.FieldAcknowledgeFlags, losses[0].Field)
			assert.Equal(t, packets.ChangesMeaning, losses[0].Effect)
		}
	}
}

func TestATopicAliasIsReplacedByItsTopic(t *testing.T) {
	p := &packets.Publish{Properties: props(withAlias), QoS: 1, PacketID: 1, Payload: []byte("x")}
	q, losses := converted(t, p, v5, v311)
	assert.Equal(t, &packets.Publish{Topic: []byte("topic/in/full"), QoS: 1, PacketID: 1, Payload: []byte("x")}, q)
	require.Len(t, losses, 1)
	assert.Equal(t, packets.Harmless, losses[0].Effect)

	requireBreach(t, mqttwire.RuleTopicEmpty, packets.Convert(new(packets.Publish), p, &packets.Conversion{From: v5, To: v311}))

	p.Topic = []byte("own")
	q, _ = converted(t, p, v5, v311)
	assert.Equal(t, "own", string(q.Topic))
}

func TestWhatHasNoFormSaysToCloseTheConnection(t *testing.T) {
	auth := &packets.Auth{ReasonCode: 0x18, Properties: props(withMethod)}
	for _, c := range []struct {
		p    mqttwire.Packet
		from mqttwire.Sender
	}{
		{auth, 0},
		{auth, mqttwire.FromClient},
		{new(packets.Disconnect), mqttwire.FromServer},
		{&packets.Disconnect{ReasonCode: mqttwire.ReasonServerShuttingDown}, mqttwire.FromServer},
		{&packets.Disconnect{ReasonCode: mqttwire.ReasonServerShuttingDown}, 0},
		{&packets.Disconnect{ReasonCode: mqttwire.ReasonDisconnectWithWillMessage}, mqttwire.FromClient},
		{&packets.Connack{ReasonCode: mqttwire.ReasonPacketTooLarge}, mqttwire.FromServer},
	} {
		for to := v31; to <= v311; to++ {
			conversion := conversionOf(c.p, v5, to, c.from)
			dst := packets.New(c.p.Type())
			err := packets.Convert(dst, c.p, &conversion)
			var lost *packets.LossError
			require.ErrorAs(t, err, &lost)
			assert.Equal(t, packets.NoForm, lost.Loss.Effect)
			assert.Contains(t, err.Error(), "close the connection")
			assert.Equal(t, packets.New(c.p.Type()), dst)
		}
		conversion := conversionOf(c.p, v5, v5, c.from)
		assert.NoError(t, packets.Convert(packets.New(c.p.Type()), c.p, &conversion))
	}
	requireBreach(t, mqttwire.RulePacketType, packets.Convert(new(packets.Auth), auth, &packets.Conversion{From: v311, To: v5}))
	q, _ := converted(t, new(packets.Disconnect), v5, v311)
	assert.Equal(t, new(packets.Disconnect), q)
}

func TestWhatHasNoFormCountsMoreThanALossBefore(t *testing.T) {
	p := &packets.Disconnect{ReasonCode: 0x80, Properties: props(func(p *mqttwire.Properties) { p.SetSessionExpiryInterval(1) })}
	c := packets.Conversion{From: v5, To: v311}
	var lost *packets.LossError
	require.ErrorAs(t, packets.Convert(new(packets.Disconnect), p, &c), &lost)
	assert.Equal(t, packets.NoForm, lost.Loss.Effect)
	assert.Len(t, c.Losses, 2)

	u := &packets.Connack{ReasonCode: 0x81, SessionPresent: true}
	c = packets.Conversion{From: v5, To: v31}
	require.ErrorAs(t, packets.Convert(new(packets.Connack), u, &c), &lost)
	assert.Equal(t, packets.NoForm, lost.Loss.Effect, "although the flag comes first")
}

func TestConsentIsAskedForEachLoss(t *testing.T) {
	p := &packets.Publish{Topic: []byte("a"), Properties: props(withUser, withUser, func(p *mqttwire.Properties) { p.SetResponseTopic([]byte("r")) })}
	var asked []mqttwire.Field
	c := packets.Conversion{From: v5, To: v311, Allow: func(l packets.Loss) bool {
		asked = append(asked, l.Field)
		return l.Property.ID != mqttwire.UserProperty
	}}
	var lost *packets.LossError
	require.ErrorAs(t, packets.Convert(new(packets.Publish), p, &c), &lost, "a User Property, which is harmless")
	assert.Equal(t, "User Property", string(lost.Loss.Field))
	assert.Equal(t, []mqttwire.Field{"User Property", "User Property", "Response Topic"}, asked)

	c.Allow = func(l packets.Loss) bool {
		return l.Property.ID == mqttwire.ResponseTopic || l.Effect == packets.Harmless
	}
	require.NoError(t, packets.Convert(new(packets.Publish), p, &c))
	c.Allow = nil
	require.ErrorAs(t, packets.Convert(new(packets.Publish), p, &c), &lost)
	assert.Equal(t, "Response Topic", string(lost.Loss.Field))
	p.Properties.Remove(mqttwire.ResponseTopic)
	require.NoError(t, packets.Convert(new(packets.Publish), p, &c))
	assert.Len(t, c.Losses, 2, "only of the last packet")
}

func TestAPeerCannotMakeTheLossesGrowWithoutEnd(t *testing.T) {
	p := &packets.Publish{Topic: []byte("a")}
	var b mqttwire.PropertyBuilder
	b.Reset()
	for range 1000 {
		b.AddUser(nil, nil)
	}
	b.SetResponseTopic([]byte("r"))
	p.Properties = b.Properties()
	for given, want := range map[int]int{0: packets.DefaultLosses, 1: 1, -1: 0, 1000: 1000, 2000: 1001} {
		c := packets.Conversion{From: v5, To: v311, Max: given}
		var lost *packets.LossError
		require.ErrorAs(t, packets.Convert(new(packets.Publish), p, &c), &lost, "the last of them all the same")
		assert.Len(t, c.Losses, want)
		assert.Equal(t, 1001-want, c.Dropped)
	}
	c := packets.Conversion{From: v5, To: v311, Allow: packets.AnyLoss}
	require.NoError(t, packets.Convert(new(packets.Publish), p, &c))
	require.NoError(t, packets.Convert(new(packets.Publish), &packets.Publish{Topic: []byte("a")}, &c))
	assert.Zero(t, c.Dropped)
}

func TestABrokenListIsNoLoss(t *testing.T) {
	bad := props(func(p *mqttwire.Properties) { p.SetReceiveMaximum(0) })
	for _, to := range []mqttwire.Version{v31, v311, v5} {
		for rule, list := range map[mqttwire.Rule]mqttwire.Properties{
			mqttwire.RulePropertiesReset:    builtOver(),
			mqttwire.RulePropertyNotAllowed: bad,
		} {
			c := packets.Conversion{From: v5, To: to, Allow: packets.AnyLoss}
			requireBreach(t, rule, packets.Convert(new(packets.Puback), &packets.Puback{PacketID: 1, Properties: list}, &c))
			requireBreach(t, rule, packets.Convert(new(packets.Connect), &packets.Connect{ClientID: []byte("c"),
				Will: &packets.Will{Topic: []byte("w"), Properties: list}}, &c))
		}
	}
	c := packets.Conversion{From: v311, To: v5}
	q := new(packets.Puback)
	require.NoError(t, packets.Convert(q, &packets.Puback{PacketID: 1, Properties: bad}, &c), "before 5.0 it is not on the wire")
	assert.Equal(t, &packets.Puback{PacketID: 1}, q)
	connect := new(packets.Connect)
	require.NoError(t, packets.Convert(connect, &packets.Connect{ClientID: []byte("c"), Will: &packets.Will{Topic: []byte("w"), Properties: bad}}, &c))
	assert.Equal(t, &packets.Will{Topic: []byte("w")}, connect.Will)
}

func TestAPacketIsConvertedIntoOneOfItsOwnType(t *testing.T) {
	c := packets.Conversion{From: v5, To: v311}
	for _, err := range []error{
		packets.Convert(new(packets.Pingreq), new(packets.Pingresp), &c),
		packets.Convert(new(packets.Pubrec), &packets.Puback{PacketID: 1}, &c),
		packets.Convert(nil, new(packets.Pingreq), &c),
		packets.Convert(new(packets.Pingreq), nil, &c),
		packets.Convert(foreignPacket{}, foreignPacket{}, &c),
	} {
		var e *mqttwire.Error
		require.Error(t, err)
		assert.False(t, errors.As(err, &e))
	}
	requireBreach(t, mqttwire.RuleVersion, packets.Convert(new(packets.Pingreq), new(packets.Pingreq), &packets.Conversion{From: v5}))
	requireBreach(t, mqttwire.RuleVersion, packets.Convert(new(packets.Pingreq), new(packets.Pingreq), &packets.Conversion{To: v5}))
}

// A packet that is converted into again and again has lists of its own, and keeps
// nothing of what it was before.
func TestTheListsOfTheDestinationAreItsOwn(t *testing.T) {
	c := packets.Conversion{From: v311, To: v5}
	three := &packets.Unsubscribe{PacketID: 1, Filters: [][]byte{[]byte("a"), []byte("b"), []byte("c")}}
	one := &packets.Unsubscribe{PacketID: 2, Filters: [][]byte{[]byte("d")}}
	dst := new(packets.Unsubscribe)
	require.NoError(t, packets.Convert(dst, three, &c))
	require.NoError(t, packets.Convert(dst, one, &c))
	assert.Equal(t, "a", string(three.Filters[0]))
	assert.Equal(t, one, dst)
	assert.Equal(t, [][]byte{[]byte("d"), nil, nil}, dst.Filters[:3], "keeps nothing alive")

	granted := &packets.Suback{PacketID: 1, ReasonCodes: codes(2)}
	suback := new(packets.Suback)
	require.NoError(t, packets.Convert(suback, granted, &c))
	suback.ReasonCodes[0] = 1
	assert.Zero(t, granted.ReasonCodes[0])
	subscribe, to := &packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("a")}}}, new(packets.Subscribe)
	require.NoError(t, packets.Convert(to, subscribe, &c))
	to.Subscriptions[0].QoS = 1
	assert.Zero(t, subscribe.Subscriptions[0].QoS)
}

func TestTheWillOfTheDestinationIsItsOwn(t *testing.T) {
	p := &packets.Connect{Version: v5, ClientID: []byte("c"), CleanStart: true, Will: &packets.Will{Topic: []byte("w"), Properties: props(withUser)}}
	c := packets.Conversion{From: v5, To: v311}
	own := &packets.Will{Topic: []byte("old")}
	for name, dst := range map[string]*packets.Connect{"none": {}, "its own": {Will: own}, "that of the packet": {Will: p.Will}} {
		require.NoError(t, packets.Convert(dst, p, &c), name)
		assert.Equal(t, &packets.Will{Topic: []byte("w")}, dst.Will, name)
		assert.NotSame(t, p.Will, dst.Will, name)
		assert.False(t, p.Will.Properties.Empty(), name)
		if name == "its own" {
			assert.Same(t, own, dst.Will)
		}
	}
	dst := &packets.Connect{Will: own}
	p.Will.Topic = nil
	require.Error(t, packets.Convert(dst, p, &c))
	assert.Equal(t, "w", string(own.Topic), "as it was")
	will := p.Will
	will.Topic = []byte("w")
	require.NoError(t, packets.Convert(p, p, &c))
	assert.Same(t, will, p.Will)
	assert.True(t, will.Properties.Empty())
}

func TestAPacketThatIsTooLargeFor5IsToldAtOnce(t *testing.T) {
	p := &packets.Publish{Topic: []byte("a"), Payload: make([]byte, mqttwire.MaxVarint-3)} // as large as 3.1.1 allows
	_, losses := converted(t, p, v311, v31)
	assert.Empty(t, losses)
	c := packets.Conversion{From: v311, To: v5}
	e := requireBreach(t, mqttwire.RuleRemainingLength, packets.Convert(new(packets.Publish), p, &c))
	assert.Equal(t, v5, e.Version)
}

func TestWhatOnly31AllowsIsToldAtOnce(t *testing.T) {
	javas := []byte("\xED\xA0\x81\xED\xB0\x80")
	for _, to := range []mqttwire.Version{v311, v5} {
		for _, c := range []struct {
			p    mqttwire.Packet
			rule mqttwire.Rule
		}{
			{&packets.Publish{Topic: javas}, mqttwire.RuleUTF8},
			{&packets.Subscribe{PacketID: 1}, mqttwire.RuleNoFilters},
			{&packets.Unsubscribe{PacketID: 1}, mqttwire.RuleNoFilters},
			{&packets.Suback{PacketID: 1}, mqttwire.RuleNoReasonCodes},
			{&packets.Connect{ClientID: javas}, mqttwire.RuleUTF8},
			{&packets.Connect{ClientID: []byte("c"), UserName: []byte("a\x00")}, mqttwire.RuleNUL},
			{&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: javas}}}, mqttwire.RuleUTF8},
			{&packets.Unsubscribe{PacketID: 1, Filters: [][]byte{javas}}, mqttwire.RuleUTF8},
		} {
			conversion := conversionOf(c.p, v31, to, 0)
			e := requireBreach(t, c.rule, packets.Convert(packets.New(c.p.Type()), c.p, &conversion))
			assert.Equal(t, to, e.Version)
		}
	}
}

func TestTheLineOfALossShowsWhatAndWhyAndNoSecret(t *testing.T) {
	p := &packets.Connect{Version: v5, ClientID: []byte("c"), Password: []byte("hunter2"),
		Properties: props(withMethod, func(p *mqttwire.Properties) { p.SetAuthenticationData([]byte("token")) })}
	_, losses := converted(t, p, v5, v311)
	var lines []string
	for _, l := range losses {
		lines = append(lines, l.String())
	}
	assert.Equal(t, []string{
		`Authentication Method "M": there is no enhanced authentication: who is at the other end is not shown by it`,
		`Authentication Data of 5 bytes: there is no enhanced authentication: who is at the other end is not shown by it`,
		`Session Expiry Interval 0: the session ends with the connection if Clean Session is 1, and never if it is 0`,
		`Password of 7 bytes: a password comes with a user name only, so that the client is not authenticated by it`,
	}, lines)
	assert.NotContains(t, lines, "hunter2")

	c := packets.Conversion{From: v5, To: v31}
	err := packets.Convert(new(packets.Suback), &packets.Suback{PacketID: 1, ReasonCodes: []mqttwire.ReasonCode{0, 0x87}}, &c)
	assert.EqualError(t, err, `packets: SUBACK of 5.0 in 3.1 would lose Reason Code [1] 0x87 Not authorized: `+
		`the client takes the subscription for made with QoS 0; to tell it otherwise, close the connection`)
	err = packets.Convert(new(packets.Subscribe), &packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("a"), NoLocal: true}}}, &c)
	assert.EqualError(t, err, `packets: SUBSCRIBE of 5.0 in 3.1 would lose Subscription Options [0] 0x04: `+
		`they count as 0: own messages come back, RETAIN is cleared, and retained messages are sent`)
	err = packets.Convert(new(packets.Auth), &packets.Auth{}, &c)
	assert.EqualError(t, err, `packets: AUTH of 5.0 has no form in 3.1: there is no enhanced authentication: close the connection`)
}
