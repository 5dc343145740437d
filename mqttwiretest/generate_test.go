package mqttwiretest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
	"github.com/mqttwire/mqttwire/packets"
)

func TestGeneratedPacketsAreLegalFromTheirSender(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, from := mqttwiretest.Version().Draw(t, "version"), mqttwiretest.Sender().Draw(t, "sender")
		p := mqttwiretest.Packet(v, from).Draw(t, "packet")
		_, err := p.Append(nil, v)
		require.NoError(t, err)
		require.NoError(t, packets.CheckSender(p, v, from))
		if err := packets.CheckOptional(p, v); err != nil {
			var e *mqttwire.Error
			require.ErrorAs(t, err, &e)
			require.Contains(t, []mqttwire.Rule{mqttwire.RuleBridge, mqttwire.RuleAuthEmpty}, e.Rule)
		}
	})
}

func TestGeneratedServerReferencesAreWhereTheyMeanSomething(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		disconnect := mqttwiretest.Disconnect(mqttwire.V5, mqttwiretest.Sender().Draw(t, "sender")).Draw(t, "DISCONNECT")
		connack := mqttwiretest.Connack(mqttwire.V5).Draw(t, "CONNACK")
		moved := func(c mqttwire.ReasonCode) bool {
			return c == mqttwire.ReasonUseAnotherServer || c == mqttwire.ReasonServerMoved
		}
		require.True(t, moved(disconnect.ReasonCode) || !disconnect.Properties.Has(mqttwire.ServerReference))
		require.True(t, moved(connack.ReasonCode) || !connack.Properties.Has(mqttwire.ServerReference))
	})
	rapid.Check(t, func(t *rapid.T) {
		p := mqttwiretest.Disconnect(mqttwire.V5, mqttwire.FromClient).Draw(t, "DISCONNECT")
		require.False(t, p.Properties.Has(mqttwire.ServerReference))
	})
}

func TestAClientIdentifierIsAssignedToANewSession(t *testing.T) {
	connack := mqttwiretest.Connack(mqttwire.V5)
	assigned, resumed := 0, 0
	for seed := range 2000 {
		p := connack.Example(seed)
		if p.SessionPresent {
			resumed++
		}
		if p.Properties.Has(mqttwire.AssignedClientIdentifier) {
			assigned++
			require.False(t, p.SessionPresent) // [MQTT-3.2.2-16]
		}
	}
	assert.NotZero(t, assigned)
	assert.NotZero(t, resumed)
}

func TestGeneratedPublishesReachTheLargestEdges(t *testing.T) {
	publish := mqttwiretest.Publish(mqttwire.V5, mqttwire.FromClient)
	seen := facts{}
	for seed := range 4000 {
		p := publish.Example(seed)
		n := len(p.Payload)
		b, _ := p.Append(nil, mqttwire.V5)
		frame, _, _ := mqttwire.CutFrame(b, 0)
		seen.note("remaining length %d", frame.Header.RemainingLength)
		seen.note("payload over 65535: %t", n > 65535 && n < 200000)
	}
	for _, want := range []string{"remaining length 2097151", "remaining length 2097152", "payload over 65535: true"} {
		assert.True(t, seen[want], "never seen: %s", want)
	}
}

// facts are what generated packets are expected to show, each noted when seen.
type facts map[string]bool

func (f facts) note(format string, args ...any) { f[fmt.Sprintf(format, args...)] = true }

func TestGeneratorsReachTheEdges(t *testing.T) {
	seen := facts{}
	for _, v := range []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5} {
		for _, from := range []mqttwire.Sender{mqttwire.FromClient, mqttwire.FromServer} {
			packet := mqttwiretest.Packet(v, from)
			for seed := range 2500 {
				seen.packet(packet.Example(seed), v, from)
			}
		}
	}
	for _, want := range wantedFacts() {
		assert.True(t, seen[want], "never seen: %s", want)
	}
}

func (f facts) packet(p mqttwire.Packet, v mqttwire.Version, from mqttwire.Sender) {
	f.note("%s in %s from %s", p.Type(), v, from)
	b, _ := p.Append(nil, v)
	frame, _, _ := mqttwire.CutFrame(b, 0)
	f.note("remaining length %d", frame.Header.RemainingLength)
	switch p := p.(type) {
	case *packets.Connect:
		f.connect(p, v)
	case *packets.Connack:
		f.note("code %d in CONNACK of %s", p.ReasonCode, v)
		f.properties(mqttwire.PropertyOwner(p.Type()), p.Properties)
	case *packets.Publish:
		f.note("PUBLISH of %s, QoS %d, DUP %t", v, p.QoS, p.Dup)
		f.note("topic name of %d bytes in %s", len(p.Topic), v)
		f.properties(mqttwire.PropertyOwner(p.Type()), p.Properties)
	case *packets.Pubrel:
		f.note("PUBREL of %s, DUP %t", v, p.Dup)
		f.code(p.Type(), p.ReasonCode, v, from, p.Properties)
	case *packets.Subscribe:
		f.note("SUBSCRIBE of %s, DUP %t", v, p.Dup)
		f.note("SUBSCRIBE of %d entries", len(p.Subscriptions))
		for _, s := range p.Subscriptions {
			f.note("shared %t, no local %t in %s", mqttwire.IsSharedFilter(s.Filter), s.NoLocal, v)
			f.note("filter of %d bytes, shared %t", len(s.Filter), mqttwire.IsSharedFilter(s.Filter))
			f.note("$share alone %t in %s", string(s.Filter) == "$share", v)
		}
		f.properties(mqttwire.PropertyOwner(p.Type()), p.Properties)
	case *packets.Unsubscribe:
		f.note("UNSUBSCRIBE of %s, DUP %t", v, p.Dup)
		f.properties(mqttwire.PropertyOwner(p.Type()), p.Properties)
	case *packets.Suback:
		f.code(p.Type(), p.ReasonCodes[0], v, from, p.Properties)
	case *packets.Unsuback:
		if v == mqttwire.V5 {
			f.code(p.Type(), p.ReasonCodes[0], v, from, p.Properties)
		}
	case *packets.Puback:
		f.code(p.Type(), p.ReasonCode, v, from, p.Properties)
	case *packets.Pubrec:
		f.code(p.Type(), p.ReasonCode, v, from, p.Properties)
	case *packets.Pubcomp:
		f.code(p.Type(), p.ReasonCode, v, from, p.Properties)
	case *packets.Disconnect:
		f.code(p.Type(), p.ReasonCode, v, from, p.Properties)
	case *packets.Auth:
		f.code(p.Type(), p.ReasonCode, v, from, p.Properties)
	}
}

