package broker_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

func TestATakeoverBetweenNodesGoesInItsOrder(t *testing.T) {
	for _, level := range levels {
		for _, v := range versions {
			e := newEngine(t, 1)
			a, b := e.node("a", level), e.node("b", level)
			old := a.connect(v, "p", keeps)
			a.subscribe(old, sub("t", 2))
			old.deaf = true
			from := a.connect(v, "from")
			a.publish(from, "t", "one", 2)
			old.deaf = false
			old.read()
			old.take()
			from.take()

			p := b.connect(v, "p", keeps)
			assert.True(t, old.closed)
			if v == mqttwire.V5 {
				d, ok := first[*packets.Disconnect](old)
				require.True(t, ok)
				assert.Equal(t, mqttwire.ReasonSessionTakenOver, d.ReasonCode)
			}
			assert.Equal(t, v != mqttwire.V31, p.connack().SessionPresent)
			assert.Len(t, p.messages(), 1)
			assert.Equal(t, []string{"b"}, e.held("p"))
			b.publish(p, "t", "two", 1)
			assert.Equal(t, []string{"t two QoS1"}, p.messages())
		}
	}
}

// The order, request by request, at the node that gives a client up.
func TestWhoIsWantedIsReleasedWithItsRecordAndGetsNothingMore(t *testing.T) {
	for _, level := range levels {
		w := newBy(t, broker.Options{Cluster: &broker.Cluster{Node: "n", Lease: lease, Level: level}})
		p := w.open(mqttwire.V5, "p", keeps)
		p.send(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{sub("t", 1)}})
		w.answer(broker.Listen, done)
		w.puts()
		p.take()
		w.b.Notice(w.now, broker.Notice{Kind: broker.Wanted, Client: "p", Epoch: 1})
		w.run()
		require.Len(t, w.asks(broker.Release), 1)
		assert.NotEmpty(t, w.asks(broker.Release)[0].Record)
		assert.Len(t, w.asks(broker.Forget), 1)
		w.b.Arrive(w.now, broker.Delivery{Message: session.NewMessage(w.now, &packets.Publish{Topic: []byte("t")})})
		again := w.connect(mqttwire.V5, "p", keeps)
		assert.Empty(t, w.asks(broker.Claim), "it is not released")
		w.b.Notice(w.now, broker.Notice{Kind: broker.Wanted, Client: "p", Epoch: 1}) // twice
		assert.Len(t, w.asks(broker.Release), 1)
		w.answer(broker.Release, broker.Reply{})
		w.pass(time.Second)
		w.answer(broker.Release, done)
		assert.True(t, p.closed)
		assert.Len(t, p.got, 1)
		assert.IsType(t, &packets.Disconnect{}, p.got[0])
		w.answer(broker.Claim, broker.Reply{Outcome: broker.Done, Epoch: 3})
		w.puts()
		assert.NotEmpty(t, again.got)
	}
}

func TestTheWillOfAClientThatGoesToAnotherNode(t *testing.T) {
	for _, c := range []struct {
		delay, expiry uint32
		clean         bool
		want          bool // that it is published
	}{
		{delay: 0, expiry: 100, want: true},
		{delay: 50, expiry: 100},
		{delay: 50, expiry: 100, clean: true, want: true},
		{delay: 50, expiry: 0, want: true},
	} {
		e := newEngine(t, 1)
		a, b := e.node("a", broker.Recorded), e.node("b", broker.Recorded)
		hears := b.connect(mqttwire.V5, "hears")
		b.subscribe(hears, sub("w", 1))
		expires := func(c5 *packets.Connect) {
			c5.CleanStart = false
			c5.Properties.SetSessionExpiryInterval(c.expiry)
		}
		a.connect(mqttwire.V5, "p", expires, func(c5 *packets.Connect) {
			c5.Will = &packets.Will{Topic: []byte("w"), Payload: []byte("gone"), QoS: 1}
			c5.Will.Properties.SetWillDelayInterval(c.delay)
		})
		hears.take()
		p := b.connect(mqttwire.V5, "p", expires, func(c5 *packets.Connect) { c5.CleanStart = c.clean })
		assert.Equal(t, !c.clean && c.expiry > 0, p.connack().SessionPresent)
		assert.Equal(t, c.want, len(hears.messages()) == 1, "%+v", c)
		e.pass(time.Minute)
		assert.Empty(t, hears.messages())
	}
}

