package main

import (
	"context"
	"io"
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/server"
)

func TestHelloGetsWhatItPublishes(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &server.Server{Broker: broker.New(broker.Options{})}
	served := make(chan error, 1)
	go func() { served <- s.Serve(listener) }()

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	stdout := os.Stdout
	os.Stdout = w
	defer func() { os.Stdout = stdout }()
	ended := make(chan error, 1)
	go func() { ended <- hello(ctx, "mqtt://"+listener.Addr().String()) }()
	line := make([]byte, len("a/b: hello\n"))
	_, err = io.ReadFull(r, line)
	require.NoError(t, err)
	assert.Equal(t, "a/b: hello\n", string(line))
	cancel()
	assert.ErrorIs(t, <-ended, context.Canceled)
	require.NoError(t, s.Close())
	assert.ErrorIs(t, <-served, server.ErrServerClosed)
}
