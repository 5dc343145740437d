package client_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
)

// passwordAuth is a method of two steps: the server asks for a word, and says another
// one at the end.
type passwordAuth struct {
	word string
	wait time.Duration
}

var errLiar = errors.New("the server does not know the word")

func (a *passwordAuth) Method() string                        { return "word" }
func (a *passwordAuth) Start(context.Context) ([]byte, error) { return []byte("hello"), nil }
func (a *passwordAuth) Next(ctx context.Context, data []byte) ([]byte, error) {
	time.Sleep(a.wait)
	return append(data, a.word...), ctx.Err()
}

func (a *passwordAuth) Finish(_ context.Context, data []byte) error {
	if string(data) != "yes, "+a.word {
		return errLiar
	}
	return nil
}

// authenticates lets a broker ask for a word.
func (b *broker) authenticates(word, answer string) {
	b.auth = func(c *brokerConn, data []byte) mqttwire.Packet {
		var p mqttwire.Properties
		p.SetAuthenticationMethod([]byte("word"))
		open := b.here[c.id] == c
		switch {
		case string(data) == "hello":
			p.SetAuthenticationData([]byte("say it: "))
			return &packets.Auth{ReasonCode: mqttwire.ReasonContinueAuthentication, Properties: p}
		case !bytes.Equal(data, []byte("say it: "+word)) && open:
			return &packets.Disconnect{ReasonCode: mqttwire.ReasonNotAuthorized}
		case !bytes.Equal(data, []byte("say it: "+word)):
			return &packets.Connack{ReasonCode: mqttwire.ReasonNotAuthorized}
		}
		p.SetAuthenticationData([]byte(answer))
		if open {
			return &packets.Auth{Properties: p}
		}
		return &packets.Connack{Properties: p}
	}
}

func TestClientAndServerProveThemselves(t *testing.T) {
	for name, test := range map[string]struct {
		word, answer string
		want         error
		text         string
	}{
		"both do":                         {"abra", "yes, abra", nil, ""},
		"the client does not know it":     {"kadabra", "yes, abra", nil, "Not authorized"},
		"the server does not know it":     {"abra", "yes", client.ErrAuth, "does not know"},
		"the server does, with our error": {"abra", "no", errLiar, ""},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBroker()
				b.authenticates("abra", test.answer)
				o := b.options(mqttwire.V5)
				o.Auth = &passwordAuth{word: test.word}
				c, err := client.New("mqtt://broker", o)
				require.NoError(t, err)
				d := c.Send(&packets.Publish{Topic: []byte("t"), QoS: 1})
				err = c.Connect(t.Context())
				if test.want == nil && test.text == "" {
					require.NoError(t, err)
					require.NoError(t, d.Err())
					require.NoError(t, c.Close(t.Context()))
					return
				}
				assert.Error(t, err)
				if test.want != nil {
					assert.ErrorIs(t, err, test.want)
				}
				assert.ErrorContains(t, err, test.text)
				synctest.Wait()
				assert.Empty(t, packetsOf[*packets.Publish](b), "nothing goes to a server that has not proved itself")
				require.NoError(t, c.Close(t.Context()))
			})
		})
	}
}

func TestReAuthProvesBothAnew(t *testing.T) {
	for name, test := range map[string]struct {
		word, answer string
		want         error
	}{
		"both do":                     {"abra", "yes, abra", nil},
		"the client does not know it": {"kadabra", "yes, abra", errAny},
		"the server does not":         {"abra", "no", errLiar},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBroker()
				b.authenticates("abra", "yes, abra")
				a := &passwordAuth{word: "abra"}
				o := b.options(mqttwire.V5)
				o.Auth = a
				c := b.dialed(t, o)
				b.set(func() { b.authenticates("abra", test.answer) })
				a.word = test.word
				err := c.ReAuth(t.Context())
				switch test.want {
				case nil:
					require.NoError(t, err)
					require.NoError(t, c.Publish(t.Context(), "t", nil, client.QoS(1)))
					assert.NoError(t, c.ReAuth(t.Context()), "again")
					assert.Equal(t, 1, b.dialedTimes())
				case errAny:
					assert.ErrorContains(t, err, "Not authorized")
				default:
					assert.ErrorIs(t, err, test.want)
				}
			})
		})
	}
}

var errAny = errors.New("any")

func TestReAuthNeedsAConnectionAndAMethod(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, b.options(mqttwire.V5))
		assert.ErrorIs(t, c.ReAuth(t.Context()), client.ErrAuth)
		o := b.options(mqttwire.V5)
		o.Auth = &passwordAuth{}
		c, err := client.New("mqtt://broker", o)
		require.NoError(t, err)
		assert.ErrorIs(t, c.ReAuth(t.Context()), client.ErrNotConnected)
	})
}

func TestAnAutherThatWaitsKeepsNobodyElse(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		b.authenticates("abra", "yes, abra")
		a := &passwordAuth{word: "abra"}
		o := b.options(mqttwire.V5)
		o.Auth = a
		c := b.dialed(t, o)
		a.wait = time.Hour
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		done := make(chan error)
		go func() { done <- c.ReAuth(ctx) }()
		pass(time.Second)
		assert.ErrorIs(t, c.ReAuth(t.Context()), client.ErrStarted)
		assert.NoError(t, c.Publish(t.Context(), "t", nil, client.QoS(2)))
		assert.ErrorIs(t, <-done, context.DeadlineExceeded)
		require.NoError(t, c.Close(context.Background()))
		pass(2 * time.Hour)
	})
}
