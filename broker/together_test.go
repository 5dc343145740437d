package broker_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// chunk returns packets in one piece.
func chunk(all ...mqttwire.Packet) (b []byte) {
	for _, p := range all {
		b, _ = p.Append(b, mqttwire.V5)
	}
	return b
}

func publishA(payload string) mqttwire.Packet {
	return &packets.Publish{Topic: []byte("a"), Payload: []byte(payload)}
}

// told counts how often each client of a broker is told that there is something to write.
type told struct {
	conns []*broker.Conn
	n     []int
	with  int // how many at once, the last time
}

// newTold makes clients that subscribe to "a".
func newTold(b *broker.Broker, clients int) *told {
	s := &told{conns: make([]*broker.Conn, clients), n: make([]int, clients)}
	for i := range clients {
		ready := func() {
			s.n[i]++
			s.with = s.conns[i].Together()
		}
		s.conns[i] = b.Attach(context.Background(), began, session.NewLink(session.LinkOptions{Side: mqttwire.FromServer}), broker.Origin{}, ready)
		c := &quiet{b: b, conn: s.conns[i]}
		c.feed(chunk(&packets.Connect{Version: mqttwire.V5, ClientID: []byte(strconv.Itoa(i)), CleanStart: true},
			&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{sub("a", 0)}}))
		c.write()
		c.write()
	}
	clear(s.n)
	return s
}

func TestReceiversAreToldOnceOfMessagesThatComeTogether(t *testing.T) {
	b := broker.New(broker.Options{})
	s := newTold(b, 3)
	from := newQuiet(b, mqttwire.V5, "from", "none", 0)
	from.conn.Feed(began, chunk(publishA("1"), publishA("2"), publishA("3"), &packets.Pingreq{}))
	for _, ok := from.conn.Packet(); ok; _, ok = from.conn.Packet() {
		from.conn.Handle(began)
		assert.Equal(t, []int{0, 0, 0}, s.n, "as long as there is more")
	}
	assert.Equal(t, []int{1, 1, 1}, s.n)
	assert.Equal(t, 3, s.with)
	from.feed(chunk(publishA("4")))
	assert.Equal(t, []int{1, 1, 1}, s.n, "who was told has not looked")
	for range 2 {
		_ = s.conns[1].Append(nil, 1<<10)
	}
	from.feed(chunk(publishA("5")))
	assert.Equal(t, []int{1, 2, 1}, s.n)
	assert.Equal(t, 1, s.with)
}

// Who waits between two packets says so, and so does the end of the connection.
func TestReceiversAreToldByTellAndByTheEndOfTheConnection(t *testing.T) {
	for _, end := range []func(*broker.Conn){
		(*broker.Conn).Tell,
		func(c *broker.Conn) { c.Lost(began, nil) },
	} {
		b := broker.New(broker.Options{})
		s := newTold(b, 1)
		from := newQuiet(b, mqttwire.V5, "from", "none", 0)
		from.conn.Feed(began, chunk(publishA("1"), publishA("2")))
		from.conn.Packet()
		from.conn.Handle(began)
		assert.Equal(t, []int{0}, s.n)
		end(from.conn)
		assert.Equal(t, []int{1}, s.n)
	}
}

// A hook that waits holds up what it decides about, and not what came before.
func TestReceiversAreToldBeforeAHookThatMayWait(t *testing.T) {
	var s *told
	var seen []int
	look := func() { seen = append(seen, s.n[0]) }
	subscribe := &packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{sub("b", 0)}}
	for _, c := range []struct {
		what  string
		hooks broker.Hooks
		after mqttwire.Packet // a message
		want  []int           // how often the receiver was told, at each call of the hook
	}{
		{"Publish", broker.Hooks{Publish: func(*broker.Peer, *packets.Publish) mqttwire.ReasonCode { look(); return 0 }}, publishA("2"), []int{0, 1}},
		{"Publish that does not wait", broker.Hooks{
			Publish: func(*broker.Peer, *packets.Publish) mqttwire.ReasonCode { look(); return 0 }, Prompt: true,
		}, publishA("2"), []int{0, 0}},
		{"Deliver", broker.Hooks{Deliver: func(*broker.Peer, *packets.Publish) bool { look(); return true }}, publishA("2"), []int{0, 1}},
		{"Subscribe", broker.Hooks{Subscribe: func(_ *broker.Peer, x *packets.Subscription) mqttwire.ReasonCode {
			if string(x.Filter) == "b" {
				look()
			}
			return 0
		}}, subscribe, []int{1}},
		{"Disconnected", broker.Hooks{Disconnected: func(*broker.Peer, session.Cause) { look() }}, &packets.Disconnect{}, []int{1}},
		{"Auth", broker.Hooks{Auth: func(context.Context, *broker.Peer, *packets.Auth) (*packets.Auth, mqttwire.ReasonCode) {
			look()
			return nil, mqttwire.ReasonNotAuthorized
		}, Connect: func(context.Context, *broker.Peer, *packets.Connect) (*packets.Auth, mqttwire.ReasonCode) {
			return nil, 0
		}}, nil, []int{1}},
	} {
		b := broker.New(broker.Options{Hooks: c.hooks})
		s, seen = newTold(b, 1), nil
		from := &quiet{b: b, conn: b.Attach(context.Background(), began, session.NewLink(session.LinkOptions{Side: mqttwire.FromServer}), broker.Origin{}, nil)}
		connect := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("from"), CleanStart: true}
		connect.Properties.SetAuthenticationMethod([]byte("m"))
		if c.after == nil {
			again := &packets.Auth{ReasonCode: mqttwire.ReasonReauthenticate}
			again.Properties.SetAuthenticationMethod([]byte("m"))
			c.after = again
		} else {
			connect.Properties = mqttwire.Properties{}
		}
		from.feed(chunk(connect))
		from.feed(chunk(publishA("1"), c.after))
		assert.Equal(t, c.want, seen, c.what)
	}
}

func TestReceiversAreToldBeforeAFunctionOfTheProgram(t *testing.T) {
	b := broker.New(broker.Options{})
	s := newTold(b, 1)
	var seen []int
	p := sub("b", 0)
	_, err := b.Subscribe(began, "", &p, func(*session.Message, session.Delivery) { seen = append(seen, s.n[0]) })
	assert.NoError(t, err)
	from := newQuiet(b, mqttwire.V5, "from", "none", 0)
	from.feed(chunk(publishA("1"), &packets.Publish{Topic: []byte("b")}))
	assert.Equal(t, []int{1}, seen)
}

func TestAChainIsPromptIfAllThatMessagesGoThroughAre(t *testing.T) {
	publish := func(*broker.Peer, *packets.Publish) mqttwire.ReasonCode { return 0 }
	prompt, slow, other := broker.Hooks{Publish: publish, Prompt: true}, broker.Hooks{Publish: publish}, broker.Hooks{Connected: func(*broker.Peer) {}}
	assert.True(t, broker.Chain(prompt, other).Prompt)
	assert.False(t, broker.Chain(prompt, slow).Prompt)
	assert.False(t, broker.Chain(slow, other).Prompt)
}
