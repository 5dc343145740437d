package packets_test

import (
	"bytes"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// drawDelivery draws a delivery, which need not be legal.
func drawDelivery(t *rapid.T) packets.Delivery {
	ids := rapid.SliceOfN(rapid.SampledFrom([]uint32{1, 127, 128, 16383, 16384, 2097151, 2097152, mqttwire.MaxVarint}), 0, 3).Draw(t, "identifiers")
	switch rapid.IntRange(0, 19).Draw(t, "kind of identifiers") {
	case 0:
		ids = append(ids, 0)
	case 1:
		ids = append([]uint32{mqttwire.MaxVarint + 1}, ids...)
	case 2: // so many that the list needs another byte of length
		ids = slices.Repeat([]uint32{1}, rapid.IntRange(40, 70).Draw(t, "many"))
	}
	return packets.Delivery{
		SubscriptionIDs: ids,
		Waited:          time.Duration(rapid.SampledFrom([]int64{0, 0, -1, 1, 999, 1000, 59000, 1 << 40}).Draw(t, "waited")) * time.Millisecond,
		PacketID:        rapid.SampledFrom([]uint16{0, 1, 0x1234, 65535}).Draw(t, "packet identifier"),
		TopicAlias:      rapid.SampledFrom([]uint16{0, 0, 1, 65535}).Draw(t, "topic alias"),
		OmitTopic:       rapid.IntRange(0, 3).Draw(t, "omit topic") == 0,
		QoS:             mqttwire.QoS(rapid.SampledFrom([]int{0, 0, 1, 1, 2, 3, 255}).Draw(t, "QoS")),
		Dup:             rapid.IntRange(0, 3).Draw(t, "dup") == 0,
		Retain:          rapid.Bool().Draw(t, "retain"),
	}
}

// fresh returns the packet that is sent of p, which is a message under the topic name,
// made property by property; or ErrExpired.
func fresh(p *packets.Publish, topic []byte, d *packets.Delivery) (*packets.Publish, error) {
	q := &packets.Publish{Topic: topic, Payload: p.Payload, PacketID: d.PacketID, QoS: d.QoS, Dup: d.Dup, Retain: d.Retain}
	if d.OmitTopic {
		q.Topic = nil
	}
	var list mqttwire.PropertyBuilder
	list.Reset()
	for entry := range p.Properties.All() {
		switch entry.ID {
		case mqttwire.TopicAlias, mqttwire.SubscriptionIdentifier:
		case mqttwire.MessageExpiryInterval:
			left, waited := int64(entry.Number), int64(max(d.Waited, 0)/time.Second)
			if d.Waited > 0 && waited >= left {
				if !d.Dup {
					return nil, packets.ErrExpired
				}
				waited = left
			}
			list.SetMessageExpiryInterval(uint32(left - waited))
		default:
			list.Set(entry.ID, entry)
		}
	}
	for _, id := range d.SubscriptionIDs {
		list.AddSubscriptionID(id)
	}
	if d.TopicAlias != 0 {
		list.SetTopicAlias(d.TopicAlias)
	}
	q.Properties = list.Properties()
	return q, nil
}

// tb is what *testing.T and *rapid.T have in common.
type tb interface {
	require.TestingT
	Helper()
}

// requireFresh demands of a message that sending it as d says is to encode the packet,
// in version v.
func requireFresh(t tb, p *packets.Publish, topic []byte, m *packets.Prepared, v mqttwire.Version, d *packets.Delivery) {
	t.Helper()
	q, wantErr := fresh(p, topic, d)
	var want []byte
	if wantErr == nil {
		want, wantErr = q.Append(nil, v)
	}
	dst := append(make([]byte, 0, 64), "prefix"...)
	got, err := m.Append(dst, v, d)
	require.Equal(t, wantErr, err)
	require.Equal(t, "prefix"+string(want), string(got))
	header, err := m.AppendHeader(dst, v, d)
	require.Equal(t, wantErr, err)
	if err != nil {
		require.Same(t, &dst[0], &got[0])
		require.Same(t, &dst[0], &header[0])
		require.Equal(t, []int{cap(dst), cap(dst), len(dst)}, []int{cap(got), cap(header), len(header)}, "dst as it was")
		return
	}
	require.Equal(t, "prefix"+string(want), string(header)+string(p.Payload))
	require.Equal(t, len(want), m.Size(v, d))

	var queued packets.Buffers
	require.NoError(t, queued.AppendPrepared(m, v, d))
	require.Equal(t, want, bytes.Join(queued.Parts(), nil))
	if len(p.Payload) > 0 {
		require.Same(t, &m.Payload()[0], &queued.Parts()[1][0], "the payload is not copied")
	}
	packet, err := m.Publish(d)
	require.NoError(t, err)
	requireSame(t, q, packet)
}

func TestAPreparedMessageIsSentAsAFreshPacketIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, topic, _ := drawReceived(t)
		m, err := packets.Prepare(p, topic)
		require.NoError(t, err)
		for range 8 {
			d := drawDelivery(t)
			for _, v := range []mqttwire.Version{v31, v311, v5, 0, 2, 6, 255} {
				requireFresh(t, p, topic, m, v, &d)
			}
		}
	})
}

