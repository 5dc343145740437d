package packets

import "github.com/mqttwire/mqttwire"

// Options say what a Decoder or an Encoder is for.
type Options struct {
	// From is the side that sends the packets: FromClient for what a server
	// reads, FromServer for what it writes.
	From mqttwire.Sender

	// Version is the version of the connection. 0 leaves it to the CONNECT, whether
	// that is decoded, encoded or observed; else a CONNECT of another version is
	// refused with ErrUnsupportedVersion.
	Version mqttwire.Version

	// Versions are those of which the CONNECT may be: another one is refused with
	// ErrUnsupportedVersion, as soon as its level is read, and Reply answers it.
	// The zero set is all versions. With Version, which is for one that is known
	// beforehand, both have to allow it.
	Versions mqttwire.Versions

	// Tolerance decides which broken rules are let pass and collects them; nil
	// lets nothing pass. It is for one Decoder or Encoder alone.
	Tolerance *mqttwire.Tolerance

	// Optional also checks the rules that a receiver may enforce or not: see
	// CheckOptional.
	Optional bool

	// StreamFrom makes Decoder.Next leave the payload of large PUBLISH packets
	// in the source: those of more than so many bytes, fixed header included; 0
	// is none. See Decoder.PayloadSize.
	StreamFrom int
}
