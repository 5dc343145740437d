package main

import (
	"context"
	"slices"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/session"
)

// kind is a kind of client.
type kind struct {
	name     string
	versions []mqttwire.Version
	over     []string // transports
	cuts     int64    // connections that are broken in a cell; few where a client waits long before it connects again
	gently   bool     // links break, and servers are killed, from the first message on: its first connection has to stand
	// faults are verdicts that are known of it where links break, as docs/interop.md tells.
	faults []string
	// receive and send connect a client, for what its name says. got gets what comes.
	receive, send func(ctx context.Context, e end, got func(message)) (party, error)
}

// end is where and as whom a client connects.
type end struct {
	cell
	addr string
	id   string
	will *message
	room int // messages that it may have to hold

	journal session.Journal      // of our client; nil: in memory
	few     bool                 // our client has few messages in flight, in 5.0 too
	again   func(err error) bool // whether our client connects again; nil: as it does by itself
	opened  func(present bool)   // gets Session Present of our client's connections, not in 3.1; or nil
	seen    func(payload []byte) // gets each PUBLISH that has come to our client, whatever is done with it; or nil
}

func (e end) url() string { return url(e.transport, e.addr) }

// message is one that is published or has come.
type message struct {
	topic   string
	payload []byte
	qos     byte
	retain  bool
	alias   uint16 // to be sent with, 5.0
}

// party is a client that runs.
type party interface {
	// subscribe is back when the server has said yes.
	subscribe(ctx context.Context, filter string, qos byte) error
	// publish is back when the client has taken the message.
	publish(ctx context.Context, m message) error
	// flush is back when all that was published is acknowledged, of clients that can tell.
	flush(ctx context.Context) error
	// close ends the client, which says DISCONNECT if it can.
	close(ctx context.Context) error
}

// closing is how long a client may take to close.
const closing = 10 * time.Second

// to returns the kind in which one sends and the other receives.
func (k *kind) to(other *kind) *kind {
	both := &kind{name: k.name + " to " + other.name, cuts: min(k.cuts, other.cuts), gently: k.gently, faults: k.faults, send: k.send, receive: other.receive}
	if k == ours {
		both.faults = other.faults
	}
	for _, v := range k.versions {
		if slices.Contains(other.versions, v) {
			both.versions = append(both.versions, v)
		}
	}
	both.over = transports[:1]
	return both
}
