package capture

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// versionGuess finds out the version of a conversation whose CONNECT is not in
// the capture, from the packets that are.
type versionGuess struct {
	ruledOut      [mqttwire.V5 + 1]bool
	propertyBytes int // of all properties in PUBLISH packets, if they are of 5.0
	publishes     int // PUBLISH packets that may be of 5.0
}

// enoughPropertyBytes is how many bytes of properties make 5.0 certain. The
// payload of an older PUBLISH may read as the shortest properties by chance;
// that it does so for 5 bytes has hardly any.
const enoughPropertyBytes = 5

// see takes one more packet into account. A packet that no remaining version
// allows is malformed, and tells nothing.
func (g *versionGuess) see(f mqttwire.Frame) {
	var fails [mqttwire.V5 + 1]bool
	left := false
	for _, v := range allVersions {
		_, err := packets.Decode(f, v)
		fails[v] = g.ruledOut[v] || err != nil || !flagsFit(f, v)
		left = left || !fails[v]
	}
	if !left {
		return
	}
	g.ruledOut = fails
	if f.Header.Type == mqttwire.PUBLISH && !g.ruledOut[mqttwire.V5] {
		g.publishes++
		g.propertyBytes += propertySize(f)
	}
}

// flagsFit is stricter than 3.1, in which bits without a meaning are ignored:
// no known sender sets them.
func flagsFit(f mqttwire.Frame, v mqttwire.Version) bool {
	t, flags := f.Header.Type, f.Header.Flags
	if t == mqttwire.PUBLISH || flags == t.Flags() {
		return true
	}
	return v == mqttwire.V31 && t.Flags() != 0 && flags == t.Flags()|8
}

// propertySize returns the size of a PUBLISH's properties, if it is of 5.0.
func propertySize(f mqttwire.Frame) int {
	p, err := packets.Decode(f, mqttwire.V5)
	if err != nil {
		return 0
	}
	return len(p.(*packets.Publish).Properties.Bytes())
}

// certain returns the version if the packets have told it, else 0. 3.1 and
// 3.1.1 differ so little that 3.1.1 stands for both until something tells.
func (g *versionGuess) certain() mqttwire.Version {
	old := !g.ruledOut[mqttwire.V31] || !g.ruledOut[mqttwire.V311]
	switch {
	case g.propertyBytes >= enoughPropertyBytes || !old:
		return mqttwire.V5
	case !g.ruledOut[mqttwire.V5]:
		return 0
	case g.ruledOut[mqttwire.V311]:
		return mqttwire.V31
	}
	return mqttwire.V311
}

// best returns the likeliest version when no more packets can be waited for. If
// every PUBLISH may be of 5.0, each had properties or a zero byte where 5.0 has
// the property length: that is no chance.
func (g *versionGuess) best() mqttwire.Version {
	if v := g.certain(); v != 0 {
		return v
	}
	if g.publishes > 0 {
		return mqttwire.V5
	}
	return mqttwire.V311
}
