package mqttwiretest

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"runtime"
	"strings"
	"time"

	"github.com/mqttwire/mqttwire"
)

// sentinels are put behind a packet: bytes that end a field early, bytes that
// make a length large, and a packet.
var sentinels = [][]byte{
	bytes.Repeat([]byte{0x00}, 16),
	bytes.Repeat([]byte{0xFF}, 16),
	bytes.Repeat([]byte{0xC0, 0x00}, 8),
}

// trial is what came of one call of Decode.
type trial struct {
	verdict Verdict
	err     error
	encoded []byte
	wrote   bool
}

func (t trial) isCutOff() bool { return t.verdict == CutOff }

// same reports whether two trials came to the same result: the same verdict and
// the same packet.
func (t trial) same(u trial, v mqttwire.Version) bool {
	return t.verdict == u.verdict && (bytes.Equal(t.encoded, u.encoded) || sameForm(t.encoded, u.encoded, v))
}

// try calls Decode with the packet in memory of its own, which goes on after it
// with the sentinel. The slice's capacity reaches over the first spare bytes of
// that.
func (j *judge) try(k *Case, sentinel []byte, spare int) trial {
	n := len(k.Bytes)
	memory := append(append(make([]byte, 0, n+len(sentinel)), k.Bytes...), sentinel...)
	before := bytes.Clone(memory)
	done := make(chan trial, 1) // room for a result that comes too late
	go j.call(k, memory[:n:n+spare], j.judged[k.Version], done)
	timer := time.NewTimer(j.limit)
	defer timer.Stop()
	select {
	case t := <-done:
		t.wrote = !bytes.Equal(memory, before)
		return t
	case <-timer.C:
		j.cutOffs++
		return trial{verdict: CutOff, err: fmt.Errorf("no result after %v", j.limit)}
	}
}

// errGoexit stands for what a codec that ends its goroutine panicked with.
var errGoexit = errors.New("runtime.Goexit, as t.FailNow and t.Fatal call it")

// call calls Decode and sends what came of it, in a goroutine of its own, which
// the codec may end. In a version that is known, ErrVersion is a refusal.
func (j *judge) call(k *Case, b []byte, known bool, done chan<- trial) {
	t := trial{verdict: Panicked, err: errGoexit} // unless Decode returns or panics
	defer func() {
		if p := recover(); p != nil {
			t = trial{verdict: Panicked, err: fmt.Errorf("panic: %v%s", p, panicPlace())}
		}
		done <- t
	}()
	encoded, err := j.codec.Decode(b, k.Version, k.Sender)
	switch {
	case errors.Is(err, ErrVersion) && !known:
		t = trial{verdict: NotInVersion, err: err}
	case err != nil:
		t = trial{verdict: Refused, err: err}
	default:
		t = trial{verdict: Accepted, encoded: bytes.Clone(encoded)}
	}
}

// panicPlace says where the panic that is being recovered from began: the first
// function outside the runtime.
func panicPlace() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	for panicking, more := false, true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			panicking = true
		case panicking && !strings.HasPrefix(f.Function, "runtime."):
			return fmt.Sprintf(" in %s, %s:%d", path.Base(f.Function), path.Base(f.File), f.Line)
		}
	}
	return ""
}
