package server_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// Trap 22: the others get all, the queue of the silent one has its bound, and what it was
// sent is whole when it reads at last.
func TestASubscriberThatReadsNothingHoldsUpNobody(t *testing.T) {
	s := withBroker()
	address := serves(t, s)
	silent := dial(t, address)
	silent.connects(mqttwire.V5, "silent")
	silent.subscribes("a", 0)
	var others []*client
	for i := range 3 {
		c := dial(t, address)
		c.connects(mqttwire.V5, strconv.Itoa(i))
		c.subscribes("a", 0)
		others = append(others, c)
	}
	from := dial(t, address)
	from.connects(mqttwire.V5, "from")
	const n, size = 800, 32 << 10 // more than sockets take
	for i := range n {
		p := &packets.Publish{Topic: []byte("a"), Payload: append(strconv.AppendInt(nil, int64(i), 10), make([]byte, size)...)}
		from.say(p)
		for _, c := range others {
			got, ok := c.next().(*packets.Publish)
			require.True(t, ok)
			require.Equal(t, string(p.Payload[:8]), string(got.Payload[:8]))
		}
	}
	st := s.Broker.Stats()
	assert.Equal(t, 5, st.Connected)
	assert.Positive(t, st.Dropped[session.DropFull])
	for _, c := range s.Broker.Clients("") {
		assert.LessOrEqual(t, c.Session.Bytes, 1<<20, c.Peer.ClientID)
	}
	last := -1
	for range n - int(st.Dropped[session.DropFull]) {
		p, ok := silent.next().(*packets.Publish)
		require.True(t, ok)
		digits, rest := 0, p.Payload
		for ; rest[digits] != 0; digits++ {
		}
		i, err := strconv.Atoi(string(rest[:digits]))
		require.NoError(t, err)
		assert.Greater(t, i, last)
		assert.Len(t, rest, digits+size)
		last = i
	}
	assert.Equal(t, n-1, last)
}
