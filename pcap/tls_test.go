package pcap

import (
	"bytes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"io"
	"math/big"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
)

// certificate is one that nobody has to trust.
var certificate = sync.OnceValues(func() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
})

// tap writes what a side sends down as segments.
type tap struct {
	net.Conn
	lock  *sync.Mutex
	write func(...string)
}

func (c tap) Write(b []byte) (int, error) {
	c.lock.Lock()
	c.write(string(b))
	c.lock.Unlock()
	return c.Conn.Write(b)
}

// tlsTalk is a TLS session of a client and a server, who say the messages in turn, the
// client first; and its key log.
func tlsTalk(t testing.TB, base *tls.Config, messages ...string) (*talk, []byte) {
	t.Helper()
	c := open(8883)
	own, err := certificate()
	require.NoError(t, err)
	var keys bytes.Buffer
	config := base.Clone()
	config.Certificates, config.InsecureSkipVerify, config.KeyLogWriter = []tls.Certificate{own}, true, &keys
	config.ServerName = "broker.example"
	clientEnd, serverEnd := net.Pipe()
	var lock sync.Mutex
	client := tls.Client(tap{clientEnd, &lock, c.says}, config)
	served := config.Clone()
	served.KeyLogWriter = nil
	server := tls.Server(tap{serverEnd, &lock, c.hears}, served)
	done := make(chan error, 1)
	go func() { done <- speak(server, messages, 1) }()
	require.NoError(t, speak(client, messages, 0))
	require.NoError(t, <-done)
	clientEnd.Close()
	return c, keys.Bytes()
}

// speak says every other message and hears the rest.
func speak(c *tls.Conn, messages []string, turn int) error {
	if err := c.Handshake(); err != nil {
		return err
	}
	for i, m := range messages {
		if i%2 == turn {
			if _, err := io.WriteString(c, m); err != nil {
				return err
			}
			continue
		}
		if _, err := io.ReadFull(c, make([]byte, len(m))); err != nil {
			return err
		}
	}
	return nil
}

// keyLogOf is a key log of some text.
func keyLogOf(text []byte) *KeyLog { return NewKeyLog(bytes.NewReader(text)) }

const throughTLS = " through TLS"

// tlsConfigs are the kinds of sessions that crypto/tls makes.
var tlsConfigs = map[string]*tls.Config{
	"TLS 1.3":                       {MinVersion: tls.VersionTLS13},
	"TLS 1.3, the hello sent again": {MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{tls.CurveP384}},
	"TLS 1.2, AES-128-GCM":          {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}},
	"TLS 1.2, AES-256-GCM":          {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384}},
	"TLS 1.2, ChaCha20-Poly1305":    {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256}},
}

func TestTLSIsDecryptedInAnySegments(t *testing.T) {
	large := longPublish(t, strings.Repeat("0123456789", 5000))
	for name, config := range tlsConfigs {
		t.Run(name, func(t *testing.T) {
			c, keys := tlsTalk(t, config, connect5, connack5, publish5+large[:30000], publish5p, large[30000:]+pingreq, publish5)
			c.close()
			segments := c.segments
			rapid.Check(t, func(rt *rapid.T) {
				c := &talk{segments: slices.Clone(segments)}
				c.cutAnywhere(rt)
				got := c.events(t, keyLogOf(keys).OpenTLS)
				if len(got) == 0 || !strings.HasPrefix(got[0].Note, name[:7]+" with TLS_") || !strings.HasSuffix(got[0].Note, `, to "broker.example"`) {
					rt.Fatalf("%q", lines(got))
				}
				want := []string{
					"client CONNECT 5.0" + throughTLS, "server CONNACK 5.0" + throughTLS, "client PUBLISH 5.0" + throughTLS, "server PUBLISH 5.0" + throughTLS,
					"client PUBLISH 5.0" + throughTLS, "client PINGREQ 5.0" + throughTLS, "server PUBLISH 5.0" + throughTLS,
					"client closed 0" + throughTLS, "server closed 0" + throughTLS,
				}
				if all := lines(got)[1:]; !assert.ObjectsAreEqual(want, all) {
					rt.Fatalf("%q", all)
				}
			})
		})
	}
}

