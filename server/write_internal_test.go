package server

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire/session"
)

// endless is a connection for which others bring more all the time.
type endless struct {
	connection
	taken int
}

func (e *endless) Append(dst []byte, most int) []byte {
	if e.taken++; e.taken > 1000 {
		return dst
	}
	return dst[:len(dst)+min(1000, most)]
}

func (*endless) Wrote(time.Time, int) {}

func (*endless) Closed() (session.Cause, bool) { return session.Cause{}, false }

// Who writes along for somebody else reads a connection of its own.
func TestWhoWritesAtOnceComesBackHoweverMuchThereIs(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	near, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	far, err := l.Accept()
	require.NoError(t, err)
	require.NoError(t, l.Close())
	var reading sync.WaitGroup
	reading.Go(func() {
		_, err := io.Copy(io.Discard, far)
		assert.NoError(t, err)
	})
	e := &endless{}
	c := &Conn{server: &Server{}, net: near, conn: e, raw: rawOf(near)}
	if c.raw == nil {
		t.Skip("nothing is written at once on this system")
	}
	require.True(t, c.begin())
	assert.False(t, c.write(atOnce), "a goroutine does the rest")
	assert.LessOrEqual(t, e.taken, piecesAtOnce+1)
	assert.True(t, c.write(time.Minute))
	assert.Greater(t, e.taken, 1000, "all of it")
	require.NoError(t, near.Close())
	reading.Wait()
	require.NoError(t, far.Close())
}
