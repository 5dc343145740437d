package broker

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// Hooks are functions by which a program decides and hears what happens. One that is
// nil says yes, or hears nothing. They run outside all locks, on the goroutine of the
// call that has caused them, and may be called by many at once. Packets are valid
// during the call. A panic in one is not caught: it ends the program.
type Hooks struct {
	// Connect says whether a client may connect: a code of 0x80 and above refuses it;
	// before 5.0 as the return code that says the same. It may fill the fields of c that
	// say so. An AUTH with code 0x18 begins an exchange, and needs 5.0 and the
	// Authentication Method of the CONNECT; one with code 0 goes into the CONNACK with
	// its data. Without Connect a client with an Authentication Method is refused with
	// code 0x8C. ctx is that of Attach. Sections 3.1.4 and 4.12.
	Connect func(ctx context.Context, c *Peer, p *packets.Connect) (*packets.Auth, mqttwire.ReasonCode)

	// Auth says how an exchange goes on, and a re-authentication, as Connect does. One
	// that fails ends the connection. Section 4.12.
	Auth func(ctx context.Context, c *Peer, a *packets.Auth) (*packets.Auth, mqttwire.ReasonCode)

	// Publish says whether a message is sent on: a code of 0x80 and above refuses it.
	// Before 5.0 it is acknowledged all the same, as no code says so; Peer.Disconnect
	// closes. It sees wills too, and what the program publishes with a Peer. It may
	// change p, but not the bytes that its fields alias; a p that is no legal PUBLISH is
	// refused with code 0x83.
	Publish func(c *Peer, p *packets.Publish) mqttwire.ReasonCode

	// Subscribe says whether a subscription is made. It may lower the QoS of s; what
	// else it changes means nothing.
	Subscribe func(c *Peer, s *packets.Subscription) mqttwire.ReasonCode

	// Prompt says that Publish and Deliver never wait. Then messages that come together are
	// all sent on before the connections of their receivers are told, once each, that there is
	// something to write, which costs far less.
	Prompt bool

	// Deliver says whether a client gets a message. It may change p, as Publish may. It
	// costs each receiver of a message a copy.
	Deliver func(c *Peer, p *packets.Publish) bool

	// Dropped hears of a message that a client does not get, and why. c may not be
	// connected.
	Dropped func(c *Peer, m *session.Message, why session.Drop)

	// Connected hears of a connection that is open, and Disconnected of its end.
	Connected    func(c *Peer)
	Disconnected func(c *Peer, why session.Cause)

	// SessionEnded hears of a session that is no longer kept.
	SessionEnded func(c *Peer)
}

// Origin is where a connection comes from, as its transport knows.
type Origin struct {
	Address string // of the peer, for people to read

	// Identity is who the transport has proved the peer to be, such as the name in a
	// client certificate; "" for nobody.
	Identity string
}

// Peer is a client, as hooks see it: of one connection, also after its end. It does
// not change after Connect and Auth have said yes.
type Peer struct {
	ClientID string
	Origin   Origin
	Version  mqttwire.Version

	// Name is who the client is; the hook Connect sets it, and it is the User Name of
	// the CONNECT before. A journal keeps it with the session.
	Name string

	// Namespace is where the client belongs; the hook Connect sets it.
	Namespace string

	// Data is of the program alone, such as by what Name was proved; the hook Connect sets
	// it, and no journal keeps it.
	Data any

	// Expires is when the connection is closed with code 0xA0; the hooks Connect and
	// Auth set it. The zero time is never.
	Expires time.Time

	conn atomic.Pointer[Conn] // nil after its end
}

// Disconnect closes the connection of the peer, in 5.0 with a DISCONNECT that has the
// code. Of one that has ended, and of a Peer that has none, nothing happens.
func (p *Peer) Disconnect(now time.Time, code mqttwire.ReasonCode) {
	if c := p.conn.Load(); c != nil {
		c.Disconnect(now, &packets.Disconnect{ReasonCode: code})
	}
}

// Chain returns hooks that ask all the given ones in turn: the first that refuses
// decides, and all hear what happens. Of Connect and Auth, the first that returns an
// AUTH decides too.
func Chain(all ...Hooks) Hooks {
	return Hooks{
		Connect:      chainConnect(all),
		Auth:         chainAuth(all),
		Publish:      chainPublish(all),
		Subscribe:    chainSubscribe(all),
		Deliver:      chainDeliver(all),
		Dropped:      chainDropped(all),
		Connected:    chainPeer(all, func(h *Hooks) func(*Peer) { return h.Connected }),
		Disconnected: chainDisconnected(all),
		SessionEnded: chainPeer(all, func(h *Hooks) func(*Peer) { return h.SessionEnded }),
		Prompt:       slices.ContainsFunc(all, func(h Hooks) bool { return h.Prompt }) && !slices.ContainsFunc(all, Hooks.mayWait),
	}
}

