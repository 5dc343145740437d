package server

import (
	"crypto/tls"
	"errors"
	"net"
	"net/url"
)

// ErrScheme says that a URL is none that Listen takes.
var ErrScheme = errors.New("server: the URL is none of mqtt://host:port, mqtts://host:port and unix:///path")

// ErrCertificate says that the configuration of TLS that Listen was given has no certificate
// and no function to get one by.
var ErrCertificate = errors.New("server: the configuration of TLS has no certificate")

// Listen listens where a URL says: mqtt with port 1883 unless it has another, mqtts with
// port 8883 and the configuration, or unix with a path. It returns ErrScheme for another
// URL, as one with a user, a query or a fragment, or a path behind a port, and for mqtts
// without a configuration; ErrCertificate; or the error of package net.
//
// Where there is a socket at the path already, and a connection to it is refused, as who
// has listened there was killed, it is removed (on Unix).
func Listen(address string, config *tls.Config) (net.Listener, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, ErrScheme
	}
	onTCP := u.Host != "" && (u.Path == "" || u.Path == "/")
	switch {
	case u.Scheme == "mqtt" && onTCP:
		return listenTCP(withPort(u, "1883"))
	case u.Scheme == "mqtts" && onTCP && config != nil:
		if len(config.Certificates) == 0 && config.GetCertificate == nil && config.GetConfigForClient == nil {
			return nil, ErrCertificate
		}
		l, err := listenTCP(withPort(u, "8883"))
		if err != nil {
			return nil, err
		}
		return tls.NewListener(l, config), nil
	case u.Scheme == "unix" && u.Host == "" && u.Path != "":
		return listenSocket(u.Path)
	}
	return nil, ErrScheme
}

// withPort returns host and port of a URL.
func withPort(u *url.URL, port string) string {
	if u.Port() != "" {
		port = u.Port()
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// ListenAndServe is Listen with Server.TLS, and Serve.
func (s *Server) ListenAndServe(address string) error {
	l, err := Listen(address, s.TLS)
	if err != nil {
		return err
	}
	return s.Serve(l)
}
