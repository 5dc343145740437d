package packets_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// drawConnection draws a connection that is open, seen from the side that sends; make
// makes an encoder for it as often as it is called.
func drawConnection(t *rapid.T) (v mqttwire.Version, make func() *packets.Encoder) {
	v = rapid.SampledFrom([]mqttwire.Version{v5, v5, v311, v31}).Draw(t, "version")
	from := rapid.SampledFrom([]mqttwire.Sender{mqttwire.FromServer, mqttwire.FromServer, mqttwire.FromClient}).Draw(t, "sender")
	connect := &packets.Connect{Version: v, CleanStart: true, ClientID: []byte("c")}
	connack := &packets.Connack{}
	list := &connect.Properties
	if from == mqttwire.FromClient {
		list = &connack.Properties
		if rapid.IntRange(0, 3).Draw(t, "maximum QoS") == 0 {
			list.SetMaximumQoS(1)
		}
		list.SetRetainAvailable(rapid.IntRange(0, 3).Draw(t, "no retain") != 0)
	}
	list.SetTopicAliasMaximum(rapid.SampledFrom([]uint16{0, 1, 2, 65535}).Draw(t, "alias maximum"))
	if rapid.Bool().Draw(t, "has a limit") {
		list.SetMaximumPacketSize(rapid.Uint32Range(20, 60).Draw(t, "maximum packet size"))
	}
	optional := rapid.IntRange(0, 5).Draw(t, "optional") == 0
	opened := rapid.IntRange(0, 9).Draw(t, "not open") != 0
	return v, func() *packets.Encoder {
		e := packets.NewEncoder(packets.Options{From: from, Version: v, Optional: optional})
		first, second := mqttwire.Packet(connect), mqttwire.Packet(connack)
		if from == mqttwire.FromServer {
			e.Observe(first)
			first = second
		} else {
			defer e.Observe(second)
		}
		if opened {
			_, err := e.Append(nil, first)
			require.NoError(t, err)
		}
		return e
	}
}

func TestAnEncoderTakesAPreparedMessageAsItTakesThePacket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, open := drawConnection(t)
		a, b, c := open(), open(), open()
		var queued packets.Buffers
		for range rapid.IntRange(1, 12).Draw(t, "messages") {
			p := &packets.Publish{
				Topic:   rapid.SampledFrom([][]byte{[]byte("a"), []byte("b"), long(20)}).Draw(t, "topic"),
				Payload: rapid.SampledFrom([][]byte{nil, []byte("x"), long(30), {0xFF}}).Draw(t, "payload"),
			}
			if rapid.Bool().Draw(t, "text") {
				p.Properties.SetPayloadFormatIndicator(1)
			}
			m, err := packets.Prepare(p, p.Topic)
			require.NoError(t, err)
			d := drawDelivery(t)
			d.TopicAlias = min(d.TopicAlias, rapid.Uint16Range(0, 3).Draw(t, "alias"))

			q, err := fresh(p, p.Topic, &d)
			require.NoError(t, err)
			want, wantErr := a.Append(nil, q)
			got, err := b.AppendPrepared([]byte("."), m, &d)
			require.Equal(t, wantErr, err)
			require.Equal(t, "."+string(want), string(got))
			require.Equal(t, a.Dropped(), b.Dropped())

			queued.Reset()
			require.Equal(t, wantErr, c.AppendPreparedBuffers(&queued, m, &d))
			require.Equal(t, string(want), string(bytes.Join(queued.Parts(), nil)))
		}
	})
}

func TestAConnectionSendsAPreparedMessageAsItsEncoderDoes(t *testing.T) {
	c := packets.NewConnection(packets.ConnectionOptions{Side: mqttwire.FromServer})
	c.Feed([]byte(connect5))
	_, err := c.Next()
	require.NoError(t, err)
	m, err := packets.Prepare(&packets.Publish{Payload: []byte("x")}, []byte("a"))
	require.NoError(t, err)
	_, err = c.AppendPrepared(nil, m, &packets.Delivery{})
	requireBreach(t, mqttwire.RuleBeforeConnack, err)
	_, err = c.Append(nil, &packets.Connack{})
	require.NoError(t, err)
	whole, err := c.AppendPrepared(nil, m, &packets.Delivery{Retain: true})
	require.NoError(t, err)
	assert.Equal(t, "\x31\x05\x00\x01a\x00x", string(whole))
	header, err := c.AppendPreparedHeader(nil, m, &packets.Delivery{Retain: true})
	require.NoError(t, err)
	assert.Equal(t, "\x31\x05\x00\x01a\x00", string(header))
}

