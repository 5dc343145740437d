package broker_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// simulation is a broker with clients, and the reference beside it: everything follows
// from the seed.
type simulation struct {
	t         testing.TB
	seed      uint64
	random    *rand.Rand
	now       time.Time
	b         *broker.Broker
	reference *reference
	clients   []*simulated
	work      []*simulated
	published int
	steps     int
	loud      bool     // notes are taken
	log       []string // the last of them
}

// simulated is a client of a simulation.
type simulated struct {
	sim     *simulation
	id      string
	version mqttwire.Version
	session *session.Session
	link    *session.Link // nil without a connection
	conn    *broker.Conn
	hostile bool
	deaf    bool // reads nothing
	mute    bool // what it writes does not come
	out     []byte
	queued  bool
	present *bool // what the CONNACK is to say
	raw     *packets.Connection
}

const simulatedClients = 20

func newSimulation(t testing.TB, seed uint64, steps int) *simulation {
	s := &simulation{t: t, seed: seed, steps: steps, random: rand.New(rand.NewPCG(seed, 1)), now: began, reference: newReference()}
	s.b = broker.New(broker.Options{
		Rand:   rand.NewPCG(seed, 2),
		Limits: broker.Limits{Queue: session.Bounds{Count: 100_000, Bytes: 1 << 30}},
	})
	for i := range simulatedClients {
		c := &simulated{sim: s, id: "c" + strconv.Itoa(i), version: versions[i%3], hostile: i >= 16}
		c.session = session.New(session.Options{Side: mqttwire.FromClient, Known: true, Queue: session.Bounds{Count: 100_000, Bytes: 1 << 30}})
		s.clients = append(s.clients, c)
	}
	return s
}

// fail ends the test. To show what went before, all is done once more with notes, as to
// take them costs more than the rest.
func (s *simulation) fail(format string, args ...any) {
	s.t.Helper()
	if !s.loud {
		again := newSimulation(s.t, s.seed, s.steps)
		again.loud = true
		again.simulate()
	}
	for _, line := range s.log[max(0, len(s.log)-number("BROKER_LOG", 12)):] {
		s.t.Log(line)
	}
	s.t.Fatalf("seed %d: %s", s.seed, fmt.Sprintf(format, args...))
}

func (s *simulation) wake(c *simulated) {
	if c != nil && !c.queued {
		c.queued = true
		s.work = append(s.work, c)
	}
}

// run lets everything run until nothing moves.
func (s *simulation) run() {
	for n := 0; len(s.work) > 0; n++ {
		if n > 100_000 {
			s.fail("it does not come to an end")
		}
		c := s.work[0]
		s.work = s.work[1:]
		c.queued = false
		c.write()
		c.read()
	}
	if len(s.reference.faults) > 0 {
		s.fail("%s", s.reference.faults[0])
	}
}

// write lets what the client writes come to the broker.
func (c *simulated) write() {
	if c.link != nil {
		n := len(c.out)
		c.out = c.link.Append(c.out, 1<<20)
		c.link.Wrote(c.sim.now, len(c.out)-n)
		c.events()
	}
	if c.mute || c.conn == nil || len(c.out) == 0 {
		return
	}
	b := c.out
	c.out = nil
	c.feed(b)
}

// feed gives the broker bytes, and shows the reference each packet first.
func (c *simulated) feed(b []byte) {
	s := c.sim
	c.conn.Feed(s.now, b)
	for {
		p, ok := c.conn.Packet()
		if !ok {
			break
		}
		if connect, ok := p.(*packets.Connect); ok {
			present := s.reference.connect(s.now, c.conn, connect, string(connect.ClientID))
			s.reference.session(string(connect.ClientID)).unchecked = c.hostile
			c.present = &present
		} else {
			s.note("   %s sends %v", c.id, p)
			s.reference.packet(s.now, c.conn, p)
		}
		c.conn.Handle(s.now)
	}
	s.wake(c)
}

