package session_test

import (
	"bytes"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// narrow returns the peer of a client whose server takes packets of so many bytes.
func narrow(t *testing.T, most uint32, a against) *peer {
	a.Side = mqttwire.FromClient
	a.Connect.Properties.SetSessionExpiryInterval(60)
	a.Connack.Properties.SetMaximumPacketSize(most)
	return newPeer(t, mqttwire.V5, a)
}

// held lets messages of QoS 1 come, of which the acknowledgements are held.
func held(t *testing.T, p *peer, n uint16) (acks []session.AckToken) {
	for id := range n {
		require.NoError(t, p.Link.Receive(began, &packets.Publish{Topic: []byte("t"), QoS: 1, PacketID: id + 1}))
		e, _ := p.Link.Event()
		acks = append(acks, e.Ack)
	}
	return acks
}

// What is held behind the one that cannot be sent is gone with the connection.
func TestAnAcknowledgementThatCannotBeSentEndsTheConnectionAndWhatIsHeld(t *testing.T) {
	for name, test := range map[string]struct {
		most uint32
		code mqttwire.ReasonCode
		link session.LinkOptions
		want session.CauseKind
	}{
		"too large for the peer":        {4, mqttwire.ReasonNotAuthorized, session.LinkOptions{Hold: true}, session.WeDisconnected},
		"the peer does not read":        {100, 0, session.LinkOptions{Hold: true, Output: 5}, session.OutputFull},
		"nor does it take a DISCONNECT": {3, 0, session.LinkOptions{Hold: true}, session.WeDisconnected},
	} {
		t.Run(name, func(t *testing.T) {
			p := narrow(t, test.most, against{Link: test.link})
			acks := held(t, p, 3)
			require.NoError(t, p.Session.Ack(acks[1], test.code))
			require.NoError(t, p.Session.Ack(acks[2], 0))
			require.NoError(t, p.Session.Ack(acks[0], test.code))
			assert.Nil(t, p.Session.Link())
			assert.Equal(t, session.ErrStale, p.Session.Ack(acks[0], 0))
			p.Got()
			cause, ok := p.Link.Closed()
			assert.True(t, ok)
			assert.Equal(t, test.want, cause.Kind)
		})
	}
}

func TestACodeThatIsTooMuchForThePeerIsLeftOutWhereItDoesTheSameWithout(t *testing.T) { // [MQTT-3.1.2-24]
	for most, want := range map[uint32]mqttwire.ReasonCode{4: 0, 5: mqttwire.ReasonPacketIdentifierNotFound} {
		p := narrow(t, most, against{})
		p.Say(&packets.Pubrec{PacketID: 7}, &packets.Pubrel{PacketID: 9})
		assert.Equal(t, []mqttwire.Packet{
			&packets.Pubrel{PacketID: 7, ReasonCode: want}, &packets.Pubcomp{PacketID: 9, ReasonCode: want},
		}, p.Got())
		assert.NotNil(t, p.Session.Link())
		assert.EqualValues(t, 2, p.Session.Stats().Unknown)
	}
}

func TestAPubrelThatIsTooLargeForTheNextConnectionEndsIt(t *testing.T) {
	p := narrow(t, 100, against{})
	_, err := p.Session.Publish(began, message("t", ""), session.Delivery{QoS: mqttwire.ExactlyOnce})
	require.NoError(t, err)
	p.Got()
	p.Say(&packets.Pubrec{PacketID: 1})
	p.Link.Lost(began, nil)
	a := against{Old: p.Session}
	a.Connack.SessionPresent = true
	p = narrow(t, 3, a)
	cause, ok := p.Link.Closed()
	assert.True(t, ok)
	assert.Equal(t, session.WeDisconnected, cause.Kind)
	assert.ErrorIs(t, cause.Err, mqttwire.ErrTooLarge)
	assert.Equal(t, 1, p.Session.Stats().Released)
}

func TestAnyNumberOfBytesMayBeAskedFor(t *testing.T) {
	for _, most := range []int{math.MaxInt, math.MaxInt - 1} {
		p := narrow(t, 100, against{})
		_, err := p.Session.Publish(began, message("t", ""), session.Delivery{QoS: mqttwire.AtLeastOnce})
		require.NoError(t, err)
		assert.Equal(t, "ff32060001740001"+"00", fmt.Sprintf("%x", p.Link.Append([]byte{0xFF}, most)))
	}
	for _, most := range []int{0, -1, math.MinInt} {
		p := narrow(t, 100, against{})
		_, err := p.Session.Publish(began, message("t", ""), session.Delivery{QoS: mqttwire.AtLeastOnce})
		require.NoError(t, err)
		_, err = p.Session.Subscribe(began, &packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: []byte("t")}}})
		require.NoError(t, err)
		assert.Equal(t, "ff", fmt.Sprintf("%x", p.Link.Append([]byte{0xFF}, most)))
		assert.Equal(t, "820700010000017400", fmt.Sprintf("%x", p.Link.Append(nil, 9)))
		assert.Equal(t, "32", fmt.Sprintf("%x", p.Link.Append(nil, 1)))
		assert.Empty(t, p.Link.Append(nil, most))
		assert.Equal(t, "06000174000200", fmt.Sprintf("%x", p.Link.Append(nil, math.MaxInt)))
	}
}