func TestAPreparedMessageIsSentAsItIsForwarded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, topic, _ := drawReceived(t)
		o := drawForwarding(t)
		m, err := packets.Prepare(p, topic)
		require.NoError(t, err)
		d := packets.Delivery{
			QoS: min(m.QoS(), o.QoS), PacketID: 9, Retain: o.Retained || o.RetainAsPublished && m.Retain(),
			Waited: o.Waited, SubscriptionIDs: o.SubscriptionIDs,
		}
		got, err := m.Append(nil, o.Version, &d)
		var sent packets.Publish
		require.Equal(t, packets.Forward(&sent, p, topic, &o), err)
		if err == nil {
			sent.PacketID = 9
			want, err := sent.Append(nil, o.Version)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	})
}

func TestAMessageIsPreparedAlikeBeforeAndAfterItIsForwarded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, topic, v := drawReceived(t)
		var kept packets.Publish
		require.NoError(t, packets.Forward(&kept, p, topic, &packets.Forwarding{Version: v, QoS: 2, RetainAsPublished: true, SubscriptionIDs: []uint32{5}}))
		a, err := packets.Prepare(p, topic)
		require.NoError(t, err)
		b, err := packets.Prepare(&kept, kept.Topic)
		require.NoError(t, err)
		require.Equal(t, a, b)
	})
}

func TestAPreparedMessageTellsWhatItIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, topic, _ := drawReceived(t)
		m, err := packets.Prepare(p, topic)
		require.NoError(t, err)
		want, err := fresh(p, topic, &packets.Delivery{QoS: p.QoS, Retain: p.Retain})
		require.NoError(t, err)
		requireSame(t, want, &packets.Publish{
			Topic: m.Topic(), Payload: m.Payload(), Properties: m.Properties(), QoS: m.QoS(), Retain: m.Retain(),
		})
		interval, ok := want.Properties.MessageExpiryInterval()
		got, gotOK := m.MessageExpiryInterval()
		require.Equal(t, interval, got)
		require.Equal(t, ok, gotOK)
		require.Equal(t, [2]int{len(m.Topic()), len(m.Payload())}, [2]int{cap(m.Topic()), cap(m.Payload())})
	})
}

func TestAPreparedMessageHasMemoryOfItsOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, topic, _ := drawReceived(t)
		before, name := p.Clone(), bytes.Clone(topic)
		m, err := packets.Prepare(p, topic)
		require.NoError(t, err)
		shared, err := packets.PrepareShared(p, topic)
		require.NoError(t, err)
		requireSame(t, before, p)
		if len(p.Payload) > 0 {
			require.Same(t, &p.Payload[0], &shared.Payload()[0])
		}
		overwrite(p.Topic)
		overwrite(p.Properties.Bytes())
		d := packets.Delivery{SubscriptionIDs: []uint32{1}}
		requireFresh(t, before, name, shared, v5, &d)
		overwrite(p.Payload)
		requireFresh(t, before, name, m, v5, &d)
	})
}

func TestASharedPayloadEndsWhereItEnds(t *testing.T) {
	m, err := packets.PrepareShared(&packets.Publish{Payload: long(9)[:5]}, []byte("a"))
	require.NoError(t, err)
	require.Equal(t, 5, cap(m.Payload()))
}

