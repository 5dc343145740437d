package packets_test

import (
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// serverEncoder returns a server's encoder on a connection whose client takes
// packets of up to max bytes, after a CONNACK.
func serverEncoder(t *testing.T, max uint32) *packets.Encoder {
	t.Helper()
	e := packets.NewEncoder(packets.Options{From: mqttwire.FromServer})
	connect := &packets.Connect{Version: mqttwire.V5, CleanStart: true, ClientID: []byte("c")}
	connect.Properties.SetMaximumPacketSize(max)
	connect.Properties.SetAuthenticationMethod([]byte("m"))
	e.Observe(connect)
	connack := &packets.Connack{}
	connack.Properties.SetAuthenticationMethod([]byte("m"))
	_, err := e.Append(nil, connack)
	require.NoError(t, err)
	return e
}

// problem returns a list with a Reason String of n and a User Property of m
// bytes of text.
func problem(n, m int) mqttwire.Properties {
	var p mqttwire.Properties
	p.SetReasonString([]byte(strings.Repeat("r", n)))
	p.AddUser([]byte("k"), []byte(strings.Repeat("u", m)))
	return p
}

func TestAnAcknowledgementWithACodeFitsFiveBytes(t *testing.T) {
	for _, p := range []mqttwire.Packet{
		&packets.Puback{PacketID: 1, ReasonCode: 0x87},
		&packets.Pubrec{PacketID: 1, ReasonCode: 0x87, Properties: problem(3, 3)},
		&packets.Pubrel{PacketID: 1, ReasonCode: 0x92},
		&packets.Pubcomp{PacketID: 1, ReasonCode: 0x92},
		&packets.Disconnect{ReasonCode: 0x8E, Properties: problem(3, 3)},
	} {
		connect := &packets.Connect{Version: mqttwire.V5, CleanStart: true, ClientID: []byte("c")}
		connect.Properties.SetMaximumPacketSize(5)
		e := packets.NewEncoder(packets.Options{From: mqttwire.FromServer})
		e.Observe(connect)
		_, err := e.Append(nil, &packets.Connack{})
		require.NoError(t, err)
		b, err := e.Append(nil, p)
		require.NoError(t, err, textOf(p))
		assert.LessOrEqual(t, len(b), 5, textOf(p))
	}
}

func TestEncoderDropsReasonStringAndUserPropertiesToFit(t *testing.T) {
	const limit = 60
	auth := func(n, m int) mqttwire.Properties {
		p := problem(n, m)
		p.SetAuthenticationMethod([]byte("m"))
		return p
	}
	codes := []mqttwire.ReasonCode{0}
	makers := map[string]func(n, m int) mqttwire.Packet{
		"PUBACK":  func(n, m int) mqttwire.Packet { return &packets.Puback{Properties: problem(n, m), PacketID: 1} },
		"PUBREC":  func(n, m int) mqttwire.Packet { return &packets.Pubrec{Properties: problem(n, m), PacketID: 1} },
		"PUBREL":  func(n, m int) mqttwire.Packet { return &packets.Pubrel{Properties: problem(n, m), PacketID: 1} },
		"PUBCOMP": func(n, m int) mqttwire.Packet { return &packets.Pubcomp{Properties: problem(n, m), PacketID: 1} },
		"SUBACK": func(n, m int) mqttwire.Packet {
			return &packets.Suback{Properties: problem(n, m), PacketID: 1, ReasonCodes: codes}
		},
		"UNSUBACK": func(n, m int) mqttwire.Packet {
			return &packets.Unsuback{Properties: problem(n, m), PacketID: 1, ReasonCodes: codes}
		},
		"DISCONNECT": func(n, m int) mqttwire.Packet { return &packets.Disconnect{Properties: problem(n, m)} },
		"AUTH":       func(n, m int) mqttwire.Packet { return &packets.Auth{Properties: auth(n, m), ReasonCode: 0} },
	}
	for name, make := range makers {
		for _, c := range []struct {
			what         string
			reason, user int
			dropped      packets.Dropped
		}{
			{"all fits", 10, 10, packets.Dropped{}},
			{"without the reason string it fits", 60, 10, packets.Dropped{ReasonString: true}},
			{"without user properties it fits", 10, 60, packets.Dropped{UserProperties: true}},
			{"without both it fits", 60, 60, packets.Dropped{ReasonString: true, UserProperties: true}},
		} {
			t.Run(name+"/"+c.what, func(t *testing.T) {
				e := serverEncoder(t, limit)
				p := make(c.reason, c.user)
				before := p.Size(mqttwire.V5)
				b, err := e.Append(nil, p)
				require.NoError(t, err)
				assert.LessOrEqual(t, len(b), limit)
				assert.Equal(t, c.dropped, e.Dropped())
				assert.Equal(t, before, p.Size(mqttwire.V5), "the packet itself is not changed")

				list := properties(t, b)
				assert.Equal(t, !c.dropped.ReasonString, list.Has(mqttwire.ReasonString))
				assert.Equal(t, !c.dropped.UserProperties, list.Has(mqttwire.UserProperty))
			})
		}
	}
}

// What is left out for the peer's sake is the text; the answer stays what it was.
func TestEncoderDropsNothingButReasonStringAndUserProperties(t *testing.T) {
	const limit = 60
	for _, p := range []mqttwire.Packet{
		&packets.Puback{Properties: problem(60, 60), PacketID: 7, ReasonCode: mqttwire.ReasonNotAuthorized},
		&packets.Pubrec{Properties: problem(60, 60), PacketID: 7, ReasonCode: mqttwire.ReasonQuotaExceeded},
		&packets.Pubrel{Properties: problem(60, 60), PacketID: 7, ReasonCode: mqttwire.ReasonPacketIdentifierNotFound},
		&packets.Pubcomp{Properties: problem(60, 60), PacketID: 7, ReasonCode: mqttwire.ReasonPacketIdentifierNotFound},
		&packets.Suback{Properties: problem(60, 60), PacketID: 7, ReasonCodes: []mqttwire.ReasonCode{1, 0x80}},
		&packets.Unsuback{Properties: problem(60, 60), PacketID: 7, ReasonCodes: []mqttwire.ReasonCode{0x11, 0x83}},
		&packets.Disconnect{Properties: problem(60, 60), ReasonCode: mqttwire.ReasonServerBusy},
		&packets.Auth{Properties: authenticated(problem(60, 60)), ReasonCode: mqttwire.ReasonContinueAuthentication},
	} {
		requireSameButForProblems(t, serverEncoder(t, limit), p)
	}
	for _, p := range []*packets.Connack{
		{SessionPresent: true, Properties: problem(60, 60)},
		{ReasonCode: mqttwire.ReasonBanned, Properties: problem(60, 60)},
	} {
		connect := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c")}
		connect.Properties.SetMaximumPacketSize(limit)
		e := packets.NewEncoder(packets.Options{From: mqttwire.FromServer})
		e.Observe(connect)
		requireSameButForProblems(t, e, p)
	}
}

func authenticated(p mqttwire.Properties) mqttwire.Properties {
	p.SetAuthenticationMethod([]byte("m"))
	return p
}

// requireSameButForProblems checks that e writes p without Reason String and User
// Properties, and else as it is.
func requireSameButForProblems(t *testing.T, e *packets.Encoder, p mqttwire.Packet) {
	t.Helper()
	got, err := e.Append(nil, p)
	require.NoError(t, err)
	require.Equal(t, packets.Dropped{ReasonString: true, UserProperties: true}, e.Dropped())
	whole, err := p.Append(nil, mqttwire.V5)
	require.NoError(t, err)
	want, err := packets.Decode(frameOf(t, string(whole)), mqttwire.V5)
	require.NoError(t, err)
	list := reflect.ValueOf(want).Elem().FieldByName("Properties").Addr().Interface().(*mqttwire.Properties)
	list.Remove(mqttwire.ReasonString)
	list.Remove(mqttwire.UserProperty)
	wanted, err := want.Append(nil, mqttwire.V5)
	require.NoError(t, err)
	assert.Equal(t, wanted, got, "%s", p)
}

func TestEncoderDropsNothingFromAPacketThatJustFits(t *testing.T) {
	p := &packets.Puback{Properties: problem(10, 10), PacketID: 7, ReasonCode: mqttwire.ReasonNotAuthorized}
	want, err := p.Append(nil, mqttwire.V5)
	require.NoError(t, err)
	e := serverEncoder(t, uint32(len(want)))
	got, err := e.Append([]byte("what was written before does not count"), p)
	require.NoError(t, err)
	assert.Equal(t, packets.Dropped{}, e.Dropped())
	assert.True(t, strings.HasSuffix(string(got), string(want)))

	publish := &packets.Publish{Topic: []byte("a"), Payload: make([]byte, len(want)-6)}
	header, err := e.AppendHeader([]byte("nor here"), publish)
	require.NoError(t, err)
	assert.Len(t, header, len("nor here")+6)
}

func TestEncoderToleratesNothing(t *testing.T) {
	all := &mqttwire.Tolerance{Allow: mqttwire.ReportAll}
	e := packets.NewEncoder(packets.Options{From: mqttwire.FromClient, Version: mqttwire.V5, Tolerance: all})
	_, err := e.Append(nil, &packets.Pingreq{})
	requireBreach(t, mqttwire.RuleFirstPacket, err)
	assert.Empty(t, all.Findings)
}

func TestTheErrorOfAnEncoderNamesTheMessage(t *testing.T) {
	e := serverEncoder(t, 60)
	for _, p := range []*packets.Publish{
		{Topic: []byte("#"), QoS: mqttwire.ExactlyOnce, PacketID: 7},                            // by the packet alone
		{Topic: []byte("a"), QoS: mqttwire.ExactlyOnce, PacketID: 7, Payload: make([]byte, 99)}, // by the connection
	} {
		_, err := e.Append(nil, p)
		var wrong *mqttwire.Error
		require.ErrorAs(t, err, &wrong)
		assert.EqualValues(t, 7, wrong.PacketID)
		assert.Equal(t, mqttwire.ExactlyOnce, wrong.QoS)
		assert.Equal(t, mqttwire.FromServer, wrong.Sender)
		assert.True(t, wrong.Connected)
	}
}

// properties decodes a packet of 5.0 and returns its list.
func properties(t *testing.T, b []byte) mqttwire.Properties {
	t.Helper()
	f, rest, err := mqttwire.CutFrame(b, 0)
	require.NoError(t, err)
	require.Empty(t, rest)
	p, err := packets.Decode(f, mqttwire.V5)
	require.NoError(t, err)
	switch p := p.(type) {
	case *packets.Connack:
		return p.Properties
	case *packets.Puback:
		return p.Properties
	case *packets.Pubrec:
		return p.Properties
	case *packets.Pubrel:
		return p.Properties
	case *packets.Pubcomp:
		return p.Properties
	case *packets.Suback:
		return p.Properties
	case *packets.Unsuback:
		return p.Properties
	case *packets.Disconnect:
		return p.Properties
	case *packets.Auth:
		return p.Properties
	}
	t.Fatalf("%T has no list here", p)
	return mqttwire.Properties{}
}

func TestEncoderDropsProblemInformationOfConnackToFit(t *testing.T) {
	e := packets.NewEncoder(packets.Options{From: mqttwire.FromServer})
	connect := &packets.Connect{Version: mqttwire.V5, CleanStart: true, ClientID: []byte("c")}
	connect.Properties.SetMaximumPacketSize(21)
	e.Observe(connect)
	b, err := e.Append(nil, &packets.Connack{ReasonCode: mqttwire.ReasonBanned, Properties: problem(10, 10)})
	require.NoError(t, err)
	assert.Equal(t, packets.Dropped{ReasonString: true}, e.Dropped())
	assert.Len(t, b, 21)
}

func TestEncoderLeavesOutProblemInformationThatTheClientDoesNotWant(t *testing.T) {
	e := packets.NewEncoder(packets.Options{From: mqttwire.FromServer})
	connect := &packets.Connect{Version: mqttwire.V5, CleanStart: true, ClientID: []byte("c")}
	connect.Properties.SetRequestProblemInformation(false)
	e.Observe(connect)
	_, err := e.Append(nil, &packets.Connack{})
	require.NoError(t, err)
	b, err := e.Append(nil, &packets.Puback{PacketID: 1, ReasonCode: 0x99, Properties: problem(3, 3)})
	require.NoError(t, err)
	assert.Equal(t, "\x40\x03\x00\x01\x99", string(b))
	assert.Equal(t, packets.Dropped{ReasonString: true, UserProperties: true}, e.Dropped())
	b, err = e.Append(nil, &packets.Disconnect{ReasonCode: 0x8B, Properties: problem(3, 3)})
	require.NoError(t, err)
	assert.Equal(t, packets.Dropped{}, e.Dropped())
	list := properties(t, b)
	assert.True(t, list.Has(mqttwire.ReasonString), "in DISCONNECT it may stand")
}

func TestEncoderRefusesWhatDoesNotFitAnyway(t *testing.T) {
	e := serverEncoder(t, 20)
	dst := []byte("before")
	big := &packets.Suback{PacketID: 1, ReasonCodes: make([]mqttwire.ReasonCode, 40), Properties: problem(1, 1)}
	out, err := e.Append(dst, big)
	var wrong *mqttwire.Error
	require.ErrorAs(t, err, &wrong)
	assert.Equal(t, mqttwire.RuleMaximumPacketSize, wrong.Rule)
	assert.Equal(t, "MQTT-3.1.2-24", wrong.Statement)
	assert.EqualValues(t, 20, wrong.Max)
	assert.Equal(t, "before", string(out))
	assert.Equal(t, packets.Dropped{}, e.Dropped())

	_, err = e.Append(nil, &packets.Publish{Topic: []byte("a"), Properties: userProperty(30)})
	assert.ErrorIs(t, err, mqttwire.ErrTooLarge, "user properties of PUBLISH are part of the message")

	_, err = e.Append(nil, &packets.Publish{Topic: []byte("a"), Payload: make([]byte, 14)})
	assert.NoError(t, err, "20 bytes in all")
	_, err = e.AppendHeader(nil, &packets.Publish{Topic: []byte("a"), Payload: make([]byte, 15)})
	assert.ErrorIs(t, err, mqttwire.ErrTooLarge, "the payload counts, though it is sent apart")
}

func TestDroppedIsOfTheLastPacketOnly(t *testing.T) {
	publish := &packets.Publish{Topic: []byte("a"), Payload: []byte("x")}
	for name, next := range map[string]func(*packets.Encoder) error{
		"a packet":                func(e *packets.Encoder) error { _, err := e.Append(nil, publish); return err },
		"a header":                func(e *packets.Encoder) error { _, err := e.AppendHeader(nil, publish); return err },
		"a header without a body": func(e *packets.Encoder) error { _, err := e.AppendStreamHeader(nil, publish, 1); return err },
		"a packet that is refused": func(e *packets.Encoder) error {
			_, err := e.Append(nil, &packets.Publish{Topic: []byte("#")})
			assert.Error(t, err)
			return nil
		},
		"a header that is refused": func(e *packets.Encoder) error {
			_, err := e.AppendStreamHeader(nil, publish, 100)
			assert.ErrorIs(t, err, mqttwire.ErrTooLarge)
			return nil
		},
	} {
		e := serverEncoder(t, 60)
		_, err := e.Append(nil, &packets.Puback{Properties: problem(60, 10), PacketID: 1})
		require.NoError(t, err)
		require.Equal(t, packets.Dropped{ReasonString: true}, e.Dropped())
		require.NoError(t, next(e), name)
		assert.Equal(t, packets.Dropped{}, e.Dropped(), name)
	}
}

func userProperty(n int) mqttwire.Properties {
	var p mqttwire.Properties
	p.AddUser([]byte("k"), []byte(strings.Repeat("u", n)))
	return p
}

func TestEncoderDoesNotCountARefusedPacketAsSent(t *testing.T) {
	e := packets.NewEncoder(packets.Options{From: mqttwire.FromClient, Version: mqttwire.V5})
	_, err := e.Append(nil, &packets.Connect{Version: mqttwire.V5, ClientID: []byte("\xff")})
	require.ErrorIs(t, err, mqttwire.ErrMalformed)
	_, err = e.Append(nil, &packets.Connect{Version: mqttwire.V5})
	require.NoError(t, err)
	assert.Equal(t, mqttwire.V5, e.Version())
	_, err = e.Append(nil, &packets.Connect{Version: mqttwire.V5})
	require.ErrorIs(t, err, mqttwire.ErrProtocol)
	_, err = e.Append(nil, &packets.Pingreq{})
	require.NoError(t, err, "an encoder goes on: nothing was sent")
}

func TestOnePacketIsEncodedByManyGoroutinesAtOnce(t *testing.T) {
	p := &packets.Publish{Topic: []byte("a/b"), Payload: []byte("x"), QoS: 1, PacketID: 1, Properties: userProperty(10)}
	p.Properties.SetTopicAlias(1)
	want, err := p.Append(nil, mqttwire.V5)
	require.NoError(t, err)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			connack := &packets.Connack{}
			connack.Properties.SetTopicAliasMaximum(1)
			e := packets.NewEncoder(packets.Options{From: mqttwire.FromClient})
			_, err := e.Append(nil, &packets.Connect{Version: mqttwire.V5})
			assert.NoError(t, err)
			e.Observe(connack)
			for range 100 {
				got, err := e.Append(nil, p)
				if !assert.NoError(t, err) || !assert.Equal(t, want, got) {
					return
				}
				clone := p.Clone()
				assert.Equal(t, p.String(), clone.String())
			}
		})
	}
	all.Wait()
}

