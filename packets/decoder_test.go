package packets_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

const (
	connect311  = "\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01c"
	connect5    = "\x10\x0e\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x01c"
	pingreq     = "\xc0\x00"
	publishAB5  = "\x30\x07\x00\x03a/b\x00x"
	publishBad5 = "\x30\x07\x00\x03a/+\x00x"
)

// frameOf cuts one packet.
func frameOf(t *testing.T, b string) mqttwire.Frame {
	t.Helper()
	f, rest, err := mqttwire.CutFrame([]byte(b), 0)
	require.NoError(t, err)
	require.Empty(t, rest)
	return f
}

// clientDecoder returns a server's decoder, after a CONNECT of 5.0 and the given
// CONNACK.
func clientDecoder(t *testing.T, o packets.Options, connack *packets.Connack) *packets.Decoder {
	t.Helper()
	o.From = mqttwire.FromClient
	d := packets.NewDecoder(o)
	_, err := d.Decode(frameOf(t, connect5))
	require.NoError(t, err)
	d.Observe(connack)
	return d
}

func requireBreach(t *testing.T, want mqttwire.Rule, err error) *mqttwire.Error {
	t.Helper()
	var e *mqttwire.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, want.String(), e.Rule.String())
	return e
}

func TestDecoderLearnsTheVersionFromTheConnect(t *testing.T) {
	d := packets.NewDecoder(packets.Options{From: mqttwire.FromClient})
	assert.Zero(t, d.Version())
	_, err := d.Decode(frameOf(t, connect311))
	require.NoError(t, err)
	assert.Equal(t, mqttwire.V311, d.Version())

	d = packets.NewDecoder(packets.Options{From: mqttwire.FromClient, Version: mqttwire.V5})
	_, err = d.Decode(frameOf(t, connect311))
	assert.ErrorIs(t, err, mqttwire.ErrUnsupportedVersion)

	d = packets.NewDecoder(packets.Options{From: mqttwire.FromServer})
	_, err = d.Decode(frameOf(t, "\x20\x02\x00\x00"))
	requireBreach(t, mqttwire.RuleVersion, err)

	d = packets.NewDecoder(packets.Options{From: mqttwire.FromServer})
	d.Observe(&packets.Connect{Version: mqttwire.V311})
	_, err = d.Decode(frameOf(t, "\x20\x02\x00\x00"))
	assert.NoError(t, err)
}

func TestDecoderReturnsTheSameErrorEachTime(t *testing.T) {
	d := clientDecoder(t, packets.Options{}, &packets.Connack{})
	_, first := d.Decode(frameOf(t, publishBad5))
	requireBreach(t, mqttwire.RuleTopicWildcard, first)
	_, err := d.Decode(frameOf(t, pingreq))
	assert.Same(t, first, err)
	_, err = d.Next(mqttwire.NewReader(bytes.NewReader(nil), mqttwire.Limits{}))
	assert.Same(t, first, err)
}

func TestDecoderGoesOnAfterAnErrorIfItIsAskedTo(t *testing.T) {
	d := clientDecoder(t, packets.Options{}, &packets.Connack{})
	r := mqttwire.NewReader(bytes.NewReader([]byte(publishBad5+pingreq+"\x00\x00"+pingreq)), mqttwire.Limits{})
	_, err := d.Next(r)
	requireBreach(t, mqttwire.RuleTopicWildcard, err)
	require.NoError(t, d.Resume(r))
	p, err := d.Next(r)
	require.NoError(t, err)
	assert.Equal(t, mqttwire.PINGREQ, p.Type())

	_, err = d.Next(r)
	requireBreach(t, mqttwire.RulePacketType, err)
	assert.Same(t, err, d.Resume(r), "after a broken fixed header nothing can be cut")
	_, again := d.Next(r)
	assert.Same(t, err, again)

	d = clientDecoder(t, packets.Options{}, &packets.Connack{})
	_, err = d.Decode(frameOf(t, publishBad5))
	require.Error(t, err)
	require.NoError(t, d.Resume(nil))
	_, err = d.Decode(frameOf(t, pingreq))
	assert.NoError(t, err)
}

