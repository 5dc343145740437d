package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// capture writes a pcap file of raw IP, segment by segment.
type capture struct {
	file    *os.File
	to      *bufio.Writer
	records uint32
	err     error
}

func newCapture(name string) (*capture, error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	c := &capture{file: f, to: bufio.NewWriter(f)}
	c.write([]byte{0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 101, 0, 0, 0})
	return c, nil
}

func (c *capture) write(b []byte) {
	if c.err == nil {
		_, c.err = c.to.Write(b)
	}
}

// end ends the file.
func (c *capture) end() error {
	if c.err == nil {
		c.err = c.to.Flush()
	}
	if err := c.file.Close(); c.err == nil {
		c.err = err
	}
	return c.err
}

// The flags of a segment.
const (
	fin = 1 << iota
	syn
	_
	push
	ack
)

// endpoint is an address and a port, as they stand in headers.
type endpoint struct {
	addr [4]byte
	port uint16
}

// segment writes a segment; twenty thousand are a second.
func (c *capture) segment(src, dst endpoint, seq, acked uint32, flags byte, payload []byte) {
	const headers, aSecond = 40, 20000
	b := make([]byte, 16, 16+headers+len(payload))
	size := uint32(headers + len(payload))
	c.records++
	for i, v := range []uint32{1700000000 + c.records/aSecond, c.records % aSecond * 50, size, size} {
		binary.LittleEndian.PutUint32(b[4*i:], v)
	}
	b = append(b, 0x45, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(size))
	b = append(append(append(b, 0, 0, 0, 0, 64, 6, 0, 0), src.addr[:]...), dst.addr[:]...)
	b = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, src.port), dst.port)
	b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, seq), acked)
	c.write(append(append(b, 0x50, flags, 0xFF, 0xFF, 0, 0, 0, 0), payload...))
}

var server = endpoint{[4]byte{10, 0, 1, 1}, 1883}

// smallPackets writes n packets of twenty clients that publish with QoS 0, 1 and 2, a
// segment each.
func smallPackets(name string, n int) error {
	c, err := newCapture(name)
	if err != nil {
		return err
	}
	const clients = 20
	var said [clients][2]uint32 // bytes of client and server
	for i := 0; int(c.records) < n; i++ {
		at := i % clients
		client := endpoint{[4]byte{10, 0, 0, byte(at + 1)}, 0x9C00 + uint16(at)}
		for _, p := range exchange(i, at, i/clients) {
			src, dst, own, other := client, server, &said[at][0], &said[at][1]
			if fromServer(p) {
				src, dst, own, other = dst, src, other, own
			}
			b, err := p.Append(nil, mqttwire.V311)
			if err != nil {
				return err
			}
			c.segment(src, dst, *own+1, *other+1, push|ack, b)
			*own += uint32(len(b))
		}
	}
	return c.end()
}

// fromServer reports whether the server sends a packet, of those that are written.
func fromServer(p mqttwire.Packet) bool {
	switch p.(type) {
	case *packets.Connack, *packets.Puback, *packets.Pubrec, *packets.Pubcomp:
		return true
	}
	return false
}

// exchange is the i-th message of all, of a client, and what is said about it.
func exchange(i, client, round int) (all []mqttwire.Packet) {
	if round == 0 {
		all = append(all, &packets.Connect{Version: mqttwire.V311, CleanStart: true, ClientID: fmt.Appendf(nil, "sensor-%02d", client)}, &packets.Connack{})
	}
	p := &packets.Publish{Topic: fmt.Appendf(nil, "plant/%d/line/%d/temperature", client, i%50), Payload: fmt.Appendf(nil, `{"value":%d.%02d,"unit":"C","seq":%d}`, i%100, i%97, i)}
	if p.QoS = mqttwire.QoS(i % 3); p.QoS == 0 {
		return append(all, p)
	}
	id := uint16(round%65535 + 1)
	if p.PacketID = id; p.QoS == mqttwire.AtLeastOnce {
		return append(all, p, &packets.Puback{PacketID: id})
	}
	return append(all, p, &packets.Pubrec{PacketID: id}, &packets.Pubrel{PacketID: id}, &packets.Pubcomp{PacketID: id})
}

// connections writes n connections that are opened, of which each is answered, has a
// message and is closed, if that is asked for.
func connections(name string, n int, whole bool) error {
	c, err := newCapture(name)
	if err != nil {
		return err
	}
	connect := []byte("\x10\x10\x00\x04MQTT\x04\x02\x00\x3C\x00\x04dev1")
	publish := []byte("\x30\x07\x00\x01a1234")
	for i := range uint32(n) {
		client := endpoint{[4]byte{10, byte(i >> 20), byte(i >> 12), byte(i >> 4)}, uint16(1024 + i&15*7)}
		c.segment(client, server, i, 0, syn, nil)
		if !whole {
			continue
		}
		seq, said := i+1, i+1+uint32(len(connect))
		c.segment(server, client, 9, seq, syn|ack, nil)
		c.segment(client, server, seq, 10, push|ack, connect)
		c.segment(server, client, 10, said, push|ack, []byte("\x20\x02\x00\x00"))
		c.segment(client, server, said, 14, push|ack, publish)
		said += uint32(len(publish))
		c.segment(client, server, said, 14, fin|ack, []byte("\xE0\x00"))
		c.segment(server, client, 14, said+3, fin|ack, nil)
	}
	return c.end()
}
