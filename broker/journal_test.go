package broker_test

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// journaled is a world whose broker has a journal.
type journaled struct {
	*world
	durable []session.Record
	batches []int // how many there were after each commit
}

func newJournaled(t testing.TB) *journaled {
	return &journaled{world: newWorld(t, broker.Options{Journal: true})}
}

// commit makes all changes durable, and lets run what has waited for that.
func (j *journaled) commit() {
	for {
		records, mark := j.b.Changes(nil)
		if len(records) == 0 && len(j.ready) == 0 {
			return
		}
		for _, r := range records {
			r.Session, r.Data = bytes.Clone(r.Session), bytes.Clone(r.Data)
			j.durable = append(j.durable, r)
		}
		j.batches = append(j.batches, len(j.durable))
		j.b.Durable(mark)
		j.run()
	}
}

// each yields records without errors.
func each(records []session.Record) iter.Seq2[session.Record, error] {
	return func(yield func(session.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// restart makes a world of the first n records.
func (j *journaled) restart(n int) (*journaled, broker.Report) {
	j.t.Helper()
	w := &journaled{world: newWorld(j.t, broker.Options{Journal: true}), durable: slices.Clone(j.durable[:n])}
	var report broker.Report
	var err error
	w.now = j.now
	o := broker.Options{Journal: true, Rand: &counter{}}
	w.b, report, err = broker.Restore(o, w.now, each(w.durable))
	require.NoError(j.t, err)
	return w, report
}

func TestFiguresOfAJournalTakeNoRoomEither(t *testing.T) {
	o := broker.Options{Journal: true, Figures: time.Second, Limits: broker.Limits{Retained: session.Bounds{Count: 1}}}
	j := &journaled{world: newWorld(t, o)}
	p := j.connect(mqttwire.V5, "p")
	j.b.Tick(j.now)
	p.publish("a", "1", 0, retain)
	p.publish("a", "", 0, retain)
	p.publish("b", "22", 0, retain)
	j.commit()
	before := j.b.Stats()
	require.Equal(t, 1, before.Retained)
	b, report, err := broker.Restore(o, j.now, each(j.durable))
	require.NoError(t, err)
	assert.Equal(t, 1, report.Retained)
	assert.Equal(t, before.Retained, b.Stats().Retained)
	assert.Equal(t, before.RetainedBytes, b.Stats().RetainedBytes)
	assert.Len(t, b.Retained("", []byte("$SYS/#")), 11)
	b.Tick(j.now)
	m := session.NewMessage(j.now, &packets.Publish{Topic: []byte("b"), Payload: []byte("3"), Retain: true})
	assert.NoError(t, b.Publish(j.now, "", m, nil))
	assert.Equal(t, 1, b.Stats().Retained)
}

func TestAMessageIsAcknowledgedWhenItIsDurableForAllItsReceivers(t *testing.T) {
	for q := mqttwire.QoS(1); q <= 2; q++ {
		j := newJournaled(t)
		to := j.connect(mqttwire.V5, "to", keeps)
		j.commit()
		to.subscribe(0, sub("a", 2))
		j.commit()
		to.lose()
		from := j.connect(mqttwire.V5, "from")
		j.commit()
		from.take()
		from.send(&packets.Publish{Topic: []byte("a"), Payload: []byte("m"), QoS: q, PacketID: 1})
		assert.Empty(t, from.got)
		records, mark := j.b.Changes(nil)
		assert.NotEmpty(t, records)
		j.b.Durable(mark - 1)
		j.run()
		assert.Empty(t, from.got)
		j.durable = append(j.durable, records...)
		j.b.Durable(mark)
		j.run()
		assert.NotEmpty(t, from.got)

		again, _ := j.restart(len(j.durable))
		to = again.connect(mqttwire.V5, "to", keeps)
		again.commit()
		assert.Equal(t, []string{fmt.Sprintf("a m QoS%d", q)}, to.messages())
	}
}

// A receiver that is sending a message of its own on meanwhile is no exception.
func TestAMessageIsDurableForAReceiverThatPublishesItself(t *testing.T) {
	for q := mqttwire.QoS(1); q <= 2; q++ {
		meanwhile := func() {}
		o := broker.Options{Journal: true, Hooks: broker.Hooks{Deliver: func(_ *broker.Peer, p *packets.Publish) bool {
			if string(p.Topic) == "slow" {
				meanwhile()
			}
			return true
		}}}
		j := &journaled{world: newWorld(t, o)}
		to, other, from := j.connect(mqttwire.V5, "to", keeps), j.connect(mqttwire.V5, "other"), j.connect(mqttwire.V5, "from")
		j.commit()
		to.subscribe(0, sub("a", 2))
		other.subscribe(0, sub("slow", 0))
		j.commit()
		from.take()
		meanwhile = func() {
			from.send(&packets.Publish{Topic: []byte("a"), Payload: []byte("m"), QoS: q, PacketID: 1})
			j.commit()
			assert.NotEmpty(t, from.got, "it is acknowledged")
			_, report := j.restart(len(j.durable))
			assert.Equal(t, 1, report.Messages)
		}
		to.publish("slow", "s", q)
		j.commit()
		assert.NotEmpty(t, to.messages())
	}
}

func TestTheRecordsOfASessionHaveABoundOverRestarts(t *testing.T) {
	j := newJournaled(t)
	for range 8 {
		p := j.connect(mqttwire.V311, "p", keeps)
		j.commit()
		p.subscribe(0, sub("a", 1))
		j.commit()
		for range 700 {
			p.publish("a", "m", 1)
			j.commit()
			for _, packet := range p.take() {
				if m, ok := packet.(*packets.Publish); ok {
					p.send(&packets.Puback{PacketID: m.PacketID})
				}
			}
		}
		n := 0
		for _, r := range j.durable {
			switch {
			case string(r.Session) != "s\x00p":
			case r.Snapshot:
				n = 0
			default:
				n++
			}
		}
		require.Less(t, n, 10_500)
		j, _ = j.restart(len(j.durable))
	}
	assert.Greater(t, len(j.durable), 10_000)
}

func TestAMarkThatChangesHasNotGivenSpoilsNoRecord(t *testing.T) {
	j := newJournaled(t)
	j.connect(mqttwire.V5, "first", keeps)
	j.b.Durable(1 << 40)
	j.connect(mqttwire.V5, "second", keeps)
	j.commit()
	_, report := j.restart(len(j.durable))
	assert.Equal(t, 2, report.Sessions)
}

func TestARestoredBrokerGoesOn(t *testing.T) {
	j := newJournaled(t)
	for _, id := range []string{"p", "q", "gone"} {
		p := j.connect(mqttwire.V5, id, keeps, func(c *packets.Connect) {
			c.Will = &packets.Will{Topic: []byte("w/" + id), Payload: []byte("will")}
			c.Will.Properties.SetWillDelayInterval(60)
		})
		j.commit()
		p.subscribe(7, packets.Subscription{Filter: []byte("a/" + id), QoS: 1}, sub("$share/g/s", 1), sub("w/#", 1))
		j.commit()
		p.send(&packets.Unsubscribe{PacketID: 99, Filters: [][]byte{[]byte("$share/g/s")}})
		j.commit()
	}
	from := j.connect(mqttwire.V5, "from")
	j.commit()
	from.publish("r", "kept", 1, retain, func(m *packets.Publish) { m.Properties.SetMessageExpiryInterval(100) })
	from.publish("x", "deleted", 1, retain)
	from.publish("x", "", 1, retain)
	from.publish("a/p", "waits", 1)
	j.commit()
	j.b.EndSession(j.now, "", "gone")
	j.commit()

	j.now = j.now.Add(10 * time.Second)
	again, report := j.restart(len(j.durable))
	assert.Equal(t, broker.Report{Sessions: 3, Retained: 1, Messages: report.Messages}, report)
	assert.Len(t, again.b.Clients(""), 3, "from had no session that stays, but the records do not tell that its connection is gone")
	var filters []string
	for s := range again.b.Subscriptions("") {
		filters = append(filters, fmt.Sprint(s.ClientID, " ", string(s.Filter), " ", s.SubscriptionID))
	}
	assert.ElementsMatch(t, []string{"p a/p 7", "q a/q 7", "p w/# 7", "q w/# 7"}, filters)
	again.b.Tick(again.now)
	assert.Len(t, again.b.Clients(""), 2)

	p := again.connect(mqttwire.V5, "p", keeps)
	again.commit()
	assert.True(t, p.connack().SessionPresent)
	assert.Contains(t, p.messages(), "a/p waits QoS1 dup #7")
	p.subscribe(0, sub("r", 0), sub("x", 0))
	again.commit()
	m, ok := first[*packets.Publish](p)
	assert.True(t, ok)
	left, _ := m.Properties.MessageExpiryInterval()
	assert.Equal(t, uint32(90), left)
	p.take()
	again.pass(61 * time.Second)
	again.commit()
	assert.Equal(t, []string{"w/q will #7"}, p.messages(), "the will of p is gone, as it is back")
}

// What one step has changed at several places comes out of Changes together, however far
// the step has come when it is called; and nothing is written meanwhile.
func TestWhileAMessageIsSentOnItsChangesAndItsAcknowledgementWait(t *testing.T) {
	for q := mqttwire.QoS(1); q <= 2; q++ {
		j := newJournaled(t)
		var from *peer
		looked := 0
		look := func() {
			records, mark := j.b.Changes(nil)
			for _, r := range records {
				assert.NotContains(t, string(r.Data), "the payload")
			}
			j.b.Durable(mark)
			assert.Empty(t, from.conn.Append(nil, 1000))
			looked++
		}
		j.b = broker.New(broker.Options{Journal: true, Hooks: broker.Hooks{Deliver: func(*broker.Peer, *packets.Publish) bool {
			look()
			return true
		}}})
		from = j.connect(mqttwire.V5, "from")
		j.commit()
		for _, id := range []string{"a", "b", "c"} {
			p := j.connect(mqttwire.V5, id, keeps)
			j.commit()
			p.subscribe(0, sub("a", 2))
			j.commit()
		}
		from.take()
		from.publish("a", "the payload", q)
		assert.Equal(t, 3, looked)
		assert.Empty(t, from.got)
		j.commit()
		assert.NotEmpty(t, from.got)
	}
}

// Stops the program at each commit: what was acknowledged is there, and what was of QoS 2
// is there once.
func TestWhatWasAcknowledgedIsThereWhereverTheProgramEnds(t *testing.T) {
	for q := mqttwire.QoS(1); q <= 2; q++ {
		j := newJournaled(t)
		to := j.connect(mqttwire.V5, "to", keeps)
		j.commit()
		to.subscribe(0, sub("#", 2))
		j.commit()
		to.lose()
		from := j.connect(mqttwire.V5, "from", keeps)
		j.commit()
		var acknowledged []int // how many were, by the number of records
		for i := range 5 {
			from.publish("a", fmt.Sprint(i), q, retain)
			j.commit()
			for len(acknowledged) < len(j.durable) {
				acknowledged = append(acknowledged, i)
			}
		}
		for n, count := range acknowledged {
			if !slices.Contains(j.batches, n) {
				continue
			}
			again, _ := j.restart(n)
			to := again.connect(mqttwire.V5, "to", keeps)
			again.commit()
			got := to.messages()
			for i := range count {
				assert.Contains(t, got, fmt.Sprintf("a %d QoS%d", i, q), "at %d", n)
			}
			assert.LessOrEqual(t, len(got), count+1)
		}
	}
}

// A journal that is torn within a commit: what was taken on and is not known to have been
// sent on is sent on by Restore, so that nothing is lost. The publisher sends it again,
// and that is answered alone.
func TestWhatWasTakenOnIsSentOnAgainAfterATornCommit(t *testing.T) {
	j := newJournaled(t)
	to := j.connect(mqttwire.V5, "to", keeps)
	j.commit()
	to.subscribe(0, sub("#", 2))
	j.commit()
	to.lose()
	from := j.connect(mqttwire.V5, "from", keeps)
	j.commit()
	before := len(j.durable)
	m := &packets.Publish{Topic: []byte("a"), Payload: []byte("m"), QoS: 2, PacketID: 7}
	from.send(m)
	j.commit()
	twice := 0
	for n := before; n <= len(j.durable); n++ {
		again, _ := j.restart(n)
		from := again.connect(mqttwire.V5, "from", keeps)
		again.commit()
		m.Dup = true
		from.send(m)
		again.commit()
		_, ok := first[*packets.Pubrec](from)
		assert.True(t, ok)
		to := again.connect(mqttwire.V5, "to", keeps)
		again.commit()
		got := to.messages()
		assert.Contains(t, got, "a m QoS2", "at %d of %d", n, len(j.durable))
		if twice += len(got) - 1; n == before || n == len(j.durable) {
			assert.Len(t, got, 1)
		}
	}
	assert.LessOrEqual(t, twice, len(j.durable)-before)
}

func TestASnapshotReplacesManyChanges(t *testing.T) {
	j := newJournaled(t)
	p := j.connect(mqttwire.V5, "p", keeps)
	j.commit()
	p.subscribe(0, sub("a", 1))
	for range 4000 {
		p.publish("a", "m", 1)
		j.commit()
		p.all(t)
		j.commit()
	}
	snapshots := 0
	for _, r := range j.durable {
		if r.Snapshot {
			snapshots++
		}
	}
	assert.Positive(t, snapshots)
	again, report := j.restart(len(j.durable))
	assert.Equal(t, broker.Report{Sessions: 1}, report)
	assert.Equal(t, 1, again.b.Stats().Subscriptions)
}

func TestASnapshotReplacesManyBytesOfChanges(t *testing.T) {
	j := newJournaled(t)
	p := j.connect(mqttwire.V5, "p", keeps)
	j.commit()
	p.subscribe(0, sub("a", 1))
	large := strings.Repeat("m", 100_000)
	for range 100 {
		p.publish("a", large, 1)
		j.commit()
		p.all(t)
		j.commit()
	}
	kept := 0 // bytes of the records that a store has
	for _, r := range j.durable {
		if r.Snapshot {
			kept = 0
		}
		kept += len(r.Data)
		assert.Less(t, kept, 2<<20, "ten million bytes have come")
	}
	again, report := j.restart(len(j.durable))
	assert.Equal(t, broker.Report{Sessions: 1}, report)
	assert.Equal(t, 1, again.b.Stats().Subscriptions)
}

func TestADamagedRecordIsRefused(t *testing.T) {
	j := newJournaled(t)
	p := j.connect(mqttwire.V5, "p", keeps)
	j.commit()
	p.subscribe(0, sub("a", 1))
	j.commit()
	p.publish("a", "m", 1, retain)
	j.commit()
	assert.Greater(t, len(j.durable), 2)
	for i := range j.durable {
		for _, damage := range []func(*session.Record){
			func(r *session.Record) { r.Session = nil },
			func(r *session.Record) { r.Session = []byte{'s', 9} },
			func(r *session.Record) { r.Session = []byte{'z', 0} },
			func(r *session.Record) { r.Data = bytes.Clone(r.Data); r.Data[len(r.Data)/2] ^= 1 },
			func(r *session.Record) { r.Data = r.Data[:len(r.Data)-1] },
		} {
			records := slices.Clone(j.durable)
			damage(&records[i])
			b, _, err := broker.Restore(broker.Options{Journal: true}, j.now, each(records))
			assert.Nil(t, b)
			var e *broker.RestoreError
			require.ErrorAs(t, err, &e)
			assert.NotEmpty(t, e.Error())
		}
	}
	failed := errors.New("failed")
	_, _, err := broker.Restore(broker.Options{}, j.now, func(yield func(session.Record, error) bool) { yield(session.Record{}, failed) })
	assert.Equal(t, failed, err)
}
