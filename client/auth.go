package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// Auther is enhanced authentication by one method. Its functions are called one after
// the other for each exchange; none may wait beyond ctx. An error ends the connection.
// Section 4.12.
type Auther interface {
	// Method is the Authentication Method.
	Method() string

	// Start begins an exchange, of a new connection or of ReAuth, and returns the
	// Authentication Data for its first packet; nil is none.
	Start(ctx context.Context) (data []byte, err error)

	// Next answers an AUTH of the server.
	Next(ctx context.Context, data []byte) (answer []byte, err error)

	// Finish ends the exchange with the data of the CONNACK, or of the last AUTH. If it
	// returns an error the server is not the one that it should be.
	Finish(ctx context.Context, data []byte) error
}

// ErrAuth wraps the error of an Auther.
var ErrAuth = errors.New("client: enhanced authentication")

// authentication is what goes on of it.
type authentication struct {
	reauth chan error // one who waits in ReAuth, or nil
}

func authError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrAuth, err)
}

// beginAuth sets the properties of a CONNECT.
func (c *Client) beginAuth(ctx context.Context, p *packets.Connect) error {
	data, err := await(ctx, func() ([]byte, error) { return c.o.Auth.Start(ctx) }, nil)
	if err != nil {
		return authError(err)
	}
	p.Properties.SetAuthenticationMethod([]byte(c.o.Auth.Method()))
	if data != nil {
		p.Properties.SetAuthenticationData(data)
	}
	return nil
}

// finishAuth lets the server prove itself by its CONNACK.
func (c *Client) finishAuth(ctx context.Context) error {
	data, _ := c.info.Connack.Properties.AuthenticationData()
	_, err := await(ctx, func() (bool, error) { return true, c.o.Auth.Finish(ctx, data) }, nil)
	return authError(err)
}

// packet returns an AUTH.
func (c *Client) authPacket(code mqttwire.ReasonCode, data []byte) *packets.Auth {
	p := &packets.Auth{ReasonCode: code}
	p.Properties.SetAuthenticationMethod([]byte(c.o.Auth.Method()))
	if data != nil {
		p.Properties.SetAuthenticationData(data)
	}
	return p
}

// authStep answers an AUTH of the server, on a goroutine of its own. Under the lock.
func (c *Client) authStep(e *session.Event) {
	link := c.link
	if c.o.Auth == nil || link == nil {
		return
	}
	var data []byte
	if d, ok := e.Packet.(*packets.Auth).Properties.AuthenticationData(); ok {
		data = append([]byte{}, d...)
	}
	last := e.Code == mqttwire.ReasonSuccess
	go func() {
		ctx, cancel := context.WithTimeout(c.ctx, c.o.ConnectTimeout)
		defer cancel()
		answer, err := await(ctx, func() ([]byte, error) {
			if last {
				return nil, c.o.Auth.Finish(ctx, data)
			}
			return c.o.Auth.Next(ctx, data)
		}, nil)
		c.authAnswer(link, answer, last, authError(err))
	}()
}

// authAnswer sends the next AUTH, or ends an exchange.
func (c *Client) authAnswer(link *session.Link, answer []byte, last bool, err error) {
	c.mu.Lock()
	defer c.unlock()
	if c.link != link {
		return
	}
	if err == nil && !last {
		err = link.Auth(time.Now(), c.authPacket(mqttwire.ReasonContinueAuthentication, answer))
	}
	if err != nil {
		c.errorEvent(err)
		c.end(err)
		return
	}
	if last {
		c.endReauth(nil)
	}
	c.wake()
}

// ReAuth authenticates anew on the connection, and waits until the server has said
// success. If it refuses, the connection ends, and so it does if ctx ends before the
// exchange has. It returns ErrNotConnected without a connection, and ErrStarted if it
// goes on already. Section 4.12.1.
func (c *Client) ReAuth(ctx context.Context) error {
	if c.o.Auth == nil {
		return authError(errors.New("there is no Options.Auth"))
	}
	data, err := await(ctx, func() ([]byte, error) { return c.o.Auth.Start(ctx) }, nil)
	if err != nil {
		return authError(err)
	}
	done, link, err := c.beginReauth(data)
	if err != nil {
		return err
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		c.lose(link, context.Cause(ctx))
		return context.Cause(ctx)
	}
}

func (c *Client) beginReauth(data []byte) (<-chan error, *session.Link, error) {
	c.mu.Lock()
	defer c.unlock()
	switch {
	case !c.open:
		return nil, nil, ErrNotConnected
	case c.auth.reauth != nil:
		return nil, nil, ErrStarted
	}
	if err := c.link.Auth(time.Now(), c.authPacket(mqttwire.ReasonReauthenticate, data)); err != nil {
		return nil, nil, authError(err)
	}
	c.auth.reauth = make(chan error, 1)
	c.arm()
	c.wake()
	return c.auth.reauth, c.link, nil
}

// endReauth tells the one who waits in ReAuth.
func (c *Client) endReauth(err error) {
	if c.auth.reauth != nil {
		c.auth.reauth <- err
		c.auth.reauth = nil
	}
}

// loseAuth ends an exchange with its connection.
func (c *Client) loseAuth(cause error) { c.endReauth(cause) }
