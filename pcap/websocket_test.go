package pcap

import (
	"bytes"
	"compress/flate"
	"net/netip"
	"runtime"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/packets"
)

const (
	upgrade   = "GET /mqtt HTTP/1.1\r\nHost: broker\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
	upgraded  = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"
	throughWS = " through WebSocket"
)

// upgradedTo is an answer that agrees on an extension.
func upgradedTo(extension string) string {
	return strings.Replace(upgraded, "\r\n\r\n", "\r\nSec-WebSocket-Extensions: "+extension+"\r\n\r\n", 1)
}

// frameOf is a frame of a server.
func frameOf(op ws.OpCode, fin bool, payload string) string {
	return compiled(ws.NewFrame(op, fin, []byte(payload)))
}

// maskedFrame is a frame of a client.
func maskedFrame(op ws.OpCode, fin bool, payload string) string {
	return compiled(ws.MaskFrameWith(ws.NewFrame(op, fin, []byte(payload)), [4]byte{0x12, 0x34, 0x56, 0x78}))
}

func compiled(f ws.Frame) string { return string(ws.MustCompileFrame(f)) }

func serverSays(payload string) string { return frameOf(ws.OpBinary, true, payload) }
func clientSays(payload string) string { return maskedFrame(ws.OpBinary, true, payload) }

// deflater compresses messages as a sender of permessage-deflate does.
type deflater struct {
	out   bytes.Buffer
	w     *flate.Writer
	fresh bool // each message by itself
}

func (d *deflater) pack(t testing.TB, message string) string {
	t.Helper()
	if d.w == nil || d.fresh {
		w, err := flate.NewWriter(&d.out, flate.BestCompression)
		require.NoError(t, err)
		d.w = w
	}
	d.out.Reset()
	_, err := d.w.Write([]byte(message))
	require.NoError(t, err)
	require.NoError(t, d.w.Flush())
	return strings.TrimSuffix(d.out.String(), "\x00\x00\xFF\xFF")
}

// compressed puts a packed message into a frame.
func compressed(packed string, masked bool) string {
	f := ws.NewFrame(ws.OpBinary, true, []byte(packed))
	f.Header.Rsv = ws.Rsv(true, false, false)
	if masked {
		f = ws.MaskFrameWith(f, [4]byte{9, 8, 7, 6})
	}
	return compiled(f)
}

// longPublish is a PUBLISH of 5.0 with a payload of many bytes.
func longPublish(t testing.TB, payload string) string {
	t.Helper()
	b, err := (&packets.Publish{Topic: []byte("t"), Payload: []byte(payload)}).Append(nil, mqttwire.V5)
	require.NoError(t, err)
	return string(b)
}

func TestWebSocketFramesGiveTheirPacketsInAnySegments(t *testing.T) {
	want := []string{
		"client CONNECT 5.0" + throughWS, "server CONNACK 5.0" + throughWS,
		"client PUBLISH 5.0" + throughWS, "client PINGREQ 5.0" + throughWS, "client PUBLISH 5.0" + throughWS,
		"server PUBLISH 5.0" + throughWS,
		"client note: WebSocket closed with code 1000: \"bye\"" + throughWS,
		"server note: WebSocket closed, without a code" + throughWS,
		"client closed 0" + throughWS, "server closed 0" + throughWS,
	}
	large := longPublish(t, strings.Repeat("0123456789", 7000))
	rapid.Check(t, func(rt *rapid.T) {
		c := open(9001)
		c.says(upgrade)
		c.hears(upgraded)
		c.says(clientSays(connect5))
		c.hears(serverSays(connack5))
		c.says(maskedFrame(ws.OpBinary, false, publish5[:3]), maskedFrame(ws.OpPing, true, "are you there"),
			maskedFrame(ws.OpContinuation, false, ""), maskedFrame(ws.OpContinuation, true, publish5[3:]+pingreq+large[:5]))
		c.says(clientSays(large[5:300]), clientSays(large[300:]))
		c.hears(frameOf(ws.OpPong, true, "are you there"), serverSays(publish5))
		c.says(maskedFrame(ws.OpClose, true, "\x03\xE8bye"))
		c.hears(frameOf(ws.OpClose, true, ""))
		c.close()
		c.cutAnywhere(rt)
		if got := lines(c.events(t, OpenWebSocket)); !assert.ObjectsAreEqual(want, got) {
			rt.Fatalf("%q", got)
		}
	})
}

