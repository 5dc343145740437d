package main

import (
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pires/go-proxyproto"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// speak dials a broker, writes bytes and then a CONNECT, and returns the answer of the broker up to its
// CONNACK, or "" if it closes instead.
func speak(t *testing.T, network, address, first string) string {
	t.Helper()
	conn, err := net.Dial(network, address)
	require.NoError(t, err)
	defer func() { assert.NoError(t, conn.Close()) }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	connect, err := (&packets.Connect{Version: mqttwire.V311, ClientID: []byte("c"), CleanStart: true}).Append(nil, mqttwire.V311)
	require.NoError(t, err)
	_, err = conn.Write(append([]byte(first), connect...))
	require.NoError(t, err)
	var answer [4]byte
	n, _ := io.ReadFull(conn, answer[:])
	return string(answer[:n])
}

// accepted is a CONNACK of 3.1.1.
const accepted = "\x20\x02\x00\x00"

// header returns a PROXY header for a client at 192.0.2.7.
func header(t *testing.T, version byte) string {
	t.Helper()
	from := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 4711}
	b, err := proxyproto.HeaderProxyFromAddrs(version, from, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1883}).Format()
	require.NoError(t, err)
	return string(b)
}

func TestServeTakesTheClientsAddressFromAProxyAlone(t *testing.T) {
	s := serve(t, "--proxy-protocol", "127.0.0.0/8")
	address := strings.TrimPrefix(s.url("mqtt"), "mqtt://")
	for _, version := range []byte{1, 2} {
		assert.Equal(t, accepted, speak(t, "tcp", address, header(t, version)))
	}
	s.errs.await(t, "address=192.0.2.7:4711")
	assert.NotContains(t, s.errs.String(), "address=127.0.0.1")
	assert.Empty(t, speak(t, "tcp", address, ""), "a proxy always has a header")
	assert.Empty(t, speak(t, "tcp", address, "PROXY TCP4 nobody\r\n"))

	other := serve(t, "--proxy-protocol", "192.0.2.0/24", "--proxy-protocol", "2001:db8::1")
	address = strings.TrimPrefix(other.url("mqtt"), "mqtt://")
	assert.Empty(t, speak(t, "tcp", address, header(t, 1)), "who is no proxy sends MQTT")
	assert.Equal(t, accepted, speak(t, "tcp", address, ""))
	assert.Equal(t, statusDone, other.end())
	assert.NotContains(t, other.errs.String(), "192.0.2.7")
}

func TestAProxyMayComeThroughASocketOfTheFileSystem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	s := serve(t, "--proxy-protocol", "unix", "--listen", "unix://"+path)
	assert.Equal(t, accepted, speak(t, "unix", path, header(t, 2)))
	s.errs.await(t, "address=192.0.2.7:4711")
	assert.Empty(t, speak(t, "unix", path, ""))

	other := filepath.Join(t.TempDir(), "s")
	serve(t, "--proxy-protocol", "127.0.0.1", "--listen", "unix://"+other)
	assert.Equal(t, accepted, speak(t, "unix", other, ""), "only if that is said")
}

// Behind the header all is as without it, up to the half-close at the end.
func TestBehindAProxyTLSAndWebSocketAreServedToo(t *testing.T) {
	for scheme, path := range map[string]string{"mqtt": "", "mqtts": "", "ws": "/mqtt", "wss": "/mqtt"} {
		files := certificateFiles(t, "server")
		s := serve(t, "--proxy-protocol", "127.0.0.1", "--cert", files.cert, "--key", files.key, "--listen", scheme+"://127.0.0.1:0"+path)
		_, at, _ := strings.Cut(s.url(scheme), "://")
		host, _, _ := strings.Cut(at, "/")
		front := proxyInFront(t, host)
		p := &process{}
		to := scheme + "://" + front + path
		status := p.run(t.Context(), "pub", "-t", "a", "-m", "x", "-q", "2", "-r", "-L", to, "--cafile", files.cert, "-V", "5")
		assert.Equal(t, statusDone, status, "%s: %s", scheme, p.errs.String())
		s.errs.await(t, "address=192.0.2.7:4711")
	}
}

// proxyInFront passes on what comes to its address with a header in front, until the test
// ends.
func proxyInFront(t *testing.T, address string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, l.Close()) })
	first := header(t, 2)
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			broker, err := net.Dial("tcp", address)
			if !assert.NoError(t, err) {
				return
			}
			_, err = broker.Write([]byte(first))
			assert.NoError(t, err)
			go pass(broker, client)
			go pass(client, broker)
		}
	}()
	return l.Addr().String()
}

// pass passes on what comes, up to the end, of which it tells.
func pass(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if half, ok := to.(*net.TCPConn); ok && err == nil {
		err = half.CloseWrite()
	}
	if err != nil {
		_ = to.Close()
		_ = from.Close()
	}
}

func TestServeEndsThoughAProxySendsNoHeader(t *testing.T) {
	s := serve(t, "--proxy-protocol", "127.0.0.1", "--shutdown-timeout", "0.1")
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url("mqtt"), "mqtt://"))
	require.NoError(t, err)
	defer func() { assert.NoError(t, conn.Close()) }()
	assert.Equal(t, accepted, speak(t, "tcp", conn.RemoteAddr().String(), header(t, 2)), "others do not wait for that")
	assert.Equal(t, statusDone, s.end(), "it is closed, and not waited for")
	_, err = conn.Read(make([]byte, 1))
	assert.Error(t, err)
}
