package main

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/packets"
)

// follower follows connections: which packet answers which, how each connection began
// and ended, what went wrong. It holds a bounded amount of memory, and forgets the
// connection that was seen longest ago of too many.
type follower struct {
	open    map[int]*connection
	over    []*connection          // that have ended, of which something may still be told
	names   map[string]*connection // by client identifier, the last one that had it
	highest int                    // stream
	spent   int                    // bytes of what is kept of all connections

	// What comes about is told to these, where they are not nil: an exchange, or a
	// step of it, has ended; something went wrong; a connection is over.
	onStep    func(c *connection, x *exchange, s step, took time.Duration, e *capture.Event)
	onTrouble func(c *connection, t *trouble, e *capture.Event)
	onOver    func(c *connection)

	optional bool // look for rules too that a receiver may let pass
}

// What a follower holds at most, in bytes, about; and how many troubles, subscriptions
// and unfinished exchanges it keeps of a connection.
const (
	mostSpent    = 24 << 20
	mostOpen     = 1 << 14
	mostOver     = 64
	mostTroubles = 200
	mostKeptText = 256
	keptCost     = 400
)

func newFollower() *follower {
	return &follower{open: make(map[int]*connection), names: make(map[string]*connection)}
}

// afford reports whether something more may be kept of a connection.
func (f *follower) afford(c *connection, bytes int) bool {
	if f.spent+bytes > mostSpent {
		return false
	}
	f.spent += bytes
	c.spent += bytes
	return true
}

// take takes the next event, and returns its connection; nil if it is of none that is
// followed.
func (f *follower) take(file string, e *capture.Event) *connection {
	c := f.open[e.Stream]
	switch {
	case e.Kind == capture.NotMQTT, c == nil && e.Stream < f.highest && isEnding(e):
		return nil // the rest of one that was told already
	case c == nil:
		c = newConnection(file, e)
		f.open[e.Stream], f.highest = c, max(f.highest, e.Stream)
		f.relieve()
	}
	c.see(e)
	if isPacket(e) {
		f.packet(c, e)
	} else {
		f.event(c, e)
	}
	if c.isOver() && !c.queued {
		c.queued = true
		f.over = append(f.over, c)
		if len(f.over) > mostOver {
			f.tell(f.over[0])
			f.over = f.over[1:]
		}
	}
	return c
}

// isEnding reports whether an event is about the end of a connection, or about what is
// missing from it.
func isEnding(e *capture.Event) bool {
	switch e.Kind {
	case capture.Closed, capture.Reset, capture.Silence, capture.LostBytes, capture.SkippedBytes, capture.Dropped:
		return true
	}
	return false
}

// relieve tells of the connections that were seen longest ago, if there are too many.
func (f *follower) relieve() {
	if len(f.open) <= mostOpen {
		return
	}
	all := slices.Collect(maps.Values(f.open))
	slices.SortFunc(all, func(a, b *connection) int { return a.last.Compare(b.last) })
	for _, c := range all[:len(all)/4] {
		f.tell(c)
	}
	f.over = slices.DeleteFunc(f.over, func(c *connection) bool { return f.open[c.stream] != c })
}

// end says that no more events come: it tells of all connections that are left.
func (f *follower) end() {
	for _, stream := range slices.Sorted(maps.Keys(f.open)) {
		f.tell(f.open[stream])
	}
}

// tell tells that a connection is over, and forgets it.
func (f *follower) tell(c *connection) {
	for _, x := range c.open {
		c.unfinished = append(c.unfinished, x)
	}
	slices.SortFunc(c.unfinished, func(a, b *exchange) int { return cmp.Or(a.began.Compare(b.began), cmp.Compare(a.record, b.record)) })
	if f.onOver != nil {
		f.onOver(c)
	}
	f.spent -= c.spent
	delete(f.open, c.stream)
	f.forgetName(c)
}

// trouble takes note of something that went wrong.
func (f *follower) trouble(c *connection, e *capture.Event, t trouble) {
	t.time, t.record = e.Time, e.Record
	if t.violation {
		c.violations++
	}
	if f.onTrouble != nil {
		f.onTrouble(c, &t, e)
	}
	if len(c.troubles) >= mostTroubles || !f.afford(c, keptCost) {
		c.moreTroubles++
		return
	}
	c.troubles = append(c.troubles, t)
}

// packet takes a packet.
func (f *follower) packet(c *connection, e *capture.Event) {
	f.faults(c, e)
	if e.Packet == nil {
		if p, ok := e.Partial.(*packets.Connect); ok && e.Sender != mqttwire.FromServer {
			f.connects(c, e, p)
		}
		return
	}
	switch p := e.Packet.(type) {
	case *packets.Connect:
		f.connects(c, e, p)
	case *packets.Connack:
		f.connack(c, e, p)
	case *packets.Publish:
		f.publish(c, e, p)
	case *packets.Subscribe:
		f.subscribe(c, e, p)
	case *packets.Suback:
		f.suback(c, e, p)
	case *packets.Unsubscribe:
		f.begin(c, e, &exchange{step: stepUnsuback, id: p.PacketID, request: keepRequest(p)})
		for _, filter := range p.Filters {
			c.unsubscribed(filter)
		}
	case *packets.Unsuback:
		f.unsuback(c, e, p)
	case *packets.Pingreq:
		f.begin(c, e, &exchange{step: stepPing})
	case *packets.Pingresp:
		f.single(c, e, stepPing)
	case *packets.Disconnect:
		f.disconnect(c, e, p)
	default:
		f.delivery(c, e)
	}
	f.failed(c, e)
}

