package session_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// takeChanges returns the changes of s that were not taken.
func takeChanges(s *session.Session) (list [][]byte) {
	for c, ok := s.Change(); ok; c, ok = s.Change() {
		list = append(list, bytes.Clone(c.Data))
	}
	return list
}

// requireWhole checks that what is left of the changes makes a session with a snapshot
// that makes the same one, and returns it.
func requireWhole(t *testing.T, o session.Options, list [][]byte) *session.Session {
	t.Helper()
	s, _, err := session.Restore(o, began, nil, slices.Values(list))
	require.NoError(t, err)
	snapshot := s.AppendSnapshot(nil)
	again, _, err := session.Restore(o, began, snapshot, nil)
	require.NoError(t, err, "of %d changes", len(list))
	assert.Equal(t, snapshot, again.AppendSnapshot(nil))
	return s
}

// acceptAs connects a client whose server has the session or not.
func acceptAs(t *testing.T, s *session.Session, present bool) *session.Link {
	l := session.NewLink(session.LinkOptions{Side: mqttwire.FromClient})
	require.NoError(t, l.Open(began, s, &packets.Connect{Version: mqttwire.V311, ClientID: []byte("c")}))
	l.Append(nil, 1<<16)
	require.NoError(t, l.Receive(began, &packets.Connack{SessionPresent: present}))
	return l
}

// The journal may end between any two changes of what a client does as the server has
// lost the session.
func TestAJournalThatIsTornAmidALostSessionMakesAWholeSession(t *testing.T) {
	o := session.Options{Side: mqttwire.FromClient, Journal: true}
	s := session.New(o)
	l := acceptAs(t, s, false)
	for i, q := range []mqttwire.QoS{1, 2, 1, 2, 1} {
		m := session.NewMessage(began, &packets.Publish{Topic: []byte("t"), Payload: []byte{byte(i)}})
		_, err := s.Publish(began, m, session.Delivery{QoS: q})
		require.NoError(t, err)
	}
	list := takeChanges(s)
	l.Append(nil, 1<<16)
	l.Lost(began, nil)
	whole := len(list)
	acceptAs(t, s, false)
	list = append(list, takeChanges(s)...)
	require.Greater(t, len(list), whole+5)
	for n := whole; n <= len(list); n++ {
		s := requireWhole(t, o, list[:n:n])
		l := acceptAs(t, s, true)
		requireWhole(t, o, append(list[:n:n], takeChanges(s)...))
		before := s.Stats()
		for token := range session.Token(before.Waiting + before.InFlight + 3) {
			s.Cancel(token)
		}
		l.Append(nil, 1<<16)
		requireWhole(t, o, append(list[:n:n], takeChanges(s)...))
	}
}

// A server has a will, or a connection that goes on without one: never a will of a
// connection that is not there.
func TestAJournalThatIsTornAmidAcceptMakesAWholeSession(t *testing.T) {
	o := session.Options{Side: mqttwire.FromServer, Journal: true}
	s := session.New(o)
	var list [][]byte
	for range 2 {
		l := session.NewLink(session.LinkOptions{Side: mqttwire.FromServer})
		connect := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c"), Will: &packets.Will{Topic: []byte("w")}}
		connect.Properties.SetSessionExpiryInterval(60)
		require.NoError(t, l.Receive(began, connect))
		require.NoError(t, l.Accept(began, s, nil))
		list = append(list, takeChanges(s)...)
		l.Lost(began, nil)
		list = append(list, takeChanges(s)...)
	}
	for n := 1; n <= len(list); n++ {
		s := requireWhole(t, o, list[:n])
		s.Tick(began)
		s.Tick(began.Add(61 * time.Second))
		var kinds []session.Kind
		for e, ok := s.Event(); ok; e, ok = s.Event() {
			kinds = append(kinds, e.Kind)
		}
		assert.Contains(t, kinds, session.Ended, "after %d changes", n)
		_, will := s.Will()
		assert.False(t, will, "after %d changes", n)
	}
}

