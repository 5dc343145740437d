package fuzz

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// linkDriver drives one side, as a program does, and checks it.
type linkDriver struct {
	t        *testing.T
	side     mqttwire.Sender
	version  mqttwire.Version
	setup    uint16
	stream   []byte // that the peer has still to send
	size     int    // of all of it
	now      time.Time
	options  session.Options
	session  *session.Session
	link     *session.Link
	open5    bool                   // the connection of 5.0 has been open
	tokens   map[session.Token]bool // requests that have not ended
	acks     []session.AckToken     // held
	changes  [][]byte               // durable
	decoder  *packets.Decoder       // of what is written
	feeder   *mqttwire.Feeder       // with it
	logged   *session.Message       // the last one, if it has a Position
	connects int                    // connections
	filled   bool                   // a hollow message was given, and with it when it had come
	last     mqttwire.Packet        // that was written
	late     bool                   // time went on before the last bytes were written
	ended    bool                   // the session, so that the next connection has a new one
	snapshot []byte                 // before the changes
	restored bool                   // there are requests of which the tokens are not known
}

func newLinkDriver(t *testing.T, side mqttwire.Sender, setup uint16, stream []byte) *linkDriver {
	d := &linkDriver{
		t: t, side: side, setup: setup, stream: stream, size: len(stream), version: mqttwire.V31 + mqttwire.Version(setup&3%3),
		now: time.Unix(1<<30, 0), tokens: map[session.Token]bool{},
	}
	d.options = session.Options{
		Side: side, Queue: session.Bounds{Count: 12, Bytes: 4 << 10}, Subscriptions: session.Bounds{Count: 6, Bytes: 1 << 10},
		Journal: d.has(linkJournal), QueueQoS0: d.has(linkQoS0), Known: true,
	}
	if d.has(linkDropOldest) {
		d.options.Full, d.options.OnLost = session.DropOldest, session.ResendAll
	}
	d.session = session.New(d.options)
	return d
}

func (d *linkDriver) has(bit uint16) bool { return d.setup&bit != 0 }

// open makes a connection, up to the CONNACK.
func (d *linkDriver) open() {
	d.renew()
	o := session.LinkOptions{Side: d.side, Hold: d.has(linkHold), Limits: mqttwire.Limits{PacketSize: 2048}}
	if d.has(linkSmallOutput) {
		o.Output = 64
	}
	d.link, d.acks, d.last, d.late = session.NewLink(o), nil, nil, false
	d.decoder = packets.NewDecoder(packets.Options{From: d.side, Version: d.version})
	d.feeder = mqttwire.NewFeeder(mqttwire.Limits{})
	connect, connack := d.opening()
	if d.side == mqttwire.FromClient {
		if d.link.Open(d.now, d.session, connect) != nil {
			return
		}
		d.write(1 << 20)
		d.receive(connack, nil)
		if d.link.Session() != nil {
			d.decoder.Observe(connack)
		}
	} else {
		d.decoder.Observe(connect)
		d.receive(connect, connack)
	}
}

// renew makes a new session if the one there has ended.
func (d *linkDriver) renew() {
	if !d.ended {
		return
	}
	if len(d.tokens) > 0 {
		d.t.Fatalf("the session has ended, and not its requests: %v", d.tokens)
	}
	d.session, d.snapshot, d.changes, d.ended, d.restored = session.New(d.options), nil, nil, false, false
}

// opening returns the CONNECT and the CONNACK.
func (d *linkDriver) opening() (*packets.Connect, *packets.Connack) {
	connect := &packets.Connect{Version: d.version, ClientID: []byte("c"), KeepAlive: 60, CleanStart: d.has(linkSmallOutput)}
	d.connects++
	connack := &packets.Connack{SessionPresent: d.side == mqttwire.FromClient && d.connects%3 > 1 && d.version != mqttwire.V31 && !connect.CleanStart}
	if d.version != mqttwire.V5 {
		return connect, connack
	}
	connect.Properties.SetSessionExpiryInterval(600)
	list := []*mqttwire.Properties{&connect.Properties, &connack.Properties}
	for _, p := range list {
		if d.has(linkMethod) {
			p.SetAuthenticationMethod([]byte("m"))
		}
		if d.has(linkLimits) {
			p.SetReceiveMaximum(2)
			p.SetTopicAliasMaximum(3)
			p.SetMaximumPacketSize(100)
		}
	}
	if d.has(linkTiny) {
		list[d.side-mqttwire.FromClient^1].SetMaximumPacketSize(uint32(d.setup>>10) + 1)
	}
	return connect, connack
}