func TestASessionThatEndsIsDroppedAndItsClientFree(t *testing.T) {
	e := newEngine(t, 1)
	a, b := e.node("a", broker.Recorded), e.node("b", broker.Recorded)
	p := a.connect(mqttwire.V5, "p")
	a.subscribe(p, sub("t", 1))
	p.lose()
	e.run()
	assert.Empty(t, e.claims["/p"].record)
	assert.Zero(t, e.claims["/p"].holder)
	assert.Empty(t, a.listens)
	p = b.connect(mqttwire.V5, "p", keeps)
	assert.False(t, p.connack().SessionPresent)
	p.lose()
	e.pass(time.Hour - time.Minute)
	assert.Equal(t, []string{"b"}, e.held("p"))
	e.pass(2 * time.Minute)
	assert.Empty(t, e.held("p"), "it has expired")
	assert.Zero(t, e.claims["/p"].holder)
}

func TestTheThirdClaimOfAClientInTenSecondsWaitsASecond(t *testing.T) {
	w := newBy(t, broker.Options{})
	claim := func() {
		w.connect(mqttwire.V5, "p", keeps)
		w.answer(broker.Claim, broker.Reply{Outcome: broker.Done, Epoch: 1})
		w.b.Notice(w.now, broker.Notice{Kind: broker.Wanted, Client: "p", Epoch: 1})
		w.run()
		w.puts()
		w.answer(broker.Release, done)
	}
	claim()
	w.pass(time.Second)
	w.open(mqttwire.V5, "other")
	claim()
	p := w.connect(mqttwire.V5, "p", keeps)
	w.pass(time.Second - 1)
	assert.Empty(t, w.asks(broker.Claim))
	w.pass(1)
	assert.Len(t, w.asks(broker.Claim), 1)
	p.lose()
	w.answer(broker.Claim, broker.Reply{Outcome: broker.Done, Epoch: 1})
	w.now = w.now.Add(10 * time.Second)
	w.b.Tick(w.now)
	w.answer(broker.Renew, broker.Reply{Outcome: broker.Done, Incarnation: 1})
	w.connect(mqttwire.V5, "p", keeps)
	assert.Len(t, w.asks(broker.Claim), 1, "the others are long ago")
}

func TestOfConnectionsThatWaitForAClientTheLastOneGetsIt(t *testing.T) {
	w := newBy(t, broker.Options{})
	p, q := w.connect(mqttwire.V5, "p", keeps), w.connect(mqttwire.V311, "p", keeps)
	a, ok := first[*packets.Connack](p)
	require.True(t, ok)
	assert.Equal(t, mqttwire.ReasonServerBusy, a.ReasonCode)
	assert.True(t, p.closed)
	w.answer(broker.Claim, broker.Reply{Outcome: broker.Done, Epoch: 1})
	w.puts()
	assert.Len(t, q.got, 1)
	r := w.connect(mqttwire.V5, "p", keeps)
	w.puts()
	assert.Len(t, r.got, 1, "the client is ours, so that it is not claimed")
	assert.True(t, q.closed)
	assert.Empty(t, w.asks(broker.Claim))
}

func TestAClientForWhichNobodyWaitsAnyMoreIsFree(t *testing.T) {
	w := newBy(t, broker.Options{})
	p := w.connect(mqttwire.V5, "p", keeps)
	p.lose()
	w.answer(broker.Claim, broker.Reply{Outcome: broker.Done, Epoch: 4})
	assert.Equal(t, broker.Epoch(4), w.answer(broker.Drop, broker.Reply{}).Epoch)
	w.pass(time.Second)
	w.answer(broker.Drop, done)
	assert.Zero(t, w.b.Stats().Sessions)
	assert.Empty(t, w.asks(broker.Drop))
}

