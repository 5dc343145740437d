package broker_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
)

func TestOneMemberOfAGroupGetsAMessageWithItsOwnQoS(t *testing.T) {
	for _, v := range versions {
		w := newWorld(t, broker.Options{})
		var members []*peer
		for i := range 3 {
			p := w.connect(v, fmt.Sprint("p", i))
			p.subscribe(0, sub("$share/g/a/+", mqttwire.QoS(i)))
			members = append(members, p)
		}
		other := w.connect(v, "other")
		other.subscribe(0, sub("$share/h/a/#", 2))
		from := w.connect(v, "from")
		for i := range 30 {
			from.publish("a/b", fmt.Sprint(i), 2)
		}
		assert.Len(t, other.messages(), 30)
		total := 0
		for i, p := range members {
			got := p.messages()
			assert.NotEmpty(t, got)
			total += len(got)
			want := []string{"", " QoS1", " QoS2"}[i]
			for _, m := range got {
				assert.Regexp(t, `^a/b \d+`+want+`$`, m)
			}
		}
		assert.Equal(t, 30, total, v)
	}
}

// group are members of a group, with a Receive Maximum of 1, and one who publishes.
func group(t *testing.T, q mqttwire.QoS, n int) (w *world, from *peer, members []*peer) {
	w = newWorld(t, broker.Options{})
	from = w.connect(mqttwire.V5, "from")
	for i := range n {
		p := w.connect(mqttwire.V5, fmt.Sprint("p", i), keeps, func(c *packets.Connect) { c.Properties.SetReceiveMaximum(1) })
		p.subscribe(0, sub("$share/g/a", q))
		p.take()
		members = append(members, p)
	}
	return w, from, members
}

// Trap 24: what a member has not begun to get is lost with it.
func TestWhatAMemberHasNotBegunToGetGoesToAnother(t *testing.T) {
	for q := mqttwire.QoS(1); q <= 2; q++ {
		w, from, m := group(t, q, 2)
		for i := range 6 {
			from.publish("a", fmt.Sprint(i), 2)
		}
		begun := m[0].messages()
		assert.Len(t, begun, 1)
		m[0].lose()
		got := m[1].all(t)
		assert.Len(t, got, 5)
		assert.NotContains(t, got, begun[0])
		m[0] = w.connect(mqttwire.V5, "p0", keeps)
		assert.Equal(t, []string{begun[0] + " dup"}, m[0].messages(), "what was begun goes on with its session")
	}
}

func TestWithoutAnotherMemberThatIsConnectedAMessageStaysWithItsOwn(t *testing.T) {
	w, from, m := group(t, 1, 2)
	m[1].lose()
	var want []string
	for i := range 6 {
		from.publish("a", fmt.Sprint(i), 1)
		want = append(want, fmt.Sprintf("a %d QoS1", i))
	}
	m[0].lose()
	want[0] += " dup"
	assert.Equal(t, want, w.connect(mqttwire.V5, "p0", keeps).all(t))
	assert.Empty(t, w.connect(mqttwire.V5, "p1", keeps).all(t))
}

// all acknowledges all messages as they come, and returns them.
func (p *peer) all(t *testing.T) (list []string) {
	for {
		got := p.take()
		if len(got) == 0 {
			return list
		}
		for _, packet := range got {
			switch m := packet.(type) {
			case *packets.Publish:
				list = append(list, describe(m))
				if m.QoS == 1 {
					p.send(&packets.Puback{PacketID: m.PacketID})
				}
				if m.QoS == 2 {
					p.send(&packets.Pubrec{PacketID: m.PacketID})
				}
			case *packets.Pubrel:
				p.send(&packets.Pubcomp{PacketID: m.PacketID})
			}
		}
	}
}

func TestWhatAMemberHasBegunToGetGoesToAnotherWithQoS1WhenItsSessionEnds(t *testing.T) {
	for q := mqttwire.QoS(1); q <= 2; q++ {
		w, from, m := group(t, q, 1)
		from.publish("a", "0", 2)
		begun := m[0].messages()
		assert.Len(t, begun, 1)
		m[0].lose()
		from.publish("a", "1", 2) // nobody is connected: it waits
		other := w.connect(mqttwire.V5, "other", keeps)
		other.subscribe(0, sub("$share/g/a", q))
		assert.Empty(t, other.messages())
		w.pass(3601 * time.Second)
		w.run()
		if q == 1 {
			assert.Equal(t, []string{"a 0 QoS1", "a 1 QoS1"}, other.all(t))
		} else {
			assert.Equal(t, []string{"a 1 QoS2"}, other.all(t), "[MQTT-4.8.2-4]: the client is to get it alone")
		}
	}
}

func TestWhatAMemberRefusesIsDropped(t *testing.T) {
	_, from, m := group(t, 1, 2)
	from.publish("a", "0", 1)
	i := slices.IndexFunc(m, func(p *peer) bool { return len(p.got) > 0 })
	got := m[i].take()[0].(*packets.Publish)
	m[i].send(&packets.Puback{PacketID: got.PacketID, ReasonCode: 0x83})
	m[i].lose()
	assert.Empty(t, m[1-i].messages())
	assert.Empty(t, m[i].w.b.Clients("")[1+i].Session.InFlight)
}

func TestAMessageOfQoS0GoesToAMemberThatIsConnected(t *testing.T) {
	_, from, m := group(t, 1, 3)
	m[0].lose()
	m[2].lose()
	for range 5 {
		from.publish("a", "m", 0)
	}
	assert.Len(t, m[1].messages(), 5)
	m[1].lose()
	from.publish("a", "m", 0)
	assert.Equal(t, uint64(1), m[0].w.b.Stats().Dropped[5])
}

// What the hook Deliver keeps from one member goes to another, whichever is asked first.
func TestAMemberThatMayNotGetAMessageLeavesItToAnother(t *testing.T) {
	for _, v := range versions {
		may := map[string]bool{"one": true, "from": true}
		w := newWorld(t, broker.Options{Hooks: broker.Hooks{Deliver: func(c *broker.Peer, _ *packets.Publish) bool { return may[c.ClientID] }}})
		one, two, from := w.connect(v, "one"), w.connect(v, "two"), w.connect(v, "from")
		one.subscribe(0, sub("$share/g/a", 1))
		two.subscribe(0, sub("$share/g/a", 1))
		for range 10 {
			from.publish("a", "m", 1)
		}
		assert.Len(t, one.messages(), 10, v)
		assert.Empty(t, two.messages(), v)
		may["one"] = false
		from.publish("a", "for nobody", 1)
		assert.Empty(t, append(one.messages(), two.messages()...), v)
	}
}
