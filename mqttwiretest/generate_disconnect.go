package mqttwiretest

import (
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// Disconnect returns a generator of DISCONNECT packets of version v from the
// given side.
func Disconnect(v mqttwire.Version, from mqttwire.Sender) *rapid.Generator[*packets.Disconnect] {
	if v != mqttwire.V5 {
		return rapid.Map(rapid.Just(0), func(int) *packets.Disconnect { return &packets.Disconnect{} })
	}
	return rapid.Custom(func(t *rapid.T) *packets.Disconnect {
		p := &packets.Disconnect{
			ReasonCode: drawCode(t, mqttwire.DISCONNECT, v, from),
			Properties: drawProperties(t, v, mqttwire.PropertyOwner(mqttwire.DISCONNECT), from),
		}
		drawReference(t, &p.ReasonCode, &p.Properties)
		return p
	})
}

// Auth returns a generator of AUTH packets of 5.0 from the given side. From a
// server, some have a remaining length of 0, which a receiver may refuse:
// U-3.15.2.1-1.
func Auth(from mqttwire.Sender) *rapid.Generator[*packets.Auth] {
	return rapid.Custom(func(t *rapid.T) *packets.Auth {
		if from == mqttwire.FromServer && rapid.IntRange(0, 15).Draw(t, "empty") == 15 {
			return &packets.Auth{}
		}
		p := &packets.Auth{
			ReasonCode: drawCode(t, mqttwire.AUTH, mqttwire.V5, from),
			Properties: Properties(mqttwire.PropertyOwner(mqttwire.AUTH), from).Draw(t, "properties"),
		}
		if !p.Properties.Has(mqttwire.AuthenticationMethod) { // U-3.15.2.2.2-1
			p.Properties.SetAuthenticationMethod(Text().Draw(t, "method"))
		}
		return p
	})
}