func TestAMessageThatNoVersionCanSendIsNotPrepared(t *testing.T) {
	javas := []byte("\xED\xA0\x81\xED\xB0\x80")
	for name, c := range map[string]struct {
		p     *packets.Publish
		topic string
		rule  mqttwire.Rule
	}{
		"no topic":            {&packets.Publish{Topic: []byte("a")}, "", mqttwire.RuleTopicEmpty},
		"a wildcard":          {new(packets.Publish), "a/#", mqttwire.RuleTopicWildcard},
		"too long a topic":    {new(packets.Publish), string(long(65536)), mqttwire.RuleStringLength},
		"not UTF-8":           {new(packets.Publish), "\xFF", mqttwire.RuleUTF8},
		"QoS 3":               {&packets.Publish{QoS: 3}, "a", mqttwire.RuleQoS},
		"a refused property":  {&packets.Publish{Properties: props(func(p *mqttwire.Properties) { p.SetPayloadFormatIndicator(2) })}, "a", mqttwire.RulePropertyBool},
		"a lost list":         {&packets.Publish{Properties: builtOver()}, "a", mqttwire.RulePropertiesReset},
		"too large a payload": {&packets.Publish{Payload: make([]byte, mqttwire.MaxVarint-2)}, "a", mqttwire.RuleRemainingLength},
	} {
		for _, prepare := range []func(*packets.Publish, []byte) (*packets.Prepared, error){packets.Prepare, packets.PrepareShared} {
			m, err := prepare(c.p, []byte(c.topic))
			e := requireBreach(t, c.rule, err)
			assert.Equal(t, mqttwire.PUBLISH, e.Type, name)
			assert.Equal(t, mqttwire.NoOffset, e.Offset, name)
			assert.True(t, e.Own, name)
			assert.Nil(t, m, name)
		}
	}
	m, err := packets.Prepare(new(packets.Publish), javas) // which 3.1 can
	require.NoError(t, err)
	for _, v := range []mqttwire.Version{v31, v311, v5} {
		for _, d := range []packets.Delivery{{}, {TopicAlias: 1, OmitTopic: true}} {
			requireFresh(t, new(packets.Publish), javas, m, v, &d)
		}
	}
}

// grown are the deliveries with which a length may or may not take one more byte.
func grown() (all []packets.Delivery) {
	for _, d := range []packets.Delivery{
		{},
		{TopicAlias: 2, OmitTopic: true},
		{TopicAlias: 2, SubscriptionIDs: []uint32{1, 300}, Waited: time.Second},
		{SubscriptionIDs: []uint32{127}},
		{SubscriptionIDs: []uint32{mqttwire.MaxVarint}},
	} {
		acknowledged := d
		acknowledged.QoS, acknowledged.PacketID = 1, 0x0102
		all = append(all, d, acknowledged)
	}
	return all
}

func TestPreparedPayloadsOfTheSizesAtWhichTheRemainingLengthGrows(t *testing.T) {
	for _, size := range []int{127, 128, 16383, 16384, 2097151, 2097152} {
		for less := range 24 { // what a delivery may add
			p := &packets.Publish{Payload: make([]byte, size-less)}
			requireFreshHeaders(t, p, grown())
		}
	}
}

func TestPreparedPropertiesOfTheSizesAtWhichTheirLengthGrows(t *testing.T) {
	for _, size := range []int{127, 128, 16383, 16384} {
		for less := range 24 { // what a delivery may add
			requireFreshHeaders(t, &packets.Publish{Properties: expiringListOf(size - less)}, grown())
		}
	}
	for _, less := range []int{0, 8, 9} {
		requireFreshHeaders(t, &packets.Publish{Properties: expiringListOf(2097152 - less)}, grown()[4:5])
	}
}

// expiringListOf returns a property list of n bytes with a Message Expiry Interval.
func expiringListOf(n int) mqttwire.Properties {
	list := listOf(n - 5)
	list.SetMessageExpiryInterval(100)
	return list
}

// requireFreshHeaders demands that deliveries of a message have the headers of the
// packets that they are.
func requireFreshHeaders(t *testing.T, p *packets.Publish, deliveries []packets.Delivery) {
	t.Helper()
	topic := []byte("a")
	m, err := packets.PrepareShared(p, topic)
	require.NoError(t, err)
	for _, d := range deliveries {
		q, err := fresh(p, topic, &d)
		require.NoError(t, err)
		for _, v := range []mqttwire.Version{v31, v311, v5} {
			want, wantErr := q.AppendHeader(nil, v)
			got, err := m.AppendHeader(nil, v, &d)
			require.Equal(t, wantErr, err, "%v %+v", v, d)
			require.True(t, bytes.Equal(want, got), "%v %+v", v, d)
			require.Equal(t, q.Size(v), m.Size(v, &d), "%v %+v", v, d)
		}
	}
}

func TestThePreparedMessageOfTheLargestSize(t *testing.T) {
	largest := make([]byte, mqttwire.MaxVarint-3)
	for less := range 24 {
		requireFreshHeaders(t, &packets.Publish{Payload: largest[less:]}, append(grown(),
			packets.Delivery{TopicAlias: 1}, packets.Delivery{SubscriptionIDs: []uint32{1, 1, 1}}))
	}
}

