//go:build linux

package server

import (
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A kernel that does not have an option is no reason not to listen: each connection asks
// for the probes then, as package net does.
func TestWhereAListenerCannotHaveTheProbesItsConnectionsHaveThem(t *testing.T) {
	before := keptAlive
	defer func() { keptAlive = before }()
	keptAlive = append(keptAlive[:1:1], inherited{syscall.IPPROTO_TCP, 9999, 1})
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
		on, err := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_KEEPALIVE)
		assert.NoError(t, err)
		assert.Equal(t, 1, on)
	}))
}