func TestAClientThatIsWantedBeforeItIsOursIsGivenOnAtOnce(t *testing.T) {
	w := newBy(t, broker.Options{})
	p := w.connect(mqttwire.V5, "p", keeps)
	w.b.Notice(w.now, broker.Notice{Kind: broker.Wanted, Client: "p", Epoch: 1})
	w.answer(broker.Claim, broker.Reply{Outcome: broker.Done, Epoch: 1})
	w.puts()
	w.answer(broker.Release, done)
	require.Len(t, p.got, 2)
	assert.IsType(t, &packets.Connack{}, p.got[0])
	assert.IsType(t, &packets.Disconnect{}, p.got[1])
}

func TestAClientThatIsWantedAndIsNotHereIsReleasedAsItIs(t *testing.T) {
	w := newBy(t, broker.Options{})
	w.b.Notice(w.now, broker.Notice{Kind: broker.Wanted, Namespace: "n", Client: "p", Epoch: 9})
	r := w.answer(broker.Release, done)
	assert.Equal(t, broker.Epoch(9), r.Epoch)
	assert.Equal(t, "n", r.Namespace)
	assert.Empty(t, r.Record)
}

func TestTheClientsOfANodeThatHasEndedGoOnElsewhere(t *testing.T) {
	e := newEngine(t, 1)
	a, b := e.node("a", broker.Recorded), e.node("b", broker.Recorded)
	hears, from := b.connect(mqttwire.V5, "hears"), b.connect(mqttwire.V5, "from")
	b.subscribe(hears, sub("w/#", 1))
	for _, id := range []string{"p", "q", "r"} {
		p := a.connect(mqttwire.V5, id, func(c *packets.Connect) {
			c.Will = &packets.Will{Topic: []byte("w/" + id), Payload: []byte("gone"), QoS: 1}
			if id != "r" {
				c.Properties.SetSessionExpiryInterval(30)
			}
		})
		a.subscribe(p, sub("t", 1))
	}
	hears.take()
	a.cut = true // as it has ended
	b.publish(from, "t", "one", 1)
	e.pass(lease + time.Second)
	assert.ElementsMatch(t, []string{"w/p gone QoS1", "w/q gone QoS1", "w/r gone QoS1"}, hears.messages())
	assert.Equal(t, []string{"b"}, e.held("q")[len(e.held("q"))-1:])
	p := b.connect(mqttwire.V5, "p", keeps)
	assert.True(t, p.connack().SessionPresent)
	assert.Equal(t, []string{"t one QoS1"}, p.messages())
	e.pass(31 * time.Second)
	assert.Empty(t, e.claims["/q"].record, "it has expired")
	assert.NotEmpty(t, e.claims["/p"].record)
}

// A node that only believed to have ended, and that comes back.
func TestANodeThatComesBackGivesUpWhatOthersHaveTaken(t *testing.T) {
	e := newEngine(t, 1)
	a, b := e.node("a", broker.Recorded), e.node("b", broker.Recorded)
	stays, goes := a.connect(mqttwire.V5, "stays"), a.connect(mqttwire.V5, "goes", keeps)
	a.subscribe(stays, sub("t", 1))
	a.subscribe(goes, sub("t", 1))
	goes.take()
	stays.take()
	a.cut = true
	e.pass(lease + time.Second)
	p := b.connect(mqttwire.V5, "goes", keeps)
	assert.True(t, p.connack().SessionPresent)
	b.publish(p, "t", "m", 1)
	a.cut = false
	e.pass(lease)
	assert.True(t, goes.closed)
	assert.Empty(t, goes.take(), "nothing is said on behalf of a client that another node has")
	assert.Equal(t, []string{"b"}, e.held("goes"))
	assert.True(t, stays.closed, "of a session that ends with its connection there is no record, so that the end of the node was its end")
	a.publish(a.connect(mqttwire.V5, "from"), "t", "n", 1)
	assert.Equal(t, []string{"t m QoS1", "t n QoS1"}, p.messages())
}

