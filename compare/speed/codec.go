package main

import (
	"strings"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/interleaved"
)

// loop does its work n times and returns the sum of the checksums.
type loop = interleaved.Loop

// codec is what is measured. A loop is nil where a codec has no such work.
type codec struct {
	name   string // of the column
	module string // "" for what is no library
	calls  string // what is called, in Markdown
	lacks  string // what those calls do not do

	// decode decodes w.wire and reads every field; sums are those of
	// checksum.go.
	decode func(w *workload) loop

	// encode encodes the packet of w, which is ready in the codec's own structs,
	// into memory that is used again or, where a codec writes, to out; sums are
	// the sizes. once encodes it into new memory.
	encode func(w *workload) (run loop, once func() []byte)

	// build is encode with the eight properties of w set anew each time.
	build func(w *workload) (run loop, once func() []byte)

	// stream decodes packets from src, as they come, and reads every field.
	stream func(src *source, v mqttwire.Version) loop
}

// The codecs' columns, in order. The first ones allocate nothing.
const (
	nameMqttwire   = "mqttwire"
	namePrepared   = "mqttwire prepared"
	nameFeeder     = "mqttwire Feeder" // of streams; nameMqttwire is the Reader there
	nameFloor      = "floor"
	nameFloorText  = "floor with text checks"
	nameMemcpy     = "memcpy"
	nameMochi      = "mochi"
	namePahoGolang = "paho.golang"
	namePahoMQTT   = "paho.mqtt.golang"
	nameGomqtt     = "gomqtt"
	nameNatiu      = "natiu"
)

// codecs are all that is measured, this repository's own first.
func codecs() []codec {
	return []codec{mqttwireCodec, floorCodec(nameFloor, false), floorCodec(nameFloorText, true), memcpyCodec,
		mochiCodec, pahoGolangCodec, pahoMQTTCodec, gomqttCodec, natiuCodec}
}

// isOurs reports whether the column is a way to use this repository.
func isOurs(name string) bool { return strings.HasPrefix(name, nameMqttwire) }

// isLibrary reports whether the column is that of another library.
func isLibrary(name string) bool {
	switch name {
	case nameMochi, namePahoGolang, namePahoMQTT, nameGomqtt, nameNatiu:
		return true
	}
	return false
}

// writer is where codecs write that do not append: it counts, and keeps what is
// written if it is to.
type writer struct {
	n    uint64
	keep bool
	b    []byte
}

func (w *writer) Write(p []byte) (int, error) {
	w.n += uint64(len(p))
	if w.keep {
		w.b = append(w.b, p...)
	}
	return len(p), nil
}

// Close makes a writer one that can be closed.
func (w *writer) Close() error { return nil }

// kept returns what write writes.
func (w *writer) kept(write func()) []byte {
	w.keep, w.b = true, nil
	write()
	w.keep = false
	return w.b
}

// must stops the program: no workload is refused by a codec that has it.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
