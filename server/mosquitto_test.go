package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mosquitto starts a program of mosquitto, or skips the test if it is not there.
func mosquitto(t *testing.T, name, address string, args ...string) (cmd *exec.Cmd, out io.Reader) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skip(name + " is not installed")
	}
	host, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	cmd = exec.Command(path, append([]string{"-h", host, "-p", port}, args...)...)
	out, err = cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd, out
}

// mosquittoVersions are as its programs call them.
var mosquittoVersions = []string{"31", "311", "5"}

func TestMosquittosClientsPublishAndSubscribe(t *testing.T) {
	t.Parallel()
	s := withBroker()
	address := serves(t, s)
	for _, version := range mosquittoVersions {
		for q := range 3 {
			qos, topic := fmt.Sprint(q), fmt.Sprintf("t/%s/%d", version, q)
			_, out := mosquitto(t, "mosquitto_sub", address, "-V", version, "-q", qos, "-t", topic+"/#", "-C", "100", "-W", "20", "-v")
			until(t, func() bool { return s.Broker.Stats().Subscriptions == 1 })
			var lines []string
			for n := range 100 {
				lines = append(lines, fmt.Sprintf("m%d", n))
			}
			pub, err := exec.LookPath("mosquitto_pub")
			require.NoError(t, err)
			host, port, _ := net.SplitHostPort(address)
			cmd := exec.Command(pub, "-h", host, "-p", port, "-V", version, "-q", qos, "-t", topic+"/a", "-l")
			cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
			said, err := cmd.CombinedOutput()
			require.NoError(t, err, string(said))
			var got []string
			for scan := bufio.NewScanner(out); scan.Scan(); {
				got = append(got, strings.TrimPrefix(scan.Text(), topic+"/a "))
			}
			assert.Equal(t, lines, got, topic)
			until(t, func() bool { return s.Broker.Stats().Subscriptions == 0 })
		}
	}
}

func TestMosquittosClientsGetRetainedMessagesAndWills(t *testing.T) {
	s := withBroker()
	address := serves(t, s)
	for _, version := range mosquittoVersions {
		pub, _ := mosquitto(t, "mosquitto_pub", address, "-V", version, "-q", "1", "-r", "-t", "kept/"+version, "-m", "hello")
		require.NoError(t, pub.Wait())
		dying, _ := mosquitto(t, "mosquitto_sub", address, "-V", version, "-t", "none", "--will-topic", "will/"+version, "--will-payload", "gone", "--will-qos", "1")
		until(t, func() bool { return s.Broker.Stats().Subscriptions == 1 })
		_, out := mosquitto(t, "mosquitto_sub", address, "-V", version, "-q", "1", "-t", "kept/"+version, "-t", "will/"+version, "-C", "2", "-W", "20", "-F", "%t %p %r")
		until(t, func() bool { return s.Broker.Stats().Subscriptions == 3 })
		require.NoError(t, dying.Process.Kill())
		var got []string
		for scan := bufio.NewScanner(out); scan.Scan(); {
			got = append(got, scan.Text())
		}
		slices.Sort(got)
		assert.Equal(t, []string{"kept/" + version + " hello 1", "will/" + version + " gone 0"}, got)
		until(t, func() bool { return s.Broker.Stats().Subscriptions == 0 })
	}
}
