//go:build !linux

package server

import "net"

// listenTCP listens on a TCP address.
func listenTCP(address string) (net.Listener, error) { return net.Listen("tcp", address) }
