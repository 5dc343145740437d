package broker

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// Between that a message was found that may go to another member of its group, and that it is
// looked at, the member that has it can come back and acknowledge it.
func TestAMessageThatIsGivenBackStaysWhileItIsLookedAt(t *testing.T) {
	b, now := New(Options{}), time.Now()
	says := func(c *Conn, in *packets.Connection, all ...mqttwire.Packet) {
		for _, p := range all {
			bytes, err := in.Append(nil, p)
			require.NoError(t, err)
			c.Feed(now, bytes)
			for _, ok := c.Packet(); ok; _, ok = c.Packet() {
				c.Handle(now)
			}
			out := c.Append(nil, 1<<20)
			c.Wrote(now, len(out))
		}
	}
	connect := func(id string) (*Conn, *packets.Connection) {
		c := b.Attach(context.Background(), now, session.NewLink(session.LinkOptions{Side: mqttwire.FromServer}), Origin{}, nil)
		in := packets.NewConnection(packets.ConnectionOptions{Side: mqttwire.FromClient})
		says(c, in, &packets.Connect{Version: mqttwire.V311, ClientID: []byte(id)})
		return c, in
	}
	c, in := connect("member")
	says(c, in, &packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("$share/g/#"), QoS: 1}}})
	from, out := connect("from")
	says(from, out, &packets.Publish{Topic: []byte("first"), Payload: []byte("1"), QoS: 1, PacketID: 1})
	cl := c.client
	c.Lost(now, nil)
	tokens := cl.sharedTokens()
	require.Len(t, tokens, 1)
	s, ok := cl.sharedBy(tokens[0])
	require.True(t, ok)

	c, in = connect("member")
	says(c, in, &packets.Puback{PacketID: 1}, &packets.Pingreq{})
	assert.Empty(t, cl.shared)
	for range 100 {
		says(from, out, &packets.Publish{Topic: []byte("other"), Payload: []byte("2")})
	}
	assert.Equal(t, "first", string(s.message.Topic()))
}
