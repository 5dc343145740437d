package client

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// ServerInfo is what is known of the server, and of what it has granted, from the last
// connection on.
type ServerInfo struct {
	// URL is scheme, host and port.
	URL string

	// Version is the version of the connection.
	Version mqttwire.Version

	// ClientID is the client identifier: that of Options, or the one that the server has
	// assigned.
	ClientID string

	// Connected says that there is a connection.
	Connected bool

	// Connack is the last CONNACK of success, whose properties are what the server grants;
	// nil before it. It must not be changed.
	Connack *packets.Connack
}

// ServerInfo returns what is known of the server.
func (c *Client) ServerInfo() ServerInfo {
	c.mu.Lock()
	defer c.unlock()
	info := c.info
	info.Connected = c.open
	return info
}

// Stats are the numbers of a client, since New.
type Stats struct {
	Session session.Stats

	Connections uint64 // that were open
	Published   uint64 // messages that were queued
	Received    uint64 // messages that have come
	Repeated    uint64 // of them, those that came again while a handler had them
	Overrun     uint64 // messages that were dropped as too many waited for handlers
	Dropped     uint64 // messages that were published, and requests, that have ended without an answer
	Restored    int    // messages that Options.Journal had
	BytesIn     uint64
	BytesOut    uint64
	Inbound     int // messages that handlers have, or that wait for them
	InboundSize int // bytes of those
}

// Stats returns the numbers of the client.
func (c *Client) Stats() Stats {
	c.mu.Lock()
	defer c.unlock()
	s := c.stats
	s.Session, s.Inbound, s.InboundSize = c.session.Stats(), c.inbox.count, c.inbox.bytes
	return s
}
