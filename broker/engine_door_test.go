package broker_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

var levels = []broker.Level{broker.Recorded, broker.Appended}

// by is a broker whose engine is the test itself, request by request.
type by struct {
	*world
	held []broker.Request // that were asked for, and not answered
}

// newBy returns a broker that is not suspended.
func newBy(t testing.TB, o broker.Options) *by {
	if o.Cluster == nil {
		o.Cluster = &broker.Cluster{Node: "n", Lease: lease, Level: broker.Appended}
	}
	w := &by{world: newWorld(t, o)}
	w.b.Tick(w.now)
	w.answer(broker.Renew, broker.Reply{Outcome: broker.Done, Incarnation: 1})
	return w
}

// asks returns what is asked for of a kind, and is not answered.
func (w *by) asks(k broker.RequestKind) (list []broker.Request) {
	for r, ok := w.b.Request(); ok; r, ok = w.b.Request() {
		w.held = append(w.held, r)
	}
	for _, r := range w.held {
		if r.Kind == k {
			list = append(list, r)
		}
	}
	return list
}

// answer answers the first Request of a kind, and lets everything run.
func (w *by) answer(k broker.RequestKind, a broker.Reply) broker.Request {
	w.t.Helper()
	list := w.asks(k)
	require.NotEmpty(w.t, list, "nothing of kind %d is asked for", k)
	w.held = slices.DeleteFunc(w.held, func(r broker.Request) bool { return r.Token == list[0].Token && r.Kind == k })
	a.Token = list[0].Token
	w.b.Reply(w.now, a)
	w.run()
	return list[0]
}

var done = broker.Reply{Outcome: broker.Done}

// open connects a client, of which there is nothing yet.
func (w *by) open(v mqttwire.Version, id string, with ...func(*packets.Connect)) *peer {
	p := w.connect(v, id, with...)
	w.answer(broker.Claim, broker.Reply{Outcome: broker.Done, Epoch: 1})
	w.puts()
	p.take()
	return p
}

// puts answers what is asked to be recorded.
func (w *by) puts() {
	for len(w.asks(broker.Put)) > 0 {
		w.answer(broker.Put, done)
	}
}

func TestWithoutAClusterNothingLeavesAndNothingWaits(t *testing.T) {
	w := newWorld(t, broker.Options{})
	p := w.connect(mqttwire.V5, "p", keeps)
	p.subscribe(0, sub("a", 2))
	p.publish("a", "m", 2, retain)
	assert.Equal(t, []string{"a m QoS2"}, p.messages())
	_, ok := w.b.Request()
	assert.False(t, ok)
	assert.Nil(t, w.b.Requested())
	assert.False(t, p.conn.Waits())
	w.b.Reply(w.now, broker.Reply{Token: 1, Outcome: broker.Done})
	w.b.Arrive(w.now, broker.Delivery{Message: session.NewMessage(w.now, &packets.Publish{Topic: []byte("a")})})
	w.b.Notice(w.now, broker.Notice{Kind: broker.Wanted, Client: "p"})
	w.run()
	assert.Empty(t, p.take())
	assert.False(t, p.closed)
	p.publish("b", "nobody", 1)
	ack, _ := first[*packets.Puback](p)
	assert.Equal(t, mqttwire.ReasonNoMatchingSubscribers, ack.ReasonCode)
	_, ok = w.b.Deadline()
	assert.False(t, ok)
}

// What is asked of the design, first point.
func TestConnackWaitsForTheClaimAndNothingMoreIsReadMeanwhile(t *testing.T) {
	for _, v := range versions {
		w := newBy(t, broker.Options{})
		p := w.connect(v, "p")
		assert.Empty(t, p.got)
		assert.True(t, p.conn.Waits())
		p.send(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{sub("a", 1)}}, &packets.Pingreq{})
		assert.Empty(t, p.got)
		assert.Empty(t, w.asks(broker.Listen), "it is not read")
		r := w.answer(broker.Claim, broker.Reply{Outcome: broker.Done, Epoch: 7, Holder: broker.Holder{Node: "other", Incarnation: 3}})
		assert.Equal(t, "p", r.Client)
		assert.Empty(t, p.got)
		r = w.answer(broker.Take, done)
		assert.Equal(t, broker.Epoch(7), r.Epoch)
		assert.Len(t, p.got, 1)
		_, ok := first[*packets.Connack](p)
		assert.True(t, ok)
		assert.True(t, p.conn.Waits(), "the SUBSCRIBE waits now")
		w.answer(broker.Listen, done)
		assert.Len(t, p.got, 3)
		assert.False(t, p.conn.Waits())
	}
}

