package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// TestMain runs the tests or, told so, the program itself.
func TestMain(m *testing.M) {
	if os.Getenv("RUN_DURABLE") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// broker is a server of one client that keeps its session.
type broker struct {
	mu      sync.Mutex
	session *session.Session
	conn    net.Conn
	got     []string
	filters []string
	pings   []time.Time
	dials   []time.Time
	away    bool                    // it takes no connection
	before  func(p mqttwire.Packet) // is called with each packet, before and after it is answered
	after   func(p mqttwire.Packet)
}

func newBroker() *broker {
	none := func(mqttwire.Packet) {}
	return &broker{session: session.New(session.Options{Side: mqttwire.FromServer}), before: none, after: none}
}

// dial is a Dialer.
func (b *broker) dial(context.Context, *url.URL) (net.Conn, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dials = append(b.dials, time.Now())
	if b.away {
		return nil, errors.New("nobody is there")
	}
	near, far := net.Pipe()
	b.conn = far
	go b.serve(far)
	return near, nil
}

// look calls f while nothing changes.
func (b *broker) look(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

// leave cuts the connection, and takes no other.
func (b *broker) leave(away bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away = away
	_ = b.conn.Close()
}

func (b *broker) serve(conn net.Conn) {
	link := session.NewLink(session.LinkOptions{Side: mqttwire.FromServer})
	defer conn.Close()
	buffer := make([]byte, 4096)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			b.mu.Lock()
			link.Lost(time.Now(), err)
			b.mu.Unlock()
			return
		}
		b.mu.Lock()
		link.Feed(time.Now(), buffer[:n])
		b.mu.Unlock()
		for b.answer(link, conn) {
		}
		if _, closed := link.Closed(); closed {
			return
		}
	}
}

// answer handles a packet, and reports whether there was one.
func (b *broker) answer(link *session.Link, conn net.Conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, ok := link.Packet()
	if !ok {
		b.write(link, conn) // a message that repeats one does not show, and is answered
		return false
	}
	b.before(p)
	if m, ok := p.(*packets.Publish); ok && string(m.Payload) == "refused" {
		if err := link.Answer(time.Now(), &packets.Pubrec{PacketID: m.PacketID, ReasonCode: mqttwire.ReasonNotAuthorized}); err != nil {
			panic(err)
		}
	} else {
		link.Handle(time.Now())
	}
	switch p := p.(type) {
	case *packets.Connect:
		_ = link.Accept(time.Now(), b.session, nil)
	case *packets.Subscribe:
		for _, s := range p.Subscriptions {
			b.filters = append(b.filters, fmt.Sprintf("%s %d", s.Filter, s.QoS))
		}
	case *packets.Pingreq:
		b.pings = append(b.pings, time.Now())
	}
	for e, ok := link.Event(); ok; e, ok = link.Event() {
		if m, ok := e.Packet.(*packets.Publish); ok && e.Kind == session.Arrived && string(m.Payload) != "refused" {
			b.got = append(b.got, string(m.Payload))
		}
	}
	b.write(link, conn)
	b.after(p)
	return true
}

// write writes what there is to be written, as far as it goes: the reader learns of an end.
func (b *broker) write(link *session.Link, conn net.Conn) {
	n, _ := conn.Write(link.Append(nil, 1<<16))
	link.Wrote(time.Now(), n)
}

// started runs the program against a broker, with waits that are not drawn, and logs
// into out.
func started(t *testing.T, b *broker, file string, in io.Reader, force bool, out io.Writer) error {
	log.SetOutput(out)
	log.SetFlags(0)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	return run("mqtt://broker", file, in, force, client.Options{Dialer: b.dial,
		Backoff: client.Backoff{Jitter: func(d time.Duration) time.Duration { return d }}})
}

func TestTheWaitsDoubleAndBeginAnewAfterAStableTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBroker()
		var out bytes.Buffer
		in, typed := io.Pipe()
		ended := make(chan error, 1)
		file := filepath.Join(t.TempDir(), "queue")
		go func() { ended <- started(t, b, file, in, false, &out) }()
		time.Sleep(20 * time.Second)
		b.look(func() {
			assert.ElementsMatch(t, []string{"a/# 0", "b/+ 1", "b 2", "c/low 0", "c/high 2"}, b.filters)
			require.GreaterOrEqual(t, len(b.pings), 2)
			assert.Equal(t, 7500*time.Millisecond, b.pings[1].Sub(b.pings[0]), "heartbeat")
		})
		b.leave(true)
		lost := time.Now()
		time.Sleep(250 * time.Second)
		b.look(func() {
			var waits []string
			for i, at := range b.dials[1:] {
				waits = append(waits, at.Sub(append([]time.Time{lost}, b.dials[1:]...)[i]).String())
			}
			assert.Equal(t, []string{"1s", "2s", "4s", "8s", "16s", "32s", "1m0s", "1m0s", "1m0s"}, waits)
		})
		_, err := io.WriteString(typed, "while it was away\n")
		require.NoError(t, err)
		b.look(func() { b.away = false })
		time.Sleep(2 * time.Minute)
		b.look(func() { assert.Equal(t, []string{"while it was away"}, b.got) })

		for _, stable := range []struct{ time, wait time.Duration }{{time.Minute, time.Minute}, {6 * time.Minute, time.Second}} {
			time.Sleep(stable.time)
			b.leave(false)
			lost := time.Now()
			time.Sleep(2 * time.Minute)
			b.look(func() { assert.Equal(t, stable.wait, b.dials[len(b.dials)-1].Sub(lost), "after %v", stable.time) })
		}
		require.NoError(t, typed.Close())
		require.NoError(t, <-ended)
		synctest.Wait() // for the last event
		text := out.String()
		assert.True(t, strings.HasPrefix(text, "connect\nsubscribed <nil>\noffline\nreconnect 1\nerror "), text)
		assert.True(t, strings.HasSuffix(text, "offline\nclose\n"), text)
	})
}