func TestADisconnectThatIsTooLargeDoesNotKeepADrainFromItsEnd(t *testing.T) {
	a := against{Side: mqttwire.FromServer}
	a.Connect.Properties.SetMaximumPacketSize(40)
	p := newPeer(t, mqttwire.V5, a)
	_, err := p.Session.Publish(began, message("t", ""), session.Delivery{QoS: mqttwire.AtLeastOnce})
	require.NoError(t, err)
	p.Got()
	d := &packets.Disconnect{ReasonCode: mqttwire.ReasonUseAnotherServer}
	d.Properties.SetServerReference([]byte(strings.Repeat("x", 50)))
	require.NoError(t, p.Link.Drain(began, d))
	p.Say(&packets.Puback{PacketID: 1})
	assert.Equal(t, []mqttwire.Packet{&packets.Disconnect{ReasonCode: mqttwire.ReasonUseAnotherServer}}, p.Got())
	cause, ok := p.Link.Closed()
	require.True(t, ok)
	assert.Equal(t, mqttwire.ReasonUseAnotherServer, cause.Code)
	assert.ErrorIs(t, cause.Err, mqttwire.ErrTooLarge)
}

// What we send ourselves is not what the peer makes us answer.
func TestOwnPacketsThatWaitDoNotCountAgainstOutput(t *testing.T) {
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromClient, Session: session.Options{Queue: session.Bounds{Bytes: 1 << 30}}})
	_, err := p.Session.Publish(began, message("t", strings.Repeat("x", 1<<20)), session.Delivery{QoS: mqttwire.AtLeastOnce})
	require.NoError(t, err)
	assert.Len(t, p.Link.Append(nil, 1<<10), 1<<10)
	p.Say(arriving(1, mqttwire.AtLeastOnce), &packets.Pingresp{})
	assert.Nil(t, p.All(session.Disconnected))
	assert.NotNil(t, p.Session.Link())
}

func TestOwnPacketsDoNotCountAgainstOutputUntilTheyAreWritten(t *testing.T) {
	for name, write := range map[string]func(l *session.Link){
		"not written": func(*session.Link) {},
		"written":     func(l *session.Link) { l.Wrote(began, len(l.Append(nil, 1<<16))) },
		"by Buffers": func(l *session.Link) {
			l.Wrote(began, 1)
			for _, b := range l.Buffers(nil) {
				l.Wrote(began, len(b))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromClient, Link: session.LinkOptions{Output: 16}})
			for range 100 {
				_, err := p.Session.Subscribe(began, &packets.Subscribe{Subscriptions: []packets.Subscription{{Filter: []byte("a/b/c")}}})
				require.NoError(t, err)
			}
			assert.Len(t, p.Link.Append(nil, 1), 1)
			write(p.Link)
			for range 4 {
				p.Say(arriving(1, mqttwire.AtLeastOnce))
			}
			assert.NotNil(t, p.Session.Link(), "16 bytes")
			p.Say(arriving(1, mqttwire.AtLeastOnce))
			assert.Nil(t, p.Session.Link())
		})
	}
}

func TestAPeerThatReadsJustFastEnoughDoesNotTakeMemory(t *testing.T) {
	p := newPeer(t, mqttwire.V5, against{Side: mqttwire.FromServer})
	buf := make([]byte, 0, 64)
	p.Say(&packets.Pingreq{}, &packets.Pingreq{})
	pings := bytes.Repeat([]byte{0xC0, 0}, 32)
	most := uint64(0)
	for range 4 {
		var start, end runtime.MemStats
		runtime.ReadMemStats(&start)
		for range 4 << 10 {
			p.Link.Feed(began, pings)
			for _, ok := p.Link.Packet(); ok; _, ok = p.Link.Packet() {
				p.Link.Handle(began)
			}
			p.Link.Wrote(began, len(p.Link.Append(buf, 64)))
		}
		runtime.ReadMemStats(&end)
		most = max(most, end.TotalAlloc-start.TotalAlloc)
	}
	assert.Less(t, most, uint64(256<<10), "of 1 MiB that went through")
}

// A driver writes until there is nothing: a message that is dropped must not look like that.
func TestAMessageThatIsDroppedDoesNotHideTheNextOne(t *testing.T) {
	a := against{Side: mqttwire.FromServer}
	a.Connect.Properties.SetMaximumPacketSize(30)
	p := newPeer(t, mqttwire.V5, a)
	p.publish(string(make([]byte, 100)), mqttwire.AtMostOnce)
	p.publish("fits", mqttwire.AtMostOnce)
	assert.Len(t, p.Link.Append(nil, 1), 1, "the first byte of the one that fits")
	assert.Len(t, p.All(session.Dropped), 0, "not taken yet")
	p.Take()
	assert.Equal(t, session.DropTooLarge, p.All(session.Dropped)[0].Drop)
}
