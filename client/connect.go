package client

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// connectPacket returns the CONNECT of an attempt.
func (c *Client) connectPacket(ctx context.Context, s server, v mqttwire.Version) (*packets.Connect, error) {
	p := &packets.Connect{Version: v, Will: c.o.Will}
	if c.o.KeepAlive > 0 {
		p.KeepAlive = uint16((c.o.KeepAlive + time.Second - 1) / time.Second)
	}
	p.ClientID = []byte(c.clientID(v))
	p.CleanStart = c.o.Expiry == 0
	if v == mqttwire.V5 {
		p.CleanStart = c.o.CleanStart && !c.hasConnected()
		c.announce(p)
	}
	if err := c.identify(ctx, p, s); err != nil {
		return nil, err
	}
	if c.o.Auth != nil {
		if err := c.beginAuth(ctx, p); err != nil {
			return nil, err
		}
	}
	if c.o.OnConnect != nil {
		_, err := await(ctx, func() (bool, error) { c.o.OnConnect(p); return true, nil }, nil)
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

// announce sets the properties of a CONNECT of 5.0.
func (c *Client) announce(p *packets.Connect) {
	switch {
	case c.o.Expiry < 0:
		p.Properties.SetSessionExpiryInterval(1<<32 - 1)
	case c.o.Expiry > 0:
		p.Properties.SetSessionExpiryInterval(min(seconds(c.o.Expiry), 1<<32-2))
	}
	p.Properties.SetReceiveMaximum(c.o.ReceiveMaximum)
	if c.o.TopicAliases > 0 {
		p.Properties.SetTopicAliasMaximum(uint16(min(c.o.TopicAliases, 1<<16-1)))
	}
	p.Properties.SetRequestResponseInformation(true)
	size := c.o.Limits.PacketSize
	if size <= 0 {
		size = mqttwire.DefaultPacketSize
	}
	p.Properties.SetMaximumPacketSize(uint32(min(int64(size), mqttwire.MaxPacketSize)))
}

// hasConnected reports whether the server has ever taken the client.
func (c *Client) hasConnected() bool {
	c.mu.Lock()
	defer c.unlock()
	return c.stats.Connections > 0
}

// identify sets user name and password.
func (c *Client) identify(ctx context.Context, p *packets.Connect, s server) error {
	switch {
	case c.o.Credentials != nil:
		type credentials struct {
			user     string
			password []byte
		}
		got, err := await(ctx, func() (credentials, error) {
			user, password, err := c.o.Credentials(ctx)
			return credentials{user, password}, err
		}, nil)
		if err != nil {
			return fmt.Errorf("Options.Credentials: %w", err)
		}
		p.Password = got.password
		if got.user != "" {
			p.UserName = []byte(got.user)
		}
	case s.user != nil:
		p.UserName = []byte(s.user.Username())
		if password, ok := s.user.Password(); ok {
			p.Password = []byte(password)
		}
	}
	return nil
}

// randomID is how long a client identifier that is random is: as long as 3.1 takes it.
const randomID = 23

// clientID returns the client identifier for a connection: what was given, or assigned
// by the server, or before 5.0 a random one, which is kept.
func (c *Client) clientID(v mqttwire.Version) string {
	c.mu.Lock()
	defer c.unlock()
	if c.info.ClientID == "" && v != mqttwire.V5 {
		c.info.ClientID = (mqttwireID + rand.Text())[:randomID]
	}
	return c.info.ClientID
}

// mqttwireID begins a client identifier that is random.
const mqttwireID = "mqttwire"
