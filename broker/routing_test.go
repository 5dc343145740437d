package broker_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
)

func TestAMessageGoesToAllWhoSubscribeWithTheLowerQoS(t *testing.T) {
	for _, v := range versions {
		w := newWorld(t, broker.Options{})
		from := w.connect(v, "from")
		var to []*peer
		for q := range mqttwire.QoS(3) {
			p := w.connect(v, "to"+q.String()[4:])
			assert.Equal(t, []mqttwire.ReasonCode{mqttwire.ReasonCode(q)}, p.subscribe(0, sub("a/+", q)))
			to = append(to, p)
		}
		for q := range mqttwire.QoS(3) {
			from.publish("a/b", "m", q)
			from.publish("b", "no", q)
		}
		assert.Equal(t, []string{"a/b m", "a/b m", "a/b m"}, to[0].messages(), v)
		assert.Equal(t, []string{"a/b m", "a/b m QoS1", "a/b m QoS1"}, to[1].messages(), v)
		assert.Equal(t, []string{"a/b m", "a/b m QoS1", "a/b m QoS2"}, to[2].messages(), v)
	}
}

func TestOfOverlappingSubscriptionsThereIsOneCopyWithAllIdentifiers(t *testing.T) {
	w := newWorld(t, broker.Options{})
	p := w.connect(mqttwire.V5, "p")
	p.subscribe(1, sub("a/#", 0))
	p.subscribe(2, sub("a/+", 1))
	p.subscribe(0, sub("#", 2))
	q := w.connect(mqttwire.V5, "q")
	q.subscribe(7, sub("+/b", 1))
	p.take()
	q.take()
	w.connect(mqttwire.V311, "from").publish("a/b", "m", 1)
	got := p.messages()
	assert.Len(t, got, 1)
	assert.Contains(t, []string{"a/b m QoS1 #1 #2", "a/b m QoS1 #2 #1"}, got[0])
	assert.Equal(t, []string{"a/b m QoS1 #7"}, q.messages())
}

func TestNoLocalWithholdsOnlyWhatTheClientItselfHasPublished(t *testing.T) {
	w := newWorld(t, broker.Options{})
	p, q := w.connect(mqttwire.V5, "p"), w.connect(mqttwire.V5, "q")
	p.subscribe(0, packets.Subscription{Filter: []byte("a"), NoLocal: true})
	p.publish("a", "own", 0)
	q.publish("a", "other", 0)
	assert.Equal(t, []string{"a other"}, p.messages())
	p.subscribe(0, sub("+", 1))
	p.publish("a", "own", 1)
	assert.Equal(t, []string{"a own QoS1"}, p.messages())
}

func TestRetainIsTakenOffUnlessASubscriptionAsksForIt(t *testing.T) {
	w := newWorld(t, broker.Options{})
	p, q := w.connect(mqttwire.V5, "p"), w.connect(mqttwire.V5, "q")
	p.subscribe(0, packets.Subscription{Filter: []byte("a"), RetainAsPublished: true})
	q.subscribe(0, sub("a", 0))
	p.publish("a", "m", 0, retain)
	p.publish("a", "n", 0)
	assert.Equal(t, []string{"a m retain", "a n"}, p.messages())
	assert.Equal(t, []string{"a m", "a n"}, q.messages())
}
