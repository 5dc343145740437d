package codecs

import (
	"errors"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
)

// ErrDeadline is what the codec of WithDeadline returns for bytes that the codec
// in it has not done with in time.
var ErrDeadline = errors.New("codecs: cut off at the deadline")

// WithDeadline returns c with a limit on the time that each Decode may take. A
// call over the limit is left running, as nothing can stop it, and ErrDeadline
// is returned in its place.
func WithDeadline(c mqttwiretest.Codec, limit time.Duration) mqttwiretest.Codec {
	return deadlined{c, limit}
}

type deadlined struct {
	codec mqttwiretest.Codec
	limit time.Duration
}

// Decode implements mqttwiretest.Codec. A panic of the codec is passed on.
func (d deadlined) Decode(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
	done := make(chan result, 1) // room for a result that comes too late
	go func() { done <- decode(d.codec, b, v, from) }()
	timer := time.NewTimer(d.limit)
	defer timer.Stop()
	select {
	case r := <-done:
		if r.panicked != nil {
			panic(r.panicked)
		}
		return r.encoded, r.err
	case <-timer.C:
		return nil, ErrDeadline
	}
}

// result is what came of a call of Decode.
type result struct {
	encoded  []byte
	err      error
	panicked any
}

func decode(c mqttwiretest.Codec, b []byte, v mqttwire.Version, from mqttwire.Sender) (r result) {
	defer func() { r.panicked = recover() }()
	r.encoded, r.err = c.Decode(b, v, from)
	return r
}
