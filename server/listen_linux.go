package server

import (
	"context"
	"net"
	"syscall"
)

// inherited is an option of a listener that its connections inherit.
type inherited struct{ level, option, value int }

// keptAlive are the probes that package net asks for by four system calls for each
// connection, of which the first comes after 15 s without a byte, the next ones every
// 15 s, and nine without an answer end it.
var keptAlive = []inherited{
	{syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, 15},
	{syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, 15},
	{syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, 9},
	{syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1},
}

// listenTCP listens on a TCP address. Where the listener cannot have the probes, package
// net asks for them, and does without those that the system does not have.
func listenTCP(address string) (net.Listener, error) {
	var unset error
	c := net.ListenConfig{KeepAlive: -1, Control: func(_, _ string, raw syscall.RawConn) error {
		unset = keepAlive(raw)
		return unset
	}}
	l, err := c.Listen(context.Background(), "tcp", address)
	if unset != nil {
		return net.Listen("tcp", address)
	}
	return l, err
}

// keepAlive sets the options of a listener.
func keepAlive(raw syscall.RawConn) (err error) {
	failed := raw.Control(func(fd uintptr) {
		for _, o := range keptAlive {
			if err = syscall.SetsockoptInt(int(fd), o.level, o.option, o.value); err != nil {
				return
			}
		}
	})
	if failed != nil {
		return failed
	}
	return err
}