// A packet that is sent to many is shared by the goroutines that do so, and one of
// them may have a client for which its Reason String is too much.
func TestLeavingOutPropertiesChangesNoSharedPacket(t *testing.T) {
	var list mqttwire.PropertyBuilder
	list.Reset()
	list.SetReasonString([]byte("a reason of some length"))
	list.AddUser([]byte("k"), []byte("v"))
	shared := &packets.Puback{PacketID: 1, ReasonCode: mqttwire.ReasonNotAuthorized, Properties: list.Properties()}
	want, err := shared.Append(nil, mqttwire.V5)
	require.NoError(t, err)

	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			connect := &packets.Connect{Version: mqttwire.V5, ClientID: []byte("c")}
			if i%2 == 0 {
				connect.Properties.SetMaximumPacketSize(20)
			} else {
				connect.Properties.SetRequestProblemInformation(false)
			}
			e := packets.NewEncoder(packets.Options{From: mqttwire.FromServer})
			e.Observe(connect)
			_, err := e.Append(nil, &packets.Connack{})
			assert.NoError(t, err)
			for range 100 {
				_, err = e.Append(nil, shared)
				assert.NoError(t, err)
				assert.True(t, e.Dropped().ReasonString)
			}
		})
	}
	wait.Wait()
	got, err := shared.Append(nil, mqttwire.V5)
	require.NoError(t, err)
	assert.Equal(t, want, got)
}
