package pcap

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
)

// KeyLog holds the secrets of TLS sessions, with which a capture of them is decrypted.
// It reads the format of NSS, that browsers, OpenSSL and crypto/tls write where
// SSLKEYLOGFILE or a KeyLogWriter says so. It is for one goroutine at a time.
type KeyLog struct {
	source   io.Reader // that may have more, or nil
	sessions map[clientRandom]*tlsSecrets
	line     []byte // of which the end has not come
	size     int    // bytes of all secrets
	err      error
}

// clientRandom is what a client says first, by which its session is known.
type clientRandom [32]byte

// tlsSecrets are the secrets of a session.
type tlsSecrets struct {
	master []byte // of 1.2
	early  []byte // of 1.3, as the others

	handshake, traffic [2][]byte // of the client, then of the server
}

// Limits of a key log, in bytes: of the secrets that are kept, and of a line.
const (
	maxKeyLog     = 16 << 20
	maxKeyLogLine = 1 << 10
)

// errKeyLogFull is what a key log gives that is too long.
var errKeyLogFull = errors.New("the key log has more than 16 MiB of secrets; those behind are not used")

// NewKeyLog returns the secrets of a key log, which are read when they are needed: of a
// file that is still being written to also those that come later. r may be nil.
func NewKeyLog(r io.Reader) *KeyLog {
	return &KeyLog{source: r, sessions: make(map[clientRandom]*tlsSecrets)}
}

// Err returns why the key log could not be read to its end; nil if it could.
func (k *KeyLog) Err() error { return k.err }

// Sessions returns how many sessions there are secrets of, so far.
func (k *KeyLog) Sessions() int { return len(k.sessions) }

// Add adds lines of a key log; what it has no use for is passed over. A line may be cut
// anywhere, if the next call has the rest.
func (k *KeyLog) Add(text []byte) {
	for len(text) > 0 {
		line, rest, ended := bytes.Cut(text, []byte("\n"))
		text = rest
		if room := maxKeyLogLine - len(k.line); len(line) > room {
			line = line[:room]
		}
		k.line = append(k.line, line...)
		if ended {
			k.addLine(k.line)
			k.line = k.line[:0]
		}
	}
}

// addLines adds lines of which the last may have no end.
func (k *KeyLog) addLines(text []byte) {
	k.Add(text)
	k.Add([]byte("\n"))
}

// addLine adds a line: a label, the client's random bytes and the secret, in hex.
func (k *KeyLog) addLine(line []byte) {
	words := bytes.Fields(line)
	if len(words) != 3 || len(words[1]) != 2*len(clientRandom{}) || len(words[2])%2 != 0 || len(words[2]) == 0 {
		return
	}
	b, err := hex.AppendDecode(nil, append(bytes.Clone(words[1]), words[2]...))
	if err != nil {
		return
	}
	random, secret := clientRandom(b), b[len(clientRandom{}):]
	s := k.sessions[random]
	if s == nil {
		s = new(tlsSecrets)
	}
	place := s.place(string(words[0]))
	if place == nil {
		return
	}
	const overhead = 300 // of a session
	size := k.size + len(secret) - len(*place)
	if k.sessions[random] == nil {
		size += overhead
	}
	if size > maxKeyLog {
		k.err = errKeyLogFull
		return
	}
	*place, k.sessions[random], k.size = secret, s, size
}

// place is where a secret belongs, or nil if nobody needs it.
func (s *tlsSecrets) place(label string) *[]byte {
	switch label {
	case "CLIENT_RANDOM":
		return &s.master
	case "CLIENT_EARLY_TRAFFIC_SECRET":
		return &s.early
	case "CLIENT_HANDSHAKE_TRAFFIC_SECRET":
		return &s.handshake[0]
	case "SERVER_HANDSHAKE_TRAFFIC_SECRET":
		return &s.handshake[1]
	case "CLIENT_TRAFFIC_SECRET_0":
		return &s.traffic[0]
	case "SERVER_TRAFFIC_SECRET_0":
		return &s.traffic[1]
	}
	return nil
}

// of returns the secrets of a session; ok says that there are those that a version
// needs. What the source has by now is read if they are not there.
func (k *KeyLog) of(random clientRandom, v13 bool) (s *tlsSecrets, ok bool) {
	for range 2 {
		s = k.sessions[random]
		switch {
		case s == nil:
		case v13 && s.traffic[0] != nil && s.traffic[1] != nil, !v13 && s.master != nil:
			return s, true
		}
		k.more()
	}
	return s, false
}

// more reads what the source has.
func (k *KeyLog) more() {
	if k.source == nil || k.err != nil {
		return
	}
	b := make([]byte, 32<<10)
	for {
		n, err := k.source.Read(b)
		k.Add(b[:n])
		switch {
		case err == io.EOF && n == 0:
			// A last line without an end may be whole.
			k.addLine(k.line)
			return
		case err != nil && err != io.EOF:
			k.err = err
			return
		case k.err != nil:
			return
		}
	}
}

// empty reports whether there are no secrets, and will be none.
func (k *KeyLog) empty() bool { return k.source == nil && len(k.sessions) == 0 }
