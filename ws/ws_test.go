package ws_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/url"
	"os"
	"testing"
	"testing/synctest"
	"time"

	wire "github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/ws"
)

// pair returns both ends of a connection.
func pair(t *testing.T, o ws.Options) (client, server *ws.Conn) {
	t.Helper()
	under, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	listener := ws.NewListener(under, ws.ServerOptions{})
	accepted := make(chan *ws.Conn, 1)
	go func() {
		conn, err := listener.Accept()
		if assert.NoError(t, err) {
			_, _ = conn.Read(nil) // makes the handshake
			accepted <- conn.(*ws.Conn)
		}
	}()
	client, err = ws.Dial(t.Context(), "ws://"+under.Addr().String(), o)
	require.NoError(t, err)
	server = <-accepted
	for _, c := range []*ws.Conn{client, server} {
		require.NoError(t, c.SetDeadline(time.Now().Add(30*time.Second)))
	}
	t.Cleanup(func() {
		_ = client.Close()
		_ = server.Close()
		require.NoError(t, listener.Close())
	})
	return client, server
}

// raw returns a Conn, the client's or the server's, and the connection of its peer, which
// sends and receives frames by hand.
func raw(t *testing.T, client bool) (c *ws.Conn, peer net.Conn) {
	t.Helper()
	one, other := net.Pipe()
	t.Cleanup(func() {
		_ = one.Close()
		_ = other.Close()
	})
	ready := make(chan error, 1)
	if client {
		go func() {
			_, err := wire.Upgrader{Protocol: func([]byte) bool { return true }}.Upgrade(other)
			ready <- err
		}()
		c, err := ws.Dial(t.Context(), "ws://broker", ws.Options{Dial: dialer(one)})
		require.NoError(t, err)
		require.NoError(t, <-ready)
		return c, other
	}
	go func() {
		_, _, err := wire.Dialer{Protocols: []string{"mqtt"}}.Upgrade(other, mustParse("ws://broker/mqtt"))
		ready <- err
	}()
	conn, err := ws.NewListener(&once{conn: one}, ws.ServerOptions{}).Accept()
	require.NoError(t, err)
	_, err = conn.Read(nil)
	require.NoError(t, err)
	require.NoError(t, <-ready)
	return conn.(*ws.Conn), other
}

// once is a net.Listener of one connection.
type once struct {
	net.Listener
	conn net.Conn
}

func (o *once) Accept() (net.Conn, error) { return o.conn, nil }

// sides are both: whether it is the client that is tested, and so the server that is
// played.
var sides = map[string]bool{"client": true, "server": false}

// frame returns the bytes of a frame that the peer of a client, or of a server, sends.
func frame(client bool, f wire.Frame) []byte {
	if !client {
		f = wire.MaskFrame(f)
	}
	return wire.MustCompileFrame(f)
}

// received reads a frame by hand.
func received(t *testing.T, peer io.Reader) wire.Frame {
	t.Helper()
	h, err := wire.ReadHeader(peer)
	require.NoError(t, err)
	payload := make([]byte, h.Length)
	_, err = io.ReadFull(peer, payload)
	require.NoError(t, err)
	wire.Cipher(payload, h.Mask, 0)
	return wire.Frame{Header: h, Payload: payload}
}

func TestBytesGoBothWays(t *testing.T) {
	for _, v := range []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5} {
		client, server := pair(t, ws.Options{Version: v})
		want := "mqtt"
		if v == mqttwire.V31 {
			want = "mqttv3.1"
		}
		assert.Equal(t, want, client.Subprotocol())
		assert.Equal(t, want, server.Subprotocol())
		assert.Equal(t, client.LocalAddr(), server.RemoteAddr())
		assert.Equal(t, server.LocalAddr(), client.RemoteAddr())
		for _, size := range []int{0, 1, 120, 70_000, 3 << 20} {
			for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
				p := packets.Publish{Topic: []byte("t"), Payload: bytes.Repeat([]byte{1, 2, 3}, size)[:size]}
				want, err := p.Append(nil, v)
				require.NoError(t, err)
				go func() {
					n, err := way[0].Write(want)
					assert.NoError(t, err)
					assert.Equal(t, len(want), n)
				}()
				got := make([]byte, len(want))
				_, err = io.ReadFull(way[1], got)
				require.NoError(t, err)
				assert.True(t, bytes.Equal(want, got), "%d bytes", size)
			}
		}
	}
}

