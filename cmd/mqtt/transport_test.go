package main

import (
	"crypto/tls"
	"encoding/pem"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire/ws"
)

// authority is a certificate of 127.0.0.1 and not of localhost, in a file, and what
// serves with it.
func authority(t *testing.T) (file string, config *tls.Config) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	file = filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600))
	config = s.TLS.Clone()
	config.NextProtos = nil
	return file, config
}

func TestTLSTrustsWhomTheFlagsName(t *testing.T) {
	file, config := authority(t)
	b := newBrokerOn(t, func(l net.Listener) net.Listener { return tls.NewListener(l, config) })
	_, port, _ := strings.Cut(b.address, ":")
	none := filepath.Join(t.TempDir(), "none")
	require.NoError(t, os.WriteFile(none, []byte("nothing"), 0o600))
	for name, test := range map[string]struct {
		args   []string
		status int
		want   string
	}{
		"a file":                   {[]string{"-h", "127.0.0.1", "--cafile", file}, statusDone, ""},
		"a folder":                 {[]string{"-h", "127.0.0.1", "--capath", filepath.Dir(file)}, statusDone, ""},
		"the system's too":         {[]string{"-h", "127.0.0.1", "--cafile", file, "--tls-use-os-certs", "--tls-version", "tlsv1.3"}, statusDone, ""},
		"the system's":             {[]string{"-h", "127.0.0.1", "--tls-use-os-certs"}, statusConnect, "certificate signed by unknown authority"},
		"another host":             {[]string{"-h", "localhost", "--cafile", file}, statusConnect, "not localhost"},
		"any host":                 {[]string{"-h", "localhost", "--cafile", file, "--insecure"}, statusDone, ""},
		"any host, not any signer": {[]string{"-h", "localhost", "--tls-use-os-certs", "--insecure"}, statusConnect, "certificate signed by unknown authority"},
		"nobody":                   {[]string{"-h", "127.0.0.1", "--cafile", none}, statusUsage, "there is no certificate"},
		"no key":                   {[]string{"-h", "127.0.0.1", "--cert", file, "--key", none}, statusUsage, "failed to find any PEM data"},
		"without TLS":              {[]string{"-h", "127.0.0.1"}, statusConnect, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := &process{}
			assert.Equal(t, test.status, p.run(t.Context(), append([]string{"pub", "-p", port, "-t", "a", "-m", "x", "-q", "1"}, test.args...)...))
			assert.Contains(t, p.errs.String(), test.want)
		})
	}
}

func TestAURLMayNameWebSocket(t *testing.T) {
	b := newBrokerOn(t, func(l net.Listener) net.Listener { return ws.NewListener(l, ws.ServerOptions{Path: "/here"}) })
	p := &process{}
	assert.Equal(t, statusDone, p.run(t.Context(), "pub", "-L", "ws://"+b.address+"/here", "-t", "a", "-m", "x", "-q", "1"), p.errs.String())
	assert.Equal(t, []string{"a x"}, b.messages())
	assert.Equal(t, statusConnect, p.run(t.Context(), "pub", "-L", "ws://"+b.address, "-t", "a", "-m", "x"))
	assert.Contains(t, p.errs.String(), "404 Not Found")
}

func TestASocketOfUnixMayBeNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Skip("no sockets of unix here: ", err)
	}
	b := newBrokerOn(t, func(l net.Listener) net.Listener {
		_ = l.Close()
		return listener
	})
	p := &process{}
	assert.Equal(t, statusDone, p.run(t.Context(), "pub", "--unix", path, "-t", "a", "-m", "x", "-q", "1"), p.errs.String())
	assert.Equal(t, []string{"a x"}, b.messages())
}
