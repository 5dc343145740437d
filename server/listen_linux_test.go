package server_test

import (
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire/server"
)

// Nobody asks for probes of a connection, which takes system calls for each.
func TestConnectionsInheritTheProbesOfTheirListener(t *testing.T) {
	l, err := server.Listen("mqtt://127.0.0.1:0", nil)
	require.NoError(t, err)
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer near.Close()
	far, err := l.Accept()
	require.NoError(t, err)
	defer far.Close()
	raw, err := far.(*net.TCPConn).SyscallConn()
	require.NoError(t, err)
	var got [4]int
	require.NoError(t, raw.Control(func(fd uintptr) {
		for i, o := range [][2]int{
			{syscall.SOL_SOCKET, syscall.SO_KEEPALIVE}, {syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE},
			{syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL}, {syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT},
		} {
			got[i], err = syscall.GetsockoptInt(int(fd), o[0], o[1])
			assert.NoError(t, err)
		}
	}))
	assert.Equal(t, [4]int{1, 15, 15, 9}, got)
}
