package session_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// forget lets the server lose the session.
func (p *pair) forget() {
	p.server.session = session.New(session.Options{Side: mqttwire.FromServer})
	p.server.changes = nil
}

func TestWhatBecomesOfMessagesInFlightIfTheServerHasLostTheSession(t *testing.T) {
	lost := func(tokens ...int) (list []string) {
		for _, token := range tokens {
			list = append(list, fmt.Sprint(token, " ", session.DropSessionLost, " ", session.Unknown))
		}
		return list
	}
	for _, v := range versions {
		for _, c := range []struct {
			policy session.Lost
			drops  []string
			got    []string
		}{
			{session.ResendQoS1, lost(1, 3), []string{"t 2", "t 4", "t 5"}},
			{session.FailAll, lost(1, 2, 3, 4), []string{"t 5"}},
			{session.ResendAll, lost(1), []string{"t 2", "t 3", "t 4", "t 5"}},
		} {
			o := session.Options{OnLost: c.policy, Journal: true}
			p := newPair(t, v, o, session.Options{})
			if v == mqttwire.V5 {
				p.connect.Properties.SetSessionExpiryInterval(1000)
			}
			p.open()
			for i := 1; i <= 4; i++ { // 1 waits for PUBCOMP, the others for the first answer
				p.publish(&p.client, fmt.Sprint(i), mqttwire.QoS(2-(i+1)%2))
				if i == 1 {
					p.move(&p.client, &p.server)
					p.move(&p.server, &p.client)
				}
			}
			p.write(&p.client)
			p.cut()
			p.publish(&p.client, "5", 1)
			p.forget()
			p.connect.CleanStart = v == mqttwire.V31 // which has no Session Present
			p.server.got, p.server.wire = nil, nil
			p.open()
			assert.Equal(t, c.drops, drops(p.client.events), "%s %d", v, c.policy)
			assert.Equal(t, c.got, p.server.got, "%s %d", v, c.policy)
			for _, packet := range p.server.wire {
				if m, ok := packet.(*packets.Publish); ok {
					assert.False(t, m.Dup, "it is a new message for that server")
				}
			}
			assert.Len(t, p.client.all(session.Done), 5-len(c.drops))
			assert.Zero(t, p.client.session.Stats().IDs)
			assert.Zero(t, p.client.session.Stats().Bytes)
		}
	}
}

func TestAMessageThatWasNeverHandedOutIsSentInAnyCase(t *testing.T) {
	p := newPair(t, mqttwire.V5, session.Options{OnLost: session.FailAll, Journal: true}, session.Options{})
	p.connect.Properties.SetSessionExpiryInterval(1000)
	p.open()
	p.publish(&p.client, "x", 2)
	p.take(&p.client) // it is begun, as that is a change
	require.Equal(t, 1, p.client.session.Stats().InFlight)
	p.cut()
	p.forget()
	p.open()
	assert.Empty(t, drops(p.client.events))
	assert.Equal(t, []string{"t x"}, p.server.got)
}

