package session_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// willed is a server's session, and what its driver has taken of it, step by step: a change,
// or the payload of a will that is due.
type willed struct {
	t       *testing.T
	session *session.Session
	link    *session.Link
	now     time.Time
	first   func() // what the driver takes first
	steps   []willedStep
}

type willedStep struct {
	change []byte
	will   string
}

// connect accepts a client with a will, or without one if its payload is "".
func (w *willed) connect(will string, delay, expiry uint32, clean bool) {
	w.link = session.NewLink(session.LinkOptions{Side: mqttwire.FromServer})
	c := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c"), CleanStart: clean}
	c.Properties.SetSessionExpiryInterval(expiry)
	if will != "" {
		c.Will = &packets.Will{Topic: []byte("w"), Payload: []byte(will)}
		c.Will.Properties.SetWillDelayInterval(delay)
	}
	require.NoError(w.t, w.link.Receive(w.now, c))
	require.NoError(w.t, w.link.Accept(w.now, w.session, nil))
	w.take()
}

// lost ends the connection, and moves the time on.
func (w *willed) lost(wait time.Duration) {
	w.link.Lost(w.now, nil)
	w.take()
	w.tick(wait)
}

func (w *willed) tick(wait time.Duration) {
	w.now = w.now.Add(wait)
	w.session.Tick(w.now)
	w.take()
}

func (w *willed) changes() {
	for c, ok := w.session.Change(); ok; c, ok = w.session.Change() {
		w.steps = append(w.steps, willedStep{change: bytes.Clone(c.Data)})
	}
}

func (w *willed) events() {
	for e, ok := w.session.Event(); ok; e, ok = w.session.Event() {
		if e.Kind == session.WillDue {
			w.steps = append(w.steps, willedStep{will: string(e.Message.Payload())})
		}
	}
}

func (w *willed) take() {
	for n := -1; n != len(w.steps); {
		n = len(w.steps)
		w.first()
		w.changes()
		w.events()
	}
}

// wills are those of the steps.
func wills(steps []willedStep) (list []string) {
	for _, s := range steps {
		if s.will != "" {
			list = append(list, s.will)
		}
	}
	return list
}

func durable(steps []willedStep) (list [][]byte) {
	for _, s := range steps {
		if s.change != nil {
			list = append(list, s.change)
		}
	}
	return list
}

// A server may end without warning between any two changes and events: a will of which a
// change is durable is told before or after, unless the client has said that it goes.
func TestNoWillIsLostWhereverAServerCrashes(t *testing.T) { // [MQTT-3.1.2-8] [trap 19]
	scripts := map[string]func(w *willed){
		"at once":     func(w *willed) { w.connect("1", 0, 60, false); w.lost(0) },
		"delayed":     func(w *willed) { w.connect("1", 5, 60, false); w.lost(6 * time.Second) },
		"with an end": func(w *willed) { w.connect("1", 5, 0, false); w.lost(0) },
		"expired":     func(w *willed) { w.connect("1", 90, 60, false); w.lost(61 * time.Second) },
		"clean start": func(w *willed) {
			w.connect("1", 9, 60, false)
			w.lost(0)
			w.connect("2", 9, 60, true)
			w.lost(10 * time.Second)
		},
		"ended": func(w *willed) { w.connect("1", 9, 60, false); w.session.End(w.now); w.take() },
		"due and another": func(w *willed) {
			w.connect("1", 0, 60, false)
			w.link.Lost(w.now, nil) // and before its will is taken the client is back
			w.connect("2", 0, 60, false)
			w.lost(0)
		},
		"back in time": func(w *willed) {
			w.connect("1", 9, 60, false)
			w.lost(0)
			w.connect("2", 9, 60, false)
			w.lost(10 * time.Second)
		},
		"back without": func(w *willed) {
			w.connect("1", 9, 60, false)
			w.lost(0)
			w.connect("", 0, 60, false)
			w.lost(10 * time.Second)
		},
	}
	o := session.Options{Side: mqttwire.FromServer, Journal: true}
	for name, script := range scripts {
		for _, early := range []bool{false, true} {
			w := &willed{t: t, session: session.New(o), now: began}
			if w.first = w.changes; early {
				w.first = w.events
			}
			script(w)
			told := wills(w.steps)
			for n := range len(w.steps) + 1 {
				what := fmt.Sprintf("%s, events first %t, after %d of %d steps", name, early, n, len(w.steps))
				kept := durable(w.steps[:n])
				again, _, err := session.Restore(o, w.now, nil, slices.Values(kept))
				require.NoError(t, err, what)
				same, _, err := session.Restore(o, w.now, again.AppendSnapshot(nil), nil)
				require.NoError(t, err, what)
				require.Equal(t, again.AppendSnapshot(nil), same.AppendSnapshot(nil), what)
				later := &willed{t: t, session: same, now: w.now, first: func() {}}
				later.take()
				later.tick(100 * time.Second)
				all := append(wills(w.steps[:n]), wills(later.steps)...)
				has := func(will string) bool {
					return slices.ContainsFunc(kept, func(c []byte) bool { return bytes.HasSuffix(c[:len(c)-4], []byte(will)) })
				}
				for _, will := range told {
					if has(will) {
						assert.Contains(t, all, will, what)
					}
				}
				if name == "back in time" && has("1") { // the one or the other, as it has a will each time
					assert.NotEmpty(t, all, what)
				}
				if n == len(w.steps) {
					assert.Equal(t, told, all, what+": each once")
				}
			}
		}
	}
}

func TestAWillThatTheClientTakesBackIsNotToldAfterACrash(t *testing.T) { // [MQTT-3.14.4-3]
	o := session.Options{Side: mqttwire.FromServer, Journal: true}
	w := &willed{t: t, session: session.New(o), now: began, first: func() {}}
	w.connect("1", 0, 60, false)
	require.NoError(t, w.link.Receive(w.now, &packets.Disconnect{}))
	w.take()
	again, _, err := session.Restore(o, w.now, nil, slices.Values(durable(w.steps)))
	require.NoError(t, err)
	later := &willed{t: t, session: again, now: w.now, first: func() {}}
	later.tick(100 * time.Second)
	assert.Empty(t, wills(append(w.steps, later.steps...)))
}
