package main

import (
	"errors"
	"fmt"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/packets"
)

// connectionRules checks what depends on the packets before, with a decoder for each
// side: that it keeps to what the other one has announced, that topic aliases are
// known, and so on. Where bytes are missing nobody knows, and nobody is accused.
type connectionRules struct {
	decoders [3]*packets.Decoder // by sender
	findings [3]*mqttwire.Tolerance
	unsure   bool
}

// sure reports whether all of the connection was seen, so that a packet which does not
// fit can be told to be wrong.
func (c *connection) sure() bool {
	return c.connect != nil && !c.lossy && !c.guessed && c.rules != nil && !c.rules.unsure
}

// violation notes a rule that a packet breaks.
func (f *follower) violation(c *connection, e *capture.Event, err error) {
	t := trouble{what: message(err), fault: e.Sender, violation: true}
	var wire *mqttwire.Error
	if errors.As(err, &wire) {
		t.statement, t.rule = wire.Statement, wire.Rule.String()
	}
	f.trouble(c, e, t)
}

// faults notes what is wrong with a packet: by itself, where it stands, and after what
// was said before.
func (f *follower) faults(c *connection, e *capture.Event) {
	if e.Err != nil {
		f.violation(c, e, e.Err)
	}
	if e.Kind == capture.PartialPacket && e.Cause != capture.OverLimit {
		t := trouble{what: fmt.Sprintf("%v, of which %d of %d bytes came: %s", e.Frame.Header.Type, e.Bytes, packetSize(e), e.Note)}
		if e.Cause == capture.ClosedInside || e.Cause == capture.ResetInside {
			t.fault, t.violation = e.Sender, e.Cause == capture.ClosedInside
		}
		f.trouble(c, e, t)
	}
	if f.optional && e.Packet != nil && e.Err == nil {
		if err := packets.CheckOptional(e.Packet, e.Version); err != nil {
			f.violation(c, e, err)
		}
	}
	f.rules(c, e)
}

// rules gives a packet to the decoder of its side, and shows it to that of the other.
func (f *follower) rules(c *connection, e *capture.Event) {
	if e.Frame.Header.Type == mqttwire.CONNECT && e.Sender == mqttwire.FromClient && c.rules == nil {
		c.rules = newConnectionRules()
	}
	r := c.rules
	switch {
	case r == nil || r.unsure:
		return
	case e.Err != nil, e.Kind != capture.WholePacket, c.lossy, e.Resumed, e.Sender == 0, e.VersionGuessed,
		e.Frame.Header.Type != mqttwire.CONNECT && e.Version != c.version:
		r.unsure = true
		return
	}
	_, err := r.decoders[e.Sender].Decode(e.Frame)
	for _, finding := range r.findings[e.Sender].Findings {
		f.violation(c, e, finding)
	}
	r.findings[e.Sender].Findings = nil
	if err != nil {
		f.violation(c, e, err)
		r.unsure = true
		return
	}
	r.decoders[other(e.Sender)].Observe(e.Packet)
}

// newConnectionRules returns decoders that go on behind a packet that breaks a rule.
func newConnectionRules() *connectionRules {
	r := &connectionRules{}
	for _, side := range []mqttwire.Sender{mqttwire.FromClient, mqttwire.FromServer} {
		r.findings[side] = &mqttwire.Tolerance{Allow: mqttwire.ReportAll}
		r.decoders[side] = packets.NewDecoder(packets.Options{From: side, Tolerance: r.findings[side]})
	}
	return r
}
