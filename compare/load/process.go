//go:build linux

package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a broker that runs.
type process struct {
	cmd   *exec.Cmd
	addr  string
	out   *bufio.Reader // of this program as a broker
	in    *os.File
	tells bool // what it has in use
}

// contender is one to measure.
type contender struct {
	name  string
	start func(ctx context.Context, p *plan) (*process, error)
}

// The brokers, ours first.
var contenders = []contender{
	{"mqttwire", startOurs},
	{"mosquitto", startMosquitto},
	{"mochi", startMochi},
}

const (
	ours = iota
	mosquitto
	mochi
	nobody = -1
)

// program is the name of the command that is measured, and is the load.
const program = "mqtt"

// build builds the command of the repository.
func build(ctx context.Context, to string) error {
	root, err := exec.CommandContext(ctx, "git", "rev-parse", "--show-toplevel").Output()
	if err != nil {
		return err
	}
	return buildIn(ctx, strings.TrimSpace(string(root)), to, "./cmd/mqtt")
}

func buildIn(ctx context.Context, dir, to, what string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", to, what)
	cmd.Dir, cmd.Stderr, cmd.Env = dir, os.Stderr, append(os.Environ(), "GOWORK=")
	return cmd.Run()
}

// moreFiles lets this process, and those it starts, have as many files as they may.
func moreFiles() error {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return err
	}
	l.Cur = l.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l)
}

// room is how many messages each broker keeps for a client.
const room = 1 << 20

func startOurs(ctx context.Context, p *plan) (*process, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(p.dir, program), "serve", "--listen", "mqtt://"+addr, "--log-level", "error",
		"--max-queued", strconv.Itoa(room), "--max-queued-bytes", strconv.Itoa(1<<30))
	return started(ctx, cmd, addr)
}

func startMosquitto(ctx context.Context, p *plan) (*process, error) {
	path, err := exec.LookPath("mosquitto")
	if err != nil {
		path = "/usr/sbin/mosquitto" // not in everybody's PATH
	}
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	host, port, _ := net.SplitHostPort(addr)
	file := filepath.Join(p.dir, "mosquitto-"+port+".conf")
	config := fmt.Sprintf("user root\nallow_anonymous true\nlog_type error\nmax_queued_messages %d\nlistener %s %s\n", room, port, host)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, err
	}
	return started(ctx, exec.CommandContext(ctx, path, "-c", file), addr)
}

func startMochi(ctx context.Context, p *plan) (*process, error) {
	if p.roomy {
		return startSelf(ctx, p, roomyMochi)
	}
	return startSelf(ctx, p, plainMochi)
}

// startSelf starts this program as a broker.
func startSelf(ctx context.Context, plan *plan, what string) (*process, error) {
	cmd := exec.CommandContext(ctx, plan.self, "-be", what)
	in, ask, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdin = in
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	_ = in.Close()
	p := &process{cmd: cmd, in: ask, out: bufio.NewReader(out), tells: what == ourServer}
	line, err := p.out.ReadString('\n')
	p.addr = strings.TrimSpace(line)
	return p, err
}

// started starts a broker, and waits until it listens.
func started(ctx context.Context, cmd *exec.Cmd, addr string) (*process, error) {
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, addr: addr}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			return p, conn.Close()
		}
		if time.Now().After(end) || ctx.Err() != nil {
			p.stop()
			return nil, fmt.Errorf("%s does not listen: %w", cmd.Path, err)
		}
	}
}

// stop ends it.
func (p *process) stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	if p.in != nil {
		_ = p.in.Close()
	}
}

// freeAddress returns an address that nobody listens on.
func freeAddress() (string, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return free.Addr().String(), free.Close()
}

// tick is the unit of times in /proc.
const tick = time.Second / 100

// cpu returns the processor time that the process has taken.
func (p *process) cpu() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(b), ") ") // behind the name, which may have blanks
	fields := strings.Fields(rest)
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	return time.Duration(user+system) * tick, err
}

// resident returns how many bytes of memory the process has.
func (p *process) resident() (int, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	pages, err := strconv.Atoi(strings.Fields(string(b))[1])
	return pages * os.Getpagesize(), err
}