func TestSubscriptionsAreMadeAgainIfTheServerHasLostTheSession(t *testing.T) { // [trap 9]
	for _, v := range versions {
		p := connected(t, v)
		var first packets.Subscribe
		for i := range 23 {
			first.Subscriptions = append(first.Subscriptions, packets.Subscription{Filter: []byte(fmt.Sprint("f", i)), QoS: mqttwire.QoS(i % 3)})
		}
		second := packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: []byte("g"), QoS: 1}}}
		if v == mqttwire.V5 {
			second.Properties.AddSubscriptionID(9)
			second.Subscriptions[0] = packets.Subscription{Filter: []byte("g"), QoS: 1, NoLocal: true, RetainAsPublished: true, RetainHandling: 2}
		}
		for _, q := range []*packets.Subscribe{&first, &second} {
			_, err := p.client.session.Subscribe(p.now, q)
			require.NoError(t, err)
		}
		p.run()
		_, err := p.client.session.Unsubscribe(p.now, &packets.Unsubscribe{Filters: [][]byte{[]byte("f3")}})
		require.NoError(t, err)
		p.run()
		want := subscriptions(p.server.session)
		require.Len(t, want, 23)
		p.cut()
		p.forget()
		p.connect.CleanStart = v == mqttwire.V31
		p.server.wire = nil
		p.open()
		assert.Equal(t, want, subscriptions(p.server.session), v)
		assert.Equal(t, want, subscriptions(p.client.session), v)
		sent := 0
		for _, packet := range p.server.wire {
			if q, ok := packet.(*packets.Subscribe); ok {
				assert.LessOrEqual(t, len(q.Subscriptions), 20)
				sent++
			}
		}
		assert.Equal(t, map[bool]int{true: 3, false: 2}[v == mqttwire.V5], sent, "one packet has one Subscription Identifier")
		assert.Len(t, p.client.all(session.Done), 3, "nobody has asked for those again")
	}
}

// subscriptions returns those of a session in one line each.
func subscriptions(s *session.Session) (list []string) {
	for sub, id := range s.Subscriptions() {
		list = append(list, fmt.Sprintf("%s %d %t %t %d %d", sub.Filter, sub.QoS, sub.NoLocal, sub.RetainAsPublished, sub.RetainHandling, id))
	}
	return list
}

func TestASubscribeThatIsUnderWayIsSentAgain(t *testing.T) { // [trap 10]
	for _, v := range versions {
		for _, lost := range []bool{false, true} {
			for _, leave := range []bool{false, true} {
				p := newPair(t, v, session.Options{NoResubscribe: leave}, session.Options{})
				if v == mqttwire.V5 {
					p.connect.Properties.SetSessionExpiryInterval(1000)
				}
				p.open()
				sub, err := p.client.session.Subscribe(p.now, &packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: []byte("a")}}})
				require.NoError(t, err)
				unsub, err := p.client.session.Unsubscribe(p.now, &packets.Unsubscribe{Filters: [][]byte{[]byte("b")}})
				require.NoError(t, err)
				p.write(&p.client)
				p.cut()
				if lost {
					p.forget()
				}
				p.open()
				if leave {
					want := fmt.Sprint(" ", session.DropConnectionLost, " ", session.Unknown)
					assert.Equal(t, []string{fmt.Sprint(sub) + want, fmt.Sprint(unsub) + want}, drops(p.client.events))
					assert.Empty(t, subscriptions(p.server.session))
					assert.Empty(t, subscriptions(p.client.session))
					continue
				}
				done := p.client.all(session.Done)
				require.Len(t, done, 2)
				assert.Equal(t, sub, done[0].Token)
				assert.IsType(t, (*packets.Suback)(nil), done[0].Packet)
				assert.Equal(t, unsub, done[1].Token)
				assert.Len(t, subscriptions(p.server.session), 1)
				dup := 0
				for _, packet := range p.server.wire {
					if q, ok := packet.(*packets.Subscribe); ok && q.Dup {
						dup++
					}
				}
				assert.Equal(t, map[bool]int{true: 1}[v == mqttwire.V31], dup)
				count := 0
				for _, packet := range p.server.wire {
					if _, ok := packet.(*packets.Subscribe); ok {
						count++
					}
				}
				assert.Equal(t, 1, count, "and not once more because it is wished for")
			}
		}
	}
}

func TestASubscriptionThatTheServerRefusesIsNotKept(t *testing.T) {
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromClient})
	token, err := p.Session.Subscribe(p.Now, &packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: []byte("a")}, {Filter: []byte("b")}}})
	require.NoError(t, err)
	assert.Len(t, subscriptions(p.Session), 2, "from the call on")
	p.Got()
	p.Say(&packets.Suback{PacketID: 1, ReasonCodes: []mqttwire.ReasonCode{0x87, 0}})
	assert.Len(t, subscriptions(p.Session), 1)
	done := p.All(session.Done)
	require.Len(t, done, 1)
	assert.Equal(t, session.Event{Kind: session.Done, Token: token, Code: 0x87, Outcome: session.Refused, Packet: done[0].Packet}, done[0])
}

