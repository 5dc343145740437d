package packets_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// twoEnds is an io.ReadWriter of a reader and a writer.
type twoEnds struct {
	io.Reader
	io.Writer
}

// appendAll appends the packets for 3.1.1.
func appendAll(t *testing.T, b []byte, list ...mqttwire.Packet) []byte {
	t.Helper()
	for _, p := range list {
		var err error
		b, err = p.Append(b, mqttwire.V311)
		require.NoError(t, err)
	}
	return b
}

func TestStreamsOfBothSidesTalkInEveryVersion(t *testing.T) {
	for v := mqttwire.V31; v <= mqttwire.V5; v++ {
		clientEnd, serverEnd := net.Pipe()
		client := packets.NewStream(clientEnd, packets.ConnectionOptions{Side: mqttwire.FromClient})
		server := packets.NewStream(serverEnd, packets.ConnectionOptions{Side: mqttwire.FromServer})
		large := &packets.Publish{Topic: []byte("a/b"), Payload: long(20000), QoS: 1, PacketID: 7}
		exchange := []struct{ sent, answer mqttwire.Packet }{
			{&packets.Connect{Version: v, ClientID: []byte("c"), CleanStart: true}, &packets.Connack{}},
			{&packets.Publish{Topic: []byte("a/b"), Payload: []byte("x"), QoS: 1, PacketID: 1}, &packets.Puback{PacketID: 1}},
			{large, &packets.Puback{PacketID: 7}},
			{&packets.Pingreq{}, &packets.Pingresp{}},
			{&packets.Publish{Topic: []byte("a/b"), Payload: long(100), QoS: 2, PacketID: 2}, &packets.Pubrec{PacketID: 2}},
			{&packets.Pubrel{PacketID: 2}, &packets.Pubcomp{PacketID: 2}},
		}
		done := make(chan error, 1)
		go func() {
			for _, e := range exchange {
				p, err := server.Receive()
				if err == nil && p.Type() != e.sent.Type() {
					err = fmt.Errorf("received %v", p)
				}
				if err == nil {
					err = server.Send(e.answer)
				}
				if err != nil {
					done <- err
					return
				}
			}
			_, err := server.Receive()
			done <- err
		}()
		for _, e := range exchange {
			require.NoError(t, client.Send(e.sent))
			p, err := client.Receive()
			require.NoError(t, err)
			require.Equal(t, e.answer.Type(), p.Type())
		}
		assert.Equal(t, v, client.Version())
		require.NoError(t, clientEnd.Close())
		assert.Equal(t, io.EOF, <-done)
	}
}

// A client may wait in Receive before it has sent CONNECT.
func TestAStreamThatWaitsKnowsWhatIsSentMeanwhile(t *testing.T) {
	clientEnd, serverEnd := net.Pipe()
	client := packets.NewStream(clientEnd, packets.ConnectionOptions{Side: mqttwire.FromClient})
	server := packets.NewStream(serverEnd, packets.ConnectionOptions{Side: mqttwire.FromServer})
	got := make(chan error, 1)
	go func() {
		_, err := client.Receive()
		if err == nil {
			_, err = client.Receive()
		}
		got <- err
	}()
	connect := &packets.Connect{Version: v5, ClientID: []byte("c")}
	connect.Properties.SetTopicAliasMaximum(1)
	sent := make(chan error, 1)
	go func() { sent <- client.Send(connect) }()
	_, err := server.Receive()
	require.NoError(t, err)
	require.NoError(t, <-sent)
	publish := &packets.Publish{Topic: []byte("a")}
	publish.Properties.SetTopicAlias(1)
	require.NoError(t, server.Send(&packets.Connack{}, publish))
	assert.NoError(t, <-got, "the alias was announced by a packet that was sent while Receive waited")
}

