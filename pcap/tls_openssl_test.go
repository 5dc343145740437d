package pcap

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// openSSL makes sessions of the program openssl, which has suites that crypto/tls has not.
type openSSL struct {
	t      *testing.T
	folder string
}

func newOpenSSL(t *testing.T) *openSSL {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("there is no openssl: its sessions are not tried")
	}
	o := &openSSL{t, t.TempDir()}
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	o.write("ecdsa", own, &own.PublicKey)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	o.write("rsa", other, &other.PublicKey)
	return o
}

// write writes a key and a certificate of it.
func (o *openSSL) write(name string, key, public any) {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, key)
	require.NoError(o.t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(o.t, err)
	for suffix, block := range map[string]*pem.Block{".crt": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: secret}} {
		require.NoError(o.t, os.WriteFile(o.file(name+suffix), pem.EncodeToMemory(block), 0o600))
	}
}

func (o *openSSL) file(name string) string { return filepath.Join(o.folder, name) }

// end is a program whose standard input and output are one side of a session.
type end struct {
	in  io.Writer
	out io.Reader
}

// start starts openssl; it ends with the test.
func (o *openSSL) start(ctx context.Context, t *testing.T, args ...string) end {
	c := exec.CommandContext(ctx, "openssl", args...)
	in, err := c.StdinPipe()
	require.NoError(t, err)
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait() // it was killed
	})
	return end{in, out}
}

// sends sends a message from one side to the other.
func (e end) sends(t *testing.T, message string, to end) {
	got, err := e.passes(message, to)
	require.NoError(t, err)
	require.Equal(t, message, got)
}

// passes sends a message, and returns what has come.
func (e end) passes(message string, to end) (got string, err error) {
	if _, err := io.WriteString(e.in, message); err != nil {
		return "", err
	}
	b := make([]byte, len(message))
	_, err = io.ReadFull(to.out, b)
	return string(b), err
}

// talk is a session with the options given to both sides, and its key log. Somebody else
// may have taken the port meanwhile that was free: then it is begun anew.
func (o *openSSL) talk(t *testing.T, options ...string) (c *talk, keys []byte) {
	for range 4 {
		if c, keys, begun := o.talks(t, false, options); begun {
			return c, keys
		}
	}
	c, keys, _ = o.talks(t, true, options)
	return c, keys
}

// talks is talk, which fails if no message passes only if it is the last attempt.
func (o *openSSL) talks(t *testing.T, last bool, options []string) (c *talk, keys []byte, begun bool) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	port := freePort(t)
	both := append([]string{"-quiet", "-psk", "0102030405060708"}, options...)
	server := o.start(ctx, t, append([]string{"s_server", "-accept", port, "-cert", o.file("ecdsa.crt"), "-key", o.file("ecdsa.key"),
		"-dcert", o.file("rsa.crt"), "-dkey", o.file("rsa.key")}, both...)...)
	c = open(8883)
	front, end := recordBetween(t, c, port)
	defer end()
	keyLog := filepath.Join(t.TempDir(), "keys")
	client := o.start(ctx, t, append([]string{"s_client", "-connect", front, "-servername", "broker.example", "-keylogfile", keyLog}, both...)...)
	got, err := client.passes(connect5, server)
	if err != nil && !last {
		return nil, nil, false
	}
	require.NoError(t, err)
	require.Equal(t, connect5, got)
	server.sends(t, connack5, client)
	client.sends(t, publish5, server)
	server.sends(t, publish5p, client)
	keys, err = os.ReadFile(keyLog)
	require.NoError(t, err)
	return c, keys, true
}

// freePort is a port that nobody listened on a moment ago.
func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// recordBetween passes one connection on to a server, and writes down what goes to and
// fro, until end is called.
func recordBetween(t *testing.T, c *talk, server string) (addr string, end func()) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var behind net.Conn
	require.Eventually(t, func() bool {
		behind, err = net.Dial("tcp", server)
		return err == nil
	}, 30*time.Second, 5*time.Millisecond)
	var lock sync.Mutex
	var running sync.WaitGroup
	running.Go(func() {
		front, err := l.Accept()
		if err != nil {
			return
		}
		defer front.Close() // which ends the other one
		running.Go(func() { passOn(front, behind, func(b string) { lock.Lock(); defer lock.Unlock(); c.says(b) }) })
		passOn(behind, front, func(b string) { lock.Lock(); defer lock.Unlock(); c.hears(b) })
	})
	return l.Addr().String(), func() {
		require.NoError(t, l.Close())
		require.NoError(t, behind.Close())
		running.Wait()
	}
}

// passOn passes on what it reads, when it was written down.
func passOn(from, to net.Conn, write func(string)) {
	b := make([]byte, 16<<10)
	for {
		n, err := from.Read(b)
		if write(string(b[:n])); err != nil {
			return
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

func TestSessionsOfOpenSSLAreDecryptedInEverySuiteWithAssociatedData(t *testing.T) {
	o := newOpenSSL(t)
	list, err := exec.Command("openssl", "ciphers", "-V", "-tls1_2", "-psk", "AESGCM:AESCCM:CHACHA20:@SECLEVEL=0").Output()
	require.NoError(t, err)
	suites := map[string][]string{}
	for _, m := range regexp.MustCompile(`0x(\w\w),0x(\w\w) - (\S+) +TLSv1.2.* Au=(\S+)`).FindAllStringSubmatch(string(list), -1) {
		if m[4] == "DSS" {
			continue // nobody has such a key
		}
		suites["0x"+m[1]+m[2]+" "+m[3]] = []string{"-tls1_2", "-cipher", m[3] + ":@SECLEVEL=0"}
	}
	require.NotEmpty(t, suites)
	for _, name := range []string{"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"} {
		suites[name] = []string{"-tls1_3", "-ciphersuites", name}
	}
	for name, options := range suites {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && !strings.Contains(name, "CCM") {
				t.Skip("crypto/tls has such, or one like it")
			}
			c, keys := o.talk(t, options...)
			got := lines(c.events(t, keyLogOf(keys).OpenTLS))
			assert.Equal(t, []string{
				"client CONNECT 5.0" + throughTLS, "server CONNACK 5.0" + throughTLS, "client PUBLISH 5.0" + throughTLS, "server PUBLISH 5.0" + throughTLS,
			}, got[1:])
		})
	}
}

func TestASuiteThatIsNotDecryptedIsNamed(t *testing.T) {
	o := newOpenSSL(t)
	c, keys := o.talk(t, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA384:@SECLEVEL=0")
	events := c.events(t, keyLogOf(keys).OpenTLS)
	require.Len(t, events, 1)
	assert.Equal(t, `TLS 1.2 with 0xC024, to "broker.example", which is not decrypted`, events[0].Note)
}