// Close waits for the broker, or leaves what is left in the file for the next run.
func TestCloseWaitsOrDoesNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBroker()
		b.away = true
		file := filepath.Join(t.TempDir(), "queue")
		require.NoError(t, started(t, b, file, strings.NewReader("one\ntwo\n"), true, io.Discard))
		b.look(func() {
			assert.Empty(t, b.got)
			b.away = false
		})
		require.NoError(t, started(t, b, file, strings.NewReader("three\n"), false, io.Discard))
		b.look(func() { assert.Equal(t, []string{"one", "two", "three"}, b.got) })
	})
}

// More lines than the queue holds wait for their turn, and none is lost.
func TestLinesWaitWhileTheQueueIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBroker()
		b.away = true
		var lines []string
		for i := range 2500 {
			lines = append(lines, fmt.Sprint(i))
		}
		in := strings.NewReader(strings.Join(lines, "\n"))
		ended := make(chan error, 1)
		file := filepath.Join(t.TempDir(), "queue")
		go func() { ended <- started(t, b, file, in, false, io.Discard) }()
		synctest.Wait()
		b.look(func() { b.away = false })
		require.NoError(t, <-ended)
		b.look(func() { assert.Equal(t, lines, b.got) })
	})
}

// The program is back when the broker has all, also if the connection breaks meanwhile.
func TestTheEndWaitsOverABrokenConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBroker()
		b.before = func(p mqttwire.Packet) {
			if _, ok := p.(*packets.Publish); ok && len(b.dials) == 1 {
				assert.NoError(t, b.conn.Close())
			}
		}
		file := filepath.Join(t.TempDir(), "queue")
		require.NoError(t, started(t, b, file, strings.NewReader("one\ntwo\n"), false, io.Discard))
		b.look(func() {
			assert.Len(t, b.dials, 2)
			assert.Equal(t, []string{"one", "two"}, b.got)
		})
	})
}

// What does not arrive is told: a line that the broker refuses, and an input that cannot
// be read on. The lines before it are in the file.
func TestALineThatIsLostIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBroker()
		var out bytes.Buffer
		file := filepath.Join(t.TempDir(), "queue")
		require.NoError(t, started(t, b, file, strings.NewReader("one\nrefused\ntwo\n"), false, &out))
		synctest.Wait() // for the last event
		assert.Contains(t, out.String(), `lost "refused": client: refused by the server, reason 0x87`)
		b.look(func() { b.away = true })

		long := "three\n" + strings.Repeat("x", bufio.MaxScanTokenSize+1)
		require.ErrorIs(t, started(t, b, file, strings.NewReader(long), false, io.Discard), bufio.ErrTooLong)
		b.look(func() { b.away = false })
		require.NoError(t, started(t, b, file, strings.NewReader(""), false, io.Discard))
		b.look(func() { assert.Equal(t, []string{"one", "two", "three"}, b.got) })
	})
}

// The process is killed as the broker has a packet of the exchange, or has answered it,
// and started again on the same file.
func TestALineArrivesOnceWheneverTheProgramIsKilled(t *testing.T) {
	for kill := 1; kill <= 6; kill++ { // PUBLISH and PUBREL of three lines
		for _, answered := range []bool{false, true} {
			b := newBroker()
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			go func() {
				for conn, err := listener.Accept(); err == nil; conn, err = listener.Accept() {
					go b.serve(conn)
				}
			}()
			file := filepath.Join(t.TempDir(), "queue")
			run := func(lines string, stop func(*exec.Cmd)) {
				c := exec.Command(os.Args[0], "mqtt://"+listener.Addr().String(), file)
				c.Env = append(os.Environ(), "RUN_DURABLE=1")
				c.Stdin = strings.NewReader(lines)
				b.mu.Lock()
				require.NoError(t, c.Start())
				stop(c)
				b.mu.Unlock()
				_ = c.Wait()
			}
			seen := map[string]bool{}
			run("one\ntwo\nthree\n", func(c *exec.Cmd) {
				n := 0
				b.before = func(p mqttwire.Packet) {
					if m, ok := p.(*packets.Publish); ok {
						seen[string(m.Payload)] = true
					}
					if n += counts(p); n == kill && !answered {
						_ = c.Process.Kill()
					}
				}
				b.after = func(mqttwire.Packet) {
					if n == kill && answered {
						_ = c.Process.Kill()
					}
				}
			})
			times := map[string]int{}
			for range 5 {
				run("", func(*exec.Cmd) { b.before, b.after = newBroker().before, newBroker().after })
				b.look(func() {
					clear(times)
					for _, m := range b.got {
						times[m]++
					}
				})
				if len(times) == 3 {
					break
				}
			}
			require.NoError(t, listener.Close())
			b.look(func() {
				require.NotEmpty(t, seen)
				for m := range seen {
					assert.Equal(t, 1, times[m], "%s, killed at %d, answered %t", m, kill, answered)
				}
				assert.Equal(t, len(times), len(b.got), "%v, killed at %d", b.got, kill)
			})
		}
	}
}

// counts returns 1 for a packet of the exchange.
func counts(p mqttwire.Packet) int {
	if p.Type() == mqttwire.PUBLISH || p.Type() == mqttwire.PUBREL {
		return 1
	}
	return 0
}
