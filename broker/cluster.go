package broker

import (
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/session"
)

// Cluster makes a Broker one node of several that share clients and messages, by an
// engine: a program outside that keeps records, a log and retained messages, and brings
// what other nodes publish. See "The door for an engine" in the documentation of the
// package. With it Options.Journal means nothing, as the engine keeps what is to be kept.
type Cluster struct {
	// Node names this node; no other of the cluster has the same name.
	Node string

	// Lease is how long the node is believed to be there after a Renew was asked for that
	// was answered; 0 is 10 s. It is renewed three times in it.
	Lease time.Duration

	// Margin is how much earlier the node itself takes its lease as ended: more than
	// clocks of the cluster go apart in a Lease, and than Tick and a write may be late. 0
	// is a fifth of Lease.
	Margin time.Duration

	// Timeout is after what time a Request that was not answered counts as unknown, or a
	// Replay of which nothing has come; 0 is Lease.
	Timeout time.Duration

	// Level says what outlives the end of a node.
	Level Level
}

// Level says what of a session outlives the sudden end of its node. What a client was
// acknowledged does in any case, but for messages for a Group: one that a node has taken is
// that node's alone until the next Put of the member that gets it, and ends with it before.
type Level uint8

const (
	// Recorded: all of it. What is written to a client waits until the record of its
	// session is kept that it depends on, so that a message of QoS 2 comes once.
	Recorded Level = iota

	// Appended: subscriptions, the will, and what was published since the record was kept
	// last. It is kept when one of the first two changes and when the connection begins or
	// ends, before what acknowledges that is written, and so messages may come again, those of
	// QoS 2 too.
	Appended
)

// Epoch is the revision of a claim. Of a client the engine does only what has the epoch by
// which it is held; a later claim changes that when it takes the client.
type Epoch uint64

// Holder is a node, from one beginning to its end; the zero Holder is nobody.
type Holder struct {
	Node        string
	Incarnation uint64
}

// MessageID names a message that is given to the engine, also if that happens again: of
// two with the same the engine keeps one.
type MessageID struct {
	Holder
	Counter uint64 // from 1
}

// RequestKind is what a Request asks for.
type RequestKind uint8

const (
	// Renew: this node is there for another Lease, from when it was asked for. The first
	// one begins an Incarnation, as does the first one after the engine has ended the one
	// before; its Reply comes behind all retained messages, which have its Token. Others that
	// the node has were deleted meanwhile.
	Renew RequestKind = iota + 1

	// Claim: this node wants to hold the client. The Reply has the Epoch of the claim, and
	// either the Record, and the client is held from now on; or the Holder that is to give
	// it up, and that gets the Notice Wanted. With Free the claim is refused if another node
	// holds the client, which is not told.
	Claim

	// Take: hold a client that was claimed. The Reply, with the Record, comes when its
	// Holder has released it, or has ended.
	Take

	// Release: the client is not held any more, and Record is what is left of its session;
	// if it is empty, what there was.
	Release

	// Put: Record is the session of the client now.
	Put

	// Drop: the session of the client has ended: it has no record, and nobody holds it.
	Drop

	// Listen: bring messages that Filter matches. The Reply comes behind all live ones of
	// before, or behind a Gap if one of these is lost, and has in Positions where the logs
	// end that can have such messages: a session that comes to this node gets what is in
	// those, and in those that its record has. With a
	// Group, bring those that the engine gives to this node of all that have listened with
	// the group and the filter, this one included: Members says how many receivers there
	// are here, and it is asked for again when that changes. If it is refused so is the
	// subscription, or the connection of a client whose session has it; but what the node
	// has listened to before, or the program, is asked for again.
	Listen

	// Forget: no longer. It is not answered.
	Forget

	// Send: bring Message, of QoS 0, to the other nodes that listen, and to a node of
	// each Group. It is not answered.
	Send

	// Append: put Message, of QoS 1 or 2, into a log, and bring it from there to all nodes
	// that listen, this one included. Messages of one topic stand in one log.
	Append

	// Retain: as Send or Append, by its QoS; and Message is the retained one of its topic
	// from now on, or deletes that if its payload is empty. Every node gets it as such.
	// With QoS 0 nobody waits for the Reply.
	Retain

	// Replay: bring the messages of one log behind From that this node listens to, in
	// order, with the Token. The Reply comes behind them, and its Position is up to where
	// the log was looked at.
	Replay

	// Fetch: the message at From.
	Fetch
)

// Request is for the engine. What is not named at its Kind is empty. Requests of one
// client are to be answered in their order, as those of one topic, and those of one
// filter; others need not be.
type Request struct {
	Kind  RequestKind
	Token uint64 // the Reply names it; 0 for what is not answered

	// Node is this node. Its Incarnation is 0 in the first Renew.
	Node Holder

	// Namespace is that of Client, Filter and the topic of Message.
	Namespace string

	// Client is who is claimed and held, and the one that has published Message; "" if the
	// program has.
	Client string

	// Epoch is that of our claim: of Take, Release, Put, Drop, Fetch, and of Append and
	// Retain that the client waits for. The engine refuses a Take that is not that of the
	// last claim, unless the client is held by it, and else all by which it is not held, but
	// a Fetch. 0 is not looked at: it is that of a will, which goes out when its client may
	// be held elsewhere already, and of all else that nobody waits for.
	Epoch Epoch

	Free    bool             // Claim: nobody waits for the client here
	Filter  []byte           // Listen, Forget: without $share and the group
	Group   []byte           // Listen, Forget: of a shared subscription, or nil
	Members int              // Listen with a Group
	ID      MessageID        // Append, Retain
	Message *session.Message // Send, Append, Retain
	Record  []byte           // Release, Put: not to be looked into
	From    session.Position // Replay, Fetch

	counted bool // among those that may wait: see engine.send
}

