package session_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// journaled returns a pair that keeps changes and has gone through something, with
// much that is open on the client's side.
func journaled(t *testing.T, v mqttwire.Version) *pair {
	o := session.Options{Journal: true, InFlight: 4}
	p := newPair(t, v, o, o)
	p.connect.Will = &packets.Will{Topic: []byte("gone"), Payload: []byte("bye")}
	if v == mqttwire.V5 {
		p.connect.Properties.SetSessionExpiryInterval(3600)
	}
	p.open()
	p.subscribe("a", "b/+")
	for i := range 8 {
		p.publish(&p.client, fmt.Sprint(i), mqttwire.QoS(1+i%2))
		p.publish(&p.server, fmt.Sprint(i), mqttwire.QoS(1+i%2))
		if i == 3 {
			p.move(&p.client, &p.server)
			p.move(&p.server, &p.client)
		}
	}
	p.write(&p.client)
	p.write(&p.server)
	return p
}

func TestASnapshotAndTheChangesBehindItAreTheSession(t *testing.T) {
	for _, v := range versions {
		p := journaled(t, v)
		for _, e := range []*end{&p.client, &p.server} {
			want := e.session.AppendSnapshot(nil)
			for n := range e.changes { // a snapshot after each of them
				before, _, err := session.Restore(e.options, p.now, nil, slices.Values(e.changes[:n]))
				require.NoError(t, err)
				snapshot := before.AppendSnapshot([]byte("prefix"))[6:]
				s, report, err := session.Restore(e.options, p.now, snapshot, slices.Values(e.changes[max(0, n-3):]))
				require.NoError(t, err)
				require.Equal(t, want, s.AppendSnapshot(nil))
				assert.Equal(t, min(n, 3), report.Skipped)
				assert.Equal(t, len(e.changes)-n, report.Changes)
			}
			assert.Equal(t, subscriptions(p.client.session), subscriptions(e.session))
		}
	}
}

func TestASessionGoesOnAfterACrashOfEitherSide(t *testing.T) {
	for _, v := range versions {
		for _, both := range []bool{false, true} {
			p := journaled(t, v)
			p.crash(&p.client)
			if both {
				p.crash(&p.server)
				assert.Empty(t, offline(p.server.session), "all was handed on")
			}
			p.open()
			p.run()
			for _, e := range []*end{&p.client, &p.server} {
				times := make(map[string]int)
				for _, m := range e.got {
					times[m]++
				}
				assert.Len(t, times, 8)
				for i := 1; i < 8; i += 2 {
					assert.Equal(t, 1, times[fmt.Sprint("t ", i)], "of QoS 2")
				}
				st := e.session.Stats()
				assert.Zero(t, st.IDs+st.Received+st.Waiting+st.InFlight+st.Released+st.Bytes)
			}
		}
	}
}

func TestAMessageOfQoS2ThatWasNotHandedOnComesAgainAfterACrash(t *testing.T) {
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromServer, Session: session.Options{Journal: true}})
	p.Feed(arriving(1, 2), arriving(2, 2))
	var changes [][]byte
	for range 2 {
		_, ok := p.Link.Packet()
		require.True(t, ok)
		p.Link.Handle(p.Now)
		for c, ok := p.Session.Change(); ok; c, ok = p.Session.Change() {
			changes = append(changes, bytes.Clone(c.Data))
		}
	}
	s, report, err := session.Restore(session.Options{Side: mqttwire.FromServer}, p.Now, p.Session.AppendSnapshot(nil), nil)
	require.NoError(t, err)
	assert.Equal(t, 1, report.Again, "the first is gone with the second packet")
	e, ok := s.Event()
	require.True(t, ok)
	assert.Equal(t, []byte{2}, e.Packet.(*packets.Publish).Payload)
	_, ok = s.Event()
	assert.False(t, ok)
	assert.Equal(t, 2, s.Stats().Received)
	assert.NotEmpty(t, changes)
}

