package server_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/server"
	"github.com/mqttwire/mqttwire/session"
)

// certificate returns one that is valid for the loopback, and for a client with a name.
func certificate(t testing.TB, name string) (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestMessagesGoThroughEveryListenerInEveryVersion(t *testing.T) {
	cert, pool := certificate(t, "server")
	s := withBroker()
	socket := filepath.Join(t.TempDir(), "mqtt")
	var dials []func() (net.Conn, error)
	for _, url := range []string{"mqtt://127.0.0.1:0", "mqtts://127.0.0.1:0", "unix://" + socket} {
		l, err := server.Listen(url, &tls.Config{Certificates: []tls.Certificate{cert}})
		require.NoError(t, err)
		go func() { assert.Equal(t, server.ErrServerClosed, s.Serve(l)) }()
		dials = append(dials, func() (net.Conn, error) {
			switch {
			case strings.HasPrefix(url, "mqtts"):
				return tls.Dial("tcp", l.Addr().String(), &tls.Config{RootCAs: pool})
			case strings.HasPrefix(url, "unix"):
				return net.Dial("unix", socket)
			}
			return net.Dial("tcp", l.Addr().String())
		})
	}
	for i, v := range versions {
		for j, to := range dials {
			from := dials[(i+j)%len(dials)]
			conn, err := to()
			require.NoError(t, err)
			a := newClient(t, conn)
			a.connects(v, "to")
			a.subscribes("#", 2)
			conn, err = from()
			require.NoError(t, err)
			b := newClient(t, conn)
			b.connects(v, "from")
			for size := range []int{0, 10, 100_000} {
				for q := range mqttwire.QoS(3) {
					b.say(&packets.Publish{Topic: []byte("a"), Payload: make([]byte, size), QoS: q, PacketID: 7})
					if q > 0 {
						b.next()
					}
					if q == 2 {
						b.say(&packets.Pubrel{PacketID: 7})
						b.next()
					}
					m, ok := a.next().(*packets.Publish)
					require.True(t, ok)
					assert.Equal(t, q, m.QoS)
					assert.Len(t, m.Payload, size)
					if q == 1 {
						a.say(&packets.Puback{PacketID: m.PacketID})
					}
					if q == 2 {
						a.say(&packets.Pubrec{PacketID: m.PacketID})
						a.next()
						a.say(&packets.Pubcomp{PacketID: m.PacketID})
					}
				}
			}
			_ = a.conn.Close()
			_ = b.conn.Close()
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	assert.NoError(t, s.Shutdown(ctx))
	assert.Equal(t, server.ErrServerClosed, s.Serve(refusing{}))
	assert.Zero(t, len(s.Conns()))
}

// refusing is a listener that is only closed.
type refusing struct{ net.Listener }

func (refusing) Close() error { return nil }

func TestTheNameInAClientsCertificateIsItsIdentity(t *testing.T) {
	cert, pool := certificate(t, "the client")
	identity := make(chan string, 1)
	s := &server.Server{Broker: broker.New(broker.Options{Hooks: broker.Hooks{
		Connect: func(_ context.Context, c *broker.Peer, _ *packets.Connect) (*packets.Auth, mqttwire.ReasonCode) {
			identity <- c.Origin.Identity
			return nil, 0
		},
	}})}
	l, err := server.Listen("mqtts://127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool,
	})
	require.NoError(t, err)
	go func() { _ = s.Serve(l) }()
	defer s.Close()
	conn, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{cert}})
	require.NoError(t, err)
	newClient(t, conn).connects(mqttwire.V5, "c")
	assert.Equal(t, "the client", <-identity)
	_ = conn.Close()
}

func TestListenSaysWhatItTakes(t *testing.T) {
	for _, url := range []string{"", "127.0.0.1:1883", "ws://127.0.0.1", "mqtts://127.0.0.1:0", "mqtt:", "unix:", "http://a"} {
		_, err := server.Listen(url, nil)
		assert.Error(t, err, url)
	}
	assert.Equal(t, server.ErrScheme, new(server.Server).ListenAndServe("ws://127.0.0.1"))
	_, err := server.Listen("mqtts://127.0.0.1:0", &tls.Config{})
	assert.Equal(t, server.ErrCertificate, err)
}

// Trap 25: of what the client sends still when the connection ends, TCP makes a reset
// that takes the DISCONNECT with it.
func TestDisconnectArrivesThoughTheClientStillSends(t *testing.T) {
	for range 5 {
		s := withBroker()
		c := dial(t, serves(t, s))
		c.connects(mqttwire.V5, "c")
		b, _ := (&packets.Publish{Topic: []byte("a"), Payload: make([]byte, 10_000)}).Append(nil, mqttwire.V5)
		send := func() {
			for range 100 {
				_, err := c.conn.Write(b)
				require.NoError(t, err, "as a reset, by which systems throw away what they have not read")
			}
		}
		send()
		require.True(t, s.Broker.Disconnect(time.Now(), "", "c", mqttwire.ReasonAdministrativeAction))
		send()
		d, ok := c.next().(*packets.Disconnect)
		require.True(t, ok)
		assert.Equal(t, mqttwire.ReasonAdministrativeAction, d.ReasonCode)
		_, err := c.Receive()
		assert.Equal(t, io.EOF, err)
		_ = c.conn.Close()
	}
}

