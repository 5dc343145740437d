package pcap_test

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/pcap"
)

// FuzzCapture reads any bytes as a capture file. No packet is invented: those
// found take no more bytes than the file has, unless it is compressed, and what decodes
// has all its bytes.
func FuzzCapture(f *testing.F) {
	files, err := filepath.Glob("../testdata/captures/*.pcap*")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if len(b) <= 8<<10 && filepath.Ext(name) != ".jsonl" {
			f.Add(b)
		}
	}
	f.Add([]byte("10 0C 00 04 4D 51 54 54 04 02 00 3C 00 00 # CONNECT"))
	f.Add([]byte("\x10\x0C\x00\x04MQTT\x04\x02\x00\x3C\x00\x00\xC0\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := pcap.NewReader(bytes.NewReader(b), capture.Options{})
		if err != nil {
			return
		}
		size := 0
		for e, err := range r.Events() {
			if err != nil {
				break
			}
			if e.Kind == capture.WholePacket && e.Via == "" {
				size += e.Frame.Header.PacketSize()
			}
			if e.Packet != nil && len(e.Frame.Body) != int(e.Frame.Header.RemainingLength) {
				t.Fatalf("a packet of %d bytes was decoded from %d", e.Frame.Header.RemainingLength, len(e.Frame.Body))
			}
		}
		compressed := bytes.HasPrefix(b, []byte("\x1F\x8B")) || bytes.HasPrefix(b, []byte("\x28\xB5\x2F\xFD"))
		if size > len(b) && !compressed {
			t.Fatalf("packets of %d bytes in a file of %d", size, len(b))
		}
	})
}

// FuzzStages gives any segments to the stages: each byte says the direction and the
// size of the next, behind the start of a WebSocket or of a TLS session whose secrets
// are known.
func FuzzStages(f *testing.F) {
	for _, start := range []byte{0, 1, 2} {
		f.Add(start, []byte("\x05\x82\x80\x00\x00\x00\x00"), uint16(0))
		f.Add(start, []byte("\x85\x82\x7E\x01\x00\x30\x06\x00\x01t"), uint16(7))
		f.Add(start, []byte("\x0A\x17\x03\x03\x00\x05hello\x8A\x14\x03\x03\x00\x01\x01"), uint16(1000))
		f.Add(start, []byte("\x0C\xC2\x86\x01\x02\x03\x04\xCB\x02\x03\x04\x05\x06"), uint16(3))
	}
	f.Fuzz(func(t *testing.T, start byte, script []byte, lost uint16) {
		keys := pcap.NewKeyLog(strings.NewReader(fuzzKeys))
		all, err := capture.NewConversations(capture.Options{Stages: []capture.StageOpener{keys.OpenTLS, pcap.OpenWebSocket}})
		if err != nil {
			t.Fatal(err)
		}
		c := fuzzConnection{all: all}
		switch start % 3 {
		case 0:
			c.begin(fuzzUpgrade, fuzzUpgraded)
		case 1:
			c.begin(fuzzClientHello, fuzzServerHello)
		}
		for n := 0; len(script) > 0; n++ {
			size := min(int(script[0]&0x7F), len(script)-1)
			if n == 2 {
				c.seq[script[0]>>7] += uint32(lost)
			}
			c.say(int(script[0]>>7), string(script[1:1+size]))
			script = script[1+size:]
		}
		all.Finish()
		for e := range all.Events() {
			if e.Packet != nil && len(e.Frame.Body) != int(e.Frame.Header.RemainingLength) {
				t.Fatalf("a packet of %d bytes was decoded from %d", e.Frame.Header.RemainingLength, len(e.Frame.Body))
			}
		}
	})
}

const (
	fuzzUpgrade  = "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"
	fuzzUpgraded = "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"

	fuzzRandom      = "0123456789abcdef0123456789ABCDEF"
	fuzzClientHello = "\x16\x03\x01\x00\x2D\x01\x00\x00\x29\x03\x03" + fuzzRandom + "\x00\x00\x02\x13\x01\x01\x00"
	fuzzServerHello = "\x16\x03\x03\x00\x2A\x02\x00\x00\x26\x03\x03" + fuzzRandom + "\x00\xC0\x2F\x00"
	fuzzKeys        = "CLIENT_RANDOM 3031323334353637383961626364656630313233343536373839414243444546 " +
		"000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f\n"
)

// fuzzConnection is a connection of which segments are made.
type fuzzConnection struct {
	all *capture.Conversations
	seq [2]uint32
}

var fuzzAddrs = [2]netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:40000"), netip.MustParseAddrPort("192.0.2.2:9001")}

// begin opens the connection, and has each side say something.
func (c *fuzzConnection) begin(client, server string) {
	c.all.Add(capture.Segment{Src: fuzzAddrs[0], Dst: fuzzAddrs[1], Seq: c.seq[0] - 1, SYN: true})
	c.all.Add(capture.Segment{Src: fuzzAddrs[1], Dst: fuzzAddrs[0], Seq: c.seq[1] - 1, SYN: true, ACK: true})
	c.say(0, client)
	c.say(1, server)
}

func (c *fuzzConnection) say(side int, text string) {
	c.all.Add(capture.Segment{Src: fuzzAddrs[side], Dst: fuzzAddrs[1-side], Seq: c.seq[side], Payload: []byte(text), ACK: true, Ack: c.seq[1-side]})
	c.seq[side] += uint32(len(text))
}
