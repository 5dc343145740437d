package client_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// restored returns how many messages a client would have that began with a journal now.
func restored(t *testing.T, j session.Journal) int {
	t.Helper()
	c, err := client.New("mqtt://broker", client.Options{ClientID: "c", Journal: j})
	require.NoError(t, err)
	return c.Stats().Restored
}

func TestSyncWaitsForTheJournal(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		b.away = errAway
		journal := newDisk()
		c, err := client.New("mqtt://broker", client.Options{ClientID: "c", Dialer: b.dial, Expiry: time.Hour, Journal: journal})
		require.NoError(t, err)
		require.NoError(t, c.Sync(t.Context()), "there is nothing")
		journal.slow = time.Second
		for n := range 3 {
			c.Send(&packets.Publish{Topic: []byte("t"), QoS: 1})
			c.Send(&packets.Publish{Topic: []byte("t"), QoS: 2})
			pass(time.Duration(n) * 700 * time.Millisecond) // from nothing is kept, over the first is, to all is
			require.NoError(t, c.Sync(t.Context()))
			assert.Equal(t, 2*n+2, restored(t, journal))
		}
		c.Send(&packets.Publish{Topic: []byte("t"), QoS: 1})
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		assert.ErrorIs(t, c.Sync(ctx), context.DeadlineExceeded)
		require.NoError(t, c.Abort())
		require.NoError(t, c.Sync(t.Context()), "what is left is kept at the end")
		assert.Equal(t, 7, restored(t, journal))
		pass(time.Minute)
	})
}

// TestSyncWaitsForNoNetwork: nor does it let anything out that depends on what it keeps.
func TestSyncWaitsForNoNetwork(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		journal := newDisk()
		c := b.dialed(t, client.Options{ClientID: "c", Expiry: time.Hour, Journal: journal})
		synctest.Wait()
		far := b.of("c")
		far.conn.in.set(func(s *stream) { s.held = true })
		require.NoError(t, c.Publish(t.Context(), "large", make([]byte, 200<<10)))
		synctest.Wait() // a write waits
		journal.slow = time.Millisecond
		for n := range 200 {
			c.Send(&packets.Publish{Topic: []byte("t"), Payload: fmt.Append(nil, n), QoS: 1})
			if n == 100 {
				far.conn.in.set(func(s *stream) { s.held = false })
			}
			if n%10 == 0 {
				require.NoError(t, c.Sync(t.Context()))
			}
			if n%10 == 0 && n < 100 {
				assert.Equal(t, n+1, restored(t, journal))
			}
		}
		require.NoError(t, c.Flush(t.Context()))
		var got []string
		for _, p := range packetsOf[*packets.Publish](b)[1:] {
			got = append(got, string(p.Payload))
		}
		var all []string
		for n := range 200 {
			all = append(all, fmt.Sprint(n))
		}
		assert.Equal(t, all, got)
		require.NoError(t, c.Sync(t.Context()))
		assert.Zero(t, restored(t, journal))
	})
}

func TestSyncTellsWhatTheJournalSays(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, client.Options{ClientID: "c"})
		assert.ErrorIs(t, c.Sync(t.Context()), client.ErrNoJournal)

		journal := newDisk()
		c = b.dialed(t, client.Options{ClientID: "d", Expiry: time.Hour, Journal: journal})
		synctest.Wait()
		b.stuck()
		require.NoError(t, c.Publish(t.Context(), "large", make([]byte, 200<<10)))
		synctest.Wait()
		journal.mu.Lock()
		journal.left = 0
		journal.mu.Unlock()
		d := c.Send(&packets.Publish{Topic: []byte("t"), QoS: 1})
		assert.ErrorIs(t, c.Sync(t.Context()), errDisk)
		assert.ErrorIs(t, c.Sync(t.Context()), errDisk, "and from then on")
		<-c.Done()
		assert.ErrorIs(t, d.Err(), client.ErrUnknown)
		for _, p := range packetsOf[*packets.Publish](b) {
			assert.Zero(t, p.QoS, "it was not kept")
		}
		b.end()
	})
}
