package client_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
)

// scripted is a Dialer to servers that each send what they are told to behind their
// CONNACK, and are cut when they have been read for a second.
func scripted(v mqttwire.Version, servers ...[]mqttwire.Packet) func(ctx context.Context, u *urlOf) (netConn, error) {
	return func(context.Context, *urlOf) (netConn, error) {
		if len(servers) == 0 {
			return nil, errAway
		}
		near, far := connection(1000)
		s := &brokerConn{conn: far, version: v}
		s.send(servers[0]...)
		servers = servers[1:]
		go func() { time.Sleep(time.Second); far.cut() }()
		return near, nil
	}
}

// TestOnlyARepetitionIsTakenForOne: a message is like another one that a handler has, and
// has its identifier, and is handled all the same if it is not that one.
func TestOnlyARepetitionIsTakenForOne(t *testing.T) {
	message := func(dup bool) mqttwire.Packet {
		return &packets.Publish{Topic: []byte("t"), QoS: 2, PacketID: 7, Dup: dup}
	}
	present := &packets.Connack{SessionPresent: true}
	for name, test := range map[string]struct {
		version mqttwire.Version
		servers [][]mqttwire.Packet
		handled int
	}{
		"it comes again":        {mqttwire.V5, [][]mqttwire.Packet{{&packets.Connack{}, message(false)}, {present, message(true)}}, 1},
		"it comes again in 3.1": {mqttwire.V31, [][]mqttwire.Packet{{&packets.Connack{}, message(false)}, {&packets.Connack{}, message(true)}}, 1},
		"a new one in 3.1, where nobody says that the session is new": {mqttwire.V31,
			[][]mqttwire.Packet{{&packets.Connack{}, message(false)}, {&packets.Connack{}, message(false)}}, 2},
		"one of a new session that comes again itself": {mqttwire.V5,
			[][]mqttwire.Packet{{&packets.Connack{}, message(false)}, {&packets.Connack{}}, {present, message(true)}}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				handled := 0
				c, err := client.New("mqtt://broker", client.Options{
					Version: test.version, ClientID: "c", Expiry: time.Hour, Dialer: scripted(test.version, test.servers...),
					OnMessage: func(*client.Message) { handled++; time.Sleep(time.Minute) },
				})
				require.NoError(t, err)
				require.NoError(t, c.Start())
				time.Sleep(time.Hour)
				synctest.Wait()
				assert.Equal(t, test.handled, handled)
				require.NoError(t, c.Close(t.Context()))
			})
		})
	}
}
