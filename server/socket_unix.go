//go:build unix

package server

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// listenSocket listens at a path. The socket that a process has left which was killed is
// in the way of the next one for ever, and is removed.
func listenSocket(path string) (net.Listener, error) {
	l, err := net.Listen("unix", path)
	if !errors.Is(err, syscall.EADDRINUSE) || !isLeft(path) || os.Remove(path) != nil {
		return l, err
	}
	return net.Listen("unix", path)
}

// isLeft reports whether a file is a socket at which nobody listens: a connection is
// refused then, and not where somebody is only slow.
func isLeft(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != os.ModeSocket {
		return false
	}
	conn, err := net.Dial("unix", path)
	if err == nil {
		_ = conn.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}
