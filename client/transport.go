package client

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"sync"

	"github.com/mqttwire/mqttwire"
)

// Transport opens the connection of a URL whose scheme is not built in: ws and wss. u
// has host, port and path, and the query as it was given; it has no user info. The
// connection is a stream of bytes: what is written at once may be any part of packets.
// If it has a method CloseWrite() error, that is called behind the last packet.
type Transport func(ctx context.Context, u *url.URL, o TransportOptions) (net.Conn, error)

// TransportOptions are what a Transport is told of the client.
type TransportOptions struct {
	// Dial opens the network connection to u.Host; it is never nil.
	Dial func(ctx context.Context, u *url.URL) (net.Conn, error)

	// TLS is for wss: a copy, with its ServerName set; it is never nil.
	TLS *tls.Config

	// Version is that of the attempt: 3.1 has another subprotocol of WebSocket than
	// the others. [MQTT-6.0.0-3]
	Version mqttwire.Version
}

var transports struct {
	mu    sync.Mutex
	known map[string]Transport
}

// RegisterTransport makes a Transport known for ws or wss, as package ws does when it is
// imported. It panics for another scheme, and for one that has a Transport already.
func RegisterTransport(scheme string, t Transport) {
	transports.mu.Lock()
	defer transports.mu.Unlock()
	if schemes[scheme].path == "" || transports.known[scheme] != nil || t == nil {
		panic("client: no transport can be registered for the scheme " + scheme)
	}
	if transports.known == nil {
		transports.known = make(map[string]Transport)
	}
	transports.known[scheme] = t
}

// transport returns what opens connections of a scheme, or nil if it is built in.
func (o *Options) transport(scheme string) (Transport, error) {
	if schemes[scheme].path == "" {
		return nil, nil
	}
	if o.Transport != nil {
		return o.Transport, nil
	}
	transports.mu.Lock()
	defer transports.mu.Unlock()
	if t := transports.known[scheme]; t != nil {
		return t, nil
	}
	return nil, errors.New("client: the scheme " + scheme + ` needs package ws: import _ "github.com/mqttwire/mqttwire/ws"`)
}

// dial opens the connection to a server, within ctx whatever user code does.
func (o *Options) dial(ctx context.Context, u *url.URL, v mqttwire.Version) (net.Conn, error) {
	open, err := o.transport(u.Scheme)
	if err != nil {
		return nil, err
	}
	dial := o.Dialer
	if dial == nil {
		dial = dialNet
	}
	if open != nil {
		t := TransportOptions{Dial: dial, TLS: o.tlsFor(u), Version: v}
		return await(ctx, func() (net.Conn, error) { return open(ctx, u, t) }, closeLate)
	}
	conn, err := await(ctx, func() (net.Conn, error) { return dial(ctx, u) }, closeLate)
	if err != nil || u.Scheme != "mqtts" {
		return conn, err
	}
	secure := tls.Client(conn, o.tlsFor(u))
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}

// tlsFor returns the TLS options for a server.
func (o *Options) tlsFor(u *url.URL) *tls.Config {
	c := &tls.Config{}
	if o.TLS != nil {
		c = o.TLS.Clone()
	}
	if c.ServerName == "" {
		c.ServerName = u.Hostname()
	}
	return c
}

// dialNet is the usual Dialer.
func dialNet(ctx context.Context, u *url.URL) (net.Conn, error) {
	var d net.Dialer
	if u.Scheme == "unix" {
		return d.DialContext(ctx, "unix", u.Path)
	}
	return d.DialContext(ctx, "tcp", u.Host)
}

func closeLate(conn net.Conn) {
	if conn != nil {
		_ = conn.Close()
	}
}

// await calls f, which is code of the user, and returns what it does, or at the end of
// ctx the error of that; what comes later is given to late.
func await[T any](ctx context.Context, f func() (T, error), late func(T)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		v, err := f()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		if late != nil {
			go func() { late((<-done).value) }()
		}
		var none T
		return none, context.Cause(ctx)
	}
}
