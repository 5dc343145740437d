// Package broker is an MQTT broker for 3.1, 3.1.1 and 5.0 without network, clock and
// goroutine: it keeps the sessions, and sends each message on to all that subscribe to
// its topic. Package server puts it behind listeners; simulations and tests run it
// alone.
//
// A driver makes a session.Link for each connection, gives it to Attach, and from then
// on reaches it through the Conn that it gets: bytes in by Feed, each packet by Packet
// and Handle (or Answer, which says otherwise), bytes out by Append and Wrote. What a
// message of one client has given others to write is told by the function given to Attach. Tick, of
// the Broker and of each Conn, is to be called at their Deadlines.
//
// # Terms
//
// A client is what the broker keeps of a client identifier: its session, and its
// connection if there is one. A namespace is a set of clients that see nothing of those
// of others: client identifiers, topics, subscriptions and retained messages are each
// namespace's own. A hook is a function that the program gives, and that decides. A
// takeover is that a connection gets the session of one that is open. A replay sends
// the retained messages of a subscription that was made; of a log it brings what stands
// behind a position. A figure is a number about the broker, published below $SYS.
//
// # What the standards leave open
//
//   - Of overlapping subscriptions a client gets one copy: with the highest QoS, all
//     subscription identifiers, and with RETAIN as published if one asks for it. One
//     with No Local counts as none for what the client has published.
//   - A message without a subscriber is acknowledged with code 0x10 in 5.0.
//   - Before 5.0 a filter that begins with $share/ is shared too.
//   - The group of a shared subscription gives a message to a member that is connected,
//     at random. What a member has not begun to get of QoS 1 and 2 when its connection
//     ends goes to another one that is connected; what has begun goes on with its session
//     and, with QoS 1, goes to another if that ends. What a member refuses is dropped.
//     [MQTT-4.8.2-5] [MQTT-4.8.2-6]
//   - A retained message that was published by the client itself is not sent to a
//     subscription with No Local.
//   - Retained messages go out as there is room for them: what else a client gets is
//     not held up, and never an older message after a newer one of its topic.
//   - A retained message for which there is no room within Limits.Retained is refused
//     with code 0x97, and not sent on.
//   - The Message Expiry Interval of a will begins when it is published.
//   - A takeover goes in this order: the hook Connect has said yes; what the old
//     connection has received is sent on to its end; the old connection gets DISCONNECT
//     with code 0x8E and parts from the session, and if that ends with it there is a new
//     one; the new connection has the session, and its CONNACK is next to be written;
//     the will of the old one is published if it is due. Between there is no moment at
//     which a message finds no session.
//   - A client that is slow does not hold up others: messages wait in its session up to
//     Limits.Queue. If there is no more room, those of QoS 0 are dropped first, and then
//     new ones. A connection that takes no byte for Limits.Stalled is closed with code
//     0x97.
//
// # Concurrency
//
// All may be used by many goroutines at once, but for a Conn: Feed, Packet, Handle,
// Answer, Tick and Lost are for one goroutine at a time, and so are Append, Buffers and
// Wrote. Each session has a lock, and no two of them are ever held at once. Hooks run
// outside all locks, on the goroutine of the call that has caused them; one that waits
// delays what it decides about, and no other client, but for Deliver in a cluster, which
// delays what the engine brings, and with a journal as below. A hook must not drive a Conn.
//
// # Journal
//
// With Options.Journal Changes returns what is to be made durable, of all sessions and
// retained messages, in order. What is written to a client never depends on a change
// that was not said to be Durable: PUBACK leaves when the message is durable in the
// sessions of all its receivers. One write of a journal so serves all connections. What
// one step has changed becomes durable together, and before what comes behind it: a hook
// that waits while a will or a retained message is sent on holds all acknowledgements up.
//
// # The door for an engine
//
// With Options.Cluster a broker is one node of several. What they share is kept by an
// engine, a program outside with records, logs and retained messages. The broker asks it
// by Request; the engine answers by Reply, brings messages by Arrive and tells the rest by
// Notice. Neither waits for the other: a driver hands on each Request as it comes, and
// gives what comes back whenever it does. Without Options.Cluster there is nothing of all
// that.
//
// The order of what happens:
//
//   - A lease. The first thing asked for is Renew; up to its Reply a node does nothing for
//     anybody. When the lease ends, the Margin earlier than the engine believes, the node is
//     suspended: only PINGRESP is written, and of what clients send only PINGREQ is read.
//     When Renew is answered again each client is confirmed, by a Put that the engine does
//     only if the client is still ours; then its connection goes on. One that another node
//     has taken is closed without a word.
//   - A connection. CONNECT is read, the hook Connect says yes, and the client is claimed;
//     its next packets stay unread (see Conn.Waits). If nobody holds it the Reply of Claim
//     has its record. Else its holder gets Wanted; and it writes DISCONNECT with code 0x8E,
//     parts the connection from the session, publishes the will if it is due, and asks for
//     Release with the record. Then Take is answered with that. Then the node listens to the
//     subscriptions in it, and asks by Replay for what has come meanwhile; and then the
//     CONNACK is next. The third claim of a client in ten seconds waits a second. If a
//     client comes to the node that holds it nothing is asked for; if its session has ended
//     there it is claimed when Drop is answered.
//   - A subscription. SUBACK waits until Listen is answered, if nobody here had that filter.
//     If that is refused, so is the subscription, with code 0x83, and 0x80 before 5.0.
//   - A message with QoS 0 goes to who is here, and by Send to the others.
//   - A message with QoS 1 or 2 is asked to be appended to a log, and its PUBACK or PUBREC
//     waits for the answer, in the order of those before it. If it is refused or nobody
//     knows, it is refused with code 0x97 or 0x83 in 5.0, and closes the connection before;
//     so do those behind it that are not answered. Of QoS 2 a client has one at a time with
//     the engine, and one that it repeats has the same MessageID. It is sent on when Arrive
//     brings it, in the order of its log, and never with code 0x10.
//   - What comes from a log is noted, by log and number, in the step in which it is queued.
//     What comes again is left out; what is missing is asked for by Replay, and up to then
//     what is live is left out.
//   - A session is recorded by Put: with Recorded before what depends on it is written, with
//     Appended before a CONNACK, SUBACK or UNSUBACK is and what comes behind it; one Put of a
//     client at a time, with all that has changed meanwhile. A record has the
//     messages of the log by their Position; the node that makes a session of it asks for
//     each by Fetch when its turn comes. A session that ends with its connection needs no
//     record, but for its will.
//   - The end of a node. What it held is given to who has claimed it; and of the rest
//     another node is told by Gone to hold it, so that its wills are published and its
//     sessions expire in their time; it claims only what nobody holds by then (Request.Free).
//
// What is not answered within Cluster.Timeout counts as unknown. What has to happen is asked
// for again; a message of a client is not.
package broker
