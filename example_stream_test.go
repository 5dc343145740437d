package mqttwire_test

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/mqttwire/mqttwire"
)

// A proxy passes packets on by their fixed headers, streams what is large, and skips
// what it does not want.
func ExampleReader() {
	conn := strings.NewReader("\xC0\x00" + "\x30\x06\x00\x01a123" + "\x40\x02\x00\x07")
	r := mqttwire.NewReader(conn, mqttwire.Limits{PacketSize: 64 << 10})
	for {
		h, err := r.Next()
		if err == io.EOF {
			return // between two packets
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		switch h.Type {
		case mqttwire.PUBLISH:
			body, err := io.ReadAll(r) // of this packet
			fmt.Printf("%d: %s %q %v\n", r.Offset(), h.Type, body, err)
		case mqttwire.PUBACK:
			f, err := r.Body()
			fmt.Printf("%d: %s %x %v\n", r.Offset(), h.Type, f.Body, err)
		default:
			fmt.Printf("%d: %s skipped %v\n", r.Offset(), h.Type, r.Skip())
		}
	}
	// Output:
	// 0: PINGREQ skipped <nil>
	// 2: PUBLISH "\x00\x01a123" <nil>
	// 10: PUBACK 0007 <nil>
}

// An event loop gives each chunk that comes to the Feeder of its connection, and takes
// the packets that are whole.
func ExampleFeeder() {
	f := mqttwire.NewFeeder(mqttwire.Limits{})
	for _, chunk := range []string{"\xC0\x00\x30", "\x06\x00\x01a1", "23\xD0\x00"} {
		f.Feed([]byte(chunk))
		for {
			frame, err := f.Frame()
			if err == mqttwire.ErrIncomplete {
				fmt.Println("wait for more")
				break
			}
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Printf("%s %q\n", frame.Header.Type, frame.Body)
		}
	}
	// Output:
	// PINGREQ ""
	// wait for more
	// wait for more
	// PUBLISH "\x00\x01a123"
	// PINGRESP ""
	// wait for more
}

// How much has to be read until the packet is whole.
func ExampleFrameSize() {
	for _, b := range []string{"\x30", "\x30\x80", "\x30\x80\x01", "\x30\xFF\xFF\xFF\xFF"} {
		n, err := mqttwire.FrameSize([]byte(b))
		switch err {
		case nil:
			fmt.Println(n, "bytes in all")
		case mqttwire.ErrIncomplete:
			fmt.Println("ask again with", n)
		default:
			fmt.Println(err)
		}
	}
	// Output:
	// ask again with 2
	// ask again with 3
	// 131 bytes in all
	// mqttwire: PUBLISH malformed packet: Remaining Length at byte 4; a variable byte integer has at most 4 bytes, for 0 to 268435455 [U-1.5.5-1], reason 0x81 Malformed Packet
}

func ExampleScanFrames() {
	s := bufio.NewScanner(strings.NewReader("\xC0\x00\x40\x02\x00\x07\x30\x06\x00"))
	s.Split(mqttwire.ScanFrames)
	for s.Scan() {
		fmt.Printf("%x\n", s.Bytes())
	}
	fmt.Println(s.Err())
	// Output:
	// c000
	// 40020007
	// unexpected EOF
}

// What is fixed about a packet is its fixed header; tools build and cut it by itself.
func ExampleAppendFrame() {
	b, err := mqttwire.AppendFrame(nil, mqttwire.SUBSCRIBE, 0, []byte("\x00\x01")) // flags that no packet has
	fmt.Printf("%x %v\n", b, err)

	h, body, err := mqttwire.ConsumeFixedHeader(b)
	fmt.Printf("%s, flags 0x%02X, %d bytes, %x %v\n", h.Type, h.Flags, h.PacketSize(), body, err)
	// Output:
	// 80020001 <nil>
	// SUBSCRIBE, flags 0x00, 4 bytes, 0001 <nil>
}

// A server says what a peer has taken it for.
func ExampleIdentify() {
	for _, b := range []string{"\x16\x03\x01\x02\x00\x01", "GET / HTTP/1.1\r\n", "SS", "\x10\x0C"} {
		foreign, more := mqttwire.Identify([]byte(b))
		switch {
		case more:
			fmt.Println("cannot tell yet")
		case foreign == 0:
			fmt.Println("nothing that is known: it may be MQTT")
		default:
			fmt.Printf("%s: %s\n", foreign.Protocol(), foreign)
		}
	}
	// Output:
	// TLS: TLS ClientHello
	// cannot tell yet
	// cannot tell yet
	// nothing that is known: it may be MQTT
}
