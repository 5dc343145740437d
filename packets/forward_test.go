package packets_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
	"github.com/mqttwire/mqttwire/packets"
)

// drawReceived draws a PUBLISH as a client sends it, with its topic name in full.
func drawReceived(t *rapid.T) (p *packets.Publish, topic []byte, v mqttwire.Version) {
	v = mqttwiretest.Version().Draw(t, "version")
	p = mqttwiretest.Publish(v, mqttwiretest.Sender().Draw(t, "sender")).Draw(t, "packet")
	if topic = p.Topic; len(topic) == 0 {
		topic = mqttwiretest.TopicName().Draw(t, "topic of the alias")
	}
	return p, topic, v
}

func drawForwarding(t *rapid.T) packets.Forwarding {
	o := packets.Forwarding{
		Version:           mqttwiretest.Version().Draw(t, "receiver's version"),
		QoS:               mqttwire.QoS(rapid.IntRange(0, 2).Draw(t, "granted QoS")),
		RetainAsPublished: rapid.Bool().Draw(t, "retain as published"),
		Retained:          rapid.Bool().Draw(t, "retained"),
		Waited:            time.Duration(rapid.SampledFrom([]int64{0, 0, 1, 999, 1000, 1500, 59000, 1 << 40}).Draw(t, "waited")) * time.Millisecond,
		SubscriptionIDs:   rapid.SliceOfN(rapid.SampledFrom([]uint32{1, 127, 128, mqttwire.MaxVarint}), 0, 3).Draw(t, "subscription identifiers"),
	}
	if rapid.Bool().Draw(t, "with memory") {
		o.Memory = new(mqttwire.PropertyBuilder)
	}
	return o
}

// passedOn returns the list that is sent on, made property by property.
func passedOn(p *packets.Publish, o *packets.Forwarding) (want mqttwire.Properties) {
	if o.Version != v5 {
		return want
	}
	for q := range p.Properties.All() {
		switch q.ID {
		case mqttwire.TopicAlias, mqttwire.SubscriptionIdentifier:
		case mqttwire.MessageExpiryInterval:
			want.SetMessageExpiryInterval(q.Number - uint32(o.Waited/time.Second))
		default:
			want.Set(q.ID, q)
		}
	}
	for _, id := range o.SubscriptionIDs {
		want.AddSubscriptionID(id)
	}
	return want
}

func TestAForwardedPublishHasAllThatTheStandardPassesOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, topic, _ := drawReceived(t)
		o := drawForwarding(t)
		var got packets.Publish
		err := packets.Forward(&got, p, topic, &o)
		if interval, ok := p.Properties.MessageExpiryInterval(); ok && o.Waited > 0 && int64(o.Waited/time.Second) >= int64(interval) {
			require.ErrorIs(t, err, packets.ErrExpired)
			return
		}
		require.NoError(t, err)
		requireSame(t, &packets.Publish{
			Topic: topic, Payload: p.Payload, Properties: passedOn(p, &o), QoS: min(p.QoS, o.QoS),
			Retain: o.Retained || o.RetainAsPublished && p.Retain,
		}, &got)
	})
}

func TestWhatIsForwardedIsALegalPublishOfAServer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, topic, _ := drawReceived(t)
		for v := v31; v <= v5; v++ {
			o := drawForwarding(t)
			o.Version = v
			var sent packets.Publish
			if packets.Forward(&sent, p, topic, &o) != nil {
				continue // expired
			}
			packets.SetPacketID(&sent, 7)
			b, err := sent.Append(nil, v)
			require.NoError(t, err)
			f, _, err := mqttwire.CutFrame(b, 0)
			require.NoError(t, err)
			got, err := packets.Decode(f, v)
			require.NoError(t, err)
			require.NoError(t, packets.CheckSender(got, v, mqttwire.FromServer))
			requireSame(t, &sent, got)
		}
	})
}

func TestForwardingTwiceIsForwardingOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, topic, v := drawReceived(t)
		once := drawForwarding(t)
		first, second := once, once
		first.Memory, second.Memory = new(mqttwire.PropertyBuilder), nil
		// The time between, in whole seconds, as no less is told in between.
		once.Waited = once.Waited.Truncate(time.Second)
		first.Waited = time.Duration(rapid.Int64Range(0, int64(once.Waited/time.Second)).Draw(t, "first")) * time.Second
		if first.Version != mqttwire.V5 {
			first.Waited = once.Waited // what is sent on in that version can expire no more
		}
		second.Waited = once.Waited - first.Waited
		if rapid.Bool().Draw(t, "kept") { // as a message is, before it is known who gets it
			first.Version, first.QoS, first.RetainAsPublished, first.Retained, first.SubscriptionIDs = v, mqttwire.ExactlyOnce, true, false, nil
		}

		var want, between, got packets.Publish
		wantErr := packets.Forward(&want, p, topic, &once)
		err := packets.Forward(&between, p, topic, &first)
		if err == nil {
			err = packets.Forward(&got, &between, between.Topic, &second)
		}
		require.Equal(t, wantErr, err)
		requireSame(t, &want, &got)
	})
}

func TestForwardingChangesNeitherTheMessageNorMoreThanItsDestination(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, topic, _ := drawReceived(t)
		o := drawForwarding(t)
		before := p.Clone()
		var want packets.Publish
		err := packets.Forward(&want, p, topic, &o)
		requireSame(t, before, p)
		got := *p // in its own place
		require.Equal(t, err, packets.Forward(&got, &got, topic, &o))
		if err != nil {
			want = *p
		}
		requireSame(t, &want, &got)
	})
}

func TestTheRetainFlagOfAForwardedPublish(t *testing.T) {
	for _, c := range []struct{ published, asPublished, retained, want bool }{
		{false, false, false, false},
		{true, false, false, false},
		{false, true, false, false},
		{true, true, false, true},
		{true, false, true, true},
		{true, true, true, true},
	} {
		for v := v31; v <= v5; v++ {
			var got packets.Publish
			p := &packets.Publish{Topic: []byte("a"), Retain: c.published}
			require.NoError(t, packets.Forward(&got, p, p.Topic, &packets.Forwarding{Version: v, RetainAsPublished: c.asPublished, Retained: c.retained}))
			assert.Equal(t, c.want, got.Retain, "%+v", c)
		}
	}
}

func TestAForwardedPublishIsOfTheLowerQoSAndNotSentAgain(t *testing.T) {
	for published := range mqttwire.QoS(3) {
		for granted := range mqttwire.QoS(3) {
			var got packets.Publish
			p := &packets.Publish{Topic: []byte("a"), QoS: published, PacketID: 9, Dup: published > 0}
			require.NoError(t, packets.Forward(&got, p, p.Topic, &packets.Forwarding{Version: v311, QoS: granted}))
			assert.Equal(t, packets.Publish{Topic: []byte("a"), QoS: min(published, granted)}, got)
		}
	}
}

func TestTheTimeThatAMessageWaitedIsTakenFromItsExpiryInterval(t *testing.T) {
	for _, c := range []struct {
		interval uint32
		waited   time.Duration
		left     uint32
		expired  bool
	}{
		{interval: 10, waited: 0, left: 10},
		{interval: 10, waited: -time.Hour, left: 10},
		{interval: 10, waited: 999 * time.Millisecond, left: 10},
		{interval: 10, waited: time.Second, left: 9},
		{interval: 10, waited: 9*time.Second + 999*time.Millisecond, left: 1},
		{interval: 10, waited: 10 * time.Second, expired: true},
		{interval: 10, waited: 1 << 62, expired: true},
		{interval: 0, waited: 0, left: 0},
		{interval: 0, waited: 1, expired: true},
		{interval: 1<<32 - 1, waited: time.Hour, left: 1<<32 - 1 - 3600},
		{interval: 1<<32 - 1, waited: (1<<32 - 1) * time.Second, expired: true},
	} {
		p := &packets.Publish{Topic: []byte("a")}
		p.Properties.AddUser([]byte("before"), nil)
		p.Properties.SetMessageExpiryInterval(c.interval)
		p.Properties.AddUser([]byte("behind"), nil)
		for v := v31; v <= v5; v++ {
			got := packets.Publish{PacketID: 77}
			err := packets.Forward(&got, p, p.Topic, &packets.Forwarding{Version: v, Waited: c.waited})
			if c.expired {
				require.ErrorIs(t, err, packets.ErrExpired, "%+v", c)
				assert.Equal(t, packets.Publish{PacketID: 77}, got)
				continue
			}
			require.NoError(t, err, "%+v", c)
			left, ok := got.Properties.MessageExpiryInterval()
			assert.Equal(t, v == v5, ok)
			if ok {
				assert.Equal(t, c.left, left, "%+v", c)
				at, _ := got.Properties.Offset(mqttwire.MessageExpiryInterval)
				was, _ := p.Properties.Offset(mqttwire.MessageExpiryInterval)
				assert.Equal(t, was, at, "it stays where it was")
			}
		}
	}
}

