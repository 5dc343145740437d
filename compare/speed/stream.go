package main

import (
	"bytes"
	"fmt"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// source gives the same bytes over and over, as many at a time as are asked for:
// a connection that is always ahead of its reader.
type source struct {
	b   []byte
	pos int
}

func (s *source) Read(p []byte) (int, error) {
	for n := 0; n < len(p); {
		m := copy(p[n:], s.b[s.pos:])
		n += m
		if s.pos += m; s.pos == len(s.b) {
			s.pos = 0
		}
	}
	return len(p), nil
}

// peek returns the next byte.
func (s *source) peek() byte { return s.b[s.pos] }

// mixed is a stream of packets that a client sends, mostly messages and their
// acknowledgements, now and then a request, a subscription or another message of
// QoS 2. Topics and payloads have many lengths; the order repeats after
// mixedPackets.
type mixed struct {
	v       mqttwire.Version
	packets []mqttwire.Packet
	wire    []byte
}

const mixedPackets = 256

func newMixed(v mqttwire.Version) mixed {
	m := mixed{v: v}
	for i := range mixedPackets {
		m.packets = append(m.packets, mixedPacket(i*97%mixedPackets, v)) // 97 is prime to 256: each number once
	}
	for _, p := range m.packets {
		m.wire = mustAppend(m.wire, p, v)
	}
	return m
}

// mixedPacket is packet i of 256: 160 PUBLISH of QoS 0 or 1, 72 PUBACK, four each
// of PUBLISH of QoS 2, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE and PINGREQ.
func mixedPacket(i int, v mqttwire.Version) mqttwire.Packet {
	id := uint16(i + 1)
	switch {
	case i < 160:
		return mixedPublish(i, mqttwire.QoS(i&1), v)
	case i < 164:
		return mixedPublish(i, 2, v)
	case i < 236:
		return &packets.Puback{PacketID: id}
	case i < 240:
		return &packets.Pubrec{PacketID: id}
	case i < 244:
		return &packets.Pubrel{PacketID: id}
	case i < 248:
		return &packets.Pubcomp{PacketID: id}
	case i < 252:
		return &packets.Subscribe{PacketID: id, Subscriptions: subscribe(1 + i&3).Subscriptions}
	}
	return &packets.Pingreq{}
}

// mixedPublish is a message of 16 to 271 bytes. In 5.0 half of them have
// properties: two, or the eight of the workloads.
func mixedPublish(i int, qos mqttwire.QoS, v mqttwire.Version) *packets.Publish {
	p := &packets.Publish{QoS: qos, Payload: bytes.Repeat([]byte("x"), 16+i*37%256)}
	p.Topic = fmt.Appendf(nil, "site/%d/line/%d/machine/%d/temperature", i%7, i%12, 1<<(i%20))
	if qos > 0 {
		p.PacketID = uint16(i + 1)
	}
	switch {
	case v != v5 || i&2 == 0:
	case i%8 < 4:
		p.Properties.SetMessageExpiryInterval(uint32(i + 1))
		p.Properties.SetContentType([]byte(contentType))
	default:
		p.Properties = eightProperties()
	}
	return p
}

// streamRows are the mixed streams: read from a source, and cut from memory.
func streamRows() []row {
	var rows []row
	for _, v := range []mqttwire.Version{v311, v5} {
		m := newMixed(v)
		r := row{kind: kindStream, name: "mixed/v" + v.String(), v: v, bytes: float64(len(m.wire)) / mixedPackets}
		for _, c := range codecs() {
			if c.stream == nil {
				continue
			}
			if run := c.stream(&source{b: m.wire}, v); run != nil {
				r.add(c.name, run)
			}
		}
		r.add(nameFeeder, mqttwireFeed(&source{b: m.wire}, v))
		r.add(nameMemcpy, mixedCopy(&m))
		rows = append(rows, r)
	}
	return rows
}

// mixedCopy reads the packets' bytes from a source, and does nothing with them.
func mixedCopy(m *mixed) loop {
	src, buf := &source{b: m.wire}, make([]byte, len(m.wire)/mixedPackets)
	return func(n int) (sum uint64) {
		for range n {
			size, _ := src.Read(buf)
			sum += uint64(size)
		}
		return sum
	}
}

// mixedDecode cuts the stream's packets from memory and decodes them.
func mixedDecode(m *mixed) loop {
	v, p, rest := m.v, new(mqttwirePackets), m.wire
	return func(n int) (sum uint64) {
		for range n {
			f, after, err := mqttwire.CutFrame(rest, 0)
			must(err)
			sum += p.read(f, v)
			if rest = after; len(rest) == 0 {
				rest = m.wire
			}
		}
		return sum
	}
}