func TestWebSocketInTLSIsRead(t *testing.T) {
	c, keys := tlsTalk(t, &tls.Config{}, upgrade, upgraded, clientSays(connect5), serverSays(connack5), clientSays(publish5))
	assert.Equal(t, []string{
		"client CONNECT 5.0 through TLS, WebSocket", "server CONNACK 5.0 through TLS, WebSocket", "client PUBLISH 5.0 through TLS, WebSocket",
	}, lines(c.events(t, keyLogOf(keys).OpenTLS, OpenWebSocket))[1:])
}

// TestTLSOfOpenSSL reads a capture of OpenSSL's client with mosquitto, in six suites and
// with updates of the keys of both sides; the secrets are in it.
func TestTLSOfOpenSSL(t *testing.T) {
	r, err := Open("../testdata/captures/tls-openssl-secrets.pcapng", capture.Options{})
	require.NoError(t, err)
	defer r.Close()
	packets := map[string][]mqttwire.PacketType{}
	var notes []string
	for e, err := range r.Events() {
		require.NoError(t, err)
		switch e.Kind {
		case capture.WholePacket:
			require.NoError(t, e.Err)
			packets[e.ClientID] = append(packets[e.ClientID], e.Frame.Header.Type)
		case capture.StageNote, capture.NotMQTT:
			notes = append(notes, e.Note)
		}
	}
	all := []mqttwire.PacketType{mqttwire.CONNECT, mqttwire.CONNACK, mqttwire.SUBSCRIBE, mqttwire.SUBACK, mqttwire.PUBLISH, mqttwire.PUBLISH, mqttwire.DISCONNECT}
	assert.Equal(t, map[string][]mqttwire.PacketType{"13a": all, "13c": all, "13k": all, "12a": all, "12b": all, "12c": all}, packets)
	assert.Equal(t, []string{
		`TLS 1.3 with TLS_AES_256_GCM_SHA384, to "broker.example"`,
		`TLS 1.3 with TLS_CHACHA20_POLY1305_SHA256, to "broker.example"`,
		`TLS 1.3 with TLS_AES_128_GCM_SHA256, to "broker.example"`,
		`TLS 1.2 with TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, to "broker.example"`,
		`TLS 1.2 with TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, to "broker.example"`,
		`TLS 1.2 with TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, to "broker.example"`,
		`TLS 1.2 with TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, to "broker.example", which is not decrypted`,
	}, notes)
	assert.Equal(t, 6, r.Summary().MQTT)
	assert.Equal(t, 1, r.Summary().TLS)
}

func TestTLSWithoutSecretsIsNamedAndCounted(t *testing.T) {
	c, keys := tlsTalk(t, &tls.Config{}, connect5, connack5)
	_, others := tlsTalk(t, &tls.Config{}, connect5)
	without13 := bytes.ReplaceAll(keys, []byte("SERVER_TRAFFIC_SECRET_0"), []byte("X"))
	const noSecrets = `^TLS 1.3 with TLS_\w+, to "broker.example"; the key log has no secrets of this session$`
	for name, test := range map[string]struct {
		keys *KeyLog
		want string
	}{
		"no key log":             {NewKeyLog(nil), "^TLS$"},
		"an empty one":           {keyLogOf(nil), noSecrets},
		"one of other sessions":  {keyLogOf(others), noSecrets},
		"one without all of it":  {keyLogOf(without13), noSecrets},
		"one of another version": {keyLogOf(append([]byte("CLIENT_RANDOM"), keys[bytes.IndexByte(keys, ' '):]...)[:130]), noSecrets},
	} {
		conversations, err := capture.NewConversations(capture.Options{Stages: []capture.StageOpener{test.keys.OpenTLS}})
		require.NoError(t, err)
		for _, s := range c.segments {
			conversations.Add(s)
		}
		conversations.Finish()
		e, ok := conversations.Next()
		require.True(t, ok, name)
		assert.Equal(t, capture.NotMQTT, e.Kind, name)
		assert.Regexp(t, test.want, e.Note, name)
		assert.Equal(t, 1, conversations.Summary().TLS, name)
		assert.Equal(t, 1, conversations.Summary().Unread, name)
	}
}

func TestTLSWithAWrongSecretInventsNothing(t *testing.T) {
	for name, config := range tlsConfigs {
		c, keys := tlsTalk(t, config, connect5, connack5)
		at := bytes.LastIndexByte(keys[:len(keys)-2], ' ') + 1
		if keys[at]++; keys[at] == ':' {
			keys[at] = '0'
		}
		for _, e := range c.events(t, keyLogOf(keys).OpenTLS) {
			if e.Kind == capture.WholePacket {
				assert.Equal(t, mqttwire.FromClient, e.Sender, name, "of the server alone the secret is wrong")
			}
		}
	}
}

