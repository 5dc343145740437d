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
type MessagePool struct{ pool sync.Pool }

// pooled is a message of a pool, with its memory.
type pooled struct {
	message  Message
	prepared packets.Prepared
	memory   []byte
	pool     *MessagePool
	keepers  atomic.Int64
}

// mostPooled is how many bytes a message has at most whose memory is used again.
const mostPooled = 4 << 10

// New is NewMessage for a message that the caller keeps until it calls Release. Each Session
// that it is published to keeps it as long as it needs it. Who else has it beyond that, such
// as a list, calls Keep, and may leave out Release: then its memory is left to the garbage
// collector.
func (p *MessagePool) New(now time.Time, publish *packets.Publish) *Message {
	if len(publish.Payload) > mostPooled {
		return NewMessage(now, publish)
	}
	m, ok := p.pool.Get().(*pooled)
	if !ok {
		m = &pooled{pool: p}
	}
	memory, err := m.prepared.PrepareIn(m.memory[:0], publish, publish.Topic)
	if err != nil {
		p.pool.Put(m)
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
	if p.keepers.Add(-1) == 0 && cap(p.memory) <= mostPooled {
		p.pool.pool.Put(p)
	}
}