func TestAnAnswerThatDoesNotFitItsRequestEndsTheConnection(t *testing.T) { // [MQTT-3.8.4-6]
	for _, answer := range []mqttwire.Packet{
		&packets.Suback{PacketID: 1, ReasonCodes: []mqttwire.ReasonCode{0, 0}},
		&packets.Unsuback{PacketID: 1, ReasonCodes: []mqttwire.ReasonCode{0}},
	} {
		p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromClient})
		_, err := p.Session.Subscribe(p.Now, &packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: []byte("a")}}})
		require.NoError(t, err)
		p.Got()
		p.Say(answer)
		assert.Equal(t, session.UnexpectedAnswer, p.closed().Kind)
		assert.Empty(t, p.All(session.Done))
		assert.Equal(t, 1, p.Session.Stats().Requests, "it is sent again")
	}
}

func TestARequestThatCannotBeSentIsDropped(t *testing.T) {
	a := against{Side: mqttwire.FromClient}
	a.Connack.Properties.SetWildcardSubscriptionAvailable(false)
	p := newPeer(t, mqttwire.V5, a)
	token, err := p.Session.Subscribe(p.Now, &packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: []byte("#")}}})
	require.NoError(t, err)
	assert.Empty(t, p.Got())
	require.Equal(t, []string{fmt.Sprint(token, " ", session.DropNotSupported, " ", session.NotSent)}, drops(p.Events))
	var wrong *mqttwire.Error
	require.ErrorAs(t, p.All(session.Dropped)[0].Cause, &wrong)
	assert.Equal(t, mqttwire.RuleWildcardAvailable, wrong.Rule)
	assert.Empty(t, subscriptions(p.Session))
	assert.Zero(t, p.Session.Stats().IDs)
}

func TestSubscriptionsAreBounded(t *testing.T) { // [trap 16]
	s := session.New(session.Options{Side: mqttwire.FromClient, Subscriptions: session.Bounds{Count: 2}})
	subscribe := func(filters ...string) error {
		var q packets.Subscribe
		for _, f := range filters {
			q.Subscriptions = append(q.Subscriptions, packets.Subscription{Filter: []byte(f)})
		}
		_, err := s.Subscribe(began, &q)
		return err
	}
	assert.ErrorIs(t, subscribe("a", "b", "c"), session.ErrQueueFull)
	assert.Empty(t, subscriptions(s))
	require.NoError(t, subscribe("a", "b"))
	require.NoError(t, subscribe("b"), "it takes the place of one")

	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromServer, Session: session.Options{Subscriptions: session.Bounds{Bytes: 200}}})
	p.Say(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{
		{Filter: []byte("a"), QoS: 1}, {Filter: []byte("b"), QoS: 2}, {Filter: make400(), QoS: 2}, {Filter: []byte("c"), QoS: 2}, {Filter: []byte("d")}}})
	assert.Equal(t, []mqttwire.ReasonCode{1, 2, 0x97, 2, 0x97}, p.Got()[0].(*packets.Suback).ReasonCodes)
	assert.Len(t, subscriptions(p.Session), 3)
}

// make400 returns a filter of 400 bytes.
func make400() []byte {
	b := make([]byte, 400)
	for i := range b {
		b[i] = 'x'
	}
	return b
}