// read lets the client read what was written to it.
func (c *simulated) read() {
	s := c.sim
	if c.conn == nil {
		return
	}
	for !c.deaf {
		c.conn.Tick(s.now) // which tells the time
		b := c.next()
		if len(b) == 0 {
			break
		}
		c.conn.Wrote(s.now, len(b))
		s.wake(c)
		if c.link == nil {
			continue // it is hostile, and does not look
		}
		c.link.Feed(s.now, b)
		for _, ok := c.link.Packet(); ok; _, ok = c.link.Packet() {
			c.link.Handle(s.now)
			c.events()
		}
	}
	if _, closed := c.conn.Closed(); closed {
		s.reference.lost(s.now, c.conn)
		c.drop()
	}
}

// next returns what is to be written to the client: of half of them in parts.
func (c *simulated) next() []byte {
	if len(c.id)%2 == 0 {
		return bytes.Join(c.conn.Buffers(nil), nil)
	}
	return c.conn.Append(nil, 1<<16)
}

// events takes the events of the client.
func (c *simulated) events() {
	s := c.sim
	for {
		e, ok := c.link.Event()
		if !ok {
			return
		}
		switch e.Kind {
		case session.Arrived:
			s.note("   %s got %v %s", c.id, e.Packet, e.Packet.(*packets.Publish).Payload)
			s.reference.got(s.now, c.id, e.Packet.(*packets.Publish))
		case session.Connected:
			if got := e.Packet.(*packets.Connack).SessionPresent; c.version != mqttwire.V31 && got != *c.present {
				s.fail("%s: the CONNACK says that the session is present: %t", c.id, got)
			}
		case session.Disconnected:
			if k := e.Cause.Kind; k == session.PacketRefused || k == session.UnexpectedSession || k == session.ReceiveMaximumExceeded || k == session.UnexpectedAnswer {
				s.fail("%s: %v", c.id, e.Cause)
			}
		}
	}
}

// drop ends the client's connection on both sides.
func (c *simulated) drop() {
	if c.conn != nil {
		c.conn.Lost(c.sim.now, nil)
		c.conn = nil
	}
	c.forget()
}

// forget ends the connection for the client alone.
func (c *simulated) forget() {
	if c.link != nil {
		c.link.Lost(c.sim.now, nil)
		c.events()
		c.link = nil
	}
	c.out, c.deaf, c.mute = nil, false, false
}

// lose ends the connection without a packet.
func (c *simulated) lose() {
	if c.conn != nil {
		c.sim.reference.lost(c.sim.now, c.conn)
		c.drop()
	}
}

// attach makes a connection.
func (c *simulated) attach() {
	c.conn = c.sim.b.Attach(context.Background(), c.sim.now, session.NewLink(session.LinkOptions{Side: mqttwire.FromServer}), broker.Origin{}, func() { c.sim.wake(c) })
}

// connect connects; another connection of the client, which the broker has not seen end,
// is taken over.
func (c *simulated) connect(clean bool, expiry uint32) {
	s := c.sim
	old := c.conn
	c.forget()
	c.attach()
	p := &packets.Connect{Version: c.version, ClientID: []byte(c.id), CleanStart: clean}
	if c.version == mqttwire.V5 {
		p.Properties.SetSessionExpiryInterval(expiry)
		if s.random.IntN(3) == 0 {
			p.Properties.SetReceiveMaximum(uint16(1 + s.random.IntN(3)))
		}
		if s.random.IntN(3) == 0 {
			p.Properties.SetTopicAliasMaximum(2)
		}
	}
	if s.random.IntN(3) == 0 {
		p.Will = s.will(c.version)
	}
	c.link = session.NewLink(session.LinkOptions{Side: mqttwire.FromClient})
	require.NoError(s.t, c.link.Open(s.now, c.session, p))
	s.wake(c)
	s.run()
	if old != nil { // the driver hears that it is closed
		old.Append(nil, 1<<16)
		old.Lost(s.now, nil)
		s.run()
	}
}