func TestAnEncoderKnowsTheAliasesThatPreparedMessagesHaveSet(t *testing.T) {
	e := packets.NewEncoder(packets.Options{From: mqttwire.FromServer})
	e.Observe(connectOf(props(func(p *mqttwire.Properties) { p.SetTopicAliasMaximum(1) })))
	_, err := e.Append(nil, &packets.Connack{})
	require.NoError(t, err)
	m, err := packets.Prepare(&packets.Publish{Payload: []byte("x")}, []byte("a"))
	require.NoError(t, err)
	alone := packets.Delivery{TopicAlias: 1, OmitTopic: true}
	_, err = e.AppendPrepared(nil, m, &alone)
	requireBreach(t, mqttwire.RuleTopicAliasUnknown, err)
	_, err = e.AppendPrepared(nil, m, &packets.Delivery{TopicAlias: 1})
	require.NoError(t, err)
	b, err := e.AppendPrepared(nil, m, &alone)
	require.NoError(t, err)
	assert.Equal(t, "\x30\x07\x00\x00\x03\x23\x00\x01x", string(b))
	b, err = e.Append(nil, &packets.Publish{Properties: props(func(p *mqttwire.Properties) { p.SetTopicAlias(1) })})
	require.NoError(t, err)
	assert.Equal(t, "\x30\x06\x00\x00\x03\x23\x00\x01", string(b))
}

func TestWhatAnEncoderDroppedIsForgottenWithTheNextMessage(t *testing.T) {
	e := packets.NewEncoder(packets.Options{From: mqttwire.FromServer})
	e.Observe(connectOf(announcing(20, false)))
	_, err := e.Append(nil, &packets.Connack{})
	require.NoError(t, err)
	m, err := packets.Prepare(&packets.Publish{Properties: props(func(p *mqttwire.Properties) { p.SetMessageExpiryInterval(0) })}, []byte("a"))
	require.NoError(t, err)
	for _, d := range []packets.Delivery{{}, {Waited: 1}} {
		_, err = e.Append(nil, &packets.Puback{PacketID: 1, ReasonCode: 0x99, Properties: problem(30, 0)})
		require.NoError(t, err)
		require.True(t, e.Dropped().ReasonString)
		_, err := e.AppendPrepared(nil, m, &d)
		require.Equal(t, d.Waited > 0, err == packets.ErrExpired)
		require.Zero(t, e.Dropped())
	}
}

func TestAnEncoderRefusesPreparedMessagesThatTheServerDoesNotTake(t *testing.T) {
	e := packets.NewEncoder(packets.Options{From: mqttwire.FromClient})
	_, err := e.Append(nil, connectOf(mqttwire.Properties{}))
	require.NoError(t, err)
	e.Observe(&packets.Connack{Properties: props(func(p *mqttwire.Properties) {
		p.SetMaximumQoS(1)
		p.SetRetainAvailable(false)
		p.SetMaximumPacketSize(20)
	})})
	for _, c := range []struct {
		payload string
		d       packets.Delivery
		rule    mqttwire.Rule
	}{
		{"x", packets.Delivery{QoS: 1, PacketID: 7}, 0},
		{"x", packets.Delivery{QoS: 2, PacketID: 7}, mqttwire.RuleMaximumQoS},
		{"x", packets.Delivery{Retain: true}, mqttwire.RuleRetainAvailable},
		{"x", packets.Delivery{TopicAlias: 1}, mqttwire.RuleTopicAliasNone},
		{"x", packets.Delivery{SubscriptionIDs: []uint32{1}}, mqttwire.RuleSubscriptionIDSender},
		{"x", packets.Delivery{QoS: 1}, mqttwire.RulePacketIDZero},
		{"seventeen bytes..", packets.Delivery{}, mqttwire.RuleMaximumPacketSize},
	} {
		m, err := packets.Prepare(&packets.Publish{Payload: []byte(c.payload)}, []byte("a"))
		require.NoError(t, err)
		out, err := e.AppendPrepared([]byte("."), m, &c.d)
		if c.rule == 0 {
			require.NoError(t, err)
			continue
		}
		refused := requireBreach(t, c.rule, err)
		assert.Equal(t, c.d.QoS, refused.QoS)
		assert.Equal(t, c.d.PacketID, refused.PacketID)
		assert.True(t, refused.Own)
		assert.Equal(t, ".", string(out))
	}
}
