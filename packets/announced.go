package packets

import (
	"bytes"

	"github.com/mqttwire/mqttwire"
)

// announced is what the receiver of a direction has announced in its CONNECT or
// CONNACK, and what the sender therefore has to keep. Sections 3.1.2.11 and
// 3.2.2.3. Properties that are absent stand for the defaults, every time.
type announced struct {
	packetSize       uint32 // the largest whole packet; 0: no limit but the protocol's
	topicAlias       uint16 // the largest topic alias; 0: none
	qos              mqttwire.QoS
	noRetain         bool
	noWildcard       bool
	noShared         bool
	noSubscriptionID bool
}

// nothingAnnounced is what holds before the receiver has announced anything.
var nothingAnnounced = announced{qos: mqttwire.ExactlyOnce}

// announcedIn reads what the properties of a CONNECT or CONNACK announce.
func announcedIn(p *mqttwire.Properties) announced {
	a := nothingAnnounced
	a.packetSize, _ = p.MaximumPacketSize()
	a.topicAlias, _ = p.TopicAliasMaximum()
	if q, ok := p.MaximumQoS(); ok {
		a.qos = q
	}
	a.noRetain = isFalse(p.RetainAvailable())
	a.noWildcard = isFalse(p.WildcardSubscriptionAvailable())
	a.noShared = isFalse(p.SharedSubscriptionAvailable())
	a.noSubscriptionID = isFalse(p.SubscriptionIdentifierAvailable())
	return a
}

// takes is what a side has announced on answers to its packets.
type takes struct {
	packetSize uint32 // the largest whole packet; 0: no limit but the protocol's
	noProblems bool   // a client wants Reason Strings in CONNACK and DISCONNECT only
}

// takesIn reads what the properties of a CONNECT or CONNACK say on answers.
func takesIn(p *mqttwire.Properties) takes {
	size, _ := p.MaximumPacketSize()
	return takes{size, isFalse(p.RequestProblemInformation())}
}

// isFalse reports whether a property is there and 0.
func isFalse(v, ok bool) bool { return ok && !v }

// hasWildcard reports whether a topic filter has a wildcard. Section 4.7.1.
func hasWildcard(filter []byte) bool {
	return bytes.IndexByte(filter, '#') >= 0 || bytes.IndexByte(filter, '+') >= 0
}