func TestCompressedMessagesAreRead(t *testing.T) {
	text := "the same words again and again, "
	for name, test := range map[string]struct {
		answer string
		fresh  bool
	}{
		"with what came before": {"permessage-deflate", false},
		"each by itself":        {"permessage-deflate; client_no_context_takeover; server_no_context_takeover", true},
		"windows":               {"permessage-deflate; client_max_window_bits=15; server_max_window_bits=15", false},
	} {
		t.Run(name, func(t *testing.T) {
			client, server := &deflater{fresh: test.fresh}, &deflater{fresh: test.fresh}
			c := open(9001)
			c.says(upgrade)
			c.hears(upgradedTo(test.answer))
			c.says(compressed(client.pack(t, connect5), true))
			c.hears(compressed(server.pack(t, connack5), false))
			var want []string
			for i := range 300 {
				p := longPublish(t, sprintf("%d %s", i, strings.Repeat(text, i)))
				want = append(want, p)
				c.says(compressed(client.pack(t, p), true))
				c.hears(compressed(server.pack(t, p), false))
			}
			c.says(clientSays(pingreq)) // a message need not be compressed
			var up, down []string
			for _, e := range c.events(t, OpenWebSocket) {
				if e.Kind != capture.WholePacket || e.Frame.Header.Type != mqttwire.PUBLISH {
					require.NotEqual(t, capture.LostBytes, e.Kind)
					continue
				}
				b, err := e.Packet.Append(nil, mqttwire.V5)
				require.NoError(t, err)
				if e.Sender == mqttwire.FromClient {
					up = append(up, string(b))
				} else {
					down = append(down, string(b))
				}
			}
			assert.Equal(t, want, up)
			assert.Equal(t, want, down)
		})
	}
}

func TestCompressedMessagesWaitForTheAnswer(t *testing.T) {
	client := &deflater{}
	c := open(9001)
	c.says(upgrade)
	c.says(compressed(client.pack(t, connect5), true), compressed(client.pack(t, connect5), true))
	c.hears(upgradedTo("permessage-deflate; client_no_context_takeover"))
	events := lines(c.events(t, OpenWebSocket))
	require.Len(t, events, 3)
	assert.Equal(t, "client CONNECT 5.0"+throughWS, events[0])
	assert.Contains(t, events[1], "a compressed message cannot be read", "it refers to the first, which was agreed not to be")

	c = open(9001)
	c.says(upgrade)
	c.says(compressed((&deflater{}).pack(t, connect5), true), clientSays(pingreq))
	c.close()
	assert.Equal(t, []string{"client CONNECT 5.0" + throughWS, "client PINGREQ 5.0" + throughWS}, without(lines(c.events(t, OpenWebSocket)), "closed"))
}

func TestAnUpgradeThatIsRefusedIsTold(t *testing.T) {
	for answer, want := range map[string]string{
		"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n": `WebSocket: the upgrade was refused: "HTTP/1.1 403 Forbidden"`,
		"HTTP/1.1 200 \xFF\r\n\r\n<html>":                     `WebSocket: the upgrade was refused: "HTTP/1.1 200 \xff"`,
		"SSH-2.0\r\n\r\n":                                     `WebSocket: the upgrade was refused: "SSH-2.0"`,
		"HTTP/1.1 101 " + strings.Repeat("x", 17000):          "WebSocket: the upgrade has too long a head",
	} {
		c := open(9001)
		c.says(upgrade)
		c.hears(answer)
		assert.Equal(t, []string{"? " + want + ", stopped" + throughWS}, lines(c.events(t, OpenWebSocket)))
	}
}