// publish returns a PUBLISH of some size.
func publish(t testing.TB, size int) []byte {
	p := packets.Publish{Topic: []byte("t"), Payload: bytes.Repeat([]byte{'x'}, size)}
	b, err := p.Append(nil, mqttwire.V311)
	require.NoError(t, err)
	return b
}

func TestEachPacketGoesInAFrameOfItsOwn(t *testing.T) {
	ping := []byte{0xC0, 0}
	small, large := publish(t, 200), publish(t, 100_000)
	for name, client := range sides {
		t.Run(name, func(t *testing.T) {
			c, peer := raw(t, client)
			go func() {
				for _, b := range [][]byte{bytes.Join([][]byte{ping, small, large, ping}, nil), small[:1], small[1:2], small[2:50], append(bytes.Clone(small[50:]), ping...)} {
					_, err := c.Write(b)
					assert.NoError(t, err)
				}
			}()
			for i, want := range [][]byte{ping, small, large, ping, small[:1], small[1:2], small[2:50], small[50:], ping} {
				f := received(t, peer)
				assert.Equal(t, wire.OpBinary, f.Header.OpCode, i)
				assert.True(t, f.Header.Fin, i)
				assert.Equal(t, client, f.Header.Masked, i)
				assert.True(t, bytes.Equal(want, f.Payload), i)
			}
		})
	}
}

func TestANothingThatIsWrittenIsNoFrame(t *testing.T) {
	c, peer := raw(t, false)
	n, err := c.Write(nil)
	assert.Zero(t, n)
	require.NoError(t, err)
	go func() { _ = c.Close() }()
	assert.Equal(t, wire.OpClose, received(t, peer).Header.OpCode)
}

func TestPacketsComeInFramesOfAnyAlignment(t *testing.T) {
	large := publish(t, 300)
	want := append(bytes.Clone(large), 0xD0, 0, 0xD0, 0)
	part := func(op wire.OpCode, fin bool, b []byte) wire.Frame { return wire.NewFrame(op, fin, bytes.Clone(b)) }
	for name, client := range sides {
		t.Run(name, func(t *testing.T) {
			c, peer := raw(t, client)
			var sent []byte
			for _, f := range []wire.Frame{
				wire.NewBinaryFrame(nil), // says nothing
				part(wire.OpBinary, false, want[:1]),
				wire.NewPongFrame([]byte("nobody has asked")),
				part(wire.OpContinuation, false, nil),
				part(wire.OpContinuation, false, want[1:150]),
				part(wire.OpContinuation, true, want[150:302]),
				part(wire.OpBinary, true, want[302:]),
			} {
				sent = append(sent, frame(client, f)...)
			}
			for _, piece := range []int{1, 2, 7, 100, len(sent)} {
				for _, into := range []int{1, 3, 4096} {
					go func() {
						for b := sent; len(b) > 0; b = b[min(piece, len(b)):] {
							_, err := peer.Write(b[:min(piece, len(b))])
							assert.NoError(t, err)
						}
					}()
					var got []byte
					b := make([]byte, into)
					for len(got) < len(want) {
						n, err := c.Read(b)
						require.NoError(t, err)
						require.NotZero(t, n)
						got = append(got, b[:n]...)
					}
					assert.Equal(t, want, got, "%d bytes at a time into %d", piece, into)
				}
			}
		})
	}
}

func TestAPingIsAnsweredAlsoAmidAMessage(t *testing.T) {
	for name, client := range sides {
		t.Run(name, func(t *testing.T) {
			c, peer := raw(t, client)
			go func() {
				b := frame(client, wire.NewFrame(wire.OpBinary, false, []byte{0xC0}))
				b = append(b, frame(client, wire.NewPingFrame([]byte("are you there")))...)
				b = append(b, frame(client, wire.NewFrame(wire.OpContinuation, true, []byte{0}))...)
				_, err := peer.Write(b)
				assert.NoError(t, err)
			}()
			got := make([]byte, 2)
			_, err := io.ReadFull(c, got)
			require.NoError(t, err)
			assert.Equal(t, []byte{0xC0, 0}, got)
			f := received(t, peer)
			assert.Equal(t, wire.OpPong, f.Header.OpCode)
			assert.Equal(t, client, f.Header.Masked)
			assert.Equal(t, "are you there", string(f.Payload))
		})
	}
}