func TestDecoderTellsTheErrorWhatItKnowsOfTheConnection(t *testing.T) {
	d := packets.NewDecoder(packets.Options{From: mqttwire.FromClient})
	_, err := d.Decode(frameOf(t, pingreq))
	e := requireBreach(t, mqttwire.RuleFirstPacket, err)
	assert.Equal(t, mqttwire.FromClient, e.Sender)
	assert.False(t, e.Connected)

	d = clientDecoder(t, packets.Options{Optional: true}, &packets.Connack{})
	_, err = d.Decode(frameOf(t, "\x34\x09\x00\x01a\x00\x07\x02\x01\x01\xff"))
	e = requireBreach(t, mqttwire.RulePayloadFormat, err)
	assert.True(t, e.Connected)
	assert.EqualValues(t, 7, e.PacketID)
	assert.Equal(t, mqttwire.ExactlyOnce, e.QoS)
	assert.Equal(t, "\x50\x03\x00\x07\x99", replyTo(t, packets.Reply(err)))
}

// Only a message is acknowledged that the error is about, never one from before,
// which its sender would then hold for refused.
func TestAnErrorNamesNoMessageThatCameBefore(t *testing.T) {
	connack := &packets.Connack{}
	connack.Properties.SetTopicAliasMaximum(1)
	const first = "\x34\x0a\x00\x01a\x00\x07\x03\x23\x00\x01x" // QoS 2, packet identifier 7, an alias
	for name, next := range map[string]string{
		"over the limit, of QoS 1":          "\x32\xd0\x0f\x00\x01b\x00\x09\x00" + strings.Repeat("x", 1994),
		"over the limit, of QoS 0":          "\x30\xd0\x0f\x00\x01b\x00" + strings.Repeat("x", 1996),
		"malformed":                         "\x32\x07\x00\x01#\x00\x09\x00x",
		"malformed before the packet's end": "\x32\x03\x00\x01b",
	} {
		d := clientDecoder(t, packets.Options{}, connack)
		r := mqttwire.NewReader(strings.NewReader(first+next), mqttwire.Limits{PacketSize: 1000})
		_, err := d.Next(r)
		require.NoError(t, err, name)
		_, err = d.Next(r)
		var e *mqttwire.Error
		require.ErrorAs(t, err, &e, name)
		assert.Zero(t, e.PacketID, name)
		assert.Zero(t, e.QoS, name)
		a := packets.Reply(err)
		assert.IsType(t, &packets.Disconnect{}, a.Packet, name)
		assert.True(t, a.Close, name)
	}
}

func TestDecoderResolvesTopicAliases(t *testing.T) {
	connack := &packets.Connack{}
	connack.Properties.SetTopicAliasMaximum(2)
	d := clientDecoder(t, packets.Options{}, connack)
	for _, c := range []struct{ packet, topic string }{
		{"\x30\x07\x00\x01a\x03\x23\x00\x01", "a"},
		{"\x30\x07\x00\x01b\x03\x23\x00\x02", "b"},
		{"\x30\x06\x00\x00\x03\x23\x00\x01", "a"},
		{"\x30\x08\x00\x02cd\x03\x23\x00\x01", "cd"},
		{"\x30\x06\x00\x00\x03\x23\x00\x01", "cd"},
		{"\x30\x06\x00\x00\x03\x23\x00\x02", "b"},
		{"\x30\x04\x00\x01e\x00", "e"},
	} {
		p, err := d.Decode(frameOf(t, c.packet))
		require.NoError(t, err)
		assert.Equal(t, c.topic, string(d.Topic(p.(*packets.Publish))))
	}
	_, err := d.Decode(frameOf(t, "\x30\x06\x00\x00\x03\x23\x00\x03"))
	e := requireBreach(t, mqttwire.RuleTopicAliasMaximum, err)
	assert.EqualValues(t, 2, e.Max)
	assert.EqualValues(t, 3, e.Found)
}

// By the time that somebody asks about a packet that was kept, its alias may stand
// for another name: an empty topic is refused by Forward, another one misdelivers.
func TestOnlyOfThePublishReturnedLastTheAliasIsResolved(t *testing.T) {
	connack := &packets.Connack{}
	connack.Properties.SetTopicAliasMaximum(2)
	d := clientDecoder(t, packets.Options{}, connack)
	next := func(b string) *packets.Publish {
		p, err := d.Decode(frameOf(t, b))
		require.NoError(t, err)
		return p.(*packets.Publish)
	}
	next("\x30\x07\x00\x01a\x03\x23\x00\x01")
	p := next("\x30\x06\x00\x00\x03\x23\x00\x01")
	kept := p.Clone()
	assert.Equal(t, "a", string(d.Topic(p)))
	assert.Empty(t, d.Topic(kept))

	named := next("\x30\x07\x00\x01b\x03\x23\x00\x01").Clone()
	assert.Empty(t, d.Topic(kept), "its alias stands for b now")
	assert.Equal(t, "b", string(d.Topic(named)), "what stands in a packet is always its topic")
	assert.Equal(t, "c", string(d.Topic(&packets.Publish{Topic: []byte("c")})))

	p = next("\x30\x06\x00\x00\x03\x23\x00\x01")
	assert.Equal(t, "b", string(d.Topic(p)))
	d.Release()
	assert.Empty(t, d.Topic(p), "the packet is not valid any more")
	assert.Equal(t, "b", string(d.Topic(next("\x30\x06\x00\x00\x03\x23\x00\x01"))))
}