func TestTLSWithoutTheSecretsOfTheHandshakeIsReadBehindIt(t *testing.T) {
	c, keys := tlsTalk(t, &tls.Config{}, connect5, connack5, publish5)
	keys = bytes.ReplaceAll(keys, []byte("HANDSHAKE_TRAFFIC"), []byte("X"))
	assert.Equal(t, []string{"client CONNECT 5.0" + throughTLS, "server CONNACK 5.0" + throughTLS, "client PUBLISH 5.0" + throughTLS},
		lines(c.events(t, keyLogOf(keys).OpenTLS))[1:])
}

func TestSegmentsOfBothSidesInTheWrongOrderWaitForEachOther(t *testing.T) {
	for name, config := range tlsConfigs {
		c, keys := tlsTalk(t, config, connect5, connack5, publish5)
		var server, client []capture.Segment
		for _, s := range c.segments {
			s.ACK, s.Ack = s.SYN && s.ACK, 0 // whose acknowledgements would tell the order
			if s.Src == c.server {
				server = append(server, s)
			} else {
				client = append(client, s)
			}
		}
		for _, order := range [][]capture.Segment{append(slices.Clone(client), server...), append(slices.Clone(server), client...)} {
			all := lines((&talk{segments: order}).events(t, keyLogOf(keys).OpenTLS))[1:]
			assert.ElementsMatch(t, []string{"client CONNECT 5.0" + throughTLS, "server CONNACK 5.0" + throughTLS, "client PUBLISH 5.0" + throughTLS}, all, name)
		}
	}
}

// withoutPart has bytes of the client's segment that begins with a record of data, the
// n-th, not in the capture.
func (c *talk) withoutPart(n, from, to int) {
	for i, s := range c.segments {
		if s.Src != client4 || len(s.Payload) == 0 || s.Payload[0] != tlsApplicationData {
			continue
		}
		if n--; n > 0 {
			continue
		}
		to = min(to, len(s.Payload))
		after := s
		after.Payload, after.Seq = s.Payload[to:], s.Seq+uint32(to)
		c.segments[i].Payload = s.Payload[:from]
		c.segments = slices.Insert(c.segments, i+1, after)
		return
	}
}

func TestBehindALostRecordTheNextIsDecrypted(t *testing.T) {
	for name, config := range tlsConfigs {
		for what, part := range map[string][2]int{"all of it": {0, 1 << 16}, "its first part": {0, 9}, "its middle": {7, 12}, "its end": {9, 1 << 16}} {
			c, keys := tlsTalk(t, config, connect5, connack5, publish5, connack5, publish5p, connack5, pingreq)
			c.withoutPart(2, part[0], part[1])
			var types []mqttwire.PacketType
			for _, e := range c.events(t, keyLogOf(keys).OpenTLS) {
				if e.Kind == capture.WholePacket && e.Sender == mqttwire.FromClient {
					types = append(types, e.Frame.Header.Type)
				}
			}
			assert.Equal(t, []mqttwire.PacketType{mqttwire.CONNECT, mqttwire.PUBLISH, mqttwire.PINGREQ}, types, "%s, %s", name, what)
		}
	}
}

func TestBytesMissingFromTheHandshakeEndIt(t *testing.T) {
	c, keys := tlsTalk(t, &tls.Config{}, connect5, connack5)
	for i, s := range c.segments {
		if len(s.Payload) > 0 && s.Src == c.server {
			c.segments[i].Payload, c.segments[i].Seq = s.Payload[20:], s.Seq+20
			break
		}
	}
	got := lines(c.events(t, keyLogOf(keys).OpenTLS))
	require.Len(t, got, 1)
	assert.Contains(t, got[0], "TLS: bytes of its handshake are missing from the capture, stopped")

	c, keys = tlsTalk(t, &tls.Config{}, connect5, connack5)
	c.segments = slices.DeleteFunc(c.segments, func(s capture.Segment) bool { return s.Src == c.server })
	got = lines(c.events(t, keyLogOf(keys).OpenTLS))
	require.Len(t, got, 1)
	assert.Contains(t, got[0], noHandshake+", stopped")
}