func TestAFilterIsToldWithItsFirstAndItsLastSubscription(t *testing.T) {
	w := newBy(t, broker.Options{})
	p, q := w.open(mqttwire.V5, "p"), w.open(mqttwire.V5, "q")
	p.send(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{sub("t/#", 1)}})
	assert.Empty(t, p.got, "SUBACK waits")
	assert.Equal(t, "t/#", string(w.answer(broker.Listen, broker.Reply{}).Filter))
	w.pass(time.Second)
	w.answer(broker.Listen, done)
	assert.Len(t, p.got, 1)
	q.subscribe(0, sub("t/#", 1))
	q.subscribe(0, sub("t/#", 2))
	assert.Len(t, q.take(), 2)
	assert.Empty(t, w.asks(broker.Listen))
	p.send(&packets.Unsubscribe{PacketID: 2, Filters: [][]byte{[]byte("t/#")}})
	assert.Empty(t, w.asks(broker.Forget))
	q.lose()
	require.Len(t, w.asks(broker.Forget), 1)
	assert.Equal(t, "t/#", string(w.asks(broker.Forget)[0].Filter))
}

func TestOfAGroupTheEngineIsToldHowManyReceiversThereAre(t *testing.T) {
	w := newBy(t, broker.Options{})
	p, q := w.open(mqttwire.V5, "p"), w.open(mqttwire.V5, "q")
	p.send(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{sub("$share/g/t/#", 1)}})
	r := w.answer(broker.Listen, done)
	assert.Equal(t, "g t/# 1", fmt.Sprint(string(r.Group), " ", string(r.Filter), " ", r.Members))
	q.subscribe(0, sub("$share/g/t/#", 1))
	list := w.asks(broker.Listen)
	require.Len(t, list, 1)
	assert.Equal(t, 2, list[0].Members)
	p.lose()
	list = w.asks(broker.Listen)
	require.Len(t, list, 2)
	assert.Equal(t, 1, list[1].Members)
	w.b.Arrive(w.now, broker.Delivery{Group: []byte("g"), Filter: []byte("t/#"), Message: session.NewMessage(w.now, &packets.Publish{Topic: []byte("t/1"), Payload: []byte("m")})})
	w.b.Arrive(w.now, broker.Delivery{Message: session.NewMessage(w.now, &packets.Publish{Topic: []byte("t/1"), Payload: []byte("n")})})
	w.run()
	assert.Equal(t, []string{"t/1 m"}, q.messages(), "the other one is not for the group")
	q.lose()
	assert.Len(t, w.asks(broker.Forget), 1)
	late := broker.Delivery{Group: []byte("g"), Filter: []byte("t/#"), Message: session.NewMessage(w.now, &packets.Publish{Topic: []byte("t/1")})}
	assert.False(t, w.b.Arrive(w.now, late), "another node is to get it")
}

func TestAGroupOfSeveralNodesGetsAMessageOnce(t *testing.T) {
	e := newEngine(t, 1)
	a, b := e.node("a", broker.Recorded), e.node("b", broker.Recorded)
	p, q := a.connect(mqttwire.V5, "p"), b.connect(mqttwire.V5, "q")
	a.subscribe(p, sub("$share/g/t", 2))
	b.subscribe(q, sub("$share/g/t", 2))
	from := a.connect(mqttwire.V5, "from")
	for q := mqttwire.QoS(0); q <= 2; q++ {
		for range 10 {
			a.publish(from, "t", "m", q)
		}
	}
	got := len(p.messages())
	assert.Positive(t, got)
	assert.Equal(t, 30, got+len(q.messages()))
}

func TestRetainedMessagesAreThoseOfAllNodes(t *testing.T) {
	e := newEngine(t, 1)
	a, b := e.node("a", broker.Recorded), e.node("b", broker.Recorded)
	p, q := a.connect(mqttwire.V5, "p"), b.connect(mqttwire.V311, "q")
	for q := mqttwire.QoS(0); q <= 2; q++ {
		a.publish(p, fmt.Sprintf("t/%d", q), "kept", q, retain)
		a.publish(p, fmt.Sprintf("u/%d", q), "kept", q, retain)
		a.publish(p, fmt.Sprintf("u/%d", q), "", q, retain)
	}
	b.subscribe(q, sub("#", 2))
	assert.ElementsMatch(t, []string{"t/0 kept retain", "t/1 kept QoS1 retain", "t/2 kept QoS2 retain"}, q.messages())
	c := e.node("c", broker.Recorded)
	e.pass(time.Second)
	assert.Len(t, c.b.Retained("", []byte("#")), 3, "a node that comes later has them")
	b.publish(q, "t/1", "live", 1, retain)
	assert.Equal(t, []string{"t/1 live QoS1"}, q.messages())
	assert.Equal(t, "live", string(a.b.Retained("", []byte("t/1"))[0].Payload()))
}

