package ws

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	wire "github.com/gobwas/ws"
)

// ServerOptions say whom a Listener takes. The zero value is safe.
type ServerOptions struct {
	// Path is that of the URL; "" is /mqtt. Others are answered by 404.
	Path string

	// Origins are those of the pages that may connect from a browser, such as
	// "https://example.com", besides those of the server itself; "*" is all. Who is no
	// browser is not asked. Others are answered by 403.
	Origins []string
}

// Listener accepts connections over WebSocket.
type Listener struct {
	net.Listener
	options ServerOptions
}

// NewListener returns a Listener on one of TCP or, for wss, of package crypto/tls.
func NewListener(under net.Listener, o ServerOptions) *Listener {
	if o.Path == "" {
		o.Path = defaultPath
	}
	return &Listener{under, o}
}

// Accept waits for the next connection, a *Conn. Its handshake is made with its first
// Read or Write, for which a deadline should be set.
func (l *Listener) Accept() (net.Conn, error) {
	under, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := newConn(under, false)
	c.handshake = func() error {
		if err := l.shake(c); err != nil {
			return fmt.Errorf("ws: handshake: %w", err)
		}
		return nil
	}
	return c, nil
}

// maxRequest is the most bytes of a request for a handshake.
const maxRequest = 8 << 10

// shake makes the handshake of a connection.
func (l *Listener) shake(c *Conn) error {
	buffer := buffers.Get().(*[bufferSize]byte)
	defer buffers.Put(buffer)
	request, early, err := readRequest(c.under, buffer[:maxRequest])
	if err != nil {
		return err
	}
	c.early = bytes.Clone(early)
	c.chosen, err = l.upgrade(struct {
		io.Reader
		io.Writer
	}{bytes.NewReader(request), c.under})
	return err
}

// readRequest reads a request into a buffer, and returns what has come behind it too.
func readRequest(conn net.Conn, buffer []byte) (request, early []byte, err error) {
	n := 0
	for n < len(buffer) {
		more, err := conn.Read(buffer[n:])
		if n += more; n > 0 && (buffer[0] < 'A' || buffer[0] > 'Z') {
			return nil, nil, errors.New("what comes is no request of HTTP")
		}
		if end := bytes.Index(buffer[:n], []byte("\r\n\r\n")); end >= 0 {
			return buffer[:end+4], buffer[end+4 : n], nil
		}
		if err != nil {
			return nil, nil, err
		}
	}
	_, err = io.WriteString(conn, "HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n\r\n")
	return nil, nil, errors.Join(errors.New("the request is too large"), err)
}

// upgrade answers a request, and returns the subprotocol.
func (l *Listener) upgrade(conn io.ReadWriter) (chosen string, err error) {
	var origin, host string
	u := wire.Upgrader{
		Protocol: func(name []byte) bool {
			if isSubprotocol(string(name)) {
				chosen = string(name)
			}
			return chosen != ""
		},
		OnRequest: func(uri []byte) error {
			if path, _, _ := bytes.Cut(uri, []byte("?")); string(path) != l.options.Path {
				return refuse(http.StatusNotFound, "there is nothing at this path")
			}
			return nil
		},
		OnHost: func(value []byte) error {
			host = string(value)
			return nil
		},
		OnHeader: func(key, value []byte) error {
			if string(key) == "Origin" {
				origin = string(value)
			}
			return nil
		},
		OnBeforeUpgrade: func() (wire.HandshakeHeader, error) {
			switch {
			case !origins(l.options.Origins).allow(origin, host):
				return nil, errOrigin
			case chosen == "":
				return nil, errSubprotocol
			}
			return nil, nil
		},
	}
	_, err = u.Upgrade(conn)
	return chosen, err
}

// What a server answers to whom it does not take.
var (
	errOrigin      = refuse(http.StatusForbidden, "pages of this origin may not connect")
	errSubprotocol = refuse(http.StatusBadRequest, "the subprotocol mqtt is not offered")
)

// refuse returns an error that the client is answered with.
func refuse(status int, why string) error {
	return wire.RejectConnectionError(wire.RejectionStatus(status), wire.RejectionReason(why))
}
