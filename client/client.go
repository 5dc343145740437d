package client

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/session"
)

// Client is a client of an MQTT server: one session, and the connections that carry it.
// It may be used by many goroutines at once, and by its own handlers.
type Client struct {
	o         Options
	first     server           // the URL of New
	rest      []server         // those of Options.Servers
	checkedBy mqttwire.Version // what topics are checked by before they are queued
	lane      lane             // runs handlers and events
	unclaimed *Inbox           // messages that no handler takes
	routes    routes
	ctx       context.Context // ends with the client
	cancel    context.CancelCauseFunc
	ended     chan struct{} // closed at the end for good

	deliveries sync.Pool // of Publish

	mu       sync.Mutex // of all below; never held while anything waits, or in code of the user
	session  *session.Session
	link     *session.Link // of the connection, from CONNECT on; nil if there is none
	conn     net.Conn
	timer    *time.Timer
	timerAt  time.Time // when it fires; zero if it does not
	why      error     // of the end for good
	cause    error     // why the last connection has ended
	phase    phase
	writing  bool          // a goroutine writes
	gated    bool          // the server has still to prove itself: nothing is written or handed on
	open     bool          // the CONNACK has said success
	opened   chan struct{} // closed while open
	gone     chan struct{} // closed when the connection has ended
	pending  map[session.Token]*Delivery
	rooms    []chan struct{} // of those who wait for room in the queue
	full     session.Stats   // of the queue when it was full last
	flushes  []*flush
	had      int      // messages that the journal had, and that have not ended
	awaitHad []*flush // wait for those too
	inbox    inbound
	info     ServerInfo
	auth     authentication
	replies  replies
	notes    []note
	on       *Events
	listen   *Listener
	stats    Stats
	keeper   keeper
	keeping  chan struct{} // closed when what is being kept has been; nil if nothing is
	written  chan struct{} // closed when the goroutine that writes has ended; nil if nobody waits

	telling   chan<- error // Connect, which waits for the first connection
	settled   func()       // gives up what an attempt to connect needs, as it has succeeded
	refer     string       // the server that this one names
	openedAt  time.Time    // zero before the connection is one
	lasted    time.Duration
	wasOpen   bool // the connection that has ended was one
	deaf      bool // nothing more can be written to the connection
	lingering bool // all is written, and the server may close
	warned    bool // that nobody takes messages
	topics    topicNames

	unacked []*Message              // of QoS 1 and 2, handed on and not acknowledged
	stale   map[receiptKey]*Message // of those whose connection has ended, until they come again

	attempts
}

// phase is how far a client has come.
type phase uint8

const (
	phaseNew     phase = iota // not started, or the first attempt has failed
	phaseStarted              // connects, or is connected
	phaseClosing              // Close or Abort was called
	phaseEnded
)

