package ws_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
	"github.com/mqttwire/mqttwire/ws"
)

// echo is a server that sends each client what it publishes itself.
func echo(conn net.Conn) {
	defer conn.Close()
	link := session.NewLink(session.LinkOptions{Side: mqttwire.FromServer})
	s := session.New(session.Options{Side: mqttwire.FromServer})
	buffer := make([]byte, 4096)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		now := time.Now()
		link.Feed(now, buffer[:n])
		for p, ok := link.Packet(); ok; p, ok = link.Packet() {
			link.Handle(now)
			for e, ok := link.Event(); ok; e, ok = link.Event() {
				if p, ok := e.Packet.(*packets.Publish); ok {
					_, _ = s.Publish(now, session.NewMessage(now, p), session.Delivery{QoS: p.QoS})
				}
			}
			if p.Type() == mqttwire.CONNECT {
				_ = link.Accept(now, s, nil)
			}
		}
		out := link.Append(nil, 1<<20)
		n, err = conn.Write(out)
		link.Wrote(time.Now(), n)
		if _, closed := link.Closed(); closed || err != nil {
			return
		}
	}
}

func TestAClientConnectsOverWebSocket(t *testing.T) {
	handler := &ws.Handler{Serve: echo}
	asked := make(chan string, 1)
	mux := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Header.Get("Cookie") + " " + r.URL.RawQuery
		handler.ServeHTTP(w, r)
	})
	plain, secure := httptest.NewServer(mux), httptest.NewTLSServer(mux)
	defer plain.Close()
	defer secure.Close()
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	for _, s := range []*httptest.Server{plain, secure} {
		for _, v := range []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5} {
			c, err := client.Dial(t.Context(), strings.Replace(s.URL, "http", "ws", 1)+"/mqtt?token=1", client.Options{
				Version: v, ClientID: "c", TLS: &tls.Config{RootCAs: roots},
				Transport: ws.Transport(http.Header{"Cookie": {"a=b"}}),
			})
			require.NoError(t, err)
			got := make(chan string, 1)
			_, err = c.Subscribe(t.Context(), func(m *client.Message) { got <- m.Topic + " " + string(m.Payload) }, client.Sub("t", 2))
			require.NoError(t, err)
			require.NoError(t, c.Publish(t.Context(), "t", []byte("hello"), client.QoS(2)))
			assert.Equal(t, "t hello", <-got)
			assert.Equal(t, "a=b token=1", <-asked)
			require.NoError(t, c.Close(t.Context()))
		}
	}
	c, err := client.Dial(t.Context(), strings.Replace(plain.URL, "http", "ws", 1), client.Options{ClientID: "c"})
	require.NoError(t, err)
	require.NoError(t, c.Close(t.Context()))
	assert.Equal(t, " ", <-asked, "the Transport that is registered has no header")
	_, err = client.Dial(t.Context(), strings.Replace(plain.URL, "http", "wss", 1), client.Options{Backoff: client.Backoff{Never: true}})
	assert.ErrorContains(t, err, "tls: first record does not look like a TLS handshake")
}