func TestNoLocalHoldsInACluster(t *testing.T) {
	e := newEngine(t, 1)
	a := e.node("a", broker.Recorded)
	p := a.connect(mqttwire.V5, "p")
	a.subscribe(p, packets.Subscription{Filter: []byte("t"), QoS: 2, NoLocal: true})
	for q := mqttwire.QoS(0); q <= 2; q++ {
		a.publish(p, "t", "m", q)
	}
	assert.Empty(t, p.messages())
}

func TestTooManyRetainedMessagesAreRefusedBeforeTheEngineHasThem(t *testing.T) {
	w := newBy(t, broker.Options{Limits: broker.Limits{Retained: session.Bounds{Count: 1}}})
	w.b.Arrive(w.now, broker.Delivery{Retained: true, Message: session.NewMessage(w.now, &packets.Publish{Topic: []byte("a"), Payload: []byte("m")})})
	p := w.open(mqttwire.V5, "p")
	p.publish("b", "m", 1, retain)
	a, _ := first[*packets.Puback](p)
	assert.Equal(t, mqttwire.ReasonQuotaExceeded, a.ReasonCode)
	assert.Empty(t, w.asks(broker.Retain))
	p.publish("a", "n", 1, retain)
	assert.Len(t, w.asks(broker.Retain), 1)
	m := session.NewMessage(w.now, &packets.Publish{Topic: []byte("b"), Payload: []byte("m"), Retain: true})
	assert.ErrorIs(t, w.b.Publish(w.now, "", m, nil), broker.ErrRefused)
}

// logged is a live message of log 1.
func logged(payload string, seq, previous uint64) broker.Delivery {
	p := &packets.Publish{Topic: []byte("t"), Payload: []byte(payload), QoS: 1}
	return broker.Delivery{Message: session.NewMessageAt(began, p, session.Position{Log: 1, Seq: seq}), Previous: previous}
}

// newSubscribed returns a broker with a client that subscribes, with the log 1 at 10.
func newSubscribed(t testing.TB) (*by, *peer) {
	w := newBy(t, broker.Options{})
	p := w.open(mqttwire.V5, "p", keeps)
	p.send(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{sub("t", 1)}})
	w.answer(broker.Listen, broker.Reply{Outcome: broker.Done, Positions: []session.Position{{Log: 1, Seq: 10}}})
	w.puts()
	p.take()
	return w, p
}

func TestAMessageThatComesAgainIsLeftOut(t *testing.T) {
	w, p := newSubscribed(t)
	for _, d := range []broker.Delivery{logged("old", 10, 5), logged("one", 11, 10), logged("one", 11, 10), logged("two", 15, 11), logged("one", 11, 10)} {
		w.b.Arrive(w.now, d)
	}
	w.run()
	assert.Equal(t, []string{"t one QoS1", "t two QoS1"}, p.messages())
	assert.Empty(t, w.asks(broker.Replay))
}

func TestWhatIsMissingBeforeAMessageIsAskedForFirst(t *testing.T) {
	for _, told := range []bool{false, true} {
		w, p := newSubscribed(t)
		w.b.Arrive(w.now, logged("one", 11, 10))
		if told {
			w.b.Notice(w.now, broker.Notice{Kind: broker.Gap, Position: session.Position{Log: 1}})
			w.b.Notice(w.now, broker.Notice{Kind: broker.Gap, Position: session.Position{Log: 7}}) // of which nothing is known
		}
		w.b.Arrive(w.now, logged("three", 13, 12))
		w.b.Arrive(w.now, logged("four", 14, 13))
		w.run()
		assert.Equal(t, []string{"t one QoS1"}, p.messages())
		list := w.asks(broker.Replay)
		require.Len(t, list, 1)
		assert.Equal(t, session.Position{Log: 1, Seq: 11}, list[0].From)
		for _, d := range []broker.Delivery{logged("two", 12, 11), logged("three", 13, 12)} {
			d.Token = list[0].Token
			w.b.Arrive(w.now, d)
		}
		w.answer(broker.Replay, broker.Reply{Outcome: broker.Done, Position: session.Position{Log: 1, Seq: 13}})
		assert.Equal(t, []string{"t two QoS1", "t three QoS1"}, p.messages())
		list = w.asks(broker.Replay)
		require.Len(t, list, 1, "the fourth was left out")
		d := logged("four", 14, 13)
		d.Token = list[0].Token
		w.b.Arrive(w.now, d)
		w.answer(broker.Replay, broker.Reply{})
		w.pass(time.Second)
		w.answer(broker.Replay, broker.Reply{Outcome: broker.Done, Position: session.Position{Log: 1, Seq: 14}})
		w.b.Arrive(w.now, logged("five", 15, 14))
		w.run()
		assert.Equal(t, []string{"t four QoS1", "t five QoS1"}, p.messages())
	}
}

