package packets_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// someValues are values that a property of any type may be set to, of which Set refuses
// the others.
var someValues = []any{0, 1, 2, 65534, 65535, 65536, mqttwire.MaxPacketSize - 1, mqttwire.MaxPacketSize, uint32(math.MaxUint32), "text", [2]string{"name", "value"}}

// ownerOf returns a packet with the list as its owner's.
func ownerOf(owner mqttwire.PropertyOwner, list mqttwire.Properties) mqttwire.Packet {
	if owner == mqttwire.WillProperties {
		return &packets.Connect{ClientID: []byte("c"), CleanStart: true, Will: &packets.Will{Topic: []byte("w"), Properties: list}}
	}
	var p mqttwire.Packet
	switch typ := mqttwire.PacketType(owner); typ {
	case mqttwire.CONNECT:
		p = &packets.Connect{ClientID: []byte("c"), CleanStart: true}
	case mqttwire.PUBLISH:
		p = &packets.Publish{Topic: []byte("a")}
	case mqttwire.SUBSCRIBE:
		p = &packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: []byte("a")}}}
	case mqttwire.UNSUBSCRIBE:
		p = &packets.Unsubscribe{Filters: [][]byte{[]byte("a")}}
	case mqttwire.AUTH:
		p = new(packets.Auth)
	default:
		p = withCode(typ, 0)
	}
	packets.SetPacketID(p, 1)
	*packets.PropertiesOf(p) = list
	return p
}

// seenRow is what tells rows apart.
type seenRow struct {
	property mqttwire.PropertyID
	field    mqttwire.Field
	why      string
}

// Every property of every packet is lost by a row of the table, and of those that are
// left out in 3.x none is lost in silence.
func TestEveryPropertyOfEveryPacketHasItsRow(t *testing.T) {
	seen := map[seenRow]bool{}
	for id := range mqttwire.PropertyID(255) {
		for owner := mqttwire.WillProperties; owner < mqttwire.PropertyOwner(mqttwire.AUTH); owner++ {
			tried := 0
			for _, value := range someValues {
				var list mqttwire.Properties
				list.Set(id, value)
				if !id.AllowedIn(owner) || list.Err() != nil {
					continue
				}
				tried++
				p := ownerOf(owner, list)
				for sender := mqttwire.Sender(0); sender <= mqttwire.FromServer; sender++ {
					for to := v31; to <= v311; to++ {
						requireOneLoss(t, p, owner, id, sender, to, seen)
					}
				}
			}
			require.Equal(t, id.AllowedIn(owner), tried > 0, "%s in %d", id, owner)
		}
	}
	for _, r := range packets.LossRules() {
		if r.Property != 0 {
			assert.True(t, seen[seenRow{r.Property, "", r.Why}], "no value of %s is lost because %s", r.Property, r.Why)
		}
	}
}

func requireOneLoss(t *testing.T, p mqttwire.Packet, owner mqttwire.PropertyOwner, id mqttwire.PropertyID, sender mqttwire.Sender, to mqttwire.Version, seen map[seenRow]bool) {
	c := conversionOf(p, v5, to, sender)
	err := packets.Convert(packets.New(p.Type()), p, &c)
	if p.Type() == mqttwire.DISCONNECT && sender == mqttwire.FromServer {
		require.Error(t, err)
		c.Losses = c.Losses[1:] // the packet as a whole
	} else {
		require.NoError(t, err)
	}
	if n, _ := packets.PropertiesOf(p).SessionExpiryInterval(); n == 0 && id == mqttwire.SessionExpiryInterval && owner == mqttwire.PropertyOwner(mqttwire.CONNECT) {
		require.Empty(t, c.Losses, "as Clean Session 1 says")
		return
	}
	require.Len(t, c.Losses, 1)
	l := c.Losses[0]
	require.Equal(t, owner, l.Owner)
	require.Equal(t, id, l.Property.ID)
	require.Equal(t, id.Field(owner), l.Field)
	require.NotEmpty(t, l.Why, "%s in %d", id, owner)
	require.NotEqual(t, packets.NoForm, l.Effect)
	if l.Property.IsNumber() {
		require.EqualValues(t, l.Property.Number, l.Number)
	} else {
		require.EqualValues(t, mqttwire.NotANumber, l.Number)
	}
	seen[seenRow{id, "", l.Why}] = true
}