func TestATopicAliasKeepsItsNameWhenTheFrameIsGone(t *testing.T) {
	connack := &packets.Connack{}
	connack.Properties.SetTopicAliasMaximum(2)
	d := clientDecoder(t, packets.Options{}, connack)
	next := func(b string) string {
		frame := []byte(b)
		f, _, err := mqttwire.CutFrame(frame, 0)
		require.NoError(t, err)
		p, err := d.Decode(f)
		require.NoError(t, err)
		topic := string(d.Topic(p.(*packets.Publish)))
		overwrite(frame)
		return topic
	}
	for _, name := range []string{"abc", "defgh", "i"} { // longer and shorter than the one before
		set := &packets.Publish{Topic: []byte(name)}
		set.Properties.SetTopicAlias(1)
		b, err := set.Append(nil, mqttwire.V5)
		require.NoError(t, err)
		assert.Equal(t, name, next(string(b)))
		assert.Equal(t, "other", next("\x30\x0b\x00\x05other\x03\x23\x00\x02"))
		assert.Equal(t, name, next("\x30\x06\x00\x00\x03\x23\x00\x01"))
		assert.Equal(t, "other", next("\x30\x06\x00\x00\x03\x23\x00\x02"))
	}
}

// What a CONNECT announces binds the server, not the client that sends it: until
// the server has answered, nothing is known of what it takes.
func TestTheAliasOfAPacketThatWasRefusedIsNotKept(t *testing.T) {
	connack := &packets.Connack{}
	connack.Properties.SetTopicAliasMaximum(2)
	connack.Properties.SetMaximumQoS(0)
	d := clientDecoder(t, packets.Options{}, connack)
	_, err := d.Decode(frameOf(t, "\x32\x09\x00\x01a\x00\x07\x03\x23\x00\x01"))
	requireBreach(t, mqttwire.RuleMaximumQoS, err)
	require.NoError(t, d.Resume(nil))
	_, err = d.Decode(frameOf(t, "\x30\x06\x00\x00\x03\x23\x00\x01"))
	requireBreach(t, mqttwire.RuleTopicAliasUnknown, err)
}

func TestOversizeIsForAPublishOnly(t *testing.T) {
	subscribe, err := subscribeOf(1000).Append(nil, mqttwire.V5)
	require.NoError(t, err)
	d := clientDecoder(t, packets.Options{}, &packets.Connack{})
	r := mqttwire.NewReader(bytes.NewReader(append(subscribe, pingreq...)), mqttwire.Limits{PacketSize: 1000})
	_, err = d.Oversize(r)
	require.ErrorIs(t, err, mqttwire.ErrNoPacket, "nothing was refused")
	_, err = d.Next(r)
	requireBreach(t, mqttwire.RulePacketSize, err)
	_, failed := d.Oversize(r)
	require.Same(t, err, failed)
	_, again := d.Next(r)
	require.Same(t, err, again)
	require.NoError(t, d.Resume(r))
	p, err := d.Next(r)
	require.NoError(t, err)
	require.Equal(t, mqttwire.PINGREQ, p.Type())
}

func TestAForeignProtocolIsLookedForAtTheStartOnly(t *testing.T) {
	// A PUBACK, if taken for MQTT.
	const get = "GET / HTTP/1.1\r\nHost: broker\r\nUpgrade: websocket\r\nAccept: text/plain\r\n\r\n"
	f, _, err := mqttwire.CutFrame([]byte(get), 0)
	require.NoError(t, err)
	require.Equal(t, mqttwire.PUBACK, f.Header.Type)
	_, err = packets.NewDecoder(packets.Options{From: mqttwire.FromClient}).Decode(f)
	requireBreach(t, mqttwire.RuleNotMQTT, err)

	d := clientDecoder(t, packets.Options{}, &packets.Connack{})
	_, err = d.Decode(f)
	assert.Zero(t, requireBreach(t, mqttwire.RuleFlags, err).Foreign)
	d = clientDecoder(t, packets.Options{}, &packets.Connack{})
	_, err = d.Next(mqttwire.NewReader(strings.NewReader(get), mqttwire.Limits{}))
	assert.Zero(t, requireBreach(t, mqttwire.RuleFlags, err).Foreign)
}

