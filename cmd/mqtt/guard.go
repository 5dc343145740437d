package main

import (
	"context"
	"errors"
	"hash/maphash"
	"maps"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
)

// guard says who may connect, and who may do what.
type guard struct {
	usersFile, aclFile string // "" is none
	anonymous          bool   // who gives no user name may connect
	byIdentity         bool   // the name in a client's certificate is its user
	rules              atomic.Pointer[guardRules]
}

// guardRules are the contents of the files, as they were read together.
type guardRules struct {
	users *users // nil: there is no file
	acl   *acl   // nil: everything is allowed
}

// read reads the files. What was there stays if one of them is wrong.
func (g *guard) read() (before, now *guardRules, err error) {
	next := &guardRules{}
	if g.usersFile != "" {
		if next.users, err = readUsers(g.usersFile); err != nil {
			return nil, nil, err
		}
	}
	if g.aclFile != "" {
		if next.acl, err = readACL(g.aclFile); err != nil {
			return nil, nil, err
		}
		if len(next.acl.users) > 0 && g.usersFile == "" && !g.byIdentity {
			return nil, nil, errors.New("the file of --acl names users, whose names nobody proves without --users or --use-identity-as-username")
		}
	}
	return g.rules.Swap(next), next, nil
}

// reload reads the files again, and closes the connections of users who are gone or have
// another password, by which they had proved their name.
func (g *guard) reload(b *broker.Broker, now time.Time) error {
	before, next, err := g.read()
	if err != nil {
		return err
	}
	if next.users == nil || maps.Equal(before.users.hashes, next.users.hashes) {
		return nil
	}
	for _, c := range b.Clients("") {
		if !next.users.prove(c.Peer) {
			c.Peer.Disconnect(now, mqttwire.ReasonNotAuthorized)
		}
	}
	return nil
}

// hooks returns what asks the guard.
func (g *guard) hooks() broker.Hooks {
	h := broker.Hooks{Connect: g.connect, Publish: g.publish, Subscribe: g.subscribe, Prompt: true}
	if g.usersFile != "" {
		h.Connected = g.connected
	}
	if g.aclFile != "" { // each message, as a subscription may be from before a reload
		h.Deliver = func(c *broker.Peer, p *packets.Publish) bool {
			return g.rules.Load().acl.allows(c, mayRead, p.Topic)
		}
	}
	return h
}

// connect says whether a client may connect. Its name is proved from then on, or empty.
func (g *guard) connect(ctx context.Context, c *broker.Peer, p *packets.Connect) (*packets.Auth, mqttwire.ReasonCode) {
	if p.Properties.Has(mqttwire.AuthenticationMethod) {
		return nil, mqttwire.ReasonBadAuthenticationMethod // [MQTT-4.12.0-1]
	}
	all := g.rules.Load().users
	switch {
	case g.byIdentity && c.Origin.Identity != "":
		c.Name = c.Origin.Identity
	case all != nil && c.Name != "":
		var hash string
		ok := compared.do(ctx, c.Origin.Address, func() (ok bool) {
			hash, ok = g.knows(c.Name, p.Password)
			return ok
		})
		if !ok {
			return nil, mqttwire.ReasonBadUserNameOrPassword
		}
		c.Tag = proof(hash)
	case !g.anonymous:
		return nil, mqttwire.ReasonNotAuthorized
	default:
		c.Name = ""
	}
	return nil, 0
}

// seed makes what proof returns another one in each program.
var seed = maphash.MakeSeed()

// proof returns a number for the hash of the password by which a client has proved its
// name, for Peer.Tag. Who has proved it by a certificate, or has no name, has 0.
func proof(hash string) uint64 { return maphash.String(seed, hash) | 1 }

// prove reports whether the users still prove the name of a client, if they ever did.
func (u *users) prove(c *broker.Peer) bool {
	if c.Tag == 0 {
		return true
	}
	hash, has := u.hashes[c.Name]
	return has && proof(hash) == c.Tag
}

// knows returns the hash of a user, and whether that is of a password: by the file as it is
// when that is known, as it takes time, and the file may be read again meanwhile.
func (g *guard) knows(name string, password []byte) (hash string, ok bool) {
	for all := g.rules.Load().users; all.has(name, password); {
		hash = all.hashes[name]
		if all = g.rules.Load().users; all.hashes[name] == hash {
			return hash, true
		}
	}
	return "", false
}

// connected closes a connection whose user has gone, or has another password, while it was
// made, when it was not yet in the list of those that reload closes.
func (g *guard) connected(c *broker.Peer) {
	if !g.rules.Load().users.prove(c) {
		c.Disconnect(time.Now(), mqttwire.ReasonNotAuthorized)
	}
}

// What is published below reserved the broker alone publishes. What is below shared no
// filter has, so that it could only be kept, and an ACL takes it for a filter. Section 4.8.2.
const (
	reserved = "$SYS/"
	shared   = "$share/"
)

func (g *guard) publish(c *broker.Peer, p *packets.Publish) mqttwire.ReasonCode {
	a, name := g.rules.Load().acl, string(p.Topic)
	if strings.HasPrefix(name, reserved) || strings.HasPrefix(name, shared) || a != nil && !a.allows(c, mayWrite, p.Topic) {
		return mqttwire.ReasonNotAuthorized
	}
	return 0
}

func (g *guard) subscribe(c *broker.Peer, s *packets.Subscription) mqttwire.ReasonCode {
	if a := g.rules.Load().acl; a != nil && !a.allows(c, mayRead, s.Filter) {
		return mqttwire.ReasonNotAuthorized
	}
	return 0
}
