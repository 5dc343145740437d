package packets_test

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
	"github.com/mqttwire/mqttwire/packets"
)

// connected runs a stream of the corpus through a Connection for each side: what
// one reads the other has sent by Append. The lines are those of pushed.
func connected(s *corpus.Stream, told mqttwire.Version, cut pieces) *course {
	c := newCourse()
	all := map[mqttwire.Sender]*packets.Connection{}
	for _, side := range bothSides {
		all[side] = packets.NewConnection(packets.ConnectionOptions{Side: side, Version: told, Limits: limitsOf(s)})
	}
	fed := map[mqttwire.Sender]int{}
	for _, turn := range s.Turns {
		from := turn.Sender
		sender, receiver := all[from], all[other(from)]
		for _, piece := range cut(from, fed[from], turn.Bytes) {
			receiver.Feed(piece)
			for {
				p, err := receiver.Next()
				if err == mqttwire.ErrIncomplete {
					break
				}
				if !c.passOn(p, err, from, sender, receiver) {
					return c
				}
			}
		}
		fed[from] += len(turn.Bytes)
	}
	for _, from := range bothSides {
		all[other(from)].End()
		_, err := all[other(from)].Next()
		c.end(from, err)
	}
	return c
}

// passOn notes what the receiver has read, as note does, and has the sender send
// it.
func (c *course) passOn(p mqttwire.Packet, err error, from mqttwire.Sender, sender, receiver *packets.Connection) bool {
	c.from = append(c.from, from)
	if err != nil {
		c.err = err
		c.lines = append(c.lines, errorLine(err))
		return false
	}
	b, err := p.Append(nil, receiver.Version())
	sent, sendErr := sender.Append(nil, p)
	if err != nil || sendErr != nil || string(sent) != string(b) {
		c.lines = append(c.lines, fmt.Sprintf("does not encode: %v, %v", err, sendErr))
		return false
	}
	c.last = p.(interface{ String() string }).String()
	c.types = append(c.types, p.Type().String())
	c.lines = append(c.lines, fmt.Sprintf("%s %s %x", from, c.last, shown(b)))
	return true
}

func TestAConnectionReadsStreamsAsADecoderOfEachSideDoesThatIsToldOfTheOther(t *testing.T) {
	for _, s := range loadStreams(t) {
		t.Run(s.Name, func(t *testing.T) {
			for _, told := range toldVersions(&s) {
				want := pushed(&s, told, cutAt(whole), true)
				require.Equal(t, want.lines, connected(&s, told, cutAt(whole)).lines, s.Where())
				require.Equal(t, want.lines, connected(&s, told, inBytes).lines, "%s, byte by byte", s.Where())
			}
		})
	}
}

// greeted returns the two sides of a connection of 5.0 after CONNECT and CONNACK.
func greeted(t testing.TB, connect *packets.Connect, connack *packets.Connack, o packets.ConnectionOptions) (client, server *packets.Connection) {
	t.Helper()
	o.Side = mqttwire.FromClient
	client = packets.NewConnection(o)
	o.Side = mqttwire.FromServer
	server = packets.NewConnection(o)
	carry(t, client, server, connect)
	carry(t, server, client, connack)
	return client, server
}

// carry sends a packet and returns it as it arrives.
func carry(t testing.TB, from, to *packets.Connection, p mqttwire.Packet) mqttwire.Packet {
	t.Helper()
	b, err := from.Append(nil, p)
	require.NoError(t, err)
	to.Feed(b)
	got, err := to.Next()
	require.NoError(t, err)
	_, err = to.Next()
	require.Equal(t, mqttwire.ErrIncomplete, err)
	return got
}