// receive lets a packet of the opening come.
func (d *linkDriver) receive(p mqttwire.Packet, connack *packets.Connack) {
	b, err := p.Append(nil, d.version)
	if err != nil {
		d.t.Fatal(err)
	}
	d.link.Feed(d.now, b)
	if _, ok := d.link.Packet(); ok {
		if connack != nil {
			_ = d.link.Accept(d.now, d.session, connack)
		} else {
			d.link.Handle(d.now)
		}
	}
	d.events()
	d.open5 = d.version == mqttwire.V5 && d.session.Stats().Connected
}

// act does what two bytes of the script say.
func (d *linkDriver) act(what, with byte) {
	switch what % 16 {
	case 0, 10:
		d.feed(int(with))
	case 1:
		p := &packets.Publish{Topic: []byte("a/b/c")[:1+with%5], Payload: make([]byte, int(with)*4)}
		if with&64 != 0 {
			p.Properties.SetMessageExpiryInterval(uint32(with % 8))
		}
		m := session.NewMessageAt(d.now, p, session.Position{Seq: uint64(with >> 7)})
		if d.logged = m; with>>7 == 1 {
			m = session.HollowMessage(session.Position{Seq: 1}, m.Size())
		}
		d.asked(d.session.Publish(d.now, m, session.Delivery{QoS: mqttwire.QoS(with % 3), Retain: with&4 != 0}))
	case 2:
		name := []byte("f/+/g/#")[:1+with%7]
		d.asked(d.session.Subscribe(d.now, &packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: name, QoS: 1}}}))
	case 3:
		d.asked(d.session.Unsubscribe(d.now, &packets.Unsubscribe{Filters: [][]byte{[]byte("f/+/g/#")[:1+with%7]}}))
	case 4:
		d.cancel(session.Token(with))
	case 5:
		if len(d.acks) > 0 {
			i := int(with) % len(d.acks)
			_ = d.session.Ack(d.acks[i], mqttwire.ReasonCode(with&0x80))
			d.acks = slices.Delete(d.acks, i, i+1)
		}
	case 6, 7:
		d.now = d.now.Add(time.Duration(int8(with)) * time.Second)
		d.late = d.late || d.link.Session() == nil
		d.link.Tick(d.now)
		d.session.Tick(d.now)
	case 8, 11:
		d.write(int(with))
	case 9:
		d.buffers()
	default:
		d.actOnLink(what, with)
	}
	d.events()
}

// actOnLink does what concerns the connection as a whole.
func (d *linkDriver) actOnLink(what, with byte) {
	switch what % 16 {
	case 12:
		d.link.Release()
		d.session.Release()
	case 13:
		if with&3 == 3 {
			d.crash()
			return
		}
		d.link.Lost(d.now, nil)
		d.events()
		d.open()
	case 14:
		_ = d.link.Auth(d.now, &packets.Auth{ReasonCode: mqttwire.ReasonCode(with % 32), Properties: methodOf(d.has(linkMethod))})
	case 15:
		leave := &packets.Disconnect{ReasonCode: mqttwire.ReasonCode(with) & 4}
		if with&1 != 0 {
			_ = d.link.Drain(d.now, leave)
		} else if with&2 != 0 {
			_ = d.link.Disconnect(d.now, leave)
		}
	}
}

func methodOf(has bool) (p mqttwire.Properties) {
	if has {
		p.SetAuthenticationMethod([]byte("m"))
	}
	return p
}

