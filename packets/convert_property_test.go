package packets_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
	"github.com/mqttwire/mqttwire/packets"
)

// conversionOf returns the Conversion of a packet with all that it may need to be told.
func conversionOf(p mqttwire.Packet, from, to mqttwire.Version, sender mqttwire.Sender) packets.Conversion {
	c := packets.Conversion{From: from, To: to, Sender: sender, Topic: []byte("topic/in/full"), Filters: 1, Allow: packets.AnyLoss, Max: 1 << 20}
	if u, ok := p.(*packets.Unsuback); ok && from == v5 {
		c.Filters = len(u.ReasonCodes)
	}
	return c
}

// drawConversion draws a packet, and a version to convert it to.
func drawConversion(t *rapid.T) (g generated, c packets.Conversion) {
	g = drawGenerated(t)
	to := mqttwiretest.Version().Draw(t, "to")
	sender := g.from
	if rapid.Bool().Draw(t, "sender not known") {
		sender = 0
	}
	return g, conversionOf(g.packet, g.version, to, sender)
}

// mustConvert converts a packet, if it has a form. What has none says so, and why.
func mustConvert(t require.TestingT, p mqttwire.Packet, c *packets.Conversion) mqttwire.Packet {
	q := packets.New(p.Type())
	err := packets.Convert(q, p, c)
	if err == nil {
		return q
	}
	require.Equal(t, packets.New(p.Type()), q, "left over by an error")
	requireFormless(t, p, c, err)
	return nil
}

// requireFormless fails unless the packet is of those that a version cannot say.
func requireFormless(t require.TestingT, p mqttwire.Packet, c *packets.Conversion, err error) {
	var lost *packets.LossError
	var e *mqttwire.Error
	switch {
	case errors.As(err, &lost):
		require.Equal(t, packets.NoForm, lost.Loss.Effect)
		code, _ := packets.ReasonCode(p)
		_, said := mqttwire.MapReasonCode(p.Type(), code, c.From, c.To)
		require.True(t, !said || p.Type() == mqttwire.AUTH || p.Type() == mqttwire.DISCONNECT && c.Sender == mqttwire.FromServer, err)
	case errors.As(err, &e):
		require.True(t, e.Own)
		require.Contains(t, []mqttwire.Rule{
			mqttwire.RuleClientIDLength,                                // to 3.1
			mqttwire.RuleUTF8, mqttwire.RuleNUL, mqttwire.RuleTopicNUL, // from 3.1
			mqttwire.RuleNoFilters, mqttwire.RuleNoReasonCodes, // from 3.1
			mqttwire.RuleShareForm, mqttwire.RuleShareNameEmpty, mqttwire.RuleTopicEmpty, // to 5.0
		}, e.Rule, err)
		require.NotEqual(t, c.From, c.To, err)
	default:
		require.Fail(t, "an error of no known type", err)
	}
}

func TestWhatIsConvertedIsALegalPacketOfTheVersion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, c := drawConversion(t)
		q := mustConvert(t, g.packet, &c)
		if q == nil {
			return
		}
		b, err := q.Append(nil, c.To)
		require.NoError(t, err)
		f, _, err := mqttwire.CutFrame(b, 0)
		require.NoError(t, err)
		got, err := packets.Decode(f, c.To)
		require.NoError(t, err)
		requireSame(t, got, q)
		if c.Sender != 0 { // else a server's DISCONNECT is taken for a client's
			require.NoError(t, packets.CheckSender(got, c.To, c.Sender))
		}
	})
}

func TestConvertingToTheSameVersionCopies(t *testing.T) {
	checkGenerated(t, 6, func(t *rapid.T, g generated) {
		c := conversionOf(g.packet, g.version, g.version, g.from)
		q := packets.New(g.packet.Type())
		require.NoError(t, packets.Convert(q, g.packet, &c))
		require.Empty(t, c.Losses)
		requireSame(t, g.packet, q)
	})
}

func TestConvertingChangesNeitherThePacketNorMoreThanItsDestination(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, c := drawConversion(t)
		if rapid.Bool().Draw(t, "strict") {
			c.Allow = nil
		}
		before := packets.Clone(g.packet)
		dst := mqttwiretest.Packet(g.version, g.from).Filter(func(p mqttwire.Packet) bool { return p.Type() == g.packet.Type() }).Draw(t, "dst")
		was := packets.Clone(dst)
		err := packets.Convert(dst, g.packet, &c)
		requireSame(t, before, g.packet)
		if err != nil {
			requireSame(t, was, dst)
		}
		losses := slices.Clone(c.Losses)

		inPlace := packets.Clone(g.packet)
		require.Equal(t, err, packets.Convert(inPlace, inPlace, &c))
		require.Empty(t, cmp.Diff(losses, c.Losses, sameLosses))
		if err != nil {
			requireSame(t, before, inPlace)
		} else {
			requireSame(t, dst, inPlace)
		}
	})
}

// sameLosses compares losses.
var sameLosses = cmp.Options{sameFields, cmp.Comparer(func(a, b mqttwire.Property) bool {
	return a.ID == b.ID && a.Number == b.Number && string(a.Name()) == string(b.Name()) && string(a.Value()) == string(b.Value())
})}