func TestADriverThatReadsOnThoughAPacketWaitsIsClosed(t *testing.T) {
	w := newBy(t, broker.Options{})
	p := w.connect(mqttwire.V5, "p")
	b, err := (&packets.Publish{Topic: []byte("a"), Payload: make([]byte, 1000)}).Append(nil, mqttwire.V5)
	require.NoError(t, err)
	for range 64 {
		p.bytes(b)
	}
	assert.False(t, p.closed)
	for range 2 {
		p.bytes(b)
	}
	assert.True(t, p.closed, "more than 64 KiB are not kept")
}

func TestAClientIsRefusedWhoseClaimIs(t *testing.T) {
	for _, take := range []bool{false, true} {
		w := newBy(t, broker.Options{})
		p := w.connect(mqttwire.V5, "p")
		if take {
			w.answer(broker.Claim, broker.Reply{Outcome: broker.Done, Epoch: 1, Holder: broker.Holder{Node: "other"}})
			w.answer(broker.Take, broker.Reply{Outcome: broker.Refused})
		} else {
			w.answer(broker.Claim, broker.Reply{Outcome: broker.Refused})
		}
		a, ok := first[*packets.Connack](p)
		require.True(t, ok)
		assert.Equal(t, mqttwire.ReasonServerBusy, a.ReasonCode)
		assert.True(t, p.closed)
		assert.Zero(t, w.b.Stats().Sessions)
		w.open(mqttwire.V5, "p")
	}
}

func TestAnUnknownAnswerToAClaimIsAskedForAgain(t *testing.T) {
	for range 2 {
		w := newBy(t, broker.Options{})
		p := w.connect(mqttwire.V311, "p")
		w.answer(broker.Claim, broker.Reply{})
		w.pass(time.Second)
		w.answer(broker.Claim, broker.Reply{Outcome: broker.Done, Epoch: 2, Holder: broker.Holder{Node: "other"}})
		w.answer(broker.Take, broker.Reply{})
		w.pass(time.Second)
		w.answer(broker.Take, done)
		_, ok := first[*packets.Connack](p)
		assert.True(t, ok)
	}
}

func TestADamagedRecordRefusesTheClientAndStaysAsItIs(t *testing.T) {
	for _, record := range []string{
		"x", "\x01", "\x01\x05", "\x01\x00\x01", "\x01\x00\x00nothing",
		"\x02", "\x02\x05", "\x02\x01a\x05", "\x02\x00\x00\x01", "\x02\x01a\x00\x00nothing", "\x03\x00\x00\x00",
	} {
		w := newBy(t, broker.Options{})
		p := w.connect(mqttwire.V5, "p")
		w.answer(broker.Claim, broker.Reply{Outcome: broker.Done, Epoch: 1, Record: []byte(record)})
		a, ok := first[*packets.Connack](p)
		require.True(t, ok)
		assert.Equal(t, mqttwire.ReasonUnspecifiedError, a.ReasonCode)
		r := w.answer(broker.Release, done)
		assert.Empty(t, r.Record)
	}
}

