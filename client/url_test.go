package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
)

func TestWhatIsWrongWithAURLIsTold(t *testing.T) {
	for raw, want := range map[string]string{
		"":                                  "scheme is none of",
		"broker":                            "scheme is none of",
		"broker:1883":                       "",
		"http://secret@broker":              "scheme is none of",
		"tcp://broker":                      "scheme is none of",
		"mqtt:broker":                       "form scheme://host:port",
		"mqtt://":                           "no host",
		"mqtt://:1883":                      "no host",
		"mqtt://broker:0":                   "port is none of 1 to 65535",
		"mqtt://broker:65536":               "port is none of 1 to 65535",
		"mqtt://u:secret@broker:port":       "cannot be read",
		"mqtt://u:secret/x@broker":          "cannot be read",
		"mqtt://u:secret%zz@broker":         "cannot be read",
		"mqtt://broker/topic":               "no path in one of mqtt",
		"mqtt://broker#secret":              "form scheme://host:port",
		"mqtt://broker?client=secret":       "none of clientId, keepalive, version, clean, expiry",
		"mqtt://broker?keepalive=secret":    "its key keepalive",
		"mqtt://broker?keepalive=65536":     "its key keepalive",
		"mqtt://broker?keepalive=-1":        "its key keepalive",
		"mqtt://broker?expiry=4294967296":   "its key expiry",
		"mqtt://broker?version=4":           "its key version",
		"mqtt://broker?clean=perhaps":       "its key clean",
		"mqtt://broker?a=%zz":               "query cannot be read",
		"unix://host/path":                  "unix:///path",
		"unix:":                             "unix:///path",
		"ws://broker":                       `import _ "github.com/mqttwire/mqttwire/ws"`,
		"wss://u:secret@broker/path?secret": `import _ "github.com/mqttwire/mqttwire/ws"`,
	} {
		_, err := client.New(raw, client.Options{})
		require.Error(t, err, raw)
		assert.ErrorContains(t, err, want, raw)
		assert.NotContains(t, err.Error(), "secret")
		_, err = client.New("mqtt://broker", client.Options{Servers: []string{raw}})
		assert.True(t, err != nil || want[:3] == "its", raw)
	}
}

func TestOptionsThatCannotBeAreAnError(t *testing.T) {
	for name, o := range map[string]client.Options{
		"no version of MQTT":     {Version: 9},
		"KeepAlive is 18h12m16s": {KeepAlive: 65536 * time.Second},
		"KeepAlive is less":      {KeepAlive: -2},
		"ConnectTimeout":         {ConnectTimeout: -1},
		"of version 5.0 only":    {Version: mqttwire.V311, Auth: &passwordAuth{}},
		"the topic of the will":  {Will: &packets.Will{Topic: []byte("a/#")}},
		"a session under its":    {Journal: newDisk()},
	} {
		_, err := client.New("mqtt://broker", o)
		assert.ErrorContains(t, err, name)
	}
}

func TestAURLSaysWhatOptionsDoNot(t *testing.T) {
	for _, test := range []struct {
		url  string
		o    client.Options
		want string
	}{
		{"mqtt://broker?clientId=me&keepalive=7&version=3.1.1&clean=true", client.Options{}, `broker:1883 me 7 3.1.1 true "" ""`},
		{"mqtt://broker:7?clientId=me&keepalive=7&version=3.1.1", client.Options{ClientID: "you", KeepAlive: time.Minute, Version: mqttwire.V5},
			`broker:7 you 60 5.0 false "" ""`},
		{"mqtt://u:p%40w@[::1]?keepalive=0&clientId=c", client.Options{}, `[::1]:1883 c 0 5.0 false "u" "p@w"`},
		{"mqtt://u@broker?clientId=c&expiry=70", client.Options{}, `broker:1883 c 60 5.0 false "u" ""`},
		{"mqtt://u:p@broker?clientId=c", client.Options{Credentials: client.User("x", []byte("y"))}, `broker:1883 c 60 5.0 false "x" "y"`},
		{"unix:///tmp/socket?clientId=c", client.Options{}, `/tmp/socket c 60 5.0 false "" ""`},
	} {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			where := ""
			test.o.Dialer = func(ctx context.Context, u *urlOf) (netConn, error) {
				if where = u.Host; u.Scheme == "unix" {
					where = u.Path
				}
				assert.Nil(t, u.User)
				return b.dial(ctx, u)
			}
			c, err := client.Dial(t.Context(), test.url, test.o)
			require.NoError(t, err)
			require.NoError(t, c.Close(t.Context()))
			p := packetsOf[*packets.Connect](b)[0]
			assert.Equal(t, test.want, fmt.Sprintf("%s %s %d %s %t %q %q", where, p.ClientID, p.KeepAlive, p.Version, p.CleanStart, p.UserName, p.Password))
		})
	}
}