func TestWhatWebSocketForbidsIsToldOnce(t *testing.T) {
	c := open(9001)
	c.says(upgrade)
	c.hears(strings.Replace(upgraded, "Sec-WebSocket-Protocol: mqtt", "X: y", 1))
	c.says(serverSays(connect5), serverSays(pingreq))
	c.hears(clientSays(connack5), clientSays(publish5))
	c.says(maskedFrame(ws.OpText, false, "text"), maskedFrame(ws.OpContinuation, true, pingreq), maskedFrame(ws.OpText, true, pingreq), clientSays(publish5))
	assert.Equal(t, []string{
		`server note: WebSocket: the server has chosen the subprotocol "", not "mqtt" [MQTT-6.0.0-4]` + throughWS,
		"client note: WebSocket: the client's frames are not masked, as they have to be (RFC 6455 section 5.1)" + throughWS,
		"client CONNECT 5.0" + throughWS, "client PINGREQ 5.0" + throughWS,
		"server note: WebSocket: the server's frames are masked, as they may not be (RFC 6455 section 5.1)" + throughWS,
		"server CONNACK 5.0" + throughWS, "server PUBLISH 5.0" + throughWS,
		"client note: WebSocket: text frames, which MQTT does not allow [MQTT-6.0.0-1]; they are passed over" + throughWS,
		"client PUBLISH 5.0" + throughWS,
	}, lines(c.events(t, OpenWebSocket)))
}

func TestWhatIsNoFrameEndsTheDirection(t *testing.T) {
	for name, frame := range map[string]string{
		"an opcode that is none":       "\x83\x80\x00\x00\x00\x00",
		"a control frame in pieces":    "\x09\x80\x00\x00\x00\x00",
		"a long control frame":         "\x89\xFE\x00\x7E\x00\x00\x00\x00",
		"bits of unknown extensions":   "\xA2\x80\x00\x00\x00\x00",
		"a compressed continuation":    "\xC0\x80\x00\x00\x00\x00",
		"a length with its first bit":  "\x82\xFF\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
		"a length that nobody sends":   "\x82\xFF\x00\x00\x01\x00\x00\x00\x00\x01\x00\x00\x00\x00",
		"a compressed frame that ends": "\xC9\x80\x00\x00\x00\x00",
	} {
		c := open(9001)
		c.says(upgrade)
		c.hears(upgraded)
		c.says(clientSays(connect5), frame)
		events := c.events(t, OpenWebSocket)
		require.Len(t, events, 2, name)
		assert.Equal(t, capture.NotMQTT, events[1].Kind, name)
		assert.Contains(t, events[1].Note, "begins no frame", name)
		assert.True(t, events[1].Stopped)
	}
}

func TestWebSocketInMidstreamIsReadFromAFrameOn(t *testing.T) {
	c := begun(9001)
	c.hears("the rest of a frame")
	c.says(clientSays(publish5))
	c.hears(serverSays(publish5))
	c.hears(serverSays(publish5p), serverSays(pingreq[:1] + "\x00")[:3])
	c.says(clientSays(publish5p), maskedFrame(ws.OpPing, true, ""))
	c.says(clientSays(longPublish(t, strings.Repeat("x", 3000)))[:2000])
	got := lines(c.events(t, OpenWebSocket))
	assert.Equal(t, []string{
		"client PUBLISH 5.0?" + throughWS, "server PUBLISH 5.0?" + throughWS, "server PUBLISH 5.0?" + throughWS, "client PUBLISH 5.0?" + throughWS,
	}, without(without(got, "partial packet"), "skipped"))
}