// Outcome is what has become of a Request.
type Outcome uint8

const (
	// Unknown: the answer was lost. It may have happened, and may still.
	Unknown Outcome = iota

	// Done: it has happened.
	Done

	// Refused: it has not happened, and will not.
	Refused
)

// Reply is the engine's answer to a Request.
type Reply struct {
	Token   uint64
	Outcome Outcome

	// Code is why Append or Retain was refused, as PUBACK has it; 0 is 0x97.
	Code mqttwire.ReasonCode

	Incarnation uint64             // Renew
	Epoch       Epoch              // Claim
	Holder      Holder             // Claim: who holds the client; the zero Holder if this node does
	Record      []byte             // Claim, Take: empty if there is none
	Positions   []session.Position // Listen
	Position    session.Position   // Replay
	Message     *session.Message   // Fetch: with its Position
}

// Delivery is a message that the engine brings.
type Delivery struct {
	// Token is that of the Replay, or of the Renew that begins an incarnation, to which it
	// belongs; 0 if it is live, also as a retained one.
	Token uint64

	Namespace string

	// Message has its Position, unless it was sent with QoS 0.
	Message *session.Message

	// Previous is the number in the log of the message before this one that the node was to
	// get live, whatever its topic, and also if it was lost on the way; 0 if this one is the
	// first since the node began to listen. Messages for a Group do not count.
	Previous uint64

	Publisher string // the client that has published it, or ""

	// Group and Filter are those of a Listen with a Group that it is brought for: then it
	// is for one receiver of them.
	Group  []byte
	Filter []byte

	// Retained says that it is the retained message of its topic from now on, or deletes
	// that if the payload is empty; and not one to be sent on.
	Retained bool
}

// NoticeKind is what a Notice tells.
type NoticeKind uint8

const (
	// Wanted: another node claims a client of this one.
	Wanted NoticeKind = iota + 1

	// Gone: the Holder has ended. With a Client this node alone is told, and is to hold
	// that client of the Holder in its place, with nobody connected, unless another one holds
	// it by now.
	Gone

	// Away: the engine is not there. No Request but Renew is handed out.
	Away

	// Back: it is there again.
	Back

	// Gap: live messages of the log of Position may be missing. It is to come for those that
	// are lost and behind which none comes whose Previous would tell.
	Gap
)

// Notice is what the engine tells without having been asked.
type Notice struct {
	Kind      NoticeKind
	Namespace string
	Client    string           // Wanted, Gone
	Epoch     Epoch            // Wanted: by which it is held; of any other it means nothing
	Holder    Holder           // Gone
	Position  session.Position // Gap
}

// What Cluster stands for where it is 0.
const defaultLease = 10 * time.Second

func (o Cluster) orDefault() Cluster {
	if o.Lease <= 0 {
		o.Lease = defaultLease
	}
	if o.Margin <= 0 {
		o.Margin = o.Lease / 5
	}
	if o.Timeout <= 0 {
		o.Timeout = o.Lease
	}
	return o
}

// Request returns the next Request for the engine; ok is false if there is none. It never
// waits. Several goroutines may call it, but then the order is theirs to keep.
func (b *Broker) Request() (r Request, ok bool) {
	if b.engine == nil {
		return r, false
	}
	return b.engine.next()
}

// Requested returns a channel on which there is something when Request has something to
// return, and nobody has looked since. Without Options.Cluster it is nil.
func (b *Broker) Requested() <-chan struct{} {
	if b.engine == nil {
		return nil
	}
	return b.engine.requested
}

// Reply takes the answer to a Request. One with a Token that is not known, or was answered
// before, means nothing. The record of a session and the messages of the Reply are kept.
func (b *Broker) Reply(now time.Time, r Reply) {
	if b.engine == nil {
		return
	}
	t := b.turn(now)
	defer t.end()
	if a := b.engine.answered(r.Token); a != nil {
		a.done(t, &r)
	}
}

// Arrive takes a message that the engine brings. Live ones of a log are to come in its
// order: one that has come before is left out, and from one whose Previous has not come on
// all are, until Replay has brought what is missing and them. So no session is said to have
// got a log further than it has. It is sent on before Arrive is back. taken is false for a
// message for a group of which nobody is here any more, or takes it, or while the node is
// suspended: then another node is to get it. true does not say that it is recorded: see
// Level.
func (b *Broker) Arrive(now time.Time, d Delivery) (taken bool) {
	if b.engine == nil || d.Message == nil {
		return false
	}
	t := b.turn(now)
	defer t.end()
	return b.engine.arrive(t, &d)
}

// Notice takes what the engine tells without having been asked.
func (b *Broker) Notice(now time.Time, n Notice) {
	e := b.engine
	if e == nil {
		return
	}
	t := b.turn(now)
	defer t.end()
	switch n.Kind {
	case Wanted:
		e.wanted(t, holdKey{n.Namespace, n.Client}, n.Epoch)
	case Gone:
		e.gone(t, &n)
	case Away, Back:
		e.away(n.Kind == Away)
	case Gap:
		e.gap(t, n.Position.Log)
	}
}