// A record that the engine has cut off is no session; and one with any byte changed is none
// or one, and nothing worse.
func TestARecordIsNotBelieved(t *testing.T) {
	e := newEngine(t, 1)
	a := e.node("a", broker.Recorded)
	to, from := a.connect(mqttwire.V5, "to", keeps), a.connect(mqttwire.V311, "from")
	a.subscribe(to, sub("t/#", 2))
	to.lose()
	a.publish(from, "t/1", "m", 2)
	a.send(from, &packets.Publish{Topic: []byte("t/2"), QoS: 2, PacketID: 9})
	e.pass(time.Second)
	record := e.claims["/to"].record
	claims := func(record []byte) *peer {
		w := newBy(t, broker.Options{})
		p := w.connect(mqttwire.V5, "to", keeps)
		w.answer(broker.Claim, broker.Reply{Outcome: broker.Done, Epoch: 1, Record: record})
		return p
	}
	for n := 1; n < len(record); n++ {
		p := claims(record[:n])
		require.Len(t, p.got, 1, n)
		require.Equal(t, mqttwire.ReasonUnspecifiedError, p.connack().ReasonCode)
	}
	for i := range record {
		changed := slices.Clone(record)
		changed[i] ^= 0x41
		claims(changed)
	}
	p := claims(record)
	require.Empty(t, p.got, "it listens first")
}

// Second point.
func TestPubackAndPubrecWaitForTheAnswerOfAppendInTheirOrder(t *testing.T) {
	for _, v := range versions {
		w := newBy(t, broker.Options{})
		p := w.open(v, "p")
		p.send(
			&packets.Publish{Topic: []byte("a"), QoS: 1, PacketID: 1}, &packets.Publish{Topic: []byte("b"), QoS: 1, PacketID: 2},
			&packets.Publish{Topic: []byte("c"), QoS: 2, PacketID: 3}, &packets.Pingreq{},
		)
		assert.Len(t, p.take(), 1, "only the PINGRESP")
		list := w.asks(broker.Append)
		require.Len(t, list, 3)
		ids := map[broker.MessageID]bool{}
		for _, r := range list {
			assert.Equal(t, broker.Holder{Node: "n", Incarnation: 1}, r.ID.Holder)
			assert.Equal(t, broker.Epoch(1), r.Epoch)
			ids[r.ID] = true
		}
		assert.Len(t, ids, 3)
		w.b.Reply(w.now, broker.Reply{Token: list[1].Token, Outcome: broker.Done})
		w.run()
		assert.Empty(t, p.got, "the one before it waits")
		w.b.Reply(w.now, broker.Reply{Token: list[0].Token, Outcome: broker.Done})
		w.run()
		assert.Len(t, p.got, 2)
		for i, packet := range p.take() {
			assert.Equal(t, uint16(i+1), packet.(*packets.Puback).PacketID)
			assert.Zero(t, packet.(*packets.Puback).ReasonCode, "nobody knows whether anybody subscribes")
		}
		w.b.Reply(w.now, broker.Reply{Token: list[2].Token, Outcome: broker.Done})
		w.b.Reply(w.now, broker.Reply{Token: list[2].Token, Outcome: broker.Refused})
		w.run()
		rec, ok := first[*packets.Pubrec](p)
		require.True(t, ok)
		assert.Zero(t, rec.ReasonCode)
	}
}

// And: what is behind it fails too.
func TestAFailedAppendIsRefusedOrEndsTheConnectionAndSoDoThoseBehindIt(t *testing.T) {
	for _, o := range []broker.Outcome{broker.Refused, broker.Unknown} {
		for _, v := range versions {
			w := newBy(t, broker.Options{})
			p := w.open(v, "p", keeps)
			for id := range uint16(3) {
				p.send(&packets.Publish{Topic: []byte{'a' + byte(id)}, QoS: 1, PacketID: id + 1})
			}
			p.send(&packets.Publish{Topic: []byte("d"), QoS: 2, PacketID: 4})
			list := w.asks(broker.Append)
			require.Len(t, list, 4)
			w.b.Reply(w.now, broker.Reply{Token: list[0].Token, Outcome: broker.Done})
			w.b.Reply(w.now, broker.Reply{Token: list[1].Token, Outcome: o})
			w.b.Reply(w.now, broker.Reply{Token: list[2].Token, Outcome: broker.Done})
			w.run()
			w.puts()
			assert.Equal(t, v != mqttwire.V5, p.closed)
			want := map[broker.Outcome]mqttwire.ReasonCode{broker.Refused: mqttwire.ReasonQuotaExceeded, broker.Unknown: mqttwire.ReasonImplementationSpecificError}[o]
			var codes []mqttwire.ReasonCode
			for _, packet := range p.take() {
				code, _ := packets.ReasonCode(packet)
				codes = append(codes, code)
			}
			if v == mqttwire.V5 {
				assert.Equal(t, []mqttwire.ReasonCode{0, want, want, want}, codes)
			} else {
				assert.Len(t, codes, 1)
			}
		}
	}
}

