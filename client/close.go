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

// flush is one who waits until what was sent has been acknowledged.
type flush struct {
	left    int  // requests that have not ended
	ahead   int  // messages that have to leave the queue for those of QoS 0 to be written; less than 0 is enough
	handed  bool // what is to be written of QoS 0 is in the batch that is written
	written bool // messages of QoS 0 are on the network
	done    chan struct{}
	closed  bool
}

// check closes done if there is nothing left.
func (f *flush) check() {
	if f.left == 0 && f.written && !f.closed {
		f.closed = true
		close(f.done)
	}
}

// newFlush returns one that waits for all that was asked for up to now. Under the lock.
func (c *Client) newFlush() *flush {
	f := &flush{done: make(chan struct{}), ahead: c.session.Stats().Waiting}
	for _, d := range c.pending {
		d.flushes = append(d.flushes, f)
		f.left++
	}
	if c.had > 0 {
		c.awaitHad = append(c.awaitHad, f)
		f.left++
	}
	c.flushes = append(c.flushes, f)
	c.checkFlushes()
	return f
}

// checkFlushes looks whether what waits was written: nothing more is to be, or what was in
// the queue and encoded at once has gone out with a batch. Under the lock.
func (c *Client) checkFlushes() {
	if c.had > 0 && c.atWork() == 0 {
		c.endHad(c.had) // of which some have no event, as those of QoS 0
	}
	if len(c.flushes) == 0 {
		return
	}
	still := c.flushes[:0]
	idle := !c.writing && c.keeping == nil && c.session.Stats().Waiting == 0
	for _, f := range c.flushes {
		if f.written = f.written || idle; f.written {
			f.check()
		} else {
			still = append(still, f)
		}
	}
	clear(c.flushes[len(still):])
	c.flushes = still
}

// atWork returns how many messages have not ended. Under the lock.
func (c *Client) atWork() int {
	s := c.session.Stats()
	return s.Waiting + s.InFlight + s.Released
}

// endHad takes note that n messages have ended that the journal had. Under the lock.
func (c *Client) endHad(n int) {
	if c.had == 0 {
		return
	}
	if c.had -= n; c.had > 0 {
		return
	}
	for _, f := range c.awaitHad {
		f.left--
		f.check()
	}
	c.awaitHad = nil
}

// taken takes note that so many messages have left the queue, which holds what is left.
// The last of those that a flush waits for may be there in part, and so may be what was
// encoded at once, unless more has followed or all that was encoded is there.
func (c *Client) taken(n, left int, all bool) {
	for _, f := range c.flushes {
		f.ahead = min(f.ahead-n, left)
		f.handed = f.handed || f.ahead < 0 || all && f.ahead == 0
	}
}

// wroteBatch takes note that a batch was written.
func (c *Client) wroteBatch() {
	for _, f := range c.flushes {
		f.written = f.written || f.handed
	}
	c.checkFlushes()
}

