package ws_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	wire "github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/ws"
)

// request is a handshake that a Listener takes.
const request = "GET /mqtt HTTP/1.1\r\nHost: broker\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"

func TestAListenerTakesWhomItMay(t *testing.T) {
	header := func(line string) string { return strings.Replace(request, "Host:", line+"\r\nHost:", 1) }
	for name, test := range map[string]struct {
		options ws.ServerOptions
		request string
		status  string
	}{
		"as it should be":            {ws.ServerOptions{}, request, "101 Switching Protocols"},
		"with a query":               {ws.ServerOptions{}, strings.Replace(request, "/mqtt", "/mqtt?token=1", 1), "101 Switching Protocols"},
		"one of several":             {ws.ServerOptions{}, strings.Replace(request, "Protocol: mqtt", "Protocol: chat, mqttv3.1, mqtt", 1), "101 Switching Protocols"},
		"another path":               {ws.ServerOptions{}, strings.Replace(request, "/mqtt", "/", 1), "404 Not Found"},
		"its own path":               {ws.ServerOptions{Path: "/"}, strings.Replace(request, "/mqtt", "/", 1), "101 Switching Protocols"},
		"no subprotocol":             {ws.ServerOptions{}, strings.Replace(request, "Sec-WebSocket-Protocol: mqtt\r\n", "", 1), "400 Bad Request"},
		"another subprotocol":        {ws.ServerOptions{}, strings.Replace(request, "Protocol: mqtt", "Protocol: MQTT", 1), "400 Bad Request"},
		"a page of its own":          {ws.ServerOptions{}, header("Origin: https://broker"), "101 Switching Protocols"},
		"a page of a stranger":       {ws.ServerOptions{}, header("Origin: https://example.com"), "403 Forbidden"},
		"a page like its own":        {ws.ServerOptions{}, header("Origin: https://broker.example.com"), "403 Forbidden"},
		"a page that hides":          {ws.ServerOptions{}, header("Origin: null"), "403 Forbidden"},
		"a page that may":            {ws.ServerOptions{Origins: []string{"https://a.example", "https://example.com"}}, header("Origin: https://Example.com"), "101 Switching Protocols"},
		"a page that may, in part":   {ws.ServerOptions{Origins: []string{"https://example.com"}}, header("Origin: http://example.com"), "403 Forbidden"},
		"any page":                   {ws.ServerOptions{Origins: []string{"*"}}, header("Origin: https://example.com"), "101 Switching Protocols"},
		"a page, the origin is last": {ws.ServerOptions{}, strings.Replace(request, "\r\n\r\n", "\r\nOrigin: https://example.com\r\n\r\n", 1), "403 Forbidden"},
		"another method":             {ws.ServerOptions{}, strings.Replace(request, "GET", "POST", 1), "405 Method Not Allowed"},
		"no upgrade":                 {ws.ServerOptions{}, strings.Replace(request, "Upgrade: websocket\r\n", "", 1), "400 Bad Request"},
		"another version":            {ws.ServerOptions{}, strings.Replace(request, "Version: 13", "Version: 8", 1), "426 Upgrade Required"},
		"what is too large":          {ws.ServerOptions{}, header("Cookie: " + strings.Repeat("x", 8<<10)), "431 Request Header Fields Too Large"},
		"MQTT without WebSocket":     {ws.ServerOptions{}, "\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00", ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, piece := range []int{1, 1 << 20} {
				one, other := net.Pipe()
				conn, err := ws.NewListener(&once{conn: one}, test.options).Accept()
				require.NoError(t, err)
				ended := make(chan error, 1)
				go func() {
					_, err := conn.Read(nil)
					_, again := conn.Write([]byte{0xC0, 0})
					ended <- errors.Join(err, again)
					_ = conn.Close()
				}()
				go func() {
					for b := test.request; b != ""; b = b[min(piece, len(b)):] {
						if _, err := io.WriteString(other, b[:min(piece, len(b))]); err != nil {
							return
						}
					}
				}()
				got, _ := bufio.NewReader(other).ReadString('\n')
				assert.Equal(t, test.status, strings.TrimSpace(strings.TrimPrefix(got, "HTTP/1.1 ")))
				go func() { _, _ = io.Copy(io.Discard, other) }()
				if test.status == "101 Switching Protocols" {
					assert.NoError(t, <-ended)
				} else {
					assert.ErrorContains(t, <-ended, "ws: handshake: ")
				}
				_ = other.Close()
			}
		})
	}
}

