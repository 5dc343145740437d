package mqttwiretest_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
	"github.com/mqttwire/mqttwire/packets"
)

func TestGeneratedStreamsBeginAndEndAsAConnectionDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, from := mqttwiretest.Version().Draw(t, "version"), mqttwiretest.Sender().Draw(t, "sender")
		stream := mqttwiretest.Stream(v, from).Draw(t, "stream")
		connacks := 0
		for i, p := range stream {
			require.True(t, p.Type().MayBeSentBy(from, v))
			require.True(t, i == len(stream)-1 || p.Type() != mqttwire.DISCONNECT)
			require.Equal(t, i == 0 && from == mqttwire.FromClient, p.Type() == mqttwire.CONNECT)
			require.True(t, connacks > 0 || from == mqttwire.FromClient || p.Type() == mqttwire.CONNACK || p.Type() == mqttwire.AUTH)
			if connack, ok := p.(*packets.Connack); ok {
				connacks++
				require.True(t, i == len(stream)-1 || connack.ReasonCode == 0)
			}
		}
		require.Equal(t, from == mqttwire.FromServer, connacks == 1)
	})
}

func TestADecoderAcceptsEveryGeneratedStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, from := mqttwiretest.Version().Draw(t, "version"), mqttwiretest.Sender().Draw(t, "sender")
		requireAccepted(t, mqttwiretest.Stream(v, from).Draw(t, "stream"), v, from)
	})
}

// requireAccepted checks that a Decoder accepts the stream, once it has observed
// what the other side must have sent.
func requireAccepted(t require.TestingT, stream []mqttwire.Packet, v mqttwire.Version, from mqttwire.Sender) {
	d := packets.NewDecoder(packets.Options{From: from, Version: v})
	if from == mqttwire.FromServer {
		d.Observe(connectBefore(stream, v))
	}
	begun := false
	for i, p := range stream {
		if from == mqttwire.FromClient && !begun && i > 0 && !continues(p) {
			begun = true
			d.Observe(connackAfter(stream[0].(*packets.Connect), v))
		}
		b, err := p.Append(nil, v)
		require.NoError(t, err)
		f, _, err := mqttwire.CutFrame(b, 0)
		require.NoError(t, err)
		_, err = d.Decode(f)
		require.NoError(t, err, "packet %d of %v", i, stream)
	}
}

// continues reports whether p continues an authentication.
func continues(p mqttwire.Packet) bool {
	auth, ok := p.(*packets.Auth)
	return ok && auth.ReasonCode == mqttwire.ReasonContinueAuthentication
}

// connectBefore returns the CONNECT that a stream of a server answers.
func connectBefore(stream []mqttwire.Packet, v mqttwire.Version) *packets.Connect {
	c := &packets.Connect{Version: v, ClientID: []byte("a")}
	i := slices.IndexFunc(stream, func(p mqttwire.Packet) bool { return p.Type() == mqttwire.CONNACK })
	connack := stream[i].(*packets.Connack)
	c.CleanStart = !connack.SessionPresent
	if v != mqttwire.V5 {
		return c
	}
	c.Properties.SetTopicAliasMaximum(mqttwiretest.StreamTopicAliases)
	if method, ok := connack.Properties.AuthenticationMethod(); ok {
		c.Properties.SetAuthenticationMethod(method)
	}
	if connack.Properties.Has(mqttwire.AssignedClientIdentifier) {
		c.ClientID = nil
	}
	if connack.Properties.Has(mqttwire.ResponseInformation) {
		c.Properties.SetRequestResponseInformation(true)
	}
	return c
}

// connackAfter returns the CONNACK that lets a stream of a client go on.
func connackAfter(c *packets.Connect, v mqttwire.Version) *packets.Connack {
	p := &packets.Connack{}
	if v != mqttwire.V5 {
		return p
	}
	p.Properties.SetTopicAliasMaximum(mqttwiretest.StreamTopicAliases)
	if method, ok := c.Properties.AuthenticationMethod(); ok {
		p.Properties.SetAuthenticationMethod(method)
	}
	return p
}

func TestGeneratedStreamsReachWhatOnlyAConnectionHasAndAreAccepted(t *testing.T) {
	seen := facts{}
	for _, from := range []mqttwire.Sender{mqttwire.FromClient, mqttwire.FromServer} {
		for _, v := range []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5} {
			stream := mqttwiretest.Stream(v, from)
			for seed := range 1500 {
				s := stream.Example(seed)
				requireAccepted(t, s, v, from)
				seen.stream(s, v, from)
			}
		}
	}
	for _, from := range []string{"client", "server"} {
		for _, want := range []string{
			"alias alone", "alias set", "AUTH right after the first packet or before CONNACK", "AUTH of code 24 later",
			"DISCONNECT last in 3.1.1", "DISCONNECT last in 5.0", "2 packets or more in 3.1",
		} {
			want = want + " from the " + from
			excused := want == "DISCONNECT last in 3.1.1 from the server" // which sends none
			assert.True(t, seen[want] || excused, "never seen: %s", want)
		}
	}
	for _, want := range []string{
		"AUTH of code 25 later from the client", "AUTH of code 0 later from the server",
		"refused in 3.1 from the server", "refused in 3.1.1 from the server", "refused in 5.0 from the server",
	} {
		assert.True(t, seen[want], "never seen: %s", want)
	}
}

func (f facts) stream(stream []mqttwire.Packet, v mqttwire.Version, from mqttwire.Sender) {
	begun := false
	for i, p := range stream {
		first := p.Type() == mqttwire.CONNECT || p.Type() == mqttwire.CONNACK
		switch p := p.(type) {
		case *packets.Publish:
			if _, ok := p.Properties.TopicAlias(); ok && len(p.Topic) == 0 {
				f.note("alias alone from the %s", from)
			} else if ok {
				f.note("alias set from the %s", from)
			}
		case *packets.Auth:
			if begun {
				f.note("AUTH of code %d later from the %s", p.ReasonCode, from)
			} else {
				f.note("AUTH right after the first packet or before CONNACK from the %s", from)
			}
		case *packets.Connack:
			if p.ReasonCode != 0 {
				f.note("refused in %s from the %s", v, from)
			}
		case *packets.Disconnect:
			f.note("DISCONNECT last in %s from the %s", v, from)
		}
		begun = begun || p.Type() == mqttwire.CONNACK || !first && !continues(p)
		f.note("%d packets or more in %s from the %s", i+1, v, from)
	}
}
