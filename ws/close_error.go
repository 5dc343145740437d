package ws

import (
	"io"
	"strconv"
)

// The codes of a closing frame that are named here, of RFC 6455, section 7.4.1.
const (
	CodeNormal      = 1000
	CodeGoingAway   = 1001
	CodeProtocol    = 1002
	CodeUnsupported = 1003

	codeNone = 1005 // no code was given; it is never sent
)

// CloseError says why a connection has ended by a closing frame, of the peer or of our
// own. Read returns io.EOF in its place if the peer has closed with CodeNormal,
// CodeGoingAway or without a code.
type CloseError struct {
	Code   uint16
	Reason string // in words: of the peer, or what it has done
	ByPeer bool   // it is the peer that has closed
}

// Error returns one line.
func (e *CloseError) Error() string {
	if e.ByPeer {
		return "ws: the peer has closed with code " + strconv.Itoa(int(e.Code)) + " " + strconv.Quote(e.Reason)
	}
	return "ws: " + e.Reason + ", closed with code " + strconv.Itoa(int(e.Code))
}

// read returns what Read says.
func (e *CloseError) read() error {
	if e.ByPeer && (e.Code == CodeNormal || e.Code == CodeGoingAway || e.Code == codeNone) {
		return io.EOF
	}
	return e
}
