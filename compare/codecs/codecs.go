// Package codecs puts Go codecs of MQTT behind mqttwiretest.Codec, so that one
// corpus judges them all. There is a file for each codec; its comment says which
// calls of the library the adapter makes.
//
// An adapter calls what a careful user of the library can call to judge a
// packet, and nothing that the library does not offer. The one check of its own
// is that a CONNECT is of the version it was to be decoded in: the libraries
// leave that to their caller, who reads the field.
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
