package broker_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

func TestTheProgramPublishesAndSubscribes(t *testing.T) {
	w := newWorld(t, broker.Options{})
	p := w.connect(mqttwire.V311, "p")
	p.subscribe(0, sub("a/#", 1))
	p.publish("a/kept", "1", 0, retain)
	var got []string
	hear := func(m *session.Message, d session.Delivery) {
		got = append(got, fmt.Sprintf("%s %s %d %t", m.Topic(), m.Payload(), d.QoS, d.Retain))
	}
	s := sub("a/+", 1)
	cancel, err := w.b.Subscribe(w.now, "", &s, hear)
	assert.NoError(t, err)
	assert.NoError(t, w.b.Publish(w.now, "", session.NewMessage(w.now, &packets.Publish{Topic: []byte("a/b"), Payload: []byte("2"), QoS: 2}), nil))
	p.publish("a/b", "3", 0)
	assert.Equal(t, []string{"a/kept 1 0 true", "a/b 2 1 false", "a/b 3 0 false"}, got)
	w.run()
	assert.Equal(t, []string{"a/kept 1", "a/b 2 QoS1", "a/b 3"}, p.messages())
	cancel()
	cancel()
	p.publish("a/b", "4", 0)
	assert.Len(t, got, 3)
	assert.Equal(t, 1, w.b.Stats().Subscriptions)

	s = sub("a/#/b", 0)
	_, err = w.b.Subscribe(w.now, "", &s, hear)
	assert.Error(t, err)
	assert.Error(t, w.b.Publish(w.now, "", session.NewMessage(w.now, &packets.Publish{Topic: []byte("#")}), nil))
}

func TestAHookMayRefuseWhatTheProgramPublishesAsAClient(t *testing.T) {
	w := newWorld(t, broker.Options{Hooks: broker.Hooks{Publish: func(c *broker.Peer, p *packets.Publish) mqttwire.ReasonCode {
		if c.ClientID == "no" {
			return mqttwire.ReasonNotAuthorized
		}
		p.Payload = []byte("changed")
		return 0
	}}})
	p := w.connect(mqttwire.V5, "p")
	p.subscribe(0, packets.Subscription{Filter: []byte("a"), NoLocal: true})
	m := session.NewMessage(w.now, &packets.Publish{Topic: []byte("a"), Payload: []byte("m")})
	assert.True(t, errors.Is(w.b.Publish(w.now, "", m, &broker.Peer{ClientID: "no"}), broker.ErrRefused))
	assert.NoError(t, w.b.Publish(w.now, "", m, &broker.Peer{ClientID: "yes"}))
	assert.NoError(t, w.b.Publish(w.now, "", m, nil))
	assert.NoError(t, w.b.Publish(w.now, "", m, &broker.Peer{ClientID: "p"}))
	w.run()
	assert.Equal(t, []string{"a changed", "a m"}, p.messages())
}

// A hook and a function that call the broker again.
func TestWhatTheProgramIsCalledWithItMayCallTheBrokerFrom(t *testing.T) {
	w := newWorld(t, broker.Options{})
	w = newWorld(t, broker.Options{Hooks: broker.Hooks{
		Publish: func(c *broker.Peer, p *packets.Publish) mqttwire.ReasonCode {
			if string(p.Topic) == "close" {
				c.Disconnect(w.now, mqttwire.ReasonMessageRateTooHigh)
			}
			return 0
		},
		Disconnected: func(c *broker.Peer, _ session.Cause) {
			m := session.NewMessage(w.now, &packets.Publish{Topic: []byte("gone"), Payload: []byte(c.ClientID)})
			assert.NoError(t, w.b.Publish(w.now, "", m, nil))
		},
	}})
	s := sub("ping", 0)
	_, err := w.b.Subscribe(w.now, "", &s, func(*session.Message, session.Delivery) {
		m := session.NewMessage(w.now, &packets.Publish{Topic: []byte("pong")})
		assert.NoError(t, w.b.Publish(w.now, "", m, nil))
	})
	assert.NoError(t, err)
	p, q := w.connect(mqttwire.V5, "p"), w.connect(mqttwire.V5, "q")
	p.subscribe(0, sub("#", 0))
	q.publish("ping", "", 0)
	assert.ElementsMatch(t, []string{"pong ", "ping "}, p.messages())
	q.publish("close", "", 1)
	d, ok := first[*packets.Disconnect](q)
	assert.True(t, ok)
	assert.Equal(t, mqttwire.ReasonMessageRateTooHigh, d.ReasonCode)
	assert.Contains(t, p.messages(), "gone q")
}

