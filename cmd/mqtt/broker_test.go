package main

import (
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// testBroker is a server for tests, made of sessions.
type testBroker struct {
	t            *testing.T
	address      string
	listener     net.Listener
	wrap         func(net.Listener) net.Listener // TLS or WebSocket, or nil
	mu           sync.Mutex
	sessions     map[string]*session.Session
	links        map[*session.Link]net.Conn
	retained     map[string]*packets.Publish
	connects     []*packets.Connect
	got          []*packets.Publish
	refuse       func(p mqttwire.Packet) mqttwire.ReasonCode // nil: nothing
	refuseFilter string                                      // the subscription that is refused
	silent       bool                                        // it answers to no PUBLISH
	mute         bool                                        // it writes nothing more
	events       chan string                                 // "connect", "subscribe", "publish", "disconnect": what has come
}

// newBroker starts a broker on the loopback.
func newBroker(t *testing.T) *testBroker { return newBrokerOn(t, nil) }

// newBrokerOn is newBroker with something between TCP and MQTT.
func newBrokerOn(t *testing.T, wrap func(net.Listener) net.Listener) *testBroker {
	t.Helper()
	b := &testBroker{t: t, sessions: map[string]*session.Session{}, links: map[*session.Link]net.Conn{},
		retained: map[string]*packets.Publish{}, events: make(chan string, 10000), address: "127.0.0.1:0", wrap: wrap}
	b.start()
	t.Cleanup(b.stop)
	return b
}

// start listens, on the same port as before.
func (b *testBroker) start() {
	listener, err := net.Listen("tcp", b.address)
	require.NoError(b.t, err)
	b.address = listener.Addr().String()
	if b.wrap != nil {
		listener = b.wrap(listener)
	}
	b.listener = listener
	go func() {
		for conn, err := listener.Accept(); err == nil; conn, err = listener.Accept() {
			go b.serve(conn)
		}
	}()
}

// stop ends everything without a word, and forgets the sessions.
func (b *testBroker) stop() {
	_ = b.listener.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, conn := range b.links {
		_ = conn.Close()
	}
	b.sessions = map[string]*session.Session{}
}

// flags returns those that lead to the broker.
func (b *testBroker) flags(more ...string) []string {
	host, port, _ := net.SplitHostPort(b.address)
	return append([]string{more[0], "-h", host, "-p", port}, more[1:]...)
}

// await waits for something to come.
func (b *testBroker) await(event string) {
	b.t.Helper()
	for {
		select {
		case e := <-b.events:
			if e == event {
				return
			}
		case <-time.After(patience):
			require.Fail(b.t, "no "+event)
		}
	}
}

func (b *testBroker) serve(conn net.Conn) {
	l := session.NewLink(session.LinkOptions{Side: mqttwire.FromServer, Limits: mqttwire.Limits{PacketSize: 16 << 20}})
	b.mu.Lock()
	b.links[l] = conn
	b.mu.Unlock()
	buffer := make([]byte, 64<<10)
	for {
		n, err := conn.Read(buffer)
		b.mu.Lock()
		if err != nil {
			l.Lost(time.Now(), err)
			delete(b.links, l)
			b.mu.Unlock()
			_ = conn.Close()
			return
		}
		l.Feed(time.Now(), buffer[:n])
		for p, ok := l.Packet(); ok; p, ok = l.Packet() {
			b.handle(l, p)
		}
		b.write()
		b.mu.Unlock()
	}
}

// handle handles a packet.
func (b *testBroker) handle(l *session.Link, p mqttwire.Packet) {
	now := time.Now()
	code := mqttwire.ReasonCode(0)
	if b.refuse != nil {
		code = b.refuse(p)
	}
	switch p := p.(type) {
	case *packets.Connect:
		b.connects = append(b.connects, p.Clone())
		b.events <- "connect"
		b.connect(l, p, code)
		return
	case *packets.Subscribe:
		b.events <- "subscribe"
		a := &packets.Suback{PacketID: p.PacketID}
		for _, s := range p.Subscriptions {
			answer := max(code, mqttwire.ReasonCode(s.QoS))
			if b.refuseFilter != "" && string(s.Filter) == b.refuseFilter {
				answer = mqttwire.ReasonNotAuthorized
			}
			a.ReasonCodes = append(a.ReasonCodes, answer)
		}
		require.NoError(b.t, l.Answer(now, a))
		for _, s := range p.Subscriptions {
			b.sendRetained(l, s)
		}
	case *packets.Publish:
		b.events <- "publish"
		b.got = append(b.got, p.Clone())
		if b.silent {
			l.Hold(now)
			return
		}
		b.publish(p.Clone())
		if code != 0 && p.QoS == 1 {
			require.NoError(b.t, l.Answer(now, &packets.Puback{PacketID: p.PacketID, ReasonCode: code}))
			return
		}
		l.Handle(now)
	case *packets.Disconnect:
		b.events <- "disconnect"
		l.Handle(now)
	default:
		l.Handle(now)
	}
	for _, ok := l.Event(); ok; _, ok = l.Event() {
	}
}

func (b *testBroker) connect(l *session.Link, p *packets.Connect, code mqttwire.ReasonCode) {
	l.Handle(time.Now())
	ack := &packets.Connack{ReasonCode: code}
	if code != 0 {
		require.NoError(b.t, l.Refuse(time.Now(), ack))
		return
	}
	id := string(p.ClientID)
	if id == "" {
		id = "assigned"
		ack.Properties.SetAssignedClientIdentifier([]byte(id))
	}
	if b.sessions[id] == nil || p.CleanStart {
		b.sessions[id] = session.New(session.Options{Side: mqttwire.FromServer, Queue: session.Bounds{Count: 1 << 20, Bytes: 1 << 26}})
	}
	require.NoError(b.t, l.Accept(time.Now(), b.sessions[id], ack))
}

// publish sends on a message, and keeps it.
func (b *testBroker) publish(p *packets.Publish) {
	m := session.NewMessage(time.Now(), p)
	if p.Retain {
		b.retained[string(p.Topic)] = p
		if len(p.Payload) == 0 {
			delete(b.retained, string(p.Topic))
		}
	}
	for _, s := range b.sessions {
		for sub := range s.Subscriptions() {
			if mqttwire.MatchTopic(sub.Filter, p.Topic) {
				_, _ = s.Publish(time.Now(), m, session.Delivery{QoS: min(p.QoS, sub.QoS), Retain: p.Retain && sub.RetainAsPublished})
				break
			}
		}
	}
}

func (b *testBroker) sendRetained(l *session.Link, s packets.Subscription) {
	for topic, p := range b.retained {
		if mqttwire.MatchTopic(s.Filter, []byte(topic)) && s.RetainHandling == 0 {
			_, _ = l.Session().Publish(time.Now(), session.NewMessage(time.Now(), p), session.Delivery{QoS: min(p.QoS, s.QoS), Retain: true})
		}
	}
}

// write writes what all links have to say.
func (b *testBroker) write() {
	for l, conn := range b.links {
		if b.mute {
			continue
		}
		out := l.Append(nil, 1<<20)
		n, err := conn.Write(out)
		l.Wrote(time.Now(), n)
		if _, closed := l.Closed(); closed || err != nil {
			_ = conn.Close()
		}
	}
}

// send publishes something as a client would.
func (b *testBroker) send(p *packets.Publish) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.publish(p)
	b.write()
}

// messages returns what was published, topic and payload.
func (b *testBroker) messages() (list []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.got {
		list = append(list, string(p.Topic)+" "+string(p.Payload))
	}
	return list
}
