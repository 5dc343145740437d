package ws_test

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
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/ws"
)

// mosquitto starts a broker that speaks WebSocket, and returns its address.
func mosquitto(t *testing.T) string {
	t.Helper()
	program := "/usr/sbin/mosquitto"
	if path, err := exec.LookPath("mosquitto"); err == nil {
		program = path
	}
	if _, err := os.Stat(program); err != nil {
		t.Skip("mosquitto is not installed (apt-get install mosquitto)")
	}
	var addresses [2]*net.TCPAddr
	var free []net.Listener
	for i := range addresses {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		addresses[i] = listener.Addr().(*net.TCPAddr)
		free = append(free, listener)
	}
	for _, listener := range free {
		require.NoError(t, listener.Close())
	}
	// Without a listener of the other kind, 2.0.11 does not start.
	config := filepath.Join(t.TempDir(), "conf")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil,
		"listener %d 127.0.0.1\nlistener %d 127.0.0.1\nprotocol websockets\nallow_anonymous true\n", addresses[0].Port, addresses[1].Port), 0o644))
	broker := exec.CommandContext(t.Context(), program, "-c", config)
	log, err := broker.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, broker.Start())
	lines := bufio.NewScanner(log)
	for lines.Scan() && !strings.Contains(lines.Text(), "running") {
		if strings.Contains(lines.Text(), "Error") {
			t.Skip("this mosquitto has no WebSocket: ", lines.Text())
		}
	}
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, log)
		close(done)
	}()
	t.Cleanup(func() {
		_ = broker.Process.Kill()
		<-done
		_ = broker.Wait()
	})
	return addresses[1].String()
}

func TestMosquittoSpeaksWithUs(t *testing.T) {
	address := mosquitto(t)
	for _, v := range []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5} {
		for _, size := range []int{0, 100, 20_000} {
			t.Run(fmt.Sprint(v, ", ", size, " bytes"), func(t *testing.T) {
				c, err := ws.Dial(t.Context(), "ws://"+address, ws.Options{Version: v})
				require.NoError(t, err)
				defer func() { assert.NoError(t, c.Close()) }()
				require.NoError(t, c.SetDeadline(time.Now().Add(30*time.Second)))
				s := packets.NewStream(c, packets.ConnectionOptions{Side: mqttwire.FromClient})
				require.NoError(t, s.Send(&packets.Connect{Version: v, CleanStart: true, ClientID: []byte("c")}))
				p, err := s.Receive()
				require.NoError(t, err)
				require.Equal(t, mqttwire.CONNACK, p.Type())
				require.NoError(t, s.Send(
					&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("a")}}},
					&packets.Publish{Topic: []byte("a"), Payload: []byte(strings.Repeat("x", size))},
					&packets.Pingreq{}))
				for _, want := range []mqttwire.PacketType{mqttwire.SUBACK, mqttwire.PUBLISH, mqttwire.PINGRESP} {
					p, err = s.Receive()
					require.NoError(t, err)
					require.Equal(t, want, p.Type())
					if p, ok := p.(*packets.Publish); ok {
						assert.Len(t, p.Payload, size)
					}
				}
				require.NoError(t, s.Send(&packets.Disconnect{}))
				require.NoError(t, c.CloseWrite())
				_, err = c.Read(make([]byte, 1))
				assert.Equal(t, io.EOF, err)
			})
		}
	}
}
