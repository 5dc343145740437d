package server_test

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/server"
)

// A connection whose peer is not known yet, as its handshake of TLS goes on.
func TestAServerMayBeClosedWhileAConnectionBegins(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *server.Server) error{
		"Close":    func(_ *testing.T, s *server.Server) error { return s.Close() },
		"Shutdown": func(t *testing.T, s *server.Server) error { return s.Shutdown(t.Context()) },
	} {
		for _, s := range []*server.Server{{}, withBroker()} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					known := make(chan struct{})
					s.Identify = func(net.Conn) string { <-known; return "" }
					near, far := net.Pipe()
					served, ended := make(chan error, 1), make(chan error, 1)
					go func() { served <- s.ServeConn(far) }()
					synctest.Wait()
					assert.Empty(t, s.Conns())
					assert.Equal(t, 1, s.Stats().Conns)
					go func() { ended <- end(t, s) }()
					synctest.Wait()
					_, err := near.Read(make([]byte, 1))
					assert.Error(t, err, "it is closed")
					close(known)
					<-served
					require.NoError(t, <-ended)
				})
			})
		}
	}
}

func TestAHandlerMayCloseItsServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s server.Server
		closed := make(chan error, 1)
		s.Handler.Publish = func(*server.Conn, *packets.Publish) (mqttwire.Packet, error) {
			closed <- s.Close()
			return nil, nil
		}
		near, far := net.Pipe()
		served := make(chan error, 1)
		go func() { served <- s.ServeConn(far) }()
		c := newClient(t, near)
		c.connects(mqttwire.V311, "c")
		require.NoError(t, c.Send(&packets.Publish{Topic: []byte("t")}))
		require.NoError(t, <-closed)
		<-served
		assert.NoError(t, near.Close())
		time.Sleep(time.Minute)
	})
}
