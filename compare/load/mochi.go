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
	leastOfGo  = "least"
)

// be is one of them.
func be(what string) error {
	switch what {
	case ourServer:
		return beOurs()
	case leastOfGo:
		return beLeast()
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

// beLeast is the least that a server can be that is written in Go with package net, and has
// a goroutine for each connection: it reads once, and whatever that was it is a CONNECT.
func beLeast() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	go func() { _, _ = io.Copy(io.Discard, os.Stdin); os.Exit(0) }()
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			b := make([]byte, 64)
			if _, err := conn.Read(b); err != nil {
				return
			}
			if _, err := conn.Write([]byte(accepted)); err != nil {
				return
			}
			_, _ = conn.Read(b) // until the client closes it
		}()
	}
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
