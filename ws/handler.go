package ws

import (
	"bytes"
	"net"
	"net/http"
	"slices"
	"strings"

	wire "github.com/gobwas/ws"
)

// Handler takes connections from an HTTP server that serves other things as well; the
// path is up to that. HTTP/2 has no such connections.
type Handler struct {
	// Serve is given each connection, a *Conn, and owns it; the request is answered
	// when it returns.
	Serve func(net.Conn)

	// Origins are as in ServerOptions.
	Origins []string
}

// ServeHTTP makes the handshake of a connection, and calls Serve.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !origins(h.Origins).allow(r.Header.Get("Origin"), r.Host) {
		http.Error(w, errOrigin.Error(), http.StatusForbidden)
		return
	}
	if !offersSubprotocol(r.Header) {
		http.Error(w, errSubprotocol.Error(), http.StatusBadRequest)
		return
	}
	under, buffered, shaken, err := wire.HTTPUpgrader{Protocol: isSubprotocol}.Upgrade(r, w)
	if err != nil {
		if under != nil {
			_ = under.Close()
		}
		return
	}
	early, _ := buffered.Reader.Peek(buffered.Reader.Buffered())
	h.Serve(newConn(under, false).begin(shaken.Protocol, bytes.Clone(early)))
}

// offersSubprotocol reports whether a request names a subprotocol that we speak.
func offersSubprotocol(h http.Header) bool {
	for _, line := range h.Values("Sec-WebSocket-Protocol") {
		if slices.ContainsFunc(strings.Split(line, ","), func(name string) bool { return isSubprotocol(strings.TrimSpace(name)) }) {
			return true
		}
	}
	return false
}
