//go:build linux

package main

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime"

	"github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"

	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/server"
)

// What this program is when it has started itself.
const (
	plainMochi = "mochi"
	roomyMochi = "mochi with room"
	ourServer  = "ours"
)

// be is one of them.
func be(what string) error {
	if what == ourServer {
		return beOurs()
	}
	return beMochi(what == roomyMochi)
}

// beMochi is mochi, with room for as many messages as the others if that is wanted: it takes
// the memory for that with each connection.
func beMochi(roomy bool) error {
	c := mqtt.NewDefaultServerCapabilities()
	if roomy {
		c.MaximumClientWritesPending = room
	}
	s := mqtt.New(&mqtt.Options{Logger: slog.New(slog.DiscardHandler), Capabilities: c})
	addr, err := freeAddress()
	if err == nil {
		err = s.AddHook(new(auth.AllowHook), nil)
	}
	if err == nil {
		err = s.AddListener(listeners.NewTCP(listeners.Config{ID: "t", Address: addr}))
	}
	if err == nil {
		err = s.Serve()
	}
	if err != nil {
		return err
	}
	fmt.Println(addr)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// beOurs is a broker of ours that tells, for each line that it reads, what it has in use of
// heap and stacks after two collections.
func beOurs() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &server.Server{Broker: broker.New(broker.Options{})}
	go func() { _ = s.Serve(l) }()
	fmt.Println(l.Addr())
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		fmt.Println(m.HeapInuse + m.StackInuse)
	}
	return nil
}
