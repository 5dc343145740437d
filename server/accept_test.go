package server_test

import (
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire/server"
)

// crowded is a listener that fails as the kernel does when there are no more file
// descriptors, so many times, and then with another error.
type crowded struct {
	net.Listener
	times int
	err   error
	at    []time.Time
}

var errGone = errors.New("the network is gone")

func (l *crowded) Accept() (net.Conn, error) {
	l.at = append(l.at, time.Now())
	if len(l.at) <= l.times {
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", l.err)}
	}
	return nil, errGone
}

func (l *crowded) Close() error { return nil }

func TestAServerWaitsForFileDescriptors(t *testing.T) {
	for _, err := range []error{syscall.EMFILE, syscall.ENFILE} {
		synctest.Test(t, func(t *testing.T) {
			l := &crowded{times: 12, err: err}
			assert.ErrorIs(t, (&server.Server{}).Serve(l), errGone)
			assert.Len(t, l.at, 13)
			for i, want := range []int{5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000, 1000, 1000} {
				assert.Equal(t, time.Duration(want)*time.Millisecond, l.at[i+1].Sub(l.at[i]))
			}
		})
	}
}

func TestAServerEndsWhenItsListenerHasFailed(t *testing.T) {
	l := &crowded{times: 1, err: syscall.EINVAL}
	assert.ErrorIs(t, (&server.Server{}).Serve(l), syscall.EINVAL)
	assert.Len(t, l.at, 1)
}

func TestAServerThatWaitsForFileDescriptorsCanBeClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s server.Server
		ended := make(chan error, 1)
		go func() { ended <- s.Serve(&crowded{times: 1 << 30, err: syscall.EMFILE}) }()
		time.Sleep(10 * time.Second)
		assert.NoError(t, s.Close())
		assert.ErrorIs(t, <-ended, server.ErrServerClosed)
	})
}
