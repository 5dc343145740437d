package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// Options say how a Client connects and behaves. The zero value is a client of MQTT
// 5.0, or of 3.1.1 if the server knows only that, that connects again for ever.
type Options struct {
	// Servers are more URLs, tried in turn behind the one that New was given.
	Servers []string

	// ServersFunc is asked for the URLs before each round of attempts, in place of the
	// one of New and of Servers.
	ServersFunc func(ctx context.Context) ([]string, error)

	// Version is the version of MQTT; 0 is 5.0, and 3.1.1 where the server says that it
	// does not know 5.0.
	Version mqttwire.Version

	// ClientID is the client identifier. If it is empty a server of 5.0 assigns one, which
	// is kept; before 5.0 it is random.
	ClientID string

	// Credentials returns user name and password, asked for before each attempt. An empty
	// user name and a nil password are not sent. See User.
	Credentials func(ctx context.Context) (user string, password []byte, err error)

	// CleanStart begins a new session with the first connection. Before 5.0 a session
	// is clean whenever Expiry is 0, and goes on otherwise.
	CleanStart bool

	// Expiry is for how long the server keeps the session without a connection, in
	// seconds on the wire; less than 0 is for ever. Section 3.1.2.11.2.
	Expiry time.Duration

	// KeepAlive is the longest time between two packets that the client sends, 1 s to
	// 65535 s; 0 is 60 s. See NoKeepAlive. Section 3.1.2.10.
	KeepAlive time.Duration

	// PingEvery is how long after its last packet the client sends PINGREQ; 0 is three
	// quarters of the keep alive that is in force.
	PingEvery time.Duration

	// ConnectTimeout is how long an attempt may take, from dialing up to the CONNACK; 0
	// is 30 s.
	ConnectTimeout time.Duration

	// Will is the message that the server publishes if the connection is lost, or nil.
	Will *packets.Will

	// TLS is for mqtts and wss; nil is the system's authorities, and the host of the URL.
	TLS *tls.Config

	// Dialer opens the network connection to u.Host, or for unix to u.Path, on which TLS
	// and WebSocket then run: through a proxy, or from an address. nil is package net.
	Dialer func(ctx context.Context, u *url.URL) (net.Conn, error)

	// Transport opens connections of schemes that are not built in, in place of the one
	// that was registered.
	Transport Transport

	// Backoff says how long to wait before the next attempt.
	Backoff Backoff

	// Again reports whether to connect again after an error, if it is not nil; in place
	// of the rule that it is of no use after a takeover (0x8E), refused credentials (0x86,
	// 0x87, 0x8A), an identifier or version that the server does not take. Over a link that
	// breaks often a client may be taken over by itself: by a CONNECT of its own, on a
	// connection that has ended, which comes to the server late. Where nobody else has its
	// client identifier, Again may bring it back.
	Again func(err error) bool

	// Redirects is how many times in a row the client follows a server that names
	// another one; 0 is 3, less than 0 is never. Section 4.11.
	Redirects int

	// Session bounds what waits and is in flight. Side, Journal, Known and
	// LowerQoS are set by the client.
	Session session.Options

	// Journal keeps the session beyond the program, under the ClientID, which must not
	// be empty then. nil keeps it in memory. If it has a method Claim, as that of package
	// store, New claims the session with it, and no other client gets it before this one
	// has ended: a client that New has made is to be closed, though it never connects. Where
	// a journal is new, or was lost, CleanStart ends the session that the server has still,
	// with which this side knows nothing to go on.
	Journal session.Journal

	// Auth is enhanced authentication, or nil. Section 4.12.
	Auth Auther

	// OnMessage takes the messages that no handler of Subscribe or Handle takes. Without
	// it they wait for Messages.
	OnMessage func(m *Message)

	// OnDropped is told of each message that was published and has come to nothing: the
	// dead letters.
	OnDropped func(d Dropped)

	// AroundPublish is called in place of each Publish, and calls publish: for traces,
	// figures, redaction. It may change p, and return another error.
	AroundPublish func(ctx context.Context, p *packets.Publish, publish func(ctx context.Context, p *packets.Publish) error) error

	// AroundHandler is called in place of each handler of messages, and calls handle. The
	// context that it gives to handle is that of m.Context.
	AroundHandler func(ctx context.Context, m *Message, handle func(ctx context.Context))

	// OnConnect may change the CONNECT of each attempt, as by user properties.
	OnConnect func(p *packets.Connect)

	// OnSubscribe, OnUnsubscribe and OnDisconnect may set the properties of what Subscribe
	// and SubscribeTo, Unsubscribe, and Close send; of a DISCONNECT also the code, as 0x04,
	// with which the server publishes the will.
	OnSubscribe   func(p *packets.Subscribe)
	OnUnsubscribe func(p *packets.Unsubscribe)
	OnDisconnect  func(p *packets.Disconnect)

	// TimeToLive is how long a message may wait to be sent, if its publisher does not
	// say; 0 is for ever. See Expiry.
	TimeToLive time.Duration

	// LowerQoS sends a message with the server's maximum where a higher QoS was asked for,
	// which else is an error, or if it waited already drops it. Section 3.2.2.3.4.
	LowerQoS bool

	// ReceiveMaximum is how many messages of QoS 1 and 2 the server may send before the
	// first of them is acknowledged, in 5.0; 0 is 100. Section 3.1.2.11.3.
	ReceiveMaximum uint16

	// Inbound bounds the messages that wait for handlers; 0 is 1000, and 4 MiB. Those of
	// QoS 0 for which there is no room are dropped and counted. Those of QoS 1 and 2 stay
	// within ReceiveMaximum; a server before 5.0 knows none, and some go beyond it, so that
	// the connection ends when they are more than Inbound.Bytes, and the server sends them
	// again.
	Inbound session.Bounds

	// Limits are those of what is read; their PacketSize is announced in 5.0.
	Limits mqttwire.Limits

	// TopicAliases is how many topic aliases each side may set; 0 is 16, less than 0 none.
	TopicAliases int

	// Strict refuses what servers in the field get wrong, and that is let pass otherwise
	// (mqttwire.Interop, and more messages under way than ReceiveMaximum).
	Strict bool

	// Log is told what happens: never a password, authentication data or a payload. Its
	// handler may use the client, but for the method Enabled.
	Log *slog.Logger
}

