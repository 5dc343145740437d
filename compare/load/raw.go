//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// raw is a connection of 3.1.1, packet by packet: what it costs the load does not matter
// less than with a client.
type raw struct {
	net.Conn
	b []byte
}

// answerTime is how long a broker may take to answer.
const answerTime = 60 * time.Second

// dial makes a connection, and waits for its CONNACK.
func dial(ctx context.Context, addr, id string) (*raw, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	r := &raw{Conn: conn}
	if err := r.ask(&packets.Connect{Version: mqttwire.V311, ClientID: []byte(id), CleanStart: true}, accepted); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return r, nil
}

// accepted is the CONNACK that a CONNECT of dial gets.
const accepted = "\x20\x02\x00\x00"

// ask sends a packet, and waits for that answer; none is awaited if it is "".
func (r *raw) ask(p mqttwire.Packet, answer string) error {
	var err error
	if r.b, err = p.Append(r.b[:0], mqttwire.V311); err != nil {
		return err
	}
	if _, err := r.Write(r.b); err != nil || answer == "" {
		return err
	}
	if err := r.SetReadDeadline(time.Now().Add(answerTime)); err != nil {
		return err
	}
	got := make([]byte, len(answer))
	if _, err := io.ReadFull(r, got); err != nil {
		return err
	}
	if string(got) != answer {
		return fmt.Errorf("%q came, and not %q", got, answer)
	}
	return nil
}

// subscribe subscribes with QoS 0, and waits for the answer.
func (r *raw) subscribe(filter string) error {
	return r.ask(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte(filter)}}}, "\x90\x03\x00\x01\x00")
}

// closeAll closes connections.
func closeAll(all []*raw) {
	for _, r := range all {
		if r != nil {
			_ = r.Close()
		}
	}
}
