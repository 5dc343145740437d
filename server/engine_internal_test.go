package server

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// Such as the will of a connection that has ended with the server. Of two things that have
// happened it is left to chance which is seen first.
func TestWhatIsAskedForUpToTheEndIsHandedToTheEngine(t *testing.T) {
	for range 50 {
		b := broker.New(broker.Options{Cluster: &broker.Cluster{Node: "a"}})
		s := &Server{Broker: b, stop: make(chan struct{})}
		seen := 0
		s.Engine = func(broker.Request) { seen++ }
		m := session.NewMessage(time.Now(), &packets.Publish{Topic: []byte("w"), QoS: mqttwire.AtLeastOnce})
		require.NoError(t, b.Publish(time.Now(), "", m, nil))
		close(s.stop)
		s.ask()
		assert.Equal(t, 1, seen)
	}
}
