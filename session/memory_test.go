package session_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// heap returns how many bytes are in use.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestAnIdleConnectionTakesLittle(t *testing.T) {
	const most = 1200*1024/1000 + 384 // of the Link, its connection value included, and of the Session
	const n = 1000
	for _, side := range sides {
		for _, v := range versions {
			keep := make([]*loop, 0, n)
			links := make([]*session.Link, 0, n)
			before := heap()
			for range n {
				l := newLoop(t, v, session.LinkOptions{})
				idle := l.client
				if side == mqttwire.FromServer {
					idle = l.server
				}
				idle.Release()
				links = append(links, idle)
			}
			each := (heap() - before) / n
			t.Log(side, v, each)
			assert.LessOrEqual(t, each, int64(most), "%s %s", side, v)
			runtime.KeepAlive(keep)
			runtime.KeepAlive(links)
		}
	}
}

func TestMemoryOfABurstIsGivenBack(t *testing.T) {
	p := newPair(t, mqttwire.V5, session.Options{Queue: session.Bounds{Count: 5000, Bytes: 10 << 20}}, session.Options{})
	p.open()
	before := heap()
	for range 4000 {
		p.publish(&p.client, string(make([]byte, 1000)), 2)
	}
	p.run()
	p.client.events, p.client.wire, p.client.got, p.client.out = nil, nil, nil, nil
	p.server.events, p.server.wire, p.server.got, p.server.out = nil, nil, nil, nil
	p.client.link.Release()
	p.server.link.Release()
	assert.LessOrEqual(t, heap()-before, int64(8<<10))
	p.publish(&p.client, "goes on", 2)
	p.run()
	assert.Equal(t, []string{"t goes on"}, p.server.got)
}

func TestALinkIsUsedAgain(t *testing.T) {
	l := session.NewLink(session.LinkOptions{Side: mqttwire.FromServer, Hold: true})
	for range 2 {
		s := session.New(session.Options{Side: mqttwire.FromServer})
		b, err := (&packets.Connect{Version: mqttwire.V311, ClientID: []byte("c"), CleanStart: true}).Append(nil, mqttwire.V311)
		require.NoError(t, err)
		l.Feed(began, b)
		_, ok := l.Packet()
		require.True(t, ok)
		require.NoError(t, l.Accept(began, s, nil))
		b = l.Append(nil, 100)
		assert.Equal(t, []byte{0x20, 2, 0, 0}, b)
		l.Wrote(began, len(b))
		l.Lost(began, nil)
		_, ok = l.Closed()
		assert.True(t, ok)
		l.Reset(session.LinkOptions{Side: mqttwire.FromServer})
		_, ok = l.Closed()
		assert.False(t, ok)
		_, ok = l.Event()
		assert.False(t, ok)
	}
}
