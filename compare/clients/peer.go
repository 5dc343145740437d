//go:build unix

package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strconv"
	"strings"
)

// window is how many messages of QoS 1 and 2 the source has under way at once.
const window = 100

// payloadSize is that of every message, in bytes.
const payloadSize = 64

// runPeer is the other process: it prints its address, and serves what connects until its
// standard input ends.
func runPeer() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = listener.Close()
	}()
	servePeer(listener)
}

// servePeer serves what connects until the listener is closed.
func servePeer(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = conn.Close() }()
			_ = (&peer{in: bufio.NewReaderSize(conn, 64<<10), to: conn}).serve()
		}()
	}
}

// peer is a bare sink and source: it knows only as much of MQTT as the clients here make
// it need, answers at once, and keeps nothing. Its packets are encoded beforehand.
type peer struct {
	in  *bufio.Reader
	to  io.Writer
	out []byte
	v5  bool

	message []byte // the PUBLISH of the source, without a packet identifier in it
	id      int    // where in message it goes; 0 for QoS 0
	next    uint16
	left    int // messages to send
	room    int // in the window
}

// serve answers packets until the client ends. Answers go out when no more of the input
// has arrived.
func (p *peer) serve() error {
	for {
		first, body, err := p.read()
		if err != nil {
			return err
		}
		if err := p.answer(first, body); err != nil {
			return err
		}
		if p.in.Buffered() > 0 {
			continue
		}
		if err := p.flush(); err != nil {
			return err
		}
	}
}

// read reads a packet of at most the buffer's size, which is there until the next.
func (p *peer) read() (first byte, body []byte, err error) {
	if first, err = p.in.ReadByte(); err != nil {
		return 0, nil, err
	}
	n, err := binary.ReadUvarint(p.in) // the same form as a Remaining Length
	if err != nil {
		return 0, nil, err
	}
	if body, err = p.in.Peek(int(n)); err != nil {
		return 0, nil, err
	}
	_, err = p.in.Discard(int(n))
	return first, body, err
}

// answer puts the answer to a packet into out.
func (p *peer) answer(first byte, body []byte) error {
	switch first >> 4 {
	case 1: // CONNECT: its protocol name is MQTT
		p.v5 = body[6] == 5
		p.out = append(p.out, 0x20, 2, 0, 0)
		if p.v5 {
			p.out = append(p.out[:len(p.out)-3], 3, 0, 0, 0)
		}
	case 3: // PUBLISH
		if q := first >> 1 & 3; q > 0 {
			topic := binary.BigEndian.Uint16(body)
			p.out = append(p.out, 0x30+q<<4, 2, body[2+topic], body[3+topic])
		}
	case 4: // PUBACK
		p.room++
	case 5: // PUBREC
		p.out = append(p.out, 0x62, 2, body[0], body[1])
	case 6: // PUBREL
		p.out = append(p.out, 0x70, 2, body[0], body[1])
	case 7: // PUBCOMP
		p.room++
	case 8: // SUBSCRIBE
		return p.subscribe(body)
	case 12: // PINGREQ
		p.out = append(p.out, 0xD0, 0)
	case 14: // DISCONNECT
		return io.EOF
	}
	return nil
}

// subscribe makes the source of the topic filter of a SUBSCRIBE, as source/1/1000: QoS, and
// how many messages.
func (p *peer) subscribe(body []byte) error {
	p.out = append(p.out, 0x90, 3, body[0], body[1])
	body = body[2:]
	if p.v5 {
		p.out[len(p.out)-3]++
		p.out = append(p.out, 0)
		body = body[1+body[0]:] // the properties, which are short
	}
	filter := string(body[2 : 2+binary.BigEndian.Uint16(body)])
	part := strings.Split(filter, "/")
	if len(part) != 3 {
		return fmt.Errorf("the topic filter %q", filter)
	}
	qos, err := strconv.Atoi(part[1])
	if err != nil {
		return err
	}
	p.out = append(p.out, byte(qos))
	if p.left, err = strconv.Atoi(part[2]); err != nil {
		return err
	}
	p.room = window
	p.encode(filter, byte(qos))
	return nil
}

// encode makes the PUBLISH.
func (p *peer) encode(topic string, qos byte) {
	body := binary.BigEndian.AppendUint16(nil, uint16(len(topic)))
	body = append(body, topic...)
	p.id = 0
	if qos > 0 {
		p.id = 2 + len(body)
		body = append(body, 0, 0)
	}
	if p.v5 {
		body = append(body, 0)
	}
	body = append(body, make([]byte, payloadSize)...)
	p.message = append([]byte{0x30 | qos<<1, byte(len(body))}, body...)
}

// flush writes the answers, and the messages for which the window has room.
func (p *peer) flush() error {
	for {
		for p.left > 0 && len(p.out) < 64<<10 && (p.id == 0 || p.room > 0) {
			at := len(p.out)
			p.out = append(p.out, p.message...)
			if p.id > 0 {
				if p.next++; p.next == 0 {
					p.next = 1
				}
				binary.BigEndian.PutUint16(p.out[at+p.id:], p.next)
				p.room--
			}
			p.left--
		}
		if len(p.out) == 0 {
			return nil
		}
		if _, err := p.to.Write(p.out); err != nil {
			return err
		}
		p.out = p.out[:0]
	}
}
