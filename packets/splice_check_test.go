package packets_test

import (
	"errors"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// parts is what is put into a packet and taken out: text for a field, properties.
type parts struct {
	text []byte
	put  []mqttwire.Property
	more func(*mqttwire.Properties) // what no Property can say
	out  []mqttwire.PropertyID
}

// list returns the properties to be put in.
func (x *parts) list() (p mqttwire.Properties) {
	x.set(&p)
	return p
}

// set puts the properties into a list, as SpliceProperties does it, by its setters.
func (x *parts) set(p *mqttwire.Properties) {
	for _, q := range x.put {
		p.Set(q.ID, q)
	}
	if x.more != nil {
		x.more(p)
	}
}

// change is a function that splices, and the same done to a packet that was decoded.
type change struct {
	name   string
	splice func(dst, frame []byte, v mqttwire.Version, x *parts) ([]byte, error)

	// apply changes the packet, and returns the rule that this alone breaks: 0 if it
	// has a place for the change.
	apply func(p mqttwire.Packet, v mqttwire.Version, x *parts) mqttwire.Rule
}

// changes are all functions that splice.
var changes = []change{
	{"SpliceTopic", func(dst, frame []byte, v mqttwire.Version, x *parts) ([]byte, error) {
		return packets.SpliceTopic(dst, frame, v, x.text)
	}, onPublish(func(p *packets.Publish, x *parts) { p.Topic = x.text })},
	{"SpliceTopicForAlias", func(dst, frame []byte, v mqttwire.Version, x *parts) ([]byte, error) {
		return packets.SpliceTopicForAlias(dst, frame, v, x.text)
	}, onPublish(func(p *packets.Publish, x *parts) {
		p.Topic = x.text
		p.Properties.Remove(mqttwire.TopicAlias)
	})},
	{"SpliceClientID", func(dst, frame []byte, v mqttwire.Version, x *parts) ([]byte, error) {
		return packets.SpliceClientID(dst, frame, x.text)
	}, onConnect(func(p *packets.Connect, x *parts) mqttwire.Rule {
		p.ClientID = x.text
		return 0
	})},
	{"SpliceUserName", func(dst, frame []byte, v mqttwire.Version, x *parts) ([]byte, error) {
		return packets.SpliceUserName(dst, frame, x.text)
	}, onConnect(func(p *packets.Connect, x *parts) mqttwire.Rule {
		p.UserName = x.text
		return 0
	})},
	{"SplicePassword", func(dst, frame []byte, v mqttwire.Version, x *parts) ([]byte, error) {
		return packets.SplicePassword(dst, frame, x.text)
	}, onConnect(func(p *packets.Connect, x *parts) mqttwire.Rule {
		p.Password = x.text
		return 0
	})},
	{"SpliceWillTopic", func(dst, frame []byte, v mqttwire.Version, x *parts) ([]byte, error) {
		return packets.SpliceWillTopic(dst, frame, x.text)
	}, onConnect(func(p *packets.Connect, x *parts) mqttwire.Rule {
		if p.Will == nil {
			return mqttwire.RuleWillMissing
		}
		p.Will.Topic = x.text
		return 0
	})},
	{"SpliceProperties", func(dst, frame []byte, v mqttwire.Version, x *parts) ([]byte, error) {
		return packets.SpliceProperties(dst, frame, v, x.list(), x.out...)
	}, func(p mqttwire.Packet, v mqttwire.Version, x *parts) mqttwire.Rule {
		return x.applyTo(packets.PropertiesOf(p), mqttwire.PropertyOwner(p.Type()), v)
	}},
	{"SpliceWillProperties", func(dst, frame []byte, v mqttwire.Version, x *parts) ([]byte, error) {
		return packets.SpliceWillProperties(dst, frame, x.list(), x.out...)
	}, func(p mqttwire.Packet, v mqttwire.Version, x *parts) mqttwire.Rule {
		c, ok := p.(*packets.Connect)
		switch {
		case !ok:
			return mqttwire.RuleFrameType
		case c.Will == nil:
			return mqttwire.RuleWillMissing
		}
		return x.applyTo(&c.Will.Properties, mqttwire.WillProperties, v)
	}},
}

func onPublish(set func(p *packets.Publish, x *parts)) func(mqttwire.Packet, mqttwire.Version, *parts) mqttwire.Rule {
	return func(p mqttwire.Packet, _ mqttwire.Version, x *parts) mqttwire.Rule {
		q, ok := p.(*packets.Publish)
		if !ok {
			return mqttwire.RuleFrameType
		}
		set(q, x)
		return 0
	}
}

func onConnect(set func(p *packets.Connect, x *parts) mqttwire.Rule) func(mqttwire.Packet, mqttwire.Version, *parts) mqttwire.Rule {
	return func(p mqttwire.Packet, _ mqttwire.Version, x *parts) mqttwire.Rule {
		q, ok := p.(*packets.Connect)
		if !ok {
			return mqttwire.RuleFrameType
		}
		return set(q, x)
	}
}

// applyTo does to a list, which is nil if the packet has none, what SpliceProperties
// does. Of two faults that of put comes first.
func (x *parts) applyTo(p *mqttwire.Properties, owner mqttwire.PropertyOwner, v mqttwire.Version) mqttwire.Rule {
	put := x.list()
	_, err := put.Append(nil, owner)
	nothing := put.Empty() && put.Err() == nil
	switch {
	case nothing && (p == nil || v != mqttwire.V5):
		return 0
	case v != mqttwire.V5:
		return mqttwire.RuleNotInVersion
	case err != nil:
		return err.(*mqttwire.Error).Rule
	}
	for _, id := range x.out {
		p.Remove(id)
	}
	for q := range put.All() {
		if !q.ID.MayRepeat(owner) {
			p.Remove(q.ID)
		}
	}
	x.set(p)
	return 0
}

// checkSplice checks what a splice makes of any bytes, beside decoding, changing and
// encoding, and reports whether it was accepted.
func checkSplice(t require.TestingT, c *change, x *parts, frame []byte, v mqttwire.Version, where string) bool {
	memory := append([]byte("prefix"), frame...)
	got, err := c.splice(memory[:6:6], memory[6:], v, x)
	require.Equal(t, "prefix"+string(frame), string(memory), "%s: the frame is not written to", where)
	if err != nil {
		require.Equal(t, "prefix", string(got), where)
	}
	p, v, decodes := decodedForSplice(t, c, frame, v, err, where)
	if !decodes {
		return false
	}
	written, appendErr := p.Append(nil, v)
	require.NoError(t, appendErr, where)
	if rule := c.apply(p, v, x); rule != 0 {
		var e *mqttwire.Error
		require.ErrorAs(t, err, &e, where)
		require.Equal(t, rule.String(), e.Rule.String(), where)
		return false
	}
	want, wantErr := p.Append([]byte("prefix"), v)
	if wantErr != nil {
		requireSameError(t, wantErr, err, where)
		return false
	}
	require.NoError(t, err, where)
	if string(written) == string(frame) { // as Append writes it
		require.Equal(t, string(want), string(got), where)
	}
	f, rest, err := mqttwire.CutFrame(got[6:], 0)
	require.NoError(t, err, where)
	require.Empty(t, rest, where)
	q, err := packets.Decode(f, v)
	require.NoError(t, err, where)
	again, err := q.Append([]byte("prefix"), v)
	require.NoError(t, err, where)
	require.Equal(t, string(want), string(again), where)
	over, err := c.splice(memory[6:6], memory[6:], v, x)
	require.NoError(t, err, where)
	require.Equal(t, string(got[6:]), string(over), "%s: over the frame", where)
	return true
}

// decodedForSplice decodes the frame, with the version that counts for the splice; or
// checks that err, with which it was refused, is that of Decode.
func decodedForSplice(t require.TestingT, c *change, frame []byte, v mqttwire.Version, err error, where string) (mqttwire.Packet, mqttwire.Version, bool) {
	f, rest, cut := mqttwire.CutFrame(frame, 0)
	if cut != nil || len(rest) > 0 {
		var e *mqttwire.Error
		require.ErrorAs(t, err, &e, where)
		require.False(t, e.Own, where)
		return nil, 0, false
	}
	accept := v
	if f.Header.Type == mqttwire.CONNECT && c.name != "SpliceProperties" {
		accept = 0
	}
	p, want := packets.Decode(f, accept)
	connect, ok := p.(*packets.Connect)
	switch {
	case ok:
		return p, connect.Version, true
	case want == nil:
		return p, v, true
	case c.splices(f.Header.Type):
		requireSameError(t, want, err, where)
	default:
		require.Error(t, err, where)
	}
	return nil, 0, false
}

// splices reports whether packets of type t have what the function splices.
func (c *change) splices(t mqttwire.PacketType) bool {
	switch c.name {
	case "SpliceProperties":
		return true
	case "SpliceTopic", "SpliceTopicForAlias":
		return t == mqttwire.PUBLISH
	}
	return t == mqttwire.CONNECT
}

func requireSameError(t require.TestingT, want, got error, where string) {
	var a, b *mqttwire.Error
	require.ErrorAs(t, want, &a, where)
	require.True(t, errors.As(got, &b), "%s: %v, not %v", where, got, want)
	require.Equal(t, *a, *b, where)
}