// A value that holds where the property is absent is harmless, and no other value of a
// property that limits the other side is.
func TestOnlyTheValueThatHoldsWithoutAPropertyIsHarmless(t *testing.T) {
	connect, connack, will := mqttwire.PropertyOwner(mqttwire.CONNECT), mqttwire.PropertyOwner(mqttwire.CONNACK), mqttwire.WillProperties
	for _, c := range []struct {
		owner           mqttwire.PropertyOwner
		id              mqttwire.PropertyID
		harmless, other []int
	}{
		{connect, mqttwire.ReceiveMaximum, []int{65535}, []int{1, 65534}},
		{connack, mqttwire.ReceiveMaximum, []int{65535}, []int{1, 65534}},
		{connect, mqttwire.MaximumPacketSize, []int{mqttwire.MaxPacketSize, math.MaxInt32}, []int{1, mqttwire.MaxPacketSize - 1}},
		{connack, mqttwire.RetainAvailable, []int{1}, []int{0}},
		{connack, mqttwire.WildcardSubscriptionAvailable, []int{1}, []int{0}},
		{connack, mqttwire.MaximumQoS, nil, []int{0, 1}},
		{will, mqttwire.WillDelayInterval, []int{0}, []int{1, math.MaxInt32}},
	} {
		for effect, values := range map[packets.Effect][]int{packets.Harmless: c.harmless, packets.ChangesMeaning: c.other} {
			for _, n := range values {
				var list mqttwire.Properties
				list.Set(c.id, n)
				_, losses := converted(t, ownerOf(c.owner, list), v5, v311)
				require.Len(t, losses, 1)
				assert.Equal(t, effect, losses[0].Effect, "%s %d", c.id, n)
			}
		}
	}
}

func TestAMessageExpiryIntervalIsForTheServer(t *testing.T) {
	p := ownerOf(mqttwire.PropertyOwner(mqttwire.PUBLISH), props(func(p *mqttwire.Properties) { p.SetMessageExpiryInterval(9) }))
	for sender, want := range map[mqttwire.Sender]packets.Effect{
		0: packets.ChangesMeaning, mqttwire.FromClient: packets.ChangesMeaning, mqttwire.FromServer: packets.Harmless,
	} {
		c := conversionOf(p, v5, v311, sender)
		require.NoError(t, packets.Convert(packets.New(p.Type()), p, &c))
		assert.Equal(t, want, c.Losses[0].Effect)
	}
}

// Each row of a field or code is that of some packet.
func TestEveryRowOfAFieldIsUsed(t *testing.T) {
	seen := map[seenRow]bool{}
	for _, p := range packetsThatLose() {
		for from := v31; from <= v5; from++ {
			for to := v31; to <= v5; to++ {
				for sender := mqttwire.Sender(0); sender <= mqttwire.FromServer; sender++ {
					c := conversionOf(p, from, to, sender)
					_ = packets.Convert(packets.New(p.Type()), p, &c) // some have no form, and some are not legal there
					for _, l := range c.Losses {
						require.NotEmpty(t, l.Why, "%s in %s of %s in %s", l.Field, p.Type(), from, to)
						seen[seenRow{0, l.Field, l.Why}] = true
					}
				}
			}
		}
	}
	for _, r := range packets.LossRules() {
		if r.Property == 0 {
			assert.True(t, seen[seenRow{0, r.Field, r.Why}], "no %s is lost because %s", r.Field, r.Why)
		}
	}
}

func packetsThatLose() (all []mqttwire.Packet) {
	for typ := mqttwire.CONNACK; typ < mqttwire.AUTH; typ++ {
		if _, ok := packets.ReasonCode(packets.New(typ)); ok || typ == mqttwire.SUBACK || typ == mqttwire.UNSUBACK {
			for code := range 256 {
				all = append(all, withCode(typ, mqttwire.ReasonCode(code)))
			}
		}
	}
	shared := []byte("$share/g/t")
	return append(all, new(packets.Auth), new(packets.Connect),
		&packets.Connect{Bridge: true, ClientID: []byte("c")}, &packets.Connect{ClientID: []byte("c"), Password: []byte("p")},
		&packets.Connack{SessionPresent: true}, &packets.Publish{Topic: []byte("a"), Dup: true}, &packets.Pubrel{PacketID: 1, Dup: true},
		&packets.Subscribe{PacketID: 1, Dup: true, Subscriptions: []packets.Subscription{{Filter: shared}, {Filter: []byte("a"), RetainHandling: 1}}},
		&packets.Subscribe{PacketID: 1, Dup: true, Subscriptions: []packets.Subscription{{Filter: shared}}},
		&packets.Unsubscribe{PacketID: 1, Dup: true, Filters: [][]byte{shared}})
}

func TestTheRowsAreACopy(t *testing.T) {
	rules := packets.LossRules()
	for i := range rules {
		rules[i].Owners[0], rules[i].Why = 0, ""
	}
	assert.False(t, slices.ContainsFunc(packets.LossRules(), func(r packets.LossRule) bool { return r.Why == "" }))
}
