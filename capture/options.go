package capture

import (
	"slices"

	"github.com/mqttwire/mqttwire"
)

// Options say how conversations are read. The zero value is good.
type Options struct {
	// Version is the version of conversations whose CONNECT is not in the
	// capture. If it is 0 their packets tell it, as far as they can.
	Version mqttwire.Version

	// StreamVersions is Version for single conversations, by Event.Stream.
	StreamVersions map[int]mqttwire.Version

	// Ports are ports on which MQTT is spoken, besides 1883: there a packet needs
	// less evidence to be taken for one, and the side with the port is the server.
	Ports []uint16

	// Stages are asked in turn, for each conversation that begins with another
	// protocol, for a Stage that reads it; the first that has one is taken. If none
	// has, the conversation is NotMQTT.
	Stages []StageOpener

	// Pieces asks for the bytes of packets over 16 MiB, as events of the kind
	// PacketPiece.
	Pieces bool
}

// isMQTT reports whether MQTT is spoken on a port.
func (o *Options) isMQTT(port uint16) bool { return port == mqttPort || slices.Contains(o.Ports, port) }

// versionOf returns the version of a conversation whose CONNECT is not in the
// capture, or 0.
func (o *Options) versionOf(stream int) mqttwire.Version {
	if v, ok := o.StreamVersions[stream]; ok {
		return v
	}
	return o.Version
}