// A server's session that was emptied, as it has ended or its client wants a clean one, has an
// end in each case: none is left empty and for ever.
func TestAServersSessionHasAnEndWhereverItsJournalIsTornAsItIsEmptied(t *testing.T) {
	o := session.Options{Side: mqttwire.FromServer, Journal: true}
	for _, clean := range []bool{false, true} {
		s := session.New(o)
		var list [][]byte
		for range 3 {
			l := session.NewLink(session.LinkOptions{Side: mqttwire.FromServer})
			connect := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c"), CleanStart: clean, Will: &packets.Will{Topic: []byte("w")}}
			connect.Properties.SetSessionExpiryInterval(60)
			require.NoError(t, l.Receive(began, connect))
			require.NoError(t, l.Accept(began, s, nil))
			require.NoError(t, l.Receive(began, asking(1, "a")))
			require.NoError(t, l.Receive(began, arriving(7, 2)))
			for q := range mqttwire.QoS(3) {
				_, err := s.Publish(began, message("t", ""), session.Delivery{QoS: q})
				require.NoError(t, err)
			}
			list = append(list, takeChanges(s)...)
			l.Append(nil, 1<<16)
			l.Lost(began, nil)
			list = append(list, takeChanges(s)...)
		}
		s.Tick(began.Add(61 * time.Second))
		list = append(list, takeChanges(s)...)
		for n := 1; n <= len(list); n++ {
			s := requireWhole(t, o, list[:n])
			s.Tick(began)
			s.Tick(began.Add(61 * time.Second))
			var kinds []session.Kind
			for e, ok := s.Event(); ok; e, ok = s.Event() {
				kinds = append(kinds, e.Kind)
			}
			assert.Contains(t, kinds, session.Ended, "clean %t, after %d changes", clean, n)
			st := s.Stats()
			assert.Zero(t, st.Waiting+st.InFlight+st.Released+st.Received+st.Filters+st.IDs+st.Bytes)
		}
	}
}

// What an application publishes may be nothing that a packet can hold.
func TestAMessageThatNoPacketCanHoldComesOutOfTheJournal(t *testing.T) {
	o := session.Options{Side: mqttwire.FromClient, Journal: true, Queue: session.Bounds{Bytes: math.MaxInt}}
	var bad mqttwire.Properties
	bad.SetContentType([]byte{0xFF})
	for name, m := range map[string]*session.Message{
		"no topic":         session.NewMessage(began, &packets.Publish{Payload: []byte("x")}),
		"a wildcard":       session.NewMessage(began, &packets.Publish{Topic: []byte("a/#")}),
		"no text":          session.NewMessage(began, &packets.Publish{Topic: []byte{0xFF}}),
		"a long topic":     session.NewMessage(began, &packets.Publish{Topic: make([]byte, 70000)}),
		"no such QoS":      session.NewMessage(began, &packets.Publish{Topic: []byte("t"), QoS: 3}),
		"a bad property":   session.NewMessage(began, &packets.Publish{Topic: []byte("t"), Properties: bad}),
		"a large hollow":   session.HollowMessage(session.Position{Seq: 1}, mqttwire.MaxPacketSize+100),
		"no position":      session.HollowMessage(session.Position{}, 100),
		"a negative size":  session.HollowMessage(session.Position{Seq: 1}, -1),
		"a tremendous one": session.HollowMessage(session.Position{Seq: 1}, math.MaxInt),
	} {
		t.Run(name, func(t *testing.T) {
			s := session.New(o)
			_, err := s.Publish(began, m, session.Delivery{QoS: 1})
			require.NoError(t, err)
			st := requireWhole(t, o, takeChanges(s)).Stats()
			assert.Equal(t, 1, st.Waiting)
			if _, ok := m.Position(); ok {
				assert.Equal(t, min(m.Size(), 1<<31-1), st.Bytes)
			}
		})
	}
}

// sealed numbers the changes anew and sets their checksums right, as one does who can
// write to the journal.
func sealed(list ...[]byte) (out [][]byte) {
	for i, c := range list {
		c = bytes.Clone(c)
		binary.BigEndian.PutUint64(c[1:], uint64(i)+1)
		out = append(out, sum(c))
	}
	return out
}

// sum sets the checksum at the end of b right.
func sum(b []byte) []byte {
	n := len(b) - 4
	binary.BigEndian.PutUint32(b[n:], crc32.Checksum(b[:n], crc32.MakeTable(crc32.Castagnoli)))
	return b
}

