package ws

import (
	"context"
	"net"
	"net/http"
	"net/url"

	"github.com/mqttwire/mqttwire/client"
)

// Who imports this package, also as _, can give URLs of ws and wss to a client.
func init() {
	client.RegisterTransport("ws", Transport(nil))
	client.RegisterTransport("wss", Transport(nil))
}

// Transport returns what opens the connections of a client whose handshakes have a
// header besides what they need: for client.Options.Transport.
func Transport(h http.Header) client.Transport {
	return func(ctx context.Context, u *url.URL, o client.TransportOptions) (net.Conn, error) {
		c, err := Dial(ctx, u.String(), Options{Version: o.Version, Dial: o.Dial, TLS: o.TLS, Header: h})
		if err != nil {
			return nil, err
		}
		return c, nil
	}
}