func TestTheEngineMaySayWhyItHasRefusedAMessage(t *testing.T) {
	w := newBy(t, broker.Options{})
	p := w.open(mqttwire.V5, "p")
	p.publish("a", "m", 1)
	w.answer(broker.Append, broker.Reply{Outcome: broker.Refused, Code: mqttwire.ReasonNotAuthorized})
	a, _ := first[*packets.Puback](p)
	assert.Equal(t, mqttwire.ReasonNotAuthorized, a.ReasonCode)
}

func TestMessagesOfQoS2OfAClientAreAppendedOneByOneAndByTheSameNameIfRepeated(t *testing.T) {
	w := newBy(t, broker.Options{})
	p := w.open(mqttwire.V311, "p", keeps)
	m, n := &packets.Publish{Topic: []byte("a"), Payload: []byte("m"), QoS: 2, PacketID: 5}, &packets.Publish{Topic: []byte("a"), Payload: []byte("n"), QoS: 2, PacketID: 6}
	p.send(m, n)
	list := w.asks(broker.Append)
	require.Len(t, list, 1)
	p.lose()
	w.puts()
	p = w.connect(mqttwire.V311, "p", keeps)
	w.puts()
	m.Dup, n.Dup = true, true
	p.send(m, n)
	assert.Len(t, w.asks(broker.Append), 1, "the one before is not answered")
	assert.Equal(t, list[0].ID, w.answer(broker.Append, broker.Reply{Outcome: broker.Done}).ID)
	other := w.answer(broker.Append, done) // of n, that nobody waits for
	assert.NotEqual(t, list[0].ID, other.ID)
	assert.Equal(t, list[0].ID, w.answer(broker.Append, done).ID, "m again")
	assert.Equal(t, other.ID, w.answer(broker.Append, done).ID)
	p.take()
	p.send(&packets.Pubrel{PacketID: 5})
	m.Dup = false
	p.send(m)
	assert.NotEqual(t, list[0].ID, w.answer(broker.Append, done).ID, "it is another one with that packet identifier")
}

// A client that has not heard of the refusal: what came behind the message may have been
// taken, so that it must not be now.
func TestAMessageOfQoS2ThatWasRefusedIsRefusedAgain(t *testing.T) {
	w := newBy(t, broker.Options{})
	p := w.open(mqttwire.V5, "p", keeps)
	m := &packets.Publish{Topic: []byte("a"), Payload: []byte("m"), QoS: 2, PacketID: 5}
	p.send(m)
	p.deaf = true
	w.answer(broker.Append, broker.Reply{})
	p.lose()
	w.puts()
	p = w.connect(mqttwire.V5, "p", keeps)
	w.puts()
	m.Dup = true
	p.send(m)
	assert.Empty(t, w.asks(broker.Append))
	a, ok := first[*packets.Pubrec](p)
	require.True(t, ok)
	assert.Equal(t, mqttwire.ReasonImplementationSpecificError, a.ReasonCode)
	m.Payload = []byte("another")
	p.send(m)
	assert.Len(t, w.asks(broker.Append), 1)
}

func TestTooManyMessagesThatWaitForTheEngineAreNotRead(t *testing.T) {
	w := newBy(t, broker.Options{})
	p := w.open(mqttwire.V5, "p")
	for id := range uint16(300) {
		p.send(&packets.Publish{Topic: []byte("a"), QoS: 1, PacketID: id + 1})
	}
	assert.True(t, p.conn.Waits())
	assert.Len(t, w.asks(broker.Append), 256)
	w.answer(broker.Append, done)
	assert.Len(t, w.asks(broker.Append), 256, "one more was read")
	for range 299 {
		w.answer(broker.Append, done)
	}
	assert.False(t, p.conn.Waits())
	assert.Len(t, p.got, 300)
}

