// Package client is an MQTT client: it connects, publishes, subscribes, and connects
// again, and keeps what it has promised over all of that. What the protocol asks for is
// in package session; this package has the sockets, the goroutines and the clock.
//
//	c, err := client.Dial(ctx, "mqtt://broker.example", client.Options{})
//	…
//	_, err = c.Subscribe(ctx, func(m *client.Message) {
//		fmt.Printf("%s %s\n", m.Topic, m.Payload)
//	}, client.Sub("a/#", 1))
//	err = c.Publish(ctx, "a/b", []byte("hello"), client.QoS(1))
//	…
//	err = c.Close(ctx)
//
// # Handlers
//
// Handlers of messages and of Events run one at a time, in the order in which things
// happened, on a goroutine of their own: they may wait, and call every method of the
// client, Close too. Nothing else waits for them: while one runs, or blocks for ever,
// acknowledgements and pings go their way. A message is acknowledged when its handler
// has returned, so that the server does not send faster than messages are worked on. See
// Inbox for several handlers at once, and Message.Hold.
//
// A message of QoS 2 is handed on once, also if the connection ends while its handler
// runs. One of QoS 1 comes again then only if the server does not have the session any
// more, or if its acknowledgement was lost on the way.
//
// # Outcomes
//
// An error of Publish, Subscribe and Unsubscribe is a *RequestError, which says what is
// true: the server has refused (ErrRefused), it has not seen a byte and will not
// (ErrNotSent), or it may have seen it (ErrUnknown). Each request ends, also when the
// client is closed, and a context that ends lets nobody wait longer.
//
// # Connections
//
// The client connects again for ever, with waits that grow and are drawn at random
// (Backoff), until it is closed, or the server says that it is of no use. Messages of
// QoS 1 and 2 wait meanwhile, up to the bounds of Options.Session, and beyond the
// program's end with Options.Journal. Those of QoS 0 do not, unless
// Options.Session.QueueQoS0 is set.
//
// # Terms
//
// An attempt is to dial, to send CONNECT and to await the CONNACK; a round is an attempt
// at each server. A client is started from Connect, Start or Run on, connected from the
// CONNACK on, and ended for good by Close, Abort, or an error after which it is of no use
// to go on. A route is where the messages of a filter go: to a handler or an Inbox.
package client
