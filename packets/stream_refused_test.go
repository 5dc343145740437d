package packets_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// serverStream returns the Stream of a server that has read a CONNECT of 5.0 which
// takes 30 bytes, and what else comes, and has written its CONNACK to out.
func serverStream(t *testing.T, in string, out io.Writer, o packets.ConnectionOptions) *packets.Stream {
	t.Helper()
	return serverStreamOf(t, strings.NewReader(in), out, o)
}

func serverStreamOf(t *testing.T, in io.Reader, out io.Writer, o packets.ConnectionOptions) *packets.Stream {
	t.Helper()
	connect := &packets.Connect{Version: v5, ClientID: []byte("c")}
	connect.Properties.SetMaximumPacketSize(30)
	b, err := connect.Append(nil, 0)
	require.NoError(t, err)
	o.Side = mqttwire.FromServer
	s := packets.NewStream(twoEnds{io.MultiReader(bytes.NewReader(b), in), out}, o)
	_, err = s.Receive()
	require.NoError(t, err)
	require.NoError(t, s.Send(&packets.Connack{}))
	return s
}

func TestAStreamGoesOnWithoutAPacketThatWasRefused(t *testing.T) {
	var out bytes.Buffer
	s := serverStream(t, "", &out, packets.ConnectionOptions{})
	require.NoError(t, s.Resume(), "nothing to resume after")
	out.Reset()
	requireBreach(t, mqttwire.RuleMaximumPacketSize, s.Send(&packets.Publish{Topic: []byte("a"), Payload: long(40)}))
	requireBreach(t, mqttwire.RuleMaximumPacketSize, s.Send(&packets.Pingresp{}))
	require.NoError(t, s.Resume())
	require.NoError(t, s.Send(&packets.Pingresp{}))
	assert.Equal(t, "\xd0\x00", out.String())
}

func TestAStreamDoesNotGoOnAfterAWriteThatFailed(t *testing.T) {
	broken := errors.New("broken")
	fail := false
	s := serverStream(t, "", writerFunc(func(b []byte) (int, error) {
		if fail {
			return 1, broken
		}
		return len(b), nil
	}), packets.ConnectionOptions{})
	fail = true
	require.Equal(t, broken, s.Send(&packets.Pingresp{}))
	fail = false
	assert.Equal(t, broken, s.Resume())
	assert.Equal(t, broken, s.Send(&packets.Pingresp{}))
}

func TestAStreamDoesNotGoOnAfterAnAnswerThatCloses(t *testing.T) {
	s := serverStream(t, "\x10\x00", io.Discard, packets.ConnectionOptions{})
	_, err := s.Receive()
	requireBreach(t, mqttwire.RuleSecondConnect, err)
	require.Equal(t, err, s.Reply(err))
	assert.Equal(t, err, s.Resume())
	assert.Equal(t, err, s.Send(&packets.Pingresp{}))
}

// A packet of our own that was refused, of which the peer knows nothing, keeps no
// answer back.
func TestAStreamAnswersThePeerAlsoAfterAPacketOfItsOwnWasRefused(t *testing.T) {
	for name, c := range map[string]struct {
		in, answer string
		goesOn     bool
	}{
		"an acknowledgement": {"\x32\x0a\x00\x01a\x00\x05\x02\x01\x01\xff\xff", "\x40\x04\x00\x05\x99\x00", true},
		"a DISCONNECT":       {"\x10\x00", "\xe0\x02\x82\x00", false},
	} {
		var out bytes.Buffer
		s := serverStream(t, c.in, &out, packets.ConnectionOptions{Optional: true})
		own := s.Send(&packets.Publish{Topic: []byte("a"), Payload: long(40)})
		requireBreach(t, mqttwire.RuleMaximumPacketSize, own)
		out.Reset()
		_, err := s.Receive()
		require.Error(t, err, name)
		if !c.goesOn {
			require.Equal(t, err, s.Reply(err), name)
			assert.Equal(t, err, s.Resume(), name)
		} else {
			require.NoError(t, s.Reply(err), name)
			assert.Equal(t, own, s.Send(&packets.Pingresp{}), "%s: still to be resumed after", name)
			assert.NoError(t, s.Resume(), name)
		}
		f, rest, err := mqttwire.CutFrame(out.Bytes(), 0)
		require.NoError(t, err, name)
		assert.Empty(t, rest, name)
		assert.Equal(t, c.answer[0]>>4, byte(f.Header.Type), name)
	}
}

