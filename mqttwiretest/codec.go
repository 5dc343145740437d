package mqttwiretest

import (
	"errors"

	"github.com/mqttwire/mqttwire"
)

// ErrVersion is what a Codec returns, alone or wrapped, for a version of the
// protocol that it does not know. It has to say so of every packet of that
// version, which is then not judged. If another of them gets a verdict,
// ErrVersion is a refusal like any other.
var ErrVersion = errors.New("mqttwiretest: the codec does not know this version")

// Codec is an implementation of the wire format under test.
type Codec interface {
	// Decode decodes b, the bytes of one packet of version v sent by the given
	// side, and returns what the decoded packet encodes to again, or an error if
	// the packet is refused. nil bytes with a nil error say that it is accepted
	// and that the codec cannot encode it again. ErrVersion says that the codec
	// does not know the version.
	//
	// b may also end inside the packet, which is to be refused like any other
	// broken packet. Decode reads nothing outside b and writes nothing to it.
	//
	// Decode is called from goroutines of Judge's own, one call after the other,
	// but for calls that have been cut off and still run.
	Decode(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error)
}

// CodecFunc is a Codec of one function.
type CodecFunc func(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error)

// Decode calls f.
func (f CodecFunc) Decode(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
	return f(b, v, from)
}
