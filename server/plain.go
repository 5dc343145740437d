package server

import (
	"crypto/rand"
	"sync"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/internal/answer"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// connection is what reaches a Link: a broker.Conn, or a plain.
type connection interface {
	Feed(now time.Time, chunk []byte)
	Packet() (mqttwire.Packet, bool)
	Handle(now time.Time)
	Answer(now time.Time, a mqttwire.Packet) error
	Append(dst []byte, max int) []byte
	Wrote(now time.Time, n int)
	Tick(now time.Time)
	Deadline() (at time.Time, ok bool)
	Disconnect(now time.Time, d *packets.Disconnect)
	Drain(now time.Time, d *packets.Disconnect)
	Closed() (session.Cause, bool)
	Lost(now time.Time, err error)
	Release()
	Tell()
	Together() int
	Version() mqttwire.Version
	Peer() *broker.Peer
	Waits() bool
}

// Waits is that of a broker in a cluster.
func (*plain) Waits() bool { return false }

// plain is a connection without a broker: its session ends with it.
type plain struct {
	mu      sync.Mutex // of all but peer
	link    *session.Link
	peer    broker.Peer
	ready   func()
	connect *packets.Connect // a copy, while its authentication goes on
}

func newPlain(now time.Time, l *session.Link, from broker.Origin, ready func()) *plain {
	l.Tick(now)
	return &plain{link: l, peer: broker.Peer{Origin: from}, ready: ready}
}

func (p *plain) Peer() *broker.Peer { return &p.peer }

// Tell does nothing, as nobody gets anything by what comes on another connection.
func (p *plain) Tell() {}

func (p *plain) Together() int { return 1 }

// settle lets go the events, which nobody asks for here.
func (p *plain) settle() {
	for _, ok := p.link.Event(); ok; _, ok = p.link.Event() {
	}
}

func (p *plain) Feed(now time.Time, chunk []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.link.Feed(now, chunk)
	p.settle()
}

func (p *plain) Packet() (mqttwire.Packet, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	packet, ok := p.link.Packet()
	if !ok {
		p.settle()
	}
	return packet, ok
}

func (p *plain) Handle(now time.Time) {
	if p.Answer(now, nil) == nil {
		return
	}
	if cause, _ := p.Closed(); cause.Kind == 0 { // not even a refusal can be sent; else the handler has closed it
		p.Lost(now, nil)
	}
}

func (p *plain) Answer(now time.Time, a mqttwire.Packet) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.settle()
	packet, ok := p.link.Packet()
	if !ok {
		return session.ErrState
	}
	switch packet := packet.(type) {
	case *packets.Connect:
		return p.connects(now, packet, a)
	case *packets.Auth:
		return p.authenticates(now, packet, a)
	}
	if a == nil {
		p.link.Handle(now)
		return nil
	}
	return p.link.Answer(now, a)
}

// connects answers a CONNECT.
func (p *plain) connects(now time.Time, c *packets.Connect, a mqttwire.Packet) error {
	p.peer.ClientID, p.peer.Name, p.peer.Version = string(c.ClientID), string(c.UserName), c.Version
	connack := &packets.Connack{}
	switch a := a.(type) {
	case nil:
		if c.Properties.Has(mqttwire.AuthenticationMethod) {
			connack.ReasonCode = mqttwire.ReasonBadAuthenticationMethod // [MQTT-4.12.0-1]
		}
	case *packets.Connack:
		connack = a
	case *packets.Auth:
		return p.exchange(now, c, a)
	default:
		return session.ErrAnswer
	}
	return p.accept(now, c, connack)
}

// accept answers a CONNECT, with a session that ends with the connection, as it announces.
func (p *plain) accept(now time.Time, c *packets.Connect, connack *packets.Connack) error {
	if connack.ReasonCode != 0 {
		return p.refuse(now, connack)
	}
	connack = connack.Clone()
	if method, ok := c.Properties.AuthenticationMethod(); ok && !connack.Properties.Has(mqttwire.AuthenticationMethod) {
		connack.Properties.SetAuthenticationMethod(method) // [MQTT-4.12.0-5]
	}
	if len(c.ClientID) == 0 {
		p.assigns(connack)
	}
	if !connack.Properties.Has(mqttwire.SessionExpiryInterval) {
		connack.Properties.SetSessionExpiryInterval(0)
	}
	return p.link.Accept(now, session.New(session.Options{Side: mqttwire.FromServer, Full: session.DropQoS0First}), connack)
}

// assigns gives a client without a client identifier that of the answer, or one that no
// other client has, whatever it calls itself. [MQTT-3.1.3-6]
func (p *plain) assigns(connack *packets.Connack) {
	id, ok := connack.Properties.AssignedClientIdentifier()
	if !ok {
		id = []byte(rand.Text())
		connack.Properties.SetAssignedClientIdentifier(id)
	}
	p.peer.ClientID = string(id)
}