func TestAMessageOfQoS2ThatWasNotHandedOnStaysThoughOtherSessionsGetSome(t *testing.T) {
	taken := func(id uint16) *peer {
		p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromServer, Session: session.Options{Journal: true}})
		p.Feed(arriving(id, 2))
		_, ok := p.Link.Packet()
		require.True(t, ok)
		p.Link.Handle(p.Now)
		return p
	}
	var peers []*peer
	for id := range uint16(3) {
		peers = append(peers, taken(id+1))
	}
	for i, p := range peers {
		s, _, err := session.Restore(session.Options{Side: mqttwire.FromServer}, p.Now, p.Session.AppendSnapshot(nil), nil)
		require.NoError(t, err)
		e, ok := s.Event()
		require.True(t, ok)
		assert.Equal(t, []byte{byte(i + 1)}, e.Packet.(*packets.Publish).Payload)
	}
}

func TestDamageIsToldWithItsPlace(t *testing.T) { // [trap 21]
	p := journaled(t, mqttwire.V5)
	o := p.client.options
	snapshot := p.client.session.AppendSnapshot(nil)
	for i := range snapshot {
		damaged := bytes.Clone(snapshot)
		damaged[i] ^= 0x10
		s, _, err := session.Restore(o, p.now, damaged, nil)
		var e *session.RestoreError
		require.ErrorAs(t, err, &e, "byte %d", i)
		assert.Nil(t, s)
		assert.Equal(t, -1, e.Change)
	}
	for n := 1; n < len(snapshot); n++ {
		_, _, err := session.Restore(o, p.now, snapshot[:n], nil)
		require.Error(t, err, "cut to %d", n)
	}
	for k, change := range p.client.changes {
		for i := range change {
			list := slices.Clone(p.client.changes)
			list[k] = bytes.Clone(change)
			list[k][i] ^= 0x10
			_, _, err := session.Restore(o, p.now, nil, slices.Values(list))
			var e *session.RestoreError
			require.ErrorAs(t, err, &e, "change %d byte %d", k, i)
			assert.Equal(t, k, e.Change)
		}
	}
}

func TestAChangeThatIsMissingIsTold(t *testing.T) {
	p := journaled(t, mqttwire.V5)
	list := slices.Delete(slices.Clone(p.client.changes), 3, 4)
	_, _, err := session.Restore(p.client.options, p.now, nil, slices.Values(list))
	assert.EqualError(t, err, "session: change 3 is damaged at byte 1: it does not follow: a change is missing")
	list = slices.Clone(p.client.changes)
	list[2], list[3] = list[3], list[2]
	_, _, err = session.Restore(p.client.options, p.now, nil, slices.Values(list))
	assert.Error(t, err)
}

func TestNothingIsWrittenBeforeTheChangesAreTaken(t *testing.T) {
	p := newPair(t, mqttwire.V5, session.Options{Journal: true}, session.Options{Journal: true})
	p.open()
	p.publish(&p.client, "x", 2)
	assert.Empty(t, p.client.link.Append(nil, 100))
	kinds := []string{}
	for c, ok := p.client.session.Change(); ok; c, ok = p.client.session.Change() {
		kinds = append(kinds, c.Kind.String())
	}
	assert.Equal(t, []string{"queued", "sent"}, kinds)
	b := p.client.link.Append(nil, 100)
	require.NotEmpty(t, b)
	p.server.link.Feed(p.now, b)
	_, ok := p.server.link.Packet()
	require.True(t, ok)
	p.server.link.Handle(p.now)
	assert.Empty(t, p.server.link.Append(nil, 100), "PUBREC")
	p.take(&p.server)
	assert.NotEmpty(t, p.server.link.Append(nil, 100))
}

func TestNothingThatIsWrittenWaitsForAnAcknowledgementToBeDurable(t *testing.T) {
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromServer, Session: session.Options{Journal: true}})
	p.publish("x", 1)
	require.Len(t, p.Got(), 1)
	p.Feed(&packets.Puback{PacketID: 1}, &packets.Pingreq{})
	for _, ok := p.Link.Packet(); ok; _, ok = p.Link.Packet() {
		p.Link.Handle(p.Now)
	}
	assert.NotEmpty(t, p.Link.Append(nil, 100))
	c, ok := p.Session.Change()
	require.True(t, ok)
	assert.Equal(t, "ended", c.Kind.String())
}