func TestAConnectBindsTheOtherSideOnly(t *testing.T) {
	connect := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c"), CleanStart: true}
	connect.Properties.SetMaximumPacketSize(20)
	connect.Properties.SetTopicAliasMaximum(5)
	large := &packets.Publish{Topic: []byte("a"), Payload: make([]byte, 100)}
	aliased := &packets.Publish{Topic: []byte("a")}
	aliased.Properties.SetTopicAlias(1)

	e := packets.NewEncoder(packets.Options{From: mqttwire.FromClient})
	d := packets.NewDecoder(packets.Options{From: mqttwire.FromClient})
	for _, p := range []mqttwire.Packet{connect, large} {
		b, err := e.Append(nil, p)
		require.NoError(t, err)
		_, err = d.Decode(frameOf(t, string(b)))
		require.NoError(t, err)
	}
	_, err := e.Append(nil, aliased)
	requireBreach(t, mqttwire.RuleTopicAliasNone, err)
	b, err := aliased.Append(nil, mqttwire.V5)
	require.NoError(t, err)
	_, err = d.Decode(frameOf(t, string(b)))
	requireBreach(t, mqttwire.RuleTopicAliasNone, err)
}

func TestNothingFollowsADisconnectThoughTheOtherSideSendsOneToo(t *testing.T) {
	d := clientDecoder(t, packets.Options{}, &packets.Connack{})
	_, err := d.Decode(frameOf(t, "\xe0\x00"))
	require.NoError(t, err)
	d.Observe(&packets.Disconnect{ReasonCode: mqttwire.ReasonServerShuttingDown})
	_, err = d.Decode(frameOf(t, pingreq))
	requireBreach(t, mqttwire.RuleAfterDisconnect, err)
}

func TestDecoderNamesForeignProtocols(t *testing.T) {
	for name, first := range map[string]string{
		"TLS ClientHello":    "\x16\x03\x01\x00\xc4\x01\x00\x00\xc0\x03\x03",
		"HTTP/1 request":     "GET / HTTP/1.1\r\nHost: broker\r\n\r\n",
		"WebSocket upgrade":  "GET /mqtt HTTP/1.1\r\nHost: broker\r\nUpgrade: websocket\r\n\r\n",
		"SSH identification": "SSH-2.0-OpenSSH_9.9\r\n",
	} {
		for _, chunked := range []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }, iotest.OneByteReader} {
			d := packets.NewDecoder(packets.Options{From: mqttwire.FromClient})
			r := mqttwire.NewReader(chunked(bytes.NewReader([]byte(first))), mqttwire.Limits{})
			_, err := d.Next(r)
			e := requireBreach(t, mqttwire.RuleNotMQTT, err)
			assert.Equal(t, name, e.Foreign.String())
			assert.Contains(t, err.Error(), name)
			assert.Equal(t, packets.Answer{Close: true}, packets.Reply(err))
		}
	}
	d := packets.NewDecoder(packets.Options{From: mqttwire.FromClient})
	f, _, err := mqttwire.CutFrame([]byte("POST /mqtt HTTP/1.1\r\nHost: broker\r\nContent-Type: application/octet-stream\r\nContent-Length: 0\r\n\r\n"), 0)
	require.NoError(t, err)
	_, err = d.Decode(f)
	assert.Equal(t, "HTTP/1 request", requireBreach(t, mqttwire.RuleNotMQTT, err).Foreign.String())
}

func TestDecoderLeavesLargePayloadsInTheSource(t *testing.T) {
	payload := bytes.Repeat([]byte("p"), 5000)
	large, err := (&packets.Publish{Topic: []byte("a/b"), Payload: payload, QoS: 1, PacketID: 9}).Append(nil, mqttwire.V5)
	require.NoError(t, err)
	stream := append(append([]byte(publishAB5), large...), append(large, pingreq...)...)
	d := clientDecoder(t, packets.Options{StreamFrom: 1000}, &packets.Connack{})
	r := mqttwire.NewReader(bytes.NewReader(stream), mqttwire.Limits{})

	p, err := d.Next(r)
	require.NoError(t, err)
	assert.Equal(t, "x", string(p.(*packets.Publish).Payload))
	assert.Zero(t, d.PayloadSize())

	p, err = d.Next(r)
	require.NoError(t, err)
	assert.Nil(t, p.(*packets.Publish).Payload)
	assert.Equal(t, "a/b", string(p.(*packets.Publish).Topic))
	assert.Equal(t, 5000, d.PayloadSize())
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	assert.Equal(t, payload, got)

	_, err = d.Next(r) // not read, so skipped
	require.NoError(t, err)
	p, err = d.Next(r)
	require.NoError(t, err)
	assert.Equal(t, mqttwire.PINGREQ, p.Type())
	assert.Zero(t, d.PayloadSize())
	_, err = d.Next(r)
	assert.Equal(t, io.EOF, err)
}

