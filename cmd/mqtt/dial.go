package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"

	"golang.org/x/net/proxy"
)

// dialer returns what connects as --bind and --proxy say; nil is the usual way.
func (f *connectionFlags) dialer(e environment) (func(context.Context, *url.URL) (net.Conn, error), error) {
	through, err := f.proxyURL(e)
	if err != nil || through == nil && f.bind == "" {
		return nil, err
	}
	direct := &net.Dialer{}
	if f.bind != "" {
		if direct.LocalAddr, err = net.ResolveTCPAddr("tcp", net.JoinHostPort(f.bind, "0")); err != nil {
			return nil, err
		}
	}
	var by proxy.ContextDialer = direct
	if through != nil {
		d, err := proxy.FromURL(through, direct)
		if err != nil {
			return nil, err
		}
		by = d.(proxy.ContextDialer)
	}
	return func(ctx context.Context, u *url.URL) (net.Conn, error) { return by.DialContext(ctx, "tcp", u.Host) }, nil
}

// proxyURL returns the URL of the proxy, or nil. Its text is in no error, as it may hold a
// password.
func (f *connectionFlags) proxyURL(e environment) (*url.URL, error) {
	text := f.proxy
	if text == "" {
		text = e.getenv("MQTT_PROXY")
	}
	if text == "" || f.unix != "" {
		return nil, nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "":
		return nil, errors.New("--proxy: this is no URL with a host")
	case u.Scheme != "socks5h" && u.Scheme != "socks5":
		return nil, fmt.Errorf("--proxy: the scheme is %q; it is socks5h, or socks5", u.Scheme)
	}
	if _, has := u.User.Password(); has && f.proxy != "" {
		return nil, fmt.Errorf("--proxy: %w", errProxyPassword)
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), "1080")
	}
	return u, nil
}

// errProxyPassword says why a password is not taken from the arguments.
var errProxyPassword = errors.New("others on this machine see the arguments of a program: a URL with a password goes into the variable MQTT_PROXY")