func TestAMessageThatIsBegunBehindOneThatHasEndedIsSent(t *testing.T) {
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromServer, Session: session.Options{Journal: true}})
	p.publish("1", 1)
	p.publish("2", 1)
	require.Len(t, p.Got(), 2)
	p.Say(&packets.Puback{PacketID: 2})
	p.publish("3", 1)
	p.publish("4", 1)
	assert.Len(t, p.Got(), 2)
}

func TestExpiryGoesOnWhileTheProgramIsOff(t *testing.T) { // [trap 20]
	p := newPair(t, mqttwire.V5, session.Options{Journal: true}, session.Options{Journal: true})
	p.connect.Properties.SetSessionExpiryInterval(3600)
	p.open()
	for _, seconds := range []uint32{10, 100} {
		_, err := p.server.session.Publish(p.now, expiring(fmt.Sprint(seconds), seconds), session.Delivery{QoS: 1})
		require.NoError(t, err)
	}
	p.cut()
	snapshot := p.server.session.AppendSnapshot(nil)
	p.now = p.now.Add(60 * time.Second)
	s, report, err := session.Restore(p.server.options, p.now, snapshot, nil)
	require.NoError(t, err)
	assert.Equal(t, 2, report.Messages)
	p.server.session = s
	at, ok := s.Expiry()
	require.True(t, ok)
	assert.True(t, at.Equal(began.Add(time.Hour)), at)
	p.open()
	assert.Equal(t, []string{"t 100"}, p.client.got)
	for _, packet := range p.client.wire {
		if m, ok := packet.(*packets.Publish); ok {
			left, _ := m.Properties.MessageExpiryInterval()
			assert.EqualValues(t, 40, left)
		}
	}
	s, _, err = session.Restore(p.server.options, p.now, snapshot, nil)
	require.NoError(t, err)
	s.Tick(began.Add(2 * time.Hour))
	_, err = s.Publish(p.now, message("t", "x"), session.Delivery{QoS: 1})
	assert.ErrorIs(t, err, session.ErrEnded)
}

func TestARestoredServerHasLostItsConnection(t *testing.T) {
	for _, v := range versions {
		p := journaled(t, v)
		s, _, err := session.Restore(p.server.options, p.now, p.server.session.AppendSnapshot(nil), nil)
		require.NoError(t, err)
		at, ok := s.Deadline()
		require.True(t, ok)
		s.Tick(at)
		var wills int
		for _, e := range offline(s) {
			if e.Kind == session.WillDue {
				wills++
			}
		}
		assert.Equal(t, 1, wills, v)
	}
}

