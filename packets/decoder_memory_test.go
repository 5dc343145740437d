//go:build !race

package packets_test

import (
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// silentReader gives its bytes and then nothing more, ever.
type silentReader struct{ left string }

func (s *silentReader) Read(p []byte) (int, error) {
	if s.left == "" {
		return 0, io.ErrNoProgress // stands for waiting
	}
	n := copy(p, s.left)
	if s.left = s.left[n:]; s.left == "" {
		s.left = "" // which keeps no memory alive
	}
	return n, nil
}

// peer is what a server holds of a peer that it has not heard the CONNECT of.
type peer struct {
	decoder *packets.Decoder
	source  packets.Source
}

func TestPeersThatDeclareLargePacketsHoldLittleMemory(t *testing.T) {
	const n = 10000
	all := mqttwire.Limits{PacketSize: mqttwire.MaxPacketSize, FirstPacketSize: mqttwire.MaxPacketSize}
	for _, first := range []string{"\x30\xFF\xFF\xFF\x7F", "\x10\xFF\xFF\xFF\x7F"} {
		for name, open := range map[string]func() packets.Source{
			"Reader": func() packets.Source { return mqttwire.NewReader(&silentReader{first}, all) },
			"Feeder": func() packets.Source {
				f := mqttwire.NewFeeder(all)
				for i := range first {
					f.Feed([]byte(first[i : i+1]))
				}
				return f
			},
		} {
			peers := make([]peer, n)
			before := inUse()
			for i := range peers {
				peers[i] = peer{packets.NewDecoder(packets.Options{From: mqttwire.FromClient}), open()}
				_, err := peers[i].decoder.Next(peers[i].source)
				require.Error(t, err)
			}
			each := (inUse() - before) / n
			t.Logf("%x %s: %d bytes each", first, name, each)
			assert.LessOrEqual(t, each, int64(1<<10), "%x %s", first, name)
			runtime.KeepAlive(peers)
		}
	}
}

// inUse returns how many bytes of the heap are in use. What a pool has is gone behind the
// second collection only.
func inUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// held returns how many bytes on the heap each of n values takes that open makes.
func held[T any](n int, open func() T) int64 {
	values := make([]T, n)
	before := inUse()
	for i := range values {
		values[i] = open()
	}
	after := inUse()
	runtime.KeepAlive(values)
	return (after - before) / int64(n)
}

// server reads all of a stream as a server does, and returns what it then holds.
func server(t *testing.T, stream string) (*packets.Decoder, *mqttwire.Reader) {
	d := packets.NewDecoder(packets.Options{From: mqttwire.FromClient})
	r := mqttwire.NewReader(&silentReader{stream}, mqttwire.Limits{})
	for {
		if _, err := d.Next(r); err != nil {
			require.ErrorIs(t, err, io.ErrNoProgress)
			return d, r
		}
	}
}

// The most that a peer can make a server go on holding with packets of few bytes:
// one of the largest lists of each type, and then packets that need little.
func TestAPeerThatSentLargeListsHoldsLittleMemoryAfterwards(t *testing.T) {
	filters := &packets.Unsubscribe{PacketID: 1}
	subscriptions := &packets.Subscribe{PacketID: 1}
	for range 16000 { // 65 KB each
		filters.Filters = append(filters.Filters, []byte("ab"))
		subscriptions.Subscriptions = append(subscriptions.Subscriptions, packets.Subscription{Filter: []byte("a")})
	}
	small := subscribeOf(600) // which keeps its list
	stream := string(appendAll(t, nil, &packets.Connect{Version: mqttwire.V311, ClientID: []byte("c"), CleanStart: true},
		subscriptions, filters, small, unsubscribeOf(600), &packets.Pingreq{}, &packets.Pingreq{}, &packets.Pingreq{}, &packets.Pingreq{}, &packets.Pingreq{}))
	type both struct {
		d *packets.Decoder
		r *mqttwire.Reader
	}
	each := held(40, func() both {
		d, r := server(t, stream)
		return both{d, r}
	})
	t.Logf("%d bytes each", each)
	assert.Less(t, each, int64(96<<10+64<<10), "lists of the Set, and the buffer of the Reader")

	each = held(200, func() both {
		d, r := server(t, stream)
		d.Release()
		r.Release()
		return both{d, r}
	})
	t.Logf("%d bytes each after Release", each)
	assert.Less(t, each, int64(1<<10))
}

func TestATopicAliasKeepsNoMoreThanItsTopicNeeds(t *testing.T) {
	const n, limit = 50, 200
	connack := &packets.Connack{}
	connack.Properties.SetTopicAliasMaximum(limit)
	publish := func(alias uint16, topic []byte) []byte {
		p := &packets.Publish{Topic: topic}
		p.Properties.SetTopicAlias(alias)
		b, err := p.Append(nil, mqttwire.V5)
		require.NoError(t, err)
		return b
	}
	connect, err := (&packets.Connect{Version: mqttwire.V5, ClientID: []byte("c")}).Append(nil, 0)
	require.NoError(t, err)
	var small []byte
	for alias := range uint16(limit) {
		small = append(small, publish(alias+1, []byte("a/b"))...)
	}
	each := held(n, func() *packets.Decoder {
		d := packets.NewDecoder(packets.Options{From: mqttwire.FromClient})
		decode := func(b []byte) {
			for len(b) > 0 {
				f, rest, err := mqttwire.CutFrame(b, 0)
				require.NoError(t, err)
				_, err = d.Decode(f)
				require.NoError(t, err)
				b = rest
			}
		}
		decode(connect)
		d.Observe(connack)
		for alias := range uint16(limit) {
			decode(publish(alias+1, long(16<<10)))
		}
		decode(small)
		d.Release()
		return d
	})
	t.Logf("%d bytes each", each)
	assert.Less(t, each, int64(limit*512))
}

func TestAnIdleConnectionHoldsLittleMemory(t *testing.T) {
	will := &packets.Will{Topic: []byte("devices/thermometer-17/gone"), Payload: []byte("unexpectedly"), QoS: 1}
	connect, err := (&packets.Connect{Version: mqttwire.V5, ClientID: []byte("thermometer-17"), KeepAlive: 60, Will: will,
		UserName: []byte("device"), Password: []byte("secret")}).Append(nil, 0)
	require.NoError(t, err)
	const limit = 640
	connack := &packets.Connack{}
	each := held(1000, func() *packets.Connection {
		c := packets.NewConnection(packets.ConnectionOptions{Side: mqttwire.FromServer})
		for i := range connect { // as slowly as can be
			c.Feed(connect[i : i+1])
			if _, err := c.Next(); err == nil {
				_, err = c.Append(nil, connack)
				require.NoError(t, err)
			}
		}
		_, err := c.Next()
		require.Equal(t, mqttwire.ErrIncomplete, err)
		return c
	})
	t.Logf("%d bytes each", each)
	assert.LessOrEqual(t, each, int64(limit))
}

// waiting is an io.ReadWriter on which nothing comes after a CONNECT, but time.
type waiting struct{ *silentReader }

func (waiting) Write(b []byte) (int, error) { return len(b), nil }

type timedOut struct{}

func (timedOut) Error() string { return "timed out" }
func (timedOut) Timeout() bool { return true }

func (w waiting) Read(p []byte) (int, error) {
	n, err := w.silentReader.Read(p)
	if err != nil {
		err = timedOut{}
	}
	return n, err
}

func TestAnIdleStreamHoldsNoBuffer(t *testing.T) {
	will := &packets.Will{Topic: []byte("devices/thermometer-17/gone"), Payload: []byte("unexpectedly"), QoS: 1}
	connect, err := (&packets.Connect{Version: mqttwire.V5, ClientID: []byte("thermometer-17"), KeepAlive: 60, Will: will,
		UserName: []byte("device"), Password: []byte("secret")}).Append(nil, 0)
	require.NoError(t, err)
	stream := string(connect)
	each := held(1000, func() *packets.Stream {
		s := packets.NewStream(waiting{&silentReader{stream}}, packets.ConnectionOptions{Side: mqttwire.FromServer})
		_, err := s.Receive()
		require.NoError(t, err)
		require.NoError(t, s.Send(&packets.Connack{}))
		_, err = s.Receive()
		require.Error(t, err)
		return s
	})
	t.Logf("%d bytes each", each)
	assert.LessOrEqual(t, each, int64(900))
}

// A short acknowledgement that needs no list forgets a long one too, in each version.
func TestAnUnsubackForgetsALongListOfReasonCodes(t *testing.T) {
	long := &packets.Unsuback{PacketID: 1, ReasonCodes: make([]mqttwire.ReasonCode, 5000)}
	for _, v := range []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5} {
		var p packets.Unsuback
		require.NoError(t, p.Decode(encodedAs(t, long, mqttwire.V5), mqttwire.V5))
		require.Len(t, p.ReasonCodes, 5000)
		short := &packets.Unsuback{PacketID: 2}
		if v == mqttwire.V5 {
			short.ReasonCodes = []mqttwire.ReasonCode{mqttwire.ReasonSuccess}
		}
		require.NoError(t, p.Decode(encodedAs(t, short, v), v))
		assert.Less(t, cap(p.ReasonCodes), 1025, "%v", v)
	}
}

func encodedAs(t *testing.T, p mqttwire.Packet, v mqttwire.Version) mqttwire.Frame {
	t.Helper()
	b, err := p.Append(nil, v)
	require.NoError(t, err)
	return frameOf(t, string(b))
}