func TestWhatIsAnnouncedBindsBothSidesWithoutBeingSaidAgain(t *testing.T) {
	connect := &packets.Connect{Version: v5, ClientID: []byte("c")}
	connect.Properties.SetMaximumPacketSize(40)
	connect.Properties.SetTopicAliasMaximum(1)
	connack := &packets.Connack{}
	connack.Properties.SetMaximumPacketSize(50)
	connack.Properties.SetMaximumQoS(1)
	client, server := greeted(t, connect, connack, packets.ConnectionOptions{})

	large := &packets.Publish{Topic: []byte("a"), Payload: long(60)}
	for name, c := range map[string]*packets.Connection{"client": client, "server": server} {
		out, err := c.Append([]byte("kept"), large)
		requireBreach(t, mqttwire.RuleMaximumPacketSize, err)
		assert.Equal(t, "kept", string(out), name)
	}
	_, err := client.Append(nil, &packets.Publish{Topic: []byte("a"), QoS: 2, PacketID: 1})
	requireBreach(t, mqttwire.RuleMaximumQoS, err)

	raw, err := large.Append(nil, v5)
	require.NoError(t, err)
	for name, c := range map[string]*packets.Connection{"client": client, "server": server} {
		c.Feed(raw[:2]) // the size shows in the fixed header
		_, err := c.Next()
		requireBreach(t, mqttwire.RuleMaximumPacketSize, err)
		require.NoError(t, c.Resume(), name)
		c.Feed(raw[2:])
		c.Feed([]byte("\x30\x04\x00\x01a\x00"))
		p, err := c.Next()
		require.NoError(t, err, name)
		assert.Equal(t, mqttwire.PUBLISH, p.Type(), name)
	}
}

func TestAServerOf311IsNotBoundByWhatItsConnackDoesNotCarry(t *testing.T) {
	connack := &packets.Connack{}
	connack.Properties.SetMaximumPacketSize(5)
	client, server := greeted(t, &packets.Connect{Version: v311, ClientID: []byte("c"), CleanStart: true}, connack, packets.ConnectionOptions{})
	carry(t, client, server, &packets.Publish{Topic: []byte("a"), Payload: long(60)})
}

func TestAConnectionKnowsTheTopicOfAnAlias(t *testing.T) {
	connack := &packets.Connack{}
	connack.Properties.SetTopicAliasMaximum(1)
	client, server := greeted(t, &packets.Connect{Version: v5, ClientID: []byte("c")}, connack, packets.ConnectionOptions{})
	for _, topic := range []string{"a/b", ""} {
		p := &packets.Publish{Topic: []byte(topic)}
		p.Properties.SetTopicAlias(1)
		got := carry(t, client, server, p).(*packets.Publish)
		assert.Equal(t, "a/b", string(server.Topic(got)))
	}
}

func TestAConnectionLeavesLargePayloadsToBeRead(t *testing.T) {
	client, server := greeted(t, &packets.Connect{Version: v311, ClientID: []byte("c"), CleanStart: true}, &packets.Connack{},
		packets.ConnectionOptions{StreamFrom: 100})
	payload := long(1000)
	header, err := client.AppendStreamHeader(nil, &packets.Publish{Topic: []byte("a")}, int64(len(payload)))
	require.NoError(t, err)
	server.Feed(append(header, payload[:300]...))
	p, err := server.Next()
	require.NoError(t, err)
	assert.Empty(t, p.(*packets.Publish).Payload)
	assert.Equal(t, 1000, server.PayloadSize())
	var got []byte
	buf := make([]byte, 128)
	for fed := false; ; {
		n, err := server.Read(buf)
		got = append(got, buf[:n]...)
		if err == mqttwire.ErrIncomplete && !fed {
			server.Feed(payload[300:])
			fed = true
			continue
		}
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
	}
	assert.Equal(t, string(payload), string(got))
}

// The packet after one whose payload was left may be at hand with it.
func TestThePayloadSizeIsThatOfThePresentPacket(t *testing.T) {
	client, server := greeted(t, &packets.Connect{Version: v5, ClientID: []byte("c")}, &packets.Connack{}, packets.ConnectionOptions{StreamFrom: 50})
	publish := func(n int) []byte {
		b, err := client.Append(nil, &packets.Publish{Topic: []byte("a"), Payload: long(n)})
		require.NoError(t, err)
		return b
	}
	server.Feed(slices.Concat(publish(1), publish(100), publish(2), publish(100), publish(3)))
	for _, want := range []int{0, 100, 0, 100, 0} {
		p, err := server.Next()
		require.NoError(t, err)
		require.Equal(t, want, server.PayloadSize())
		require.Equal(t, want == 0, len(p.(*packets.Publish).Payload) > 0)
	}
}

