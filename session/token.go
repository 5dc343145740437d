package session

import "errors"

// Token names a request in later events. It is a sequence number, from 1, and never
// comes twice while a session is in memory. After Restore the count goes on behind the
// last message of which a change tells: tokens of messages of QoS 0, of SUBSCRIBE and
// UNSUBSCRIBE, and of messages that were dropped at once may come again then.
type Token uint64

// AckToken names a message whose acknowledgement is held: of one connection, so that
// one which is kept for too long is refused and not misread. 0 is none.
type AckToken uint64

// What requests are refused with. Nothing of them is kept then.
var (
	// ErrQueueFull: there is no room within Options.Queue, or Options.Subscriptions.
	ErrQueueFull = errors.New("session: the queue is full")

	// ErrTooLarge: the message alone is larger than Options.Queue, or than the peer
	// takes.
	ErrTooLarge = errors.New("session: the message is too large")

	// ErrNotConnected: a message of QoS 0 is not kept while there is no connection.
	ErrNotConnected = errors.New("session: not connected")

	// ErrNotSupported: the peer has said that it does not take such a request, or the
	// version of the connection, or this side, does not have it.
	ErrNotSupported = errors.New("session: not supported")

	// ErrStale: the connection that the message came on has ended, or the message was
	// acknowledged before. If it was not, it comes again: see Session.TakeOn.
	ErrStale = errors.New("session: the message's acknowledgement is not held any more")

	// ErrState: the call does not fit here, such as Accept without a CONNECT. Nothing
	// has changed.
	ErrState = errors.New("session: not possible in this state")

	// ErrEnded: the session or the connection has ended.
	ErrEnded = errors.New("session: has ended")

	// ErrAnswer: the packet is no answer to the one that has come. Nothing was sent.
	ErrAnswer = errors.New("session: the packet is no answer to the one that has come")
)

// Canceled says what Cancel has done.
type Canceled uint8

const (
	// CanceledNotSent: the request is gone, and the peer has not seen a byte of it.
	CanceledNotSent Canceled = iota + 1

	// CanceledSent: the request was handed out, goes on, and its outcome is no longer
	// reported.
	CanceledSent

	// CanceledUnknown: there is no such request, or it has ended.
	CanceledUnknown
)