func TestFiguresArePublishedInTheirInterval(t *testing.T) {
	w := newWorld(t, broker.Options{Figures: 10 * time.Second})
	p := w.connect(mqttwire.V5, "p")
	p.subscribe(0, sub("$SYS/broker/clients/+", 0))
	assert.Empty(t, p.messages())
	w.b.Tick(w.now)
	w.run()
	assert.Equal(t, []string{
		"$SYS/broker/clients/connected 1", "$SYS/broker/clients/disconnected 0", "$SYS/broker/clients/total 1",
	}, p.messages())
	w.pass(9 * time.Second)
	assert.Empty(t, p.messages())
	w.pass(time.Second)
	assert.Len(t, p.messages(), 3)
	q := w.connect(mqttwire.V5, "q")
	q.subscribe(0, sub("#", 0), sub("$SYS/broker/clients/total", 0))
	assert.Equal(t, []string{"$SYS/broker/clients/total 1 retain"}, q.messages())
}

func TestListsTellOfClientsSubscriptionsAndRetainedMessages(t *testing.T) {
	w := newWorld(t, broker.Options{})
	b, a := w.connect(mqttwire.V5, "b", keeps), w.connect(mqttwire.V311, "a")
	b.subscribe(5, packets.Subscription{Filter: []byte("x/#"), QoS: 2, NoLocal: true, RetainAsPublished: true, RetainHandling: 1})
	a.subscribe(0, sub("$share/g/x", 1))
	b.subscribe(0, sub("$share/g/x", 0))
	b.publish("x/1", "m", 0, retain)
	b.lose()
	var clients []string
	for _, c := range w.b.Clients("") {
		clients = append(clients, fmt.Sprint(c.Peer.ClientID, " ", c.Peer.Version, " ", c.Session.Filters, " ", c.Session.Connected))
	}
	for _, id := range []string{"a", "b"} {
		c, ok := w.b.Client("", id)
		assert.True(t, ok)
		assert.Equal(t, id, c.Peer.ClientID)
		assert.Equal(t, id == "a", c.Session.Connected)
	}
	_, ok := w.b.Client("", "nobody")
	assert.False(t, ok)
	assert.Equal(t, []string{"a " + mqttwire.V311.String() + " 1 true", "b " + mqttwire.V5.String() + " 2 false"}, clients)
	var subs []string
	for s := range w.b.Subscriptions("") {
		subs = append(subs, fmt.Sprint(s.ClientID, " ", string(s.Filter), " ", s.SubscriptionID))
	}
	assert.Len(t, subs, 3)
	assert.Contains(t, subs, "b x/# 5")
	assert.Contains(t, subs, "a $share/g/x 0")
	for range w.b.Subscriptions("") {
		break
	}
	list := w.b.Retained("", []byte("+/+"))
	assert.Len(t, list, 1)
	assert.Equal(t, "x/1", string(list[0].Topic()))
	assert.Empty(t, w.b.Retained("", []byte("a/#/b")))
}

func TestEndSessionEndsConnectionAndSession(t *testing.T) {
	w := newWorld(t, broker.Options{})
	p := w.connect(mqttwire.V5, "p", keeps)
	p.subscribe(0, sub("a", 0))
	assert.True(t, w.b.EndSession(w.now, "", "p"))
	w.run()
	d, _ := first[*packets.Disconnect](p)
	assert.Equal(t, mqttwire.ReasonAdministrativeAction, d.ReasonCode)
	assert.True(t, p.closed)
	assert.Zero(t, w.b.Stats().Sessions)
	assert.Zero(t, w.b.Stats().Subscriptions)
	assert.False(t, w.b.EndSession(w.now, "", "p"))
	p = w.connect(mqttwire.V5, "p", keeps)
	assert.False(t, p.connack().SessionPresent)
	p.lose()
	_, ok := w.b.Deadline()
	assert.True(t, ok)
	assert.True(t, w.b.EndSession(w.now, "", "p"))
	_, ok = w.b.Deadline()
	assert.False(t, ok, "nothing is left of it")
}
