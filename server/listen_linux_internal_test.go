//go:build linux

package server

import (
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Of the listener, without a system call for each connection; or, as a kernel that does not
// have an option is no reason not to listen, of package net.
func TestConnectionsHaveTheProbesOfTheirListenerOrTheirOwn(t *testing.T) {
	before := keptAlive
	defer func() { keptAlive = before }()
	for _, options := range [][]inherited{before, append(before[:1:1], inherited{syscall.IPPROTO_TCP, 9999, 1})} {
		keptAlive = options
		assert.Equal(t, [4]int{1, 15, 15, 9}, probes(t))
	}
	keptAlive = append(before[:3:3], inherited{syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 0})
	assert.Equal(t, [4]int{0, 15, 15, 9}, probes(t), "nobody asks for them beside the listener")
}

// probes returns whether a connection of listenTCP has probes, and their times and number.
func probes(t *testing.T) (got [4]int) {
	l, err := listenTCP("127.0.0.1:0")
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
	require.NoError(t, raw.Control(func(fd uintptr) {
		for i, o := range []inherited{
			{syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 0}, {syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, 0},
			{syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, 0}, {syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, 0},
		} {
			got[i], err = syscall.GetsockoptInt(int(fd), o.level, o.option)
			assert.NoError(t, err)
		}
	}))
	return got
}
