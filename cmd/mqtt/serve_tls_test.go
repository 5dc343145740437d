package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// identity is a certificate that has signed itself, and its key, in files.
type identity struct{ cert, key string }

// certificateFiles returns an identity with a common name, for 127.0.0.1.
func certificateFiles(t *testing.T, name string) identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return identity{
		cert: write(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))),
		key:  write(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))),
	}
}

func TestServeTakesTheUserFromACertificate(t *testing.T) {
	host, alice, eve := certificateFiles(t, "server"), certificateFiles(t, "alice"), certificateFiles(t, "alice")
	for _, scheme := range []string{"mqtts", "wss"} {
		s := serve(t, "--listen", scheme+"://127.0.0.1:0", "--cert", host.cert, "--key", host.key, "--cafile", alice.cert,
			"--use-identity-as-username", "--users", write(t, "users", userLines(t, "bob")),
			"--acl", write(t, "acl", "pattern write %u/#\n"))
		try := func(by identity, vars map[string]string, topic string) int {
			args := []string{"pub", "-V", "5", "-t", topic, "-m", "x", "-q", "1", "-L", s.url(scheme), "--cafile", host.cert}
			if by != (identity{}) {
				args = append(args, "--cert", by.cert, "--key", by.key)
			}
			return (&process{vars: vars}).run(t.Context(), args...)
		}
		assert.Equal(t, statusDone, try(alice, nil, "alice/a"), scheme)
		assert.Equal(t, statusDone, try(alice, as("bob", "wrong"), "alice/a"), "the certificate says who it is")
		assert.Equal(t, statusRefused, try(alice, as("bob", "bob"), "bob/a"))
		assert.Equal(t, statusDone, try(identity{}, as("bob", "bob"), "bob/a"), "who has none has a password")
		assert.Equal(t, statusRefused, try(identity{}, as("alice", ""), "alice/a"))
		assert.Equal(t, statusRefused, try(identity{}, nil, "alice/a"))
		assert.Equal(t, statusConnect, try(eve, nil, "alice/a"), "whom nobody has signed")
	}
}

func TestAUserWhomACertificateProvesStaysWhenThePasswordOfThatNameGoes(t *testing.T) {
	host, alice := certificateFiles(t, "server"), certificateFiles(t, "alice")
	users := write(t, "users", userLines(t, "alice", "bob"))
	s := serve(t, "--listen", "mqtts://127.0.0.1:0", "--cert", host.cert, "--key", host.key, "--cafile", alice.cert,
		"--use-identity-as-username", "--users", users)
	to := []string{"sub", "-t", "a", "-d", "-L", s.url("mqtts"), "--cafile", host.cert}
	byCertificate, byPassword := &process{}, &process{vars: as("bob", "bob")}
	stays := byCertificate.begin(t.Context(), append(to, "-C", "1", "-W", "60", "--cert", alice.cert, "--key", alice.key)...)
	goes := byPassword.begin(t.Context(), to...)
	byCertificate.errs.await(t, "SUBACK")
	byPassword.errs.await(t, "SUBACK")

	require.NoError(t, os.WriteFile(users, []byte(userLines(t, "carol")), 0o600))
	s.hangups <- syscall.SIGHUP
	s.errs.await(t, "are read again")
	assert.Equal(t, statusConnect, <-goes, byPassword.errs.String())
	p := &process{vars: as("carol", "carol")}
	require.Equal(t, statusDone, p.run(t.Context(), "pub", "-t", "a", "-m", "x", "-q", "1", "-L", s.url("mqtts"), "--cafile", host.cert))
	assert.Equal(t, statusDone, <-stays, byCertificate.errs.String())
	assert.Equal(t, "x\n", byCertificate.out.String())
}

func TestServeMayDemandACertificate(t *testing.T) {
	host, alice := certificateFiles(t, "server"), certificateFiles(t, "alice")
	s := serve(t, "--listen", "mqtts://127.0.0.1:0", "--cert", host.cert, "--key", host.key, "--cafile", alice.cert, "--require-certificate")
	to := []string{"pub", "-t", "a", "-m", "x", "-L", s.url("mqtts"), "--cafile", host.cert}
	assert.Equal(t, statusConnect, (&process{}).run(t.Context(), to...))
	assert.Equal(t, statusDone, (&process{}).run(t.Context(), append(to, "--cert", alice.cert, "--key", alice.key)...))
}

func TestServeWarnsWhereWhoeverReachesItMayConnect(t *testing.T) {
	host := certificateFiles(t, "server")
	args := []string{"--listen", "mqtts://0.0.0.0:0", "--cert", host.cert, "--key", host.key, "--cafile", host.cert}
	assert.Contains(t, serve(t, args...).errs.String(), "without a password")
	demanding := append(args, "--require-certificate")
	assert.NotContains(t, serve(t, demanding...).errs.String(), "without a password")
	both := serve(t, append(demanding, "--listen", "mqtt://0.0.0.0:0")...)
	both.out.await(t, "on mqtt://")
	assert.Contains(t, both.errs.String(), "without a password", "over TCP alone there is no certificate")
}
