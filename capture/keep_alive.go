package capture

import (
	"fmt"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// keepAlive watches how long a client says nothing. Section 3.1.2.10.
type keepAlive struct {
	limit time.Duration // one and a half times the Keep Alive; 0 if there is none
	last  mark          // of its last packet
}

// keepAliveOf takes note of the Keep Alive that a CONNECT asks for, or that the
// server asks for in its place. [MQTT-3.2.2-21] A server waits for one and a half
// times as long. [MQTT-3.1.2-22], in 3.1.1 [MQTT-3.1.2-24]
func (c *conversation) keepAliveOf(p mqttwire.Packet) {
	seconds, told := uint16(0), false
	switch p := p.(type) {
	case *packets.Connect:
		seconds, told = p.KeepAlive, true
	case *packets.Connack:
		seconds, told = p.Properties.ServerKeepAlive()
	}
	if told {
		c.alive.limit = time.Duration(seconds) * time.Second * 3 / 2
	}
}

// heard takes note that the client has said something, or that the connection ended,
// and reports if that took longer than its Keep Alive allows.
func (c *conversation) heard(m mark) {
	last, limit := c.alive.last, c.alive.limit
	c.alive.last = m
	if limit == 0 || last.time.IsZero() || m.time.Sub(last.time) <= limit {
		return
	}
	e := c.clientSide().event(Silence, m)
	e.Gap = m.time.Sub(last.time)
	e.Note = fmt.Sprintf("the client sent no packet for %v; its keep alive allows %v", e.Gap, limit)
	c.emit(&e)
}
