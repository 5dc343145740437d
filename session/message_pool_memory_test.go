package session_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// memoryOf returns how many bytes of memory are in use.
func memoryOf() int64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}

func TestASmallMessageHoldsNoMemoryOfALargeOne(t *testing.T) {
	const n = 10_000
	var pool session.MessagePool
	s := session.New(session.Options{Side: mqttwire.FromServer, Queue: session.Bounds{Count: n, Bytes: 1 << 20}})
	now := time.Now()
	large := &packets.Publish{Topic: []byte("a"), Payload: make([]byte, 4000)}
	small := &packets.Publish{Topic: []byte("a"), Payload: []byte("m"), QoS: 1}
	before := memoryOf()
	for range n {
		pool.New(now, large).Release() // nobody has subscribed to it
		m := pool.New(now, small)
		if _, err := s.Publish(now, m, session.Delivery{QoS: 1, Quiet: true}); err != nil {
			t.Fatal(err)
		}
		m.Release()
	}
	held := memoryOf() - before
	counted := s.Stats().Bytes
	t.Log(held/n, "bytes of memory for a message that counts for", counted/n)
	if held > 10*int64(counted) {
		t.Fail()
	}
	runtime.KeepAlive(s)
}
