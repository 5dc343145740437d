package corpus

import (
	"fmt"
	"io/fs"

	"github.com/mqttwire/mqttwire"
	texts "github.com/mqttwire/mqttwire/testdata/corpus"
)

// End is what must come of a connection after the packets that are decoded.
type End string

// The ends.
const (
	Accepted  End = "accept"     // every packet is legal where it stands
	Rejected  End = "reject"     // the next packet fails by Stream.Rule
	Truncated End = "incomplete" // the stream ends inside a packet
)

// Stream is what both sides of one connection send, in one version, and what must
// come of it.
type Stream struct {
	// Case has Name, File, Line, Version, Rule, Reason, Class, Statement and Shows;
	// its Bytes, Sender and Outcome are not used.
	Case

	Turns []Turn // in their order on the connection
	Told  Told   // whether the decoders are told the version
	First int    // the largest first packet allowed, in bytes; 0 for that of Max

	Packets []string // the types of the packets that are decoded, in order
	End     End
	Foreign string // what the peer speaks, if it is not MQTT
	Reply   []byte // what answers the error; nil if the connection is just closed
}

// Turn is bytes that one side sends before the other does: packets, a part of
// one, or several and a part.
type Turn struct {
	Sender mqttwire.Sender
	Bytes  []byte
}

// Told says whether decoders know the version before the CONNECT tells it.
type Told string

// Whether the version is told. A stream that begins with a CONNECT comes out the
// same either way.
const (
	Either Told = ""
	Yes    Told = "yes"
	No     Told = "no"
)

// Sent returns all that one side sends.
func (s *Stream) Sent(from mqttwire.Sender) (all []byte) {
	for _, t := range s.Turns {
		if t.Sender == from {
			all = append(all, t.Bytes...)
		}
	}
	return all
}

// Last returns the side whose turn is the last one.
func (s *Stream) Last() mqttwire.Sender { return s.Turns[len(s.Turns)-1].Sender }

// plainFile has the packets that streams name in place of their bytes.
const plainFile = "streams/plain.txt"

// LoadStreams reads all streams, in the order of file names and lines.
func LoadStreams() ([]Stream, error) {
	text, err := fs.ReadFile(texts.Files, plainFile)
	if err != nil {
		return nil, err
	}
	plain, err := parsePlain(plainFile, string(text))
	if err != nil {
		return nil, err
	}
	files, err := fs.Glob(texts.Files, "streams/*.txt") // sorted
	if err != nil {
		return nil, err
	}
	var streams []Stream
	for _, file := range files {
		if file == plainFile {
			continue
		}
		text, err := fs.ReadFile(texts.Files, file)
		if err != nil {
			return nil, err
		}
		more, err := parseStreams(file, string(text), plain)
		if err != nil {
			return nil, err
		}
		streams = append(streams, more...)
	}
	refusals, err := LoadRefusals()
	if err != nil {
		return nil, err
	}
	for i := range streams {
		if err := refuse(&streams[i].Case, refusals); err != nil {
			return nil, err
		}
	}
	return streams, unique(CasesOf(streams))
}

// CasesOf returns what the streams have in common with cases of one packet:
// names, places, versions, rules and statements.
func CasesOf(streams []Stream) []Case {
	cases := make([]Case, len(streams))
	for i := range streams {
		cases[i] = streams[i].Case
	}
	return cases
}

// plainPackets are the plain packets by version and name.
type plainPackets map[mqttwire.Version]map[string][]byte

// plainPacket is a plain packet in one version.
type plainPacket struct {
	version mqttwire.Version
	name    string
	bytes   []byte
}

func parsePlain(file, text string) (plainPackets, error) {
	list, err := parse(file, text, "packet", func(line int, name string) record[plainPacket] {
		return &plainEntry{where: fmt.Sprintf("%s:%d: packet %s", file, line, name), name: name}
	})
	if err != nil {
		return nil, err
	}
	all := plainPackets{mqttwire.V31: {}, mqttwire.V311: {}, mqttwire.V5: {}}
	for _, p := range list {
		if all[p.version][p.name] != nil {
			return nil, fmt.Errorf("%s: packet %s stands twice for %s", file, p.name, p.version)
		}
		all[p.version][p.name] = p.bytes
	}
	return all, nil
}

// parseStreams reads the streams in text, the content of the named file.
func parseStreams(file, text string, plain plainPackets) ([]Stream, error) {
	return parse(file, text, "case", func(line int, name string) record[Stream] {
		return newStreamEntry(file, line, name, plain)
	})
}
