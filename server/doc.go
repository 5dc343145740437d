// Package server puts a broker behind listeners, or is a protocol server of its own: it
// has the sockets, the goroutines and the clock, and no rule of the protocol, which
// packages session and broker keep.
//
//	s := &server.Server{Broker: broker.New(broker.Options{})}
//	log.Fatal(s.ListenAndServe("mqtt://127.0.0.1:1883"))
//
// With a Broker it is all of MQTT. Without one it acknowledges what clients send, keeps
// no session beyond its connection, and sends nothing on: what a message means is left
// to the Handler, which has a function for each packet that a client sends, and may
// answer it.
//
// # Terms
//
// An answer is the packet that a function of the Handler returns: its codes and
// properties are sent, and its type and packet identifier have to fit. The usual answer
// is that which is sent without one. A connection rests while nothing comes: then it has
// one goroutine, which waits for the first bytes, and no buffer.
//
// # Goroutines
//
// Each connection has a goroutine that reads, and calls the functions of its Handler,
// so that one that waits delays that client alone. Another one writes, as long as there
// is something to be written, if the first cannot at once. A Broker has one more for its
// deadlines, and one for the Journal; both end with Shutdown or Close.
//
// # Behind a proxy
//
// A listener may stand on another one: one of the PROXY protocol, as that of
// github.com/pires/go-proxyproto, below one of crypto/tls, below one of package ws. The
// address of a client is asked for on the goroutine of its connection, so that one that
// waits for what a proxy says of it holds up nobody else.
//
// # The end of a connection
//
// What is to be said at last is written, the sending side is closed, and what the
// client still sends is read for a bounded time, as else the network may throw away what
// it has not read.
package server
