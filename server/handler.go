package server

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/answer"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// Handler has a function for each packet that a client sends, and one for the end of a
// connection that was open. They are called on the goroutine that reads the connection,
// one after the other; packets are valid during the call.
//
// A function that is nil, or returns nil, be it a nil pointer to a packet, asks for the
// usual answer; a packet that is returned is the answer. One that does not fit is an error
// of the handler: the usual answer is sent, and the error is logged. A code that the
// client's version does not have is sent as the one that says the same. A CONNACK with a
// code refuses the client in any case, with 0x88 if no CONNACK has the code, and so does
// an AUTH that cannot be sent, and with a Broker a CONNACK, with 0x80: that is logged too.
// An error that is returned refuses the packet, with the code of an *mqttwire.Error or
// 0x80, and where no answer says so it ends the connection. A function that panics ends its
// connection, and no other.
//
// With a Broker what is refused is not done: see broker.Conn.Answer. The hooks of the
// broker are asked besides.
type Handler struct {
	// Connect answers with a CONNACK, or with an AUTH that begins an exchange.
	Connect func(*Conn, *packets.Connect) (mqttwire.Packet, error)

	// Publish answers with a PUBACK or a PUBREC, by the QoS.
	Publish func(*Conn, *packets.Publish) (mqttwire.Packet, error)

	// PublishAck, PublishReceived, PublishRelease and PublishComplete see the
	// acknowledgements, two of which are answered. [MQTT-4.3.3-1]
	PublishAck      func(*Conn, *packets.Puback)
	PublishReceived func(*Conn, *packets.Pubrec) (*packets.Pubrel, error)
	PublishRelease  func(*Conn, *packets.Pubrel) (*packets.Pubcomp, error)
	PublishComplete func(*Conn, *packets.Pubcomp)

	Subscribe   func(*Conn, *packets.Subscribe) (*packets.Suback, error)
	Unsubscribe func(*Conn, *packets.Unsubscribe) (*packets.Unsuback, error)

	// Ping says whether PINGRESP is sent. Else the connection is closed.
	Ping func(*Conn) bool

	// Disconnect sees that the client goes.
	Disconnect func(*Conn, *packets.Disconnect)

	// Auth goes on with an exchange: an AUTH with code 0 ends it, the first one by a
	// CONNACK. Without a Broker one that is not answered has failed.
	Auth func(*Conn, *packets.Auth) (*packets.Auth, error)

	// Close hears that a connection has ended, and why.
	Close func(*Conn, error)
}

// errPanic says that a function of the Handler has panicked.
var errPanic = errors.New("server: a function of the Handler has panicked")

// panicked returns the error for what a function has panicked with.
func panicked(r any) error { return fmt.Errorf("%w: %v", errPanic, r) }

// call calls the function for a packet.
func (h *Handler) call(c *Conn, packet mqttwire.Packet) (a mqttwire.Packet, err error) {
	defer func() {
		if r := recover(); r != nil {
			a, err = nil, panicked(r)
			c.log("handler failed", "packet", packet.Type().String(), "error", err.Error(), "stack", string(debug.Stack()))
		}
	}()
	switch p := packet.(type) {
	case *packets.Connect:
		return called(c, p, h.Connect)
	case *packets.Publish:
		return called(c, p, h.Publish)
	case *packets.Puback:
		seen(c, p, h.PublishAck)
	case *packets.Pubrec:
		return called(c, p, h.PublishReceived)
	case *packets.Pubrel:
		return called(c, p, h.PublishRelease)
	case *packets.Pubcomp:
		seen(c, p, h.PublishComplete)
	case *packets.Subscribe:
		return called(c, p, h.Subscribe)
	case *packets.Unsubscribe:
		return called(c, p, h.Unsubscribe)
	case *packets.Auth:
		return called(c, p, h.Auth)
	case *packets.Pingreq:
		if h.Ping == nil {
			break
		}
		if c.conn.Tell(); !h.Ping(c) {
			return nil, errNoPing
		}
	case *packets.Disconnect:
		seen(c, p, h.Disconnect)
	}
	return nil, nil
}

// errNoPing says that Ping has returned false.
var errNoPing = errors.New("server: the Handler does not answer PINGREQ")

// called calls a function that may be nil, and whose answer may be.
func called[P any, A mqttwire.Packet](c *Conn, p P, f func(*Conn, P) (A, error)) (mqttwire.Packet, error) {
	if f == nil {
		return nil, nil
	}
	c.conn.Tell() // what came before does not wait for the function
	a, err := f(c, p)
	if err != nil || answer.IsNil(a) {
		return nil, err
	}
	return a, nil
}

func seen[P any](c *Conn, p P, f func(*Conn, P)) {
	if f != nil {
		c.conn.Tell()
		f(c, p)
	}
}

// handle handles a packet, as the Handler says.
func (c *Conn) handle(now time.Time, p mqttwire.Packet) {
	a, err := c.server.Handler.call(c, p)
	switch {
	case errors.Is(err, errPanic), errors.Is(err, errNoPing):
		if errors.Is(err, errNoPing) {
			c.log("handler refuses", "packet", p.Type().String(), "error", err.Error())
		}
		c.conn.Disconnect(now, &packets.Disconnect{ReasonCode: mqttwire.ReasonUnspecifiedError})
		return
	case err != nil:
		c.refuse(now, p, err)
		return
	case a == nil:
		c.conn.Handle(now)
		return
	}
	if err = c.conn.Answer(now, a); err != nil {
		c.log("answer does not fit", "packet", p.Type().String(), "answer", a.Type().String(), "error", err.Error())
		if q, ok := c.conn.Packet(); ok && q == p {
			c.conn.Handle(now)
		}
	}
}

// refuse refuses a packet with the code of an error, or ends the connection where no
// answer says so.
func (c *Conn) refuse(now time.Time, p mqttwire.Packet, why error) {
	c.log("handler refuses", "packet", p.Type().String(), "error", why.Error())
	code := mqttwire.ReasonUnspecifiedError
	var e *mqttwire.Error
	if errors.As(why, &e) && e.Reason.IsError() {
		code = e.Reason
	}
	if a := refusal(p, code); a != nil && c.conn.Answer(now, a) == nil {
		return
	}
	if !code.AllowedIn(mqttwire.DISCONNECT, mqttwire.V5, mqttwire.FromServer) {
		code = mqttwire.ReasonUnspecifiedError
	}
	c.conn.Disconnect(now, &packets.Disconnect{ReasonCode: code})
}

// refusal returns the answer that refuses a packet, or nil if there is none.
func refusal(p mqttwire.Packet, code mqttwire.ReasonCode) mqttwire.Packet {
	if q, ok := p.(*packets.Pubrec); ok {
		return &packets.Pubrel{PacketID: q.PacketID}
	}
	a := packets.Acknowledge(p)
	if a == nil {
		return nil
	}
	if !code.AllowedIn(a.Type(), mqttwire.V5, mqttwire.FromServer) {
		code = mqttwire.ReasonUnspecifiedError
	}
	switch a := a.(type) {
	case *packets.Suback:
		for i := range a.ReasonCodes {
			a.ReasonCodes[i] = code
		}
	case *packets.Unsuback:
		for i := range a.ReasonCodes {
			a.ReasonCodes[i] = code
		}
	default:
		packets.SetReasonCode(a, code)
	}
	return a
}

// ErrNotConnected says that a message was sent to a client that is not connected.
var ErrNotConnected = session.ErrNotConnected