// mayWait reports whether a hook that messages go through may wait.
func (h Hooks) mayWait() bool { return !h.Prompt && (h.Publish != nil || h.Deliver != nil) }

// those returns the functions that are not nil, by which a hook of a chain is nil if it
// is in all.
func those[F any](all []Hooks, get func(*Hooks) F, has func(F) bool) (list []F) {
	for i := range all {
		if f := get(&all[i]); has(f) {
			list = append(list, f)
		}
	}
	return list
}

type authFunc[P any] = func(context.Context, *Peer, P) (*packets.Auth, mqttwire.ReasonCode)

func chainAuths[P any](list []authFunc[P]) authFunc[P] {
	if len(list) == 0 {
		return nil
	}
	return func(ctx context.Context, c *Peer, p P) (*packets.Auth, mqttwire.ReasonCode) {
		for _, f := range list {
			if a, code := f(ctx, c, p); a != nil || code.IsError() {
				return a, code
			}
		}
		return nil, 0
	}
}

func chainConnect(all []Hooks) authFunc[*packets.Connect] {
	return chainAuths(those(all, func(h *Hooks) authFunc[*packets.Connect] { return h.Connect },
		func(f authFunc[*packets.Connect]) bool { return f != nil }))
}

func chainAuth(all []Hooks) authFunc[*packets.Auth] {
	return chainAuths(those(all, func(h *Hooks) authFunc[*packets.Auth] { return h.Auth },
		func(f authFunc[*packets.Auth]) bool { return f != nil }))
}

type askFunc[P any] = func(*Peer, P) mqttwire.ReasonCode

func chainAsks[P any](list []askFunc[P]) askFunc[P] {
	if len(list) == 0 {
		return nil
	}
	return func(c *Peer, p P) (code mqttwire.ReasonCode) {
		for _, f := range list {
			if code = f(c, p); code.IsError() {
				break
			}
		}
		return code
	}
}

func chainPublish(all []Hooks) askFunc[*packets.Publish] {
	return chainAsks(those(all, func(h *Hooks) askFunc[*packets.Publish] { return h.Publish },
		func(f askFunc[*packets.Publish]) bool { return f != nil }))
}

func chainSubscribe(all []Hooks) askFunc[*packets.Subscription] {
	return chainAsks(those(all, func(h *Hooks) askFunc[*packets.Subscription] { return h.Subscribe },
		func(f askFunc[*packets.Subscription]) bool { return f != nil }))
}

func chainDeliver(all []Hooks) func(*Peer, *packets.Publish) bool {
	list := those(all, func(h *Hooks) func(*Peer, *packets.Publish) bool { return h.Deliver },
		func(f func(*Peer, *packets.Publish) bool) bool { return f != nil })
	if len(list) == 0 {
		return nil
	}
	return func(c *Peer, p *packets.Publish) bool {
		for _, f := range list {
			if !f(c, p) {
				return false
			}
		}
		return true
	}
}

func chainDropped(all []Hooks) func(*Peer, *session.Message, session.Drop) {
	list := those(all, func(h *Hooks) func(*Peer, *session.Message, session.Drop) { return h.Dropped },
		func(f func(*Peer, *session.Message, session.Drop)) bool { return f != nil })
	if len(list) == 0 {
		return nil
	}
	return func(c *Peer, m *session.Message, why session.Drop) {
		for _, f := range list {
			f(c, m, why)
		}
	}
}

func chainPeer(all []Hooks, get func(*Hooks) func(*Peer)) func(*Peer) {
	list := those(all, get, func(f func(*Peer)) bool { return f != nil })
	if len(list) == 0 {
		return nil
	}
	return func(c *Peer) {
		for _, f := range list {
			f(c)
		}
	}
}

func chainDisconnected(all []Hooks) func(*Peer, session.Cause) {
	list := those(all, func(h *Hooks) func(*Peer, session.Cause) { return h.Disconnected },
		func(f func(*Peer, session.Cause)) bool { return f != nil })
	if len(list) == 0 {
		return nil
	}
	return func(c *Peer, why session.Cause) {
		for _, f := range list {
			f(c, why)
		}
	}
}
