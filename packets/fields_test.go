package packets_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
	"github.com/mqttwire/mqttwire/packets"
)

// requireTiles asks that the places have each bit of each byte once, in order, and name
// no more than they have.
func requireTiles(t *testing.T, b []byte, places []packets.FieldPlace) {
	t.Helper()
	at, mask := 0, byte(0)
	for _, p := range places {
		require.Less(t, p.Start, p.End, "%+v", p)
		require.LessOrEqual(t, p.End, len(b), "%+v", p)
		require.GreaterOrEqual(t, p.Value, p.Start, "%+v", p)
		require.LessOrEqual(t, p.Value, p.End, "%+v", p)
		require.GreaterOrEqual(t, p.Index, 0, "%+v", p)
		require.NotZero(t, p.Mask, "%+v", p)
		require.Zero(t, p.Mask&mask, "%+v: bits that another one has", p)
		require.Equal(t, at, p.Start, "%+v", p)
		mask |= p.Mask
		if mask != 0xFF {
			require.Equal(t, 1, p.End-p.Start, "%+v: bits of more than a byte", p)
			continue
		}
		at, mask = p.End, 0
	}
	require.Zero(t, mask)
	require.Equal(t, len(b), at)
}

// wholeError is the error that Decode returns for the bytes of one packet.
func wholeError(b []byte, v mqttwire.Version) error {
	h, body, err := mqttwire.ConsumeFixedHeader(b)
	switch {
	case err != nil:
		return err
	case len(body) < int(h.RemainingLength):
		return mqttwire.ErrIncomplete
	}
	_, err = packets.Decode(mqttwire.Frame{Header: h, Body: body}, v)
	return err
}

func eachCase(t *testing.T, do func(t *testing.T, k corpus.Case)) {
	t.Helper()
	cases, err := corpus.Load()
	require.NoError(t, err)
	for _, k := range cases {
		t.Run(k.Name, func(t *testing.T) { do(t, k) })
	}
}

func TestTheFieldsOfEveryPacketTileIt(t *testing.T) {
	eachCase(t, func(t *testing.T, k corpus.Case) {
		for _, v := range []mqttwire.Version{k.Version, 0, mqttwire.V31, mqttwire.V5} {
			places, err := packets.AppendFields(nil, k.Bytes, v)
			requireTiles(t, k.Bytes, places)
			require.Equal(t, wholeError(k.Bytes, v), err, "%d", v)
			e, ok := err.(*mqttwire.Error)
			if ok && e.Offset >= 0 {
				require.LessOrEqual(t, e.Offset, len(k.Bytes))
			}
		}
	})
}

func TestAPacketThatDecodesHasNoPlaceWithoutAName(t *testing.T) {
	eachCase(t, func(t *testing.T, k corpus.Case) {
		if !k.Decodes() {
			return
		}
		places, err := packets.AppendFields(nil, k.Bytes, k.Version)
		require.NoError(t, err)
		for _, p := range places {
			assert.NotEmpty(t, p.Field, "%+v", p)
			assert.Equal(t, k.Version != mqttwire.V31, p.Section != "", "%+v", p)
		}
	})
}

// A fault is in the place of the field that it is about, or at its end, where something
// is missing.
func TestAFaultIsInThePlaceOfItsField(t *testing.T) {
	bits := map[mqttwire.Field]bool{
		mqttwire.FieldConnectFlags: true, mqttwire.FieldAcknowledgeFlags: true, mqttwire.FieldSubscriptionOptions: true,
	}
	eachCase(t, func(t *testing.T, k corpus.Case) {
		places, err := packets.AppendFields(nil, k.Bytes, k.Version)
		e, ok := err.(*mqttwire.Error)
		if !ok || e.Offset == len(k.Bytes) {
			return
		}
		var found []mqttwire.Field
		for _, p := range places {
			if p.Start <= e.Offset && e.Offset <= p.End {
				found = append(found, p.Field, p.Property.Field(mqttwire.PropertyOwner(e.Type)), p.Property.Field(mqttwire.WillProperties))
			}
		}
		switch {
		case bits[e.Field], // of which each has a name of its own
			e.Rule == mqttwire.RuleAuthMethodMissing, e.Rule == mqttwire.RuleUserNameUnflagged, e.Rule == mqttwire.RulePasswordUnflagged: // about what is not there
			assert.NotEmpty(t, found)
		default:
			assert.Contains(t, found, e.Field, "%v", e)
		}
	})
}

