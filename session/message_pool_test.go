package session_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// Whatever stood in the memory before, and also if no version can send it.
func TestAMessageOfAPoolIsAsOneOfItsOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var pool session.MessagePool
		for range rapid.IntRange(1, 10).Draw(t, "messages") {
			p := &packets.Publish{
				Topic:    rapid.SampledFrom([][]byte{[]byte("a"), []byte("long/topic/name"), []byte("\u0001"), []byte("#"), nil}).Draw(t, "topic"),
				Payload:  bytes.Repeat([]byte{byte(rapid.IntRange(0, 255).Draw(t, "byte"))}, rapid.SampledFrom([]int{0, 1, 30, 4000, 5000}).Draw(t, "size")),
				QoS:      mqttwire.QoS(rapid.IntRange(0, 2).Draw(t, "QoS")),
				Retain:   rapid.Bool().Draw(t, "retain"),
				PacketID: 7,
			}
			if rapid.Bool().Draw(t, "expires") {
				p.Properties.SetMessageExpiryInterval(rapid.Uint32Range(0, 9).Draw(t, "interval"))
				p.Properties.SetContentType([]byte("text"))
				p.Properties.SetTopicAlias(3)
			}
			got, want := pool.New(began, p), session.NewMessage(began, p)
			describe := func(m *session.Message) (all []any) {
				q := m.Publish()
				left, expires := m.Remaining(began.Add(3 * time.Second))
				return append(all, string(q.Topic), string(q.Payload), q.QoS, q.Retain, string(q.Properties.Bytes()), q.PacketID,
					m.Size(), left, expires, string(m.Topic()), string(m.Payload()))
			}
			if diff := cmp.Diff(describe(want), describe(got)); diff != "" {
				t.Fatal(diff)
			}
			got.Release()
		}
	})
}

func TestTheMemoryOfAMessageIsNotUsedAgainAsLongAsSomebodyKeepsIt(t *testing.T) {
	var pool session.MessagePool
	next := func() *session.Message {
		return pool.New(began, &packets.Publish{Topic: []byte("a"), Payload: []byte("other")})
	}
	m := pool.New(began, &packets.Publish{Topic: []byte("t"), Payload: []byte("kept.")})
	m.Keep()
	m.Release()
	for range 10 {
		next().Release()
	}
	assert.Equal(t, "t kept.", string(m.Topic())+" "+string(m.Payload()))
	m.Release()
	own := message("t", "plain")
	own.Release()
	own.Keep()
	for range 10 {
		next()
	}
	assert.Equal(t, "plain", string(own.Payload()))
}

// What waits again is still kept.
func TestAMessageOfAPoolOutlivesTheSessionOfTheServer(t *testing.T) {
	p := newPair(t, mqttwire.V5, session.Options{}, session.Options{})
	p.connect.Properties.SetSessionExpiryInterval(1000)
	p.open()
	var pool session.MessagePool
	m := pool.New(p.now, &packets.Publish{Topic: []byte("t"), Payload: []byte("kept.")})
	_, err := p.client.session.Publish(p.now, m, session.Delivery{QoS: 1})
	assert.NoError(t, err)
	m.Release()
	p.write(&p.client)
	p.cut()
	p.forget()
	p.client.link = session.NewLink(session.LinkOptions{Side: mqttwire.FromClient})
	p.server.link = session.NewLink(session.LinkOptions{Side: mqttwire.FromServer})
	assert.NoError(t, p.client.link.Open(p.now, p.client.session, &p.connect))
	p.move(&p.client, &p.server)
	p.feed(&p.client, p.server.link.Append(nil, 1<<10)) // CONNACK: the session is lost
	for range 10 {
		pool.New(p.now, &packets.Publish{Topic: []byte("?"), Payload: []byte("?????")}).Release()
	}
	p.run()
	assert.Equal(t, []string{"t kept."}, p.server.got)
}