var simulatedTopics = []string{"a", "a/b", "a/c", "b", "b/c/d", "/", "$x/a", "s/1/x", "s/2/x"}

var simulatedFilters = []string{
	"a", "a/b", "a/+", "a/#", "+", "#", "+/c", "b/#", "+/+", "/", "$x/#", "$x/+", "$share/g/s/#", "$share/h/s/+/x", "$share/g/s/1/x",
}

func pick[T any](s *simulation, list []T) T { return list[s.random.IntN(len(list))] }

// message returns a message that no other is like.
func (s *simulation) message(v mqttwire.Version) *packets.Publish {
	s.published++
	p := &packets.Publish{
		Topic: []byte(pick(s, simulatedTopics)), Payload: strconv.AppendInt(nil, int64(s.published), 10),
		QoS: mqttwire.QoS(s.random.IntN(3)), Retain: s.random.IntN(4) == 0,
	}
	if p.Retain && p.Topic[0] != 's' && s.random.IntN(3) == 0 {
		p.Payload = nil
		p.QoS = 0
	}
	if v == mqttwire.V5 && s.random.IntN(4) == 0 {
		p.Properties.SetMessageExpiryInterval(uint32(1 + s.random.IntN(30)))
	}
	return p
}

func (s *simulation) will(v mqttwire.Version) *packets.Will {
	m := s.message(v)
	w := &packets.Will{Topic: m.Topic, Payload: []byte("w" + strconv.Itoa(s.published)), QoS: m.QoS, Retain: m.Retain, Properties: m.Properties}
	if v == mqttwire.V5 && s.random.IntN(2) == 0 {
		w.Properties.SetWillDelayInterval(uint32(s.random.IntN(20)))
	}
	return w
}

// pass lets time pass; what is due is done on both sides at the same time.
func (s *simulation) pass(d time.Duration) {
	end := s.now.Add(d)
	for {
		at, ok := s.b.Deadline()
		if r := s.reference.deadline(); !r.IsZero() && (!ok || r.Before(at)) {
			at, ok = r, true
		}
		if !ok || at.After(end) {
			break
		}
		s.now = at
		s.b.Tick(s.now)
		s.reference.tick(s.now)
		s.run()
	}
	s.now = end
}

// step does something.
func (s *simulation) step() {
	s.pass(time.Millisecond)
	for _, r := range s.reference.sessions {
		if len(r.expected) > 40 && s.slow() > 0 && !r.unchecked && r.conn != nil { // replays would wait
			s.unslow()
		}
	}
	c := pick(s, s.clients)
	switch {
	case c.hostile:
		s.attack(c)
	case c.conn == nil:
		s.note("%s connects", c.id)
		c.connect(s.random.IntN(4) == 0, []uint32{0, 5, 60, 1<<32 - 1}[s.random.IntN(4)])
	default:
		s.act(c)
	}
	s.run()
}

func (s *simulation) note(format string, args ...any) {
	if !s.loud {
		return
	}
	if s.log = append(s.log, fmt.Sprintf(format, args...)); len(s.log) > 100*number("BROKER_LOG", 12) {
		s.log = slices.Delete(s.log, 0, len(s.log)/2)
	}
}

