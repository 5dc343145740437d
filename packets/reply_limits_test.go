package packets_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// A client that takes small packets only is answered without the Reason String.
func ExampleReplyWithReason() {
	connect := "\x10\x13\x00\x04MQTT\x05\x02\x00\x3C\x05\x27\x00\x00\x00\x14\x00\x01c" // Maximum Packet Size 20
	publish := "\x36\x05\x00\x01a\x00\x01"                                             // QoS 3

	reader := mqttwire.NewReader(strings.NewReader(connect+publish), mqttwire.Limits{})
	decoder := packets.NewDecoder(packets.Options{From: mqttwire.FromClient})
	for {
		packet, err := decoder.Next(reader)
		if err != nil {
			answer := packets.ReplyWithReason(err)
			fmt.Printf("%s, % x, close %t\n", answer.Packet, answer.Append(nil), answer.Close)
			return
		}
		if packet.Type() == mqttwire.CONNECT {
			decoder.Observe(&packets.Connack{})
		}
	}
	// Output: DISCONNECT code=0x81 (Malformed Packet), e0 01 81, close true
}

// refusedBy returns the error with which a decoder refuses the last packet on a
// connection of 5.0, of which the side sends the others.
func refusedBy(t *testing.T, from mqttwire.Sender, sent ...mqttwire.Packet) error {
	t.Helper()
	d := packets.NewDecoder(packets.Options{From: from, Optional: true})
	if from == mqttwire.FromServer {
		d.Observe(&packets.Connect{Version: v5, CleanStart: true, ClientID: []byte("c")})
	}
	for i, p := range sent {
		b, err := p.Append(nil, v5)
		require.NoError(t, err)
		_, err = d.Decode(frameOf(t, string(b)))
		if i == len(sent)-1 {
			require.Error(t, err)
			return err
		}
		require.NoError(t, err)
		if from == mqttwire.FromClient && p.Type() == mqttwire.CONNECT {
			d.Observe(&packets.Connack{})
		}
	}
	return nil
}

// announcing returns a CONNECT or CONNACK list: no limit if size is 0.
func announcing(size uint32, noProblems bool) (p mqttwire.Properties) {
	if size != 0 {
		p.SetMaximumPacketSize(size)
	}
	if noProblems {
		p.SetRequestProblemInformation(false)
	}
	return p
}

func connectOf(list mqttwire.Properties) *packets.Connect {
	return &packets.Connect{Version: v5, CleanStart: true, ClientID: []byte("c"), Properties: list}
}

// notText returns a PUBLISH whose payload is not the text that it says it is.
func notText(q mqttwire.QoS) *packets.Publish {
	p := &packets.Publish{Topic: []byte("a"), Payload: []byte{0xFF}, QoS: q}
	if q > 0 {
		p.PacketID = 7
	}
	p.Properties.SetPayloadFormatIndicator(1)
	return p
}

// requireTaken checks that an encoder which knows what the client has announced
// sends the answer as it is.
func requireTaken(t *testing.T, connect *packets.Connect, a packets.Answer) {
	t.Helper()
	e := packets.NewEncoder(packets.Options{From: mqttwire.FromServer})
	if a.Packet.Type() != mqttwire.CONNACK {
		roomy := *connect // for the CONNACK
		roomy.Properties.Remove(mqttwire.MaximumPacketSize)
		e.Observe(&roomy)
		_, err := e.Append(nil, &packets.Connack{})
		require.NoError(t, err)
		limit, ok := connect.Properties.MaximumPacketSize()
		require.True(t, !ok || a.Packet.Size(v5) <= int(limit), "%s is larger than %d bytes", textOf(a.Packet), limit)
	} else {
		e.Observe(connect)
	}
	b, err := e.Append(nil, a.Packet)
	require.NoError(t, err)
	require.Zero(t, e.Dropped(), textOf(a.Packet))
	require.Equal(t, replyTo(t, a), string(b))
}

func TestAnAnswerKeepsToWhatTheClientHasAnnounced(t *testing.T) {
	for name, refused := range map[string]*packets.Publish{
		"DISCONNECT": notText(0), "PUBACK": notText(1), "PUBREC": notText(2),
	} {
		for _, noProblems := range []bool{false, true} {
			for size := uint32(0); size < 300; size++ {
				connect := connectOf(announcing(size, noProblems))
				err := refusedBy(t, mqttwire.FromClient, connect, refused)
				bare, with := packets.Reply(err), packets.ReplyWithReason(err)
				where := fmt.Sprintf("%s, at most %d bytes, no problem information %t", name, size, noProblems)
				if size == 1 || size == 2 {
					require.Equal(t, packets.Answer{Close: true}, bare, where)
					require.Equal(t, bare, with, where)
					continue
				}
				requireTaken(t, connect, bare)
				requireTaken(t, connect, with)
				small := size == 3 || size == 4 // too small for a PUBACK
				require.Equal(t, name == "DISCONNECT" || small, bare.Packet.Type() == mqttwire.DISCONNECT, where)
				require.Equal(t, bare.Packet.Type() == mqttwire.DISCONNECT, bare.Close, where)
				whole := bare.Packet.Size(v5) + 1 + 3 + len(err.Error()) // with the property
				if whole > 129 {
					whole++ // the remaining length
				}
				if len(err.Error())+3 > 127 {
					whole++ // the property length
				}
				wanted := !noProblems || name == "DISCONNECT" || small
				fits := size == 0 || whole <= int(size)
				require.Equal(t, wanted && fits, with.Packet.Size(v5) > bare.Packet.Size(v5), "%s: %d bytes", where, whole)
			}
		}
	}
}