func TestWhileTheEngineIsAwayOnlyRenewIsAskedFor(t *testing.T) {
	w := newBy(t, broker.Options{Cluster: &broker.Cluster{Node: "n", Lease: 30 * time.Second, Level: broker.Appended}})
	p := w.open(mqttwire.V5, "p")
	w.b.Notice(w.now, broker.Notice{Kind: broker.Away})
	p.publish("a", "m", 1)
	p.publish("b", "m", 0)
	w.pass(10 * time.Second)
	assert.Len(t, w.asks(broker.Renew), 1)
	assert.Empty(t, w.asks(broker.Append))
	w.b.Notice(w.now, broker.Notice{Kind: broker.Back})
	<-w.b.Requested()
	assert.Len(t, w.asks(broker.Append), 1)
	assert.Len(t, w.asks(broker.Send), 1)
	w.answer(broker.Append, done)
	assert.Len(t, p.got, 1)
}

func TestMessagesOfQoS0ForWhichTheEngineHasNoTimeAreDropped(t *testing.T) {
	w := newBy(t, broker.Options{})
	p := w.open(mqttwire.V5, "p")
	for range 10_010 {
		p.publish("a", "m", 0)
	}
	assert.Len(t, w.asks(broker.Send), 10_000)
	assert.Equal(t, uint64(10), w.b.Stats().Refused)
	p.publish("a", "m", 0)
	assert.Len(t, w.asks(broker.Send), 10_001)
}

func TestWhatIsOnlyOfTheNodeStaysThere(t *testing.T) {
	w := newBy(t, broker.Options{Figures: time.Second})
	w.b.Tick(w.now)
	assert.NotEmpty(t, w.b.Retained("", []byte("$SYS/#")))
	assert.Empty(t, w.asks(broker.Retain))
}

func TestNamespacesSeeNothingOfEachOtherInACluster(t *testing.T) {
	spaces := func(o *broker.Options) {
		o.Hooks.Connect = func(_ context.Context, c *broker.Peer, p *packets.Connect) (*packets.Auth, mqttwire.ReasonCode) {
			c.Namespace = string(p.UserName)
			return nil, 0
		}
	}
	in := func(space string) func(*packets.Connect) {
		return func(c *packets.Connect) { c.UserName = []byte(space) }
	}
	e := newEngine(t, 1)
	a, b := e.node("a", broker.Recorded, spaces), e.node("b", broker.Recorded, spaces)
	p := a.connect(mqttwire.V5, "p", keeps, in("x"))
	a.subscribe(p, sub("t", 1))
	same, other := b.connect(mqttwire.V5, "same", in("x")), b.connect(mqttwire.V5, "p", in("y"))
	b.subscribe(other, sub("t", 1))
	b.publish(same, "t", "live", 1)
	assert.Equal(t, []string{"t live QoS1"}, p.messages())
	p.send(&packets.Puback{PacketID: 1})
	e.run()
	a.cut = true
	b.publish(same, "t", "of x", 1)
	b.publish(other, "t", "of y", 1)
	e.pass(lease + time.Second)
	p = b.connect(mqttwire.V5, "p", keeps, in("x"))
	assert.Equal(t, []string{"t of x QoS1"}, p.messages())
	assert.Equal(t, []string{"t of y QoS1"}, other.messages())
}
