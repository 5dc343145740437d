package session_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// lateness is a session whose messages are held, over several connections.
type lateness struct {
	*peer
	a against
}

func newLateness(t *testing.T, side mqttwire.Sender, v mqttwire.Version) *lateness {
	a := holding(side)
	a.Session.Side, a.Session.Journal = side, true
	if v == mqttwire.V5 {
		a.Connect.Properties.SetSessionExpiryInterval(100)
	}
	return &lateness{newPeer(t, v, a), a}
}

// reconnect goes on with the session on another connection, whose events begin anew.
func (p *lateness) reconnect() {
	p.Link.Lost(p.Now, nil)
	p.a.Old, p.a.Connack.SessionPresent = p.Session, p.v != mqttwire.V31 && p.a.Side == mqttwire.FromClient
	changes := p.Changes
	p.peer = newPeer(p.t, p.v, p.a)
	p.Changes = append(changes, p.Changes...)
}

// exchanged ends the exchange of the message with an identifier.
func (p *lateness) exchanged(id uint16) {
	p.t.Helper()
	p.Say(&packets.Pubrel{PacketID: id})
	assert.Equal(p.t, []mqttwire.Packet{&packets.Pubcomp{PacketID: id}}, p.Got())
	assert.Zero(p.t, p.Session.Stats().Received)
}

func TestAMessageThatIsTakenOnTooLateIsNotHandedOnAgain(t *testing.T) { // [MQTT-4.3.3-10] [trap 23]
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		for _, when := range []string{"before the connection", "before it comes again", "while it is shown"} {
			p := newLateness(t, side, v)
			m := arriving(7, mqttwire.ExactlyOnce)
			p.Say(m)
			token := p.tokens()[0]
			take := func(now string) {
				if now == when {
					assert.NoError(t, p.Session.TakeOn(token), when)
					assert.ErrorIs(t, p.Session.TakeOn(token), session.ErrStale, "it was before")
				}
			}
			p.Link.Lost(p.Now, nil)
			take("before the connection")
			p.reconnect()
			take("before it comes again")
			p.Feed(again(m))
			_, shown := p.Link.Packet()
			assert.Equal(t, when == "while it is shown", shown, when)
			take("while it is shown")
			p.Say()
			assert.Equal(t, []mqttwire.Packet{&packets.Pubrec{PacketID: 7}}, p.Got(), when)
			assert.Empty(t, p.All(session.Arrived), when)
			restored, _, err := session.Restore(p.a.Session, p.Now, nil, slices.Values(p.Changes))
			require.NoError(t, err)
			assert.Equal(t, p.Session.AppendSnapshot(nil), restored.AppendSnapshot(nil), when)
			p.exchanged(7)
		}
	})
}

func TestAMessageThatComesAgainSaysWhichTokenItHad(t *testing.T) {
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		p := newLateness(t, side, v)
		m, other := arriving(7, mqttwire.ExactlyOnce), arriving(8, mqttwire.ExactlyOnce)
		p.Say(m, other)
		first := p.All(session.Arrived)[0]
		assert.Zero(t, first.Earlier)
		require.NoError(t, p.Session.Ack(p.tokens()[1], 0), "it waits for the first")
		earlier := first.Ack
		for range 2 { // each time by the token of the connection before
			p.reconnect()
			p.Say(again(m), again(other))
			came := p.All(session.Arrived)
			require.Len(t, came, 1, "the other is ours")
			assert.Equal(t, earlier, came[0].Earlier)
			assert.ErrorIs(t, p.Session.TakeOn(earlier), session.ErrStale, "there is a new one")
			earlier = came[0].Ack
		}
		require.NoError(t, p.Session.TakeOn(earlier), "as Ack")
		p.Got()
		p.Say(&packets.Pubrel{PacketID: 8})
		p.Got()
		p.exchanged(7)
		p.Say(m)
		assert.Zero(t, p.All(session.Arrived)[1].Earlier, "another one")
	})
}