func TestAnAppendIsUnknownWhenItIsNotAnsweredInTime(t *testing.T) {
	for _, pulled := range []bool{true, false} {
		w := newBy(t, broker.Options{Cluster: &broker.Cluster{Node: "n", Lease: time.Hour, Timeout: 5 * time.Second, Level: broker.Appended}})
		p := w.open(mqttwire.V5, "p")
		p.publish("a", "m", 1)
		if pulled {
			w.asks(broker.Append)
		}
		w.pass(5*time.Second - 1)
		assert.Empty(t, p.got)
		w.pass(1)
		a, ok := first[*packets.Puback](p)
		require.True(t, ok)
		assert.Equal(t, mqttwire.ReasonImplementationSpecificError, a.ReasonCode)
		assert.Equal(t, pulled, len(w.asks(broker.Append)) > 0, "what was not handed out is not any more")
	}
}

// Third point.
func TestAQueueEntryIsAPositionInTheRecordAndIsFetchedInItsTurn(t *testing.T) {
	e := newEngine(t, 1)
	a, b := e.node("a", broker.Recorded), e.node("b", broker.Recorded)
	to, from := a.connect(mqttwire.V5, "to", keeps), a.connect(mqttwire.V5, "from")
	a.subscribe(to, sub("t/#", 2), sub("$share/g/s", 2))
	a.publish(from, "t/kept", "retained-payload", 1, retain)
	to.lose()
	e.run()
	a.publish(from, "t/1", "plain-payload", 2)
	a.publish(from, "s", "shared-payload", 1)
	a.publish(from, "t/2", "more-payload", 1, func(m *packets.Publish) { m.Properties.SetMessageExpiryInterval(100) })
	e.pass(time.Second)
	record := e.claims["/to"].record
	assert.NotContains(t, string(record), "payload")
	assert.Less(t, len(record), 600)
	to = b.connect(mqttwire.V5, "to", keeps)
	e.run()
	assert.True(t, to.connack().SessionPresent)
	list := to.messages()
	assert.Contains(t, list, "t/1 plain-payload QoS2")
	assert.Contains(t, list, "s shared-payload QoS1")
	assert.Contains(t, list, "t/2 more-payload QoS1")
	assert.Equal(t, []string{"b"}, e.held("to"))
}

func TestAMessageThatTheLogNoLongerHasIsDropped(t *testing.T) {
	var drops []session.Drop
	e := newEngine(t, 1)
	a := e.node("a", broker.Recorded)
	b := e.node("b", broker.Recorded, func(o *broker.Options) {
		o.Hooks.Dropped = func(_ *broker.Peer, _ *session.Message, why session.Drop) { drops = append(drops, why) }
	})
	to := a.connect(mqttwire.V5, "to", keeps)
	a.subscribe(to, sub("#", 2))
	to.lose()
	from := a.connect(mqttwire.V5, "from")
	a.publish(from, "t/1", "one", 2)
	a.publish(from, "t/2", "two", 1)
	gone := false
	e.refuse = func(r *broker.Request) (broker.Outcome, bool) {
		if r.Kind == broker.Fetch && !gone {
			gone = true
			return broker.Refused, true
		}
		return 0, false
	}
	to = b.connect(mqttwire.V5, "to", keeps)
	assert.Equal(t, []string{"t/2 two QoS1"}, to.messages())
	assert.Equal(t, []session.Drop{session.DropGone}, drops)
}