func TestAStreamDoesNotGoOnAfterAnAnswerThatCouldNotBeWritten(t *testing.T) {
	broken := errors.New("broken")
	fail := false
	s := serverStream(t, "\x32\x0a\x00\x01a\x00\x05\x02\x01\x01\xff\xff", writerFunc(func(b []byte) (int, error) {
		if fail {
			return 1, broken
		}
		return len(b), nil
	}), packets.ConnectionOptions{Optional: true})
	requireBreach(t, mqttwire.RuleMaximumPacketSize, s.Send(&packets.Publish{Topic: []byte("a"), Payload: long(40)}))
	_, err := s.Receive()
	requireBreach(t, mqttwire.RulePayloadFormat, err)
	fail = true
	assert.Equal(t, broken, s.Reply(err))
	fail = false
	assert.Equal(t, broken, s.Reply(err), "the packet is still not acknowledged")
	assert.Equal(t, broken, s.Resume())
}

// A nil *mqttwire.Error in an error is a mistake of the caller's, and no panic.
func TestAStreamClosesOnANilError(t *testing.T) {
	var out bytes.Buffer
	s := serverStream(t, "", &out, packets.ConnectionOptions{})
	out.Reset()
	var none *mqttwire.Error
	assert.Equal(t, error(none), s.Reply(none))
	assert.Zero(t, out.Len())
	assert.Equal(t, packets.Answer{Close: true}, packets.ReplyWithReason(none))
}

func TestAStreamSendsNoSecondDisconnect(t *testing.T) {
	var out bytes.Buffer
	s := serverStream(t, "\x10\x00", &out, packets.ConnectionOptions{})
	require.NoError(t, s.Send(&packets.Disconnect{}))
	out.Reset()
	_, err := s.Receive()
	requireBreach(t, mqttwire.RuleSecondConnect, err)
	assert.Equal(t, err, s.Reply(err))
	assert.Zero(t, out.Len())
}

func TestATimeoutIsNotAnswered(t *testing.T) {
	stream := appendAll(t, nil, &packets.Connect{Version: v311, ClientID: []byte("c"), CleanStart: true}, &packets.Pingreq{})
	var out bytes.Buffer
	s := packets.NewStream(twoEnds{&tired{r: bytes.NewReader(stream)}, &out}, packets.ConnectionOptions{Side: mqttwire.FromServer})
	var types []mqttwire.PacketType
	for timeouts := 0; ; {
		p, err := s.Receive()
		if err == io.EOF {
			require.NotZero(t, timeouts)
			break
		}
		if err != nil {
			timeouts++
			require.Equal(t, err, s.Reply(err))
			require.True(t, timeout(err))
			require.NoError(t, s.Resume())
			continue
		}
		types = append(types, p.Type())
		if p.Type() == mqttwire.CONNECT {
			require.NoError(t, s.Send(&packets.Connack{}))
		} else {
			require.NoError(t, s.Send(&packets.Pingresp{}))
		}
	}
	assert.Equal(t, []mqttwire.PacketType{mqttwire.CONNECT, mqttwire.PINGREQ}, types)
	assert.Equal(t, "\x20\x02\x00\x00\xd0\x00", out.String())
}

// tooLarge is a PUBLISH of 5.0 over the limit of 1000 bytes, QoS 1 and identifier 5, in
// two parts: what is needed to acknowledge it, and the rest with a PINGREQ behind it.
func tooLarge(t *testing.T) (first, rest []byte) {
	t.Helper()
	b, err := (&packets.Publish{Topic: []byte("a/b"), QoS: mqttwire.AtLeastOnce, PacketID: 5, Payload: long(5000)}).Append(nil, v5)
	require.NoError(t, err)
	const n = 20
	return b[:n], append(b[n:], pingreq...)
}

// requireOversize receives a packet of tooLarge and reads what is needed of it.
func requireOversize(t *testing.T, s *packets.Stream) error {
	t.Helper()
	_, refused := s.Receive()
	requireBreach(t, mqttwire.RulePacketSize, refused)
	p, err := s.Oversize()
	require.NoError(t, err)
	assert.Equal(t, "a/b", string(p.Topic))
	assert.EqualValues(t, 5, p.PacketID)
	return refused
}

const quotaExceeded = "\x40\x03\x00\x05\x97" // PUBACK