// A peer that sends pings and reads nothing must not keep Read from what comes.
func TestPingsOfAPeerThatReadsNothingHoldUpNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, peer := raw(t, false)
		go func() {
			for range 1000 {
				_, _ = peer.Write(frame(false, wire.NewPingFrame([]byte("ping"))))
			}
			_, _ = peer.Write(frame(false, wire.NewBinaryFrame([]byte{0xC0, 0})))
		}()
		began := time.Now()
		got := make([]byte, 2)
		_, err := io.ReadFull(c, got)
		require.NoError(t, err)
		assert.Zero(t, time.Since(began))
		require.NoError(t, c.Close())
	})
}

func TestThePeersClosingIsAnsweredAndEndsReading(t *testing.T) {
	for name, test := range map[string]struct {
		body  []byte
		reply []byte
		want  string
	}{
		"normal":         {wire.NewCloseFrameBody(1000, "bye"), []byte{3, 0xE8}, "EOF"},
		"going away":     {wire.NewCloseFrameBody(1001, ""), []byte{3, 0xE9}, "EOF"},
		"without a code": {nil, []byte{}, "EOF"},
		"of a policy":    {wire.NewCloseFrameBody(1008, "no \"such\" client"), []byte{3, 0xF0}, `ws: the peer has closed with code 1008 "no \"such\" client"`},
		"of its own":     {wire.NewCloseFrameBody(4999, ""), []byte{0x13, 0x87}, `ws: the peer has closed with code 4999 ""`},
		"half a code":    {[]byte{3}, []byte{3, 0xEA}, "ws: a closing frame has no whole code, or no text behind it, closed with code 1002"},
		"no text":        {append([]byte{3, 0xE8}, 0xFF), []byte{3, 0xEA}, "ws: a closing frame has no whole code, or no text behind it, closed with code 1002"},
		"no code":        {wire.NewCloseFrameBody(1005, ""), []byte{3, 0xEA}, "ws: a closing frame has a code that is not for it, closed with code 1002"},
		"a small code":   {wire.NewCloseFrameBody(999, ""), []byte{3, 0xEA}, "ws: a closing frame has a code that is not for it, closed with code 1002"},
		"a large code":   {wire.NewCloseFrameBody(5000, ""), []byte{3, 0xEA}, "ws: a closing frame has a code that is not for it, closed with code 1002"},
	} {
		for side, client := range sides {
			t.Run(name+", "+side, func(t *testing.T) {
				c, peer := raw(t, client)
				go func() {
					_, err := peer.Write(frame(client, wire.NewCloseFrame(bytes.Clone(test.body))))
					assert.NoError(t, err)
				}()
				for range 2 {
					_, err := c.Read(make([]byte, 10))
					assert.EqualError(t, err, test.want)
				}
				f := received(t, peer)
				assert.Equal(t, wire.OpClose, f.Header.OpCode)
				assert.Equal(t, test.reply, f.Payload)
				require.NoError(t, c.Close())
				_, err := peer.Read(make([]byte, 1))
				assert.Equal(t, io.EOF, err, "there is one closing frame")
				_, err = c.Write([]byte{0xC0, 0})
				assert.ErrorIs(t, err, net.ErrClosed)
			})
		}
	}
}

