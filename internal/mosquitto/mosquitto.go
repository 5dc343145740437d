// Package mosquitto runs the server of that project on the loopback, for tests. Where it
// is not installed the tests are skipped, and say so.
package mosquitto

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Server is a server, on ports that were free.
type Server struct {
	Address   string // of MQTT
	WebSocket string // "" if it was not asked for

	config  string
	process *exec.Cmd
	ended   chan struct{} // its log is read to the end
}

// Start starts a server, with lines of its configuration, which lives until the test ends.
func Start(t testing.TB, config ...string) *Server {
	t.Helper()
	s := prepare(t)
	s.write(t, append([]string{listener(t, s.Address)}, config...))
	s.Start(t)
	return s
}

// StartWebSocket starts one that speaks WebSocket too. A mosquitto that was built without
// has the test skipped.
func StartWebSocket(t testing.TB, config ...string) *Server {
	t.Helper()
	s := prepare(t)
	s.WebSocket = free(t)
	lines := []string{listener(t, s.Address), listener(t, s.WebSocket), "protocol websockets"}
	s.write(t, append(lines, config...))
	s.Start(t)
	return s
}

// Needs skips the test if a program is not installed.
func Needs(t testing.TB, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed (apt-get install mosquitto mosquitto-clients)", program)
		}
	}
}

// program is where the server is: not in everybody's PATH.
func program() string {
	if path, err := exec.LookPath("mosquitto"); err == nil {
		return path
	}
	return "/usr/sbin/mosquitto"
}

func prepare(t testing.TB) *Server {
	t.Helper()
	Needs(t, program())
	return &Server{Address: free(t), config: filepath.Join(t.TempDir(), "mosquitto.conf")}
}

// free returns an address at which nobody listens.
func free(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}

// listener returns the line of an address.
func listener(t testing.TB, address string) string {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return "listener " + port + " " + host
}

func (s *Server) write(t testing.TB, lines []string) {
	t.Helper()
	text := strings.Join(append(lines, "allow_anonymous true"), "\n") + "\n"
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Start starts the server again after Stop, at the same addresses.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	s.process = exec.Command(program(), "-c", s.config)
	log, err := s.process.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	lines, said := bufio.NewScanner(log), ""
	for lines.Scan() && !strings.HasSuffix(lines.Text(), " running") {
		said += lines.Text() + "\n"
	}
	s.ended = make(chan struct{})
	go func() {
		defer close(s.ended)
		_, _ = io.Copy(io.Discard, log) // it would wait for a reader
	}()
	t.Cleanup(func() { s.Stop(t) })
	switch {
	case strings.HasSuffix(lines.Text(), " running"):
	case s.WebSocket != "" && strings.Contains(said, "Error"):
		t.Skip("this mosquitto has no WebSocket: ", said)
	default:
		t.Fatal(fmt.Errorf("mosquitto does not start: %w\n%s", lines.Err(), said))
	}
}

// Stop kills the server, if it runs.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	if s.process == nil {
		return
	}
	if err := s.process.Process.Kill(); err != nil {
		t.Error(err)
	}
	<-s.ended
	_ = s.process.Wait() // it was killed
	s.process = nil
}

// Port returns the port of MQTT.
func (s *Server) Port() string {
	_, port, _ := net.SplitHostPort(s.Address)
	return port
}
