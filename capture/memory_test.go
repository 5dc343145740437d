package capture

import (
	"encoding/binary"
	"net/netip"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

// crowd is a capture with very many connections.
type crowd struct {
	t      *testing.T
	c      *Conversations
	kinds  map[Kind]int
	server netip.AddrPort
}

func newCrowd(t *testing.T, o Options) *crowd {
	w := &crowd{t: t, kinds: map[Kind]int{}, server: server4}
	w.c = newConversations(t, o)
	w.c.Handle(func(e Event) bool {
		w.kinds[e.Kind]++
		return true
	})
	return w
}

// client is the address of a client, by its number.
func client(i int) netip.AddrPort {
	var a [4]byte
	binary.BigEndian.PutUint32(a[:], 0x0A000000+uint32(i)/16)
	return netip.AddrPortFrom(netip.AddrFrom4(a), uint16(1024+i%16))
}

func (w *crowd) says(i int, seq uint32, payload string) {
	w.c.Add(Segment{Src: client(i), Dst: w.server, Seq: seq, Payload: []byte(payload)})
}

func (w *crowd) opens(i int) { w.c.Add(Segment{Src: client(i), Dst: w.server, SYN: true}) }

// heap is how many bytes are in use, garbage not counted.
func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// holds checks how much memory a capture holds.
func (w *crowd) holds(before, most int) {
	w.t.Helper()
	assert.Less(w.t, heap()-before, most)
	assert.LessOrEqual(w.t, len(w.c.open), maxOpen+maxUnbegun+maxOver)
	assert.LessOrEqual(w.t, w.c.holding.bytes, maxWaiting)
	runtime.KeepAlive(w.c)
}

// many is how many connections a test makes.
func many(n int) int {
	if testing.Short() {
		return n / 20
	}
	return n
}

func TestAFloodOfSYNsTakesLittleMemory(t *testing.T) {
	before := heap()
	w := newCrowd(t, Options{})
	n := many(1_000_000)
	for i := range n {
		w.opens(i)
	}
	w.holds(before, 8<<20)
	w.c.Finish()
	assert.Equal(t, n, w.kinds[Unanswered])
	assert.Equal(t, n, w.c.Summary().Unanswered)
}

func TestVeryManySessionsTakeLittleMemory(t *testing.T) {
	before := heap()
	w := newCrowd(t, Options{})
	n := many(300_000)
	for i := range n {
		w.opens(i)
		w.c.Add(Segment{Src: w.server, Dst: client(i), SYN: true, ACK: true, Ack: 1})
		w.says(i, 1, connect311)
		w.c.Add(Segment{Src: w.server, Dst: client(i), Seq: 1, ACK: true, Ack: 15, Payload: []byte(connack3)})
		w.says(i, 15, publish3)
		w.c.Add(Segment{Src: client(i), Dst: w.server, Seq: 25, FIN: true, ACK: true, Ack: 5})
		w.c.Add(Segment{Src: w.server, Dst: client(i), Seq: 5, FIN: true, ACK: true, Ack: 26})
	}
	w.holds(before, 8<<20)
	assert.Equal(t, Summary{Segments: 7 * n, Streams: n, MQTT: n, Packets: 3 * n}, w.c.Summary())
	assert.Equal(t, 2*n, w.kinds[Closed])
}

func TestTheConnectionThatIsIdleForLongestIsDropped(t *testing.T) {
	before := heap()
	w := newCrowd(t, Options{})
	for i := range maxOpen + 10 {
		w.opens(i)
		w.says(i, 1, connect311)
		w.says(0, uint32(15+2*i), pingreq) // which is not idle
	}
	w.holds(before, 32<<20)
	assert.Equal(t, 10, w.kinds[Dropped])
	assert.Equal(t, 10, w.c.Summary().Dropped)
	w.says(1, 15, publish3+publish3)
	assert.Equal(t, maxOpen+11, w.c.Summary().Streams, "the first that was dropped is another stream")
	assert.Equal(t, 2*(maxOpen+10)+2, w.kinds[WholePacket], "and is read as one that began before")
}

func TestWhatWaitsInAllConnectionsIsBounded(t *testing.T) {
	long := strings.Repeat("x", 60000)
	publish, err := mqttwire.AppendFrame(nil, mqttwire.PUBLISH, 0, []byte("\x00\x01t"+strings.Repeat(long, 20)))
	require.NoError(t, err)
	id, err := mqttwire.AppendFrame(nil, mqttwire.CONNECT, 0, []byte("\x00\x04MQTT\x04\x02\x00\x3C\xEA\x60"+long))
	require.NoError(t, err)
	small, err := mqttwire.AppendFrame(nil, mqttwire.CONNECT, 0, []byte("\x00\x04MQTT\x04\x02\x00\x3C\x13\x88"+long[:5000]))
	require.NoError(t, err)
	for name, test := range map[string]struct {
		says        func(w *crowd, i int)
		want        Kind // of the events that tell of it
		connections int
	}{
		"packets that are not whole": {func(w *crowd, i int) {
			seq := uint32(1 + len(connect311))
			for at := 0; at+60000 < len(publish); at += 60000 {
				w.says(i, seq+uint32(at), string(publish[at:at+60000]))
			}
		}, PartialPacket, 80},
		"holes": {func(w *crowd, i int) {
			for n := range 20 {
				w.says(i, 100+uint32(n)*60000, long)
			}
		}, LostBytes, 80},
		"small pieces": {func(w *crowd, i int) {
			for n := range uint32(maxHeldPieces) {
				w.says(i, 100+2*n, "x")
			}
		}, LostBytes, 80},
		"client identifiers": {func(w *crowd, i int) {
			w.says(i, uint32(1+len(connect311)), string(id))
		}, Dropped, 600},
		"small client identifiers": {func(w *crowd, i int) {
			w.says(i, uint32(1+len(connect311)), string(small))
		}, Dropped, 6000},
		"a search": {func(w *crowd, i int) {
			w.says(i, 1<<20, string(publish[:60000]))
			w.c.Add(Segment{Src: w.server, Dst: client(i), ACK: true, Ack: 1<<20 + 60000})
			for n := range 10 {
				w.says(i, 1<<20+60000*uint32(n+1), long)
			}
		}, SkippedBytes, 80},
	} {
		t.Run(name, func(t *testing.T) {
			before := heap()
			w := newCrowd(t, Options{})
			for i := range test.connections {
				w.opens(i)
				w.c.Add(Segment{Src: w.server, Dst: client(i), SYN: true})
				w.says(i, 1, connect311)
				test.says(w, i)
				require.LessOrEqual(t, w.c.holding.bytes, maxWaiting)
			}
			w.holds(before, maxWaiting*3/2)
			w.c.Finish()
			assert.NotZero(t, w.kinds[test.want], w.kinds)
		})
	}
}

func TestTheTopicsOfAliasesAreBounded(t *testing.T) {
	before := heap()
	w := newCrowd(t, Options{})
	w.opens(0)
	w.says(0, 1, connect5)
	seq := uint32(1 + len(connect5))
	topic := strings.Repeat("t", 10000)
	for i := range 3000 {
		body := append([]byte{0x27, 0x10}, topic...)
		body = append(body, 3, 0x23, byte(i>>8), byte(i)|1)
		p, err := mqttwire.AppendFrame(nil, mqttwire.PUBLISH, 0, body)
		require.NoError(t, err)
		w.says(0, seq, string(p))
		seq += uint32(len(p))
	}
	w.holds(before, 4<<20)
	assert.Equal(t, 3001, w.kinds[WholePacket])
}

// hoarder is a Stage that keeps all it is given.
type hoarder struct{ waits []byte }

func (h *hoarder) Protocol() string                        { return "hoard" }
func (h *hoarder) Take(_ Direction, data []byte, _ Outlet) { h.waits = append(h.waits, data...) }
func (h *hoarder) Lose(d Direction, n int64, out Outlet)   { out.Lost(d, n) }
func (h *hoarder) End(Direction, Outlet)                   {}
func (h *hoarder) Held() int                               { return cap(h.waits) }

func TestAStageThatHoldsTooMuchIsDropped(t *testing.T) {
	before := heap()
	w := newCrowd(t, Options{Stages: []StageOpener{func(StageStart) Stage { return new(hoarder) }}})
	w.server = netip.AddrPortFrom(server4.Addr(), 9001)
	long := strings.Repeat("x", 60000)
	for i := range 200 {
		w.opens(i)
		w.says(i, 1, "SSH-2\n")
		for n := range 10 {
			w.says(i, 7+60000*uint32(n), long)
		}
	}
	w.holds(before, maxWaiting*3/2)
}

func TestPacketsBehindAHoleAreHandedOutOneByOne(t *testing.T) {
	w := newCrowd(t, Options{})
	w.opens(0)
	w.c.Add(Segment{Src: w.server, Dst: client(0), SYN: true, ACK: true})
	w.says(0, 1, connect311)
	pings := strings.Repeat(pingreq, 30000)
	seq := uint32(1 + len(connect311) + 2)
	for range 60 {
		w.says(0, seq, pings)
		seq += uint32(len(pings))
	}
	before := heap()
	most := 0
	w.c.Handle(func(e Event) bool {
		if w.kinds[e.Kind]++; w.kinds[WholePacket] == 900_000 {
			most = heap() - before
		}
		return true
	})
	w.c.Add(Segment{Src: w.server, Dst: client(0), Seq: 1, ACK: true, Ack: seq})
	assert.Equal(t, 1+60*30000, w.kinds[WholePacket])
	assert.Less(t, most, 1<<20, "events of %d packets do not wait", w.kinds[WholePacket])
}

func TestAliasesAreForgottenBeforeConnectionsAre(t *testing.T) {
	topic := strings.Repeat("t", 60000)
	w := newCrowd(t, Options{})
	for i := range 40 {
		w.opens(i)
		w.says(i, 1, connect5)
		seq := uint32(1 + len(connect5))
		for alias := range byte(15) {
			p, err := mqttwire.AppendFrame(nil, mqttwire.PUBLISH, 0, append([]byte("\xEA\x60"+topic), 3, 0x23, 0, alias+1))
			require.NoError(t, err)
			w.says(i, seq, string(p))
			seq += uint32(len(p))
		}
	}
	assert.Zero(t, w.kinds[Dropped])
	assert.Equal(t, 40*16, w.kinds[WholePacket])
	assert.LessOrEqual(t, w.c.holding.bytes, maxWaiting)
}

func TestSegmentsThatWaitBeforeAnythingWasReadAreBounded(t *testing.T) {
	before := heap()
	w := newCrowd(t, Options{})
	for i := range maxUnbegun {
		w.opens(i)
		w.c.Add(Segment{Src: w.server, Dst: client(i), SYN: true, ACK: true, Ack: 1})
		w.c.Add(Segment{Src: client(i), Dst: w.server, Seq: 1, ACK: true, Ack: 100, Payload: make([]byte, 60000)})
		require.LessOrEqual(t, w.c.holding.bytes, maxWaiting)
	}
	w.holds(before, maxWaiting*3/2)
	assert.Less(t, len(w.c.open), maxUnbegun)
}

func TestASYNThatIsSentAgainIsOneConnection(t *testing.T) {
	w := newCrowd(t, Options{})
	for range 3 {
		w.opens(0)
	}
	w.opens(1)
	w.c.Add(Segment{Src: client(0), Dst: w.server, SYN: true, Seq: 9000})
	w.c.Finish()
	assert.Equal(t, map[Kind]int{Unanswered: 3}, w.kinds)
	assert.Equal(t, Summary{Segments: 5, Streams: 3, Unanswered: 3}, w.c.Summary())
}

func TestOneOfTwoSYNsThatCrossMayBeAnswered(t *testing.T) {
	tr := newTrace(t)
	tr.record(client4, server4, "S", 999, "")
	tr.record(server4, client4, "S", 4999, "")
	tr.record(client4, server4, "A", 1000, connect311)
	tr.record(server4, client4, "A", 5000, connack3)
	assert.Equal(t, []string{"3/0 client CONNECT 3.1.1", "4/0 server CONNACK 3.1.1"}, tr.lines(Options{}))
}