func TestTheFieldsOfAPacketThatIsCutAreThoseThatHaveCome(t *testing.T) {
	eachCase(t, func(t *testing.T, k corpus.Case) {
		if !k.Decodes() || len(k.Bytes) > 4096 || testing.Short() && len(k.Bytes) > 512 {
			return
		}
		whole, err := packets.AppendFields(nil, k.Bytes, k.Version)
		require.NoError(t, err)
		for n := range len(k.Bytes) {
			places, err := packets.AppendFields(nil, k.Bytes[:n], k.Version)
			require.Equal(t, mqttwire.ErrIncomplete, err)
			requireTiles(t, k.Bytes[:n], places)
			for i, p := range whole {
				if p.End <= n && p.Field != mqttwire.FieldRemainingLength {
					p.Section = places[i].Section // which the version decides, that may not have come
					require.Equal(t, p, places[i], "cut after %d bytes", n)
				}
			}
		}
	})
}

func TestBytesBehindAPacketAreOnePlaceWithoutAName(t *testing.T) {
	b := []byte{0xC0, 0, 1, 2, 3}
	places, err := packets.AppendFields(make([]packets.FieldPlace, 1), b, v5)
	require.Equal(t, mqttwire.RuleFrameLength, err.(*mqttwire.Error).Rule)
	require.Zero(t, places[0], "what was there before is not changed")
	requireTiles(t, b, places[1:])
	require.Equal(t, packets.FieldPlace{Start: 2, Value: 2, End: 5, Mask: 0xFF}, places[len(places)-1])
}

// namedValue is a field with its value as it stands in the packet.
type namedValue struct {
	field mqttwire.Field
	value string
}

// TestTheFieldsHaveTheValuesThatAreDecoded puts together what the fields have to be from
// the packet as it is decoded.
func TestTheFieldsHaveTheValuesThatAreDecoded(t *testing.T) {
	eachCase(t, func(t *testing.T, k corpus.Case) {
		if !k.Decodes() {
			return
		}
		places, err := packets.AppendFields(nil, k.Bytes, k.Version)
		require.NoError(t, err)
		p, err := packets.Decode(k.Frame(), k.Version)
		require.NoError(t, err)
		var got []namedValue
		for _, f := range places {
			switch f.Field {
			case mqttwire.FieldPropertyID, mqttwire.FieldPropertyLength, mqttwire.FieldWillPropertyLength, mqttwire.FieldRemainingLength:
			default:
				if f.Mask == 0xFF && f.Start > 0 {
					got = append(got, namedValue{f.Field, string(k.Bytes[f.Value:f.End])})
				}
			}
		}
		require.Equal(t, expectedValues(p, k), got)
	})
}

// expectedValues are the values of a packet's fields that have bytes of their own, but
// for lengths, in their order.
func expectedValues(p mqttwire.Packet, k corpus.Case) (list []namedValue) {
	add := func(field mqttwire.Field, value string) { list = append(list, namedValue{field, value}) }
	id := func(n uint16) { add(mqttwire.FieldPacketID, string(binary.BigEndian.AppendUint16(nil, n))) }
	codes := func(all ...mqttwire.ReasonCode) {
		for _, c := range all {
			add(mqttwire.FieldReasonCode, string([]byte{byte(c)}))
		}
	}
	properties := func(q *mqttwire.Properties, owner mqttwire.PropertyOwner) {
		list = append(list, expectedProperties(q, owner)...)
	}
	own := func() { properties(packets.PropertiesOf(p), mqttwire.PropertyOwner(p.Type())) }
	size := len(k.Frame().Body)
	switch p := p.(type) {
	case *packets.Connect:
		name := "MQTT"
		if p.Version == mqttwire.V31 {
			name = "MQIsdp"
		}
		level := byte(p.Version)
		if p.Bridge {
			level |= 0x80
		}
		add(mqttwire.FieldProtocolName, name)
		add(mqttwire.FieldProtocolVersion, string([]byte{level}))
		add(mqttwire.FieldKeepAlive, string(binary.BigEndian.AppendUint16(nil, p.KeepAlive)))
		own()
		add(mqttwire.FieldClientID, string(p.ClientID))
		if p.Will != nil {
			properties(&p.Will.Properties, mqttwire.WillProperties)
			add(mqttwire.FieldWillTopic, string(p.Will.Topic))
			add(mqttwire.FieldWillPayload, string(p.Will.Payload))
		}
		if p.UserName != nil {
			add(mqttwire.FieldUserName, string(p.UserName))
		}
		if p.Password != nil {
			add(mqttwire.FieldPassword, string(p.Password))
		}
	case *packets.Connack:
		if k.Version == mqttwire.V31 {
			add(mqttwire.FieldAcknowledgeFlags, string(k.Frame().Body[:1]))
		}
		codes(p.ReasonCode)
		own()
	case *packets.Publish:
		add(mqttwire.FieldTopicName, string(p.Topic))
		if p.QoS > 0 {
			id(p.PacketID)
		}
		own()
		if len(p.Payload) > 0 {
			add(mqttwire.FieldPayload, string(p.Payload))
		}
	case *packets.Subscribe:
		id(p.PacketID)
		own()
		for _, s := range p.Subscriptions {
			add(mqttwire.FieldTopicFilter, string(s.Filter))
		}
	case *packets.Unsubscribe:
		id(p.PacketID)
		own()
		for _, f := range p.Filters {
			add(mqttwire.FieldTopicFilter, string(f))
		}
	case *packets.Suback:
		id(p.PacketID)
		own()
		codes(p.ReasonCodes...)
	case *packets.Unsuback:
		id(p.PacketID)
		own()
		codes(p.ReasonCodes...)
	case *packets.Disconnect, *packets.Auth:
		if code, _ := packets.ReasonCode(p); size > 0 {
			codes(code)
		}
		own()
	case *packets.Pingreq, *packets.Pingresp:
	default: // an acknowledgement
		n, _ := packets.PacketID(p)
		id(n)
		if code, _ := packets.ReasonCode(p); size > 2 {
			codes(code)
		}
		own()
	}
	return list
}