func TestSubscriptionsThatAreRefusedWhenTheyAreMadeAgainAreTold(t *testing.T) { // [trap 9]
	a := against{Side: mqttwire.FromClient}
	a.Connect.Properties.SetSessionExpiryInterval(100)
	p := newPeer(t, mqttwire.V5, a)
	_, err := p.Session.Subscribe(p.Now, &packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: []byte("a")}, {Filter: []byte("b")}}})
	require.NoError(t, err)
	p.Got()
	p.Say(&packets.Suback{PacketID: 1, ReasonCodes: []mqttwire.ReasonCode{0, 0}})
	p.Link.Lost(p.Now, nil)
	a.Old = p.Session
	p = newPeer(t, mqttwire.V5, a)
	require.Len(t, p.Opened, 1)
	id := p.Opened[0].(*packets.Subscribe).PacketID
	p.Say(&packets.Suback{PacketID: id, ReasonCodes: []mqttwire.ReasonCode{0, mqttwire.ReasonNotAuthorized}})
	require.Len(t, p.All(session.Unsubscribe), 1)
	e := p.All(session.Unsubscribe)[0]
	assert.Equal(t, mqttwire.ReasonNotAuthorized, e.Code)
	assert.Equal(t, [][]byte{[]byte("b")}, e.Packet.(*packets.Unsubscribe).Filters)
	assert.Len(t, subscriptions(p.Session), 1)
}

func TestSubscriptionsThatCannotBeAskedForAgainAreTold(t *testing.T) { // [trap 9]
	a := against{Side: mqttwire.FromClient}
	a.Connect.Properties.SetSessionExpiryInterval(100)
	p := newPeer(t, mqttwire.V5, a)
	ask := &packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: []byte("a")}}}
	ask.Properties.AddSubscriptionID(7)
	_, err := p.Session.Subscribe(p.Now, ask)
	require.NoError(t, err)
	p.Got()
	p.Say(&packets.Suback{PacketID: 1, ReasonCodes: []mqttwire.ReasonCode{0}})
	p.Link.Lost(p.Now, nil)
	a.Old = p.Session
	a.Connack.Properties.SetSubscriptionIdentifierAvailable(false)
	p = newPeer(t, mqttwire.V5, a)
	assert.Empty(t, p.Opened)
	require.Len(t, p.All(session.Unsubscribe), 1)
	e := p.All(session.Unsubscribe)[0]
	assert.Equal(t, [][]byte{[]byte("a")}, e.Packet.(*packets.Unsubscribe).Filters)
	assert.Equal(t, session.DropNotSupported, e.Drop)
	assert.Error(t, e.Cause.Err)
	assert.Empty(t, subscriptions(p.Session))
}

func TestASubscribeThatWasUnderWayInACrashIsMadeAgain(t *testing.T) {
	p := newPair(t, mqttwire.V5, session.Options{Journal: true}, session.Options{})
	p.connect.Properties.SetSessionExpiryInterval(100)
	p.open()
	p.subscribe("granted")
	_, err := p.client.session.Subscribe(p.now, &packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: []byte("open")}}})
	require.NoError(t, err)
	p.take(&p.client)
	p.crash(&p.client)
	p.server.wire = nil
	p.open()
	assert.Equal(t, []string{"granted 1 false false 0 0", "open 0 false false 0 0"}, subscriptions(p.server.session))
	var sent []string
	for _, packet := range p.server.wire {
		if q, ok := packet.(*packets.Subscribe); ok {
			for _, sub := range q.Subscriptions {
				sent = append(sent, string(sub.Filter))
			}
		}
	}
	assert.Equal(t, []string{"open"}, sent)
	p.crash(&p.client)
	p.server.wire = nil
	p.open()
	assert.Len(t, p.server.wire, 1, "the CONNECT alone")

	p.cut()
	p.forget()
	p.reopen()
	p.move(&p.client, &p.server)
	p.move(&p.server, &p.client) // Session Present 0, and the client subscribes again
	p.take(&p.client)
	p.crash(&p.client)
	p.open() // Session Present 1
	assert.Len(t, subscriptions(p.server.session), 2)
}