// New returns a client of the server with that URL: mqtt, mqtts, ws or wss://host:port,
// or unix:///path. The ports are 1883, 8883, 80 and 443 unless said; ws and wss need
// package ws to be imported. A user name and a password in it are sent if
// Options.Credentials is nil. Its query may have clientId, keepalive and expiry in
// seconds, version (3.1, 3.1.1, 5.0) and clean; what o says goes before. The query of ws
// and wss is the server's.
//
// It checks what it is given, and restores the session from Options.Journal. Nothing is
// sent before Connect, Start or Run.
func New(url string, o Options) (*Client, error) {
	first, err := parseServer(url)
	if err != nil {
		return nil, err
	}
	if err := first.settle(&o); err != nil {
		return nil, err
	}
	c := &Client{first: first}
	for _, raw := range o.Servers {
		s, err := parseServer(raw)
		if err != nil {
			return nil, err
		}
		c.rest = append(c.rest, s)
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	for _, s := range append([]server{first}, c.rest...) {
		if _, err := o.transport(s.url.Scheme); err != nil {
			return nil, err
		}
	}
	c.o = o.withDefaults()
	c.prepare()
	if err := c.restore(); err != nil {
		return nil, err
	}
	return c, nil
}

// prepare makes what a client begins with.
func (c *Client) prepare() {
	if c.checkedBy = c.o.Version; c.checkedBy == 0 {
		c.checkedBy = mqttwire.V5
	}
	s := &c.o.Session
	s.Side, s.Journal, s.Known, s.LowerQoS = mqttwire.FromClient, c.o.Journal != nil, !c.o.CleanStart, c.o.LowerQoS
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	c.ended, c.opened = make(chan struct{}), make(chan struct{})
	c.pending = make(map[session.Token]*Delivery)
	c.on, c.listen = &noEvents, &noListener
	c.lane.c = c
	c.unclaimed = &Inbox{c: c}
	c.unclaimed.lanes = []*lane{{c: c, pull: make(chan struct{}, 1)}}
	c.info.ClientID = c.o.ClientID
}

// Dial is New and Connect.
func Dial(ctx context.Context, url string, o Options) (*Client, error) {
	c, err := New(url, o)
	if err != nil {
		return nil, err
	}
	if err := c.Connect(ctx); err != nil {
		_ = c.Abort() // nobody else can
		return nil, err
	}
	return c, nil
}

// Connect connects, and returns after the CONNACK of the first server that has said
// success; from then on the client connects again by itself. Each server is tried once: if
// none has taken the client, or when ctx ends, the error is that of the last attempt, and
// Connect may be called again. See Start for a client that goes on trying.
func (c *Client) Connect(ctx context.Context) error {
	first := make(chan error, 1)
	attempt, stop := context.WithCancelCause(c.ctx)
	defer stop(nil)
	defer context.AfterFunc(ctx, func() { stop(context.Cause(ctx)) })()
	if err := c.start(attempt, first); err != nil {
		return err
	}
	return <-first
}

// Start connects in the background, and tries until it succeeds. It returns ErrStarted
// if the client does already, and ErrClosed at its end.
func (c *Client) Start() error { return c.start(c.ctx, nil) }

// start starts the goroutine that connects and reads. The first round of attempts ends
// with attempt, and if first is not nil tells it how it went and does not go on without
// success.
func (c *Client) start(attempt context.Context, first chan<- error) error {
	c.mu.Lock()
	defer c.unlock()
	switch c.phase {
	case phaseStarted:
		return ErrStarted
	case phaseClosing, phaseEnded:
		return c.closedError()
	}
	c.phase = phaseStarted
	c.tries = 0
	go c.run(attempt, first)
	return nil
}

// Run starts the client unless it was, waits until it is closed for good, and returns
// why: nil after Close, ErrClosed after Abort, else the error that has ended it. When ctx
// ends it closes the client at once, and returns the error of ctx.
func (c *Client) Run(ctx context.Context) error {
	if err := c.Start(); err != nil && err != ErrStarted {
		return c.whyEnded()
	}
	select {
	case <-c.ended:
		return c.whyEnded()
	case <-ctx.Done():
		_ = c.Close(ctx)
		return context.Cause(ctx)
	}
}

// Done is closed when the client is closed for good.
func (c *Client) Done() <-chan struct{} { return c.ended }

// AwaitConnection waits until there is a connection. It returns ErrClosed, with why, if
// there will be none, or the error of ctx.
func (c *Client) AwaitConnection(ctx context.Context) error {
	for {
		c.mu.Lock()
		opened, open := c.opened, c.open
		c.unlock()
		if open {
			return nil
		}
		select {
		case <-opened:
		case <-c.ended:
			return c.usableNow()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// whyEnded returns why the client has ended.
func (c *Client) whyEnded() error {
	<-c.ended
	c.mu.Lock()
	defer c.unlock()
	return c.why
}

// closedError returns ErrClosed, with why.
func (c *Client) closedError() error {
	if c.why == nil || c.why == ErrClosed {
		return ErrClosed
	}
	return &closedError{c.why}
}

// closedError is ErrClosed of a client that was ended by an error.
type closedError struct{ why error }

func (e *closedError) Error() string        { return ErrClosed.Error() + ": " + e.why.Error() }
func (e *closedError) Unwrap() error        { return e.why }
func (e *closedError) Is(target error) bool { return target == ErrClosed }

// usable returns why nothing can be asked for any more. Under the lock.
func (c *Client) usable() error {
	if c.phase >= phaseClosing {
		return c.closedError()
	}
	return nil
}

func (c *Client) usableNow() error {
	c.mu.Lock()
	defer c.unlock()
	return c.usable()
}

// The levels of what is logged.
const (
	levelDebug = slog.LevelDebug
	levelInfo  = slog.LevelInfo
	levelWarn  = slog.LevelWarn
)

// note is what is to be logged once the lock is free, as a logger may use the client.
type note struct {
	level slog.Level
	text  string
	args  []any
}

// note logs, after the lock is free. Under the lock.
func (c *Client) note(level slog.Level, text string, args ...any) {
	if c.o.Log != nil && c.o.Log.Enabled(c.ctx, level) {
		c.notes = append(c.notes, note{level, text, args})
	}
}

// unlock frees the lock, and logs what was noted.
func (c *Client) unlock() {
	notes := c.notes
	c.notes = nil
	c.mu.Unlock()
	for _, n := range notes {
		c.o.Log.Log(c.ctx, n.level, n.text, n.args...)
	}
}