func TestShutdownLetsAcknowledgementsFinish(t *testing.T) {
	s := withBroker()
	address := serves(t, s)
	a := dial(t, address)
	a.connects(mqttwire.V5, "a")
	a.subscribes("#", 1)
	b := dial(t, address)
	b.connects(mqttwire.V5, "b")
	b.say(&packets.Publish{Topic: []byte("a"), QoS: 1, PacketID: 1})
	b.next()
	m := a.next().(*packets.Publish)
	ended := make(chan error)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		ended <- s.Shutdown(ctx)
	}()
	d, ok := b.next().(*packets.Disconnect)
	require.True(t, ok)
	assert.Equal(t, mqttwire.ReasonServerShuttingDown, d.ReasonCode)
	a.say(&packets.Puback{PacketID: m.PacketID})
	d, ok = a.next().(*packets.Disconnect)
	require.True(t, ok)
	assert.Equal(t, mqttwire.ReasonServerShuttingDown, d.ReasonCode)
	_ = a.conn.Close()
	_ = b.conn.Close()
	assert.NoError(t, <-ended)
}

func TestShutdownEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := withBroker()
	address := serves(t, s)
	a := dial(t, address)
	a.connects(mqttwire.V5, "a")
	a.subscribes("#", 1)
	b := dial(t, address)
	b.connects(mqttwire.V5, "b")
	b.say(&packets.Publish{Topic: []byte("a"), QoS: 1, PacketID: 1})
	b.next()
	a.next() // and does not acknowledge it
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	assert.Equal(t, context.DeadlineExceeded, s.Shutdown(ctx))
	assert.IsType(t, &packets.Disconnect{}, a.next())
	assert.Zero(t, len(s.Conns()))
}

func TestConnectionsBeyondTheLimitsAreClosed(t *testing.T) {
	t.Parallel()
	for _, limits := range []server.Limits{{Conns: 2}, {ConnsPerAddress: 2}} {
		s := withBroker()
		s.Limits = limits
		address := serves(t, s)
		for i := range 2 {
			dial(t, address).connects(mqttwire.V311, fmt.Sprint(i))
		}
		c := dial(t, address)
		_, err := c.Receive()
		assert.Error(t, err)
		assert.NotErrorIs(t, err, os.ErrDeadlineExceeded)
		until(t, func() bool { return s.Stats() == server.Stats{Conns: 2, Refused: 1} })
		for _, conn := range s.Conns() {
			conn.Disconnect(0)
		}
		until(t, func() bool { return s.Stats().Conns == 0 })
		dial(t, address).connects(mqttwire.V311, "again")
	}
}

// Trap 18: clients with one identifier that throw each other out.
func TestOfManyClientsWithOneIdentifierOneIsConnected(t *testing.T) {
	t.Parallel()
	s := withBroker()
	address := serves(t, s)
	var all sync.WaitGroup
	var mu sync.Mutex
	ends := map[string]int{}
	for i := range 50 {
		v := versions[i%3]
		all.Go(func() {
			for range 4 {
				c := dial(t, address)
				c.say(&packets.Connect{Version: v, ClientID: []byte("one"), CleanStart: true})
				how := "stays"
				for {
					p, err := c.Receive()
					if err != nil {
						how += fmt.Sprint(" closed ", errors.Is(err, io.EOF))
						break
					}
					if d, ok := p.(*packets.Disconnect); ok {
						how = fmt.Sprintf("told %#x", byte(d.ReasonCode))
						break
					}
					if len(s.Broker.Clients("")) > 1 {
						how = "two sessions"
						break
					}
					_ = c.conn.SetReadDeadline(time.Now().Add(time.Second))
				}
				mu.Lock()
				ends[v.String()+" "+how]++
				mu.Unlock()
				_ = c.conn.Close()
			}
		})
	}
	all.Wait()
	for how := range ends {
		v5 := strings.HasPrefix(how, "5.0")
		assert.True(t, v5 && strings.HasSuffix(how, "told 0x8e") || !v5 && strings.HasSuffix(how, "closed true") || strings.HasSuffix(how, "closed false"), how)
	}
	assert.LessOrEqual(t, s.Broker.Stats().Sessions, 1)
}

