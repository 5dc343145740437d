// Package session runs the protocol above the packets, for a client and for a
// server, in MQTT 3.1, 3.1.1 and 5.0, without I/O, clock, goroutine or randomness:
// bytes, requests and the time go in; changes to keep, events, bytes to write and a
// deadline come out.
//
// A Session is what a side keeps when a connection ends: messages that wait or are
// in flight, packet identifiers, subscriptions, expiry, will. A Link is one
// connection. They meet by Open (client) or Accept (server), and part when the Link
// closes or is Lost.
//
// # Order
//
// The outputs have an order. A driver does four steps, again and again until none of
// them has anything:
//
//  1. take the changes (Session.Change) and make them durable, if Options.Journal
//     asks for them;
//  2. take the events (Link.NextEvent) and hand them on;
//  3. write the bytes (Link.Append) and say so (Link.Wrote);
//  4. wait for bytes of the peer (Link.Feed), for a request, or for the deadline
//     (Link.Deadline, then Link.Tick; and the same of the Session).
//
// So a message is stored before its PUBLISH is written, and handed on before the
// PUBACK or PUBREC that acknowledges it. While there are changes to be taken first,
// Append gives nothing.
//
// Bytes that came are looked at one packet after the other: Feed, then Packet and
// Handle until there is no packet, and the events after each Handle.
//
//	link.Feed(now, chunk)
//	for {
//		p, ok := link.Packet()
//		if !ok {
//			break
//		}
//		link.Handle(now) // or Answer, or Hold
//		for e := link.NextEvent(); e != nil; e = link.NextEvent() {
//			…
//		}
//	}
//
// # Terms
//
// A Token names a request: a message to publish, a SUBSCRIBE, an UNSUBSCRIBE. Each
// ends exactly once, by an event Done or Dropped, or by Cancel; its Outcome is what is
// true of it. A message waits until its PUBLISH begins to be written, and is in flight
// from then on until the peer has acknowledged it. An acknowledgement is held while the
// application has still to say so (Ack). A session is lost if the peer no longer has
// it. A message is hollow if only its Position in a log is known. The memory of a message
// of a MessagePool is used again when nobody keeps it: who does says so by Keep, and by
// Release.
//
// # What the standards leave open
//
//   - A QoS 2 message is handed on when its PUBLISH comes, once, and not when PUBREL
//     does.
//   - A PUBREC with an error code ends the exchange, and frees the identifier.
//   - A PUBREL with an unknown identifier is answered by PUBCOMP, in 5.0 with code
//     0x92; a PUBREC with an unknown identifier by PUBREL, in 5.0 with code 0x92. So a
//     peer whose counterpart has lost its state does not hang.
//   - A PUBACK or PUBCOMP with an unknown identifier is ignored and counted (Stats).
//   - A PUBLISH with an identifier that is in use for a message of the other QoS is
//     refused with code 0x91, and the connection goes on; before 5.0, where no code
//     says so, it is closed.
//   - A PUBLISH that repeats a QoS 2 message is answered by PUBREC again; it is
//     neither handed on nor counted twice against our Receive Maximum.
//   - After a reconnect with the session present, everything that was not acknowledged
//     is sent again in its order, PUBREL first and then PUBLISH with DUP, before any
//     new message. An exchange that waits for PUBCOMP takes a slot of the peer's
//     Receive Maximum; its PUBREL goes out even with no slot left.
//   - If the server has lost the session, Options.OnLost decides about messages in
//     flight. Subscriptions of a client are made again, those that were under way too.
//   - A message that has expired is not begun, and is dropped with an event. One that
//     was begun goes on: what is sent again has an interval of 0 then.
//   - A message that is larger than the peer takes counts as delivered, and is dropped
//     with an event. The next one goes out.
//   - A message of 3.x that the driver refuses (Answer, Ack), which no code says there, is
//     acknowledged all the same; who wants the connection to end calls Disconnect.
//   - A message that is larger than our LinkOptions.Limits is refused with code 0x97, in
//     5.0 and with QoS 1 and 2; else the connection ends.
//   - A will that is due when its server ends without warning is published when it has
//     started again; twice, if it was handed on just before, rather than never. The same
//     holds for one whose client was coming back.
//   - A refused SUBSCRIBE of 3.1, where no code says so, is acknowledged as asked, and
//     not subscribed.
//   - A client's PINGREQ is due by what it has sent, whatever comes; PINGRESP is
//     awaited from when PINGREQ was written.
//   - A message of QoS 1 or 2 whose acknowledgement was still held when its connection
//     ended was not acknowledged, and so it comes again; its AckToken is stale. One of QoS 2
//     may still be taken on (TakeOn), and is not handed on again then.
//
// # Untrusted input
//
// Nothing that a peer, a snapshot or a change holds makes the package panic, or use
// memory without bounds: what a peer can make it keep is bounded by Options and
// LinkOptions, in numbers and in bytes. A peer that breaks a rule gets the answer
// that the standard names; Closed and the event Disconnected say what it was.
package session