// What was sent before has begun to be delivered, so that it is sent again.
func TestAMessageExpiresOnlyBeforeItIsSentForTheFirstTime(t *testing.T) {
	p := &packets.Publish{Topic: []byte("a"), Properties: props(func(list *mqttwire.Properties) { list.SetMessageExpiryInterval(10) })}
	m, err := packets.Prepare(p, p.Topic)
	require.NoError(t, err)
	for _, v := range []mqttwire.Version{v31, v311, v5} {
		d := packets.Delivery{QoS: 1, PacketID: 1, Waited: 10 * time.Second}
		_, err := m.Append(nil, v, &d)
		require.ErrorIs(t, err, packets.ErrExpired)
		_, err = m.Publish(&d)
		require.ErrorIs(t, err, packets.ErrExpired)
		d.Dup = true
		requireFresh(t, p, p.Topic, m, v, &d)
		q, err := m.Publish(&d)
		require.NoError(t, err)
		left, _ := q.Properties.MessageExpiryInterval()
		require.Zero(t, left)
	}
}

func TestTheZeroPreparedIsRefused(t *testing.T) {
	var m packets.Prepared
	assert.Empty(t, m.Topic())
	assert.Empty(t, m.Payload())
	properties := m.Properties()
	assert.True(t, properties.Empty())
	for _, v := range []mqttwire.Version{v31, v311, v5} {
		for _, d := range []packets.Delivery{{}, {QoS: 1, PacketID: 1, SubscriptionIDs: []uint32{1}}} {
			want, _ := fresh(new(packets.Publish), nil, &d)
			_, wantErr := want.Append(nil, v)
			require.Error(t, wantErr)
			_, err := m.Append(nil, v, &d)
			assert.Equal(t, wantErr, err)
			assert.Zero(t, m.Size(v, &d))
		}
		for _, d := range []packets.Delivery{{TopicAlias: 1}, {TopicAlias: 1, OmitTopic: true}} {
			_, err := m.Append(nil, v, &d)
			assert.Error(t, err)
			q, err := m.Publish(&d)
			require.NoError(t, err)
			_, err = q.Append(nil, v)
			assert.Error(t, err)
		}
	}
}

// Many use a message at once that nobody has used before: under the race detector.
func TestAPreparedMessageIsForManyGoroutines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, topic, _ := drawReceived(t)
		d := packets.Delivery{QoS: 1, PacketID: 1, SubscriptionIDs: []uint32{300}, TopicAlias: 1}
		m, err := packets.Prepare(p, topic)
		require.NoError(t, err)
		q, err := fresh(p, topic, &d)
		require.NoError(t, err)
		var all sync.WaitGroup
		for i := range 6 {
			v := v31 + mqttwire.Version(i%3)
			all.Go(func() {
				want, _ := q.Append(nil, v)
				got, err := m.Append(nil, v, &d)
				assert.NoError(t, err)
				assert.Equal(t, want, got)
				assert.Equal(t, len(want), m.Size(v, &d))
				assert.Equal(t, topic, m.Topic())
			})
		}
		all.Wait()
	})
}

func TestWhatWasToleratedOfAMessageIsPreparedLegallyOrRefused(t *testing.T) {
	all := &mqttwire.Tolerance{Allow: mqttwire.ReportAll}
	for list, want := range map[string]string{
		"\x02\x00\x00\x00\x64\x02\x00\x00\x00\x01": `[Message Expiry Interval: 100]`, // twice
		"\x1F\x00\x01r\x03\x00\x01t":               `[Content Type: "t"]`,            // a Reason String
		"\x03\x00\x01t\x23\x00\x00":                `[Content Type: "t"]`,            // Topic Alias 0
		"\x23\x00\x01\x03\x00\x01t\x23\x00\x02":    `[Content Type: "t"]`,            // Topic Alias twice
		"\x01\x02":                                 "property-bool",
		"\x03\x00\x01\xFF":                         "utf8",
	} {
		body := "\x00\x01a" + string(rune(len(list))) + list
		p, err := packets.DecodeTolerant(frameOf(t, "\x30"+string(rune(len(body)))+body), v5, all)
		require.NoError(t, err, "%x", list)
		publish := p.(*packets.Publish)
		m, err := packets.Prepare(publish, publish.Topic)
		if err != nil {
			assert.Equal(t, want, requireRuleOf(t, err), "%x", list)
			continue
		}
		assert.Equal(t, want, m.Properties().String(), "%x", list)
	}
}