func TestAStreamAcknowledgesAPacketOverTheLimitAndSkipsIt(t *testing.T) {
	first, rest := tooLarge(t)
	var out bytes.Buffer
	s := serverStream(t, string(first)+string(rest), &out, packets.ConnectionOptions{Limits: mqttwire.Limits{PacketSize: 1000}})
	_, err := s.Oversize()
	require.Equal(t, mqttwire.ErrNoPacket, err, "nothing was refused")
	out.Reset()
	require.NoError(t, s.Reply(requireOversize(t, s)))
	f, left, err := mqttwire.CutFrame(out.Bytes(), 0)
	require.NoError(t, err)
	assert.Empty(t, left)
	assert.Equal(t, quotaExceeded[2:], string(f.Body[:3]))
	p, err := s.Receive()
	require.NoError(t, err)
	assert.Equal(t, mqttwire.PINGREQ, p.Type())
}

// The rest of the packet comes only when the peer has got what others send.
func TestOthersSendWhileReplySkipsAPacket(t *testing.T) {
	first, rest := tooLarge(t)
	var s *packets.Stream
	var out bytes.Buffer
	left := bytes.NewReader(rest)
	sent := false
	in := io.MultiReader(bytes.NewReader(first), readerFunc(func(b []byte) (int, error) {
		if !sent {
			sent = true
			require.NoError(t, s.Send(&packets.Pingresp{}))
		}
		return left.Read(b)
	}))
	s = serverStreamOf(t, in, &out, packets.ConnectionOptions{Limits: mqttwire.Limits{PacketSize: 1000}})
	refused := requireOversize(t, s)
	require.False(t, sent)
	require.NoError(t, s.Reply(refused))
	require.True(t, sent, "while the packet was skipped")
	assert.True(t, bytes.HasSuffix(out.Bytes(), []byte("\xD0\x00")))
	p, err := s.Receive()
	require.NoError(t, err)
	assert.Equal(t, mqttwire.PINGREQ, p.Type())
}

func TestAStreamSkipsAPacketOverTimeouts(t *testing.T) {
	first, rest := tooLarge(t)
	in := io.MultiReader(bytes.NewReader(first), openLate(0, rest))
	s := serverStreamOf(t, in, io.Discard, packets.ConnectionOptions{Limits: mqttwire.Limits{PacketSize: 1000}})
	require.NoError(t, s.Reply(requireOversize(t, s)), "Receive goes on with what is to be skipped")
	p, err := s.Receive()
	for timeouts := 0; errors.Is(err, os.ErrDeadlineExceeded); timeouts++ {
		require.Less(t, timeouts, len(rest))
		p, err = s.Receive()
	}
	require.NoError(t, err)
	assert.Equal(t, mqttwire.PINGREQ, p.Type())
}

func TestAStreamKnowsTheTopicThatAnAliasStandsFor(t *testing.T) {
	connack := &packets.Connack{}
	connack.Properties.SetTopicAliasMaximum(1)
	aliased := func(topic string) string {
		p := &packets.Publish{Topic: []byte(topic)}
		p.Properties.SetTopicAlias(1)
		b, err := p.Append(nil, v5)
		require.NoError(t, err)
		return string(b)
	}
	in := strings.NewReader(connect5 + aliased("a/b") + aliased(""))
	s := packets.NewStream(twoEnds{in, io.Discard}, packets.ConnectionOptions{Side: mqttwire.FromServer})
	_, err := s.Receive()
	require.NoError(t, err)
	require.NoError(t, s.Send(connack))
	for range 2 {
		p, err := s.Receive()
		require.NoError(t, err)
		publish, ok := p.(*packets.Publish)
		require.True(t, ok)
		assert.Equal(t, "a/b", string(s.Topic(publish)))
	}
}

// The peer does not read before Release has returned.
func TestReleaseDoesNotWaitForASend(t *testing.T) {
	var s *packets.Stream
	writes := 0
	s = serverStream(t, "", writerFunc(func(b []byte) (int, error) {
		if writes++; writes > 1 {
			released := make(chan struct{})
			go func() {
				s.Release()
				close(released)
			}()
			<-released
		}
		return len(b), nil
	}), packets.ConnectionOptions{})
	require.NoError(t, s.Send(&packets.Pingresp{}))
	require.NoError(t, s.Send(&packets.Pingresp{}))
	assert.Equal(t, 3, writes)
}