func TestAConnectionIsUsedAgainAsANewOne(t *testing.T) {
	connack := &packets.Connack{}
	connack.Properties.SetMaximumPacketSize(20)
	_, server := greeted(t, &packets.Connect{Version: v5, ClientID: []byte("c")}, connack, packets.ConnectionOptions{})
	server.Feed([]byte("\x10\x00"))
	_, err := server.Next()
	requireBreach(t, mqttwire.RuleSecondConnect, err)

	o := packets.ConnectionOptions{Side: mqttwire.FromServer}
	assert.Zero(t, testing.AllocsPerRun(10, func() { server.Reset(o) }))
	assert.Zero(t, server.Version())
	connect, err := (&packets.Connect{Version: v311, ClientID: []byte("d"), CleanStart: true}).Append(nil, 0)
	require.NoError(t, err)
	publish, err := (&packets.Publish{Topic: []byte("a"), Payload: long(60)}).Append(nil, v311)
	require.NoError(t, err)
	server.Feed(append(connect, publish...))
	for _, want := range []mqttwire.PacketType{mqttwire.CONNECT, mqttwire.PUBLISH} {
		p, err := server.Next()
		require.NoError(t, err)
		assert.Equal(t, want, p.Type())
	}
}

func TestAConnectionOfNobodyIsAMistake(t *testing.T) {
	assert.Panics(t, func() { packets.NewConnection(packets.ConnectionOptions{}) })
}

func TestAConnectionInSteadyStateAllocatesNothing(t *testing.T) {
	client, server := greeted(t, &packets.Connect{Version: v5, ClientID: []byte("c")}, &packets.Connack{}, packets.ConnectionOptions{})
	publish, puback := &packets.Publish{Topic: []byte("a/b"), Payload: []byte("x"), QoS: 1, PacketID: 1}, &packets.Puback{PacketID: 1}
	out := make([]byte, 0, 256)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		b, err := client.Append(out, publish)
		if err != nil {
			t.Fatal(err)
		}
		server.Feed(b)
		if _, err := server.Next(); err != nil {
			t.Fatal(err)
		}
		if _, err := server.Next(); err != mqttwire.ErrIncomplete {
			t.Fatal(err)
		}
		if _, err := server.Append(out, puback); err != nil {
			t.Fatal(err)
		}
	}))
}