func TestASendThatIsRefusedIsTheLast(t *testing.T) {
	var out bytes.Buffer
	s := packets.NewStream(twoEnds{bytes.NewReader(nil), &out}, packets.ConnectionOptions{Side: mqttwire.FromClient})
	require.NoError(t, s.Send(&packets.Connect{Version: v311, ClientID: []byte("c"), CleanStart: true}))
	n := out.Len()
	first := s.Send(&packets.Publish{Topic: []byte("a/#")})
	requireBreach(t, mqttwire.RuleTopicWildcard, first)
	assert.Equal(t, first, s.Send(&packets.Pingreq{}))
	assert.Equal(t, first, s.SendPublish(&packets.Publish{Topic: []byte("a")}, bytes.NewReader([]byte("x")), 1))
	assert.Equal(t, n, out.Len())
}

func TestAWriteThatFailsIsTheLast(t *testing.T) {
	broken := errors.New("broken")
	s := packets.NewStream(twoEnds{bytes.NewReader(nil), writerFunc(func([]byte) (int, error) { return 3, broken })},
		packets.ConnectionOptions{Side: mqttwire.FromClient})
	connect := &packets.Connect{Version: v311, ClientID: []byte("c"), CleanStart: true}
	assert.Equal(t, broken, s.Send(connect))
	assert.Equal(t, broken, s.Send(&packets.Disconnect{}))
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// received reads all that a client sends in so many bytes at a time.
func received(t *testing.T, r io.Reader, o packets.ConnectionOptions) (lines []string, err error) {
	t.Helper()
	o.Side = mqttwire.FromServer
	s := packets.NewStream(twoEnds{r, io.Discard}, o)
	for {
		p, err := s.Receive()
		if err != nil {
			if timeout(err) {
				continue
			}
			return lines, err
		}
		if _, ok := p.(*packets.Connect); ok {
			require.NoError(t, s.Send(&packets.Connack{}))
		}
		lines = append(lines, fmt.Sprint(p))
	}
}

func timeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

func TestAStreamReadsTheSameHoweverTheBytesCome(t *testing.T) {
	stream := appendAll(t, nil, &packets.Connect{Version: v311, ClientID: []byte("c"), CleanStart: true})
	for _, n := range []int{0, 20, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 100, 126, 127, 128, 4000, 4090, 4096, 5000, 70000, 3} {
		stream = appendAll(t, stream, &packets.Publish{Topic: []byte("a"), Payload: long(n)}, &packets.Pingreq{})
	}
	want, err := received(t, bytes.NewReader(stream), packets.ConnectionOptions{})
	require.Equal(t, io.EOF, err)
	require.Len(t, want, 47)
	for name, r := range map[string]io.Reader{
		"byte by byte":   iotest.OneByteReader(bytes.NewReader(stream)),
		"half":           iotest.HalfReader(bytes.NewReader(stream)),
		"data and error": iotest.DataErrReader(bytes.NewReader(stream)),
		"a timeout":      iotest.TimeoutReader(iotest.OneByteReader(bytes.NewReader(stream))),
	} {
		got, err := received(t, r, packets.ConnectionOptions{})
		if name == "a timeout" {
			continue // that reader's error has no method Timeout: see below
		}
		require.Equal(t, io.EOF, err, name)
		assert.Equal(t, want, got, name)
	}
	got, err := received(t, &tired{r: bytes.NewReader(stream)}, packets.ConnectionOptions{})
	require.Equal(t, io.EOF, err)
	assert.Equal(t, want, got, "a timeout before every byte")
}

// tired times out before every byte.
type tired struct {
	r    io.Reader
	rest bool
}

type tiredError struct{}

func (tiredError) Error() string { return "tired" }
func (tiredError) Timeout() bool { return true }

func (r *tired) Read(p []byte) (int, error) {
	if r.rest = !r.rest; r.rest {
		return 0, tiredError{}
	}
	return r.r.Read(p[:1])
}

func TestAStreamAnswersWhatItRefuses(t *testing.T) {
	connect := appendAll(t, nil, &packets.Connect{Version: v311, ClientID: []byte("c"), CleanStart: true})
	connect5, err := (&packets.Connect{Version: v5, ClientID: []byte("c")}).Append(nil, 0)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		in     []byte
		answer string // after the CONNACK
		goesOn bool
	}{
		"a second CONNECT in 3.1.1":  {append(bytes.Clone(connect), connect...), "", false},
		"a wildcard in a topic name": {append(bytes.Clone(connect5), "\x30\x04\x00\x01#\x00"...), "DISCONNECT code=0x90 (Topic Name invalid)", false},
		"a payload that is not UTF-8": {append(bytes.Clone(connect5), "\x32\x0a\x00\x01a\x00\x05\x02\x01\x01\xff\xff"...),
			"PUBACK packet_id=5 code=0x99 (Payload format invalid)", true},
		"the end": {connect5, "", false},
	} {
		var out bytes.Buffer
		s := packets.NewStream(twoEnds{bytes.NewReader(c.in), &out}, packets.ConnectionOptions{Side: mqttwire.FromServer, Optional: true})
		_, err := s.Receive()
		require.NoError(t, err, name)
		require.NoError(t, s.Send(&packets.Connack{}), name)
		out.Reset()
		_, err = s.Receive()
		require.Error(t, err, name)
		replied := s.Reply(err)
		assert.Equal(t, c.goesOn, replied == nil, "%s: %v", name, replied)
		if c.answer == "" {
			assert.Zero(t, out.Len(), name)
		} else {
			f, rest, err := mqttwire.CutFrame(out.Bytes(), 0)
			require.NoError(t, err, name)
			require.Empty(t, rest, name)
			p, err := packets.Decode(f, v5)
			require.NoError(t, err, name)
			assert.Contains(t, fmt.Sprint(p), c.answer[:12], name)
		}
		if c.goesOn {
			assert.NoError(t, s.Send(&packets.Publish{Topic: []byte("a")}), name)
		} else {
			assert.Error(t, s.Send(&packets.Publish{Topic: []byte("a")}), "%s: nothing is written after the answer", name)
		}
	}
}