func TestDecoderLetsAnOversizePublishBeAcknowledgedAndSkipped(t *testing.T) {
	large, err := (&packets.Publish{Topic: []byte("a/b"), Payload: make([]byte, 5000), QoS: 1, PacketID: 9}).Append(nil, mqttwire.V5)
	require.NoError(t, err)
	d := clientDecoder(t, packets.Options{}, &packets.Connack{})
	r := mqttwire.NewReader(bytes.NewReader(append(large, pingreq...)), mqttwire.Limits{PacketSize: 1000})
	_, err = d.Next(r)
	e := requireBreach(t, mqttwire.RulePacketSize, err)
	assert.EqualValues(t, len(large), e.Found)
	assert.EqualValues(t, 1000, e.Max)
	assert.Equal(t, "\xe0\x01\x95", replyTo(t, packets.Reply(err)))

	p, failed := d.Oversize(r)
	require.NoError(t, failed)
	assert.Equal(t, "a/b", string(p.Topic))
	assert.EqualValues(t, 9, p.PacketID)
	a := packets.Reply(err)
	assert.Equal(t, "\x40\x03\x00\x09\x97", replyTo(t, a))
	assert.False(t, a.Close)

	require.NoError(t, d.Resume(r))
	next, err := d.Next(r)
	require.NoError(t, err)
	assert.Equal(t, mqttwire.PINGREQ, next.Type())
}

func TestDecoderChecksTypeAndSizeBeforeTheBody(t *testing.T) {
	connack := &packets.Connack{}
	connack.Properties.SetMaximumPacketSize(100)
	for _, header := range []string{
		"\x20\xff\x01",  // a server's packet
		"\x10\xff\x01",  // a second CONNECT
		"\x30\xff\x01x", // more than was announced
	} {
		d := clientDecoder(t, packets.Options{}, connack)
		r := mqttwire.NewReader(iotest.DataErrReader(bytes.NewReader([]byte(header))), mqttwire.Limits{})
		_, err := d.Next(r)
		var e *mqttwire.Error
		assert.ErrorAs(t, err, &e, "%x", header)
	}
}

func TestDecoderCollectsFindings(t *testing.T) {
	all := &mqttwire.Tolerance{Allow: mqttwire.ReportAll}
	connack := &packets.Connack{}
	connack.Properties.SetMaximumQoS(0)
	connack.Properties.SetRetainAvailable(false)
	d := clientDecoder(t, packets.Options{Tolerance: all}, connack)
	p, err := d.Decode(frameOf(t, "\x33\x09\x00\x03a/+\x00\x01\x00x"))
	require.NoError(t, err)
	assert.Equal(t, `PUBLISH topic="a/+" qos=1 packet_id=1 retain payload=1B`, p.(*packets.Publish).String())
	var rules []string
	for _, e := range all.Findings {
		rules = append(rules, e.Rule.String())
		assert.Equal(t, mqttwire.FromClient, e.Sender)
	}
	assert.Equal(t, []string{"topic-wildcard", "maximum-qos", "retain-available"}, rules)
}

func TestAForeignStartIsNamedWhateverItsChunks(t *testing.T) {
	for _, first := range []string{
		"GET /" + strings.Repeat("\n:", 1100),
		"GET / HTTP/1.1\r\n" + strings.Repeat("X: y\r\n", 20) + "Upgrade: websocket\r\n\r\n",
		"GET / HTTP/1.1\n\n",
	} {
		var want string
		for _, size := range []int{len(first), 1, 7, 128} {
			d := packets.NewDecoder(packets.Options{From: mqttwire.FromClient})
			f := mqttwire.NewFeeder(mqttwire.Limits{})
			var err error = mqttwire.ErrIncomplete
			for rest := first; err == mqttwire.ErrIncomplete; {
				if rest == "" {
					f.End()
				}
				n := min(size, len(rest))
				f.Feed([]byte(rest[:n]))
				rest = rest[n:]
				_, err = d.Next(f)
			}
			e := requireBreach(t, mqttwire.RuleNotMQTT, err)
			if want == "" {
				want = e.Foreign.String()
			}
			assert.Equal(t, want, e.Foreign.String(), "chunks of %d", size)
			assert.Same(t, err, d.Resume(f), "nothing can be cut")
		}
	}
}