// Flush waits until all that was published, subscribed and unsubscribed before has ended,
// also what Options.Journal had of an earlier run, over as many connections as it takes:
// what is of QoS 0 is written then. It returns ErrClosed if the client has ended before, or
// the error of ctx.
func (c *Client) Flush(ctx context.Context) error {
	c.mu.Lock()
	if c.phase == phaseEnded {
		defer c.unlock()
		return c.closedError()
	}
	f := c.newFlush()
	c.unlock()
	select {
	case <-f.done:
		return nil
	case <-c.ended:
		select {
		case <-f.done:
			return nil
		default:
			return c.usableNow()
		}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// grace is how long the DISCONNECT may take when the context of Close has ended.
const grace = 250 * time.Millisecond

// Close ends the client for good: nothing can be asked for any more; what was, and is
// under way, is waited for until ctx ends; then DISCONNECT is sent in any case, with which
// the server deletes the will. It does not connect again for it, so that without a
// connection it ends at once: what waits is NotSent then, or kept by Options.Journal.
// It may be called by handlers, and more than once, so that it does not wait for them:
// Events.Close comes after they have returned, but for those of an Inbox.
//
// Messages that handlers have not done with are not acknowledged, and come again if
// the server keeps the session. The error is that of ctx if something was left.
func (c *Client) Close(ctx context.Context) error {
	err := c.shut(ctx)
	left := c.disconnect()
	select {
	case <-c.ended:
	case <-ctx.Done():
		if !c.awaitEnd(grace) {
			c.kill(errClosed)
			c.awaitEnd(grace)
		}
	}
	if err == nil && left {
		err = context.Cause(ctx)
	}
	return err
}

// shut lets nothing more be asked for, and waits until what was has ended, or the
// connection has, or ctx.
func (c *Client) shut(ctx context.Context) error {
	c.mu.Lock()
	if c.phase == phaseNew {
		c.phase = phaseClosing
		c.unlock()
		c.finish(nil)
		return nil
	}
	c.phase = max(c.phase, phaseClosing)
	if !c.open {
		c.unlock()
		return nil
	}
	f := c.newFlush()
	lost := c.gone
	c.unlock()
	select {
	case <-f.done:
	case <-lost:
	case <-c.ended:
	case <-ctx.Done():
		c.mu.Lock()
		defer c.unlock()
		if len(c.pending) > 0 || c.had > 0 || c.session.Stats().Waiting > 0 {
			return context.Cause(ctx)
		}
	}
	return nil
}

// disconnect sends DISCONNECT, or ends the attempt to connect; it reports whether
// something was left.
func (c *Client) disconnect() (left bool) {
	p := &packets.Disconnect{}
	if f := c.o.OnDisconnect; f != nil {
		f(p)
	}
	c.mu.Lock()
	defer c.unlock()
	left = (len(c.pending) > 0 || c.had > 0) && c.phase != phaseEnded
	if c.phase == phaseEnded {
		return left
	}
	if c.link == nil || !c.open || c.sendDisconnect(p) != nil {
		if c.link == nil || c.link.Session() != nil { // else its last bytes are on their way
			c.kill(errClosed)
		}
		return left
	}
	c.drain()
	c.wake()
	return left
}

// sendDisconnect sends a DISCONNECT. One whose properties nobody can send goes out without
// them; one with such a code does not, and the server publishes the will, as it does of a
// code that asks for it: before 5.0 there is none.
func (c *Client) sendDisconnect(p *packets.Disconnect) error {
	err := c.link.Disconnect(time.Now(), p)
	var broken *mqttwire.Error
	if errors.As(err, &broken) && p.ReasonCode == 0 {
		c.errorEvent(err)
		return c.link.Disconnect(time.Now(), nil)
	}
	return err
}

// errClosed ends the client as Close does.
var errClosed = fmt.Errorf("%w by Close", ErrClosed)

// awaitEnd waits for the end for some time at most, as that waits for code of the user: a
// Journal, or a connection. It reports whether it has come.
func (c *Client) awaitEnd(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-c.ended:
		return true
	case <-timer.C:
		return false
	}
}

// Abort ends the client for good at once, without DISCONNECT: the server publishes the
// will. It may be called by handlers, and more than once. The error is nil.
func (c *Client) Abort() error {
	c.mu.Lock()
	begun := c.phase != phaseNew
	c.phase = max(c.phase, phaseClosing)
	c.unlock()
	if !begun {
		c.finish(ErrClosed)
	}
	c.kill(ErrClosed)
	c.awaitEnd(grace)
	return nil
}

// finish ends the client for good.
func (c *Client) finish(why error) {
	c.mu.Lock()
	c.phase = max(c.phase, phaseClosing)
	c.awaitWriter()
	if c.phase == phaseEnded {
		c.unlock()
		return
	}
	if why == errClosed {
		why = nil
	}
	c.why = why
	if c.o.Journal == nil {
		c.session.End(time.Now())
		c.drain()
	} else {
		c.keepLast()
	}
	c.phase = phaseEnded
	left := errKept
	if c.keeper.err != nil { // and may have it or not
		left = c.keeper.err
	}
	for token, d := range c.pending {
		delete(c.pending, token)
		d.end(session.Unknown, 0, &RequestError{Outcome: session.Unknown, Err: left})
	}
	for _, f := range c.flushes {
		f.written = true
		f.check()
	}
	c.flushes = nil
	if f := c.on.Close; f != nil {
		c.lane.push(job{f: func() { f(c, why) }})
	}
	c.note(levelInfo, "closed", "why", why)
	c.unlock()
	c.keeper.free()
	close(c.ended)
	c.kill(ErrClosed)
}

// errKept is of what is left in the journal.
var errKept = errors.New("the client was closed, and its journal has the message still")

// awaitWriter waits until nothing more is written. The lock is free meanwhile.
func (c *Client) awaitWriter() {
	for c.writing || c.keeping != nil {
		if c.writing && c.written == nil {
			c.written = make(chan struct{})
		}
		ended := c.keeping
		if c.writing {
			ended = c.written
		}
		c.unlock()
		<-ended
		c.mu.Lock()
	}
}
