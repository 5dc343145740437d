package session

import (
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// reauth is how far a re-authentication has come. Section 4.12.1.
type reauth uint8

const (
	noReauth    reauth = iota
	askedFor           // the client has begun it, and an AUTH of the server is next
	serverSpoke        // an AUTH of the client is next
)

// admitAuth reports whether an AUTH may stand where it does: the Decoder has checked
// method and codes, so that only the order is left. Section 4.12.
func (l *Link) admitAuth(p *packets.Auth) bool {
	ok := true
	switch {
	case l.state == stateExchange: // the Decoder keeps the order before the CONNACK
		l.state = stateAsked
	case l.state == stateConnect:
	case l.o.side == mqttwire.FromServer && p.ReasonCode == mqttwire.ReasonReauthenticate:
		ok = l.reauth == noReauth
	case l.o.side == mqttwire.FromServer:
		ok = l.reauth == serverSpoke
	default:
		ok = l.reauth == askedFor
	}
	if !ok {
		l.disconnectWith(mqttwire.ReasonProtocolError, Cause{Kind: UnexpectedAuth})
	}
	return ok
}

// auth handles an AUTH.
func (l *Link) auth(p *packets.Auth) {
	l.happened(AuthStep, p).Code = p.ReasonCode
	l.timers.auth = time.Time{}
	if l.state != stateOpen {
		return
	}
	switch {
	case l.o.side == mqttwire.FromServer:
		l.reauth = askedFor
	case p.ReasonCode == mqttwire.ReasonSuccess:
		l.reauth = noReauth
	default:
		l.reauth = serverSpoke
	}
}

// Auth sends an AUTH: the next step of an exchange or, of a client, with code 0x19 the
// begin of a re-authentication. A server ends one with code 0, or by Disconnect if it
// has failed [MQTT-4.12.1-2]; the one before the CONNACK ends by Accept or Refuse. It
// returns ErrState where no AUTH may stand, and the *mqttwire.Error of one that cannot
// be sent, as with another method than that of the CONNECT.
func (l *Link) Auth(now time.Time, a *packets.Auth) error {
	server := l.o.side == mqttwire.FromServer
	switch l.state {
	case stateAsked, stateConnect:
		if !l.asked.method {
			return ErrState
		}
	case stateOpen:
		if !l.mayAuth(a, server) {
			return ErrState
		}
	default:
		return ErrState
	}
	if err := l.put(a); err != nil {
		return err
	}
	l.at(now)
	switch {
	case l.state == stateAsked: // the client goes on
		l.done()
		l.state = stateExchange
		l.timers.connect = now.Add(l.o.connectTimeout)
	case l.state == stateConnect:
	case server && a.ReasonCode == mqttwire.ReasonSuccess:
		l.reauth = noReauth
	case server:
		l.reauth, l.timers.auth = serverSpoke, now.Add(l.o.connectTimeout)
	default:
		l.reauth, l.timers.auth = askedFor, now.Add(l.o.connectTimeout)
	}
	return nil
}

// mayAuth reports whether an AUTH may be sent on a connection that is open.
func (l *Link) mayAuth(a *packets.Auth, server bool) bool {
	switch {
	case !l.asked.method:
		return false
	case server:
		return l.reauth == askedFor
	case a.ReasonCode == mqttwire.ReasonReauthenticate:
		return l.reauth == noReauth
	}
	return l.reauth == serverSpoke
}
