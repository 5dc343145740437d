package client

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mqttwire/mqttwire"
)

// schemes are the URLs that a client takes, with their ports. Those with a path are
// opened by a Transport.
var schemes = map[string]struct{ port, path string }{
	"mqtt":  {"1883", ""},
	"mqtts": {"8883", ""},
	"unix":  {"", ""},
	"ws":    {"80", "/mqtt"},
	"wss":   {"443", "/mqtt"},
}

// server is where to connect to.
type server struct {
	url      *url.URL // without user info, fragment and what is for the client
	user     *url.Userinfo
	settings url.Values // what the URL says for the client
}

// errURL says what is wrong with a URL, and nothing of what stands in it: that may be a
// password.
func errURL(why string) error { return errors.New("client: the URL of the server: " + why) }

// parseServer reads the URL of a server.
func parseServer(raw string) (server, error) {
	u, err := url.Parse(raw)
	if err != nil { // which quotes it
		return server{}, errURL("it cannot be read; it begins with a scheme, as mqtt://, and a user name and a password have to be escaped")
	}
	scheme, known := schemes[u.Scheme]
	switch {
	case !known:
		return server{}, errURL("its scheme is none of mqtt, mqtts, unix, ws, wss")
	case u.Fragment != "" || u.Opaque != "":
		return server{}, errURL("it has the form scheme://host:port")
	}
	s := server{url: &url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}, user: u.User}
	switch {
	case u.Scheme == "unix":
		if u.Host != "" || u.Path == "" {
			return server{}, errURL("that of a unix socket has the form unix:///path")
		}
	case scheme.path == "" && strings.Trim(u.Path, "/") != "":
		return server{}, errURL("there is no path in one of " + u.Scheme)
	default:
		if err := s.complete(scheme.port, scheme.path); err != nil {
			return server{}, err
		}
	}
	if scheme.path != "" { // the query is for the server, too
		s.url.RawQuery = u.RawQuery
		return s, nil
	}
	if s.settings, err = url.ParseQuery(u.RawQuery); err != nil {
		return server{}, errURL("its query cannot be read")
	}
	for key := range s.settings {
		if !slices.Contains(urlSettings, key) {
			return server{}, errURL("its query has a key that is none of " + strings.Join(urlSettings, ", "))
		}
	}
	return s, nil
}

// complete adds port and path where there are none.
func (s *server) complete(port, path string) error {
	u := s.url
	if u.Hostname() == "" {
		return errURL("it has no host")
	}
	if p := u.Port(); p != "" {
		port = p
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return errURL("its port is none of 1 to 65535")
	}
	u.Host = net.JoinHostPort(u.Hostname(), port)
	if u.Path == "" || path == "" {
		u.Path = path
	}
	return nil
}

// urlSettings are the keys of a query. What Options say goes before.
var urlSettings = []string{"clientId", "keepalive", "version", "clean", "expiry"}

// urlVersions are the values of the key version.
var urlVersions = map[string]mqttwire.Version{
	"3.1": mqttwire.V31, "3.1.1": mqttwire.V311, "5": mqttwire.V5, "5.0": mqttwire.V5,
}

// settle takes over into the options what the URL says and they do not.
func (s *server) settle(o *Options) error {
	for key, values := range s.settings {
		value := values[len(values)-1]
		fail := func() error {
			return fmt.Errorf("client: the URL of the server: its key %s has a value that it cannot have", key)
		}
		switch key {
		case "clientId":
			if o.ClientID == "" {
				o.ClientID = value
			}
		case "version":
			v, ok := urlVersions[value]
			if !ok {
				return fail()
			}
			if o.Version == 0 {
				o.Version = v
			}
		case "clean":
			clean, err := strconv.ParseBool(value)
			if err != nil {
				return fail()
			}
			o.CleanStart = o.CleanStart || clean
		default:
			n, err := strconv.ParseUint(value, 10, 32)
			if err != nil || key == "keepalive" && n > maxSeconds {
				return fail()
			}
			s.settleTime(o, key, time.Duration(n)*time.Second)
		}
	}
	return nil
}

func (s *server) settleTime(o *Options, key string, d time.Duration) {
	switch {
	case key == "expiry" && o.Expiry == 0:
		o.Expiry = d
	case key == "keepalive" && o.KeepAlive == 0 && d == 0:
		o.KeepAlive = NoKeepAlive
	case key == "keepalive" && o.KeepAlive == 0:
		o.KeepAlive = d
	}
}
