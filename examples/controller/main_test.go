package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/server"
)

// certificate returns one for the loopback, and who trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// client connects and subscribes, and returns what the filters were answered.
func client(t *testing.T, conn net.Conn, v mqttwire.Version, id string, filters ...string) (*packets.Stream, []mqttwire.ReasonCode) {
	c := packets.NewStream(conn, packets.ConnectionOptions{Side: mqttwire.FromClient})
	require.NoError(t, c.Send(&packets.Connect{Version: v, ClientID: []byte(id), CleanStart: true}))
	_, err := c.Receive()
	require.NoError(t, err)
	s := &packets.Subscribe{PacketID: 1}
	for _, filter := range filters {
		s.Subscriptions = append(s.Subscriptions, packets.Subscription{Filter: []byte(filter), QoS: 1})
	}
	require.NoError(t, c.Send(s))
	p, err := c.Receive()
	require.NoError(t, err)
	return c, append([]mqttwire.ReasonCode(nil), p.(*packets.Suback).ReasonCodes...)
}

func TestTwoPortsShareABrokerAndMethodsAnswer(t *testing.T) {
	certificate, pool := certificate(t)
	var out bytes.Buffer
	s := newServer(controller{log.New(&out, "", 0)}, &tls.Config{Certificates: []tls.Certificate{certificate}})
	var conns []net.Conn
	for _, url := range []string{"mqtt://127.0.0.1:0", "mqtts://127.0.0.1:0"} {
		l, err := server.Listen(url, s.TLS)
		require.NoError(t, err)
		go func() { _ = s.Serve(l) }()
		conn, err := net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		if len(conns) == 1 {
			conn = tls.Client(conn, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"})
		}
		conns = append(conns, conn)
	}
	a, codes := client(t, conns[0], mqttwire.V311, "a", "private/a", "a")
	assert.Equal(t, []mqttwire.ReasonCode{0x80, 1}, codes)
	b, codes := client(t, conns[1], mqttwire.V5, "b", "private/a", "a")
	assert.Equal(t, []mqttwire.ReasonCode{mqttwire.ReasonNotAuthorized, 1}, codes)

	require.NoError(t, a.Send(&packets.Publish{Topic: []byte("private/a")}, &packets.Publish{Topic: []byte("a"), Payload: []byte("m")}))
	p, err := b.Receive()
	require.NoError(t, err)
	assert.Equal(t, "m", string(p.(*packets.Publish).Payload), "what is private was refused")
	for _, conn := range conns {
		_ = conn.Close()
	}
	require.NoError(t, s.Close())
	assert.Equal(t, "\"a\": \"private/a\"\n\"a\": \"a\"\n", out.String())
}

func TestNoFilterReachesWhatIsPrivate(t *testing.T) {
	s := newServer(controller{log.New(io.Discard, "", 0)}, nil)
	for _, v := range []mqttwire.Version{mqttwire.V311, mqttwire.V5} {
		for filter, granted := range map[string]bool{
			"private/#": false, "private/a": false, "private/+": false, "#": false, "+/x": false, "+/+/#": false,
			"$share/g/private/#": false, "$share/g/#": false, "$share/g/+/x": false,
			"a/#": true, "privately/#": true, "a/private/x": true, "$share/g/a/+": true,
		} {
			near, far := net.Pipe()
			go func() { _ = s.ServeConn(far) }()
			_, codes := client(t, near, v, "c", filter)
			assert.Equal(t, granted, !codes[0].IsError(), "%s in %s", filter, v)
			_ = near.Close()
		}
	}
	require.NoError(t, s.Close())
}
