package client_test

import (
	"context"
	"net"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
)

// sink is a Dialer to a server that acknowledges what is published with QoS 1.
func sink(t *testing.T) func(context.Context, *urlOf) (netConn, error) {
	t.Helper()
	return func(context.Context, *urlOf) (netConn, error) {
		near, far := net.Pipe()
		go func() {
			s := packets.NewStream(far, packets.ConnectionOptions{Side: mqttwire.FromServer})
			ack := &packets.Puback{}
			for p, err := s.Receive(); err == nil; p, err = s.Receive() {
				switch p := p.(type) {
				case *packets.Connect:
					_ = s.Send(&packets.Connack{})
				case *packets.Publish:
					if ack.PacketID = p.PacketID; p.QoS == 1 {
						_ = s.Send(ack)
					}
				}
			}
		}()
		return near, nil
	}
}

func TestPublishingAllocatesTheCopyOfAMessageOfQoS1AndNothingElse(t *testing.T) {
	skipUnderRace(t)
	c, err := client.Dial(t.Context(), "mqtt://broker", client.Options{ClientID: "c", Dialer: sink(t)})
	require.NoError(t, err)
	payload := make([]byte, 64)
	qos1 := client.QoS(1)
	for name, test := range map[string]struct {
		most float64
		f    func() error
	}{
		"QoS 0": {0, func() error {
			before := c.Stats().BytesOut
			err := c.Publish(t.Context(), "a/b", payload)
			for c.Stats().BytesOut == before { // so that none waits, as one that does is copied
				runtime.Gosched()
			}
			return err
		}},
		"QoS 1": {2, func() error { return c.Publish(t.Context(), "a/b", payload, qos1) }},
	} {
		n := testing.AllocsPerRun(2000, func() { require.NoError(t, test.f()) })
		t.Log(name, n)
		assert.LessOrEqual(t, n, test.most, name)
	}
	require.NoError(t, c.Close(t.Context()))
}
