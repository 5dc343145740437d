package server_test

import (
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/server"
	"github.com/mqttwire/mqttwire/session"
)

// slow is a journal that takes records only when it is let.
type slow struct {
	session.Journal
	let chan struct{}
}

func (s *slow) Append(records []session.Record) error {
	<-s.let
	return s.Journal.Append(records)
}

func TestAClientThatPublishesFasterThanTheJournalTakesItIsHeldUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		journal := &slow{session.MemoryJournal(), make(chan struct{}, 10)}
		for range cap(journal.let) { // more than CONNECT and SUBSCRIBE need
			journal.let <- struct{}{}
		}
		o := broker.Options{Journal: true}
		o.Limits.Queue = session.Bounds{Count: 1 << 20, Bytes: 1 << 30}
		s := &server.Server{Broker: broker.New(o), Journal: journal}
		near, far := net.Pipe()
		go func() { assert.Error(t, s.ServeConn(far)) }()
		c := newClient(t, near)
		_ = near.SetDeadline(time.Time{})
		c.connects(mqttwire.V311, "c", func(p *packets.Connect) { p.CleanStart = false })
		c.subscribes("a", 1)
		synctest.Wait()
		for len(journal.let) > 0 {
			<-journal.let
		}
		const messages = 600 // of 100,000 bytes
		var said atomic.Int64
		go func() {
			for i := range messages {
				p := &packets.Publish{Topic: []byte("a"), Payload: make([]byte, 100_000), QoS: 1, PacketID: uint16(i + 1)}
				if c.Send(p) != nil {
					return
				}
				said.Add(1)
			}
		}()
		synctest.Wait()
		held := said.Load()
		assert.Less(t, held, int64(400))
		assert.Less(t, s.Broker.Undurable(), int64(40<<20))
		go func() { _, _ = io.Copy(io.Discard, near) }()
		journal.let <- struct{}{}
		synctest.Wait()
		assert.Greater(t, said.Load(), held, "it goes on when the journal has caught up")
		close(journal.let)
		assert.NoError(t, s.Close())
	})
}