func TestBytesThatAreLostInsideAFrameAreLostInsideItsPacket(t *testing.T) {
	c := open(9001)
	c.says(upgrade)
	c.hears(upgraded)
	c.says(clientSays(connect5))
	frame := clientSays(longPublish(t, "0123456789") + publish5)
	c.says(frame[:12])
	c.up += 5
	c.says(frame[17:])
	c.hears(serverSays(connack5))
	events := c.events(t, OpenWebSocket)
	assert.Equal(t, []string{
		"client CONNECT 5.0" + throughWS, "client lost bytes 5" + throughWS,
		"client partial packet PUBLISH 11 of 16" + throughWS, "client PUBLISH 5.0" + throughWS, "server CONNACK 5.0" + throughWS,
	}, lines(events))
}

func TestBehindALostFrameTheNextIsLookedFor(t *testing.T) {
	c := open(9001)
	c.says(upgrade)
	c.hears(upgraded)
	c.says(clientSays(connect5))
	c.up += 40 // several frames, and a part of one
	c.says("the rest of it")
	c.says(clientSays(publish5))
	c.says(clientSays(publish5p))
	c.hears(serverSays(connack5))
	got := lines(c.events(t, OpenWebSocket))
	assert.Equal(t, []string{
		"client CONNECT 5.0" + throughWS, "client PUBLISH 5.0" + throughWS, "client PUBLISH 5.0" + throughWS, "server CONNACK 5.0" + throughWS,
	}, without(without(got, "lost bytes"), "skipped"))
	assert.Len(t, got, 5)
}

func TestWhatRefersToALostMessageIsLostToo(t *testing.T) {
	text := strings.Repeat("the words of the first message; ", 10)
	d := &deflater{}
	first, second, third := compressed(d.pack(t, connect5), true), compressed(d.pack(t, longPublish(t, text))[:], true), compressed(d.pack(t, longPublish(t, text+"more")), true)
	alone := compressed((&deflater{}).pack(t, longPublish(t, "by itself, "+text)), true)
	after := compressed((&deflater{}).pack(t, pingreq), true)
	c := open(9001)
	c.says(upgrade)
	c.hears(upgradedTo("permessage-deflate"))
	c.says(first)
	c.up += uint32(len(second))
	c.says(third)
	c.says(alone)
	c.says(after)
	c.hears(serverSays(connack5))
	got := without(without(without(lines(c.events(t, OpenWebSocket)), "lost bytes"), "note: "), "skipped")
	assert.Equal(t, []string{"client CONNECT 5.0" + throughWS, "client PUBLISH 5.0" + throughWS, "client PINGREQ 5.0" + throughWS, "server CONNACK 5.0" + throughWS}, got)

	c = open(9001)
	c.says(upgrade)
	c.hears(upgradedTo("permessage-deflate"))
	c.says(first)
	c.says(second[:9])
	c.up += 3
	c.says(second[12:])
	c.says(alone)
	c.hears(serverSays(connack5))
	got = without(without(lines(c.events(t, OpenWebSocket)), "lost bytes"), "note: ")
	assert.Equal(t, []string{"client CONNECT 5.0" + throughWS, "client PUBLISH 5.0" + throughWS, "server CONNACK 5.0" + throughWS}, got)
}

func TestAWebSocketHoldsLittle(t *testing.T) {
	w := OpenWebSocket(capture.StageStart{Foreign: mqttwire.ForeignWebSocket}).(*webSocket)
	out := new(discard)
	w.Take(0, []byte(upgrade), out)
	w.Take(1, []byte(upgradedTo("permessage-deflate")), out)
	packed := (&deflater{}).pack(t, strings.Repeat("\x00", 100<<20))
	w.Take(0, []byte(compressed(packed, true)), out)
	assert.LessOrEqual(t, out.size, maxInflated+64<<10, "a message that becomes very large is given up")
	assert.Equal(t, 1, out.lost)
	random := make([]byte, 3<<20)
	for i := range random {
		random[i] = byte(i * i >> 3)
	}
	frame := []byte(compressed(string(random), true))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for len(frame) > 0 {
		n := min(1400, len(frame))
		w.Take(0, frame[:n], out)
		frame = frame[n:]
		if w.Held() > 1<<20 {
			t.Fatal("more is held than may be")
		}
	}
	runtime.ReadMemStats(&after)
	assert.Equal(t, 2, out.lost, "a message that is longer than may be held is given up")
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20))
}