// RFC 6455, sections 5.2 to 5.5: each break of a rule is answered by a closing frame
// with its code.
func TestFramesThatBreakARuleAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		frames []byte // those of a client are given their mask
		code   uint16
		want   string
	}{
		"text":                             {[]byte{0x81, 0}, 1003, "a text frame has come"},
		"text in fragments":                {[]byte{0x01, 0}, 1003, "a text frame has come"},
		"reserved bits":                    {[]byte{0xC2, 0}, 1002, "a frame has reserved bits"},
		"an unknown data frame":            {[]byte{0x83, 0}, 1002, "a frame is of an unknown kind"},
		"an unknown control frame":         {[]byte{0x8B, 0}, 1002, "a frame is of an unknown kind"},
		"a continuation of nothing":        {[]byte{0x80, 0}, 1002, "the fragments of a message are mixed up"},
		"a message amid another":           {[]byte{0x02, 0, 0x82, 0}, 1002, "the fragments of a message are mixed up"},
		"a ping in fragments":              {[]byte{0x09, 0}, 1002, "a control frame is too long or in fragments"},
		"a ping that is too long":          {[]byte{0x89, 126, 0, 126}, 1002, "a control frame is too long or in fragments"},
		"a length of 2 bytes for too few":  {[]byte{0x82, 126, 0, 125}, 1002, "a frame's length is in a wrong form"},
		"a length of 8 bytes for too few":  {[]byte{0x82, 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, 1002, "a frame's length is in a wrong form"},
		"a length that is below 0":         {[]byte{0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0}, 1002, "a frame's length is in a wrong form"},
		"a mask where none is, or missing": {nil, 1002, "a frame is masked, or not, against the rules"},
	} {
		for side, client := range sides {
			t.Run(name+", "+side, func(t *testing.T) {
				b := masked(test.frames, !client)
				if test.frames == nil {
					b = masked([]byte{0x82, 0}, client)
				}
				c, peer := raw(t, client)
				go func() {
					_, err := peer.Write(b)
					assert.NoError(t, err)
				}()
				_, err := c.Read(make([]byte, 100))
				var closed *ws.CloseError
				require.ErrorAs(t, err, &closed)
				assert.Equal(t, ws.CloseError{Code: test.code, Reason: test.want}, *closed)
				f := received(t, peer)
				assert.Equal(t, wire.OpClose, f.Header.OpCode)
				assert.Equal(t, []byte{byte(test.code >> 8), byte(test.code)}, f.Payload)
			})
		}
	}
}

// masked sets the mask bit of headers without payload, with a mask of zeros.
func masked(headers []byte, mask bool) (out []byte) {
	for len(headers) > 0 {
		n := 2 + map[byte]int{126: 2, 127: 8}[headers[1]]
		h := bytes.Clone(headers[:n])
		headers = headers[n:]
		if mask {
			h[1] |= 0x80
			h = append(h, 0, 0, 0, 0)
		}
		out = append(out, h...)
	}
	return out
}

func TestAPeerThatIsGoneAmidAFrameIsTold(t *testing.T) {
	for name, test := range map[string]struct {
		sent []byte
		want error
	}{
		"between frames":  {masked([]byte{0x82, 0}, true), io.EOF},
		"in a header":     {[]byte{0x82}, io.ErrUnexpectedEOF},
		"in a payload":    {[]byte{0x82, 0x82, 0, 0, 0, 0, 1}, io.ErrUnexpectedEOF},
		"before it":       {masked([]byte{0x82, 127, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, true), io.ErrUnexpectedEOF},
		"in fragments":    {masked([]byte{0x02, 0}, true), io.ErrUnexpectedEOF},
		"without a frame": {nil, io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			c, peer := raw(t, false)
			go func() {
				_, _ = peer.Write(test.sent)
				_ = peer.Close()
			}()
			_, err := io.Copy(io.Discard, c)
			if test.want == io.EOF {
				assert.NoError(t, err)
				return
			}
			assert.Equal(t, test.want, err)
		})
	}
}

func TestADeadlineThatHasPassedIsNotTheEnd(t *testing.T) {
	c, peer := raw(t, true)
	past := time.Now().Add(-time.Second)
	require.NoError(t, c.SetDeadline(past))
	_, err := c.Read(make([]byte, 1))
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, c.SetReadDeadline(time.Time{}))
	go func() {
		_, err := peer.Write(append(frame(true, wire.NewPingFrame(nil)), 0x82, 1, 'x'))
		assert.NoError(t, err)
	}()
	got := make([]byte, 1)
	_, err = io.ReadFull(c, got)
	require.NoError(t, err)
	assert.Equal(t, wire.OpPong, received(t, peer).Header.OpCode, "whatever deadline an earlier Write has had")
	require.NoError(t, c.SetWriteDeadline(time.Time{}))
	go func() {
		_, err := c.Write([]byte{0xC0, 0})
		assert.NoError(t, err)
	}()
	assert.Equal(t, []byte{0xC0, 0}, received(t, peer).Payload)
}