func TestAnAlertIsTold(t *testing.T) {
	c := open(8883)
	_, keys := tlsTalk(t, &tls.Config{}, connect5)
	hello, _ := tlsTalk(t, &tls.Config{}, connect5)
	c.says(string(hello.segments[2].Payload))
	c.hears("\x15\x03\x03\x00\x02\x02\x28")
	c.close()
	assert.Equal(t, []string{
		"server note: TLS alert: handshake failure" + throughTLS,
		"? " + noHandshake + ", stopped" + throughTLS,
	}, lines(c.events(t, keyLogOf(keys).OpenTLS)))
}

func TestWhatIsNoRecordEndsTLS(t *testing.T) {
	c, keys := tlsTalk(t, &tls.Config{}, connect5, connack5)
	c.says("\x19\x03\x03\x00\x05")
	got := lines(c.events(t, keyLogOf(keys).OpenTLS))
	assert.Contains(t, got[len(got)-1], `TLS: "\x19\x03\x03\x00\x05" begins no record, stopped`)
}

func TestATLSStageHoldsLittle(t *testing.T) {
	hello, keys := tlsTalk(t, &tls.Config{}, connect5)
	for name, data := range map[string]string{
		"records that wait":    strings.Repeat("\x17\x03\x03\x40\x00"+strings.Repeat("x", 1<<14), 100),
		"a hello without end":  "\x16\x03\x03\x40\x00\x02\xFF\xFF\xFF" + strings.Repeat("x", 1<<14-4) + strings.Repeat("\x16\x03\x03\x40\x00"+strings.Repeat("x", 1<<14), 100),
		"records in fragments": strings.Repeat("\x16\x03\x03\x00\x01\x0B", 100000),
	} {
		stage := keyLogOf(keys).OpenTLS(capture.StageStart{Foreign: mqttwire.ForeignTLS}).(*tlsStage)
		out := new(discard)
		stage.Take(0, hello.segments[2].Payload, out)
		for len(data) > 0 && out.stopped == 0 {
			n := min(1400, len(data))
			stage.Take(1, []byte(data[:n]), out)
			data = data[n:]
			if stage.Held() > 1<<20 {
				t.Fatalf("%s: %d bytes are held", name, stage.Held())
			}
		}
	}
}

func TestEverySuiteOfCryptoTLSThatHasAssociatedDataIsKnown(t *testing.T) {
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		var want *tlsSuite
		switch {
		case strings.Contains(s.Name, "AES_128_GCM"):
			want = &aes128
		case strings.Contains(s.Name, "AES_256_GCM"):
			want = &aes256
		case strings.Contains(s.Name, "CHACHA20"):
			want = &chacha
		}
		assert.True(t, want == suiteOf(s.ID, slices.Contains(s.SupportedVersions, tls.VersionTLS13)), s.Name)
	}
	// Some that crypto/tls has not: of DHE, of PSK.
	assert.True(t, &aes128 == suiteOf(0x009E, false) && &aes256 == suiteOf(0x009F, false) && &aes128 == suiteOf(0x00A8, false))
	assert.True(t, &aes128 == suiteOf(0xD001, false) && &aes256 == suiteOf(0xD002, false) && &chacha == suiteOf(0xCCAB, false))
	for from, want := range map[uint16][2]*tlsSuite{0xC09C: ccmPair, 0xC09E: ccmPair, 0xC0A0: ccm8Pair, 0xC0A2: ccm8Pair, 0xC0A4: ccmPair,
		0xC0A6: ccmPair, 0xC0A8: ccm8Pair, 0xC0AA: ccm8Pair, 0xC0AC: ccmPair, 0xC0AE: ccm8Pair} {
		assert.True(t, want == [2]*tlsSuite{suiteOf(from, false), suiteOf(from+1, false)}, "%#x", from)
	}
	assert.True(t, &aes128CCM8 == suiteOf(0xD003, false) && &aes128CCM == suiteOf(0xD005, false))
	assert.True(t, &aes128CCM == suiteOf(0x1304, true) && &aes128CCM8 == suiteOf(0x1305, true))
	for _, other := range []uint16{0xC09B, 0xC0B0, 0xD004, 0x1306, 0xC050} {
		assert.Nil(t, suiteOf(other, other>>8 == 0x13), "%#x", other)
	}
}

