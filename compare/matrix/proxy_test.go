package main

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAProxyClosesThoughItsServerReadsNothing(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { assert.NoError(t, server.Close()) }()
	for _, cutting := range []bool{false, true} {
		p, err := newProxy(server.Addr().String(), 0, 0)
		require.NoError(t, err)
		if cutting {
			p.cut()
		}
		client, err := net.Dial("tcp", p.addr())
		require.NoError(t, err)
		silent, err := server.Accept()
		require.NoError(t, err)
		for err == nil { // until neither the server's memory nor the proxy's has room
			require.NoError(t, client.SetWriteDeadline(time.Now().Add(100*time.Millisecond)))
			_, err = client.Write(make([]byte, 1<<20))
		}
		require.NoError(t, client.Close())
		closed := make(chan struct{})
		go func() { p.close(); close(closed) }()
		select {
		case <-closed:
		case <-time.After(10 * time.Second):
			require.Fail(t, "it does not close")
		}
		require.NoError(t, silent.Close())
	}
}
