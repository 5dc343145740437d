package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/mqttwire/mqttwire/server"
	"github.com/mqttwire/mqttwire/ws"
)

// defaultListen is where serve listens if nothing is said.
const defaultListen = "mqtt://127.0.0.1:1883"

// listenAll listens at all URLs, and prints them.
func (f *serveFlags) listenAll(s *served, e environment) error {
	on := transports{origins: f.origins}
	var err error
	if on.tls, err = f.tlsConfig(); err != nil {
		return err
	}
	if on.proxies, err = parseProxies(f.proxies); err != nil {
		return err
	}
	addresses := f.listen
	if len(addresses) == 0 {
		addresses = []string{defaultListen}
	}
	for _, address := range addresses {
		l, at, err := on.listen(address)
		if err != nil {
			return err
		}
		s.listeners = append(s.listeners, l)
		if scheme, _, _ := strings.Cut(at, ":"); !(f.demand && layers[scheme].tls) {
			s.warnOpen(l)
		}
		fmt.Fprintln(e.out, "listening on", at)
	}
	if f.http == "" {
		return nil
	}
	return f.listenForPages(s, e)
}

// listenForPages listens where pages are asked for, and prints that.
func (f *serveFlags) listenForPages(s *served, e environment) (err error) {
	if s.webSocket, err = net.Listen("tcp", f.http); err != nil {
		return &statusError{statusConnect, err}
	}
	s.web = &http.Server{
		Handler: s.pages(), ReadTimeout: pageTimeout, WriteTimeout: pageTimeout, IdleTimeout: pageRest,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn), // else it has another form than the log
	}
	fmt.Fprintf(e.out, "metrics on http://%s/metrics, health on http://%[1]s/health\n", s.webSocket.Addr())
	return nil
}

// pageTimeout is how long a request for a page may take, and the answer. Behind that a
// connection stays open for pageRest.
const (
	pageTimeout = 10 * time.Second
	pageRest    = time.Minute
)

// listenAllowed is what --listen takes.
const listenAllowed = "mqtt, mqtts, ws and wss://host:port, and unix:///path; behind a port a path is for ws and wss; " +
	"no user, query or fragment"

// canListen reports whether a URL is one to listen at.
func canListen(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	layer, onTCP := layers[u.Scheme]
	if !onTCP {
		return u.Scheme == "unix" && u.Host == "" && u.Path != ""
	}
	return isPort(u.Port()) && u.Host != "" && (layer.web || strings.Trim(u.Path, "/") == "")
}

// isPort reports whether there is no port, or one that there can be.
func isPort(port string) bool {
	_, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil
}

// httpAllowed is what --http takes.
const httpAllowed = "host:port, without a scheme; the host may be left out, and port 0 is a free one"

// canServePages reports whether pages may be served at an address.
func canServePages(address string) bool {
	_, port, err := net.SplitHostPort(address)
	return err == nil && port != "" && isPort(port)
}

// originsAllowed is what --websocket-origin takes.
const originsAllowed = "https://host, with a port where it is not the usual one, and no path; or *"

// isOrigin reports whether a browser could send that as the origin of a page, or it is all
// of them.
func isOrigin(origin string) bool {
	u, err := url.Parse(origin)
	return origin == "*" || err == nil && u.Scheme != "" && u.Host != "" && u.Scheme+"://"+u.Host == origin
}

// transports are what connections come through, besides TCP.
type transports struct {
	tls     *tls.Config // nil: none
	proxies proxies
	origins []string // of pages, over WebSocket
}

// webPath is that of a URL of WebSocket without one.
const webPath = "/mqtt"

// listen listens at a URL, and returns it as it is, with its port and its path.
func (on *transports) listen(address string) (net.Listener, string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, "", err
	}
	if layers[u.Scheme].tls && on.tls == nil {
		return nil, "", fmt.Errorf("--listen %s needs --cert and --key", address)
	}
	if layers[u.Scheme].web && u.Path == "" {
		u.Path = webPath
	}
	l, err := on.listenTo(u)
	if err != nil {
		return nil, "", &statusError{statusConnect, err}
	}
	if u.Scheme != "unix" {
		u.Host = l.Addr().String()
	}
	return l, u.String(), nil
}

// layers are what stands on TCP, by the scheme of a URL.
var layers = map[string]struct {
	port     string
	tls, web bool
}{
	"mqtt": {port: "1883"}, "mqtts": {port: "8883", tls: true},
	"ws": {port: "80", web: true}, "wss": {port: "443", tls: true, web: true},
}

// listenTo listens at a URL: server.Listen knows nothing of what may be below TLS and
// above it.
func (on *transports) listenTo(u *url.URL) (net.Listener, error) {
	layer, ok := layers[u.Scheme]
	below := *u
	if ok && u.Host != "" {
		below = url.URL{Scheme: "mqtt", Host: u.Host}
		if u.Port() == "" {
			below.Host = net.JoinHostPort(u.Hostname(), layer.port)
		}
	}
	l, err := server.Listen(below.String(), nil)
	if err != nil {
		return nil, err
	}
	l = on.proxies.listener(l)
	if layer.tls {
		l = tls.NewListener(l, on.tls)
	}
	if layer.web {
		l = ws.NewListener(l, ws.ServerOptions{Path: u.Path, Origins: on.origins})
	}
	return l, nil
}