func TestAMessageWithAPositionIsNotCopiedIntoTheJournal(t *testing.T) { // room for a log outside
	p := newPair(t, mqttwire.V5, session.Options{Journal: true}, session.Options{Journal: true})
	p.connect.Properties.SetSessionExpiryInterval(3600)
	p.open()
	p.cut()
	payload := []byte("a payload that stands in a log")
	at := session.Position{Log: 3, Seq: 9}
	m := session.NewMessageAt(p.now, &packets.Publish{Topic: []byte("t"), Payload: payload}, at)
	_, err := p.server.session.Publish(p.now, m, session.Delivery{QoS: 1})
	require.NoError(t, err)
	token, err := p.server.session.Publish(p.now, session.HollowMessage(session.Position{Log: 3, Seq: 10}, 100), session.Delivery{QoS: 2})
	require.NoError(t, err)
	p.publish(&p.server, "behind", 1)
	snapshot := p.server.session.AppendSnapshot(nil)
	assert.False(t, bytes.Contains(snapshot, payload))
	s, _, err := session.Restore(p.server.options, p.now, snapshot, nil)
	require.NoError(t, err)
	assert.Equal(t, p.server.session.Stats().Bytes, s.Stats().Bytes)
	p.server.session = s
	p.server.changes = nil
	p.server.options.Journal = false // the changes before stand in the snapshot
	s2, _, err := session.Restore(p.server.options, p.now, snapshot, nil)
	require.NoError(t, err)
	p.server.session = s2
	p.open()
	fetch := p.server.all(session.Fetch)
	require.Len(t, fetch, 1)
	got, ok := fetch[0].Message.Position()
	require.True(t, ok)
	assert.Equal(t, at, got)
	assert.ErrorIs(t, s2.Fetched(p.now, fetch[0].Token, message("t", "other")), session.ErrState)
	require.NoError(t, s2.Fetched(p.now, fetch[0].Token, m))
	p.run()
	fetch = p.server.all(session.Fetch)
	require.Len(t, fetch, 2)
	assert.Equal(t, token, fetch[1].Token)
	require.NoError(t, s2.Fetched(p.now, token, nil))
	p.run()
	assert.Equal(t, []string{"t " + string(payload), "t behind"}, p.client.got)
	assert.Equal(t, []string{fmt.Sprint(token, " ", session.DropGone, " ", session.NotSent)}, drops(p.server.events))
	assert.Zero(t, s2.Stats().Bytes)
}

func TestAHollowMessageMayBeGivenBeforeItIsAskedFor(t *testing.T) {
	p := connected(t, mqttwire.V5)
	at := session.Position{Log: 3, Seq: 9}
	token, err := p.server.session.Publish(p.now, session.HollowMessage(at, 100), session.Delivery{QoS: 1})
	require.NoError(t, err)
	m := session.NewMessageAt(p.now, &packets.Publish{Topic: []byte("t"), Payload: []byte("x")}, at)
	assert.ErrorIs(t, p.server.session.Fetched(p.now, token+1, m), session.ErrState, "there is none")
	require.NoError(t, p.server.session.Fetched(p.now, token, m))
	assert.Equal(t, m.Size(), p.server.session.Stats().Bytes)
	assert.ErrorIs(t, p.server.session.Fetched(p.now, token, m), session.ErrState, "it was given")
	p.run()
	assert.Empty(t, p.server.all(session.Fetch))
	assert.Equal(t, []string{"t x"}, p.client.got)
	assert.ErrorIs(t, p.server.session.Fetched(p.now, token, nil), session.ErrState, "it has ended")
}

func TestAMemoryJournalKeepsWhatIsStillNeeded(t *testing.T) {
	j := session.MemoryJournal()
	a, b := []byte("a"), []byte("b")
	require.NoError(t, j.Append([]session.Record{{Session: b, Data: []byte("1")}, {Session: a, Data: []byte("2")}, {Session: b, Data: []byte("3")}}))
	require.NoError(t, j.Append([]session.Record{{Session: a, Data: []byte("4"), Snapshot: true}, {Session: a, Data: []byte("5")}}))
	load := func() (list []string) {
		for r, err := range j.Load() {
			require.NoError(t, err)
			list = append(list, fmt.Sprintf("%s%s%t", r.Session, r.Data, r.Snapshot))
		}
		return list
	}
	assert.Equal(t, []string{"b1false", "b3false", "a4true", "a5false"}, load())
	require.NoError(t, j.Append([]session.Record{{Session: b, Snapshot: true}}))
	assert.Equal(t, []string{"a4true", "a5false"}, load())
	require.NoError(t, j.Close())
}

func TestASessionThatHasEndedSaysSoAgain(t *testing.T) {
	p := journaled(t, mqttwire.V5)
	p.server.session.End(p.now)
	s, report, err := session.Restore(p.server.options, p.now, p.server.session.AppendSnapshot(nil), nil)
	require.NoError(t, err)
	assert.True(t, report.Ended)
	var kinds []session.Kind
	for e, ok := s.Event(); ok; e, ok = s.Event() {
		kinds = append(kinds, e.Kind)
	}
	assert.Equal(t, []session.Kind{session.WillDue, session.Ended}, kinds)
}