// discard is an Outlet that counts.
type discard struct{ size, lost, stopped int }

func (d *discard) Bytes(_ capture.Direction, b []byte) { d.size += len(b) }
func (d *discard) Lost(capture.Direction, int64)       { d.lost++ }
func (d *discard) Client(capture.Direction)            {}
func (d *discard) ClientAddr(netip.AddrPort)           {}
func (d *discard) Note(capture.Direction, string)      {}
func (d *discard) Stop(capture.Direction, string)      { d.stopped++ }

func TestWhereFramesBegin(t *testing.T) {
	large := longPublish(t, strings.Repeat("x", 3000))
	for name, test := range map[string]struct {
		data           string
		client, server bool
	}{
		"nothing":                                {"", false, false},
		"a frame of the client":                  {clientSays(pingreq), true, false},
		"a frame of the server":                  {serverSays(pingreq), false, true},
		"two frames":                             {serverSays(pingreq) + frameOf(ws.OpPing, true, ""), false, true},
		"a part of a frame":                      {serverSays(pingreq)[:3], false, false},
		"a frame and a part of one":              {serverSays(publish5) + serverSays(pingreq)[:1], false, false},
		"two frames and a part of one":           {serverSays(publish5) + serverSays(publish5) + serverSays(pingreq)[:1], false, true},
		"the start of a frame with a packet":     {serverSays(large)[:1000], false, true},
		"that of the client":                     {clientSays(large)[:1000], true, false},
		"the start of a frame with another text": {serverSays(strings.Repeat("text", 900))[:1000], false, false},
		"the start of a text frame":              {frameOf(ws.OpText, true, large)[:1000], false, false},
		"what is no frame":                       {"\x30\x09\x00\x01t\x00hello", false, false},
		"a frame before what is none":            {serverSays(publish5) + "\xFF\xFF", false, false},
	} {
		assert.Equal(t, test.client, beginsFrames([]byte(test.data), true), name)
		assert.Equal(t, test.server, beginsFrames([]byte(test.data), false), name)
	}
}

func TestWhatRefersToALostMessageIsNotReadFromThoseBefore(t *testing.T) {
	text := strings.Repeat("the words of the lost message; ", 10)
	d := &deflater{}
	first := compressed(d.pack(t, connect5), true)
	long := compressed(d.pack(t, longPublish(t, strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyz", 500))), true)
	lost := compressed(d.pack(t, longPublish(t, text)), true)
	refers := compressed(d.pack(t, longPublish(t, text)), true)
	c := open(9001)
	c.says(upgrade)
	c.hears(upgradedTo("permessage-deflate"))
	c.says(first)
	c.says(long)
	c.up += uint32(len(lost))
	c.says(refers)
	c.hears(serverSays(connack5))
	got := lines(c.events(t, OpenWebSocket))
	assert.Contains(t, strings.Join(got, "\n"), "a compressed message cannot be read")
	assert.Equal(t, []string{"client CONNECT 5.0" + throughWS, "client PUBLISH 5.0" + throughWS, "server CONNACK 5.0" + throughWS},
		without(without(got, "lost bytes"), "note: "), "no bytes are made up")
}

func TestACompressedMessageThatIsCutIsNotRead(t *testing.T) {
	packed := []byte((&deflater{}).pack(t, longPublish(t, strings.Repeat("the same words again and again, ", 20))))
	var whole []byte
	require.True(t, new(inflater).read(packed, 1<<15, func(b []byte) { whole = append(whole, b...) }))
	for n := 1; n < len(packed); n++ {
		var got []byte
		ok := new(inflater).read(packed[:n], 1<<15, func(b []byte) { got = append(got, b...) })
		assert.False(t, ok, n)
	}
	stored := "\x00\x64\x00\x9B\xFFonly a part of a hundred bytes"
	assert.False(t, new(inflater).read([]byte(stored), 1<<15, func(b []byte) { t.Errorf("%q is given", b) }))
}