func TestChangesInAnOrderThatNoSessionMakesAreRefused(t *testing.T) {
	o := session.Options{Side: mqttwire.FromClient, Journal: true}
	s := session.New(o)
	for range 2 {
		_, err := s.Publish(began, message("t", ""), session.Delivery{QoS: 1})
		require.NoError(t, err)
	}
	queued := takeChanges(s)
	l := acceptAs(t, s, false)
	begun := takeChanges(s)
	sent := begun[len(begun)-2:]
	l.Append(nil, 1<<16)
	l.Lost(began, nil)
	acceptAs(t, s, false)
	waits := takeChanges(s)[1:]
	s.End(began)
	end := takeChanges(s)
	require.Len(t, end, 1, "so that nothing can be between")
	afresh := bytes.Clone(begun[0])
	afresh[len(afresh)-5] = 2
	for name, test := range map[string]struct {
		list [][]byte
		want string
	}{
		"none":                             {sealed(queued[0], queued[1], sent[0], sent[1], waits[0], waits[1]), ""},
		"the first goes back first":        {sealed(queued[0], queued[1], sent[0], sent[1], waits[1]), "session: change 4 is damaged at byte 9: its token is not one that may stand here"},
		"the second is sent first":         {sealed(queued[0], queued[1], sent[1]), "session: change 2 is damaged at byte 9: its token is not one that may stand here"},
		"something is behind the end":      {sealed(end[len(end)-1], begun[0]), "session: change 1 is damaged at byte 0: it does not follow from what is before it"},
		"a client begins afresh":           {sealed(queued[0], afresh), "session: change 1 is damaged at byte 9: it is no connection"},
		"the same message is queued twice": {sealed(queued[0], queued[0]), "session: change 1 is damaged at byte 9: its token is not one that may stand here"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := session.Restore(o, began, nil, slices.Values(test.list))
			if test.want == "" {
				require.NoError(t, err)
				requireWhole(t, o, test.list)
				return
			}
			assert.EqualError(t, err, test.want)
		})
	}
}

func TestASnapshotWithNumbersThatNoSessionReachesIsRefused(t *testing.T) {
	o := session.Options{Side: mqttwire.FromClient}
	s := session.New(o)
	l := acceptAs(t, s, false)
	for range 2 {
		s.Cancel(1)
		_, err := s.Publish(began, message("t", ""), session.Delivery{QoS: 2})
		require.NoError(t, err)
	}
	waiting := s.AppendSnapshot(nil)
	l.Append(nil, 1<<16)
	flying := s.AppendSnapshot(nil)
	require.NoError(t, l.Receive(began, &packets.Pubrec{PacketID: 1}))
	released := s.AppendSnapshot(nil)
	begun := 4 + 13 + 5 // the change that comes first
	for name, test := range map[string]struct {
		snapshot []byte
		change   func(b []byte) []byte
		want     string
	}{
		"nothing": {released, func(b []byte) []byte { return b }, ""},
		"the greatest number": {released, func(b []byte) []byte { binary.BigEndian.PutUint64(b[8:], 1<<64-1); return b },
			"session: the snapshot is damaged at byte 8: its number is too large"},
		"the greatest token": {released, func(b []byte) []byte { binary.BigEndian.PutUint64(b[16:], 1<<64-1); return b },
			"session: the snapshot is damaged at byte 16: its token is not one that may stand here"},
		"a token below that of a message in flight": {flying, func(b []byte) []byte { b[23] = 0; return b },
			"session: the snapshot is damaged at byte 16: its token is not one that may stand here"},
		"a token below that of a message that was received": {released, func(b []byte) []byte { b[23] = 0; return b },
			"session: the snapshot is damaged at byte 16: its token is not one that may stand here"},
		"no end": {released, func(b []byte) []byte { return append(b[:len(b)-8], 0, 0, 0, 0) },
			"session: the snapshot is damaged at byte 94: it ends too early"},
		"a message in flight behind one that waits": {flying, func(b []byte) []byte {
			token := waiting[24+begun+4+9:][:8]
			token[7]--
			list := append(bytes.Clone(waiting[24+begun:len(waiting)-8]), flying[24+begun:len(flying)-8]...)
			_ = sum(list[4 : len(waiting)-8-24-begun])
			return slices.Concat(b[:24+begun], list, make([]byte, 8))
		}, "session: the snapshot is damaged at byte 112: it does not follow from what is before it"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := session.Restore(o, began, sum(test.change(bytes.Clone(test.snapshot))), nil)
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			assert.EqualError(t, err, test.want)
		})
	}
}

func TestAMessageMayBeHandedOnAfterItsSessionHasEnded(t *testing.T) {
	o := session.Options{Side: mqttwire.FromClient, Journal: true}
	s := session.New(o)
	acceptAs(t, s, false)
	list := takeChanges(s)
	l := s.Link()
	require.NoError(t, l.Receive(began, arriving(1, mqttwire.ExactlyOnce)))
	list = append(list, takeChanges(s)...)
	s, report, err := session.Restore(o, began, nil, slices.Values(list))
	require.NoError(t, err)
	require.Equal(t, 1, report.Again)
	s.End(began)
	list = append(list, takeChanges(s)...)
	e, ok := s.Event()
	require.True(t, ok)
	require.Equal(t, session.Arrived, e.Kind)
	handedOn := takeChanges(s)
	require.Len(t, handedOn, 1)
	requireWhole(t, o, append(list, handedOn...))
}
