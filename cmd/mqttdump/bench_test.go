package main

import (
	"bufio"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

var benchPackets = flag.Int("packets", 900_000, "how many packets the capture of BenchmarkCapture has")

// BenchmarkCapture decodes a capture of small packets, beside tshark: by whole programs.
//
//	go test -run '^$' -bench Capture -benchtime 3x ./mqttdump
func BenchmarkCapture(b *testing.B) {
	file := filepath.Join(b.TempDir(), "small.pcap")
	if err := smallPackets(file, *benchPackets); err != nil {
		b.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	for _, program := range []struct {
		name string
		args []string
	}{
		{"text", []string{self, "-q", file}},
		{"json", []string{self, "-qj", file}},
		{"sessions", []string{self, "sessions", "-q", file}},
		{"tshark", []string{"tshark", "-r", file, "-Y", "mqtt", "-T", "fields", "-e", "frame.time_epoch", "-e", "tcp.stream", "-e", "mqtt.msgtype",
			"-e", "mqtt.clientid", "-e", "mqtt.topic", "-e", "mqtt.msgid", "-e", "mqtt.qos", "-e", "mqtt.msg"}},
	} {
		b.Run(program.name, func(b *testing.B) {
			if _, err := exec.LookPath(program.args[0]); err != nil {
				b.Skipf("there is no %s", program.args[0])
			}
			for b.Loop() {
				c := exec.CommandContext(b.Context(), program.args[0], program.args[1:]...)
				c.Env, c.Stdout = append(os.Environ(), asCommand+"=1"), io.Discard
				if err := c.Run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// smallPackets writes a capture of twenty clients that publish with QoS 0, 1 and 2.
func smallPackets(name string, n int) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	header := []byte{0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 101, 0, 0, 0}
	if _, err := w.Write(header); err != nil {
		return err
	}
	const clients = 20
	s := &smallSegments{to: w}
	var seq [clients][3]uint32
	for i := 0; s.packets < n; i++ {
		c := i % clients
		send := func(from mqttwire.Sender, p mqttwire.Packet) {
			s.segment(c, from, seq[c][from], seq[c][other(from)], p)
			seq[c][from] += uint32(p.Size(mqttwire.V311))
		}
		if i < clients {
			send(mqttwire.FromClient, &packets.Connect{Version: mqttwire.V311, CleanStart: true, ClientID: fmt.Appendf(nil, "sensor-%02d", c)})
			send(mqttwire.FromServer, &packets.Connack{})
		}
		id := uint16(i/clients%65535 + 1)
		p := &packets.Publish{Topic: fmt.Appendf(nil, "plant/%d/line/%d/temperature", c, i%50), Payload: fmt.Appendf(nil, `{"value":%d.%02d,"unit":"C","seq":%d}`, i%100, i%97, i)}
		switch i % 3 {
		case 1:
			p.QoS, p.PacketID = 1, id
			send(mqttwire.FromClient, p)
			send(mqttwire.FromServer, &packets.Puback{PacketID: id})
		case 2:
			p.QoS, p.PacketID = 2, id
			send(mqttwire.FromClient, p)
			send(mqttwire.FromServer, &packets.Pubrec{PacketID: id})
			send(mqttwire.FromClient, &packets.Pubrel{PacketID: id})
			send(mqttwire.FromServer, &packets.Pubcomp{PacketID: id})
		default:
			send(mqttwire.FromClient, p)
		}
	}
	if s.err != nil {
		return s.err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// smallSegments writes segments with a packet each.
type smallSegments struct {
	to      io.Writer
	packets int
	err     error
}

func (s *smallSegments) segment(client int, from mqttwire.Sender, seq, ack uint32, p mqttwire.Packet) {
	payload, err := p.Append(nil, mqttwire.V311)
	if err != nil {
		s.err = err
		return
	}
	s.packets++
	src, dst := []byte{10, 0, 0, byte(client + 1), 0x9C, byte(client)}, []byte{10, 0, 1, 1, 0x07, 0x5B}
	if from == mqttwire.FromServer {
		src, dst = dst, src
	}
	b := []byte{0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0}
	b = append(append(b, src[:4]...), dst[:4]...)
	b = append(append(b, src[4:]...), dst[4:]...)
	b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, seq+1), ack+1)
	b = append(append(b, 0x50, 0x18, 0xFF, 0xFF, 0, 0, 0, 0), payload...)
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	var record []byte
	for _, v := range []uint32{1700000000 + uint32(s.packets/20000), uint32(s.packets % 20000 * 50), uint32(len(b)), uint32(len(b))} {
		record = binary.LittleEndian.AppendUint32(record, v)
	}
	if _, err := s.to.Write(append(record, b...)); err != nil {
		s.err = err
	}
}