func TestASessionOutlivesTheServerWithAJournal(t *testing.T) {
	journal := session.MemoryJournal()
	o := broker.Options{Journal: true}
	b := broker.New(o)
	s := &server.Server{Broker: b, Journal: journal}
	address := serves(t, s)
	keeps := func(c *packets.Connect) {
		c.CleanStart = false
		c.Properties.SetSessionExpiryInterval(1000)
	}
	to := dial(t, address)
	to.connects(mqttwire.V5, "to", keeps)
	to.subscribes("#", 1)
	_ = to.conn.Close()
	from := dial(t, address)
	from.connects(mqttwire.V5, "from")
	for i := range 100 {
		from.say(&packets.Publish{Topic: []byte("a"), Payload: fmt.Append(nil, i), QoS: 1, PacketID: uint16(i + 1)})
	}
	for range 100 {
		assert.IsType(t, &packets.Puback{}, from.next())
	}
	_ = from.conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(t, s.Shutdown(ctx))

	b, report, err := broker.Restore(o, time.Now(), journal.Load())
	require.NoError(t, err)
	assert.Equal(t, 100, report.Messages)
	s = &server.Server{Broker: b, Journal: journal}
	to = dial(t, serves(t, s))
	assert.True(t, to.connects(mqttwire.V5, "to", keeps).SessionPresent)
	for i := range 100 {
		m, ok := to.next().(*packets.Publish)
		require.True(t, ok)
		assert.Equal(t, fmt.Sprint(i), string(m.Payload))
	}
}

// failing is a journal that fails.
type failing struct{ session.Journal }

func (failing) Append([]session.Record) error { return io.ErrShortWrite }

func TestAServerWhoseJournalFailsEnds(t *testing.T) {
	t.Parallel()
	s := &server.Server{Broker: broker.New(broker.Options{Journal: true}), Journal: failing{session.MemoryJournal()}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan error)
	go func() { ended <- s.Serve(l) }()
	c := dial(t, l.Addr().String())
	c.say(&packets.Connect{Version: mqttwire.V5, ClientID: []byte("c")})
	_, err = c.Receive()
	assert.Error(t, err, "nothing is written that depends on what is not durable")
	why := <-ended
	assert.ErrorIs(t, why, server.ErrJournal)
	assert.ErrorIs(t, why, io.ErrShortWrite)
}

// full is a journal that has no more room once it is told so.
type full struct {
	session.Journal
	now atomic.Bool
}

func (f *full) Append(records []session.Record) error {
	if f.now.Load() {
		return io.ErrShortWrite
	}
	return f.Journal.Append(records)
}

func TestTheEndOfAServerTellsThatTheLastChangesAreNotDurable(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*server.Server) error{
		"Shutdown": func(s *server.Server) error { return s.Shutdown(t.Context()) },
		"Close":    (*server.Server).Close,
	} {
		journal := &full{Journal: session.MemoryJournal()}
		s := &server.Server{Broker: broker.New(broker.Options{Journal: true}), Journal: journal}
		dial(t, serves(t, s)).connects(mqttwire.V5, "c")
		journal.now.Store(true)
		m := session.NewMessage(time.Now(), &packets.Publish{Topic: []byte("a"), Payload: []byte("b"), Retain: true})
		require.NoError(t, s.Broker.Publish(time.Now(), "", m, nil))
		err := end(s)
		assert.ErrorIs(t, err, server.ErrJournal, name)
		assert.ErrorIs(t, err, io.ErrShortWrite, name)
	}
}

// The race detector looks at it.
func TestWhoAClientIsMayBeAskedAtAnyTime(t *testing.T) {
	for _, s := range []*server.Server{{}, withBroker()} {
		address := serves(t, s)
		ended := make(chan struct{})
		var asking sync.WaitGroup
		asking.Go(func() {
			for {
				select {
				case <-ended:
					return
				default:
					for _, c := range s.Conns() {
						assert.Contains(t, []string{"", "c"}, c.ClientID())
					}
				}
			}
		})
		for range 50 {
			c := dial(t, address)
			c.connects(mqttwire.V5, "c")
			assert.NoError(t, c.conn.Close())
		}
		close(ended)
		asking.Wait()
	}
}

func TestConnectionsBeyondTheLimitsAreLoggedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := withBroker()
		s.Limits.Conns, s.Log = 1, slog.New(slog.NewTextHandler(&log, nil))
		near, far := net.Pipe()
		ended := make(chan error, 1)
		go func() { ended <- s.ServeConn(far) }()
		newClient(t, near).connects(mqttwire.V5, "c")
		for _, after := range []time.Duration{0, 0, 0, time.Second} {
			time.Sleep(after)
			_, another := net.Pipe()
			assert.Equal(t, server.ErrTooMany, s.ServeConn(another))
		}
		assert.Equal(t, 2, strings.Count(log.String(), "connections refused"))
		assert.Contains(t, log.String(), "count=1 ")
		assert.Contains(t, log.String(), "count=3 ")
		_ = near.Close()
		<-ended
		assert.NoError(t, s.Close())
	})
}

func TestShutdownWithoutConnectionsIsNoErrorHoweverLateItIs(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 {
		s := withBroker()
		serves(t, s)
		assert.NoError(t, s.Shutdown(over))
	}
}