func TestAStreamLeavesLargePayloadsToBeRead(t *testing.T) {
	payload := long(300000)
	var wire bytes.Buffer
	client := packets.NewStream(twoEnds{bytes.NewReader(nil), &wire}, packets.ConnectionOptions{Side: mqttwire.FromClient})
	require.NoError(t, client.Send(&packets.Connect{Version: v311, ClientID: []byte("c"), CleanStart: true}))
	require.NoError(t, client.SendPublish(&packets.Publish{Topic: []byte("a")}, bytes.NewReader(payload), int64(len(payload))))
	require.NoError(t, client.Send(&packets.Disconnect{}))

	server := packets.NewStream(twoEnds{&wire, io.Discard}, packets.ConnectionOptions{Side: mqttwire.FromServer, StreamFrom: 1000})
	_, err := server.Receive()
	require.NoError(t, err)
	_, err = server.Receive()
	require.NoError(t, err)
	require.Equal(t, len(payload), server.PayloadSize())
	got, err := io.ReadAll(server)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(payload, got))
	p, err := server.Receive()
	require.NoError(t, err)
	assert.Equal(t, mqttwire.DISCONNECT, p.Type())
}

func TestManyMaySendOnAStreamWhileOneReceives(t *testing.T) {
	clientEnd, serverEnd := net.Pipe()
	client := packets.NewStream(clientEnd, packets.ConnectionOptions{Side: mqttwire.FromClient})
	server := packets.NewStream(serverEnd, packets.ConnectionOptions{Side: mqttwire.FromServer})
	const senders, each = 4, 50
	served := make(chan error, 1)
	go func() {
		seen := 0
		for {
			p, err := server.Receive()
			if err == nil {
				switch p := p.(type) {
				case *packets.Connect:
					err = server.Send(&packets.Connack{})
				case *packets.Publish:
					if seen++; seen == senders*each {
						served <- server.Send(&packets.Puback{PacketID: 1})
						return
					}
					err = server.Send(&packets.Puback{PacketID: p.PacketID})
				}
			}
			if err != nil {
				served <- err
				return
			}
		}
	}()
	received := make(chan error, 1)
	go func() {
		for range senders*each + 1 {
			if _, err := client.Receive(); err != nil {
				received <- err
				return
			}
			client.Release()
		}
		received <- nil
	}()
	require.NoError(t, client.Send(&packets.Connect{Version: v5, ClientID: []byte("c")}))
	var wait sync.WaitGroup
	for i := range senders {
		wait.Go(func() {
			for range each {
				assert.NoError(t, client.Send(&packets.Publish{Topic: []byte("a"), Payload: long(10 * i), QoS: 1, PacketID: uint16(i + 1)}))
			}
		})
	}
	wait.Wait()
	require.NoError(t, <-served)
	require.NoError(t, <-received)
}

