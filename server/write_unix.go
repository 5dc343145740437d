//go:build unix

package server

import (
	"sync"
	"syscall"
)

// canWriteNow says that writeNow is there.
const canWriteNow = true

// attempt is one to write without waiting.
type attempt struct {
	b   []byte
	n   int
	err error
	f   func(fd uintptr) bool // its method write
}

var attempts = sync.Pool{New: func() any {
	a := new(attempt)
	a.f = a.write
	return a
}}

// write writes once, and is through whatever comes of it.
func (a *attempt) write(fd uintptr) bool {
	for {
		a.n, a.err = syscall.Write(int(fd), a.b)
		if a.err != syscall.EINTR {
			return true
		}
	}
}

// writeNow writes as much as can be written at once, and returns errLater if that is not
// all.
func writeNow(raw syscall.RawConn, b []byte) (n int, err error) {
	a := attempts.Get().(*attempt)
	a.b, a.n, a.err = b, 0, nil
	if err = raw.Write(a.f); err == nil {
		err = a.err
	}
	n, a.b = max(a.n, 0), nil
	attempts.Put(a)
	if err == syscall.EAGAIN || err == nil && n < len(b) {
		err = errLater
	}
	return n, err
}