func TestAClientThatIsSlowHoldsUpNobody(t *testing.T) {
	under, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	listener := ws.NewListener(under, ws.ServerOptions{})
	defer listener.Close()
	slow, err := net.Dial("tcp", under.Addr().String())
	require.NoError(t, err)
	defer slow.Close()
	waiting, err := listener.Accept()
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() {
		_, err := waiting.Read(make([]byte, 1))
		ended <- err
	}()
	go func() {
		conn, err := listener.Accept()
		if assert.NoError(t, err) {
			_, _ = io.Copy(conn, conn)
		}
	}()
	c, err := ws.Dial(t.Context(), "ws://"+under.Addr().String(), ws.Options{})
	require.NoError(t, err)
	require.NoError(t, c.Close())
	require.NoError(t, waiting.SetDeadline(time.Unix(1, 0)))
	assert.ErrorContains(t, <-ended, "i/o timeout")
	require.NoError(t, waiting.Close())
}

// What comes in one piece with the handshake is not lost.
func TestWhatComesBehindTheHandshakeIsRead(t *testing.T) {
	one, other := net.Pipe()
	conn, err := ws.NewListener(&once{conn: one}, ws.ServerOptions{}).Accept()
	require.NoError(t, err)
	go func() {
		_, err := io.WriteString(other, request+string(frame(false, wire.NewBinaryFrame([]byte("early, and long")))))
		assert.NoError(t, err)
	}()
	go func() { _, _ = io.Copy(io.Discard, other) }()
	_, err = conn.Write(publish(t, 10_000)) // which needs a buffer too
	require.NoError(t, err)
	got := make([]byte, 15)
	for i := range got {
		_, err = io.ReadFull(conn, got[i:i+1])
		require.NoError(t, err)
	}
	assert.Equal(t, "early, and long", string(got))
	_ = other.Close()

	one, other = net.Pipe()
	go func() {
		joined := &joined{Conn: other}
		_, err := wire.Upgrader{Protocol: func([]byte) bool { return true }}.Upgrade(joined)
		assert.NoError(t, err)
		_, err = other.Write(append(joined.held, frame(true, wire.NewBinaryFrame([]byte("early")))...))
		assert.NoError(t, err)
	}()
	c, err := ws.Dial(t.Context(), "ws://broker", ws.Options{Dial: dialer(one)})
	require.NoError(t, err)
	_, err = io.ReadFull(c, got[:5])
	require.NoError(t, err)
	assert.Equal(t, "early", string(got[:5]))
	_ = other.Close()
}

// joined holds back what is written.
type joined struct {
	net.Conn
	held []byte
}

func (j *joined) Write(b []byte) (int, error) {
	j.held = append(j.held, b...)
	return len(b), nil
}

func TestDialSaysWhatIsWrongAndNeverAPassword(t *testing.T) {
	answer := func(text string) *httptest.Server {
		return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if assert.NoError(t, err) {
				_, _ = io.WriteString(conn, text)
				_ = conn.Close()
			}
		}))
	}
	notFound, none := answer("HTTP/1.1 404 Not Found\r\n\r\n"), answer("HTTP/1.1 200\r\nWhat")
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _, _, err := wire.HTTPUpgrader{}.Upgrade(r, w)
		assert.NoError(t, err)
	}))
	for _, s := range []*httptest.Server{notFound, none, other} {
		defer s.Close()
	}
	at := func(s *httptest.Server) string { return strings.Replace(s.URL, "http://", "ws://user:secret@", 1) }
	for address, want := range map[string]string{
		"mqtt://user:secret@host":                      `ws: the scheme is "mqtt"; it is ws or wss`,
		"ws://user:secret@/mqtt":                       "ws: the URL has no host",
		"ws://user:secret@host:port/mqtt":              "ws: the URL is none",
		at(notFound):                                   "ws: " + strings.Replace(notFound.URL, "http", "ws", 1) + "/mqtt: the server answers 404 Not Found to the handshake",
		at(none) + "/x?token=secret":                   "/x: handshake: malformed HTTP response",
		at(other):                                      `the server does not speak the subprotocol "mqtt"`,
		"wss" + strings.TrimPrefix(at(notFound), "ws"): "tls: first record does not look like a TLS handshake",
		"ws://user:secret@127.0.0.1:1":                 "connection refused",
	} {
		_, err := ws.Dial(t.Context(), address, ws.Options{})
		require.Error(t, err, address)
		assert.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "secret")
		assert.NotContains(t, err.Error(), "user")
	}
}

func TestAConnectionWhoseTLSFailsIsClosed(t *testing.T) {
	one, other := net.Pipe()
	go func() {
		_, _ = other.Read(make([]byte, 4096))
		_, _ = io.WriteString(other, "no TLS")
		_, _ = io.Copy(io.Discard, other)
	}()
	_, err := ws.Dial(t.Context(), "wss://broker", ws.Options{Dial: dialer(one)})
	require.Error(t, err)
	_, err = one.Write([]byte("x"))
	assert.ErrorIs(t, err, io.ErrClosedPipe)
}

func TestDialEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, scheme := range []string{"ws", "wss"} {
			one, other := net.Pipe()
			go func() { _, _ = io.Copy(io.Discard, other) }() // takes everything, answers nothing
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			began := time.Now()
			_, err := ws.Dial(ctx, scheme+"://broker", ws.Options{Dial: dialer(one)})
			assert.ErrorIs(t, err, context.DeadlineExceeded, scheme)
			assert.Equal(t, time.Minute, time.Since(began), scheme)
			cancel()
			_, err = one.Write([]byte("x"))
			assert.ErrorIs(t, err, io.ErrClosedPipe, "it is closed")
		}
	})
}

func TestAURLIsCompleted(t *testing.T) {
	for address, want := range map[string]string{
		"ws://broker":                        "broker:80 /mqtt",
		"wss://broker":                       "broker:443 /mqtt",
		"ws://broker:8080/":                  "broker:8080 /",
		"ws://user:x@[::1]/a/b?token=1#here": "[::1]:80 /a/b?token=1",
	} {
		one, other := net.Pipe()
		got := make(chan *http.Request, 1)
		if strings.HasPrefix(address, "ws:") {
			go func() {
				r, err := http.ReadRequest(bufio.NewReader(other))
				assert.NoError(t, err)
				got <- r
				_ = other.Close()
			}()
		}
		header := http.Header{"Cookie": {"a=b"}}
		var dialed string
		_, err := ws.Dial(t.Context(), address, ws.Options{Header: header, Version: mqttwire.V31,
			Dial: func(ctx context.Context, u *url.URL) (net.Conn, error) {
				assert.Nil(t, u.User)
				dialed = u.Host + " " + u.RequestURI()
				if u.Scheme == "wss" {
					return nil, io.ErrNoProgress
				}
				return one, nil
			}})
		require.Error(t, err)
		assert.Equal(t, want, dialed)
		if strings.HasPrefix(address, "ws:") {
			r := <-got
			assert.Equal(t, strings.Split(want, " ")[1], r.RequestURI)
			assert.Equal(t, "a=b", r.Header.Get("Cookie"))
			assert.Equal(t, "mqttv3.1", r.Header.Get("Sec-WebSocket-Protocol"))
			assert.Empty(t, r.Header.Get("Authorization"))
		}
	}
}

func TestAHandlerTakesConnectionsFromAnHTTPServer(t *testing.T) {
	echo := func(conn net.Conn) {
		defer conn.Close()
		_, _ = io.Copy(conn, conn)
	}
	mux := http.NewServeMux()
	mux.Handle("/mqtt", &ws.Handler{Serve: echo})
	mux.Handle("/all", &ws.Handler{Serve: echo, Origins: []string{"*"}})
	plain, secure := httptest.NewServer(mux), httptest.NewUnstartedServer(mux)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer plain.Close()
	defer secure.Close()
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	o := ws.Options{TLS: &tls.Config{RootCAs: roots, ServerName: "example.com"}}
	for _, s := range []*httptest.Server{plain, secure} {
		c, err := ws.Dial(t.Context(), strings.Replace(s.URL, "http", "ws", 1), o)
		require.NoError(t, err)
		assert.Equal(t, "mqtt", c.Subprotocol())
		_, err = c.Write([]byte{0xC0, 0})
		require.NoError(t, err)
		got := make([]byte, 2)
		_, err = io.ReadFull(c, got)
		require.NoError(t, err)
		assert.Equal(t, []byte{0xC0, 0}, got)
		require.NoError(t, c.Close())
	}
	_, err := ws.Dial(t.Context(), strings.Replace(secure.URL, "http", "ws", 1), ws.Options{})
	assert.ErrorContains(t, err, "certificate")
	o.Header = http.Header{"Origin": {"https://example.com"}}
	_, err = ws.Dial(t.Context(), strings.Replace(plain.URL, "http", "ws", 1), o)
	assert.ErrorContains(t, err, "403 Forbidden")
	c, err := ws.Dial(t.Context(), strings.Replace(plain.URL, "http", "ws", 1)+"/all", o)
	require.NoError(t, err)
	require.NoError(t, c.Close())

	_, _, _, err = wire.Dial(t.Context(), strings.Replace(plain.URL, "http", "ws", 1)+"/mqtt")
	assert.Equal(t, wire.StatusError(http.StatusBadRequest), err, "no subprotocol")
	response, err := http.Get(plain.URL + "/mqtt")
	require.NoError(t, err)
	assert.Equal(t, http.StatusBadRequest, response.StatusCode)
	require.NoError(t, response.Body.Close())
	r, err := http.NewRequest(http.MethodGet, plain.URL+"/mqtt", nil)
	require.NoError(t, err)
	r.Header.Set("Sec-WebSocket-Protocol", "chat, mqtt")
	response, err = http.DefaultClient.Do(r)
	require.NoError(t, err)
	assert.Equal(t, http.StatusBadRequest, response.StatusCode, "no upgrade")
	require.NoError(t, response.Body.Close())
}