// feed lets the next bytes of the peer come; answers are the usual ones, and those to
// packets at odd lengths of what is left one with a code.
func (d *linkDriver) feed(n int) {
	n = min(n, len(d.stream))
	if d.link.Session() == nil {
		return
	}
	d.link.Feed(d.now, d.stream[:n])
	for count := 0; ; count++ {
		p, ok := d.link.Packet()
		if !ok {
			break
		}
		if count > len(d.stream) {
			d.t.Fatal("more packets than bytes")
		}
		if len(d.stream)%2 == 1 {
			d.refuse(p)
		}
		d.link.Handle(d.now)
		d.events()
	}
	d.stream = d.stream[n:]
}

// refuse answers a message with a code.
func (d *linkDriver) refuse(p mqttwire.Packet) {
	switch a := packets.Acknowledge(p).(type) {
	case *packets.Puback:
		a.ReasonCode = mqttwire.ReasonNotAuthorized
		_ = d.link.Answer(d.now, a)
	case *packets.Pubrec:
		a.ReasonCode = mqttwire.ReasonNotAuthorized
		_ = d.link.Answer(d.now, a)
	}
}

// asked notes a request.
func (d *linkDriver) asked(token session.Token, err error) {
	switch {
	case err != nil:
	case token == 0 || d.tokens[token] && !d.restored:
		d.t.Fatalf("token %d was given out before", token)
	default:
		d.tokens[token] = true
	}
}

func (d *linkDriver) cancel(token session.Token) {
	switch c := d.session.Cancel(token); {
	case c == session.CanceledUnknown:
	case !d.tokens[token] && !d.restored:
		d.t.Fatalf("request %d has ended, and is canceled: %s", token, c)
	default:
		delete(d.tokens, token)
	}
}

// take takes the changes.
func (d *linkDriver) take() {
	for c, ok := d.session.Change(); ok; c, ok = d.session.Change() {
		d.changes = append(d.changes, slices.Clone(c.Data))
	}
}

// events takes the changes and the events, and the changes that come of those.
func (d *linkDriver) events() {
	d.take()
	defer d.take()
	for count := 0; ; count++ {
		e, ok := d.link.Event()
		if !ok {
			e, ok = d.session.Event()
		}
		if !ok {
			return
		}
		if count > 5000 {
			d.t.Fatal("events without an end")
		}
		d.ended = d.ended || e.Kind == session.Ended
		if e.Ack != 0 {
			d.acks = append(d.acks, e.Ack)
		}
		if e.Kind == session.Fetch {
			d.fetched(e)
		}
		if e.Kind == session.Done || e.Kind == session.Dropped {
			if !d.tokens[e.Token] && !d.restored {
				d.t.Fatalf("%s of request %d, which was not asked for or has ended", e.Kind, e.Token)
			}
			delete(d.tokens, e.Token)
		}
	}
}

// fetched gives a message that was hollow; of some there is nothing left.
func (d *linkDriver) fetched(e session.Event) {
	m := d.logged
	if _, ok := m.Position(); !ok || m.Size() != e.Message.Size() {
		m = nil
	}
	d.filled = d.filled || m != nil
	if err := d.session.Fetched(d.now, e.Token, m); err != nil && d.tokens[e.Token] {
		d.t.Fatalf("request %d: %v", e.Token, err)
	}
}

// crash lets the program end, and begin again from what is durable.
func (d *linkDriver) crash() {
	if d.events(); !d.options.Journal {
		return
	}
	s, _, err := session.Restore(d.options, d.now, d.snapshot, slices.Values(d.changes))
	if err != nil {
		d.t.Fatal(err)
	}
	d.session, d.tokens, d.restored = s, map[session.Token]bool{}, true
	d.snapshot, d.changes = s.AppendSnapshot(nil), nil
	d.session.Tick(d.now)
	d.events()
	d.open()
}

// write takes bytes to be written, and decodes them.
func (d *linkDriver) write(most int) {
	d.events()
	b := d.link.Append(nil, most)
	if len(b) > most {
		d.t.Fatalf("%d bytes, not %d", len(b), most)
	}
	d.decode(b)
	d.link.Wrote(d.now, len(b))
}

// buffers does so by the other door.
func (d *linkDriver) buffers() {
	d.events()
	n := 0
	for _, b := range d.link.Buffers(nil) {
		d.decode(b)
		n += len(b)
	}
	d.link.Wrote(d.now, n)
}