func TestTheDeadlineOfAnAnswerIsNotThatOfWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, peer := raw(t, false)
		go func() { _, _ = peer.Write(frame(false, wire.NewPingFrame(nil))) }()
		go func() { _, _ = c.Read(make([]byte, 1)) }()
		assert.Equal(t, wire.OpPong, received(t, peer).Header.OpCode)
		time.Sleep(time.Minute)
		go func() { _, _ = io.Copy(io.Discard, peer) }()
		_, err := c.Write([]byte{0xC0, 0})
		assert.NoError(t, err)
		require.NoError(t, c.Close())
	})
}

func TestNothingFollowsAWriteThatWasCutOff(t *testing.T) {
	c, peer := raw(t, false)
	require.NoError(t, c.SetWriteDeadline(time.Now().Add(-time.Second)))
	_, err := c.Write(publish(t, 10))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, c.SetWriteDeadline(time.Time{}))
	_, err = c.Write(publish(t, 10))
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
	go func() { assert.NoError(t, c.Close()) }()
	_, err = peer.Read(make([]byte, 1))
	assert.Equal(t, io.EOF, err)
}

func TestCloseWriteLeavesWhatThePeerSends(t *testing.T) {
	client, server := pair(t, ws.Options{})
	_, err := client.Write([]byte{0xE0, 0})
	require.NoError(t, err)
	require.NoError(t, client.CloseWrite())
	require.NoError(t, client.CloseWrite())
	_, err = client.Write([]byte{0xE0, 0})
	assert.ErrorIs(t, err, net.ErrClosed)
	_, err = server.Write([]byte{0xD0, 0}) // it does not know yet
	require.NoError(t, err)
	got, err := io.ReadAll(server)
	require.NoError(t, err)
	assert.Equal(t, []byte{0xE0, 0}, got)
	got, err = io.ReadAll(client)
	require.NoError(t, err)
	assert.Equal(t, []byte{0xD0, 0}, got)
}

func TestCloseEndsWhateverWaits(t *testing.T) {
	for name, client := range sides {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _ := raw(t, client) // the peer reads nothing
				ended := make(chan error, 2)
				go func() {
					_, err := c.Read(make([]byte, 1))
					ended <- err
				}()
				go func() {
					_, err := c.Write(publish(t, 10))
					ended <- err
				}()
				synctest.Wait()
				began := time.Now()
				require.NoError(t, c.Close())
				require.NoError(t, c.Close())
				assert.Error(t, <-ended)
				assert.Error(t, <-ended)
				assert.Zero(t, time.Since(began), "a writer waits already")
			})
			synctest.Test(t, func(t *testing.T) {
				c, _ := raw(t, client)
				began := time.Now()
				require.NoError(t, c.Close())
				assert.Equal(t, time.Second, time.Since(began), "for the closing frame")
			})
		})
	}
}

func TestReadingAndWritingAllocateNothing(t *testing.T) {
	b := publish(t, 100)
	for name, client := range sides {
		c, peer := raw(t, client)
		in := frame(client, wire.NewBinaryFrame(bytes.Clone(b)))
		got := make([]byte, 4096)
		go func() { _, _ = io.Copy(io.Discard, peer) }()
		assert.Zero(t, testing.AllocsPerRun(100, func() {
			_, err := c.Write(b)
			require.NoError(t, err)
		}), name)
		feed := make(chan struct{})
		go func() {
			for range feed {
				_, _ = peer.Write(in)
			}
		}()
		assert.Zero(t, testing.AllocsPerRun(100, func() {
			feed <- struct{}{}
			n, err := io.ReadFull(c, got[:len(b)])
			require.NoError(t, err)
			require.Equal(t, len(b), n)
		}), name)
		close(feed)
	}
}

// dialer returns a function for Options.Dial that has a connection.
func dialer(conn net.Conn) func(context.Context, *url.URL) (net.Conn, error) {
	return func(context.Context, *url.URL) (net.Conn, error) { return conn, nil }
}

// mustParse returns a URL.
func mustParse(address string) *url.URL {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return u
}
