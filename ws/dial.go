package ws

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	wire "github.com/gobwas/ws"

	"github.com/mqttwire/mqttwire"
)

// Options say how Dial connects. The zero value is right for most.
type Options struct {
	// Version is that of MQTT; 3.1 has a subprotocol of its own.
	Version mqttwire.Version

	// Dial makes the connection below, to u.Host: through a proxy, from an address. nil
	// is TCP. The rest of the URL is for the handshake.
	Dial func(ctx context.Context, u *url.URL) (net.Conn, error)

	// TLS is for wss. Its ServerName is the host of the URL unless it is set; nil is
	// the system's.
	TLS *tls.Config

	// Header is sent with the handshake besides what that needs: a cookie, a token.
	Header http.Header
}

// Dial connects to a server: ws://host or wss://host, with a port or 80 and 443, with a
// path or /mqtt, with a query. It is back when the handshake is done. User name and
// password of the URL are not sent; they and the query are told in no error.
func Dial(ctx context.Context, address string, o Options) (*Conn, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("ws: the URL is none") // its text may hold a password
	}
	if err := complete(u); err != nil {
		return nil, err
	}
	c, err := dial(ctx, u, o)
	if err != nil {
		return nil, fmt.Errorf("ws: %s://%s%s: %w", u.Scheme, u.Host, u.EscapedPath(), err) // a query may hold a token
	}
	return c, nil
}

// complete adds what a URL leaves out, and takes out what is for nobody else.
func complete(u *url.URL) error {
	port := ""
	switch u.Scheme {
	case "ws":
		port = "80"
	case "wss":
		port = "443"
	default:
		return fmt.Errorf("ws: the scheme is %q; it is ws or wss", u.Scheme)
	}
	if u.Hostname() == "" {
		return errors.New("ws: the URL has no host")
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), port)
	}
	if u.Path == "" {
		u.Path = defaultPath
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	return nil
}

// dial connects to a URL that is complete.
func dial(ctx context.Context, u *url.URL, o Options) (*Conn, error) {
	under, err := o.connect(ctx, u)
	if err != nil {
		return nil, err
	}
	c, err := o.upgrade(ctx, under, u)
	if err != nil {
		_ = under.Close()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, err
	}
	return c, nil
}

// connect makes the connection below.
func (o Options) connect(ctx context.Context, u *url.URL) (net.Conn, error) {
	var conn net.Conn
	var err error
	if o.Dial != nil {
		conn, err = o.Dial(ctx, u)
	} else {
		conn, err = new(net.Dialer).DialContext(ctx, "tcp", u.Host)
	}
	if err != nil || u.Scheme != "wss" {
		return conn, err
	}
	config := &tls.Config{}
	if o.TLS != nil {
		config = o.TLS.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = u.Hostname()
	}
	if config.NextProtos == nil {
		config.NextProtos = []string{"http/1.1"} // a server might choose another
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return secure, nil
}

// longAgo is a deadline that has passed.
var longAgo = time.Unix(1, 0)

// upgrade makes the handshake.
func (o Options) upgrade(ctx context.Context, under net.Conn, u *url.URL) (*Conn, error) {
	stop := context.AfterFunc(ctx, func() { _ = under.SetDeadline(longAgo) })
	defer stop()
	want := subprotocolOf(o.Version)
	dialer := wire.Dialer{Protocols: []string{want}, Header: wire.HandshakeHeaderHTTP(o.Header)}
	reader, shaken, err := dialer.Upgrade(under, u)
	if err != nil {
		return nil, told(err)
	}
	var early []byte
	if reader != nil { // what the server has sent right behind its answer
		early = make([]byte, reader.Buffered())
		_, err = reader.Read(early)
		wire.PutReader(reader)
	}
	switch {
	case err != nil:
		return nil, err
	case shaken.Protocol != want:
		return nil, fmt.Errorf("the server does not speak the subprotocol %q", want) // [MQTT-6.0.0-4]
	case !stop():
		return nil, ctx.Err()
	}
	return newConn(under, true).begin(want, early), nil
}

// told returns an error of the handshake in words of this package.
func told(err error) error {
	var status wire.StatusError
	if errors.As(err, &status) {
		return fmt.Errorf("the server answers %d %s to the handshake", int(status), http.StatusText(int(status)))
	}
	return fmt.Errorf("handshake: %w", err)
}
