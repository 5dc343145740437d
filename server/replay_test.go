package server_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// There are more retained messages than may wait, so that the rest has to wait for
// acknowledgements, which who reads them has to get to.
func TestRetainedMessagesGoOnWithAcknowledgements(t *testing.T) {
	for _, v := range []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5} {
		s := withBroker()
		address := serves(t, s)
		from := dial(t, address)
		from.connects(v, "from")
		const n = 1200
		for i := range n {
			from.say(&packets.Publish{Topic: fmt.Appendf(nil, "a/%04d", i), Payload: []byte("m"), PacketID: 1, QoS: 1, Retain: true})
			_, ok := from.next().(*packets.Puback)
			require.True(t, ok)
		}
		to := dial(t, address)
		to.connects(v, "to", func(c *packets.Connect) {
			if v == mqttwire.V5 {
				c.Properties.SetReceiveMaximum(3)
			}
		})
		to.subscribes("a/#", 1)
		to.say(&packets.Pingreq{}) // which is answered while nothing can go on
		var got []*packets.Publish
		for pong := false; !pong; {
			switch p := to.next().(type) {
			case *packets.Publish:
				got = append(got, p)
			case *packets.Pingresp:
				pong = true
			}
		}
		for i := range n {
			if i == len(got) {
				p, ok := to.next().(*packets.Publish)
				require.True(t, ok)
				got = append(got, p)
			}
			assert.True(t, got[i].Retain)
			to.say(packets.Acknowledge(got[i]))
		}
		assert.Len(t, got, n)
	}
}
