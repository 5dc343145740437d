package main

import (
	"io"
	"os"
	"strings"

	"github.com/fatih/color"

	"github.com/mqttwire/mqttwire"
)

// shade is a colour as what stands before and behind what it colours; both are empty
// where nothing is coloured.
type shade struct{ on, off string }

// append appends s in the colour.
func (h shade) append(b []byte, s string) []byte {
	return append(append(append(b, h.on...), s...), h.off...)
}

// palette is the colours of the output.
type palette struct {
	types [16]shade
	quiet shade // what is seldom looked at
	fault shade
	event shade
	name  shade // a client identifier
}

// newPalette makes the palette for one of auto, always, never. By itself the
// colour library looks at the process's own standard output and environment.
func newPalette(when string, stdout io.Writer) palette {
	on := when == "always" || when == "auto" && stdout == io.Writer(os.Stdout) && !color.NoColor
	newShade := func(attributes ...color.Attribute) shade {
		c := color.New(attributes...)
		if c.DisableColor(); on {
			c.EnableColor()
		}
		before, behind, _ := strings.Cut(c.Sprint("|"), "|")
		return shade{before, behind}
	}
	p := palette{
		quiet: newShade(color.Faint), fault: newShade(color.FgRed, color.Bold),
		event: newShade(color.FgYellow), name: newShade(color.Bold),
	}
	connection, message, flow := newShade(color.FgGreen, color.Bold), newShade(color.FgCyan, color.Bold), newShade(color.FgBlue)
	subscription, ping, unknown := newShade(color.FgMagenta, color.Bold), newShade(color.Faint), newShade(color.FgRed)
	for i := range p.types {
		switch mqttwire.PacketType(i) {
		case mqttwire.CONNECT, mqttwire.CONNACK, mqttwire.DISCONNECT, mqttwire.AUTH:
			p.types[i] = connection
		case mqttwire.PUBLISH:
			p.types[i] = message
		case mqttwire.PUBACK, mqttwire.PUBREC, mqttwire.PUBREL, mqttwire.PUBCOMP:
			p.types[i] = flow
		case mqttwire.SUBSCRIBE, mqttwire.SUBACK, mqttwire.UNSUBSCRIBE, mqttwire.UNSUBACK:
			p.types[i] = subscription
		case mqttwire.PINGREQ, mqttwire.PINGRESP:
			p.types[i] = ping
		default:
			p.types[i] = unknown
		}
	}
	return p
}