func ExampleConnection() {
	client := packets.NewConnection(packets.ConnectionOptions{Side: mqttwire.FromClient})
	server := packets.NewConnection(packets.ConnectionOptions{Side: mqttwire.FromServer})

	wire, err := client.Append(nil, &packets.Connect{Version: mqttwire.V5, ClientID: []byte("sensor")})
	if err != nil {
		fmt.Println(err)
		return
	}
	server.Feed(wire)
	for {
		p, err := server.Next()
		if err == mqttwire.ErrIncomplete {
			break // all that came is used
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(p)
		if _, ok := p.(*packets.Connect); ok {
			connack := &packets.Connack{}
			connack.Properties.SetMaximumQoS(1)
			if wire, err = server.Append(nil, connack); err != nil {
				fmt.Println(err)
				return
			}
		}
	}
	client.Feed(wire)
	p, err := client.Next()
	fmt.Println(p, err)
	_, err = client.Append(nil, &packets.Publish{Topic: []byte("t"), QoS: 2, PacketID: 1})
	fmt.Println(strings.Contains(err.Error(), "MQTT-3.2.2-11"))
	// Output:
	// CONNECT version=5.0 client_id="sensor" keep_alive=0
	// CONNACK code=0x00 properties=[Maximum QoS: 1] <nil>
	// true
}

func TestNothingFollowsAnAnswerThatCloses(t *testing.T) {
	client, server := greeted(t, &packets.Connect{Version: v5, ClientID: []byte("c")}, &packets.Connack{}, packets.ConnectionOptions{})
	server.Feed([]byte("\x10\x00"))
	client.Feed([]byte("\x20\x03\x00\x00\x00"))
	for name, c := range map[string]*packets.Connection{"client": client, "server": server} {
		_, refused := c.Next()
		require.Error(t, refused, name)
		out, end := c.AppendReply(nil, refused)
		require.True(t, end, name)
		require.Equal(t, mqttwire.DISCONNECT, mqttwire.PacketType(out[0]>>4), name)

		again, end := c.AppendReply([]byte("kept"), refused)
		assert.True(t, end, name)
		assert.Equal(t, "kept", string(again), name)
		for _, p := range []mqttwire.Packet{&packets.Publish{Topic: []byte("a")}, &packets.Disconnect{}} {
			_, err := c.Append(nil, p)
			requireBreach(t, mqttwire.RuleAfterDisconnect, err)
		}
	}
}

func TestNoAnswerFollowsADisconnect(t *testing.T) {
	_, server := greeted(t, &packets.Connect{Version: v5, ClientID: []byte("c")}, &packets.Connack{}, packets.ConnectionOptions{})
	_, err := server.Append(nil, &packets.Disconnect{})
	require.NoError(t, err)
	server.Feed([]byte("\x10\x00"))
	_, refused := server.Next()
	require.Error(t, refused)
	out, end := server.AppendReply(nil, refused)
	assert.True(t, end)
	assert.Empty(t, out)
}

func TestAConnackThatAnswersIsTheOnlyOne(t *testing.T) {
	server := packets.NewConnection(packets.ConnectionOptions{Side: mqttwire.FromServer})
	server.Feed([]byte("\x10\x0E\x00\x04MQTT\x05\x03\x00\x3C\x00\x00\x01c")) // reserved flag
	_, refused := server.Next()
	require.Error(t, refused)
	out, end := server.AppendReply(nil, refused)
	require.True(t, end)
	require.Equal(t, mqttwire.CONNACK, mqttwire.PacketType(out[0]>>4))
	out, _ = server.AppendReply(nil, refused)
	assert.Empty(t, out)

	require.NoError(t, server.Resume())
	server.Feed([]byte("\x10\x0E\x00\x04MQTT\x05\x02\x00\x3C\x00\x00\x01c"))
	_, err := server.Next()
	require.NoError(t, err)
	_, err = server.Append(nil, &packets.Connack{})
	requireBreach(t, mqttwire.RuleAfterConnackFailure, err)
}

// An answer that is asked for too late is not a second CONNACK either.
func TestNoConnackAnswersAfterAConnack(t *testing.T) {
	server := packets.NewConnection(packets.ConnectionOptions{Side: mqttwire.FromServer})
	server.Feed([]byte("\x10\x0E\x00\x04MQTT\x05\x02\x00\x3C\x00\x00\x01c\x31\x00"))
	_, err := server.Next()
	require.NoError(t, err)
	_, refused := server.Next()
	require.Error(t, refused)
	_, err = server.Append(nil, &packets.Connack{})
	require.NoError(t, err)
	out, end := server.AppendReply(nil, refused)
	assert.True(t, end)
	assert.Empty(t, out)
}

func TestAConnectionGoesOnAfterAnAcknowledgementThatRefuses(t *testing.T) {
	client, server := greeted(t, &packets.Connect{Version: v5, ClientID: []byte("c")}, &packets.Connack{}, packets.ConnectionOptions{Optional: true})
	server.Feed([]byte("\x32\x0a\x00\x01a\x00\x05\x02\x01\x01\xff\xff"))
	_, refused := server.Next()
	require.Error(t, refused)
	out, end := server.AppendReply(nil, refused)
	require.False(t, end)
	require.Equal(t, mqttwire.PUBACK, mqttwire.PacketType(out[0]>>4))
	require.NoError(t, server.Resume())
	carry(t, client, server, &packets.Pingreq{})
	carry(t, server, client, &packets.Pingresp{})
}
