package main

import (
	"net"
	"net/netip"
	"time"

	"github.com/pires/go-proxyproto"
)

// proxies are whose connections begin with a PROXY header, as a proxy puts it in front of
// what it passes on. Nobody else may say that he is somebody else.
type proxies struct {
	networks []netip.Prefix
	unix     bool
}

// headerTimeout is how long the header may take: a proxy sends it at once.
const headerTimeout = 5 * time.Second

// proxiesAllowed is what --proxy-protocol takes.
const proxiesAllowed = "an address, a network such as 10.0.0.0/8, or unix"

// parseProxies reads the values of --proxy-protocol.
func parseProxies(values []string) (p proxies, err error) {
	for _, value := range values {
		if value == "unix" {
			p.unix = true
			continue
		}
		network, err := netip.ParsePrefix(value)
		if err != nil {
			var address netip.Addr
			if address, err = netip.ParseAddr(value); err == nil {
				network, err = address.Prefix(address.BitLen())
			}
		}
		if err != nil {
			return p, err
		}
		p.networks = append(p.networks, network.Masked())
	}
	return p, nil
}

// has reports whether a peer is a proxy.
func (p proxies) has(peer net.Addr) bool {
	if _, ok := peer.(*net.UnixAddr); ok {
		return p.unix
	}
	at, err := netip.ParseAddrPort(peer.String())
	if err != nil {
		return false
	}
	for _, network := range p.networks {
		if network.Contains(at.Addr().Unmap().WithZone("")) {
			return true
		}
	}
	return false
}

// listener returns a listener whose connections from proxies are those of their clients.
// It goes below TLS and WebSocket, as the header comes before all else.
func (p proxies) listener(l net.Listener) net.Listener {
	if len(p.networks) == 0 && !p.unix {
		return l
	}
	return &proxyListener{proxyproto.Listener{
		Listener:          l,
		ReadHeaderTimeout: headerTimeout,
		ConnPolicy: func(o proxyproto.ConnPolicyOptions) (proxyproto.Policy, error) {
			if p.has(o.Upstream) {
				return proxyproto.REQUIRE, nil
			}
			return proxyproto.SKIP, nil
		},
	}}
}

// proxyListener accepts connections that can be closed for writing alone.
type proxyListener struct{ proxyproto.Listener }

// Accept waits for the next connection. Its header is read by who uses it first.
func (l *proxyListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if p, ok := conn.(*proxyproto.Conn); ok {
		return proxied{p}, nil
	}
	return conn, err
}

// proxied is a connection of a proxy.
type proxied struct{ *proxyproto.Conn }

// CloseWrite closes the sending side, so that the client gets what was sent last.
func (c proxied) CloseWrite() error {
	half, ok := c.Raw().(interface{ CloseWrite() error })
	if !ok {
		return net.ErrClosed
	}
	return half.CloseWrite()
}