// act does something with a client that is connected.
func (s *simulation) act(c *simulated) {
	switch n := s.random.IntN(100); {
	case n < 60:
		p := s.message(c.version)
		s.note("%s publishes %v %s", c.id, p, p.Payload)
		_, err := c.session.Publish(s.now, session.NewMessage(s.now, p), session.Delivery{QoS: p.QoS, Retain: p.Retain})
		if err != session.ErrNotConnected { // as it is mute
			require.NoError(s.t, err)
		}
	case n < 75:
		s.subscribe(c)
	case n < 80:
		filter := pick(s, simulatedFilters)
		s.note("%s unsubscribes %s", c.id, filter)
		_, err := c.session.Unsubscribe(s.now, &packets.Unsubscribe{Filters: [][]byte{[]byte(filter)}})
		require.NoError(s.t, err)
	case n < 82:
		d := &packets.Disconnect{}
		if c.version == mqttwire.V5 && s.random.IntN(2) == 0 {
			d.ReasonCode = mqttwire.ReasonDisconnectWithWillMessage
		}
		s.note("%s disconnects %v", c.id, d)
		if c.mute = false; c.link.Disconnect(s.now, d) != nil {
			c.lose()
		}
	case n < 85:
		s.note("%s loses its connection", c.id)
		c.lose()
	case n < 87:
		s.note("%s connects again", c.id)
		c.connect(s.random.IntN(4) == 0, []uint32{0, 5, 60}[s.random.IntN(3)])
	case n < 91:
		if s.slow() < 3 {
			c.deaf, c.mute = s.random.IntN(2) == 0, s.random.IntN(2) == 0
			s.note("%s is deaf: %t, mute: %t", c.id, c.deaf, c.mute)
		}
	case n < 96:
		s.unslow()
	default:
		d := time.Duration(s.random.IntN(4000)) * time.Millisecond
		s.note("%v pass", d)
		s.pass(d)
	}
	s.wake(c)
}

func (s *simulation) slow() (n int) {
	for _, c := range s.clients {
		if c.deaf || c.mute {
			n++
		}
	}
	return n
}

// unslow lets all clients read and write again.
func (s *simulation) unslow() {
	s.note("nobody is deaf or mute")
	for _, c := range s.clients {
		c.deaf, c.mute = false, false
		s.wake(c)
	}
	s.run()
}

func (s *simulation) subscribe(c *simulated) {
	p := &packets.Subscribe{}
	for range 1 + s.random.IntN(2) {
		sub := packets.Subscription{Filter: []byte(pick(s, simulatedFilters)), QoS: mqttwire.QoS(s.random.IntN(3))}
		if c.version == mqttwire.V5 {
			sub.NoLocal = s.random.IntN(4) == 0 && sub.Filter[0] != '$'
			sub.RetainAsPublished, sub.RetainHandling = s.random.IntN(3) == 0, uint8(s.random.IntN(3))
		}
		if !slices.ContainsFunc(p.Subscriptions, func(x packets.Subscription) bool { return string(x.Filter) == string(sub.Filter) }) {
			p.Subscriptions = append(p.Subscriptions, sub)
		}
	}
	if c.version == mqttwire.V5 && s.random.IntN(2) == 0 {
		p.Properties.AddSubscriptionID(uint32(1 + s.random.IntN(5)))
	}
	s.note("%s subscribes %v", c.id, p)
	_, err := c.session.Subscribe(s.now, p)
	require.NoError(s.t, err)
}

