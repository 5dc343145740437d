package broker

import (
	"errors"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/answer"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// connects answers a CONNECT. [MQTT-3.1.4-2]
func (c *Conn) connects(now time.Time, p *packets.Connect, a mqttwire.Packet) error {
	c.peer.ClientID, c.peer.Name, c.peer.Version = string(p.ClientID), string(p.UserName), p.Version
	answer := &packets.Connack{}
	switch a := a.(type) {
	case nil:
	case *packets.Connack:
		answer = a
	case *packets.Auth:
		return c.exchange(now, p, a)
	default:
		return session.ErrAnswer
	}
	if answer.ReasonCode != 0 {
		return c.refuse(now, answer)
	}
	auth, code := c.asksConnect(p)
	switch {
	case code.IsError():
		return c.refuse(now, &packets.Connack{ReasonCode: connackCode(code)})
	case auth != nil && auth.ReasonCode != 0:
		return c.exchange(now, p, auth)
	}
	return c.accept(now, p, answer, auth)
}

// asksConnect asks the hook about a CONNECT.
func (c *Conn) asksConnect(p *packets.Connect) (*packets.Auth, mqttwire.ReasonCode) {
	switch f := c.b.o.Hooks.Connect; {
	case f != nil:
		return f(c.ctx, c.peer, p)
	case p.Properties.Has(mqttwire.AuthenticationMethod):
		return nil, mqttwire.ReasonBadAuthenticationMethod // [MQTT-4.12.0-1]
	}
	return nil, 0
}

// exchange goes on with the authentication of a CONNECT. [MQTT-4.12.0-2]
func (c *Conn) exchange(now time.Time, p *packets.Connect, a *packets.Auth) error {
	t := c.b.turn(now)
	defer t.end()
	defer c.lock().Unlock()
	if c.connect == nil {
		c.connect = p.Clone()
	}
	c.auth = true
	err := c.link.Auth(now, answer.Named(a, &c.connect.Properties))
	if err != nil {
		c.disconnect(now, &packets.Disconnect{ReasonCode: mqttwire.ReasonUnspecifiedError})
	}
	c.settle(t)
	return err
}

// refuse refuses a CONNECT.
func (c *Conn) refuse(now time.Time, a *packets.Connack) error {
	t := c.b.turn(now)
	defer t.end()
	defer c.lock().Unlock()
	c.connect = nil
	if cause, _ := c.link.Closed(); cause.Kind != 0 {
		return session.ErrEnded
	}
	err := c.link.Refuse(now, a)
	if err != nil && c.link.Refuse(now, &packets.Connack{ReasonCode: connackCode(a.ReasonCode)}) != nil {
		c.link.Lost(now, nil) // as not even that can be said, such as to a client that takes no packet of that size
	}
	c.settle(t)
	return err
}

// accept gives the connection its session. Then the CONNACK is to be written.
func (c *Conn) accept(now time.Time, p *packets.Connect, answer *packets.Connack, auth *packets.Auth) error {
	t := c.b.turn(now)
	defer t.end()
	sp := c.b.space(c.peer.Namespace)
	connack := *answer
	connack.Properties = answer.Properties.Clone()
	c.announces(sp, p, &connack, auth)
	if code := refusalFor(p, &connack); code != 0 {
		return c.refuse(now, &packets.Connack{ReasonCode: code})
	}
	if e := c.b.engine; e != nil {
		return e.connect(t, c, sp, &connecting{connect: p.Clone(), connack: &connack})
	}
	for {
		cl := c.clientFor(sp)
		if cl == nil {
			return c.refuse(now, &packets.Connack{ReasonCode: mqttwire.ReasonQuotaExceeded})
		}
		done, err := c.takeOver(t, cl, p, &connack)
		if err == errOwned {
			return c.refuse(now, &packets.Connack{ReasonCode: connackCode(mqttwire.ReasonNotAuthorized)})
		}
		if err == errClosing {
			return session.ErrEnded
		}
		if err != nil {
			_ = c.refuse(now, &packets.Connack{ReasonCode: mqttwire.ReasonUnspecifiedError})
			return err
		}
		if done {
			t.tell(task{do: (*turn).tellConnected, peer: c.peer})
			return nil
		}
	}
}

// refusalFor returns the code with which a client is refused as its will is not taken, by
// what the CONNACK announces; or 0. [MQTT-3.2.2-12] [MQTT-3.2.2-13]
func refusalFor(p *packets.Connect, a *packets.Connack) mqttwire.ReasonCode {
	if p.Will == nil {
		return 0
	}
	if q, ok := a.Properties.MaximumQoS(); ok && p.Will.QoS > q {
		return mqttwire.ReasonQoSNotSupported
	}
	if available, ok := a.Properties.RetainAvailable(); ok && !available && p.Will.Retain {
		return mqttwire.ReasonRetainNotSupported
	}
	return 0
}

// announces fills the CONNACK, and gives a client identifier to a client without.
// [MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT-3.2.2-16]
func (c *Conn) announces(sp *space, p *packets.Connect, a *packets.Connack, auth *packets.Auth) {
	if len(p.ClientID) == 0 {
		for c.peer.ClientID == "" || sp.find(c.peer.ClientID) != nil {
			c.peer.ClientID = c.b.newIdentifier()
		}
	}
	if p.Version != mqttwire.V5 {
		return
	}
	if len(p.ClientID) == 0 {
		a.Properties.SetAssignedClientIdentifier([]byte(c.peer.ClientID))
	}
	c.b.o.Offers.announce(a, p.KeepAlive)
	if limit := c.b.o.Limits.sessionExpiry(); limit > 0 {
		if asked, _ := p.Properties.SessionExpiryInterval(); asked > limit {
			a.Properties.SetSessionExpiryInterval(limit)
		}
	}
	if method, ok := p.Properties.AuthenticationMethod(); ok { // [MQTT-4.12.0-5]
		a.Properties.SetAuthenticationMethod(method)
		if auth != nil {
			if data, ok := auth.Properties.AuthenticationData(); ok {
				a.Properties.SetAuthenticationData(data)
			}
		}
	}
}

// sessionExpiry returns the limit in seconds, or 0.
func (l *Limits) sessionExpiry() uint32 {
	return uint32(min(l.SessionExpiry/time.Second, 1<<32-1))
}

// clientFor returns the client of the connection's client identifier, made if there is
// none; nil if there are too many. [MQTT-3.1.3-2]
func (c *Conn) clientFor(sp *space) *client {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	if cl := sp.clients[c.peer.ClientID]; cl != nil {
		return cl
	}
	n, limit := c.b.counts.sessions.Add(1), c.b.o.Limits.Sessions
	if limit > 0 && n > int64(limit) {
		c.b.counts.sessions.Add(-1)
		return nil
	}
	cl := c.b.newClient(sp, c.peer.ClientID)
	cl.peer = c.peer
	sp.clients[cl.id] = cl
	return cl
}

// takeOver gives the session of a client to the connection, from another one if that has
// it, and reports whether it is done: not if the session has ended meanwhile.
// [MQTT-3.1.4-3]
func (c *Conn) takeOver(t *turn, cl *client, p *packets.Connect, connack *packets.Connack) (done bool, err error) {
	old := cl.lockRested()
	defer cl.mu.Unlock()
	c.own.Lock() // under which nothing else is locked
	defer c.own.Unlock()
	if old != nil {
		defer old.routing.Unlock()
	}
	if cl.gone {
		return false, nil
	}
	if cause, _ := c.link.Closed(); cause.Kind != 0 { // by the hook Connect, or from elsewhere: nobody is thrown out for it
		cl.drop()
		return false, errClosing
	}
	if c.b.o.Owned && !cl.mayBeOf(c.peer.Name) {
		return false, errOwned
	}
	if old != nil {
		old.now = t.now
		old.disconnect(t.now, &packets.Disconnect{ReasonCode: mqttwire.ReasonSessionTakenOver})
		old.settle(t)
		old.wakeSelf(t)
		if cl.gone {
			return false, nil
		}
	}
	return c.acceptSession(t, cl, p, connack)
}

// mayBeOf reports whether a client of a Name may have the session: see Options.Owned. In a
// cluster a record may be of a node that wrote no Name yet, so that none there says nothing.
func (cl *client) mayBeOf(name string) bool {
	owner := cl.peer.Name
	return !cl.used || owner == name || owner == "" && cl.hold == nil
}

// errClosing says that the connection is closed already.
var errClosing = errors.New("broker: the connection is to be closed")

// errOwned says that the session is another client's: see Options.Owned.
var errOwned = errors.New("broker: the session belongs to another Name")

// lockRested locks a client while what its connection has received is all sent on; and
// then the routing of that connection, which it returns, is locked too.
func (cl *client) lockRested() (old *Conn) {
	for {
		cl.mu.Lock()
		if cl.conn == old {
			return old
		}
		next := cl.conn
		cl.mu.Unlock()
		if old != nil {
			old.routing.Unlock()
		}
		if old = next; old != nil {
			old.routing.Lock()
		}
	}
}

// acceptSession sends the CONNACK, with the session of a client that has no connection.
func (c *Conn) acceptSession(t *turn, cl *client, p *packets.Connect, connack *packets.Connack) (done bool, err error) {
	if !cl.endBy.IsZero() && !cl.endBy.After(t.now) { // by Limits.SessionExpiry, though nobody has ticked since
		cl.session.End(t.now)
	}
	err = c.link.Accept(t.now, cl.session, connack)
	switch {
	case err == session.ErrEnded: // its time has come
		cl.settle(t)
		return false, nil
	case err != nil:
		cl.drop()
		return false, err
	}
	if p.CleanStart { // [MQTT-3.1.2-4]
		cl.unsubscribeAll()
	}
	if cl.hold != nil {
		cl.hold.accepted(p, connack)
	}
	cl.conn, cl.used, cl.endBy = c, true, time.Time{}
	if cl.bridge != p.Bridge {
		cl.bridge = p.Bridge
		for sub, id := range cl.session.Subscriptions() {
			cl.index(&sub, id)
		}
	}
	c.client, c.connect, c.now = cl, nil, t.now
	c.b.counts.connected.Add(1)
	cl.settle(t) // what of a session before is told is about the peer before
	cl.recordName(t, c.peer.Name)
	cl.peer = c.peer
	cl.schedule()
	c.mu.Store(&cl.mu)
	return true, nil
}

// drop removes a client that was made for a connection that is refused after all.
func (cl *client) drop() {
	if !cl.used {
		cl.gone = true
		cl.space.remove(cl)
		cl.b.slots.give(cl.slot)
		cl.b.counts.sessions.Add(-1)
	}
}

// wakeSelf is wake for a connection whose session has gone.
func (c *Conn) wakeSelf(t *turn) {
	if !c.told {
		c.told = true
		t.ready = append(t.ready, c)
	}
}

// authenticates goes on with an exchange. Section 4.12.
func (c *Conn) authenticates(now time.Time, p *packets.Auth, a mqttwire.Packet) error {
	if a != nil && (a.Type() != mqttwire.AUTH || !answer.HasKnownCodes(a, mqttwire.FromServer)) {
		return session.ErrAnswer
	}
	auth, code := c.asksAuth(p, a)
	if c.auth {
		return c.authenticatesConnect(now, auth, code)
	}
	t := c.b.turn(now)
	defer t.end()
	defer c.lock().Unlock()
	c.link.Handle(now)
	var err error
	switch {
	case code.IsError(): // [MQTT-4.12.1-2]
		c.disconnect(now, &packets.Disconnect{ReasonCode: disconnectCode(code)})
	case auth != nil:
		err = c.link.Auth(now, answer.Named(auth, &p.Properties))
	default:
		err = c.link.Auth(now, answer.Named(&packets.Auth{}, &p.Properties))
	}
	if err != nil {
		c.disconnect(now, &packets.Disconnect{ReasonCode: mqttwire.ReasonUnspecifiedError})
	}
	c.settle(t)
	return err
}

// disconnectCode returns the code itself if a DISCONNECT may have it, or one that it
// may.
func disconnectCode(code mqttwire.ReasonCode) mqttwire.ReasonCode {
	if code.AllowedIn(mqttwire.DISCONNECT, mqttwire.V5, mqttwire.FromServer) {
		return code
	}
	return mqttwire.ReasonNotAuthorized
}

// asksAuth asks the hook about an AUTH, unless the driver has answered it.
func (c *Conn) asksAuth(p *packets.Auth, a mqttwire.Packet) (*packets.Auth, mqttwire.ReasonCode) {
	if auth, ok := a.(*packets.Auth); ok {
		return auth, 0
	}
	if f := c.b.o.Hooks.Auth; f != nil {
		return f(c.ctx, c.peer, p)
	}
	return nil, mqttwire.ReasonNotAuthorized
}

// authenticatesConnect goes on with the authentication of a CONNECT, up to its CONNACK.
func (c *Conn) authenticatesConnect(now time.Time, auth *packets.Auth, code mqttwire.ReasonCode) error {
	mu := c.lock()
	c.link.Handle(now)
	connect := c.connect
	mu.Unlock()
	switch {
	case connect == nil:
		return session.ErrState
	case code.IsError():
		return c.refuse(now, &packets.Connack{ReasonCode: connackCode(code)})
	case auth != nil && auth.ReasonCode != 0:
		return c.exchange(now, connect, auth)
	}
	c.auth = false
	return c.accept(now, connect, &packets.Connack{}, auth)
}