// delivery takes a packet with which a PUBLISH is acknowledged.
func (f *follower) delivery(c *connection, e *capture.Event) {
	switch p := e.Packet.(type) {
	case *packets.Puback:
		f.answer(c, e, p.PacketID, stepPuback, p.ReasonCode)
	case *packets.Pubrec:
		f.answer(c, e, p.PacketID, stepPubrec, p.ReasonCode)
	case *packets.Pubrel:
		f.pubrel(c, e, p)
	case *packets.Pubcomp:
		f.answer(c, e, p.PacketID, stepPubcomp, p.ReasonCode)
	}
}

// connects notes a CONNECT. A second one on a connection is a violation, and begins
// another session all the same.
func (f *follower) connects(c *connection, e *capture.Event, p *packets.Connect) {
	c.receiveMaximum[mqttwire.FromClient], _ = p.Properties.ReceiveMaximum()
	kept := p.Clone()
	kept.Properties = mqttwire.Properties{}
	for _, secret := range []*[]byte{&kept.UserName, &kept.Password} { // that they are there is none
		if *secret != nil {
			*secret = []byte{}
		}
	}
	if kept.Will != nil {
		kept.Will.Payload, kept.Will.Properties = nil, mqttwire.Properties{}
		kept.Will.Topic = cutText(kept.Will.Topic, min(len(kept.Will.Topic), mostKeptText))
	}
	c.connect, c.connected, c.connack = kept, e.Time, nil
	c.version = p.Version
	f.begin(c, e, &exchange{step: stepConnect})
	if id := c.client; id != "" {
		if before := f.names[id]; before != nil && before != c && !before.isOver() {
			before.takenOver = c
		}
		f.forgetName(c)
		f.names[id], c.named = c, id
	}
}

// forgetName forgets the client identifier by which a connection is known.
func (f *follower) forgetName(c *connection) {
	if f.names[c.named] == c {
		delete(f.names, c.named)
	}
}

func (f *follower) connack(c *connection, e *capture.Event, p *packets.Connack) {
	c.connack = &packets.Connack{SessionPresent: p.SessionPresent, ReasonCode: p.ReasonCode}
	c.receiveMaximum[mqttwire.FromServer], _ = p.Properties.ReceiveMaximum()
	if x := f.single(c, e, stepConnect); x != nil {
		c.answered = e.Time.Sub(x.began)
	}
}

// disconnect notes who has said goodbye, and why.
func (f *follower) disconnect(c *connection, e *capture.Event, p *packets.Disconnect) {
	what := sideWord(e.Sender) + " sent DISCONNECT"
	if c.version == mqttwire.V5 {
		what += " " + codeText(p.ReasonCode, mqttwire.DISCONNECT, c.version)
		if reason, ok := p.Properties.ReasonString(); ok {
			what += " " + string(appendQuote(nil, reason, mostName))
		}
	}
	c.goodbye = &trouble{time: e.Time, record: e.Record, what: what, fault: e.Sender}
}

// failed notes a reason code that says that something was refused.
func (f *follower) failed(c *connection, e *capture.Event) {
	t := e.Frame.Header.Type
	for _, code := range codesOf(e.Packet) {
		if t != mqttwire.DISCONNECT && isFailure(e, code) {
			f.trouble(c, e, trouble{what: sideWord(e.Sender) + " answered " + t.String() + " " + codeText(code, t, e.Version)})
		}
	}
}

// codeText is a reason code by number and name.
func codeText(c mqttwire.ReasonCode, t mqttwire.PacketType, v mqttwire.Version) string {
	w := words{}
	w.code(c, t, v)
	return string(w.b[1:])
}

// event takes what is no packet.
func (f *follower) event(c *connection, e *capture.Event) {
	switch e.Kind {
	case capture.LostBytes, capture.SkippedBytes:
		c.lossy = true
		f.trouble(c, e, trouble{what: countedBytes(e) + e.Note})
	case capture.StageNote, capture.ProxyHeader:
		f.trouble(c, e, trouble{what: e.Note})
	case capture.Closed:
		c.closed[min(e.Sender, mqttwire.FromServer)] = true
		if c.firstToClose == nil {
			c.firstToClose = &trouble{time: e.Time, record: e.Record, what: e.Note, fault: e.Sender}
		}
	case capture.Reset, capture.Refused:
		c.cut = &trouble{time: e.Time, record: e.Record, what: e.Note, fault: e.Sender}
		f.trouble(c, e, trouble{what: e.Note})
	case capture.Unanswered:
		c.cut = &trouble{time: e.Time, record: e.Record, what: e.Note}
		f.trouble(c, e, trouble{what: e.Note})
	case capture.Dropped:
		c.cut = &trouble{time: e.Time, record: e.Record, what: e.Note}
	case capture.Silence:
		f.silence(c, e)
	}
}

// countedBytes says how many bytes an event is about, if that is known.
func countedBytes(e *capture.Event) string {
	if e.Bytes == 0 {
		return ""
	}
	return counted(int(e.Bytes), "byte") + ": "
}

// silence notes that the client was silent for too long. Bytes that are missing may
// have been what it said.
func (f *follower) silence(c *connection, e *capture.Event) {
	t := trouble{what: e.Note}
	if !c.lossy {
		t.fault, t.violation = mqttwire.FromClient, true
		t.statement = byVersion(c.version, "", "MQTT-3.1.2-23", "MQTT-3.1.2-20")
	}
	f.trouble(c, e, t)
}

// byVersion returns the statement of a version.
func byVersion(v mqttwire.Version, v31, v311, v5 string) string {
	switch v {
	case mqttwire.V31:
		return v31
	case mqttwire.V311:
		return v311
	}
	return v5
}