func TestAnAnswerToARefusedConnectKeepsToWhatThatAnnounces(t *testing.T) {
	for _, c := range []struct {
		size   uint32
		reason bool
		want   mqttwire.PacketType
	}{{0, true, mqttwire.CONNACK}, {1000, true, mqttwire.CONNACK}, {20, false, mqttwire.CONNACK}, {5, false, mqttwire.CONNACK}, {4, false, 0}} {
		connect := connectOf(announcing(c.size, true)) // which CONNACK is no part of
		connect.ClientID = []byte("a\x01b")            // that a server may refuse
		err := refusedBy(t, mqttwire.FromClient, connect)
		a := packets.ReplyWithReason(err)
		if c.want == 0 {
			require.Equal(t, packets.Answer{Close: true}, a)
			continue
		}
		requireTaken(t, connect, a)
		require.Equal(t, c.want, a.Packet.Type())
		require.Equal(t, c.reason, a.Packet.(*packets.Connack).Properties.Has(mqttwire.ReasonString), c.size)
	}
}

func TestAnAnswerKeepsToWhatTheServerHasAnnounced(t *testing.T) {
	bad := &packets.Publish{Topic: []byte("a"), Payload: []byte("x")}
	bad.Properties.SetTopicAlias(9)
	for size, want := range map[uint32]string{0: "reason", 1000: "reason", 20: "\xe0\x01\x94", 3: "\xe0\x01\x94", 2: "close"} {
		connack := &packets.Connack{Properties: announcing(size, false)}
		err := refusedBy(t, mqttwire.FromServer, connack, bad)
		a := packets.ReplyWithReason(err)
		if want == "reason" {
			require.True(t, a.Packet.(*packets.Disconnect).Properties.Has(mqttwire.ReasonString))
			continue
		}
		require.Equal(t, want, replyTo(t, a), size)
	}
}

func TestWhatPeersAnnounceIsOfTheirOwnConnection(t *testing.T) {
	var e *mqttwire.Error
	require.ErrorAs(t, refusedBy(t, mqttwire.FromClient, connectOf(announcing(100, true)), notText(1)), &e)
	assert.EqualValues(t, 100, e.MaximumPacketSize)
	assert.True(t, e.NoProblemInformation)

	older := &packets.Connect{Version: v311, CleanStart: true, ClientID: []byte("c"), Properties: announcing(100, true)}
	d := packets.NewDecoder(packets.Options{From: mqttwire.FromClient})
	b, err := older.Append(nil, v311)
	require.NoError(t, err)
	_, err = d.Decode(frameOf(t, string(b)))
	require.NoError(t, err)
	_, err = d.Decode(frameOf(t, string(b)))
	require.ErrorAs(t, err, &e)
	assert.Zero(t, e.MaximumPacketSize)
	assert.False(t, e.NoProblemInformation)
}

func TestReasonIsNotSaidToAPeerOfWhichNothingIsKnown(t *testing.T) {
	err := decodeError(t, "\x36\x06\x00\x01a\x00\x01\x00", v5)
	assert.Equal(t, packets.Reply(err), packets.ReplyWithReason(err))
}

// own returns errors about packets that were to be sent.
func own(t *testing.T) map[string]error {
	t.Helper()
	errs := map[string]error{}
	connect := connectOf(announcing(20, false))
	server := packets.NewEncoder(packets.Options{From: mqttwire.FromServer})
	server.Observe(connect)
	_, errs["before the CONNACK"] = server.Append(nil, &packets.Pingresp{})
	large := &packets.Connack{}
	large.Properties.SetServerReference([]byte(strings.Repeat("x", 20)))
	_, errs["too large for the peer"] = server.Append(nil, large)
	_, errs["no packet identifier"] = (&packets.Puback{}).Append(nil, v5)
	_, errs["a wildcard in a topic name"] = (&packets.Publish{Topic: []byte("#")}).Append(nil, v5)
	_, errs["a topic name too long"] = (&packets.Publish{Topic: long(65536)}).Append(nil, v311)
	_, errs["a will payload too long"] = (&packets.Connect{Version: v311, ClientID: []byte("c"),
		Will: &packets.Will{Topic: []byte("w"), Payload: long(65536)}}).Append(nil, v311)
	_, errs["a property of another packet"] = (&packets.Puback{PacketID: 1, Properties: props(withAlias)}).Append(nil, v5)
	_, errs["a payload too large"] = (&packets.Publish{Topic: []byte("a")}).AppendStreamHeader(nil, v5, 1<<28)
	_, errs["a code of no older version"] = (&packets.Puback{PacketID: 1, ReasonCode: 0x87}).Append(nil, v311)
	errs["of a Writer"] = packets.NewWriter(newWire(plenty, nil), v5).WritePacket(&packets.Puback{})
	return errs
}

func TestAPacketOfOnesOwnIsNotAnswered(t *testing.T) {
	for name, err := range own(t) {
		var e *mqttwire.Error
		require.ErrorAs(t, err, &e, name)
		assert.True(t, e.Own, name)
		assert.Contains(t, err.Error(), "mqttwire: own "+e.Type.String()+" ", name)
		assert.Equal(t, packets.Answer{Close: true}, packets.Reply(err), name)
		assert.Equal(t, packets.Answer{Close: true}, packets.ReplyWithReason(err), name)
	}
}

func TestAPacketOfThePeersIsNotOnesOwn(t *testing.T) {
	for _, c := range loadCorpus(t) {
		_, err := decodeCase(t, &c)
		if e, ok := err.(*mqttwire.Error); ok {
			require.False(t, e.Own, c.Where())
		}
	}
	var e *mqttwire.Error
	require.ErrorAs(t, refusedBy(t, mqttwire.FromClient, connectOf(mqttwire.Properties{}), notText(1)), &e)
	require.False(t, e.Own)
}