func TestTheAliasOfAMessageThatWasRefusedIsKept(t *testing.T) {
	connack := &packets.Connack{}
	connack.Properties.SetTopicAliasMaximum(10)
	publish := func(topic, payload string) []byte {
		p := &packets.Publish{Topic: []byte(topic), Payload: []byte(payload), QoS: 1, PacketID: 7}
		p.Properties.SetTopicAlias(1)
		p.Properties.SetPayloadFormatIndicator(1)
		b, err := p.Append(nil, mqttwire.V5)
		require.NoError(t, err)
		return b
	}
	for name, refused := range map[string]string{"payload format": "\xFF", "too large": strings.Repeat("x", 3000)} {
		stream := append(append(publish("secret/old", "a"), publish("public/new", refused)...), publish("", "b")...)
		d := clientDecoder(t, packets.Options{Optional: true}, connack)
		r := mqttwire.NewReader(bytes.NewReader(stream), mqttwire.Limits{PacketSize: 1000})
		_, err := d.Next(r)
		require.NoError(t, err)
		_, err = d.Next(r)
		require.Error(t, err)
		if name == "too large" {
			for range 2 { // again gives the same
				p, failed := d.Oversize(r)
				require.NoError(t, failed)
				assert.Equal(t, "public/new", string(p.Topic))
				assert.EqualValues(t, 7, p.PacketID)
			}
		}
		a := packets.Reply(err)
		assert.False(t, a.Close, name)
		assert.IsType(t, &packets.Puback{}, a.Packet)
		require.NoError(t, d.Resume(r))
		_, failed := d.Oversize(r)
		assert.Error(t, failed, "there is no packet to look at")
		p, err := d.Next(r)
		require.NoError(t, err)
		assert.Equal(t, "public/new", string(d.Topic(p.(*packets.Publish))), name)
	}
}

func TestAnOversizePublishThatBreaksARuleIsNotAcknowledged(t *testing.T) {
	connack := &packets.Connack{}
	connack.Properties.SetMaximumQoS(0)
	large, err := (&packets.Publish{Topic: []byte("a"), Payload: make([]byte, 3000), QoS: 1, PacketID: 7}).Append(nil, mqttwire.V5)
	require.NoError(t, err)
	d := clientDecoder(t, packets.Options{}, connack)
	r := mqttwire.NewReader(bytes.NewReader(large), mqttwire.Limits{PacketSize: 1000})
	_, err = d.Next(r)
	require.ErrorIs(t, err, mqttwire.ErrTooLarge)
	_, err = d.Oversize(r)
	requireBreach(t, mqttwire.RuleMaximumQoS, err)
	assert.Equal(t, "\xe0\x01\x9b", replyTo(t, packets.Reply(err)))

	connack = &packets.Connack{}
	connack.Properties.SetMaximumPacketSize(1000)
	d = clientDecoder(t, packets.Options{}, connack)
	r = mqttwire.NewReader(bytes.NewReader(large), mqttwire.Limits{})
	_, err = d.Next(r)
	requireBreach(t, mqttwire.RuleMaximumPacketSize, err)
	_, failed := d.Oversize(r)
	assert.Same(t, err, failed)
	assert.Equal(t, "\xe0\x01\x95", replyTo(t, packets.Reply(err)), "U-3.2.2.3.6-3")
}

func TestPropertiesBindOnlyConnectionsOf5(t *testing.T) {
	connack := &packets.Connack{}
	connack.Properties.SetMaximumPacketSize(10)
	d := packets.NewDecoder(packets.Options{From: mqttwire.FromClient})
	_, err := d.Decode(frameOf(t, connect311))
	require.NoError(t, err)
	d.Observe(connack) // on the wire it says nothing of it
	_, err = d.Decode(frameOf(t, "\x30\x0f\x00\x03a/b0123456789"))
	assert.NoError(t, err)

	connect := &packets.Connect{Version: mqttwire.V311, ClientID: []byte("c"), CleanStart: true}
	connect.Properties.SetAuthenticationMethod([]byte("m"))
	e := packets.NewEncoder(packets.Options{From: mqttwire.FromClient})
	_, err = e.Append(nil, connect)
	require.NoError(t, err)
	_, err = e.Append(nil, &packets.Pingreq{})
	assert.NoError(t, err)
}

