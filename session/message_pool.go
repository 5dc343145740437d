package session

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/mqttwire/mqttwire/packets"
)

// MessagePool makes messages in memory that is used again when nobody keeps them any
// more, so that to send on what comes allocates nothing. Its zero value is ready. It may be
// used by many goroutines at once, and must not be copied.
type MessagePool struct{ pools [len(pooledSizes)]sync.Pool }

// pooled is a message of a pool, with its memory.
type pooled struct {
	message  Message
	prepared packets.Prepared
	memory   []byte
	pool     *sync.Pool
	keepers  atomic.Int64
}

// pooledSizes are how many bytes of memory messages have that is used again: a small one does
// not get that of a large one, as it counts for little where it is kept for long.
var pooledSizes = [...]int{64, 256, 1 << 10, 4 << 10}

// mostLayout is how many bytes a message has beside its topic, payload and properties at most
// to be sent.
const mostLayout = 16

// New is NewMessage for a message that the caller keeps until it calls Release. Each Session
// that it is published to keeps it as long as it needs it. Who else has it beyond that, such
// as a list, calls Keep, and may leave out Release: then its memory is left to the garbage
// collector.
func (p *MessagePool) New(now time.Time, publish *packets.Publish) *Message {
	size, i := publish.Pinned()+mostLayout, 0
	for size > pooledSizes[i] {
		if i++; i == len(pooledSizes) {
			return NewMessage(now, publish)
		}
	}
	pool := &p.pools[i]
	m, ok := pool.Get().(*pooled)
	if !ok {
		m = &pooled{pool: pool, memory: make([]byte, 0, pooledSizes[i])}
	}
	memory, err := m.prepared.PrepareIn(m.memory[:0], publish, publish.Topic)
	if err != nil {
		pool.Put(m)
		return NewMessage(now, publish)
	}
	m.memory = memory
	m.message = Message{pooled: m, prepared: &m.prepared}
	m.message.begins(now, publish.Topic)
	m.keepers.Store(1)
	return &m.message
}

// Keep says that somebody more needs the message until Release. Of a message that is of no
// MessagePool both do nothing.
func (m *Message) Keep() {
	if m.pooled != nil {
		m.pooled.keepers.Add(1)
	}
}

// Release says that somebody does not need the message any more, who must not look at it from
// then on. When nobody does its memory is used again.
func (m *Message) Release() {
	if m.pooled != nil {
		m.pooled.release()
	}
}

// release is Release of its message.
func (p *pooled) release() {
	if p.keepers.Add(-1) == 0 {
		p.pool.Put(p)
	}
}
