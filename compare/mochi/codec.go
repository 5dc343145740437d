// Package mochi puts the codec of this module under the packets package of
// github.com/mochi-mqtt/server/v2: an example of an adapter to somebody else's struct.
//
// Decode and Encode have the shape of that package's XxxDecode and XxxEncode, for
// every packet type, but keep to the standard: bytes that are no legal packet are
// refused, and so is a struct that no legal packet can carry. FromMochi and ToMochi
// are what they are made of.
//
// What the struct has no place for is lost on the way through it: the order of
// properties, and whether one that is 0 or empty is there, where it has no flag.
package mochi

import (
	"bytes"
	"errors"

	mochi "github.com/mochi-mqtt/server/v2/packets"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// Decode decodes the body of a packet into pk, which says by FixedHeader, with its
// Remaining, and ProtocolVersion how to; a CONNECT tells its own version. The byte
// slices of pk alias body. An error is a Refusal.
func Decode(pk *mochi.Packet, body []byte) error {
	var first bytes.Buffer
	pk.FixedHeader.Encode(&first) // for the flags, in the byte that they came in
	f := mqttwire.Frame{Body: body}
	f.Header.Type, f.Header.Flags = mqttwire.PacketType(pk.FixedHeader.Type), first.Bytes()[0]&0x0F
	f.Header.RemainingLength = uint32(pk.FixedHeader.Remaining)
	v := version(pk.ProtocolVersion)
	if f.Header.Type == mqttwire.CONNECT {
		v = 0
	}
	p, err := packets.Decode(f, v)
	if err != nil {
		return Refusal{err}
	}
	ToMochi(pk, p)
	return nil
}

// Encode appends pk to buf, in the version that pk says, and sets its remaining
// length; or nothing, with a Refusal or mochi's own error for a type that is none.
func Encode(pk *mochi.Packet, buf *bytes.Buffer) error {
	p := FromMochi(pk)
	if p == nil {
		return mochi.ErrNoValidPacketAvailable
	}
	v := version(pk.ProtocolVersion)
	applyMods(p, v, pk.Mods)
	b, err := p.Append(buf.AvailableBuffer(), v)
	if err != nil {
		return Refusal{err}
	}
	pk.FixedHeader.Remaining, _, err = mochi.DecodeLength(bytes.NewReader(b[1:]))
	buf.Write(b)
	return err
}

// bridge is the bit of the protocol level with which bridges make themselves known.
const bridge = 0x80

// version is the version of a protocol level. As for mochi, all is 3.1.1 that is
// none, as where it is not known yet.
func version(level byte) mqttwire.Version {
	if v := mqttwire.Version(level &^ bridge); v.Known() {
		return v
	}
	return mqttwire.V311
}

// Refusal is the codec's *mqttwire.Error in a form that mochi knows too: for
// errors.Is it is each of mochi's codes that has its reason code.
type Refusal struct{ error }

// Unwrap returns the *mqttwire.Error.
func (r Refusal) Unwrap() error { return r.error }

// Is reports whether target is a code of mochi's with the reason code of r.
func (r Refusal) Is(target error) bool {
	var e *mqttwire.Error
	code, ok := target.(mochi.Code)
	return ok && errors.As(r.error, &e) && code.Code == byte(e.Reason)
}
