package main

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// socks is a proxy of SOCKS 5 for one user, which connects to its target whatever it is
// asked for. What was asked for can be received.
func socks(t *testing.T, user, password, target string) (address string, asked chan string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, l.Close()) })
	asked = make(chan string, 10)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				name, err := greet(conn, user, password)
				if err != nil {
					return
				}
				asked <- name
				far, err := net.Dial("tcp", target)
				if assert.NoError(t, err) {
					go pass(conn, far)
					pass(far, conn)
				}
			}()
		}
	}()
	return l.Addr().String(), asked
}

// greet does the opening of RFC 1928 and RFC 1929, and returns the name that is asked for.
func greet(conn net.Conn, user, password string) (string, error) {
	read := func(n int) string {
		b := make([]byte, n)
		_, err := io.ReadFull(conn, b)
		if err != nil {
			return ""
		}
		return string(b)
	}
	counted := func() string {
		if n := read(1); n != "" {
			return read(int(n[0]))
		}
		return ""
	}
	read(1)
	counted()
	if user != "" {
		fmt.Fprint(conn, "\x05\x02")
		read(1)
		if counted() != user || counted() != password {
			_, err := fmt.Fprint(conn, "\x01\x01")
			return "", fmt.Errorf("another user (%v)", err)
		}
		fmt.Fprint(conn, "\x01\x00")
	} else {
		fmt.Fprint(conn, "\x05\x00")
	}
	if head := read(4); head != "\x05\x01\x00\x03" {
		return "", fmt.Errorf("no CONNECT to a name, but %x", head)
	}
	name, port := counted(), read(2)
	_, err := fmt.Fprint(conn, "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
	return fmt.Sprint(name, ":", int(port[0])<<8|int(port[1])), err
}

func TestAConnectionMayGoThroughAProxyThatKnowsTheName(t *testing.T) {
	host := certificateFiles(t, "server")
	s := serve(t, "--cert", host.cert, "--key", host.key, "--listen", "mqtt://127.0.0.1:0", "--listen", "ws://127.0.0.1:0/mqtt", "--listen", "mqtts://127.0.0.1:0")
	s.out.await(t, "mqtts://")
	for scheme, port := range map[string]string{"mqtt": "1883", "ws": "80", "mqtts": "8883"} {
		_, target, _ := strings.Cut(s.url(scheme), "://")
		target, _, _ = strings.Cut(target, "/")
		for _, user := range []string{"", "alice"} {
			by, asked := socks(t, user, "secret", target)
			args := []string{"pub", "-t", "a", "-m", "x", "-q", "1", "-L", scheme + "://broker.example", "--cafile", host.cert, "--insecure"}
			if scheme == "ws" {
				args[8] += "/mqtt"
			} else {
				args[8] += "/a"
				args = append(args[:1], args[3:]...)
			}
			p := &process{vars: map[string]string{"MQTT_PROXY": "socks5h://" + user + ":secret@" + by}}
			if user == "" {
				p = &process{}
				args = append(args, "--proxy", "socks5h://"+by)
			}
			assert.Equal(t, statusDone, p.run(t.Context(), args...), "%s: %s", scheme, p.errs.String())
			assert.Equal(t, "broker.example:"+port, <-asked)
		}
		by, _ := socks(t, "alice", "another", target)
		p := &process{vars: map[string]string{"MQTT_PROXY": "socks5://alice:secret@" + by}}
		assert.Equal(t, statusConnect, p.run(t.Context(), "pub", "-t", "a", "-m", "x"))
		assert.NotContains(t, p.errs.String(), "secret")
	}
}

func TestAProxyIsNamedByAURLWithoutAPassword(t *testing.T) {
	for _, test := range [][2]string{
		{"socks5h://a:secret@127.0.0.1", "MQTT_PROXY"}, {"http://127.0.0.1", `"http"`}, {"socks5h:", "no URL with a host"}, {"socks5h://%zz:secret@x", "no URL"},
	} {
		p := &process{}
		assert.Equal(t, statusUsage, p.run(t.Context(), "pub", "-t", "a", "-m", "x", "--proxy", test[0]), test[0])
		assert.Contains(t, p.errs.String(), test[1])
		assert.NotContains(t, p.errs.String(), "secret")
	}
}