// FuzzPrepared sends any PUBLISH with any delivery.
func FuzzPrepared(f *testing.F) {
	for i, c := range loadCorpus(f) {
		if len(c.Bytes) > 0 && c.Bytes[0]>>4 == byte(mqttwire.PUBLISH) && len(c.Bytes) <= maxSeed {
			f.Add(c.Bytes, uint8(c.Version), uint8(5), int64(i-1)*int64(time.Second), uint16(i), uint16(i/2), uint8(i), uint32(i), uint8(i%3))
		}
	}
	f.Fuzz(func(t *testing.T, frame []byte, version, to uint8, waited int64, id, alias uint16, flags uint8, subscription uint32, subscriptions uint8) {
		cut, _, err := mqttwire.CutFrame(frame, 0)
		var p packets.Publish
		if err != nil || p.Decode(cut, mqttwire.Version(version)) != nil {
			return
		}
		topic := p.Topic
		if len(topic) == 0 {
			topic = []byte("a")
		}
		m, err := packets.Prepare(&p, topic)
		require.NoError(t, err)
		requireFresh(t, &p, topic, m, mqttwire.Version(to), &packets.Delivery{
			SubscriptionIDs: slices.Repeat([]uint32{subscription}, int(subscriptions)), Waited: time.Duration(waited), PacketID: id, TopicAlias: alias,
			QoS: mqttwire.QoS(flags & 3), Dup: flags&4 != 0, Retain: flags&8 != 0, OmitTopic: flags&16 != 0,
		})
	})
}

func TestAPreparedMessageIsRefusedInAVersionThatIsNone(t *testing.T) {
	p := packets.Publish{Topic: []byte("a/b")}
	prepared, err := packets.Prepare(&p, p.Topic)
	require.NoError(t, err)
	for v := range mqttwire.Version(255) {
		_, want := p.AppendHeader(nil, v)
		_, err := prepared.AppendHeader(nil, v, &packets.Delivery{})
		require.Equal(t, want, err, "%d", v)
		require.Equal(t, v.Known(), err == nil, "%d", v)
	}
}

// deliveriesOf returns legal deliveries of all forms for a version.
func deliveriesOf(v mqttwire.Version) (all []packets.Delivery) {
	for _, d := range []packets.Delivery{
		{}, {Retain: true}, {QoS: 1, PacketID: 7, Dup: true}, {QoS: 2, PacketID: 7},
		{SubscriptionIDs: []uint32{1}}, {QoS: 1, PacketID: 7, SubscriptionIDs: []uint32{1, 300, mqttwire.MaxVarint}, TopicAlias: 9},
	} {
		waited := d
		waited.Waited = time.Second
		all = append(all, d, waited)
	}
	switch v {
	case mqttwire.V31:
		all = append(all, packets.Delivery{Dup: true, SubscriptionIDs: []uint32{1}})
	case mqttwire.V5:
		all = append(all, packets.Delivery{TopicAlias: 1, OmitTopic: true}, packets.Delivery{QoS: 1, PacketID: 7, TopicAlias: 1, OmitTopic: true})
	}
	return all
}

// In whatever memory, and whatever the Prepared was before: what stands in front stays.
func TestAMessagePreparedInTheMemoryOfAnotherIsAsOneOfItsOwn(t *testing.T) {
	var m packets.Prepared
	memory := []byte("front")
	for _, c := range loadCorpus(t) {
		if !c.Decodes() || c.Frame().Header.Type != mqttwire.PUBLISH {
			continue
		}
		packet, err := packets.Decode(c.Frame(), c.Version)
		require.NoError(t, err)
		p := packet.(*packets.Publish)
		topic := p.Topic
		if len(topic) == 0 {
			topic = []byte("a")
		}
		want, err := packets.Prepare(p, topic)
		require.NoError(t, err)
		memory, err = m.PrepareIn(memory[:5], p, topic)
		require.NoError(t, err)
		assert.Equal(t, "front", string(memory[:5]), c.Where())
		for v := v31; v <= v5; v++ {
			for _, d := range deliveriesOf(v) {
				b, wantErr := want.Append(nil, v, &d)
				got, err := m.Append(nil, v, &d)
				assert.Equal(t, wantErr, err, c.Where())
				assert.True(t, bytes.Equal(b, got), "%s %v %+v", c.Where(), v, d)
			}
		}
	}
	before := string(m.Topic())
	same, err := m.PrepareIn(memory, &packets.Publish{Topic: []byte("#")}, []byte("#"))
	requireBreach(t, mqttwire.RuleTopicWildcard, err)
	assert.Equal(t, []any{len(memory), before}, []any{len(same), string(m.Topic())})
}