// attack lets a hostile client do something.
func (s *simulation) attack(c *simulated) {
	if c.conn == nil || s.random.IntN(10) == 0 {
		s.note("%s attacks anew", c.id)
		c.lose()
		c.attach()
		c.raw = packets.NewConnection(packets.ConnectionOptions{Side: mqttwire.FromClient})
		if s.random.IntN(5) > 0 {
			p := &packets.Connect{Version: c.version, ClientID: []byte(c.id), CleanStart: s.random.IntN(2) == 0}
			c.feedPacket(p)
		}
		return
	}
	id := uint16(1 + s.random.IntN(4))
	s.note("%s attacks with identifier %d", c.id, id)
	switch s.random.IntN(12) {
	case 0:
		b := make([]byte, 1+s.random.IntN(20))
		for i := range b {
			b[i] = byte(s.random.Uint32())
		}
		c.feed(b)
	case 1:
		c.feedPacket(&packets.Pubrec{PacketID: id, ReasonCode: 0x80})
	case 2:
		c.feedPacket(&packets.Pubrel{PacketID: id})
	case 3:
		c.feedPacket(&packets.Pubcomp{PacketID: id})
	case 4:
		c.feedPacket(&packets.Puback{PacketID: id})
	case 5:
		c.feedPacket(&packets.Connect{Version: c.version, ClientID: []byte(c.id)})
	case 6:
		c.feedPacket(&packets.Subscribe{PacketID: id, Subscriptions: []packets.Subscription{{Filter: []byte("#"), QoS: 2}, {Filter: []byte("a/#")}}})
	case 7:
		c.feedPacket(&packets.Unsubscribe{PacketID: id, Filters: [][]byte{[]byte("#"), []byte("none")}})
	default:
		p := s.message(c.version)
		if p.QoS > 0 {
			p.PacketID, p.Dup = id, s.random.IntN(2) == 0
		}
		c.feedPacket(p)
	}
}

// feedPacket gives the broker a packet of a hostile client.
func (c *simulated) feedPacket(p mqttwire.Packet) {
	b, err := p.Append(nil, c.version)
	if err == nil && c.conn != nil {
		c.feed(b)
	}
}

// compare compares what the broker and the reference have.
func (s *simulation) compare() {
	s.t.Helper()
	var ids []string
	for _, c := range s.b.Clients("") {
		ids = append(ids, fmt.Sprint(c.Peer.ClientID, " ", c.Session.Connected))
	}
	slices.Sort(ids)
	if want := s.reference.ids(); !slices.Equal(ids, want) {
		s.fail("there are the sessions\n%v and not\n%v", ids, want)
	}
	var kept []string
	for _, filter := range []string{"#", "$x/#"} {
		for _, m := range s.b.Retained("", []byte(filter)) {
			if left, expires := m.Remaining(s.now); !expires || left > 0 {
				kept = append(kept, string(m.Topic())+" "+string(m.Payload()))
			}
		}
	}
	slices.Sort(kept)
	if want := s.reference.kept(s.now); !slices.Equal(kept, want) {
		s.fail("retained are\n%v and not\n%v", kept, want)
	}
	for _, c := range s.clients {
		r := s.reference.session(c.id)
		if r == nil || c.conn == nil || c.deaf || c.mute || c.hostile {
			continue
		}
		if waits := r.waits(s.now); len(waits) > 0 {
			s.fail("%s has yet to get %v", c.id, waits)
		}
	}
}

// finish lets all clients get what is there for them.
func (s *simulation) finish() {
	s.unslow()
	for _, c := range s.clients {
		if !c.hostile && c.conn == nil && s.reference.session(c.id) != nil {
			c.connect(false, 1000)
		}
	}
	s.compare()
	if payload, ok := s.reference.undelivered(s.now); ok {
		s.fail("some group of a shared subscription has not got the message %s", payload)
	}
}

// simulate runs a simulation.
func (s *simulation) simulate() {
	for i := range s.steps {
		s.step()
		if i%16 == 0 {
			s.compare()
		}
	}
	s.finish()
}

// With BROKER_SEEDS and BROKER_STEPS there are more of both; BROKER_SEED runs one.
func TestTheBrokerDoesWhatTheReferenceDoes(t *testing.T) {
	seeds, steps := number("BROKER_SEEDS", 6), number("BROKER_STEPS", 10_000)
	if testing.Short() {
		seeds, steps = number("BROKER_SEEDS", 20), number("BROKER_STEPS", 1000)
	}
	if one := number("BROKER_SEED", 0); one > 0 {
		newSimulation(t, uint64(one), steps).simulate()
		return
	}
	for seed := range seeds {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			t.Parallel()
			newSimulation(t, uint64(seed), steps).simulate()
		})
	}
}

// number returns a number of the environment.
func number(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}
