package main

import (
	"crypto/tls"
	"errors"
)

// tlsConfig returns that of the flags, or nil.
func (f *serveFlags) tlsConfig() (*tls.Config, error) {
	switch {
	case (f.cert == "") != (f.key == ""):
		return nil, errors.New("--cert and --key belong together")
	case f.cert == "" && f.caFile != "":
		return nil, errors.New("--cafile is for clients over TLS, which needs --cert and --key")
	case f.caFile == "" && f.demand:
		return nil, errors.New("--require-certificate needs --cafile")
	case f.caFile == "" && f.byIdentity:
		return nil, errors.New("--use-identity-as-username needs --cafile")
	case f.cert == "":
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return nil, &statusError{statusFile, err}
	}
	c := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if f.caFile == "" {
		return c, nil
	}
	c.ClientAuth = tls.VerifyClientCertIfGiven
	if f.demand {
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
	if c.ClientCAs, err = (&tlsFlags{caFile: f.caFile}).roots(); err != nil {
		return nil, &statusError{statusFile, err}
	}
	return c, nil
}
