//go:build unix

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// errNoMosquitto says that there is none to measure with.
var errNoMosquitto = errors.New("mosquitto is not installed")

// mosquittoProgram is the broker's, which is not in everybody's PATH.
func mosquittoProgram() string {
	if path, err := exec.LookPath("mosquitto"); err == nil {
		return path
	}
	return "/usr/sbin/mosquitto"
}

// startMosquitto runs mosquitto on the loopback until stop is called, with a queue
// without bounds and a window as wide as the peer's.
func startMosquitto(ctx context.Context) (addr string, stop func(), err error) {
	if _, err := exec.LookPath(mosquittoProgram()); err != nil {
		return "", nil, errNoMosquitto
	}
	folder, err := os.MkdirTemp("", "mosquitto")
	if err != nil {
		return "", nil, err
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	addr = free.Addr().String()
	if err := free.Close(); err != nil {
		return "", nil, err
	}
	_, port, _ := net.SplitHostPort(addr)
	config := filepath.Join(folder, "mosquitto.conf")
	text := fmt.Sprintf("listener %s 127.0.0.1\nallow_anonymous true\nlog_dest none\nmax_queued_messages 0\nmax_inflight_messages %d\n", port, window)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, mosquittoProgram(), "-c", config)
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() { _, _, _ = cmd.Process.Kill(), cmd.Wait(), os.RemoveAll(folder) }
	for range 100 {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			return addr, stop, conn.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	stop()
	return "", nil, errors.New("mosquitto does not listen")
}

// runFeeder is the process that publishes what others receive from a broker: for each line
// of its standard input, as "a/b 1 1000", so many messages with that QoS to that topic. It
// is a bare source as well: it has window messages under way, and encodes each alike.
func runFeeder(addr string) error {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var topic string
		var qos byte
		var n int
		if _, err := fmt.Sscan(lines.Text(), &topic, &qos, &n); err != nil {
			return err
		}
		if err := feed(addr, topic, qos, n); err != nil {
			return err
		}
		fmt.Println("done")
	}
	return lines.Err()
}

// feed publishes messages to a broker.
func feed(addr, topic string, qos byte, n int) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	p := &peer{in: bufio.NewReaderSize(conn, 64<<10), to: conn, left: n, room: window}
	p.encode(topic, qos)
	p.out = append(p.out, "\x10\x10\x00\x04MQTT\x04\x02\x00\x00\x00\x04feed"...)
	left := p.left
	p.left = 0 // until the CONNACK
	for {
		if err := p.flush(); err != nil {
			return err
		}
		first, body, err := p.read()
		if err != nil {
			return err
		}
		if first>>4 == 2 { // CONNACK
			p.left = left
		} else if err := p.answer(first, body); err != nil {
			return err
		}
		if qos == 0 {
			if err := p.flush(); err != nil {
				return err
			}
		}
		if first>>4 != 5 && p.left == 0 && (qos == 0 || p.room == window) {
			_, err := conn.Write([]byte{0xE0, 0})
			return err
		}
	}
}
