package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/session"
)

// attempts is what a client knows of its attempts to connect. Only the goroutine that
// connects uses it.
type attempts struct {
	waits     int              // since a connection was stable
	tries     int              // since there was a connection
	version   mqttwire.Version // that the server was found to know; 0 is Options.Version, or 5.0
	redirects int              // in a row
	next      *server          // where a server has sent us, to be tried first; or nil
}

// attempt is how an attempt, or the connection that it has made, has ended.
type attempt struct {
	err      error
	hopeless bool          // it is of no use to try again
	busy     bool          // the server asks for patience
	opened   bool          // there was a connection
	lasted   time.Duration // and for how long
	older    bool          // the server knows only an older version
	code     mqttwire.ReasonCode
	refer    string // where the server sends us
	*made           // the connection
}

// made is a connection, and by what it was made.
type made struct {
	server  server
	version mqttwire.Version
	link    *session.Link
	conn    net.Conn
	ended   bool
}

// ConnectError is why an attempt to connect has failed, or a connection has ended. It
// wraps the cause, as session.Cause, whose Code is that of the server.
type ConnectError struct {
	Server  string // scheme and host
	Version mqttwire.Version
	Err     error
}

// Error returns one line.
func (e *ConnectError) Error() string {
	var cause session.Cause
	if errors.As(e.Err, &cause) && cause.Kind == session.ServerRefused {
		return fmt.Sprintf("client: %s: the server has refused the connection with code 0x%02X, %s",
			e.Server, uint8(cause.Code), cause.Code.Name(mqttwire.CONNACK, e.Version))
	}
	return "client: " + e.Server + ": " + e.Err.Error()
}

// Unwrap returns Err.
func (e *ConnectError) Unwrap() error { return e.Err }

// run connects, and reads, until the client is closed for good, or if first is not nil
// until the first round has failed.
func (c *Client) run(ctx context.Context, first chan<- error) {
	for {
		a := c.round(ctx, first)
		if a.opened {
			first, ctx = nil, c.ctx
			if !a.ended {
				c.read(c.ctx, a.link, a.conn) // from here, so that an idle client has a small stack
			}
			a = c.conclude(&a)
		}
		ended := c.endedBy()
		switch {
		case ended != nil:
		case first != nil:
			c.giveUpFirst()
			first <- a.err
			return
		case !c.goesOn(&a) || c.o.Backoff.Never:
			ended = a.err
		default:
			ended = c.pause(&a)
		}
		if ended == nil {
			continue
		}
		c.finish(ended)
		if first != nil {
			first <- ended
		}
		return
	}
}

// endedBy returns what has ended the client, if anything has.
func (c *Client) endedBy() error {
	if err := context.Cause(c.ctx); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.unlock()
	if c.phase >= phaseClosing {
		return errClosed
	}
	return nil
}

// giveUpFirst lets Connect be called again.
func (c *Client) giveUpFirst() {
	c.mu.Lock()
	defer c.unlock()
	if c.phase == phaseStarted {
		c.phase = phaseNew
	}
}

// round tries the servers in turn, up to the first that takes the client; else it returns
// the last error.
func (c *Client) round(ctx context.Context, first chan<- error) (a attempt) {
	if c.tries > 0 {
		c.tellReconnect(c.tries)
	}
	c.tries++
	servers, err := c.servers(ctx)
	if err != nil {
		c.failed(err)
		return attempt{err: err}
	}
	hopeless := true
	for i := 0; i < len(servers); {
		a = c.try(ctx, servers[i], first)
		if a.opened {
			return a
		}
		next := c.follow(servers[i], &a)
		switch {
		case ctx.Err() != nil:
			if why := context.Cause(ctx); !errors.Is(a.err, why) {
				a.err = fmt.Errorf("%w: %w", why, a.err)
			}
			return a
		case a.older && c.version == 0 && c.o.Version == 0:
			c.version = mqttwire.V311
			continue
		case next != nil:
			servers[i] = *next
			continue
		}
		c.failed(a.err)
		hopeless = hopeless && a.hopeless
		i++
	}
	a.hopeless = hopeless
	return a
}

// failed tells of an attempt that has failed.
func (c *Client) failed(err error) {
	c.mu.Lock()
	c.note(levelWarn, "cannot connect", "error", err)
	c.unlock()
	c.tellError(err)
}

// servers returns the servers of a round.
func (c *Client) servers(ctx context.Context) ([]server, error) {
	list := append([]server{c.first}, c.rest...)
	if c.o.ServersFunc != nil {
		raw, err := await(ctx, func() ([]string, error) { return c.o.ServersFunc(ctx) }, nil)
		if err != nil {
			return nil, fmt.Errorf("client: Options.ServersFunc: %w", err)
		}
		if len(raw) == 0 {
			return nil, errors.New("client: Options.ServersFunc knows no server")
		}
		list = nil
		for _, r := range raw {
			s, err := parseServer(r)
			if err != nil {
				return nil, err
			}
			list = append(list, s)
		}
	}
	if c.next != nil {
		list = append([]server{*c.next}, list...)
		c.next = nil
	}
	return list, nil
}

