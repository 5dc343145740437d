package pcap

import (
	"io"

	"github.com/mqttwire/mqttwire/capture"
)

// Options say how files are read. The zero value is good.
type Options struct {
	// Options say how the conversations in them are read.
	capture.Options

	// KeyLog has the secrets with which TLS is decrypted. Those that a pcapng file has in
	// it are added to it; nil is a key log that has only those.
	KeyLog *KeyLog

	// Raw says that a file of no known format holds MQTT bytes, even if they do not
	// begin with a packet that is legal. Otherwise such a file is refused, since
	// packets would be invented.
	Raw bool
}

// Input is one of the files that OpenInputs reads.
type Input struct {
	// Name is the name of the file, by which it is opened if Reader and Open are nil.
	Name string

	// Open opens the file, if Reader is nil: of several files twice, since which of them
	// comes first is told by their first records, and not all are open at a time. What
	// it returns is closed.
	Open func() (io.ReadCloser, error)

	// Reader is where the file is read from; it may be a pipe that is still being
	// written to. It is not closed.
	Reader io.Reader
}
