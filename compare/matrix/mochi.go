package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"
	"runtime/debug"
	"strings"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
)

// startMochi starts a broker of mochi in this program, with room for all messages of a cell.
func startMochi(_ context.Context, p *peer) error {
	room := mochi.NewDefaultServerCapabilities()
	room.MaximumInflight, room.MaximumClientWritesPending = math.MaxUint16, 1<<20
	s := mochi.New(&mochi.Options{Capabilities: room, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err := s.AddHook(new(auth.AllowHook), nil); err != nil {
		return err
	}
	for _, transport := range transports {
		port, err := freePort()
		if err != nil {
			return err
		}
		addr := fmt.Sprintf("127.0.0.1:%d", port)
		p.addr[transport] = addr
		config := listeners.Config{ID: transport, Address: addr}
		var l listeners.Listener
		switch transport {
		case "ws":
			l = listeners.NewWebsocket(config)
		case "tls":
			config.TLSConfig = p.lab.ca.server()
			fallthrough
		default:
			l = listeners.NewTCP(config)
		}
		if err := s.AddListener(l); err != nil {
			return err
		}
	}
	p.stop = func() { _ = s.Close() }
	return s.Serve()
}

// required returns the version of a module that this program is built with.
func required(module string) string {
	info, _ := debug.ReadBuildInfo()
	for _, m := range info.Deps {
		if m.Path == module {
			return strings.TrimPrefix(m.Version, "v")
		}
	}
	return ""
}
