//go:build !race

package packets_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

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

func TestPreparingAMessageInTheMemoryOfAnotherAllocatesNothing(t *testing.T) {
	withAlias := props(withUser)
	withAlias.SetTopicAlias(3)
	messages := []*packets.Publish{
		{Topic: []byte("a/b")},
		{Topic: []byte("a/b"), Payload: long(1000), QoS: 1, Properties: props(withUser)},
		{Topic: []byte("a"), Payload: long(10), Retain: true, Properties: withAlias},
	}
	var m packets.Prepared
	memory := make([]byte, 0, 2000)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		for _, p := range messages {
			if _, err := m.PrepareIn(memory, p, p.Topic); err != nil {
				t.Fatal(err)
			}
		}
	}))
}
