package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/server"
	"github.com/mqttwire/mqttwire/session"
	"github.com/mqttwire/mqttwire/ws"
)

// peer is a server that runs.
type peer struct {
	name string
	addr map[string]string // by transport
	stop func()

	subscribed func(id string) bool // whether a client has, if the server can be asked
}

var transports = []string{"tcp", "ws"}

// url returns the URL of a server behind an address.
func url(transport, addr string) string {
	if transport == "ws" {
		return "ws://" + addr + "/mqtt"
	}
	return "mqtt://" + addr
}

// startOurs starts package server with a broker that has room for all messages of a cell.
func startOurs() (*peer, error) {
	s := &server.Server{Broker: broker.New(broker.Options{Limits: broker.Limits{Queue: session.Bounds{Count: 1 << 20, Bytes: 1 << 30}}})}
	p := &peer{name: "mqttwire", addr: map[string]string{}, stop: func() { _ = s.Close() }}
	p.subscribed = func(id string) bool {
		for sub := range s.Broker.Subscriptions("") {
			if sub.ClientID == id {
				return true
			}
		}
		return false
	}
	for _, transport := range transports {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		p.addr[transport] = listener.Addr().String()
		if transport == "ws" {
			listener = ws.NewListener(listener, ws.ServerOptions{})
		}
		go func() { _ = s.Serve(listener) }()
	}
	return p, nil
}

// startMosquitto starts mosquitto, which has to be installed, with a queue without bounds.
func startMosquitto(ctx context.Context) (*peer, error) {
	program, err := exec.LookPath("mosquitto")
	if err != nil {
		program = "/usr/sbin/mosquitto" // not in everybody's PATH
	}
	dir, err := os.MkdirTemp("", "matrix")
	if err != nil {
		return nil, err
	}
	p := &peer{name: version(program), addr: map[string]string{}}
	config := "allow_anonymous true\nmax_queued_messages 0\n"
	for _, transport := range transports {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		p.addr[transport] = fmt.Sprintf("127.0.0.1:%d", port)
		config += fmt.Sprintf("listener %d 127.0.0.1\n", port)
		if transport == "ws" {
			config += "protocol websockets\n"
		}
	}
	file := filepath.Join(dir, "mosquitto.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(program, "-c", file)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p.stop = func() { _, _, _ = cmd.Process.Kill(), cmd.Wait(), os.RemoveAll(dir) }
	return p, p.listens(ctx)
}

// freePort returns a port that nobody listens on.
func freePort() (int, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return free.Addr().(*net.TCPAddr).Port, free.Close()
}

// listens waits until the server listens.
func (p *peer) listens(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for _, transport := range transports {
		for {
			conn, err := net.Dial("tcp", p.addr[transport])
			if err == nil {
				_ = conn.Close()
				break
			}
			if ctx.Err() != nil {
				return fmt.Errorf("%s does not listen: %w", p.name, err)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	return nil
}

// await waits until a client has subscribed.
func (p *peer) await(ctx context.Context, id string) error {
	for !p.subscribed(id) {
		if ctx.Err() != nil {
			return fmt.Errorf("%s has not subscribed", id)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}

// version returns what a program of mosquitto calls itself.
func version(program string) string {
	out, _ := exec.Command(program, "-h").CombinedOutput()
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.Replace(line, " version", "", 1)
}
