package main

import (
	"io"
	"os"

	"github.com/fatih/color"

	"github.com/mqttwire/mqttwire"
)

// palette is the colours of the output.
type palette struct {
	types [16]*color.Color
	quiet *color.Color // what is seldom looked at
	fault *color.Color
}

// newPalette makes the palette for one of auto, always, never. By itself the
// colour library looks at the process's own standard output and environment.
func newPalette(when string, stdout io.Writer) palette {
	on := when == "always" || when == "auto" && stdout == io.Writer(os.Stdout) && !color.NoColor
	shade := func(attributes ...color.Attribute) *color.Color {
		c := color.New(attributes...)
		if c.DisableColor(); on {
			c.EnableColor()
		}
		return c
	}
	p := palette{quiet: shade(color.Faint), fault: shade(color.FgRed, color.Bold)}
	connection, message, flow := shade(color.FgGreen, color.Bold), shade(color.FgCyan, color.Bold), shade(color.FgBlue)
	subscription, ping, unknown := shade(color.FgMagenta, color.Bold), shade(color.Faint), shade(color.FgRed)
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
