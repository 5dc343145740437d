package packets_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// A server sends a message on over the connection of each subscriber.
func ExampleStream_SendPrepared() {
	var conn bytes.Buffer
	_, _ = conn.Write([]byte("\x10\x0d\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x00")) // CONNECT
	stream := packets.NewStream(&conn, packets.ConnectionOptions{Side: mqttwire.FromServer})
	_, err := stream.Receive()
	if err != nil {
		fmt.Println(err)
		return
	}
	var connack packets.Connack
	connack.Properties.SetAssignedClientIdentifier([]byte("c1"))
	received := &packets.Publish{Topic: []byte("room/7"), Payload: []byte("21.5"), QoS: 1, PacketID: 17}
	message, err := packets.Prepare(received, received.Topic)
	if err == nil {
		err = stream.Send(&connack)
	}
	conn.Reset()
	if err == nil {
		err = stream.SendPrepared(message, &packets.Delivery{QoS: 1, PacketID: 1, SubscriptionIDs: []uint32{9}})
	}
	fmt.Printf("%q %v\n", conn.String(), err)
	// Output:
	// "2\x11\x00\x06room/7\x00\x01\x02\v\t21.5" <nil>
}

// prepared returns a message with a payload of n bytes, which expires after a minute.
func prepared(t *testing.T, n int) *packets.Prepared {
	t.Helper()
	p := packets.Publish{Topic: []byte("a/b"), Payload: long(n), QoS: 1}
	p.Properties.SetMessageExpiryInterval(60)
	message, err := packets.Prepare(&p, p.Topic)
	require.NoError(t, err)
	return message
}

// greetedStream returns the Stream of a server whose client of 5.0 takes packets of up to
// a MiB and ten topic aliases, after CONNECT and CONNACK, and what it writes to.
func greetedStream(t *testing.T) (*packets.Stream, *wire) {
	t.Helper()
	connect := &packets.Connect{Version: v5, CleanStart: true, ClientID: []byte("c")}
	connect.Properties.SetMaximumPacketSize(1 << 20)
	connect.Properties.SetTopicAliasMaximum(10)
	b, err := connect.Append(nil, v5)
	require.NoError(t, err)
	dst := newWire(plenty, nil)
	stream := packets.NewStream(twoEnds{bytes.NewReader(b), dst}, packets.ConnectionOptions{Side: mqttwire.FromServer})
	_, err = stream.Receive()
	require.NoError(t, err)
	require.NoError(t, stream.Send(&packets.Connack{}))
	dst.got.Reset()
	dst.writes = nil
	return stream, dst
}

func TestAPreparedMessageIsWrittenAsItsPacketIs(t *testing.T) {
	for _, size := range []int{0, 3, 8 << 10, 8<<10 + 1, 100000} {
		message := prepared(t, size)
		d := packets.Delivery{QoS: 1, PacketID: 7, SubscriptionIDs: []uint32{300}, TopicAlias: 2, Waited: time.Second}
		p, err := message.Publish(&d)
		require.NoError(t, err)
		want, got := newWire(plenty, nil), newWire(plenty, nil)
		require.NoError(t, packets.NewWriter(want, v5).WritePacket(p))
		require.NoError(t, packets.NewWriter(got, v5).WritePrepared(message, &d))
		assert.Equal(t, want, got, "%d bytes, a Writer", size)

		stream, sent := greetedStream(t)
		require.NoError(t, stream.SendPrepared(message, &d))
		assert.Equal(t, want.got.String(), sent.got.String(), "%d bytes, a Stream", size)
		assert.Equal(t, want.writes, sent.writes, "%d bytes, a Stream", size)
	}
}

func TestAStreamKeepsTheAliasOfAPreparedMessage(t *testing.T) {
	stream, _ := greetedStream(t)
	message := prepared(t, 1)
	again := packets.Delivery{TopicAlias: 3, OmitTopic: true}
	requireBreach(t, mqttwire.RuleTopicAliasUnknown, stream.SendPrepared(message, &again))
	require.NoError(t, stream.Resume())
	require.NoError(t, stream.SendPrepared(message, &packets.Delivery{TopicAlias: 3}))
	require.NoError(t, stream.SendPrepared(message, &again))
}

func TestAPreparedMessageThatIsRefusedIsTheLastWordUntilResume(t *testing.T) {
	message, refused := prepared(t, 1), packets.Delivery{QoS: 1}
	stream, dst := greetedStream(t)
	err := stream.SendPrepared(message, &refused)
	requireBreach(t, mqttwire.RulePacketIDZero, err)
	assert.Equal(t, err, stream.SendPrepared(message, &packets.Delivery{}))
	assert.Equal(t, err, stream.Send(&packets.Pingresp{}))
	require.NoError(t, stream.Resume())
	requireBreach(t, mqttwire.RuleMaximumPacketSize, stream.SendPrepared(prepared(t, 1<<20), &packets.Delivery{}))
	require.NoError(t, stream.Resume())
	assert.Empty(t, dst.writes)
	require.NoError(t, stream.SendPrepared(message, &packets.Delivery{}))
	assert.Len(t, dst.writes, 1)
}

func TestAMessageThatHasExpiredEndsNothing(t *testing.T) {
	message := prepared(t, 1)
	late := packets.Delivery{Waited: time.Hour}
	stream, sent := greetedStream(t)
	dst := newWire(plenty, nil)
	w := packets.NewWriter(dst, v5)
	for range 2 {
		assert.Equal(t, packets.ErrExpired, stream.SendPrepared(message, &late))
		assert.Equal(t, packets.ErrExpired, w.WritePrepared(message, &late))
	}
	assert.Empty(t, sent.writes)
	assert.Empty(t, dst.writes)
	require.NoError(t, w.Err())
	require.NoError(t, w.WritePrepared(message, &packets.Delivery{}))
	require.NoError(t, stream.Send(&packets.Pingresp{}))
}

func TestAWriterThatHasCutAPreparedMessageWritesNothingMore(t *testing.T) {
	message := prepared(t, 100000)
	for left := range 40 { // of a header of 15 bytes
		dst := newWire(left, errBroken)
		w := packets.NewWriter(dst, v5)
		require.Equal(t, errBroken, w.WritePrepared(message, &packets.Delivery{}))
		writes := len(dst.writes)
		require.Equal(t, errBroken, w.WritePrepared(message, &packets.Delivery{}))
		require.Equal(t, errBroken, w.Resume())
		require.Len(t, dst.writes, writes)
	}
}

func TestAStreamSendsPreparedMessagesWithoutAllocating(t *testing.T) {
	stream, dst := greetedStream(t)
	for _, size := range []int{10, 100000} {
		message := prepared(t, size)
		d := packets.Delivery{QoS: 1, PacketID: 1, SubscriptionIDs: []uint32{9}}
		assert.Zero(t, testing.AllocsPerRun(100, func() {
			dst.got.Reset()
			dst.writes = dst.writes[:0]
			if err := stream.SendPrepared(message, &d); err != nil {
				t.Fatal(err)
			}
		}), "%d bytes", size)
	}
}