func TestStreamingTakesNoMoreInMemoryThanItSays(t *testing.T) {
	var list mqttwire.PropertyBuilder
	list.Reset()
	for range 2000 {
		list.AddUser(nil, bytes.Repeat([]byte("u"), 60))
	}
	large, err := (&packets.Publish{Topic: []byte("a"), Properties: list.Properties()}).Append(nil, mqttwire.V5)
	require.NoError(t, err)
	anySize := mqttwire.Limits{PacketSize: mqttwire.MaxPacketSize}
	d := clientDecoder(t, packets.Options{StreamFrom: 1000}, &packets.Connack{})
	_, err = d.Next(mqttwire.NewReader(bytes.NewReader(large), anySize))
	e := requireBreach(t, mqttwire.RulePacketSize, err)
	assert.Equal(t, mqttwire.FieldPropertyLength, e.Field)
	assert.EqualValues(t, 64<<10, e.Max)

	d = clientDecoder(t, packets.Options{StreamFrom: 1000}, &packets.Connack{})
	_, err = d.Next(mqttwire.NewReader(bytes.NewReader([]byte("\x82\xff\xff\xff\x7f")), anySize))
	e = requireBreach(t, mqttwire.RulePacketSize, err)
	assert.EqualValues(t, mqttwire.DefaultPacketSize, e.Max)
}

// A PUBLISH that is streamed may be large because it is not held; whatever else
// comes is held, so for that there is a limit, which is never below the usual one.
func TestOnlyAPublishIsLetPassTheLimitOfADecoderThatStreams(t *testing.T) {
	const most = mqttwire.DefaultPacketSize
	anySize := mqttwire.Limits{PacketSize: mqttwire.MaxPacketSize}
	for _, c := range []struct{ streamFrom, limit int }{
		{1000, most}, {most - 1, most}, {most, most}, {most + 1, most + 1}, {2 * most, 2 * most},
	} {
		for _, over := range []int{0, 1} {
			unsuback := &packets.Unsuback{PacketID: 1, ReasonCodes: make([]mqttwire.ReasonCode, c.limit+over-7)}
			b, err := unsuback.Append(nil, mqttwire.V5)
			require.NoError(t, err)
			require.Len(t, b, c.limit+over)
			d := packets.NewDecoder(packets.Options{From: mqttwire.FromServer, Version: mqttwire.V5, StreamFrom: c.streamFrom})
			r := mqttwire.NewReader(bytes.NewReader(append([]byte("\x20\x03\x00\x00\x00"), b...)), anySize)
			_, err = d.Next(r)
			require.NoError(t, err)
			_, err = d.Next(r)
			if over == 0 {
				require.NoError(t, err, "%+v", c)
				continue
			}
			e := requireBreach(t, mqttwire.RulePacketSize, err)
			assert.Equal(t, mqttwire.UNSUBACK, e.Type)
			assert.Equal(t, 1, e.Offset)
			assert.EqualValues(t, len(b), e.Found)
			assert.EqualValues(t, c.limit, e.Max)
		}
		large := &packets.Publish{Topic: []byte("a"), Payload: make([]byte, c.limit+1)}
		b, err := large.Append([]byte("\x20\x03\x00\x00\x00"), mqttwire.V5)
		require.NoError(t, err)
		d := packets.NewDecoder(packets.Options{From: mqttwire.FromServer, Version: mqttwire.V5, StreamFrom: c.streamFrom})
		r := mqttwire.NewReader(bytes.NewReader(b), anySize)
		for range 2 {
			_, err = d.Next(r)
			require.NoError(t, err, "%+v", c)
		}
		assert.Equal(t, c.limit+1, d.PayloadSize())
	}
}

func TestAPayloadIsStreamedOfPacketsOfMoreThanSoManyBytes(t *testing.T) {
	p := &packets.Publish{Topic: []byte("a"), Payload: []byte("0123456789")}
	b, err := p.Append(nil, mqttwire.V5)
	require.NoError(t, err)
	for streamFrom, left := range map[int]int{len(b) - 1: 10, len(b): 0, len(b) + 1: 0} {
		for name, chunked := range map[string]func(io.Reader) io.Reader{
			"at once":      func(r io.Reader) io.Reader { return r },
			"byte by byte": iotest.OneByteReader,
		} {
			d := clientDecoder(t, packets.Options{StreamFrom: streamFrom}, &packets.Connack{})
			r := mqttwire.NewReader(chunked(strings.NewReader(pingreq+string(b))), mqttwire.Limits{})
			_, err := d.Next(r)
			require.NoError(t, err)
			got, err := d.Next(r)
			require.NoError(t, err)
			assert.Equal(t, left, d.PayloadSize(), "%s, from %d", name, streamFrom)
			assert.Len(t, got.(*packets.Publish).Payload, 10-left, "%s, from %d", name, streamFrom)
		}
	}
}

