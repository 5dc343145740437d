package client

import (
	"errors"
	"strings"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// What is true of a request that has not succeeded. Each *RequestError is one of these,
// for errors.Is.
var (
	// ErrRefused: the server has answered with an error code.
	ErrRefused = errors.New("client: refused by the server")

	// ErrNotSent: the server has not seen a byte of it, and will not.
	ErrNotSent = errors.New("client: not sent")

	// ErrUnknown: the server may have seen it, or may see it still.
	ErrUnknown = errors.New("client: the outcome is not known")
)

// What a client answers by itself.
var (
	// ErrClosed: the client was closed, by Close or Abort, or for good.
	ErrClosed = errors.New("client: closed")

	// ErrStarted: the client connects already.
	ErrStarted = errors.New("client: started already")

	// ErrNotConnected: there is no connection, and the request is not kept until there
	// is one.
	ErrNotConnected = session.ErrNotConnected

	// ErrQueueFull: there is no room within Options.Session.
	ErrQueueFull = session.ErrQueueFull

	// ErrStale: the connection that the message came on has ended; the message comes
	// again.
	ErrStale = session.ErrStale

	// ErrSlow: the handlers have not kept up with a server before 5.0, whose connection
	// was closed therefore.
	ErrSlow = errors.New("client: more messages wait for handlers than Options.Inbound lets")
)

// RequestError says what is true of a message that was published, or of a SUBSCRIBE or
// UNSUBSCRIBE, that has not succeeded. It is ErrRefused, ErrNotSent or ErrUnknown, and
// wraps what has led to it, such as the error of a context.
type RequestError struct {
	// Outcome is Refused, NotSent or Unknown.
	Outcome session.Outcome

	// Code is the server's, if it has refused.
	Code mqttwire.ReasonCode

	// Drop is why the session has given it up, or 0.
	Drop session.Drop

	// Err is what has led to it, or nil.
	Err error
}

// Error returns one line.
func (e *RequestError) Error() string {
	s := e.sentinel().Error()
	if e.Outcome == session.Refused {
		s += ", reason " + e.Code.String()
	}
	if e.Drop != 0 {
		s += ": " + e.Drop.String()
	}
	if e.Err != nil {
		s += ": " + strings.TrimPrefix(e.Err.Error(), "client: ")
	}
	return s
}

func (e *RequestError) sentinel() error {
	switch e.Outcome {
	case session.Refused:
		return ErrRefused
	case session.NotSent:
		return ErrNotSent
	}
	return ErrUnknown
}

// Is reports whether target is ErrRefused, ErrNotSent or ErrUnknown, as Outcome says.
func (e *RequestError) Is(target error) bool { return target == e.sentinel() }

// Unwrap returns Err.
func (e *RequestError) Unwrap() error { return e.Err }

func notSent(err error) *RequestError { return &RequestError{Outcome: session.NotSent, Err: err} }

// Delivery is a message that was published, or another request, on its way.
type Delivery struct {
	c       *Client
	token   session.Token
	done    chan struct{}
	message *session.Message       // of a PUBLISH
	request mqttwire.Packet        // a SUBSCRIBE or UNSUBSCRIBE
	answer  []mqttwire.ReasonCode  // to it
	retry   func(d *Delivery) bool // asks once more in another form, and reports whether it has
	over    func(d *Delivery)      // is called, under the lock, when it has ended
	flushes []*flush
	pooled  bool

	outcome session.Outcome
	code    mqttwire.ReasonCode
	err     error
}

// Done is closed when the outcome is known.
func (d *Delivery) Done() <-chan struct{} { return d.done }

// Err waits until the outcome is known, and returns nil if the server has acknowledged
// the message, or with QoS 0 if it was written; else a *RequestError.
func (d *Delivery) Err() error {
	<-d.done
	return d.err
}

// Outcome waits until the outcome is known, and returns it.
func (d *Delivery) Outcome() session.Outcome {
	<-d.done
	return d.outcome
}

// Code waits until the outcome is known, and returns the server's code, such as 0x10 if
// nobody has subscribed to the message.
func (d *Delivery) Code() mqttwire.ReasonCode {
	<-d.done
	return d.code
}

// newDelivery returns one that has not ended.
func newDelivery(c *Client) *Delivery { return &Delivery{c: c, done: make(chan struct{})} }

// pooledDelivery is newDelivery for Publish, which nobody else sees: done has an element
// when it is over, in place of being closed, and free is called if wait says that it has
// ended. The pool is the client's, as a channel is of one bubble of testing/synctest.
func (c *Client) pooledDelivery() *Delivery {
	if d, ok := c.deliveries.Get().(*Delivery); ok {
		return d
	}
	return &Delivery{c: c, pooled: true, done: make(chan struct{}, 1)}
}

func (d *Delivery) free() {
	*d = Delivery{c: d.c, pooled: true, done: d.done}
	d.c.deliveries.Put(d)
}

// endedDelivery returns one that has ended before it began.
func endedDelivery(err *RequestError) *Delivery {
	d := &Delivery{done: make(chan struct{}), outcome: err.Outcome, err: err}
	close(d.done)
	return d
}

// end says how it has ended. Under the lock, as all that follows.
func (d *Delivery) end(outcome session.Outcome, code mqttwire.ReasonCode, err *RequestError) {
	d.outcome, d.code = outcome, code
	if err != nil {
		d.err = err
	}
	if d.over != nil {
		d.over(d)
	}
	flushes := d.flushes
	if d.pooled {
		d.done <- struct{}{} // and from then on it is another's
	} else {
		close(d.done)
	}
	for _, f := range flushes { // who has waited for all finds each ended
		f.left--
		f.check()
	}
}

// Dropped is a message that was published and has come to nothing.
type Dropped struct {
	// Message is the message, which may be kept and not changed.
	Message *packets.Publish

	// Err says what is true of it, and why.
	Err *RequestError
}

// requestDone takes note of an answer.
func (c *Client) requestDone(e *session.Event) {
	d := c.pending[e.Token]
	if d == nil {
		switch e.Packet.(type) {
		case *packets.Suback, *packets.Unsuback:
		default: // as of a message that the journal had
			c.endHad(1)
			if e.Outcome == session.Refused {
				c.deadLetter(e.Message, &RequestError{Outcome: session.Refused, Code: e.Code})
			}
		}
		return
	}
	delete(c.pending, e.Token)
	switch p := e.Packet.(type) {
	case *packets.Suback:
		d.answer = append([]mqttwire.ReasonCode(nil), p.ReasonCodes...)
	case *packets.Unsuback:
		d.answer = append([]mqttwire.ReasonCode(nil), p.ReasonCodes...)
	}
	if e.Outcome != session.Refused {
		d.end(e.Outcome, e.Code, nil)
		return
	}
	err := &RequestError{Outcome: session.Refused, Code: e.Code}
	c.deadLetter(d.message, err)
	d.end(e.Outcome, e.Code, err)
}

// requestDropped takes note of a request that has ended without an answer.
func (c *Client) requestDropped(e *session.Event) {
	c.stats.Dropped++
	err := &RequestError{Outcome: e.Outcome, Drop: e.Drop, Err: e.Cause.Err}
	d := c.pending[e.Token]
	if d == nil { // as of a message that the journal had
		if e.Message != nil {
			c.endHad(1)
		}
		c.deadLetter(e.Message, err)
		return
	}
	delete(c.pending, e.Token)
	if d.retry != nil && err.Drop == session.DropNotSupported && d.retry(d) { // e is gone then
		return
	}
	c.deadLetter(d.message, err)
	d.end(err.Outcome, 0, err)
}

// deadLetter tells of a message that has come to nothing; nil is none.
func (c *Client) deadLetter(m *session.Message, err *RequestError) {
	if m == nil {
		return
	}
	c.note(levelWarn, "message dropped", "topic", string(m.Topic()), "error", err)
	if c.o.OnDropped != nil {
		p := m.Publish()
		c.lane.push(job{f: func() { c.o.OnDropped(Dropped{&p, err}) }})
	}
}
