//go:build !unix

package server

import "net"

// listenSocket listens at a path.
func listenSocket(path string) (net.Listener, error) { return net.Listen("unix", path) }