func TestKeyLogsAreReadInAnyPieces(t *testing.T) {
	_, keys := tlsTalk(t, &tls.Config{}, connect5)
	text := "# a comment\r\n\nCLIENT_RANDOM zz 00\nnonsense\n" + strings.Repeat("x", 5000) + "\n" + strings.ReplaceAll(string(keys), "\n", "\r\n")
	whole := NewKeyLog(nil)
	whole.Add([]byte(text))
	require.Equal(t, 1, whole.Sessions())
	rapid.Check(t, func(rt *rapid.T) {
		k := NewKeyLog(nil)
		for rest := text; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(rt, "size")
			k.Add([]byte(rest[:n]))
			rest = rest[n:]
		}
		if !assert.ObjectsAreEqual(whole.sessions, k.sessions) || k.Err() != nil {
			rt.Fatal("other secrets")
		}
	})
}

func TestAKeyLogThatIsStillWrittenIsReadOn(t *testing.T) {
	name := t.TempDir() + "/keys"
	require.NoError(t, os.WriteFile(name, nil, 0o600))
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	k := NewKeyLog(f)
	c, keys := tlsTalk(t, &tls.Config{}, connect5)
	require.NoError(t, os.WriteFile(name, bytes.TrimSpace(keys), 0o600)) // its last line has no end
	got := lines(c.events(t, k.OpenTLS))
	assert.Equal(t, "client CONNECT 5.0"+throughTLS, got[len(got)-1])
	assert.Equal(t, 1, k.Sessions())
	assert.NoError(t, k.Err())
}

func TestMessagesOfAHandshakeAreCutInAnyPieces(t *testing.T) {
	message := func(kind byte, body string) string {
		return string([]byte{kind, byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}) + body
	}
	text := message(11, strings.Repeat("certificate", 9000)) + message(tlsKeyUpdate, "1") + message(4, "ticket") + message(11, "") +
		message(tlsKeyUpdate, "") + message(tlsKeyUpdate, strings.Repeat("long", 100)) + message(4, strings.Repeat("ticket", 20))
	rapid.Check(t, func(rt *rapid.T) {
		var h handshake
		var got []string
		for rest := text; len(rest) > 0; {
			n := min(rapid.IntRange(1, 1<<14).Draw(rt, "size"), len(rest))
			ok := h.add([]byte(rest[:n]), func(kind byte) bool { return kind == tlsKeyUpdate }, func(body []byte) { got = append(got, string(body)) })
			if rest = rest[n:]; !ok || cap(h.buf) > 1<<16 {
				rt.Fatal("too much is held")
			}
		}
		if want := []string{"1", "", strings.Repeat("long", 100)}; !assert.ObjectsAreEqual(want, got) {
			rt.Fatalf("%q", got)
		}
	})
}

func TestAKeyLogTakesBoundedMemory(t *testing.T) {
	endless := NewKeyLog(nil)
	for range 100 {
		endless.Add(make([]byte, 100*maxKeyLogLine))
	}
	assert.LessOrEqual(t, cap(endless.line), 2*maxKeyLogLine)
	k := NewKeyLog(nil)
	for i := range 200000 {
		k.Add([]byte(sprintf("CLIENT_RANDOM %064x %096x\n", i, i)))
	}
	assert.Equal(t, errKeyLogFull, k.Err())
	assert.Less(t, k.Sessions(), 60000)
	assert.Greater(t, k.Sessions(), 30000)
	assert.LessOrEqual(t, k.size, maxKeyLog+1000)
}

func TestAKeyLogThatCannotBeReadSaysSo(t *testing.T) {
	f, err := os.Open(t.TempDir())
	require.NoError(t, err)
	defer f.Close()
	k := NewKeyLog(f)
	c, _ := tlsTalk(t, &tls.Config{}, connect5)
	c.events(t, k.OpenTLS)
	assert.Error(t, k.Err())
}

