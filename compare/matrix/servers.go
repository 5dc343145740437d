package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/mqttwire/mqttwire"
)

// peer is a server, which is started when a cell needs it first.
type peer struct {
	name     string
	versions []mqttwire.Version
	faults   []string // verdicts that are known of it, as docs/interop.md tells
	no31WS   bool     // it does not know the subprotocol of 3.1 over WebSocket
	no31Dup  bool     // it refuses PUBREL of 3.1 that is sent again, with DUP, as malformed
	forgets  bool     // the session of a client without subscriptions; so the sender has one
	lab      *lab
	// start fills addr and stop, and is called once.
	start func(ctx context.Context, p *peer) error
	// anew returns one like it; nil: all cells have the same.
	anew func() *peer
	// restart ends the server without warning, and starts it with what it has kept; nil: it keeps nothing.
	restart func(ctx context.Context) error

	once sync.Once         // of start
	addr map[string]string // by transport
	stop func()
	err  error // of start
}

var (
	transports = []string{"tcp", "tls", "ws"}
	versions   = []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5}
)

// url returns the URL of a server behind an address.
func url(transport, addr string) string {
	switch transport {
	case "ws":
		return "ws://" + addr + "/mqtt"
	case "tls":
		return "mqtts://" + addr
	}
	return "mqtt://" + addr
}

// up starts the server unless it runs.
func (p *peer) up(ctx context.Context) error {
	p.once.Do(func() {
		p.addr, p.stop = map[string]string{}, func() {}
		if p.err = p.start(ctx, p); p.err == nil {
			p.err = p.listens(ctx)
		}
	})
	return p.err
}

// down ends it, if it was started.
func (p *peer) down() {
	if p.stop != nil {
		p.stop()
	}
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
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for _, addr := range p.addr {
		for {
			conn, err := net.Dial("tcp", addr)
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

// startMosquitto starts mosquitto, with a queue without bounds.
func startMosquitto(ctx context.Context, p *peer) error {
	config := "allow_anonymous true\nmax_queued_messages 0\n"
	for _, transport := range transports {
		port, err := freePort()
		if err != nil {
			return err
		}
		p.addr[transport] = fmt.Sprintf("127.0.0.1:%d", port)
		config += fmt.Sprintf("listener %d 127.0.0.1\n", port)
		switch transport {
		case "ws":
			config += "protocol websockets\n"
		case "tls":
			config += fmt.Sprintf("certfile %s\nkeyfile %s\n", p.lab.ca.cert, p.lab.ca.key)
		}
	}
	stop, err := p.lab.mosquitto(config)
	p.stop = stop
	return err
}

// mosquittoProgram is the broker's, which is not in everybody's PATH.
func mosquittoProgram() string {
	if path, err := exec.LookPath("mosquitto"); err == nil {
		return path
	}
	return "/usr/sbin/mosquitto"
}

// mosquitto runs mosquitto until stop is called.
func (l *lab) mosquitto(config string) (stop func(), err error) {
	stop = func() {}
	if _, err := exec.LookPath(mosquittoProgram()); err != nil {
		return stop, missing("mosquitto is not installed (apt-get install mosquitto)")
	}
	f, err := os.CreateTemp(l.dir, "mosquitto")
	if err != nil {
		return stop, err
	}
	// As root it would become another user, who may not read the key.
	if _, err := io.WriteString(f, "user root\n"+config); err != nil {
		return stop, err
	}
	if err := f.Close(); err != nil {
		return stop, err
	}
	cmd := exec.Command(mosquittoProgram(), "-c", f.Name())
	if err := cmd.Start(); err != nil {
		return stop, err
	}
	return func() { _, _ = cmd.Process.Kill(), cmd.Wait() }, nil
}

// startAedes starts the script that is a broker of aedes.
func startAedes(_ context.Context, p *peer) error {
	dir, err := p.lab.npm()
	if err != nil {
		return err
	}
	cmd := exec.Command("node", "aedes.js", p.lab.ca.cert, p.lab.ca.key)
	cmd.Dir = dir
	return p.startTelling(cmd)
}

// startTelling starts a server that prints the ports where it listens.
func (p *peer) startTelling(cmd *exec.Cmd) error {
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p.stop = func() { _, _ = cmd.Process.Kill(), cmd.Wait() }
	var ports [3]int
	if _, err := fmt.Fscan(out, &ports[0], &ports[1], &ports[2]); err != nil {
		return fmt.Errorf("%s does not say where it listens: %w", p.name, err)
	}
	for i, transport := range transports {
		p.addr[transport] = fmt.Sprintf("127.0.0.1:%d", ports[i])
	}
	return nil
}

// served is `mqtt serve` as it runs.
type served struct {
	program string
	args    []string
	cmd     *exec.Cmd
}

// startServe starts `mqtt serve` with room for all messages of a cell, in memory or with a
// durable store.
func startServe(ctx context.Context, p *peer, durable bool) error {
	args := []string{"--max-queued", "1000000", "--max-queued-bytes", "1000000000", "--max-packet-size", "16000000", "--max-topic-alias", "100"}
	if durable {
		args = append(args, "--store", filepath.Join(p.lab.dir, "serve.db"))
	}
	s, err := p.serve(args...)
	if err != nil {
		return err
	}
	if durable {
		p.restart = func(ctx context.Context) error {
			p.stop()
			if err := s.run(p); err != nil {
				return err
			}
			return p.listens(ctx)
		}
	}
	return s.run(p)
}

// serve prepares `mqtt serve` with some flags.
func (p *peer) serve(args ...string) (*served, error) {
	program, err := p.lab.serve()
	if err != nil {
		return nil, err
	}
	s := &served{program: program, args: append([]string{"serve", "--log-level", "error", "--sys-interval", "0", "--cert", p.lab.ca.cert, "--key", p.lab.ca.key}, args...)}
	for _, transport := range transports {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		p.addr[transport] = fmt.Sprintf("127.0.0.1:%d", port)
		s.args = append(s.args, "--listen", url(transport, p.addr[transport]))
	}
	return s, nil
}

// run starts it, and has the peer end it without warning.
func (s *served) run(p *peer) error {
	s.cmd = exec.Command(s.program, s.args...)
	s.cmd.Stderr = os.Stderr
	if err := s.cmd.Start(); err != nil {
		return err
	}
	cmd := s.cmd
	p.stop = func() { _, _ = cmd.Process.Kill(), cmd.Wait() }
	return nil
}

// mosquittoVersion returns what mosquitto calls itself.
func mosquittoVersion() string {
	out, _ := exec.Command(mosquittoProgram(), "-h").CombinedOutput()
	if name := strings.Replace(firstLine(out), " version", "", 1); name != "" {
		return name
	}
	return "mosquitto"
}