// NoKeepAlive as Options.KeepAlive sends no PINGREQ.
const NoKeepAlive time.Duration = -1

// User returns Options.Credentials that are always the same.
func User(name string, password []byte) func(context.Context) (string, []byte, error) {
	return func(context.Context) (string, []byte, error) { return name, password, nil }
}

// What Options stand for where they are 0.
const (
	defaultKeepAlive      = 60 * time.Second
	defaultConnectTimeout = 30 * time.Second
	defaultReceiveMaximum = 100
	defaultTopicAliases   = 16
	defaultRedirects      = 3
)

var defaultInbound = session.Bounds{Count: 1000, Bytes: 4 << 20}

// withDefaults returns the options with what stands for 0.
func (o Options) withDefaults() Options {
	orDuration := func(d *time.Duration, otherwise time.Duration) {
		if *d == 0 {
			*d = otherwise
		}
	}
	orDuration(&o.KeepAlive, defaultKeepAlive)
	orDuration(&o.ConnectTimeout, defaultConnectTimeout)
	if o.ReceiveMaximum == 0 {
		o.ReceiveMaximum = defaultReceiveMaximum
	}
	if o.TopicAliases == 0 {
		o.TopicAliases = defaultTopicAliases
	}
	if o.Redirects == 0 {
		o.Redirects = defaultRedirects
	}
	if o.Inbound.Count <= 0 {
		o.Inbound.Count = defaultInbound.Count
	}
	if o.Inbound.Bytes <= 0 {
		o.Inbound.Bytes = defaultInbound.Bytes
	}
	o.Backoff = o.Backoff.withDefaults()
	return o
}

// maxSeconds is the most seconds of a keep alive.
const maxSeconds = 1<<16 - 1

// check returns what is wrong with the options.
func (o *Options) check() error {
	switch {
	case o.Version != 0 && !o.Version.Known():
		return fmt.Errorf("client: Options.Version %d is no version of MQTT", uint8(o.Version))
	case o.KeepAlive > maxSeconds*time.Second:
		return fmt.Errorf("client: Options.KeepAlive is %v, and at most %v", o.KeepAlive, maxSeconds*time.Second)
	case o.KeepAlive < 0 && o.KeepAlive != NoKeepAlive:
		return errors.New("client: Options.KeepAlive is less than 0 and not NoKeepAlive")
	case o.ConnectTimeout < 0:
		return errors.New("client: Options.ConnectTimeout is less than 0")
	case o.Journal != nil && o.ClientID == "":
		return errors.New("client: a Journal keeps a session under its ClientID, which is empty")
	case o.Auth != nil && o.Version != 0 && o.Version != mqttwire.V5:
		return errors.New("client: enhanced authentication is of version 5.0 only")
	}
	v := o.Version
	if v == 0 {
		v = mqttwire.V5
	}
	if o.Will != nil {
		if err := mqttwire.CheckTopicName(o.Will.Topic, v); err != nil {
			return fmt.Errorf("client: the topic of the will: %w", err)
		}
	}
	return nil
}