// withSecrets is a pcapng file of segments with a block of decryption secrets.
func (c *talk) withSecrets(t testing.TB, kind uint32, secrets []byte, declared int) []byte {
	t.Helper()
	le := binary.LittleEndian
	file := appendInterface(section(le), le, layers.LinkTypeRaw)
	body := le.AppendUint32(le.AppendUint32(nil, kind), uint32(declared))
	file = appendBlock(file, le, blockSecrets, append(body, secrets...))
	for i, s := range c.segments {
		h, ip := tcp(), ip4()
		if s.Src == c.server {
			ip.SrcIP, ip.DstIP = ip.DstIP, ip.SrcIP
		}
		h.SrcPort, h.DstPort = layers.TCPPort(s.Src.Port()), layers.TCPPort(s.Dst.Port())
		h.Seq, h.Ack, h.SYN, h.ACK = s.Seq, s.Ack, s.SYN, s.ACK
		file = appendPacket(file, le, 0, uint64(i), serialize(t, ip, h, gopacket.Payload(s.Payload)))
	}
	return file
}

func TestSecretsOfACaptureAreUsedIfTheyAreOfTLS(t *testing.T) {
	c, keys := tlsTalk(t, &tls.Config{}, connect5, connack5)
	keys = bytes.TrimSpace(keys) // the last line has no end
	events, err := read(t, c.withSecrets(t, secretsTLS, keys, len(keys)), capture.Options{})
	require.NoError(t, err)
	assert.Equal(t, []string{"client CONNECT 5.0" + throughTLS, "server CONNACK 5.0" + throughTLS}, lines(events)[1:])

	const wireGuard = 0x57474B4C
	events, err = read(t, c.withSecrets(t, wireGuard, keys, len(keys)), capture.Options{})
	require.NoError(t, err)
	assert.Equal(t, []string{"? TLS, stopped"}, lines(events))

	events, err = read(t, c.withSecrets(t, secretsTLS, keys, len(keys)+5), capture.Options{})
	assert.ErrorContains(t, err, "a block of decryption secrets is shorter than its secrets")
	assert.Equal(t, []string{"? TLS, stopped"}, lines(events))
}

func TestAProxyStandsBeforeTLSAndWebSocket(t *testing.T) {
	const header, request, granted = "PROXY TCP4 203.0.113.7 192.0.2.2 50000 8883\r\n", "CONNECT broker:8883 HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"
	inner, keys := tlsTalk(t, &tls.Config{}, upgrade, upgraded, clientSays(connect5), serverSays(connack5))
	for name, test := range map[string]struct{ before, answer, via string }{
		"PROXY protocol": {header, "", "TLS, WebSocket"},
		"HTTP CONNECT":   {request, granted, "HTTP CONNECT, TLS, WebSocket"},
	} {
		c := open(8443)
		c.says(test.before)
		if test.answer != "" {
			c.hears(test.answer)
		}
		for _, s := range inner.segments[2:] {
			if s.Src == inner.server {
				c.hears(string(s.Payload))
			} else {
				c.says(string(s.Payload))
			}
		}
		var packets []mqttwire.PacketType
		for _, e := range c.events(t, keyLogOf(keys).OpenTLS, OpenWebSocket) {
			if e.Kind != capture.WholePacket {
				continue
			}
			packets = append(packets, e.Frame.Header.Type)
			assert.Equal(t, test.via, e.Via, name)
			if name == "PROXY protocol" {
				assert.Equal(t, "203.0.113.7:50000", e.Client.String())
			}
		}
		assert.Equal(t, []mqttwire.PacketType{mqttwire.CONNECT, mqttwire.CONNACK}, packets, name)
	}
}

func TestPaddingOfRecordsIsTakenOff(t *testing.T) {
	c, keys := tlsTalk(t, &tls.Config{}, connect5, connack5)
	log := NewKeyLog(nil)
	log.Add(keys)
	for _, secrets := range log.sessions {
		suite := &aes128 // which crypto/tls has not where the processor has no AES
		if strings.Contains(c.events(t, log.OpenTLS)[0].Note, "CHACHA20") {
			suite = &chacha
		}
		k, err := key13(suite, secrets.traffic[0])
		require.NoError(t, err)
		plain := publish5 + "\x17" + strings.Repeat("\x00", 40)
		header := []byte{tlsApplicationData, 3, 3, 0, byte(len(plain) + k.aead.Overhead())}
		nonce := bytes.Clone(k.iv)
		nonce[11] ^= 1 // the second record behind the handshake
		c.says(string(k.aead.(cipher.AEAD).Seal(header, nonce, []byte(plain), header)))
	}
	got := lines(c.events(t, log.OpenTLS))
	assert.Equal(t, "client PUBLISH 5.0"+throughTLS, got[len(got)-1])
}
