package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
)

// certificate returns one that has signed itself, for the name localhost.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// listen serves each connection by a function, until the test ends.
func listen(t *testing.T, c tls.Certificate, serve func(s *packets.Stream)) string {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{c}})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, listener.Close()) })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				serve(packets.NewStream(conn, packets.ConnectionOptions{Side: mqttwire.FromServer}))
				_ = conn.Close()
			}()
		}
	}()
	return "mqtts://" + listener.Addr().(*net.TCPAddr).String()
}

// send sends packets, as far as there is a connection.
func send(s *packets.Stream, list ...mqttwire.Packet) { _ = s.Send(list...) }

// script is a server that brings each packet about, once.
func script(s *packets.Stream) {
	for p, err := s.Receive(); err == nil; p, err = s.Receive() {
		switch p := p.(type) {
		case *packets.Connect:
			send(s, &packets.Connack{})
		case *packets.Publish:
			switch p.QoS {
			case 1:
				send(s, &packets.Puback{PacketID: p.PacketID})
			case 2:
				send(s, &packets.Pubrec{PacketID: p.PacketID})
			}
		case *packets.Pubrel:
			send(s, &packets.Pubcomp{PacketID: p.PacketID})
		case *packets.Subscribe:
			send(s, &packets.Suback{PacketID: p.PacketID, ReasonCodes: []mqttwire.ReasonCode{2}},
				&packets.Publish{Topic: []byte("b"), Payload: []byte("news"), QoS: 2, PacketID: 7})
		case *packets.Pubrec:
			send(s, &packets.Pubrel{PacketID: p.PacketID})
		case *packets.Pubcomp:
			send(s, &packets.Pingresp{}) // unasked, so that nobody has to wait for it
		case *packets.Unsubscribe:
			u := &packets.Unsuback{PacketID: p.PacketID}
			if s.Version() == mqttwire.V5 {
				u.ReasonCodes = []mqttwire.ReasonCode{0}
			}
			send(s, u)
		}
	}
}

// TestEachPacketIsShownOnce in the order in which they come.
func TestEachPacketIsShownOnce(t *testing.T) {
	cert, pool := certificate(t)
	for _, v := range []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5} {
		t.Run(v.String(), func(t *testing.T) {
			read, write := io.Pipe()
			c, err := prepare(listen(t, cert, script), &tls.Config{RootCAs: pool, ServerName: "localhost"}, v, write)
			require.NoError(t, err)
			ended := make(chan error, 1)
			go func() { ended <- c.Run(t.Context()) }()
			lines := make(chan string, 100)
			go func() {
				all := &strings.Builder{}
				buf := make([]byte, 1000)
				for n, err := read.Read(buf); err == nil; n, err = read.Read(buf) {
					for line := range strings.Lines(string(buf[:n])) {
						lines <- strings.TrimSpace(line)
					}
					all.Write(buf[:n])
				}
			}()
			next := func() string { return (strings.Fields(<-lines + " "))[0] }
			assert.Equal(t, []string{"CONNACK", "PUBREC", "PUBCOMP"}, []string{next(), next(), next()})
			_, err = c.Subscribe(t.Context(), func(*client.Message) {}, client.Sub("b", 2))
			require.NoError(t, err)
			assert.Equal(t, []string{"SUBACK", "PUBLISH", "PUBREL", "PINGRESP"}, []string{next(), next(), next(), next()})
			require.NoError(t, c.Publish(t.Context(), "a", nil, client.QoS(1)))
			assert.Equal(t, "PUBACK", next())
			require.NoError(t, c.Unsubscribe(t.Context(), "b"))
			assert.Equal(t, "UNSUBACK", next())
			require.NoError(t, c.Close(t.Context()))
			require.NoError(t, <-ended)
			assert.Empty(t, lines)
			require.NoError(t, write.Close())
		})
	}
}

// A server of 5.0 says why it ends a connection.
func TestADisconnectOfTheServerIsShown(t *testing.T) {
	cert, pool := certificate(t)
	url := listen(t, cert, func(s *packets.Stream) {
		if _, err := s.Receive(); err == nil {
			send(s, &packets.Connack{}, &packets.Disconnect{ReasonCode: mqttwire.ReasonSessionTakenOver})
		}
	})
	var out strings.Builder
	c, err := prepare(url, &tls.Config{RootCAs: pool, ServerName: "localhost"}, mqttwire.V5, &out)
	require.NoError(t, err)
	closed := make(chan struct{})
	c.On(client.Events{Close: func(*client.Client, error) { close(closed) }}) // behind what was shown
	require.ErrorContains(t, c.Run(t.Context()), "0x8E")
	<-closed
	assert.Contains(t, out.String(), "DISCONNECT code=0x8E")
}

func TestCertificatesAreChecked(t *testing.T) {
	cert, pool := certificate(t)
	url := listen(t, cert, script)
	for name, test := range map[string]struct {
		config *tls.Config
		want   string
	}{
		"of an authority that is not known": {&tls.Config{ServerName: "localhost"}, "certificate"},
		"of another host":                   {&tls.Config{RootCAs: pool, ServerName: "example.com"}, "example.com"},
		"of the host of the URL":            {&tls.Config{RootCAs: pool}, "127.0.0.1"},
		"good":                              {&tls.Config{RootCAs: pool, ServerName: "localhost"}, ""},
		"not checked, by choice":            {&tls.Config{InsecureSkipVerify: true}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := prepare(url, test.config, mqttwire.V311, io.Discard)
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			err = c.Connect(ctx)
			if test.want == "" {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, test.want)
			}
			require.NoError(t, c.Close(ctx))
		})
	}
}