func TestALossNeedsConsentIfItChangesTheMeaning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, c := drawConversion(t)
		q := packets.New(g.packet.Type())
		allErr := packets.Convert(q, g.packet, &c)
		losses := slices.Clone(c.Losses)

		c.Allow = nil
		strict := packets.New(g.packet.Type())
		err := packets.Convert(strict, g.packet, &c)
		require.Empty(t, cmp.Diff(losses, c.Losses, sameLosses), "all are told, also if one is not let go")
		i := slices.IndexFunc(losses, func(l packets.Loss) bool { return l.Effect == packets.NoForm })
		if i < 0 {
			i = slices.IndexFunc(losses, func(l packets.Loss) bool { return l.Effect == packets.ChangesMeaning })
		}
		if i < 0 {
			require.Equal(t, allErr, err)
			requireSame(t, q, strict)
			return
		}
		var lost *packets.LossError
		require.ErrorAs(t, err, &lost)
		require.Empty(t, cmp.Diff(&packets.LossError{Type: g.packet.Type(), From: c.From, To: c.To, Loss: losses[i]}, lost, sameLosses))
		require.Equal(t, packets.New(g.packet.Type()), strict)
	})
}

func TestWithWhatWasLostThePacketCanBeMadeAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, c := drawConversion(t)
		q := mustConvert(t, g.packet, &c)
		if q == nil {
			return
		}
		losses := slices.Clone(c.Losses)

		back := conversionOf(g.packet, c.To, c.From, g.from)
		if u, ok := g.packet.(*packets.Unsuback); ok {
			back.Filters = len(u.ReasonCodes)
		}
		restored := mustConvert(t, q, &back)
		require.NotNil(t, restored)
		for _, l := range losses {
			restore(restored, l)
		}
		requireSame(t, inOrder(withTopic(g.packet, &c)), inOrder(restored))

		again := mustConvert(t, restored, &c)
		require.Empty(t, cmp.Diff(losses, c.Losses, sameLosses))
		requireSame(t, q, again)
	})
}

// restore undoes a loss.
func restore(p mqttwire.Packet, l packets.Loss) {
	list := packets.PropertiesOf(p)
	if l.Owner == mqttwire.WillProperties {
		list = &p.(*packets.Connect).Will.Properties
	}
	switch l.Field {
	case mqttwire.FieldReasonCode:
		restoreCode(p, l)
	case mqttwire.FieldDup:
		reflect.ValueOf(p).Elem().FieldByName("Dup").SetBool(true)
	case mqttwire.FieldProtocolVersion:
		p.(*packets.Connect).Bridge = true
	case mqttwire.FieldConnectFlags:
		p.(*packets.Connect).CleanStart = l.Number&2 != 0
	case mqttwire.FieldPassword:
		p.(*packets.Connect).Password = l.Value
	case mqttwire.FieldAcknowledgeFlags:
		p.(*packets.Connack).SessionPresent = true
	case mqttwire.FieldSubscriptionOptions:
		s := &p.(*packets.Subscribe).Subscriptions[l.Index]
		s.NoLocal, s.RetainAsPublished, s.RetainHandling = l.Number&4 != 0, l.Number&8 != 0, uint8(l.Number>>4)
	case mqttwire.FieldTopicFilter: // it is there, and means something else
	case mqttwire.SessionExpiryInterval.Field(l.Owner):
		if list.Remove(mqttwire.SessionExpiryInterval); l.Property.ID != 0 {
			list.Set(l.Property.ID, l.Property)
		}
	default:
		list.Set(l.Property.ID, l.Property)
	}
}

func restoreCode(p mqttwire.Packet, l packets.Loss) {
	code := mqttwire.ReasonCode(l.Number)
	switch p := p.(type) {
	case *packets.Suback:
		p.ReasonCodes[l.Index] = code
	case *packets.Unsuback:
		p.ReasonCodes[l.Index] = code
	default:
		reflect.ValueOf(p).Elem().FieldByName("ReasonCode").Set(reflect.ValueOf(code))
	}
}

// withTopic returns a copy of the packet that has the topic name of its alias, if it
// lost one.
func withTopic(p mqttwire.Packet, c *packets.Conversion) mqttwire.Packet {
	q := packets.Clone(p)
	if publish, ok := q.(*packets.Publish); ok && len(publish.Topic) == 0 && c.To != v5 {
		publish.Topic = c.Topic
	}
	return q
}

// inOrder returns a copy of the packet whose properties stand in the order of their
// identifiers, without a Session Expiry Interval of 0, which says what none says.
func inOrder(p mqttwire.Packet) mqttwire.Packet {
	q := packets.Clone(p)
	if list := packets.PropertiesOf(q); list != nil {
		*list = sorted(*list)
		if n, _ := list.SessionExpiryInterval(); n == 0 && q.Type() == mqttwire.CONNECT {
			list.Remove(mqttwire.SessionExpiryInterval)
		}
	}
	return q
}

func sorted(list mqttwire.Properties) (in mqttwire.Properties) {
	all := slices.Collect(list.All())
	slices.SortStableFunc(all, func(a, b mqttwire.Property) int { return int(a.ID) - int(b.ID) })
	for _, q := range all {
		in.Set(q.ID, q)
	}
	return in
}

func TestAPacketOfAnOlderVersionComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, c := drawConversion(t)
		up := mustConvert(t, g.packet, &c)
		if up == nil || len(c.Losses) > 0 || c.From > c.To {
			return
		}
		down := packets.Conversion{From: c.To, To: c.From, Sender: c.Sender}
		back := packets.New(up.Type())
		require.NoError(t, packets.Convert(back, up, &down))
		require.Empty(t, down.Losses)
		requireSame(t, g.packet, back)
	})
}