// Two publishers with the same alias: passed on unchanged, either would be taken for
// the other.
func TestPublishersWithTheSameTopicAliasAreForwardedByTheirTopics(t *testing.T) {
	connack := &packets.Connack{}
	connack.Properties.SetTopicAliasMaximum(1)
	for _, topic := range []string{"a", "b"} {
		d := clientDecoder(t, packets.Options{}, connack)
		for _, b := range []string{"\x30\x07\x00\x01" + topic + "\x03\x23\x00\x01", "\x30\x06\x00\x00\x03\x23\x00\x01"} {
			p, err := d.Decode(frameOf(t, b))
			require.NoError(t, err)
			publish := p.(*packets.Publish)
			var sent packets.Publish
			require.NoError(t, packets.Forward(&sent, publish, d.Topic(publish), &packets.Forwarding{Version: v5}))
			assert.Equal(t, packets.Publish{Topic: []byte(topic), Payload: []byte{}}.String(), sent.String())

			kept := publish.Clone()
			err = packets.Forward(&sent, kept, d.Topic(kept), &packets.Forwarding{Version: v5})
			if len(kept.Topic) == 0 {
				requireBreach(t, mqttwire.RuleTopicEmpty, err)
			}
		}
	}
}

func TestAMessageThatTheReceiversVersionCannotSayIsToldAtOnce(t *testing.T) {
	var javas packets.Publish
	require.NoError(t, javas.Decode(frameOf(t, "\x30\x08\x00\x06\xED\xA0\x81\xED\xB0\x80"), v31))
	atLimit := packets.Publish{Topic: []byte("a"), Payload: make([]byte, mqttwire.MaxVarint-3)}
	withList := func(set func(*mqttwire.Properties)) *packets.Publish {
		return &packets.Publish{Topic: []byte("a"), Properties: props(set)}
	}
	for name, c := range map[string]struct {
		p     *packets.Publish
		ids   []uint32
		rules [3]mqttwire.Rule // in 3.1, 3.1.1 and 5.0
	}{
		"a topic that only 3.1 allows": {&javas, nil, [3]mqttwire.Rule{0, mqttwire.RuleUTF8, mqttwire.RuleUTF8}},
		"an empty topic":               {new(packets.Publish), nil, [3]mqttwire.Rule{mqttwire.RuleTopicEmpty, mqttwire.RuleTopicEmpty, mqttwire.RuleTopicEmpty}},
		"a topic with a wildcard":      {&packets.Publish{Topic: []byte("#")}, nil, [3]mqttwire.Rule{mqttwire.RuleTopicWildcard, mqttwire.RuleTopicWildcard, mqttwire.RuleTopicWildcard}},
		"as large as 3.1.1 allows":     {&atLimit, nil, [3]mqttwire.Rule{0, 0, mqttwire.RuleRemainingLength}},
		"subscription identifier 0":    {&packets.Publish{Topic: []byte("a")}, []uint32{1, 0}, [3]mqttwire.Rule{mqttwire.RulePropertyZero, mqttwire.RulePropertyZero, mqttwire.RulePropertyZero}},
		"too large an identifier":      {&packets.Publish{Topic: []byte("a")}, []uint32{mqttwire.MaxVarint + 1}, [3]mqttwire.Rule{mqttwire.RuleVarintLength, mqttwire.RuleVarintLength, mqttwire.RuleVarintLength}},
		"a reason string":              {withList(withReason), nil, [3]mqttwire.Rule{}}, // of the six others none is sent on
		"a value that was refused": {withList(func(p *mqttwire.Properties) { p.SetPayloadFormatIndicator(2) }), nil,
			[3]mqttwire.Rule{mqttwire.RulePropertyBool, mqttwire.RulePropertyBool, mqttwire.RulePropertyBool}},
		"a list that was built over": {&packets.Publish{Topic: []byte("a"), Properties: builtOver()}, nil,
			[3]mqttwire.Rule{mqttwire.RulePropertiesReset, mqttwire.RulePropertiesReset, mqttwire.RulePropertiesReset}},
	} {
		t.Run(name, func(t *testing.T) {
			for i, v := range []mqttwire.Version{v31, v311, v5} {
				got := packets.Publish{PacketID: 77}
				err := packets.Forward(&got, c.p, c.p.Topic, &packets.Forwarding{Version: v, SubscriptionIDs: c.ids})
				if c.rules[i] == 0 {
					require.NoError(t, err, v)
					continue
				}
				e := requireBreach(t, c.rules[i], err)
				assert.Equal(t, mqttwire.NoOffset, e.Offset)
				assert.Equal(t, mqttwire.PUBLISH, e.Type)
				assert.True(t, e.Own)
				assert.Equal(t, packets.Publish{PacketID: 77}, got)
			}
		})
	}
	for _, v := range []mqttwire.Version{v31, v311, v5} {
		for published := range mqttwire.QoS(4) {
			p := &packets.Publish{Topic: []byte("a"), QoS: published}
			got := packets.Publish{PacketID: 77}
			e := requireBreach(t, mqttwire.RuleQoS, packets.Forward(&got, p, p.Topic, &packets.Forwarding{Version: v, QoS: 3}))
			assert.True(t, e.Own)
			assert.EqualValues(t, 3, e.Found)
			assert.Equal(t, packets.Publish{PacketID: 77}, got)
		}
	}
	for _, v := range []mqttwire.Version{0, 2, 6} {
		requireBreach(t, mqttwire.RuleVersion, packets.Forward(new(packets.Publish), &javas, javas.Topic, &packets.Forwarding{Version: v}))
	}
}