func TestAStreamAllocatesNothingInSteadyState(t *testing.T) {
	one := appendAll(t, nil, &packets.Publish{Topic: []byte("a/b"), Payload: long(30), QoS: 1, PacketID: 1})
	connect := appendAll(t, nil, &packets.Connect{Version: v311, ClientID: []byte("c"), CleanStart: true})
	source := &repeated{packet: connect}
	s := packets.NewStream(twoEnds{source, io.Discard}, packets.ConnectionOptions{Side: mqttwire.FromServer})
	_, err := s.Receive()
	require.NoError(t, err)
	require.NoError(t, s.Send(&packets.Connack{}))
	source.packet = one
	puback := &packets.Puback{PacketID: 1}
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := s.Receive(); err != nil {
			t.Fatal(err)
		}
		if err := s.Send(puback); err != nil {
			t.Fatal(err)
		}
	}))
}

// repeated gives one packet with each Read, again and again.
type repeated struct{ packet []byte }

func (e *repeated) Read(p []byte) (int, error) { return copy(p, e.packet), nil }

// A server that echoes what it gets, and its client, each in a line for what it
// sends or receives.
func ExampleStream() {
	clientEnd, serverEnd := net.Pipe()
	go func() {
		defer serverEnd.Close()
		s := packets.NewStream(serverEnd, packets.ConnectionOptions{Side: mqttwire.FromServer})
		for {
			p, err := s.Receive()
			if err == nil {
				switch p := p.(type) {
				case *packets.Connect:
					err = s.Send(&packets.Connack{})
				case *packets.Publish:
					err = s.Send(p, &packets.Disconnect{})
				}
			}
			if err != nil && s.Reply(err) != nil {
				return
			}
		}
	}()
	s := packets.NewStream(clientEnd, packets.ConnectionOptions{Side: mqttwire.FromClient})
	connect := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c")}
	err := s.Send(connect)
	for err == nil {
		var p mqttwire.Packet
		if p, err = s.Receive(); err == nil {
			fmt.Println(p)
			if p.Type() == mqttwire.CONNACK {
				err = s.Send(&packets.Publish{Topic: []byte("a/b"), Payload: []byte("hi")})
			}
		}
		if err == nil && p.Type() == mqttwire.DISCONNECT {
			err = clientEnd.Close()
			break
		}
	}
	fmt.Println(err)
	// Output:
	// CONNACK code=0x00
	// PUBLISH topic="a/b" qos=0 payload=2B
	// DISCONNECT code=0x00 (Normal disconnection)
	// <nil>
}

// A server discards a message that is larger than the client takes, and goes on.
func ExampleStream_Resume() {
	clientEnd, serverEnd := net.Pipe()
	go func() {
		defer serverEnd.Close()
		s := packets.NewStream(serverEnd, packets.ConnectionOptions{Side: mqttwire.FromServer})
		if _, err := s.Receive(); err != nil || s.Send(&packets.Connack{}) != nil {
			return
		}
		for _, payload := range []string{"far too much for this client", "little"} {
			err := s.Send(&packets.Publish{Topic: []byte("a/b"), Payload: []byte(payload)})
			if errors.Is(err, mqttwire.ErrTooLarge) {
				err = s.Resume()
			}
			if err != nil {
				return
			}
		}
	}()
	s := packets.NewStream(clientEnd, packets.ConnectionOptions{Side: mqttwire.FromClient})
	connect := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c")}
	connect.Properties.SetMaximumPacketSize(20)
	err := s.Send(connect)
	for err == nil {
		var p mqttwire.Packet
		if p, err = s.Receive(); err == nil {
			fmt.Println(p)
		}
	}
	fmt.Println(err)
	// Output:
	// CONNACK code=0x00
	// PUBLISH topic="a/b" qos=0 payload=6B
	// EOF
}