func (d *linkDriver) decode(b []byte) {
	d.feeder.Feed(b)
	for {
		p, err := d.decoder.Next(d.feeder)
		if err == mqttwire.ErrIncomplete {
			return
		}
		if err != nil {
			d.t.Fatalf("%x was written, but: %v", b, err)
		}
		d.last = p
	}
}

// check checks what holds at any time.
func (d *linkDriver) check() {
	st, o := d.session.Stats(), d.options
	if st.Waiting+st.InFlight > o.Queue.Count || st.Bytes > o.Queue.Bytes && !d.restored || st.Filters > o.Subscriptions.Count ||
		st.Received > d.size/4+1 && !d.restored || st.Requests > 2*o.Subscriptions.Count {
		d.t.Fatalf("%+v", st)
	}
	if ids := st.IDs - st.InFlight - st.Released; ids < 0 || ids > st.Requests {
		d.t.Fatalf("%+v: identifiers are in use for nothing", st)
	}
	if at, ok := d.link.Deadline(); ok && at.IsZero() {
		d.t.Fatal("a deadline without a time")
	}
}

// finish ends all, and checks what holds then.
func (d *linkDriver) finish() {
	closing := d.session.Link() == nil
	total := 0
	for range 1 << 10 {
		d.events()
		b := d.link.Append(nil, 1<<12)
		if total += len(b); len(b) == 0 {
			break
		}
		d.decode(b)
		d.link.Wrote(d.now, len(b))
	}
	if total > 1<<20 {
		d.t.Fatalf("%d bytes of output", total)
	}
	if closing {
		d.requireCause()
	}
	d.events()
	d.requireRestores()
	d.session.End(d.now)
	d.events()
	if len(d.tokens) > 0 {
		d.t.Fatalf("requests have not ended: %v", d.tokens)
	}
	if st := d.session.Stats(); st.Waiting+st.InFlight+st.Released+st.Requests+st.Bytes+st.IDs+st.Received > 0 {
		d.t.Fatalf("%+v at the end", st)
	}
}

// requireCause checks how a connection has ended.
func (d *linkDriver) requireCause() {
	cause, ok := d.link.Closed()
	if d.link.Version() == 0 || d.has(linkTiny) {
		return
	}
	if !ok || cause.Kind == 0 {
		d.t.Fatalf("%v, %t", cause, ok)
	}
	switch cause.Kind {
	case session.PacketRefused, session.ReceiveMaximumExceeded, session.UnexpectedAnswer, session.UnexpectedAuth,
		session.OutputFull, session.KeepAliveTimeout:
	default:
		return
	}
	var e *mqttwire.Error
	if cause.Kind == session.PacketRefused && !errors.As(cause.Err, &e) {
		d.t.Fatalf("%v without an error", cause)
	}
	if p, ok := d.last.(*packets.Disconnect); d.open5 && !d.late && (!ok || !p.ReasonCode.IsError()) {
		d.t.Fatalf("%v: %v was written at the end", cause, d.last)
	}
}

// requireRestores checks that the changes and the snapshot make the same session.
func (d *linkDriver) requireRestores() {
	snapshot := d.session.AppendSnapshot(nil)
	requireSnapshot(d.t, d.options, d.now, snapshot)
	if !d.options.Journal {
		return
	}
	s, _, err := session.Restore(d.options, d.now, d.snapshot, slices.Values(d.changes))
	if err != nil {
		d.t.Fatal(err)
	}
	if b := s.AppendSnapshot(nil); !slices.Equal(b, snapshot) && !d.filled {
		d.t.Fatalf("%x of the changes, not %x", b, snapshot)
	}
}

// requireSnapshot checks that a snapshot makes a session that has the same one.
func requireSnapshot(t *testing.T, o session.Options, now time.Time, snapshot []byte) {
	t.Helper()
	s, _, err := session.Restore(o, now, snapshot, nil)
	if err != nil {
		t.Fatalf("%x: %v", snapshot, err)
	}
	if b := s.AppendSnapshot(nil); !slices.Equal(b, snapshot) {
		t.Fatalf("%x, not %x", b, snapshot)
	}
}
