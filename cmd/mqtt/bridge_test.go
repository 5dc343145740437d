package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/internal/mosquitto"
	"github.com/mqttwire/mqttwire/packets"
)

// bridge starts a mosquitto that is a bridge to an address, both ways, and returns its URL.
// Before 5.0 it has no bound of messages in flight, as 2.0.11 stops at QoS 2 when more than
// 20 wait; in 5.0 that would be a Receive Maximum of 0, which is none.
func bridge(t *testing.T, version, address string) string {
	t.Helper()
	inFlight := "max_inflight_messages 0"
	if version == "mqttv50" {
		inFlight = "max_inflight_messages 20"
	}
	return "mqtt://" + mosquitto.Start(t, inFlight, "connection serve", "address "+address, "topic both/# both 2",
		"bridge_protocol_version "+version, "cleansession false", "notifications false", "restart_timeout 1", "remote_clientid bridge").Address
}

// side is a client on one side of a bridge, with what has come to it.
type side struct {
	*client.Client
	got chan string
}

func newSide(ctx context.Context, t *testing.T, url, name string) *side {
	t.Helper()
	c, err := client.Dial(ctx, url, client.Options{ClientID: name, CleanStart: true})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Abort()) })
	s := &side{c, make(chan string, 10_000)}
	_, err = c.Subscribe(ctx, func(m *client.Message) { s.got <- m.Topic + " " + string(m.Payload) }, packets.Subscription{Filter: []byte("both/#"), QoS: 2, NoLocal: true})
	require.NoError(t, err)
	return s
}

// meets waits until what one side publishes comes to the other.
func (s *side) meets(ctx context.Context, t *testing.T, other *side, topic string) {
	t.Helper()
	for {
		require.NoError(t, s.Publish(ctx, topic, nil, client.QoS(1)))
		select {
		case <-other.got:
			return
		case <-time.After(20 * time.Millisecond):
			require.NoError(t, ctx.Err(), "nothing crosses the bridge")
		}
	}
}

// crosses publishes to the other side, and looks at what comes there: all, once, in order.
func (s *side) crosses(ctx context.Context, t *testing.T, other *side, topic string, q mqttwire.QoS) {
	t.Helper()
	const count = 100
	for i := range count {
		require.NoError(t, s.Publish(ctx, topic, fmt.Append(nil, i), client.QoS(q)))
	}
	for i := 0; i < count; {
		select {
		case m := <-other.got:
			if strings.HasPrefix(m, topic) { // else one by which they met
				require.Equal(t, fmt.Sprint(topic, " ", i), m)
				i++
			}
		case <-ctx.Done():
			require.Fail(t, "a message is missing", "%s %d", topic, i)
		}
	}
}

func TestMosquittoIsABridgeToServeBothWays(t *testing.T) {
	for _, version := range []string{"mqttv31", "mqttv311", "mqttv50"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			s := serve(t, "--store", filepath.Join(t.TempDir(), "store"))
			far := newSide(ctx, t, bridge(t, version, strings.TrimPrefix(s.url("mqtt"), "mqtt://")), "far")
			near := newSide(ctx, t, s.url("mqtt"), "near")
			near.meets(ctx, t, far, "both/meet/far")
			far.meets(ctx, t, near, "both/meet/near")
			for q := range mqttwire.QoS(3) {
				near.crosses(ctx, t, far, fmt.Sprint("both/far/", q), q)
				far.crosses(ctx, t, near, fmt.Sprint("both/near/", q), q)
			}
		})
	}
}