func TestWhatTheSessionDoesNotGoOnWithIsNotTakenOn(t *testing.T) {
	forEach(t, func(t *testing.T, side mqttwire.Sender, v mqttwire.Version) {
		p := newLateness(t, side, v)
		p.Say(arriving(1, mqttwire.AtLeastOnce), arriving(2, mqttwire.ExactlyOnce), arriving(3, mqttwire.ExactlyOnce))
		tokens := p.tokens()
		p.reconnect()
		assert.ErrorIs(t, p.Session.TakeOn(tokens[0]), session.ErrStale, "of QoS 1")
		p.Say(&packets.Pubrel{PacketID: 3}) // a peer that takes it for acknowledged
		assert.ErrorIs(t, p.Session.TakeOn(tokens[2]), session.ErrStale)
		assert.ErrorIs(t, p.Session.TakeOn(tokens[1]+1<<32), session.ErrStale, "of no connection")
		if side == mqttwire.FromServer {
			p.a.Connect.CleanStart = true
			p.reconnect()
		} else if v != mqttwire.V31 { // which does not say
			p.Link.Lost(p.Now, nil)
			p.a.Connack.SessionPresent = false
			p.peer = newPeer(p.t, p.v, p.a)
		} else {
			p.Session.End(p.Now)
		}
		assert.ErrorIs(t, p.Session.TakeOn(tokens[1]), session.ErrStale, "of a session that is lost")
	})
}

func TestTheEndOfAMessageHasThePropertiesOfItsAcknowledgement(t *testing.T) {
	for _, side := range sides {
		for _, queued := range []bool{false, true} { // behind an event that waits
			p := newPeer(t, mqttwire.V5, against{Side: side, Session: session.Options{Queue: session.Bounds{Count: 4}}})
			said := func(id uint16, code mqttwire.ReasonCode) packets.Puback {
				a := packets.Puback{PacketID: id, ReasonCode: code}
				a.Properties.SetReasonString([]byte("why"))
				a.Properties.AddUser([]byte("key"), []byte("value"))
				return a
			}
			refused, taken := said(2, mqttwire.ReasonQuotaExceeded), said(3, 0)
			answers := []mqttwire.Packet{new(packets.Puback), (*packets.Pubrec)(&refused), (*packets.Pubcomp)(&taken)}
			*answers[0].(*packets.Puback) = said(1, mqttwire.ReasonNotAuthorized)
			for _, q := range []mqttwire.QoS{1, 2, 2} {
				p.publish("m", q)
			}
			if queued {
				p.publish("m", 1) // above the mark, and so below it later
			}
			p.Got()
			p.Say(&packets.Pubrec{PacketID: 3})
			p.Say(answers...)
			var got []mqttwire.Packet
			for _, e := range p.All(session.Done) {
				got = append(got, e.Packet)
			}
			require.Len(t, got, 3)
			for i := range got {
				a, b := packets.PropertiesOf(got[i]), packets.PropertiesOf(answers[i])
				assert.Equal(t, b.String(), a.String(), "%s %v", side, answers[i].Type())
				assert.Equal(t, answers[i].Type(), got[i].Type())
			}
		}
	}
}

// Behind an event that waits, an acknowledgement is told with a copy of its packet; what was
// not taken before the next packet is told without.
func TestTheEndOfAMessageIsToldBehindWhatWaits(t *testing.T) {
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromClient})
	p.publish("m", 1)
	p.publish("m", 1)
	p.Got()
	why := packets.Puback{PacketID: 2, ReasonCode: mqttwire.ReasonNotAuthorized}
	why.Properties.SetReasonString([]byte("why"))
	p.Feed(&packets.Puback{PacketID: 1}, &why)
	for _, ok := p.Link.Packet(); ok; _, ok = p.Link.Packet() {
		p.Link.Handle(p.Now) // and nobody takes the events
	}
	first, ok := p.Link.Event()
	require.True(t, ok)
	assert.Equal(t, session.Acked, first.Outcome)
	assert.Nil(t, first.Packet)
	second := p.Link.NextEvent()
	require.NotNil(t, second)
	assert.Equal(t, session.Refused, second.Outcome)
	reason, _ := packets.PropertiesOf(second.Packet).ReasonString()
	assert.Equal(t, "why", string(reason))
	assert.Nil(t, p.Link.NextEvent())
}