// Fourth point.
func TestAfterTheLeaseOnlyPingrespLeavesUntilEachClientIsConfirmed(t *testing.T) {
	for _, level := range levels {
		for _, v := range versions {
			w := newBy(t, broker.Options{Cluster: &broker.Cluster{Node: "n", Lease: lease, Margin: 2 * time.Second, Level: level}})
			p, q := w.open(v, "p", keeps), w.open(v, "q", keeps)
			for _, c := range []*peer{p, q} {
				c.send(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{sub("a", 0)}})
				if len(w.asks(broker.Listen)) > 0 {
					w.answer(broker.Listen, done)
				}
				w.puts()
				c.take()
			}
			at, ok := w.b.Deadline()
			assert.True(t, ok)
			assert.Equal(t, began.Add(lease/3), at)
			w.pass(8*time.Second - 1)
			w.b.Arrive(w.now, broker.Delivery{Message: session.NewMessage(w.now, &packets.Publish{Topic: []byte("a"), Payload: []byte("before")})})
			w.run()
			assert.Equal(t, []string{"a before"}, p.messages())
			q.take()
			w.pass(1)
			w.b.Arrive(w.now, broker.Delivery{Message: session.NewMessage(w.now, &packets.Publish{Topic: []byte("a"), Payload: []byte("after")})})
			w.run()
			p.send(&packets.Pingreq{})
			p.send(&packets.Publish{Topic: []byte("b"), QoS: 1, PacketID: 9}, &packets.Pingreq{})
			assert.Len(t, p.got, 1, "what is behind the PUBLISH is not read")
			assert.IsType(t, &packets.Pingresp{}, p.got[0])
			assert.True(t, p.conn.Waits())
			assert.Empty(t, q.got)
			assert.Empty(t, w.asks(broker.Append))
			p.take()

			w.asks(broker.Renew)
			w.held = slices.DeleteFunc(w.held, func(r broker.Request) bool { return r.Kind == broker.Renew }) // too late
			w.pass(3 * time.Second)
			r := w.answer(broker.Renew, broker.Reply{Outcome: broker.Done, Incarnation: 2})
			assert.Equal(t, uint64(1), r.Node.Incarnation)
			assert.Empty(t, p.got)
			assert.Empty(t, q.got)
			list := w.asks(broker.Put)
			require.Len(t, list, 2)
			assert.Equal(t, uint64(2), list[0].Node.Incarnation)
			assert.Equal(t, "p", list[0].Client)
			w.answer(broker.Put, done)
			assert.Equal(t, []string{"a after"}, p.messages())
			assert.Empty(t, q.got, "it is not confirmed")
			assert.Len(t, w.asks(broker.Append), 1, "the PUBLISH is read")
			w.answer(broker.Put, broker.Reply{Outcome: broker.Refused}) // another node has it
			assert.Empty(t, q.got)
			assert.True(t, q.closed)
			assert.ErrorIs(t, q.cause, broker.ErrTaken)
			assert.Len(t, w.b.Clients(""), 1)
		}
	}
}

// What was recorded before the node was suspended does not say that the client is ours.
func TestAPutOfBeforeTheEndOfTheLeaseConfirmsNobody(t *testing.T) {
	w := newBy(t, broker.Options{Cluster: &broker.Cluster{Node: "n", Lease: lease, Timeout: time.Hour}})
	p := w.open(mqttwire.V5, "p", keeps)
	p.send(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{sub("a", 0)}})
	w.answer(broker.Listen, done)
	require.Len(t, w.asks(broker.Put), 1)
	w.pass(lease)
	for len(w.asks(broker.Renew)) > 1 {
		w.answer(broker.Renew, broker.Reply{})
	}
	w.pass(lease / 3)
	w.answer(broker.Renew, broker.Reply{})
	w.answer(broker.Renew, broker.Reply{Outcome: broker.Done, Incarnation: 2})
	w.answer(broker.Put, done)
	assert.Empty(t, p.got)
	w.answer(broker.Put, done)
	assert.Len(t, p.got, 1)
}

func TestANodeWithoutALeaseClaimsNobody(t *testing.T) {
	w := &by{world: newWorld(t, broker.Options{Cluster: &broker.Cluster{Node: "n"}})}
	at, ok := w.b.Deadline()
	assert.True(t, ok)
	assert.False(t, w.now.Before(at))
	p := w.connect(mqttwire.V5, "p")
	assert.Empty(t, w.asks(broker.Claim))
	w.b.Tick(w.now)
	assert.Zero(t, w.asks(broker.Renew)[0].Node.Incarnation)
	w.answer(broker.Renew, broker.Reply{Outcome: broker.Refused})
	assert.Empty(t, w.asks(broker.Claim))
	w.pass(4 * time.Second)
	w.answer(broker.Renew, broker.Reply{Outcome: broker.Done, Incarnation: 4})
	w.answer(broker.Claim, broker.Reply{Outcome: broker.Done, Epoch: 1})
	_, ok = first[*packets.Connack](p)
	assert.True(t, ok)
}