func TestOnlyTheFirstConnectAndTheServersConnackCount(t *testing.T) {
	all := &mqttwire.Tolerance{Allow: mqttwire.ReportAll}
	d := packets.NewDecoder(packets.Options{From: mqttwire.FromClient, Tolerance: all})
	for _, b := range []string{connect5, "\x20\x03\x00\x00\x00"} { // a client's CONNACK
		_, err := d.Decode(frameOf(t, b))
		require.NoError(t, err)
	}
	_, err := d.Decode(frameOf(t, "\x32\x03\x00\x01a"))
	var e *mqttwire.Error
	require.ErrorAs(t, err, &e)
	assert.False(t, e.Connected)

	d = packets.NewDecoder(packets.Options{From: mqttwire.FromClient, Tolerance: all})
	_, err = d.Decode(frameOf(t, connect5))
	require.NoError(t, err)
	d.Observe(&packets.Connack{})
	_, err = d.Decode(frameOf(t, connect311))
	assert.Equal(t, "\xe0\x01\x82", replyTo(t, packets.Reply(err)), "a connection of 5.0 stays one")
}

func TestOnlyTheFirstConnackCounts(t *testing.T) {
	strict := &packets.Connack{}
	strict.Properties.SetMaximumQoS(0)
	refusal := &packets.Connack{ReasonCode: mqttwire.ReasonNotAuthorized}
	const qos1 = "\x32\x06\x00\x01a\x00\x01\x00"

	d := clientDecoder(t, packets.Options{}, strict)
	d.Observe(&packets.Connack{})
	_, err := d.Decode(frameOf(t, qos1))
	e := requireBreach(t, mqttwire.RuleMaximumQoS, err)
	assert.True(t, e.Connected)

	d = clientDecoder(t, packets.Options{}, &packets.Connack{})
	d.Observe(refusal)
	_, err = d.Decode(frameOf(t, publishBad5))
	assert.True(t, requireBreach(t, mqttwire.RuleTopicWildcard, err).Connected)

	d = clientDecoder(t, packets.Options{}, refusal)
	d.Observe(&packets.Connack{})
	_, err = d.Decode(frameOf(t, publishBad5))
	assert.False(t, requireBreach(t, mqttwire.RuleTopicWildcard, err).Connected)

	all := &mqttwire.Tolerance{Allow: mqttwire.ReportAll}
	d = packets.NewDecoder(packets.Options{From: mqttwire.FromServer, Version: mqttwire.V5, Tolerance: all})
	for _, b := range []string{"\x20\x03\x00\x87\x00", "\x20\x03\x00\x00\x00", qos1} {
		_, err = d.Decode(frameOf(t, b))
		require.NoError(t, err)
	}
	require.Len(t, all.Findings, 2)
	for _, finding := range all.Findings {
		assert.Equal(t, mqttwire.RuleAfterConnackFailure, finding.Rule, "a connection that was refused stays so")
	}
}

func TestADecoderOrEncoderOfNobodyIsAMistake(t *testing.T) {
	assert.Panics(t, func() { packets.NewDecoder(packets.Options{}) })
	assert.Panics(t, func() { packets.NewEncoder(packets.Options{From: 3}) })
}

func TestAnAliasOverTheMaximumIsNotKeptThoughItIsLetPass(t *testing.T) {
	all := &mqttwire.Tolerance{Allow: mqttwire.ReportAll}
	d := clientDecoder(t, packets.Options{Tolerance: all}, &packets.Connack{})
	p, err := d.Decode(frameOf(t, "\x30\x07\x00\x01a\x03\x23\x00\x01"))
	require.NoError(t, err)
	assert.Equal(t, "a", string(d.Topic(p.(*packets.Publish))))
	p, err = d.Decode(frameOf(t, "\x30\x06\x00\x00\x03\x23\x00\x01"))
	require.NoError(t, err)
	assert.Empty(t, d.Topic(p.(*packets.Publish)), "a peer could fill the memory with names")
	require.Len(t, all.Findings, 2)
}
