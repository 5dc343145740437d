package store_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
	"github.com/mqttwire/mqttwire/store"
)

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// server is the other side of a client that is killed; it lives on.
type server struct {
	t       tb
	session *session.Session
	link    *session.Link
	got     []string
	out     []byte // on its way to the client
}

func newServer(t tb) *server {
	return &server{t: t, session: session.New(session.Options{Side: mqttwire.FromServer})}
}

// connect begins a connection.
func (s *server) connect() {
	if s.link != nil {
		s.link.Lost(began, nil)
		s.events()
	}
	s.link, s.out = session.NewLink(session.LinkOptions{Side: mqttwire.FromServer}), nil
}

// feed lets bytes of the client come.
func (s *server) feed(b []byte) {
	s.link.Feed(began, b)
	for p, ok := s.link.Packet(); ok; p, ok = s.link.Packet() {
		s.link.Handle(began)
		s.events()
		if p.Type() == mqttwire.CONNECT {
			require.NoError(s.t, s.link.Accept(began, s.session, nil))
		}
	}
	s.events()
}

func (s *server) events() {
	for e, ok := s.link.Event(); ok; e, ok = s.link.Event() {
		if p, ok := e.Packet.(*packets.Publish); ok && e.Kind == session.Arrived {
			s.got = append(s.got, string(p.Payload))
		}
	}
}

// take takes up to n bytes that go to the client.
func (s *server) take(n int) []byte {
	out := s.link.Append(nil, 1<<16)
	s.link.Wrote(began, len(out))
	s.events()
	s.out = append(s.out, out...)
	n = min(n, len(s.out))
	b := s.out[:n:n]
	s.out = s.out[n:]
	return b
}

// process is a client with a Store. It is killed at a step.
type process struct {
	t       tb
	path    string
	server  *server
	sends   []string // what it publishes, unless it finds that it has
	step    int
	kill    int // 0: not
	store   *store.Store
	session *session.Session
	link    *session.Link
	got     []string
}

// killed is the panic of a client that is killed.
type killed struct{}

// point is where a client can be killed.
func (c *process) point() {
	if c.step++; c.step == c.kill {
		panic(killed{})
	}
}

// key is that of the client's session.
var clientKey = []byte("c")

// run runs the client until everything is done, or until it is killed: then the file is
// what it is at that moment.
func (c *process) run() {
	var err error
	c.store, err = store.Open(c.path, store.Options{})
	require.NoError(c.t, err)
	defer func() {
		r := recover()
		left, err := os.ReadFile(c.path)
		require.NoError(c.t, err)
		require.NoError(c.t, c.store.Close())
		if r == nil {
			return
		}
		if _, ok := r.(killed); !ok {
			panic(r)
		}
		require.NoError(c.t, os.WriteFile(c.path, left, 0o600))
	}()
	c.restore()
	c.point()
	c.drive()
	c.server.connect()
	c.link = session.NewLink(session.LinkOptions{Side: mqttwire.FromClient})
	connect := &packets.Connect{Version: mqttwire.V5, ClientID: clientKey}
	connect.Properties.SetSessionExpiryInterval(3600)
	require.NoError(c.t, c.link.Open(began, c.session, connect))
	for c.move() {
	}
}

// restore makes the session what the Store says, or begins it.
func (c *process) restore() {
	var whole []byte
	var changes [][]byte
	for r, err := range c.store.Load() {
		require.NoError(c.t, err)
		if r.Snapshot {
			whole = r.Data
			continue
		}
		changes = append(changes, r.Data)
	}
	o := session.Options{Side: mqttwire.FromClient, Journal: true, Known: true}
	var err error
	c.session, _, err = session.Restore(o, began, whole, slices.Values(changes))
	require.NoError(c.t, err)
	c.link = nil
	if whole == nil && len(changes) == 0 {
		for _, m := range c.sends {
			_, err := c.session.Publish(began, message(m), session.Delivery{QoS: mqttwire.ExactlyOnce})
			require.NoError(c.t, err)
		}
	}
	if len(changes) > 8 {
		require.NoError(c.t, c.store.Append([]session.Record{{Session: clientKey, Snapshot: true, Data: c.session.AppendSnapshot(nil)}}))
	}
}

func message(payload string) *session.Message {
	return session.NewMessage(began, &packets.Publish{Topic: []byte("t"), Payload: []byte(payload)})
}

