package ws

import (
	"strings"

	"github.com/mqttwire/mqttwire"
)

// The names of the subprotocols: that of MQTT 3.1 is what its clients and servers have
// used before there was a standard. [MQTT-6.0.0-3]
const (
	subprotocol    = "mqtt"
	subprotocolV31 = "mqttv3.1"
)

// subprotocolOf returns the name for a version.
func subprotocolOf(v mqttwire.Version) string {
	if v == mqttwire.V31 {
		return subprotocolV31
	}
	return subprotocol
}

// isSubprotocol reports whether a name is one of a subprotocol.
func isSubprotocol(name string) bool { return name == subprotocol || name == subprotocolV31 }

// defaultPath is that of a URL without one, and where a Listener expects its clients.
const defaultPath = "/mqtt"

// origins are those from which a browser may connect.
type origins []string

// allow reports whether a client may connect that a page of origin has made: one that is
// no browser's, one of the server's own pages, or one of the list. RFC 6455, section
// 10.2.
func (o origins) allow(origin, host string) bool {
	if origin == "" {
		return true
	}
	_, from, _ := strings.Cut(origin, "://")
	if strings.EqualFold(from, host) {
		return true
	}
	for _, allowed := range o {
		if allowed == "*" || strings.EqualFold(allowed, origin) {
			return true
		}
	}
	return false
}
