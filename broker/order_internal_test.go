package broker

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// Who comes with the client identifier of a session that ends makes records of its own: they
// must be behind that of the end.
func TestAClientIsThereUntilTheEndOfItsSessionIsRecorded(t *testing.T) {
	now := time.Unix(1, 0)
	b := New(Options{Journal: true})
	c := b.Attach(t.Context(), now, session.NewLink(session.LinkOptions{Side: mqttwire.FromServer}), Origin{}, func() {})
	connect := &packets.Connect{Version: mqttwire.V311, ClientID: []byte("p")}
	in, err := connect.Append(nil, mqttwire.V311)
	require.NoError(t, err)
	c.Feed(now, in)
	_, ok := c.Packet()
	require.True(t, ok)
	c.Handle(now)
	c.Lost(now, nil)
	before, _ := b.Changes(nil)
	require.NotEmpty(t, before)
	sp := b.space("")
	cl := sp.find("p")
	sp.mu.Lock() // in which the client is found, or not
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		turn := b.turn(now)
		defer turn.end()
		cl.mu.Lock()
		defer cl.mu.Unlock()
		cl.session.End(now)
		cl.settle(turn)
	}()
	records := func() int {
		b.log.mu.Lock()
		defer b.log.mu.Unlock()
		return len(b.log.records)
	}
	for began := time.Now(); records() == 0 && time.Since(began) < 5*time.Second; {
		runtime.Gosched()
	}
	assert.Positive(t, records(), "the client goes first")
	sp.mu.Unlock()
	<-ended
	assert.Nil(t, sp.find("p"))
}