func (f facts) connect(p *packets.Connect, v mqttwire.Version) {
	f.note("user name in %s: nil %t, empty %t", v, p.UserName == nil, len(p.UserName) == 0)
	f.note("password in %s: nil %t, empty %t", v, p.Password == nil, len(p.Password) == 0)
	f.note("will in %s: %t", v, p.Will != nil)
	f.note("bridge in %s: %t", v, p.Bridge)
	f.note("client identifier of %d characters in %s", len([]rune(string(p.ClientID))), v)
	f.note("client identifier of %d bytes", len(p.ClientID))
	for _, r := range string(p.ClientID) {
		f.note("character %U", r)
	}
	f.properties(mqttwire.PropertyOwner(mqttwire.CONNECT), p.Properties)
	if p.Will != nil {
		f.properties(mqttwire.WillProperties, p.Will.Properties)
	}
}

func (f facts) code(typ mqttwire.PacketType, c mqttwire.ReasonCode, v mqttwire.Version, from mqttwire.Sender, list mqttwire.Properties) {
	f.note("code %d in %s of %s from %s", c, typ, v, from)
	f.properties(mqttwire.PropertyOwner(typ), list)
}

func (f facts) properties(owner mqttwire.PropertyOwner, list mqttwire.Properties) {
	count := map[mqttwire.PropertyID]int{}
	for q := range list.All() {
		count[q.ID]++
		f.note("%s of %d, %d times", q.ID, owner, count[q.ID])
	}
	f.note("property list of %d bytes", len(list.Bytes()))
}

// wantedFacts are the edges that a run of the generators has to reach.
func wantedFacts() []string {
	want := []string{
		"filter of 65535 bytes, shared false", "filter of 65535 bytes, shared true", "filter of 127 bytes, shared false",
		"filter of 128 bytes, shared false", "filter of 16384 bytes, shared false", "$share alone true in 5.0", "client identifier of 65535 bytes", "client identifier of 0 bytes",
		"client identifier of 1 characters in 3.1", "client identifier of 23 characters in 3.1",
		"topic name of 0 bytes in 5.0", "topic name of 65535 bytes in 3.1.1", "SUBSCRIBE of 130 entries",
		"shared true, no local false in 5.0", "shared false, no local true in 5.0",
		"PUBLISH of 3.1, QoS 0, DUP true", "PUBREL of 3.1, DUP true", "SUBSCRIBE of 3.1, DUP true", "UNSUBSCRIBE of 3.1, DUP true",
		"bridge in 3.1: true", "bridge in 3.1.1: true", "password in 5.0: nil true, empty true",
		"character U+0061", "character U+00E9", "character U+FEFF", "character U+10FFFD", "character U+002B",
	}
	for _, n := range []int{0, 127, 128, 16383, 16384} {
		want = append(want, fmt.Sprintf("remaining length %d", n), fmt.Sprintf("property list of %d bytes", n))
	}
	for v := mqttwire.V31; v <= mqttwire.V5; v++ {
		for _, field := range []string{"user name", "password"} {
			for _, state := range []string{"nil true, empty true", "nil false, empty true", "nil false, empty false"} {
				want = append(want, fmt.Sprintf("%s in %s: %s", field, v, state))
			}
		}
		want = append(want, fmt.Sprintf("will in %s: true", v), fmt.Sprintf("will in %s: false", v))
		for typ := mqttwire.CONNECT; typ <= mqttwire.AUTH; typ++ {
			want = append(want, wantedOf(typ, v)...)
		}
	}
	return want
}

// wantedOf is each side that sends the type, each code it may carry and each
// property it may have, and twice where it may.
func wantedOf(typ mqttwire.PacketType, v mqttwire.Version) (want []string) {
	for _, from := range []mqttwire.Sender{mqttwire.FromClient, mqttwire.FromServer} {
		if !typ.MayBeSentBy(from, v) {
			continue
		}
		want = append(want, fmt.Sprintf("%s in %s from %s", typ, v, from))
		for c := range 256 {
			switch {
			case !mqttwire.ReasonCode(c).AllowedIn(typ, v, from):
			case typ == mqttwire.CONNACK:
				want = append(want, fmt.Sprintf("code %d in CONNACK of %s", c, v))
			default:
				want = append(want, fmt.Sprintf("code %d in %s of %s from %s", c, typ, v, from))
			}
		}
	}
	if v != mqttwire.V5 {
		return want
	}
	for id := range mqttwire.PropertyID(128) {
		for _, owner := range []mqttwire.PropertyOwner{mqttwire.PropertyOwner(typ), mqttwire.WillProperties} {
			if id.AllowedIn(owner) {
				want = append(want, fmt.Sprintf("%s of %d, 1 times", id, owner))
			}
			if id.MayRepeat(owner) {
				want = append(want, fmt.Sprintf("%s of %d, 2 times", id, owner))
			}
		}
	}
	return want
}
