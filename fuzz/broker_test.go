package fuzz

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/internal/corpus"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// FuzzBroker is a broker with a few connections, to which come any bytes in any chunks
// and in any order, while time passes and connections are lost. What is written decodes
// strictly, what is counted is true, and the journal makes a broker again, with the same
// sessions, subscriptions and retained messages.
func FuzzBroker(f *testing.F) {
	streams, err := corpus.LoadStreams()
	if err != nil {
		f.Fatal(err)
	}
	for i, s := range streams {
		var script []byte
		for _, step := range s.Turns {
			if step.Sender == mqttwire.FromClient {
				script = appendChunks(script, byte(i%brokerConns), step.Bytes)
			}
		}
		f.Add(script)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 1<<13 {
			return
		}
		x := &fuzzedBroker{t: t, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
		o := broker.Options{Journal: true, Rand: rand.NewPCG(1, 2), Limits: broker.Limits{
			Queue: session.Bounds{Count: 8, Bytes: 4096}, Subscriptions: session.Bounds{Count: 4, Bytes: 1024},
			Retained: session.Bounds{Count: 4, Bytes: 4096}, Sessions: 3, Stalled: time.Minute,
		}}
		x.b = broker.New(o)
		for len(script) > 0 {
			script = x.step(script)
		}
		x.check(o)
	})
}

const brokerConns = 4

// appendChunks appends steps that send bytes on a connection.
func appendChunks(script []byte, conn byte, b []byte) []byte {
	for ; len(b) > 0; b = b[min(len(b), 63):] {
		script = append(append(script, conn<<6|byte(min(len(b), 63))), b[:min(len(b), 63)]...)
	}
	return script
}

// fuzzedBroker is a broker, and what was written to its connections.
type fuzzedBroker struct {
	t       *testing.T
	b       *broker.Broker
	now     time.Time
	conns   [brokerConns]*broker.Conn
	in      [brokerConns]*packets.Connection
	records []session.Record
}

// step does what the script begins with, and returns the rest: a byte says for which
// connection and how many bytes come, and 0 bytes that it is lost, and time passes.
func (x *fuzzedBroker) step(script []byte) []byte {
	i, n := script[0]>>6, min(int(script[0]&63), len(script)-1)
	script = script[1:]
	if n == 0 {
		x.lose(i)
		x.now = x.now.Add(7 * time.Second)
		x.b.Tick(x.now)
		x.commit()
		return script
	}
	if x.conns[i] == nil {
		x.conns[i] = x.b.Attach(context.Background(), x.now, session.NewLink(session.LinkOptions{Side: mqttwire.FromServer}), broker.Origin{}, nil)
		x.in[i] = nil
	}
	c := x.conns[i]
	c.Feed(x.now, script[:n])
	for p, ok := c.Packet(); ok; p, ok = c.Packet() {
		if p, ok := p.(*packets.Connect); ok {
			x.in[i] = packets.NewConnection(packets.ConnectionOptions{Side: mqttwire.FromClient})
			_, err := x.in[i].Append(nil, p)
			require.NoError(x.t, err)
		}
		c.Handle(x.now)
	}
	c.Tick(x.now)
	x.commit()
	for i := range x.conns {
		x.read(byte(i))
	}
	return script[n:]
}

// read reads what was written to a connection.
func (x *fuzzedBroker) read(i byte) {
	c := x.conns[i]
	if c == nil {
		return
	}
	for b := c.Append(nil, 512); len(b) > 0; b = c.Append(nil, 512) {
		c.Wrote(x.now, len(b))
		if x.in[i] == nil {
			continue
		}
		x.in[i].Feed(b)
		for _, err := x.in[i].Next(); err != mqttwire.ErrIncomplete; _, err = x.in[i].Next() {
			require.NoError(x.t, err)
		}
	}
	if _, closed := c.Closed(); closed {
		x.lose(i)
	}
}

func (x *fuzzedBroker) lose(i byte) {
	if x.conns[i] != nil {
		x.conns[i].Lost(x.now, nil)
		x.conns[i] = nil
	}
}

// commit makes all changes durable.
func (x *fuzzedBroker) commit() {
	all, mark := x.b.Changes(nil)
	for _, r := range all {
		x.records = append(x.records, session.Record{Session: bytes.Clone(r.Session), Data: bytes.Clone(r.Data), Snapshot: r.Snapshot})
	}
	x.b.Durable(mark)
}

// check ends all connections, and makes the broker again.
func (x *fuzzedBroker) check(o broker.Options) {
	for i := range x.conns {
		x.lose(byte(i))
	}
	x.commit()
	st := x.b.Stats()
	require.Zero(x.t, st.Attached)
	require.Zero(x.t, st.Connected)
	require.LessOrEqual(x.t, st.Sessions, o.Limits.Sessions)
	require.LessOrEqual(x.t, st.RetainedBytes, o.Limits.Retained.Bytes)
	b, _, err := broker.Restore(o, x.now, func(yield func(session.Record, error) bool) {
		for _, r := range x.records {
			if !yield(r, nil) {
				return
			}
		}
	})
	require.NoError(x.t, err)
	again := b.Stats()
	require.Equal(x.t, [4]int{st.Sessions, st.Subscriptions, st.Retained, st.RetainedBytes},
		[4]int{again.Sessions, again.Subscriptions, again.Retained, again.RetainedBytes})
}
