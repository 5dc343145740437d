package packets_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
	"github.com/mqttwire/mqttwire/packets"
)

// A balancer decides by the first bytes of a connection to whom it goes.
func ExamplePeekConnect() {
	first := []byte("\x10\x20\x00\x04MQTT\x05\x02\x00\x3C\x00\x00\x07plant/1") // and more to come
	start, err := packets.PeekConnect(first[:9])
	fmt.Println(start.Version, err == mqttwire.ErrIncomplete)
	start, err = packets.PeekConnect(first)
	fmt.Printf("%s %q %v\n", start.Version, start.ClientID, err)
	_, err = packets.PeekConnect([]byte("\x16\x03\x01\x00\xC4\x01"))
	fmt.Println(err)
	// Output:
	// 5.0 true
	// 5.0 "plant/1" <nil>
	// mqttwire: protocol error: MQTT Control Packet type at byte 0 is 1; a connection begins with the CONNECT of MQTT, looks like a TLS ClientHello [MQTT-3.1.0-1], reason 0x82 Protocol Error
}

// What was peeked at is still to be read: here by a Decoder.
func ExamplePeekConnectFrom() {
	conn := strings.NewReader("\x10\x0D\x00\x04MQTT\x04\x02\x00\x3C\x00\x01c")
	r := mqttwire.NewReader(conn, mqttwire.Limits{})
	start, err := packets.PeekConnectFrom(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s %s\n", start.Version, start.ClientID)
	p, err := packets.NewDecoder(packets.Options{From: mqttwire.FromClient}).Next(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p)
	// Output:
	// 3.1.1 c
	// CONNECT version=3.1.1 client_id="c" clean_start keep_alive=60
}

func TestPeekConnectReadsNameAndLevelAlone(t *testing.T) {
	for body, want := range map[string]struct {
		v      mqttwire.Version
		bridge bool
		rule   mqttwire.Rule // 0: more is to come
	}{
		"\x00\x06MQIsdp\x03":   {v: mqttwire.V31},
		"\x00\x04MQTT\x04":     {v: mqttwire.V311},
		"\x00\x04MQTT\x05\xFF": {v: mqttwire.V5},
		"\x00\x06MQIsdp\x83":   {v: mqttwire.V31, bridge: true},
		"\x00\x04MQTT\x84":     {v: mqttwire.V311, bridge: true},
		"\x00\x04MQTT\x85":     {rule: mqttwire.RuleProtocolVersion}, // 5.0 has no bridge bit
		"\x00\x04MQTT\x06":     {rule: mqttwire.RuleProtocolVersion},
		"\x00\x04MQTT\x03":     {rule: mqttwire.RuleProtocolVersion},
		"\x00\x06MQIsdp\x04":   {rule: mqttwire.RuleProtocolVersion},
		"\x00\x04MQTX":         {rule: mqttwire.RuleProtocolName},
		"\x00\x05":             {rule: mqttwire.RuleProtocolName},
		"\x00\x00":             {rule: mqttwire.RuleProtocolName},
		"\xFF\xFF":             {rule: mqttwire.RuleStringLength},
		"\x00\x04MQTT":         {},
		"\x00\x04MQT":          {},
		"\x00\x06MQTT":         {},
		"\x00":                 {},
		"":                     {},
	} {
		f := mqttwire.Frame{Header: mqttwire.FixedHeader{Type: mqttwire.CONNECT, Size: 2, RemainingLength: 100}, Body: []byte(body)}
		inFrame, err := packets.PeekConnectFrame(f)
		start, sameErr := packets.PeekConnect([]byte("\x10\x64" + body))
		assert.Equal(t, inFrame, start, "%q", body)
		assert.Equal(t, err, sameErr, "%q", body)
		assert.Equal(t, want.v, start.Version, "%q", body)
		assert.Equal(t, want.bridge, start.Bridge, "%q", body)
		assert.Nil(t, start.ClientID)
		if want.rule == 0 {
			assert.Equal(t, mqttwire.ErrIncomplete, err, "%q", body)
			continue
		}
		requireBreach(t, want.rule, err)
	}
}

// splitsOf peeks at a stream after each byte, and returns after how many the
// version and all were known, and what.
func splitsOf(t *testing.T, b []byte) (version, all int, start packets.ConnectStart, err error) {
	t.Helper()
	for n := range len(b) + 1 {
		start, err = packets.PeekConnect(b[:n])
		if version == 0 && start.Version != 0 {
			version = n
		}
		if err != mqttwire.ErrIncomplete {
			return version, n, start, err
		}
		require.Nil(t, start.ClientID)
	}
	return version, len(b), start, err
}

func TestPeekConnectNeedsOnlyTheBytesThatItReportsOn(t *testing.T) {
	cases, err := corpus.Load()
	require.NoError(t, err)
	connects := 0
	for _, c := range cases {
		if !c.Decodes() || c.Frame().Header.Type != mqttwire.CONNECT || len(c.Bytes) > 2000 {
			continue
		}
		connects++
		var p packets.Connect
		require.NoError(t, p.Decode(c.Frame(), 0), c.Where())
		version, all, start, err := splitsOf(t, c.Bytes)
		require.NoError(t, err, c.Where())
		assert.Equal(t, p.Version, start.Version, c.Where())
		assert.Equal(t, p.Bridge, start.Bridge, c.Where())
		assert.Equal(t, string(p.ClientID), string(start.ClientID), c.Where())
		assert.NotNil(t, start.ClientID, c.Where())
		level := int(c.Frame().Header.Size) + 2 + len(start.ProtocolName)
		assert.Equal(t, level+1, version, c.Where())
		assert.Equal(t, c.Bytes[level], start.ProtocolLevel, c.Where())
		behind := 0
		if p.Will != nil {
			behind = 4 + len(p.Will.Topic) + len(p.Will.Payload)
			if p.Version == mqttwire.V5 {
				behind += p.Will.Properties.Size()
			}
		}
		for _, field := range [][]byte{p.UserName, p.Password} {
			if field != nil {
				behind += 2 + len(field)
			}
		}
		assert.Equal(t, len(c.Bytes)-behind, all, c.Where())
	}
	require.Greater(t, connects, 30)
}

// Of what it has to read, PeekConnect says what Decode says.
func TestPeekConnectRefusesWhatItCannotPassAsDecodeDoes(t *testing.T) {
	for body, want := range map[string]mqttwire.Rule{
		"":                                      mqttwire.RuleFieldMissing,
		"\x00":                                  mqttwire.RuleFieldMissing,
		"\x00\x04MQT":                           mqttwire.RuleStringLength,
		"\x00\x04MQTT":                          mqttwire.RuleFieldMissing,
		"\x00\x04MQTT\x07":                      mqttwire.RuleProtocolVersion,
		"\x00\x04MQTT\x04":                      mqttwire.RuleFieldMissing,
		"\x00\x04MQTT\x04\x02":                  mqttwire.RuleFieldMissing,
		"\x00\x04MQTT\x04\x02\x00\x00":          mqttwire.RuleClientIDMissing,
		"\x00\x04MQTT\x04\x02\x00\x00\x00":      mqttwire.RuleFieldMissing,
		"\x00\x04MQTT\x04\x02\x00\x00\x00\x02a": mqttwire.RuleStringLength,
		"\x00\x04MQTT\x05\x02\x00\x00":          mqttwire.RulePropertyLengthMissing,
		"\x00\x04MQTT\x05\x02\x00\x00\x80":      mqttwire.RuleVarintCut,
		"\x00\x04MQTT\x05\x02\x00\x00\x01":      mqttwire.RulePropertyLength,
		"\x00\x04MQTT\x05\x02\x00\x00\xFF\xFF\xFF\xFF\x01": mqttwire.RuleVarintLength,
		"\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x05a":        mqttwire.RuleStringLength,
	} {
		b, err := mqttwire.AppendFrame(nil, mqttwire.CONNECT, 0, []byte(body))
		require.NoError(t, err)
		_, _, _, err = splitsOf(t, b)
		got := requireBreach(t, want, err)
		e := requireBreach(t, want, decodeError(t, string(b), 0))
		assert.Equal(t, e, got, "%q", body)
	}
}

func TestPeekConnectPassesWhatDecodeRefuses(t *testing.T) {
	for _, b := range []string{
		"\x1F\x0d\x00\x04MQTT\x04\xFF\x00\x3c\x00\x01c",                 // flags
		"\x10\x8e\x00\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x01c",         // a length in more bytes than needed
		"\x10\x11\x00\x04MQTT\x05\x02\x00\x3c\x03\xFF\xFF\xFF\x00\x01c", // no properties
		"\x10\x0f\x00\x04MQTT\x05\x02\x00\x3c\x80\x00\x00\x01c",         // a property length in more bytes than needed
	} {
		f, _, err := mqttwire.CutFrame([]byte(b), 0)
		require.NoError(t, err)
		_, err = packets.Decode(f, 0)
		require.Error(t, err)
		start, err := packets.PeekConnect([]byte(b))
		require.NoError(t, err, "%q", b)
		assert.Equal(t, "c", string(start.ClientID))
	}
}

func TestPeekConnectSaysWhatItIsThatIsNoConnect(t *testing.T) {
	for b, foreign := range map[string]mqttwire.Foreign{
		"GET / HTTP/1.1\r\n" + strings.Repeat("X: y\r\n", 50) + "Upgrade: websocket\r\n\r\n": mqttwire.ForeignWebSocket,
		"GET / HTTP/1.1\r\n\r\n":                 mqttwire.ForeignHTTP1,
		"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n": mqttwire.ForeignPROXY1,
		"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0C": mqttwire.ForeignPROXY2,
		"SSH-2.0-x\r\n":                          mqttwire.ForeignSSH,
		"\x01\x00\x0A\x04\x04\x01\x00\x3Cn":      mqttwire.ForeignMQTTSN,
	} {
		_, err := packets.PeekConnect([]byte(b))
		assert.Equal(t, foreign, requireBreach(t, mqttwire.RuleNotMQTT, err).Foreign, "%q", b)
		_, err = packets.PeekConnectFrom(mqttwire.NewReader(strings.NewReader(b), mqttwire.Limits{}))
		assert.Equal(t, foreign, requireBreach(t, mqttwire.RuleNotMQTT, err).Foreign, "%q", b)
	}
	for b, rule := range map[string]mqttwire.Rule{
		pingreq:                    mqttwire.RuleFirstPacket,
		"\x30\xFF\xFF\xFF\x7F\x00": mqttwire.RuleFirstPacket,
		"\x00\x00":                 mqttwire.RulePacketType,
		"\x10\xFF\xFF\xFF\xFF\x01": mqttwire.RuleVarintLength,
	} {
		_, err := packets.PeekConnect([]byte(b))
		requireBreach(t, rule, err)
		_, err = packets.PeekConnectFrom(mqttwire.NewReader(strings.NewReader(b), mqttwire.Limits{}))
		requireBreach(t, rule, err)
	}
	_, err := packets.PeekConnect([]byte(pingreq))
	assert.Contains(t, err.Error(), "PINGREQ")
	_, err = packets.PeekConnectFrame(mqttwire.Frame{Header: mqttwire.FixedHeader{Type: mqttwire.PINGREQ, Size: 2}})
	requireBreach(t, mqttwire.RuleFirstPacket, err)
}

func TestPeekConnectFromWaitsForNoMoreThanItNeeds(t *testing.T) {
	want := packets.ConnectStart{ProtocolName: []byte("MQTT"), ProtocolLevel: 5, Version: mqttwire.V5, ClientID: []byte("c")}
	b := "\x10\x80\x01\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x01c" // and 114 bytes more
	r := mqttwire.NewReader(io.MultiReader(strings.NewReader(b), lateForEver{}), mqttwire.Limits{})
	start, err := packets.PeekConnectFrom(r)
	require.NoError(t, err)
	assert.Equal(t, want, start)

	f := mqttwire.NewFeeder(mqttwire.Limits{})
	known := 0
	for i := range len(b) {
		start, err := packets.PeekConnectFrom(f)
		require.Equal(t, mqttwire.ErrIncomplete, err)
		if start.Version != 0 {
			known++
			assert.Equal(t, "MQTT", string(start.ProtocolName))
		}
		f.Feed([]byte(b[i : i+1]))
	}
	assert.Equal(t, len(b)-len("\x10\x80\x01\x00\x04MQTT\x05"), known)
	start, err = packets.PeekConnectFrom(f)
	require.NoError(t, err)
	assert.Equal(t, want, start)
	h, err := f.Next()
	require.NoError(t, err)
	assert.Equal(t, mqttwire.CONNECT, h.Type, "nothing was taken")
}

// lateForEver times out.
type lateForEver struct{}

func (lateForEver) Read([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

func TestPeekConnectFromHandsErrorsOfTheSourceOnWithWhatHasCome(t *testing.T) {
	for first, want := range map[string]error{"": io.EOF, "\x10": io.ErrUnexpectedEOF, "\x10\x0d\x00\x04MQTT\x04": io.ErrUnexpectedEOF} {
		r := mqttwire.NewReader(strings.NewReader(first), mqttwire.Limits{})
		start, err := packets.PeekConnectFrom(r)
		assert.Equal(t, want, err, "%q", first)
		assert.Equal(t, len(first) > 8, start.Version == mqttwire.V311, "%q", first)
	}
	r := mqttwire.NewReader(openLate(0, []byte(connect311)), mqttwire.Limits{})
	start, err := packets.PeekConnectFrom(r)
	for errors.Is(err, os.ErrDeadlineExceeded) {
		start, err = packets.PeekConnectFrom(r)
	}
	require.NoError(t, err)
	assert.Equal(t, "c", string(start.ClientID))
}

func TestPeekConnectAsksForABoundedNumberOfBytes(t *testing.T) {
	const max = mqttwire.DefaultFirstPacketSize
	start := "\x10\xFF\xFF\xFF\x7F\x00\x04MQTT\x05\x02\x00\x3c"
	_, err := packets.PeekConnect([]byte(start + "\x80\x80\x08")) // 128 KiB of properties
	e := requireBreach(t, mqttwire.RulePacketSize, err)
	assert.ErrorIs(t, err, mqttwire.ErrTooLarge)
	assert.EqualValues(t, mqttwire.MaxPacketSize, e.Found)
	assert.EqualValues(t, max, e.Max)
	asked := 0
	r := mqttwire.NewReader(io.MultiReader(strings.NewReader(start+"\xF0\xF0\x07"), readerFunc(func(p []byte) (int, error) {
		asked += len(p)
		return len(p), nil
	})), mqttwire.Limits{})
	c, err := packets.PeekConnectFrom(r)
	require.NoError(t, err)
	assert.Empty(t, c.ClientID)
	assert.LessOrEqual(t, asked, 2*max)
}

// readerFunc is an io.Reader.
type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestPeekConnectDoesNotAlloc(t *testing.T) {
	b := []byte("\x10\x20\x00\x04MQTT\x05\x02\x00\x3C\x00\x00\x07plant/1")
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := packets.PeekConnect(b); err != nil {
			t.Fatal(err)
		}
	}))
}
