//go:build !race

package packets_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

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

// The payload is not copied either: the header alone is written.
func TestSendingAPreparedMessageAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, 64<<10) // as much as Buffers keep
	var queued packets.Buffers
	sent := 0
	for _, c := range loadCorpus(t) {
		if !c.Decodes() || c.Frame().Header.Type != mqttwire.PUBLISH || len(c.Bytes) > cap(buf)/2 {
			continue
		}
		p, err := packets.Decode(c.Frame(), c.Version)
		require.NoError(t, err)
		topic := p.(*packets.Publish).Topic
		if len(topic) == 0 {
			topic = []byte("a")
		}
		m, err := packets.Prepare(p.(*packets.Publish), topic)
		require.NoError(t, err)
		for v := v31; v <= v5; v++ {
			if _, err := m.Append(nil, v, &packets.Delivery{}); err != nil {
				continue // only 3.1 has such a topic
			}
			for _, d := range deliveriesOf(v) {
				if _, err := m.Append(nil, v, &d); err != nil {
					continue // it has expired
				}
				sent++
				allocs := testing.AllocsPerRun(5, func() {
					queued.Reset()
					_, appendErr := m.Append(buf, v, &d)
					if err := queued.AppendPrepared(m, v, &d); appendErr != nil || err != nil || m.Size(v, &d) == 0 {
						t.Fatal(appendErr, err)
					}
				})
				assert.Zero(t, allocs, "%s %v %+v", c.Where(), v, d)
			}
		}
	}
	assert.Greater(t, sent, 1000)
}

func TestPreparingAMessageIsOneAllocation(t *testing.T) {
	alias := func(p *mqttwire.Properties) {
		p.SetContentType([]byte("text/plain"))
		p.SetTopicAlias(3)
		p.SetMessageExpiryInterval(60)
	}
	for _, p := range []*packets.Publish{
		{Topic: []byte("a/b")},
		{Topic: []byte("a/b"), Payload: long(1000), Properties: props(withUser)},
		{Topic: []byte("a/b"), Payload: long(1000), Properties: props(alias)},
	} {
		for _, prepare := range []func(*packets.Publish, []byte) (*packets.Prepared, error){packets.Prepare, packets.PrepareShared} {
			assert.EqualValues(t, 1, testing.AllocsPerRun(100, func() {
				if _, err := prepare(p, p.Topic); err != nil {
					t.Fatal(err)
				}
			}))
		}
	}
	p := &packets.Publish{Topic: []byte("a/b"), Payload: long(10000)}
	assert.EqualValues(t, 2, testing.AllocsPerRun(100, func() { _, _ = packets.Prepare(p, p.Topic) }), "large memory stands apart")
}

func TestAnEncoderSendsPreparedMessagesWithoutAllocating(t *testing.T) {
	e := packets.NewEncoder(packets.Options{From: mqttwire.FromServer})
	e.Observe(connectOf(props(func(p *mqttwire.Properties) { p.SetTopicAliasMaximum(2) })))
	_, err := e.Append(nil, &packets.Connack{})
	require.NoError(t, err)
	m, err := packets.Prepare(&packets.Publish{Payload: []byte("x")}, []byte("a"))
	require.NoError(t, err)
	buf := make([]byte, 0, 200)
	var queued packets.Buffers
	deliveries := []packets.Delivery{
		{}, {QoS: 1, PacketID: 1, TopicAlias: 1}, {TopicAlias: 1, OmitTopic: true}, {TopicAlias: 1, SubscriptionIDs: []uint32{1}},
	}
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		queued.Reset()
		for i := range deliveries {
			_, appendErr := e.AppendPrepared(buf, m, &deliveries[i])
			if err := e.AppendPreparedBuffers(&queued, m, &deliveries[i]); appendErr != nil || err != nil {
				t.Fatal(appendErr, err)
			}
		}
	}))
}