// lines is what a logger writes.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestNoLogAndNoErrorHasASecret: passwords, authentication data and payloads.
func TestNoLogAndNoErrorHasASecret(t *testing.T) {
	for _, code := range []mqttwire.ReasonCode{0, mqttwire.ReasonBadUserNameOrPassword} {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			b.connack = func(*packets.Connect) *packets.Connack { return &packets.Connack{ReasonCode: code} }
			var out lines
			o := b.options(mqttwire.V5)
			o.Log = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
			o.Will = &packets.Will{Topic: []byte("w"), Payload: []byte("secret")}
			o.OnDropped = func(client.Dropped) {}
			c, err := client.New("mqtt://user:secret@broker", o)
			require.NoError(t, err)
			var errs eventLog
			c.On(client.Events{Error: func(_ *client.Client, err error) { errs.add("%v", err) }})
			err = c.Connect(t.Context())
			assert.NotContains(t, fmt.Sprintf("%v %+v", err, err), "secret")
			if code == 0 {
				_, err = c.Subscribe(t.Context(), func(*client.Message) {}, client.Sub("t", 2))
				require.NoError(t, err)
				require.NoError(t, c.Publish(t.Context(), "t", []byte("secret"), client.QoS(2)))
				assert.ErrorIs(t, c.Publish(t.Context(), "t/#", []byte("secret"), client.QoS(2)), client.ErrNotSent)
				b.set(func() { b.away = errAway })
				b.cut()
				pass(time.Minute)
			}
			require.NoError(t, c.Close(t.Context()))
			assert.Contains(t, out.String(), "connecting")
			assert.NotContains(t, out.String(), "secret")
			assert.NotContains(t, fmt.Sprint(errs.all()), "secret")
		})
	}
}

// TestALoggerMayUseTheClient: it is called while nothing is locked.
func TestALoggerMayUseTheClient(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		o := b.options(mqttwire.V5)
		h := &publishingHandler{}
		o.Log = slog.New(h)
		c, err := client.New("mqtt://broker", o)
		require.NoError(t, err)
		h.c = c
		require.NoError(t, c.Connect(t.Context()))
		require.NoError(t, c.Publish(t.Context(), "t", nil, client.QoS(1)))
		require.NoError(t, c.Close(t.Context()))
		assert.NotZero(t, h.n.Load())
	})
}

// publishingHandler publishes what is logged.
type publishingHandler struct {
	c *client.Client
	n atomic.Int64
}

func (h *publishingHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }
func (h *publishingHandler) WithAttrs([]slog.Attr) slog.Handler           { return h }
func (h *publishingHandler) WithGroup(string) slog.Handler                { return h }
func (h *publishingHandler) Handle(_ context.Context, r slog.Record) error {
	h.n.Add(1)
	h.c.Send(&packets.Publish{Topic: []byte("log"), Payload: []byte(r.Message)})
	_ = h.c.Stats()
	return nil
}

func TestATransportOpensWhatIsNotBuiltIn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		o := client.Options{Version: mqttwire.V31, ClientID: "c", Dialer: b.dial, Transport: func(ctx context.Context, u *urlOf, t client.TransportOptions) (netConn, error) {
			if u.String() != "wss://broker:443/mqtt?token=7" || t.Version != mqttwire.V31 || t.TLS.ServerName != "broker" {
				return nil, errors.New(u.String())
			}
			return t.Dial(ctx, u)
		}}
		c, err := client.Dial(t.Context(), "wss://user:name@broker?token=7", o)
		require.NoError(t, err)
		require.NoError(t, c.Close(t.Context()))
	})
	assert.Panics(t, func() { client.RegisterTransport("mqtt", nil) })
}