// follow returns the server that another one has named, if the client goes there.
// Section 4.11.
func (c *Client) follow(from server, a *attempt) *server {
	if a.refer == "" || c.redirects >= c.o.Redirects {
		return nil
	}
	to, err := parseServer(from.url.Scheme + "://" + a.refer + from.url.Path)
	if err != nil {
		return nil
	}
	c.redirects++
	to.user, to.settings, to.url.RawQuery = from.user, from.settings, from.url.RawQuery
	if a.code == mqttwire.ReasonServerMoved {
		list := []*server{&c.first}
		for i := range c.rest {
			list = append(list, &c.rest[i])
		}
		for _, s := range list {
			if s.url.Host == from.url.Host {
				*s = to
			}
		}
	}
	return &to
}

// goesOn reports whether to connect again.
func (c *Client) goesOn(a *attempt) bool {
	if c.o.Again == nil {
		return !a.hopeless
	}
	again, err := await(c.ctx, func() (bool, error) { return c.o.Again(a.err), nil }, nil)
	return again && err == nil
}

// pause waits before the next round. It returns why the client has ended meanwhile.
func (c *Client) pause(a *attempt) error {
	if a.opened && a.lasted >= c.o.Backoff.StableAfter {
		c.waits, c.redirects = 0, 0
	}
	if c.next != nil {
		return nil
	}
	wait := c.o.Backoff.wait(c.waits)
	if a.busy {
		wait = c.o.Backoff.long()
	}
	c.waits++
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-c.ctx.Done():
		return context.Cause(c.ctx)
	}
}

// errConnectTimeout ends an attempt.
var errConnectTimeout = errors.New("client: no connection within Options.ConnectTimeout")

// try makes one attempt.
func (c *Client) try(ctx context.Context, s server, first chan<- error) attempt {
	ctx, cancel := context.WithTimeoutCause(ctx, c.o.ConnectTimeout, errConnectTimeout)
	defer cancel()
	v := c.o.Version
	if v == 0 {
		v = mqttwire.V5
	}
	if c.version != 0 {
		v = c.version
	}
	a := c.connect(ctx, cancel, s, v, first)
	if a.opened {
		a.server, a.version = s, v
		return a
	}
	c.explain(&a, s, v)
	return a
}

// conclude returns how a connection has ended, and notes where to go next.
func (c *Client) conclude(of *attempt) attempt {
	a := c.parted(of.conn)
	c.explain(&a, of.server, of.version)
	c.tries, c.next = 1, c.follow(of.server, &a)
	return a
}

// explain says where an attempt has failed, and what that means.
func (c *Client) explain(a *attempt, s server, v mqttwire.Version) {
	if a.err != nil {
		a.err = &ConnectError{Server: s.url.Scheme + "://" + s.url.Host, Version: v, Err: a.err}
	}
	c.judge(a, v)
}

// connect is try for a version.
func (c *Client) connect(ctx context.Context, settled context.CancelFunc, s server, v mqttwire.Version, first chan<- error) attempt {
	packet, err := c.connectPacket(ctx, s, v)
	if err != nil {
		return attempt{err: err}
	}
	if c.o.Log != nil {
		c.mu.Lock()
		c.note(levelDebug, "connecting", "server", s.url.Host, "version", v.String(), "packet", packet.LogValue())
		c.unlock()
	}
	conn, err := c.o.dial(ctx, s.url, v)
	if err != nil {
		return attempt{err: err}
	}
	return c.serve(ctx, settled, conn, s, packet, first)
}

// What codes of a server mean for the next attempt, as those of 5.0.
var (
	hopelessCodes = []mqttwire.ReasonCode{
		mqttwire.ReasonUnsupportedProtocolVersion, mqttwire.ReasonClientIdentifierNotValid, mqttwire.ReasonBadUserNameOrPassword,
		mqttwire.ReasonNotAuthorized, mqttwire.ReasonBanned, mqttwire.ReasonBadAuthenticationMethod, mqttwire.ReasonSessionTakenOver,
	}
	busyCodes = []mqttwire.ReasonCode{
		mqttwire.ReasonServerUnavailable, mqttwire.ReasonServerBusy, mqttwire.ReasonQuotaExceeded, mqttwire.ReasonConnectionRateExceeded,
	}
)

// judge says what an attempt means for the next one.
func (c *Client) judge(a *attempt, v mqttwire.Version) {
	var cause session.Cause
	var broken *mqttwire.Error
	switch {
	case errors.Is(a.err, mqttwire.ErrUnsupportedVersion):
		a.older, a.hopeless = true, true
		return
	case errors.Is(a.err, ErrSlow):
		a.busy = true
		return
	case errors.As(a.err, &broken) && broken.Own, errors.Is(a.err, ErrAuth):
		a.hopeless = true // our own CONNECT cannot be written, or the server is not the one it should be
		return
	case !errors.As(a.err, &cause):
		return
	}
	code := cause.Code
	switch cause.Kind {
	case session.ServerRefused:
		if v != mqttwire.V5 {
			if c, ok := mqttwire.MapReasonCode(mqttwire.CONNACK, code, v, mqttwire.V5); ok {
				code = c
			}
		}
		a.older = code == mqttwire.ReasonUnsupportedProtocolVersion && v == mqttwire.V5
	case session.PeerDisconnected:
	default:
		return
	}
	a.code = code
	for _, k := range hopelessCodes {
		a.hopeless = a.hopeless || k == code
	}
	for _, k := range busyCodes {
		a.busy = a.busy || k == code
	}
}