// expectedProperties are the values of a property list.
func expectedProperties(q *mqttwire.Properties, owner mqttwire.PropertyOwner) (list []namedValue) {
	for x := range q.All() {
		field, value := x.ID.Field(owner), x.Value()
		if x.ID == mqttwire.UserProperty {
			list = append(list, namedValue{field, string(x.Name())})
		}
		if x.IsNumber() {
			value = encodedNumber(x)
		}
		list = append(list, namedValue{field, string(value)})
	}
	return list
}

// encodedNumber is a number as it stands in a list that has nothing else.
func encodedNumber(x mqttwire.Property) []byte {
	var alone mqttwire.PropertyBuilder
	alone.Set(x.ID, x)
	list := alone.Properties()
	return list.Bytes()[1:]
}

func TestAFieldTellsWhichEntryOfItsListItIs(t *testing.T) {
	p := packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("a")}, {Filter: []byte("b")}}}
	p.Properties.AddUser([]byte("n"), []byte("v"))
	p.Properties.AddUser([]byte("m"), []byte("w"))
	b, err := p.Append(nil, v5)
	require.NoError(t, err)
	places, err := packets.AppendFields(nil, b, v5)
	require.NoError(t, err)
	of := map[mqttwire.Field][]int{}
	for _, f := range places {
		of[f.Field] = append(of[f.Field], f.Index)
	}
	assert.Equal(t, []int{0, 1}, of[mqttwire.FieldPropertyID])
	assert.Equal(t, []int{0, 0, 1, 1}, of["User Property"])
	assert.Equal(t, []int{0, 1}, of[mqttwire.FieldTopicFilter])
	assert.Equal(t, []int{0, 1}, of[mqttwire.FieldMaximumQoS])
	assert.Equal(t, []int{0}, of[mqttwire.FieldPacketID])
}

// The properties of a will are counted by themselves.
func TestTheListsOfAPacketAreCountedEachByItself(t *testing.T) {
	p := packets.Connect{Version: v5, ClientID: []byte("c"), Will: &packets.Will{Topic: []byte("w")}}
	p.Properties.SetReceiveMaximum(5)
	p.Properties.SetMaximumPacketSize(100)
	p.Will.Properties.SetContentType([]byte("x"))
	b, err := p.Append(nil, v5)
	require.NoError(t, err)
	places, err := packets.AppendFields(nil, b, v5)
	require.NoError(t, err)
	of := map[mqttwire.Field][]int{}
	for _, f := range places {
		of[f.Field] = append(of[f.Field], f.Index)
	}
	assert.Equal(t, []int{0, 1, 0}, of[mqttwire.FieldPropertyID])
	assert.Equal(t, []int{0}, of["Receive Maximum"])
	assert.Equal(t, []int{1}, of["Maximum Packet Size"])
	assert.Equal(t, []int{0}, of["Will Content Type"])
}

func TestAConnectTellsTheVersionOfItsFields(t *testing.T) {
	for v := mqttwire.V31; v <= mqttwire.V5; v++ {
		p := packets.Connect{Version: v, ClientID: []byte("c"), CleanStart: true}
		b, err := p.Append(nil, 0)
		require.NoError(t, err)
		told, err := packets.AppendFields(nil, b, v)
		require.NoError(t, err)
		asked, err := packets.AppendFields(nil, b, 0)
		require.NoError(t, err)
		assert.Equal(t, told, asked, "%s", v)
		name := mqttwire.FieldCleanSession
		if v == mqttwire.V5 {
			name = mqttwire.FieldCleanStart
		}
		assert.True(t, slices.ContainsFunc(told, func(p packets.FieldPlace) bool { return p.Field == name }), "%s has no %s", v, name)
	}
}