func TestForwardingIntoTheMemoryOfTheMessageIsRefused(t *testing.T) {
	var b mqttwire.PropertyBuilder
	b.Reset()
	b.SetTopicAlias(1)
	p := &packets.Publish{Topic: []byte("a"), Properties: b.Properties()}
	var got packets.Publish
	err := packets.Forward(&got, p, p.Topic, &packets.Forwarding{Version: v5, Memory: &b})
	e := requireBreach(t, mqttwire.RulePropertiesReset, err)
	assert.Equal(t, mqttwire.PUBLISH, e.Type)
}

// A list that stays as it is needs no memory, and what was built there stays.
func TestAListThatStaysAsItIsIsNotBuiltAnew(t *testing.T) {
	var b mqttwire.PropertyBuilder
	b.Reset()
	b.SetContentType([]byte("x"))
	p := &packets.Publish{Topic: []byte("a"), Properties: b.Properties()}
	var got packets.Publish
	require.NoError(t, packets.Forward(&got, p, p.Topic, &packets.Forwarding{Version: v5, Memory: &b, Waited: time.Hour}))
	assert.NoError(t, got.Properties.Err())
	assert.Same(t, &p.Properties.Bytes()[0], &got.Properties.Bytes()[0])
}

// What a Tolerance let pass of a message is not passed on to others.
func TestWhatWasToleratedIsForwardedLegallyOrRefused(t *testing.T) {
	all := &mqttwire.Tolerance{Allow: mqttwire.ReportAll}
	for list, want := range map[string]string{
		"\x02\x00\x00\x00\x64\x02\x00\x00\x00\x01": `[Message Expiry Interval: 50]`, // twice
		"\x1F\x00\x01r\x03\x00\x01t":               `[Content Type: "t"]`,           // a Reason String
		"\x23\x00\x00\x03\x00\x01t":                `[Content Type: "t"]`,           // Topic Alias 0
		"\x01\x02":                                 "property-bool",
		"\x03\x00\x01\xFF":                         "utf8",
		"\x08\x00\x00":                             "response-topic-empty",
	} {
		body := "\x00\x01a" + string(rune(len(list))) + list
		p, err := packets.DecodeTolerant(frameOf(t, "\x30"+string(rune(len(body)))+body), v5, all)
		require.NoError(t, err, "%x", list)
		publish := p.(*packets.Publish)
		var sent packets.Publish
		err = packets.Forward(&sent, publish, publish.Topic, &packets.Forwarding{Version: v5, Waited: 50 * time.Second})
		if err != nil {
			assert.Equal(t, want, requireRuleOf(t, err), "%x", list)
			continue
		}
		assert.Equal(t, want, sent.Properties.String(), "%x", list)
		_, err = sent.Append(nil, v5)
		assert.NoError(t, err)
	}
}

// requireRuleOf returns the name of the rule that an error is about.
func requireRuleOf(t *testing.T, err error) string {
	t.Helper()
	var e *mqttwire.Error
	require.ErrorAs(t, err, &e)
	return e.Rule.String()
}
