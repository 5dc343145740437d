package client_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
)

// user returns the value of the user property k.
func user(p *mqttwire.Properties) string {
	for name, value := range p.User() {
		if string(name) == "k" {
			return string(value)
		}
	}
	return ""
}

func TestRequestsHaveThePropertiesThatTheirFunctionsSet(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, client.Options{
			OnSubscribe:   func(p *packets.Subscribe) { p.Properties.AddUser([]byte("k"), p.Subscriptions[0].Filter) },
			OnUnsubscribe: func(p *packets.Unsubscribe) { p.Properties.AddUser([]byte("k"), p.Filters[0]) },
			OnDisconnect: func(p *packets.Disconnect) {
				p.ReasonCode = mqttwire.ReasonDisconnectWithWillMessage
				p.Properties.AddUser([]byte("k"), []byte("bye"))
			},
		})
		_, err := c.Subscribe(t.Context(), func(*client.Message) {}, client.Sub("a", 1), client.Sub("b", 1))
		require.NoError(t, err)
		_, err = c.SubscribeTo(t.Context(), &client.Inbox{}, client.Sub("c", 1))
		require.NoError(t, err)
		require.NoError(t, c.Unsubscribe(t.Context(), "a"))
		require.NoError(t, c.Close(t.Context()))
		var got []string
		for _, p := range packetsOf[*packets.Subscribe](b) {
			got = append(got, user(&p.Properties))
		}
		got = append(got, user(&packetsOf[*packets.Unsubscribe](b)[0].Properties))
		last := packetsOf[*packets.Disconnect](b)[0]
		assert.Equal(t, []string{"a", "c", "a", "bye"}, append(got, user(&last.Properties)))
		assert.Equal(t, mqttwire.ReasonDisconnectWithWillMessage, last.ReasonCode)
	})
}

func TestADisconnectThatCannotBeSentGoesWithoutItsProperties(t *testing.T) {
	for _, test := range []struct {
		name    string
		version mqttwire.Version
		set     func(p *packets.Disconnect)
		sent    int
	}{
		{"a property of another packet", mqttwire.V5, func(p *packets.Disconnect) { p.Properties.SetTopicAlias(1) }, 1},
		{"a code of another packet", mqttwire.V5, func(p *packets.Disconnect) { p.ReasonCode = mqttwire.ReasonContinueAuthentication }, 0},
		{"the will before 5.0", mqttwire.V311, func(p *packets.Disconnect) { p.ReasonCode = mqttwire.ReasonDisconnectWithWillMessage }, 0},
		{"properties before 5.0", mqttwire.V311, func(p *packets.Disconnect) { p.Properties.SetSessionExpiryInterval(1) }, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBroker()
				o := b.options(test.version)
				o.OnDisconnect = test.set
				c := b.dialed(t, o)
				require.NoError(t, c.Close(t.Context()))
				<-c.Done()
				synctest.Wait()
				assert.Len(t, packetsOf[*packets.Disconnect](b), test.sent)
				time.Sleep(time.Minute)
			})
		})
	}
}