// An answer that comes after the end of the lease that it would begin is none.
func TestALateRenewalIsNone(t *testing.T) {
	w := newBy(t, broker.Options{})
	p := w.open(mqttwire.V5, "p")
	w.pass(lease / 3)
	require.Len(t, w.asks(broker.Renew), 1)
	late := w.asks(broker.Renew)[0]
	w.now = w.now.Add(8 * time.Second)
	w.b.Reply(w.now, broker.Reply{Token: late.Token, Outcome: broker.Done, Incarnation: 1})
	w.b.Tick(w.now)
	w.run()
	w.b.Arrive(w.now, broker.Delivery{Message: session.NewMessage(w.now, &packets.Publish{Topic: []byte("a")})})
	p.publish("b", "m", 1)
	assert.Empty(t, w.asks(broker.Append))
	assert.Empty(t, w.asks(broker.Put), "nobody is to be confirmed")
}

func TestANodeOfAClusterHasNoJournal(t *testing.T) {
	o := broker.Options{Journal: true, Cluster: &broker.Cluster{Node: "n"}}
	_, _, err := broker.Restore(o, began, each(nil))
	assert.Error(t, err)
	w := newBy(t, o)
	w.open(mqttwire.V5, "p", keeps)
	records, _ := w.b.Changes(nil)
	assert.Empty(t, records)
}

// Fifth point.
func TestInAClusterNobodySaysThatNobodySubscribes(t *testing.T) {
	for _, level := range levels {
		e := newEngine(t, 1)
		a := e.node("a", level)
		p := a.connect(mqttwire.V5, "p")
		p.take()
		a.publish(p, "nobody", "m", 1)
		a.publish(p, "nobody", "m", 2)
		require.Len(t, p.got, 3)
		for _, packet := range p.got {
			code, _ := packets.ReasonCode(packet)
			assert.Zero(t, code)
		}
	}
}

func TestAMessageComesToTheClientsOfAllNodes(t *testing.T) {
	for _, level := range levels {
		for q := mqttwire.QoS(0); q <= 2; q++ {
			e := newEngine(t, 1)
			a, b := e.node("a", level), e.node("b", level)
			x, y := a.connect(mqttwire.V5, "x"), b.connect(mqttwire.V311, "y", keeps)
			a.subscribe(x, sub("t/#", 2))
			b.subscribe(y, sub("t/+", 2))
			x.take()
			y.take()
			a.publish(x, "t/1", "m", q)
			b.publish(y, "t/2", "n", q)
			want := []string{"t/1 m", "t/2 n"}
			if q > 0 {
				want = []string{"t/1 m QoS" + string('0'+rune(q)), "t/2 n QoS" + string('0'+rune(q))}
			}
			assert.ElementsMatch(t, want, x.messages())
			assert.ElementsMatch(t, want, y.messages())
		}
	}
}

func TestTheProgramPublishesAndSubscribesInACluster(t *testing.T) {
	e := newEngine(t, 1)
	a, b := e.node("a", broker.Recorded), e.node("b", broker.Recorded)
	e.run()
	var got []string
	s := sub("t/#", 1)
	cancel, err := b.b.Subscribe(e.now, "", &s, func(m *session.Message, _ session.Delivery) { got = append(got, string(m.Payload())) })
	require.NoError(t, err)
	e.run()
	for q := mqttwire.QoS(0); q <= 2; q++ {
		m := session.NewMessage(e.now, &packets.Publish{Topic: []byte("t/1"), Payload: []byte{'0' + byte(q)}, QoS: q})
		require.NoError(t, a.b.Publish(e.now, "", m, nil))
		e.run()
	}
	assert.Equal(t, []string{"0", "1", "2"}, got)
	cancel()
	e.run()
	assert.Empty(t, b.listens)
}
