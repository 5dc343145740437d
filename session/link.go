package session

import (
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// Link is one connection: it keeps what both sides have said on it, and forgets it
// with the connection. It is for one goroutine at a time, together with its Session.
// It must not be copied.
type Link struct {
	conn    packets.Connection
	session *Session // that it was attached to last, or nil
	tools   *tools   // nil as long as no message went either way

	packet      mqttwire.Packet // that Packet shows, until it is handled
	event       Event           // of the packet that was handled last
	shown       *Event          // that NextEvent has returned, if it was of no packet; nil as long as there was none
	cause       Cause           // why the connection has ended; Kind is 0 if it has not
	now         time.Time       // of the last call that has told it
	timers      timers
	o           settings
	asked       asked
	peer        said
	own         said
	drain       *packets.Disconnect // to be sent when nothing is in flight; nil if not asked for
	will        *packets.Will       // of the CONNECT, up to Accept
	held        *held               // nil as long as no acknowledgement was held
	counted     uint32              // messages of the peer that count against our Receive Maximum
	mostCounted uint32              // how many of them may be under way
	window      int                 // how many of ours may be in flight on this connection
	aliasing    bool                // we may set topic aliases
	finals      uint32              // of them, those whose last acknowledgement is in control
	number      uint32              // of the connection, in AckToken
	state       state
	heard       bool // a packet of the peer has come now
	clocked     bool // the time is known
	news        news
	fresh       bool // event was not taken
	told        bool // Disconnected was told
	lost        bool // Lost was called
	pinging     bool // PINGREQ was sent, and not answered
	reauth      reauth
	attached    bool

	output
}

// news is where there may be an event. Of a Link that is not attached it may be anywhere, as
// nobody tells.
type news uint8

const (
	noNews     news = iota
	packetNews      // only that of a packet
	anyNews
)

// state is how far a connection has come.
type state uint8

const (
	stateNew      state = iota
	stateConnect        // a client has sent CONNECT
	stateAsked          // a CONNECT has come to a server
	stateExchange       // and its server waits for an AUTH
	stateOpen           // the CONNACK has said success
	stateClosing        // nothing more is read, and only what is in output is written
)

// asked is what is kept of the CONNECT until the CONNACK.
type asked struct {
	expiry     uint32
	keepAlive  uint16
	cleanStart bool
	method     bool // has an Authentication Method
	existing   bool // a client: the server may have the session
	over       bool // a client: the session has ended with the connection before, if the server has seen its CONNECT
	ended      bool // a client: it has
}

// said is what a side has announced.
type said struct {
	packetSize     uint32 // Maximum Packet Size, or 0 for none
	receiveMaximum uint16
	aliases        uint16
	maximumQoS     mqttwire.QoS
	noRetain       bool
}

// announced notes what we have announced.
func (l *Link) announced(own said) {
	l.own, l.mostCounted = own, uint32(own.receiveMaximum)+uint32(l.o.excess)
}

// nothingSaid is what holds if nothing is announced.
var nothingSaid = said{receiveMaximum: maxIdentifiers, maximumQoS: mqttwire.ExactlyOnce}

// saidIn returns what the properties of a CONNECT or CONNACK announce in version v.
func saidIn(p *mqttwire.Properties, v mqttwire.Version) said {
	s := nothingSaid
	if v != mqttwire.V5 {
		return s
	}
	if n, ok := p.ReceiveMaximum(); ok && n > 0 {
		s.receiveMaximum = n
	}
	if q, ok := p.MaximumQoS(); ok {
		s.maximumQoS = q
	}
	available, ok := p.RetainAvailable()
	s.noRetain = ok && !available
	s.aliases, _ = p.TopicAliasMaximum()
	s.packetSize, _ = p.MaximumPacketSize()
	return s
}

// tools are what messages are sent and acknowledged with.
type tools struct {
	delivery packets.Delivery
	id       [1]uint32 // of the delivery's one subscription
	ids      *[]uint32 // of the last message that had several, which others may share
	puback   packets.Puback
	pubrec   packets.Pubrec
	pubrel   packets.Pubrel
	pubcomp  packets.Pubcomp
	aliases  topicAliases

	head      []byte // what is left of a PUBLISH that did not fit, without its payload
	tail      []byte // and of its payload
	headers   []byte // memory of what Buffers has handed out
	spare     []byte // memory of a control that Buffers has handed out
	unwritten unwritten
}

// idle reports whether nothing is lost with the tools.
func (t *tools) idle() bool {
	return t.aliases.n == 0 && len(t.head)+len(t.tail) == 0 && t.unwritten.n == 0
}

// tool returns the tools, made if they are not there.
func (l *Link) tool() *tools {
	if l.tools == nil {
		l.tools = new(tools)
	}
	return l.tools
}

// NewLink returns a Link of a connection that begins. It panics if o.Side is neither
// FromClient nor FromServer. Time begins with the first call that tells it: a server
// calls Tick at once.
func NewLink(o LinkOptions) *Link {
	l := new(Link)
	l.Reset(o)
	return l
}

// Reset makes l a Link of a connection that begins, in its memory. A Session that it
// is attached to is to be parted from it before, by Lost.
func (l *Link) Reset(o LinkOptions) {
	if l.fresh && l.event.Kind == Done {
		l.settleEvent() // each request ends by an event, also if nobody has taken it here
	}
	l.conn.Reset(packets.ConnectionOptions{
		Side: o.Side, Versions: o.Versions, Limits: o.Limits, Tolerance: o.Tolerance, Optional: o.Optional,
	})
	l.o, l.session, l.tools = o.settings(), nil, nil
	l.packet, l.event, l.shown, l.cause, l.now = nil, Event{}, nil, Cause{}, time.Time{}
	l.timers, l.asked, l.peer = timers{}, asked{}, nothingSaid
	l.announced(nothingSaid)
	l.drain, l.will, l.held = nil, nil, nil
	l.counted, l.finals, l.number, l.state = 0, 0, 0, stateNew
	l.heard, l.clocked, l.fresh, l.told, l.lost, l.pinging, l.attached = false, false, false, false, false, false, false
	l.reauth, l.news, l.window, l.aliasing = noReauth, anyNews, 0, false
	l.output = output{}
}

// settings are what a Link keeps of its LinkOptions.
type settings struct {
	connectTimeout time.Duration
	pingEvery      time.Duration
	pingTimeout    time.Duration
	closeTimeout   time.Duration
	output         int
	aliases        uint16
	excess         uint16
	side           mqttwire.Sender
	hold           bool
	tolerant       bool
}

func (o LinkOptions) settings() settings {
	s := settings{
		connectTimeout: orDefault(o.ConnectTimeout, defaultConnectTimeout),
		pingEvery:      o.PingEvery,
		pingTimeout:    orDefault(o.PingTimeout, defaultPingTimeout),
		closeTimeout:   orDefault(o.CloseTimeout, defaultCloseTimeout),
		output:         o.Output,
		aliases:        uint16(min(max(o.TopicAliases, 0), 1<<16-1)),
		excess:         o.Excess,
		side:           o.Side,
		hold:           o.Hold,
		tolerant:       o.Tolerance != nil,
	}
	if s.output <= 0 {
		s.output = defaultOutput
	}
	if o.TopicAliases == 0 {
		s.aliases = defaultTopicAliases
	}
	return s
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}

// Version returns the version of the connection, or 0 while no CONNECT has told it.
func (l *Link) Version() mqttwire.Version { return l.conn.Version() }

// Session returns the session that the Link is attached to, or nil.
func (l *Link) Session() *Session {
	if !l.attached {
		return nil
	}
	return l.session
}

// at takes note of the time. As a rule it is the same as before, as a driver looks at the
// clock once for all packets that have come.
func (l *Link) at(now time.Time) {
	if now != l.now || !l.clocked {
		l.later(now)
	}
}

// later is at for another time.
func (l *Link) later(now time.Time) {
	if !l.clocked {
		l.clocked, l.timers.connect = true, now.Add(l.o.connectTimeout)
	}
	if l.heard {
		l.heard, l.timers.heard = false, l.now
	}
	l.now = now
}

// attach joins the Link and a session.
func (l *Link) attach(s *Session) {
	s.connections++
	l.news = anyNews
	l.session, s.link, l.attached, l.number = s, l, true, s.connections
}

// NextEvent returns the next event: of the packet that was handled last, then of the
// session, and at the end that the connection has ended; nil if there is none. It is
// valid until the next call of any method of the Link or its Session.
func (l *Link) NextEvent() *Event {
	switch l.news {
	case noNews:
		return nil
	case packetNews:
		l.news, l.fresh = noNews, false
		return &l.event
	}
	return l.otherEvent()
}

// Event is NextEvent that returns a copy, of which all but the Packet may be kept; ok is
// false if there is none.
func (l *Link) Event() (e Event, ok bool) {
	p := l.NextEvent()
	if p == nil {
		return e, false
	}
	return *p, true
}

// otherEvent is NextEvent if it is not only that of a packet.
func (l *Link) otherEvent() *Event {
	s := l.session
	if s != nil && s.link != l && s.link != nil {
		s = nil // it is at another Link now
	}
	if s != nil {
		if e, ok := s.again(); ok {
			return l.show(e)
		}
	}
	if l.fresh {
		if l.event.stored {
			l.session.handedOn()
		}
		l.fresh = false
		return &l.event
	}
	if s != nil && s.events != nil && s.events.n > 0 {
		e, _ := s.nextTold()
		return l.show(e)
	}
	if l.cause.Kind != 0 && !l.told {
		l.told = true
		return l.show(Event{Kind: Disconnected, Code: l.cause.Code, Cause: l.cause})
	}
	if l.attached {
		l.news = noNews
	}
	return nil
}

// show returns an event that is not of a packet where it stays for a while.
func (l *Link) show(e Event) *Event {
	if l.shown == nil {
		l.shown = new(Event)
	}
	*l.shown = e
	return l.shown
}

// settleEvent lets go the packet of an event that was not taken, as the packet will
// not be valid any more. What is told of a request stays.
func (l *Link) settleEvent() {
	if !l.fresh {
		return
	}
	if l.fresh = false; l.news == packetNews {
		l.news = noNews
	}
	switch k := l.event.Kind; {
	case l.event.stored:
		l.session.handedOn()
	case k == Arrived:
	case l.session != nil && (k == Done || l.attached || l.session.link == nil):
		e := l.event
		e.Packet = nil
		l.session.tell(e)
	}
}

// Closed reports whether the transport is to be closed, and why: everything that had
// to be written is, or cannot be any more.
func (l *Link) Closed() (Cause, bool) {
	done := l.state == stateClosing && (l.lost || l.written())
	return l.cause, done
}

// Release gives back memory that is held for what may come, and is not in use: for a
// connection on which nothing comes or goes for a while. Packets that were shown are
// no longer valid.
func (l *Link) Release() {
	if l.packet != nil {
		return
	}
	l.settleEvent()
	l.event, l.shown = Event{}, nil
	l.conn.Release()
	l.output.release()
	if l.tools != nil && l.tools.idle() && l.wrote == l.handed {
		l.tools = nil
	}
	if l.held != nil && l.held.puback.n+l.held.pubrec.n == 0 {
		l.held = nil
	}
	if s := l.Session(); s != nil {
		s.Release()
	}
}