// refuse refuses a CONNECT, in any case: what cannot be said lets nobody in.
func (p *plain) refuse(now time.Time, a *packets.Connack) error {
	err := p.link.Refuse(now, a)
	if err == nil {
		return nil
	}
	code := a.ReasonCode
	if !code.AllowedIn(mqttwire.CONNACK, mqttwire.V5, mqttwire.FromServer) {
		code = mqttwire.ReasonServerUnavailable
	}
	if p.link.Refuse(now, &packets.Connack{ReasonCode: code}) != nil { // as the client takes no packet of that size
		p.link.Lost(now, nil)
	}
	return err
}

// exchange begins the authentication of a CONNECT. If it cannot begin nobody has said who
// the client is, and it is refused. [MQTT-4.12.0-4]
func (p *plain) exchange(now time.Time, c *packets.Connect, a *packets.Auth) error {
	c = c.Clone() // before Auth has handled it
	err := p.link.Auth(now, answer.Named(a.Clone(), &c.Properties))
	if err != nil {
		p.disconnect(now, &packets.Disconnect{ReasonCode: mqttwire.ReasonUnspecifiedError})
		return err
	}
	p.connect = c
	return nil
}

// authenticates goes on with an exchange. Without an answer it has failed.
func (p *plain) authenticates(now time.Time, packet *packets.Auth, a mqttwire.Packet) error {
	auth, ok := a.(*packets.Auth)
	switch {
	case a != nil && !ok:
		return session.ErrAnswer
	case ok && (p.connect == nil || auth.ReasonCode != 0):
		err := p.link.Answer(now, answer.Named(auth.Clone(), &packet.Properties))
		if _, waits := p.link.Packet(); err != nil && !waits { // it was handled, and the client would wait for ever
			p.disconnect(now, &packets.Disconnect{ReasonCode: mqttwire.ReasonUnspecifiedError})
		}
		return err
	}
	p.link.Handle(now)
	c := p.connect
	switch p.connect = nil; {
	case !ok:
		p.disconnect(now, &packets.Disconnect{ReasonCode: mqttwire.ReasonNotAuthorized})
		return nil
	default:
		err := p.accept(now, c, &packets.Connack{Properties: auth.Properties})
		if err != nil { // the packet is handled, and the client would wait for ever
			p.disconnect(now, &packets.Disconnect{ReasonCode: mqttwire.ReasonUnspecifiedError})
		}
		return err
	}
}

func (p *plain) Append(dst []byte, max int) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.link.Append(dst, max)
}

func (p *plain) Wrote(now time.Time, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.link.Wrote(now, n)
	p.settle()
}

func (p *plain) Tick(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.link.Tick(now)
	p.settle()
}

func (p *plain) Deadline() (at time.Time, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.link.Deadline()
}

func (p *plain) Disconnect(now time.Time, d *packets.Disconnect) {
	p.mu.Lock()
	p.disconnect(now, d)
	p.settle()
	p.mu.Unlock()
	p.ready()
}

// disconnect is Disconnect with the lock held.
func (p *plain) disconnect(now time.Time, d *packets.Disconnect) {
	if d == nil {
		d = &packets.Disconnect{}
	}
	if cause, _ := p.link.Closed(); cause.Kind != 0 { // it has ended, and what is to be written still may be
		return
	}
	err := p.link.Disconnect(now, d)
	if err == session.ErrState && d.ReasonCode.AllowedIn(mqttwire.CONNACK, mqttwire.V5, mqttwire.FromServer) && d.ReasonCode != 0 {
		err = p.link.Refuse(now, &packets.Connack{ReasonCode: d.ReasonCode})
	}
	if err != nil {
		p.link.Lost(now, nil)
	}
}

func (p *plain) Drain(now time.Time, d *packets.Disconnect) {
	p.mu.Lock()
	err := p.link.Drain(now, d)
	p.mu.Unlock()
	if err != nil {
		p.Disconnect(now, d)
		return
	}
	p.ready()
}

func (p *plain) Closed() (session.Cause, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.link.Closed()
}

func (p *plain) Lost(now time.Time, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.link.Lost(now, err)
	p.settle()
}

func (p *plain) Release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.link.Release()
}

func (p *plain) Version() mqttwire.Version {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.link.Version()
}

// publish sends the client a message.
func (p *plain) publish(now time.Time, m *session.Message, d session.Delivery) error {
	p.mu.Lock()
	s := p.link.Session()
	err := session.ErrNotConnected
	if s != nil {
		_, err = s.Publish(now, m, d)
	}
	p.settle()
	p.mu.Unlock()
	p.ready()
	return err
}
