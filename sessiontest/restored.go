package sessiontest

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// restores keeps a session in the journal, and makes it again of that after each step: by
// the changes alone, and with snapshots between them.
func (k *kit) restores() {
	k.t.Helper()
	o := session.Options{Journal: true}
	for _, every := range []int{0, 3} { // steps between two snapshots
		key := fmt.Appendf(nil, "every %d", every)
		p := Connect(k.t, Options{Side: mqttwire.FromClient, Session: o, Connect: lasting()})
		for i := range 12 {
			p.step(k.t, i)
			k.keepChanges(p, key, every > 0 && i%every == every-1)
			if !k.again() {
				return
			}
			s, err := restored(k.j, key, o)
			switch {
			case err != nil:
				k.fail("Restore after step %d: %v", i, err)
				return
			case !bytes.Equal(s.AppendSnapshot(nil), p.Session.AppendSnapshot(nil)):
				k.fail("the session that is restored after step %d is another", i)
				return
			}
		}
	}
}

// lasting is the CONNECT of a session that outlives its connection.
func lasting() (c packets.Connect) {
	c.Properties.SetSessionExpiryInterval(3600)
	return c
}

// step lets something happen to a session.
func (p *Peer) step(t TB, i int) {
	t.Helper()
	m := session.NewMessage(p.Now, &packets.Publish{Topic: []byte("t"), Payload: fmt.Append(nil, i)})
	if _, err := p.Session.Publish(p.Now, m, session.Delivery{QoS: mqttwire.QoS(1 + i%2)}); err != nil {
		t.Fatalf("Publish: %v", err)
	}
	switch i % 4 {
	case 1:
		for _, packet := range p.Got() {
			if q, ok := packet.(*packets.Publish); ok && q.QoS == mqttwire.AtLeastOnce {
				p.Say(&packets.Puback{PacketID: q.PacketID})
			} else if ok {
				p.Say(&packets.Pubrec{PacketID: q.PacketID})
			}
		}
	case 2:
		p.Say(&packets.Publish{Topic: []byte("t"), QoS: mqttwire.ExactlyOnce, PacketID: uint16(i)})
	case 3:
		filter := packets.Subscription{Filter: fmt.Append(nil, "f", i)}
		if _, err := p.Session.Subscribe(p.Now, &packets.Subscribe{Subscriptions: []packets.Subscription{filter}}); err != nil {
			t.Fatalf("Subscribe: %v", err)
		}
	}
	p.Got()
}

// keepChanges appends the changes of the session, and a snapshot if that is asked for.
func (k *kit) keepChanges(p *Peer, key []byte, whole bool) {
	k.t.Helper()
	var batch []session.Record
	for _, data := range p.Changes {
		batch = append(batch, session.Record{Session: key, Data: data})
	}
	p.Changes = nil
	if whole {
		batch = append(batch, session.Record{Session: key, Data: p.Session.AppendSnapshot(nil), Snapshot: true})
	}
	k.append(batch...)
}

// restored returns the session that the journal has under a key.
func restored(j session.Journal, key []byte, o session.Options) (*session.Session, error) {
	var whole []byte
	var changes [][]byte
	for r, err := range j.Load() {
		switch {
		case err != nil:
			return nil, err
		case !bytes.Equal(r.Session, key):
		case r.Snapshot:
			whole, changes = bytes.Clone(r.Data), nil
		default:
			changes = append(changes, bytes.Clone(r.Data))
		}
	}
	o.Side = mqttwire.FromClient
	s, _, err := session.Restore(o, time.Unix(0, 0), whole, slices.Values(changes))
	return s, err
}
