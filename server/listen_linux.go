package server

import (
	"context"
	"net"
	"syscall"
)

// keptAlive are the options of a listener that its connections inherit: the probes that
// package net asks for by four system calls for each connection, of which the first comes
// after 15 s without a byte, the next ones every 15 s, and nine without an answer end it.
var keptAlive = []struct{ level, option, value int }{
	{syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, 15},
	{syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, 15},
	{syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, 9},
	{syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1},
}

// listenTCP listens on a TCP address.
func listenTCP(address string) (net.Listener, error) {
	c := net.ListenConfig{KeepAlive: -1, Control: func(_, _ string, raw syscall.RawConn) (err error) {
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
	}}
	return c.Listen(context.Background(), "tcp", address)
}
