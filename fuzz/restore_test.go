package fuzz

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"
	"testing"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// FuzzRestore makes a session of any bytes as a snapshot and as changes, with the
// checksums and numbers as they are or set right. What is refused says at which byte;
// else the session has a snapshot that makes the same one, and it can be used.
func FuzzRestore(f *testing.F) {
	for _, side := range []mqttwire.Sender{mqttwire.FromClient, mqttwire.FromServer} {
		snapshot, middle, changes := lived(f, side)
		server := side == mqttwire.FromServer
		f.Add(server, true, snapshot, []byte{})
		f.Add(server, true, []byte{}, changes)
		f.Add(server, true, middle, changes)
		f.Add(server, false, middle, changes)
	}
	f.Fuzz(func(t *testing.T, server, right bool, snapshot, changes []byte) {
		o := session.Options{Side: mqttwire.FromClient, Journal: true}
		if server {
			o.Side = mqttwire.FromServer
		}
		snapshot = slices.Clone(snapshot[:min(len(snapshot), 4096)])
		list := pieces(changes[:min(len(changes), 4096)])
		if right {
			seal(snapshot, list)
		}
		now := time.Unix(1<<30, 0)
		s, _, err := session.Restore(o, now, snapshot, slices.Values(list))
		if err != nil {
			requireOffset(t, err, s, snapshot, list)
			return
		}
		again := s.AppendSnapshot(nil)
		if len(again) > 4096+2*(len(snapshot)+len(changes)) {
			t.Fatalf("a snapshot of %d bytes of one of %d and changes of %d", len(again), len(snapshot), len(changes))
		}
		requireSnapshot(t, o, now, again)
		use(t, o, s, now)
	})
}

func requireOffset(t *testing.T, err error, s *session.Session, snapshot []byte, list [][]byte) {
	t.Helper()
	var e *session.RestoreError
	if !errors.As(err, &e) || s != nil || e.Why == "" || e.Change < -1 || e.Change >= len(list) {
		t.Fatalf("%v, %v", s, err)
	}
	what := snapshot
	if e.Change >= 0 {
		what = list[e.Change]
	}
	if e.Offset < 0 || e.Offset > len(what) {
		t.Fatalf("%v: there are %d bytes", err, len(what))
	}
}

// use lets a session that was restored be connected, publish, and end.
func use(t *testing.T, o session.Options, s *session.Session, now time.Time) {
	d := newLinkDriver(t, o.Side, uint16(mqttwire.V5-mqttwire.V31)|linkJournal, nil)
	d.options, d.session, d.now, d.restored = o, s, now, true
	d.snapshot = s.AppendSnapshot(nil)
	s.Tick(now)
	for range 2 {
		d.open()
		d.act(1, 1)
		d.write(1 << 16)
		d.act(2, 3)
		d.link.Lost(d.now, nil)
		d.events()
	}
	for token := range session.Token(8) {
		d.cancel(token)
	}
	requireSnapshot(t, o, now, s.AppendSnapshot(nil))
	d.finish()
}

// pieces cuts changes of which each stands behind its length of 2 bytes.
func pieces(b []byte) (list [][]byte) {
	for len(b) >= 2 {
		n := min(int(binary.BigEndian.Uint16(b)), len(b)-2)
		list = append(list, slices.Clone(b[2:2+n]))
		b = b[2+n:]
	}
	return list
}

// seal sets the lengths, numbers and checksums right.
func seal(snapshot []byte, list [][]byte) {
	seq := uint64(0)
	if n := len(snapshot); n >= 32 {
		seq = binary.BigEndian.Uint64(snapshot[8:])
		for at := 24; at+4 <= n-8; {
			size := int(binary.BigEndian.Uint32(snapshot[at:]))
			if at += 4; size < 13 || size > n-8-at {
				break
			}
			sum(snapshot[at : at+size])
			at += size
		}
		sum(snapshot)
	}
	for i, c := range list {
		if len(c) >= 13 {
			binary.BigEndian.PutUint64(c[1:], seq+uint64(i)+1)
			sum(c)
		}
	}
}

func sum(b []byte) {
	n := len(b) - 4
	binary.BigEndian.PutUint32(b[n:], crc32.Checksum(b[:n], crc32.MakeTable(crc32.Castagnoli)))
}

// lived returns a snapshot, one from the middle, and all changes of a session with some
// of everything.
func lived(f *testing.F, side mqttwire.Sender) (snapshot, middle, changes []byte) {
	f.Helper()
	o := session.Options{Side: side, Journal: true}
	s, now := session.New(o), time.Unix(1<<30, 0)
	l := session.NewLink(session.LinkOptions{Side: side})
	connect := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c"), Will: &packets.Will{Topic: []byte("w")}}
	connect.Properties.SetSessionExpiryInterval(60)
	take := func() {
		for c, ok := s.Change(); ok; c, ok = s.Change() {
			changes = append(binary.BigEndian.AppendUint16(changes, uint16(len(c.Data))), c.Data...)
		}
	}
	come := []mqttwire.Packet{&packets.Connack{}}
	if side == mqttwire.FromServer {
		come = []mqttwire.Packet{connect, &packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("a/#"), QoS: 1}}}}
	} else {
		_ = l.Open(now, s, connect)
		_, _ = s.Subscribe(now, &packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: []byte("a/#"), QoS: 1}}})
	}
	come = append(come, &packets.Publish{Topic: []byte("t"), QoS: 2, PacketID: 9}, &packets.Puback{PacketID: 1}, &packets.Pubrec{PacketID: 2})
	for i, p := range come {
		_ = l.Receive(now, p)
		if _, ok := p.(*packets.Connect); ok {
			_ = l.Accept(now, s, nil)
		}
		if i == 2 {
			middle = s.AppendSnapshot(nil)
		}
		_, _ = s.Publish(now, session.NewMessage(now, &packets.Publish{Topic: []byte("t"), Payload: []byte{byte(i)}}), session.Delivery{QoS: mqttwire.QoS(1 + i%2)})
		take()
		l.Append(nil, 4096)
	}
	_, _ = s.Publish(now, session.HollowMessage(session.Position{Log: 1, Seq: 2}, 99), session.Delivery{QoS: 1, SubscriptionIDs: nil})
	l.Lost(now, nil)
	take()
	return s.AppendSnapshot(nil), middle, changes
}
