package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// hostilities counts what hostile clients have done.
type hostilities struct {
	malformed, halfOpen, slow, takenOver atomic.Int64
}

func (h *hostilities) String() string {
	return fmt.Sprintf("%d malformed, %d half-open, %d slow readers, %d takeovers", h.malformed.Load(), h.halfOpen.Load(), h.slow.Load(), h.takenOver.Load())
}

// hostility has hostile clients of each kind come again and again until ctx ends.
func (p *peer) hostility(ctx context.Context, running *sync.WaitGroup) *hostilities {
	h := &hostilities{}
	again := func(n int, count *atomic.Int64, pause time.Duration, do func(ctx context.Context, conn net.Conn, v mqttwire.Version)) {
		for range n {
			running.Go(func() {
				for ctx.Err() == nil {
					if conn, err := net.Dial("tcp", p.addr["tcp"]); err == nil { // else at its limit
						end := context.AfterFunc(ctx, func() { _ = conn.Close() })
						do(ctx, conn, versions[rand.IntN(len(versions))])
						end()
						_ = conn.Close()
						count.Add(1)
					}
					time.Sleep(pause)
				}
			})
		}
	}
	again(4, &h.malformed, 10*time.Millisecond, malformed)
	again(30, &h.halfOpen, 10*time.Millisecond, halfOpen)
	again(20, &h.slow, 10*time.Millisecond, slowReader)
	again(20, &h.takenOver, 20*time.Millisecond, takeover)
	return h
}

// say writes packets; what the server does with them is seen from its metrics.
func say(conn net.Conn, v mqttwire.Version, list ...mqttwire.Packet) {
	var b []byte
	for _, p := range list {
		b, _ = p.Append(b, v) // these are legal
	}
	_, _ = conn.Write(b) // it may have closed already
}

func connect(v mqttwire.Version, id string, keep bool) *packets.Connect {
	c := &packets.Connect{Version: v, ClientID: []byte(id), CleanStart: !keep, KeepAlive: 10}
	if keep && v == mqttwire.V5 {
		c.Properties.SetSessionExpiryInterval(600) // the server allows less
	}
	return c
}

// malformed says what breaks a rule: a legal beginning with some bytes changed, or no MQTT.
func malformed(_ context.Context, conn net.Conn, v mqttwire.Version) {
	var b []byte
	if rand.IntN(4) > 0 {
		b, _ = connect(v, fmt.Sprint("malformed", rand.IntN(1000)), false).Append(b, v)
	}
	topic := []byte(fmt.Sprintf("soak/bad/%d", rand.IntN(100)))
	var rest []byte
	for _, p := range []mqttwire.Packet{
		&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("soak/bad/+"), QoS: 1}}},
		&packets.Publish{Topic: topic, Payload: make([]byte, rand.IntN(2000)), QoS: 2, PacketID: 7, Retain: true},
		&packets.Publish{Topic: topic, Payload: []byte("x"), QoS: 1, PacketID: 8},
	} {
		rest, _ = p.Append(rest, v)
	}
	for range rand.IntN(5) {
		rest[rand.IntN(min(len(rest), 60))] = byte(rand.Uint32())
	}
	_, _ = conn.Write(append(b, rest...)) // it may have closed already
	_ = conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	_, _ = io.Copy(io.Discard, conn)
}

// halfOpen says nothing, or the half of a CONNECT, or no more after one.
func halfOpen(ctx context.Context, conn net.Conn, v mqttwire.Version) {
	b, _ := connect(v, fmt.Sprint("half", rand.IntN(50)), rand.IntN(2) == 0).Append(nil, v)
	_, _ = conn.Write(b[:[]int{0, 1, len(b) / 2, len(b)}[rand.IntN(4)]])
	wait(ctx, time.Duration(rand.IntN(8000))*time.Millisecond)
}

// slowReader subscribes to all and reads some bytes now and then, or none.
func slowReader(ctx context.Context, conn net.Conn, v mqttwire.Version) {
	say(conn, v, connect(v, fmt.Sprint("slow", rand.IntN(40)), rand.IntN(2) == 0),
		&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("soak/#"), QoS: mqttwire.QoS(rand.IntN(3))}}})
	some := make([]byte, 1+rand.IntN(100))
	for range 1 + rand.IntN(20) {
		wait(ctx, 500*time.Millisecond)
		_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
		_, _ = conn.Read(some)
	}
}

// takeover connects with one of two identifiers, publishes, and may be thrown out at any time.
func takeover(ctx context.Context, conn net.Conn, v mqttwire.Version) {
	will := &packets.Will{Topic: []byte("soak/will"), Payload: []byte("gone"), QoS: 1}
	c := connect(v, fmt.Sprint("storm", rand.IntN(2)), rand.IntN(2) == 0)
	c.Will = will
	say(conn, v, c, &packets.Publish{Topic: []byte("soak/storm"), Payload: make([]byte, 100), QoS: 1, PacketID: 1})
	_ = conn.SetReadDeadline(time.Now().Add(time.Duration(rand.IntN(200)) * time.Millisecond))
	_, _ = io.Copy(io.Discard, conn)
}

// wait waits for a time, or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
