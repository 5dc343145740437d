// Package codecs puts Go codecs of MQTT behind mqttwiretest.Codec, so that one
// corpus judges them all. There is a file for each codec; its comment says which
// calls of the library the adapter makes.
//
// An adapter calls what a careful user of the library can call to judge a
// packet, and nothing that the library does not offer. The one check of its own
// is that a CONNECT is of the version it was to be decoded in: the libraries
// leave that to their caller, who reads the field.
//
// # To add a codec
//
//  1. In the folder compare, "go get" its module. Tests hold the versions in
//     go.mod and in STRICTNESS.md together.
//  2. Write its adapter, a mqttwiretest.Codec, in a file of its own, with the
//     comment on the calls it makes and the same as Markdown for the table. For
//     a version that the library does not know it returns
//     mqttwiretest.ErrVersion, always.
//  3. Add a line to All, and the versions that it is documented to know to
//     versions in codecs_test.go.
//  4. In compare, run "go test ./codecs ./strictness" and "go run ./strictness".
package codecs

import (
	"errors"

	"github.com/mqttwire/mqttwire/mqttwiretest"
)

// errOtherVersion refuses a CONNECT that tells another version than the one it
// was to be decoded in.
var errOtherVersion = errors.New("codecs: CONNECT of another version")

// Entry is a codec with what is to be said about it.
type Entry struct {
	Package string // import path of the package that decodes
	Module  string // path of the module that the package is in
	Calls   string // what the adapter calls, in Markdown
	Codec   mqttwiretest.Codec
}

// All returns the codecs that are compared, this repository's own first.
func All() []Entry {
	return []Entry{
		{"github.com/mqttwire/mqttwire/packets", "github.com/mqttwire/mqttwire", mqttwireCalls, Mqttwire{}},
		{"github.com/mochi-mqtt/server/v2/packets", "github.com/mochi-mqtt/server/v2", mochiCalls, Mochi{}},
		{"github.com/eclipse/paho.golang/packets", "github.com/eclipse/paho.golang", pahoGolangCalls, PahoGolang{}},
		{"github.com/eclipse/paho.mqtt.golang/packets", "github.com/eclipse/paho.mqtt.golang", pahoMQTTGolangCalls, PahoMQTTGolang{}},
	}
}
