//go:build unix

package main

import (
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// asCommand is the variable that has the tests be the command itself, for what needs a
// process of its own.
const asCommand = "MQTT_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

// A message that is not acknowledged keeps the broker waiting at the end.
func TestASecondSignalEndsTheProcessWhileItWaitsForConnections(t *testing.T) {
	p := &process{}
	p.out.more, p.errs.more = make(chan struct{}, 1), make(chan struct{}, 1)
	c := exec.CommandContext(t.Context(), os.Args[0], "serve", "--listen", "mqtt://127.0.0.1:0", "--shutdown-timeout", "20")
	c.Env = append(os.Environ(), asCommand+"=1")
	c.Stdout, c.Stderr = &p.out, &p.errs
	require.NoError(t, c.Start())
	s := &serving{process: p, t: t}
	s.begun()
	client := connected(t, s.url("mqtt"))
	a := packets.Subscription{Filter: []byte("a"), QoS: 1}
	require.NoError(t, client.Send(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{a}}))
	require.NoError(t, client.Send(&packets.Publish{PacketID: 2, Topic: []byte("a"), QoS: 1}))
	for got := mqttwire.PacketType(0); got != mqttwire.PUBLISH; {
		packet, err := client.Receive()
		require.NoError(t, err)
		got = packet.Type()
	}

	require.NoError(t, c.Process.Signal(os.Interrupt))
	p.errs.await(t, "shutting down")
	require.NoError(t, c.Process.Signal(os.Interrupt))
	var exit *exec.ExitError
	require.ErrorAs(t, c.Wait(), &exit)
	assert.Equal(t, syscall.SIGINT, exit.Sys().(syscall.WaitStatus).Signal(), p.errs.String())
}
