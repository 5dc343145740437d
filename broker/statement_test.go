package broker_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
)

func TestAfterAnUnsubscribeNoNewMessagesCome(t *testing.T) {
	for _, v := range versions {
		w := newWorld(t, broker.Options{})
		p := w.connect(v, "p")
		p.subscribe(0, sub("a/+", 1), sub("a/#", 0))
		p.publish("a/b", "1", 1)
		p.send(&packets.Unsubscribe{PacketID: 9, Filters: [][]byte{[]byte("a/+"), []byte("none")}})
		p.publish("a/b", "2", 1)
		p.send(&packets.Unsubscribe{PacketID: 10, Filters: [][]byte{[]byte("a/#")}})
		p.publish("a/b", "3", 1)
		assert.Equal(t, []string{"a/b 1 QoS1", "a/b 2"}, p.messages(), v)
		assert.Zero(t, w.b.Stats().Subscriptions)
	}
}

func TestMessagesOfATopicComeInTheOrderInWhichTheyCame(t *testing.T) {
	for _, v := range versions {
		w := newWorld(t, broker.Options{})
		p := w.connect(v, "p", keeps)
		p.subscribe(0, sub("#", 2))
		p.lose()
		from := w.connect(v, "from")
		var want []string
		for i := range 50 {
			q := mqttwire.QoS(1 + i%2)
			from.publish("a", fmt.Sprint(i), q)
			want = append(want, fmt.Sprintf("a %d QoS%d", i, q))
		}
		assert.Equal(t, want, w.connect(v, "p", keeps).messages(), v)
	}
}

func TestAWildcardInFrontDoesNotMatchATopicThatBeginsWithADollar(t *testing.T) {
	for _, v := range versions {
		w := newWorld(t, broker.Options{})
		p := w.connect(v, "p")
		p.publish("$x/a", "kept", 0, retain)
		p.subscribe(0, sub("#", 0), sub("+/a", 0), sub("é/a", 0))
		p.publish("$x/a", "m", 0)
		p.publish("e\u0301/a", "of other characters", 0)
		p.publish("É/a", "in other letters", 0)
		assert.Equal(t, []string{"e\u0301/a of other characters", "É/a in other letters"}, p.messages(), v)
		p.subscribe(0, sub("$x/#", 0))
		p.publish("$x/a", "m", 0)
		assert.Equal(t, []string{"$x/a kept retain", "$x/a m"}, p.messages(), v)
		p.subscribe(0, sub("é/b", 0))
		p.send(&packets.Unsubscribe{PacketID: 9, Filters: [][]byte{[]byte("#"), []byte("+/a")}})
		p.publish("e\u0301/b", "m", 0)
		p.publish("é/b", "m", 0)
		assert.Equal(t, []string{"é/b m"}, p.messages(), v)
	}
}

func TestARetainedMessageOutlivesTheSessionOfItsPublisher(t *testing.T) {
	for _, v := range versions {
		w := newWorld(t, broker.Options{})
		from := w.connect(v, "from")
		from.publish("a", "m", 1, retain)
		from.lose()
		assert.Zero(t, w.b.Stats().Sessions)
		p := w.connect(v, "p")
		p.subscribe(0, sub("a", 1))
		assert.Equal(t, []string{"a m QoS1 retain"}, p.messages(), v)
	}
}
