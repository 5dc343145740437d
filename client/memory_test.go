package client_test

import (
	"context"
	"io"
	"net"
	"net/url"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
)

// heap returns how many bytes are in use.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestTenThousandConnectionsLeaveNothing: memory, goroutines, packet identifiers and
// what waits are as before.
func TestTenThousandConnectionsLeaveNothing(t *testing.T) {
	n := 10000
	if testing.Short() {
		n = 1000
	}
	bubble(t, func(t *testing.T) {
		b := newBroker()
		o := client.Options{ClientID: "c", Expiry: time.Hour, Backoff: client.Backoff{Max: time.Millisecond, Min: time.Millisecond}}
		c := b.dialed(t, o)
		_, err := c.Subscribe(t.Context(), func(*client.Message) {}, client.Sub("t", 2))
		require.NoError(t, err)
		cycle := func(times int) {
			for i := range times {
				require.NoError(t, c.AwaitConnection(t.Context()))
				d := c.Send(&packets.Publish{Topic: []byte("t"), QoS: 2})
				if i%2 == 0 {
					b.cut()
					synctest.Wait()
				}
				require.NoError(t, d.Err())
				b.cut()
				pass(2 * time.Millisecond)
			}
			require.NoError(t, c.AwaitConnection(t.Context()))
			require.NoError(t, c.Flush(context.Background()))
			pass(5 * time.Second) // what lingers
			b.set(func() { b.all, b.got, b.dials = nil, nil, nil })
			synctest.Wait()
		}
		cycle(100)
		goroutines := runtime.NumGoroutine()
		least := int64(1 << 62) // what a connection leaves is there after each of the three parts, and pools that grow once are not
		for range 3 {
			memory := heap()
			cycle(n / 3)
			least = min(least, heap()-memory)
		}
		assert.LessOrEqual(t, least, int64(16<<10))
		assert.LessOrEqual(t, runtime.NumGoroutine(), goroutines)
		s := c.Stats()
		assert.GreaterOrEqual(t, s.Connections, uint64(n/3*3))
		assert.Zero(t, s.Session.IDs+s.Session.InFlight+s.Session.Waiting+s.Session.Released+s.Session.Received+s.Inbound)
	})
}

// idleConn is a connection to a server that answers CONNECT and SUBSCRIBE, and takes next
// to no memory.
type idleConn struct {
	net.Conn
	answers chan []byte
}

func (c idleConn) Read(p []byte) (int, error) {
	b, ok := <-c.answers
	if !ok {
		return 0, io.EOF
	}
	return copy(p, b), nil
}

func (c idleConn) Write(p []byte) (int, error) {
	switch mqttwire.PacketType(p[0] >> 4) {
	case mqttwire.CONNECT:
		c.answers <- []byte{0x20, 3, 0, 0, 0}
	case mqttwire.SUBSCRIBE:
		c.answers <- []byte{0x90, 4, p[2], p[3], 0, 1}
	case mqttwire.DISCONNECT:
		close(c.answers)
	}
	return len(p), nil
}

func (c idleConn) Close() error { return nil }

// TestAnIdleClientTakesTwelveKiB: of heap and stack, connected and with a subscription. The
// stacks that the runtime keeps for others count too, so that there is more room for them.
func TestAnIdleClientTakesTwelveKiB(t *testing.T) {
	skipUnderRace(t)
	dial := func(context.Context, *url.URL) (net.Conn, error) { return idleConn{answers: make(chan []byte, 1)}, nil }
	connected := func() *client.Client {
		c, err := client.Dial(t.Context(), "mqtt://broker", client.Options{ClientID: "c", Dialer: dial})
		require.NoError(t, err)
		_, err = c.Subscribe(t.Context(), func(*client.Message) {}, client.Sub("a/#", 1))
		require.NoError(t, err)
		return c
	}
	require.NoError(t, connected().Close(t.Context())) // what is there once for all
	const n = 1000
	stack := func() int64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.StackInuse)
	}
	memory, stacks, goroutines := heap(), stack(), runtime.NumGoroutine()
	list := make([]*client.Client, n)
	for i := range list {
		list[i] = connected()
	}
	inHeap, inStack := float64(heap()-memory)/n, float64(stack()-stacks)/n
	t.Logf("%.1f KiB of heap and %.1f of stack", inHeap/1024, inStack/1024)
	assert.LessOrEqual(t, inHeap, 8.0*1024)
	assert.LessOrEqual(t, inStack, 6.0*1024)
	assert.LessOrEqual(t, runtime.NumGoroutine(), goroutines+n)
	for _, c := range list {
		require.NoError(t, c.Close(t.Context()))
	}
}

func TestAnIdleClientHasOneGoroutine(t *testing.T) {
	bubble(t, func(t *testing.T) {
		before := runtime.NumGoroutine()
		b := newBroker()
		c := b.dialed(t, client.Options{})
		synctest.Wait()
		assert.LessOrEqual(t, runtime.NumGoroutine(), before+3, "two are the server's")
		require.NoError(t, c.Close(t.Context()))
	})
}
