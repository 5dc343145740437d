package pcap

import (
	"encoding/binary"
	"io"
	"runtime"
	"testing"

	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire/capture"
)

// manyConnections writes a capture of connections as it is read: of a SYN each, or
// sessions from SYN to FIN with four packets.
type manyConnections struct {
	sessions bool
	count    int // connections that are still to come
	number   uint32
	records  uint32
	out      []byte
}

func newManyConnections(count int, sessions bool) *manyConnections {
	return &manyConnections{sessions: sessions, count: count, out: pcapFile(binary.LittleEndian, magicMicroseconds, layers.LinkTypeEthernet, 0)}
}

func (m *manyConnections) Read(p []byte) (n int, err error) {
	for len(m.out) == 0 {
		if m.count == 0 {
			return 0, io.EOF
		}
		m.count--
		m.connection()
		m.number++
	}
	n = copy(p, m.out)
	if m.out = m.out[n:]; len(m.out) == 0 {
		m.out = nil
	}
	return n, nil
}

// connection writes the segments of a connection.
func (m *manyConnections) connection() {
	const syn, fin, ack = 0x02, 0x01, 0x10
	const connect = "\x10\x10\x00\x04MQTT\x04\x02\x00\x3C\x00\x04dev1"
	at, size := m.number, uint32(len(connect))
	m.segment(true, at, 0, syn, "")
	if !m.sessions {
		return
	}
	m.segment(false, 9, at+1, syn|ack, "")
	m.segment(true, at+1, 10, ack, connect)
	m.segment(false, 10, at+1+size, ack, "\x20\x02\x00\x00")
	m.segment(true, at+1+size, 14, ack, "\x30\x07\x00\x01a1234")
	m.segment(true, at+10+size, 14, ack|fin, "\xE0\x00")
	m.segment(false, 14, at+13+size, ack|fin, "")
}

// segment writes a record of a segment that the client sends, or the server.
func (m *manyConnections) segment(up bool, seq, ack uint32, flags byte, payload string) {
	const headers = 14 + 20 + 20
	le, be, i := binary.LittleEndian, binary.BigEndian, m.number
	client, server := []byte{10, byte(i >> 20), byte(i >> 12), byte(i >> 4)}, []byte{192, 0, 2, 20}
	ports := [2]uint16{uint16(1024 + i&15*7), 1883}
	if !up {
		client, server, ports = server, client, [2]uint16{ports[1], ports[0]}
	}
	m.records++
	b := le.AppendUint32(m.out, 1700000000+m.records/10000)
	b = le.AppendUint32(b, m.records%10000*100)
	b = le.AppendUint32(b, uint32(headers+len(payload)))
	b = le.AppendUint32(b, uint32(headers+len(payload)))
	b = append(b, macs+"\x08\x00\x45\x00"...)
	b = be.AppendUint16(b, uint16(40+len(payload)))
	b = append(append(append(b, "\x00\x00\x40\x00\x40\x06\x00\x00"...), client...), server...)
	b = be.AppendUint16(be.AppendUint16(b, ports[0]), ports[1])
	b = be.AppendUint32(be.AppendUint32(b, seq), ack)
	m.out = append(append(b, 0x50, flags, 0xFA, 0, 0, 0, 0, 0), payload...)
}

// drain reads a capture to its end and counts the events by their kind.
func drain(t testing.TB, in io.Reader) (counts map[capture.Kind]int, most uint64) {
	t.Helper()
	r, err := NewReader(in, capture.Options{})
	require.NoError(t, err)
	counts = map[capture.Kind]int{}
	n := 0
	for e, err := range r.Events() {
		require.NoError(t, err)
		counts[e.Kind]++
		if n++; n%50000 == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse+m.StackInuse)
		}
	}
	return counts, most
}

func TestManyConnectionsTakeBoundedMemory(t *testing.T) {
	count := 400000 // capture has more of them, without files
	if testing.Short() {
		count = 200000
	}
	counts, most := drain(t, newManyConnections(count, false))
	assert.Equal(t, map[capture.Kind]int{capture.Unanswered: count}, counts)
	assert.Less(t, most, uint64(64<<20))
	count = count * 3 / 10
	counts, most = drain(t, newManyConnections(count, true))
	assert.Equal(t, map[capture.Kind]int{capture.WholePacket: 4 * count, capture.Closed: 2 * count}, counts)
	assert.Less(t, most, uint64(64<<20))
}