// drive makes changes durable and hands events on.
func (c *process) drive() {
	var records []session.Record
	for change, ok := c.session.Change(); ok; change, ok = c.session.Change() {
		records = append(records, session.Record{Session: clientKey, Data: bytes.Clone(change.Data)})
	}
	if len(records) > 0 {
		c.point()
		require.NoError(c.t, c.store.Append(records))
		c.point()
	}
	next := c.session.Event
	if c.link != nil {
		next = c.link.Event
	}
	for e, ok := next(); ok; e, ok = next() {
		if p, ok := e.Packet.(*packets.Publish); ok && e.Kind == session.Arrived {
			c.point()
			c.got = append(c.got, string(p.Payload))
			c.point()
		}
	}
}

// move lets some bytes go each way, and reports whether there were any.
func (c *process) move() bool {
	c.drive()
	out := c.link.Append(nil, 9)
	c.point()
	c.server.feed(out)
	c.link.Wrote(began, len(out))
	c.drive()
	in := c.server.take(4)
	c.point()
	c.link.Feed(began, in)
	for _, ok := c.link.Packet(); ok; _, ok = c.link.Packet() {
		c.link.Handle(began)
		c.drive()
	}
	return len(in)+len(out) > 0
}

// stepsOf returns how many steps a client has that is not killed.
func stepsOf(t *testing.T, world func(tb, string) *process) int {
	c := world(t, filepath.Join(t.TempDir(), "queue"))
	c.run()
	require.Greater(t, c.step, 40)
	return c.step
}

// sending returns a client that publishes messages of QoS 2.
func sending(t tb, path string) *process {
	return &process{t: t, path: path, server: newServer(t), sends: []string{"1", "2", "3"}}
}

// receiving returns a client to which a server publishes messages of QoS 1 and 2.
func receiving(t tb, path string) *process {
	c := &process{t: t, path: path, server: newServer(t)}
	c.run() // so that the server has its session
	c.step = 0
	for i := range 4 {
		_, err := c.server.session.Publish(began, message(fmt.Sprint(i)), session.Delivery{QoS: mqttwire.QoS(1 + i%2)})
		require.NoError(t, err)
	}
	return c
}

// runs runs a client that is killed at some steps, and once more.
func (c *process) runs(kills ...int) {
	for _, kill := range append(kills, 0) {
		c.step, c.kill = 0, kill
		c.run()
	}
}

func TestASenderThatIsKilledAtAnyStepSendsAMessageOfQoS2Once(t *testing.T) {
	folder := t.TempDir()
	for kill := range stepsOf(t, sending) {
		c := sending(t, filepath.Join(folder, fmt.Sprint(kill)))
		c.runs(kill + 1)
		assert.Equal(t, []string{"1", "2", "3"}, c.server.got, "killed at step %d", kill+1)
		assert.Zero(t, c.session.Stats().IDs, "killed at step %d", kill+1)
	}
}

func TestAReceiverThatIsKilledAtAnyStepLosesNothing(t *testing.T) {
	folder := t.TempDir()
	for kill := range stepsOf(t, receiving) {
		c := receiving(t, filepath.Join(folder, fmt.Sprint(kill)))
		c.runs(kill + 1)
		requireReceived(t, c, 1)
	}
}

// requireReceived checks that a client has received all messages, those of QoS 2 at most
// once more than it was killed.
func requireReceived(t tb, c *process, kills int) {
	times := map[string]int{}
	for _, m := range c.got {
		times[m]++
	}
	assert.Len(t, times, 4, "killed at step %d: %v", c.kill, c.got)
	assert.LessOrEqual(t, times["1"]+times["3"], 2+kills, "killed at step %d: %v", c.kill, c.got)
	assert.Zero(t, c.server.session.Stats().IDs)
}

func TestWhoIsKilledAgainAndAgainKeepsThePromise(t *testing.T) {
	folder, send, receive := t.TempDir(), stepsOf(t, sending), stepsOf(t, receiving)
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		round++
		c := sending(t, filepath.Join(folder, fmt.Sprint("s", round)))
		c.runs(rapid.SliceOfN(rapid.IntRange(1, send), 2, 5).Draw(t, "the sender's steps")...)
		assert.Equal(t, []string{"1", "2", "3"}, c.server.got)
		c = receiving(t, filepath.Join(folder, fmt.Sprint("r", round)))
		kills := rapid.SliceOfN(rapid.IntRange(1, receive), 2, 5).Draw(t, "the receiver's steps")
		c.runs(kills...)
		requireReceived(t, c, len(kills))
	})
}
