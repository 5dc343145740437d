package mqttwiretest

import (
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// StreamTopicAliases is the Topic Alias Maximum that the receiver of a Stream of
// 5.0 has announced.
const StreamTopicAliases = 4

// Stream returns a generator of packets as the given side sends them in version
// v over one connection, legal each by itself and where it stands. A client's
// begin with CONNECT, and a server's with CONNACK or the AUTH packets before it.
// There is no other of these, a CONNACK that refuses and a DISCONNECT are the
// last, and a topic alias that stands alone was set before.
//
// The other side has sent what allows the stream. It has announced
// StreamTopicAliases and no other limit. A client's CONNECT asked for what the
// stream shows (an Authentication Method, response information, to have its
// client identifier assigned or its session resumed) and for nothing that it
// does not show. A server's CONNACK came before the first packet that is neither
// CONNECT nor an AUTH that continues an authentication.
//
// Session state is not heeded: packet identifiers may repeat, and
// acknowledgements answer nothing.
func Stream(v mqttwire.Version, from mqttwire.Sender) *rapid.Generator[[]mqttwire.Packet] {
	return rapid.Custom(func(t *rapid.T) []mqttwire.Packet {
		s := &streamed{T: t, version: v, from: from}
		if from == mqttwire.FromClient {
			s.connect()
		} else {
			s.connack()
		}
		for _, p := range rapid.SliceOfN(Packet(v, from), 0, 8).Draw(t, "packets") {
			if !s.ended {
				s.add(p)
			}
		}
		return s.packets
	})
}

// streamed is a stream that is being drawn.
type streamed struct {
	*rapid.T
	version mqttwire.Version
	from    mqttwire.Sender
	packets []mqttwire.Packet
	ended   bool

	method      []byte // of authentication; nil if there is none
	askedAgain  bool   // the client has begun to authenticate again
	keepSession bool   // the Session Expiry Interval of the CONNECT is not 0
	aliases     []uint16
}

func (s *streamed) connect() {
	p := Connect(s.version).Draw(s.T, "CONNECT")
	expiry, _ := p.Properties.SessionExpiryInterval()
	s.keepSession = expiry > 0
	s.packets = append(s.packets, p)
	s.authenticate(&p.Properties)
}

func (s *streamed) connack() {
	p := Connack(s.version).Draw(s.T, "CONNACK")
	s.authenticate(&p.Properties)
	s.packets = append(s.packets, p)
	s.ended = p.ReasonCode != 0 // [MQTT-3.2.2-7]
}

// authenticate takes up the method of a CONNECT or CONNACK, and adds the AUTH
// packets before the CONNACK. [MQTT-4.12.0-2] [MQTT-4.12.0-3]
func (s *streamed) authenticate(p *mqttwire.Properties) {
	method, ok := p.AuthenticationMethod()
	if !ok {
		return
	}
	s.method = append([]byte{}, method...)
	for range rapid.IntRange(0, 2).Draw(s.T, "AUTH before CONNACK") {
		auth := Auth(s.from).Draw(s.T, "AUTH")
		auth.ReasonCode = mqttwire.ReasonContinueAuthentication
		auth.Properties.SetAuthenticationMethod(s.method)
		s.packets = append(s.packets, auth)
	}
}

// add adds a packet after the CONNACK, changed where the stream demands it, or
// leaves it out.
func (s *streamed) add(p mqttwire.Packet) {
	switch p := p.(type) {
	case *packets.Connect, *packets.Connack: // [MQTT-3.1.0-2] [MQTT-3.2.0-2]
		return
	case *packets.Auth:
		if s.method == nil { // [MQTT-4.12.0-6] [MQTT-4.12.0-7]
			return
		}
		s.auth(p)
	case *packets.Publish:
		s.publish(p)
	case *packets.Disconnect:
		if !s.keepSession { // U-3.14.2.2.2-2
			p.Properties.Remove(mqttwire.SessionExpiryInterval)
		}
		s.ended = true // [MQTT-3.14.4-1]
	}
	s.packets = append(s.packets, p)
}

// auth makes an AUTH packet one of authenticating again: begun by the client,
// then continued. Section 4.12.1.
func (s *streamed) auth(p *packets.Auth) {
	p.Properties.SetAuthenticationMethod(s.method) // [MQTT-4.12.1-1]
	if s.from != mqttwire.FromClient {
		return
	}
	p.ReasonCode = mqttwire.ReasonContinueAuthentication
	if !s.askedAgain {
		p.ReasonCode = mqttwire.ReasonReauthenticate
	}
	s.askedAgain = true
}

// publish makes a topic alias one that the receiver allows and, where it stands
// alone, knows. [MQTT-3.2.2-17] [MQTT-3.1.2-26] U-3.3.4-2
func (s *streamed) publish(p *packets.Publish) {
	alias, ok := p.Properties.TopicAlias()
	if !ok {
		return
	}
	if len(p.Topic) == 0 && len(s.aliases) > 0 {
		p.Properties.SetTopicAlias(rapid.SampledFrom(s.aliases).Draw(s.T, "alias"))
		return
	}
	if len(p.Topic) == 0 {
		p.Topic = TopicName().Draw(s.T, "topic name")
	}
	alias = 1 + (alias-1)%StreamTopicAliases
	p.Properties.SetTopicAlias(alias)
	s.aliases = append(s.aliases, alias)
}
