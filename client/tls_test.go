package client_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
)

// certificate returns one for a name, that has signed itself.
func certificate(t *testing.T, name string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// behindTLS returns a Dialer of a broker that speaks TLS.
func (b *broker) behindTLS(config *tls.Config) func(ctx context.Context, u *urlOf) (netConn, error) {
	return func(ctx context.Context, u *urlOf) (netConn, error) {
		inner, err := b.dial(ctx, u)
		if err != nil {
			return nil, err
		}
		near, far := connection(64 << 10)
		outer := tls.Server(far, config)
		for _, pair := range [][2]net.Conn{{inner, outer}, {outer, inner}} {
			go func() {
				_, _ = io.Copy(pair[0], pair[1])
				_, _ = inner.Close(), outer.Close()
			}()
		}
		return near, nil
	}
}

func TestTLSChecksTheServerAndShowsTheClientsCertificate(t *testing.T) {
	own, pool := certificate(t, "broker")
	mine, clients := certificate(t, "client")
	server := &tls.Config{Certificates: []tls.Certificate{own}, ClientCAs: clients, ClientAuth: tls.RequireAndVerifyClientCert}
	for name, test := range map[string]struct {
		url    string
		config *tls.Config
		want   string
	}{
		"both are known":                      {"mqtts://broker", &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{mine}}, ""},
		"no options":                          {"mqtts://broker", nil, "certificate"},
		"another host":                        {"mqtts://other", &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{mine}}, "not other"},
		"another host, by choice":             {"mqtts://other", &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{mine}, ServerName: "broker"}, ""},
		"no certificate of the client":        {"mqtts://broker", &tls.Config{RootCAs: pool}, "certificate required"},
		"not checked at all, as it is wished": {"mqtts://x", &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{mine}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBroker()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			c, err := client.Dial(ctx, test.url, client.Options{ClientID: "c", TLS: test.config, Dialer: b.behindTLS(server)})
			if test.want != "" {
				assert.ErrorContains(t, err, test.want)
				return
			}
			require.NoError(t, err)
			require.NoError(t, c.Publish(ctx, "t", make([]byte, 100000), client.QoS(2)))
			require.NoError(t, c.Close(ctx))
			for len(packetsOf[*packets.Disconnect](b)) == 0 { // until it has come through
				require.NoError(t, ctx.Err())
			}
		})
	}
}

func TestAUnixSocketIsDialed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Skip("there are no unix sockets: ", err)
	}
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		s := packets.NewStream(conn, packets.ConnectionOptions{Side: mqttwire.FromServer})
		_, _ = s.Receive()
		_ = s.Send(&packets.Connack{})
		_, _ = s.Receive()
		_ = conn.Close()
	}()
	c, err := client.Dial(t.Context(), "unix://"+path, client.Options{ClientID: "c"})
	require.NoError(t, err)
	require.NoError(t, c.Close(t.Context()))
	require.NoError(t, listener.Close())
}
