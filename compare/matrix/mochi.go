package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
)

// mochi returns a server of which each cell has one of its own, as it may stop in one.
func (l *lab) mochi() *peer {
	return &peer{
		name: "mochi " + required("github.com/mochi-mqtt/server/v2"), versions: versions, start: startMochi, anew: l.mochi, lab: l,
		no31WS: true, no31Dup: true, faults: []string{"failed", "lost by the server", "out of order by the server"},
	}
}

// mochiCertificate is in the environment of this program when it is mochi: the files of the
// certificate and the key. Mochi has a process of its own, which can be killed: it may wait
// for ever for a lock of its own, in Close too.
const mochiCertificate = "MATRIX_MOCHI"

// beMochi is a broker of mochi until its standard input ends, if this program is to be that.
func beMochi() (is bool, err error) {
	files, is := os.LookupEnv(mochiCertificate)
	if !is {
		return false, nil
	}
	cert, key, _ := strings.Cut(files, "\n")
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return true, err
	}
	if err := serveMochi(&tls.Config{Certificates: []tls.Certificate{pair}}); err != nil {
		return true, err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return true, err
}

// serveMochi starts a broker with room for all messages of a cell, and prints its addresses.
func serveMochi(secure *tls.Config) error {
	room := mochi.NewDefaultServerCapabilities()
	room.MaximumInflight, room.MaximumClientWritesPending = math.MaxUint16, 1<<20
	s := mochi.New(&mochi.Options{Capabilities: room, Logger: slog.New(slog.DiscardHandler)})
	if err := s.AddHook(new(auth.AllowHook), nil); err != nil {
		return err
	}
	for _, transport := range transports {
		port, err := freePort()
		if err != nil {
			return err
		}
		config := listeners.Config{ID: transport, Address: fmt.Sprintf("127.0.0.1:%d", port)}
		var l listeners.Listener
		switch transport {
		case "ws":
			l = listeners.NewWebsocket(config)
		case "tls":
			config.TLSConfig = secure
			fallthrough
		default:
			l = listeners.NewTCP(config)
		}
		if err := s.AddListener(l); err != nil {
			return err
		}
		fmt.Println(port)
	}
	return s.Serve()
}

// startMochi starts this program as mochi.
func startMochi(_ context.Context, p *peer) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), mochiCertificate+"="+p.lab.ca.cert+"\n"+p.lab.ca.key)
	if _, err := cmd.StdinPipe(); err != nil { // it ends when this program has, however that was
		return err
	}
	return p.startTelling(cmd)
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
