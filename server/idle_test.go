package server_test

import (
	"net"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

// inUse returns what the program has in use of heap and stacks.
func inUse() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapInuse + m.StackInuse)
}

// What a connection takes here is both sides of it.
func TestAConnectionThatRestsTakesLittleMemory(t *testing.T) {
	skipUnderRace(t)
	const n, most = 1000, 10 << 10
	s := withBroker()
	address := serves(t, s)
	conns := make([]net.Conn, n)
	before := inUse()
	for i := range conns {
		c := dial(t, address)
		c.connects(mqttwire.V5, strconv.Itoa(i))
		c.subscribes("idle/"+strconv.Itoa(i), 0)
		conns[i] = c.conn
	}
	small := func() bool { return inUse()-before < n*most } // as each rests a while after its last packet
	assert.Eventually(t, small, patience, 50*time.Millisecond, "%d bytes for each connection", (inUse()-before)/n)
	require.Equal(t, n, s.Broker.Stats().Connected)
	runtime.KeepAlive(conns)
}
