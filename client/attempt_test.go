package client_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
)

// fixed draws every wait at its bound.
func fixed(d time.Duration) time.Duration { return d }

// waits returns the time between attempts, in seconds.
func (b *broker) waits() (list []float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := 1; i < len(b.dials); i++ {
		list = append(list, b.dials[i].Sub(b.dials[i-1]).Seconds())
	}
	return list
}

// eventLog notes the events of a client.
type eventLog struct {
	mu   sync.Mutex
	list []string
}

func (l *eventLog) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, fmt.Sprintf(format, args...))
}

func (l *eventLog) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.list)
}

func (l *eventLog) events() client.Events {
	return client.Events{
		Connect:   func(*client.Client, *packets.Connack) { l.add("connect") },
		Reconnect: func(_ *client.Client, n int) { l.add("reconnect %d", n) },
		Offline:   func(*client.Client) { l.add("offline") },
		Error:     func(*client.Client, error) { l.add("error") },
		Close:     func(_ *client.Client, err error) { l.add("close %v", err) },
	}
}

func TestWaitsDoubleUpToTheirMost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		b.away = errAway
		c, err := client.New("mqtt://broker", client.Options{Dialer: b.dial, Backoff: client.Backoff{Jitter: fixed}})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		pass(5 * time.Minute)
		assert.Equal(t, []float64{1, 2, 4, 8, 16, 32, 60, 60, 60}, b.waits())
		require.NoError(t, c.Close(t.Context()))
	})
}

func TestWaitsAreDrawnBetweenNothingAndTheirBound(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		b.away = errAway
		c, err := client.New("mqtt://broker", client.Options{Dialer: b.dial, Backoff: client.Backoff{Min: time.Minute, Max: time.Minute}})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		pass(100 * time.Minute)
		require.NoError(t, c.Close(t.Context()))
		waits := b.waits()
		assert.InDelta(t, 200, len(waits), 60)
		quarters := [4]int{}
		for _, w := range waits {
			quarters[min(int(w/15), 3)]++
		}
		for i, n := range quarters {
			assert.Greater(t, n, len(waits)/10, "quarter %d", i)
		}
	})
}

func TestEventsComeInOrderOverLossAndReconnect(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		var log eventLog
		c, err := client.New("mqtt://broker", client.Options{ClientID: "c", Dialer: b.dial, Backoff: client.Backoff{Jitter: fixed}})
		require.NoError(t, err)
		c.On(log.events())
		require.NoError(t, c.Connect(t.Context()))
		b.set(func() { b.away = errAway })
		b.cut()
		pass(4 * time.Second) // attempts after 1 s and 2 s more
		b.set(func() { b.away = nil })
		pass(10 * time.Second)
		require.NoError(t, c.Close(t.Context()))
		<-c.Done()
		pass(time.Millisecond)
		assert.Equal(t, []string{"connect", "offline", "reconnect 1", "error", "reconnect 2", "error", "reconnect 3", "connect", "offline", "close <nil>"}, log.all())
	})
}

// TestTrap17AKickLoopKeepsItsLongWait: a server that takes the client and ends the
// connection at once is not asked more often for that.
func TestTrap17AKickLoopKeepsItsLongWait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, client.Options{ClientID: "c", Backoff: client.Backoff{Jitter: fixed}})
		for range 10 {
			require.NoError(t, c.AwaitConnection(t.Context()))
			b.of("c").disconnect(&packets.Disconnect{ReasonCode: mqttwire.ReasonAdministrativeAction})
			pass(time.Millisecond)
		}
		require.NoError(t, c.AwaitConnection(t.Context()))
		var got []float64
		for _, w := range b.waits() {
			got = append(got, math.Round(w))
		}
		assert.Equal(t, []float64{1, 2, 4, 8, 16, 32, 60, 60, 60, 60}, got)
	})
}

func TestTrap17WaitsBeginAnewOnlyAfterAStableConnection(t *testing.T) {
	for _, test := range []struct {
		lasts time.Duration
		want  []float64
	}{
		{29 * time.Second, []float64{1, 2, 4, 8, 16}},
		{31 * time.Second, []float64{1, 1, 1, 1, 1}},
	} {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			c := b.dialed(t, client.Options{ClientID: "c", Backoff: client.Backoff{Jitter: fixed}})
			for range 5 {
				require.NoError(t, c.AwaitConnection(t.Context()))
				pass(test.lasts)
				b.cut()
				pass(time.Millisecond)
			}
			require.NoError(t, c.AwaitConnection(t.Context()))
			var got []float64
			for _, w := range b.waits() {
				got = append(got, (time.Duration(w*1e9) - test.lasts).Round(100*time.Millisecond).Seconds())
			}
			assert.Equal(t, test.want, got)
		})
	}
}

// TestTrap17AThousandClientsComeBackSpread: a server that was away for a minute is not
// run over.
func TestTrap17AThousandClientsComeBackSpread(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const n = 1000
		b := newBroker()
		for i := range n {
			b.dialed(t, client.Options{ClientID: fmt.Sprint(i)})
		}
		away := time.Now()
		b.set(func() { b.away, b.dials = errAway, nil })
		b.cut()
		pass(time.Minute)
		back := time.Now()
		b.set(func() { b.away = nil })
		pass(2 * time.Minute)
		b.mu.Lock()
		defer b.mu.Unlock()
		assert.Len(t, b.here, n)
		perSecond := map[int]int{}
		for _, at := range b.dials {
			perSecond[int(at.Sub(away).Seconds())]++
		}
		for second, count := range perSecond {
			if second >= 2 {
				assert.LessOrEqual(t, count, 3*n/5, "second %d", second)
			}
			if second >= int(back.Sub(away).Seconds()) {
				assert.LessOrEqual(t, count, n/15, "second %d, as they come back", second)
			}
		}
	})
}

func TestTheClientDoesNotComeBackWhereItIsOfNoUse(t *testing.T) {
	for _, code := range []mqttwire.ReasonCode{
		mqttwire.ReasonSessionTakenOver, mqttwire.ReasonNotAuthorized, mqttwire.ReasonAdministrativeAction,
	} {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			c := b.dialed(t, b.options(mqttwire.V5))
			b.of("c").disconnect(&packets.Disconnect{ReasonCode: code})
			if code == mqttwire.ReasonAdministrativeAction { // there it may be
				pass(time.Minute)
				require.NoError(t, c.AwaitConnection(t.Context()))
				return
			}
			err := c.Run(t.Context())
			assert.ErrorContains(t, err, code.String())
			assert.ErrorIs(t, c.Publish(t.Context(), "t", nil), client.ErrClosed)
			assert.ErrorIs(t, c.Connect(t.Context()), client.ErrClosed)
			assert.Equal(t, 1, b.dialedTimes())
		})
	}
}

func TestAgainDecidesWhetherToComeBack(t *testing.T) {
	for _, again := range []bool{true, false} {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			o := b.options(mqttwire.V5)
			o.Again = func(err error) bool { return again }
			c := b.dialed(t, o)
			if again {
				b.of("c").disconnect(&packets.Disconnect{ReasonCode: mqttwire.ReasonSessionTakenOver})
				pass(time.Minute)
				require.NoError(t, c.AwaitConnection(t.Context()))
				return
			}
			b.cut()
			assert.ErrorContains(t, c.Run(t.Context()), "EOF")
		})
	}
}

func TestARefusedConnectIsTheErrorOfConnectWithItsCode(t *testing.T) {
	for _, test := range []struct {
		version mqttwire.Version
		code    mqttwire.ReasonCode
		text    string
	}{
		{mqttwire.V5, mqttwire.ReasonBadUserNameOrPassword, "0x86, Bad User Name or Password"},
		{mqttwire.V311, mqttwire.ReturnNotAuthorized, "0x05, "},
		{mqttwire.V31, mqttwire.ReturnIdentifierRejected, "0x02, "},
		{mqttwire.V5, mqttwire.ReasonServerBusy, "0x89, Server busy"},
	} {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			b.connack = func(*packets.Connect) *packets.Connack { return &packets.Connack{ReasonCode: test.code} }
			c, err := client.New("mqtt://broker:1884", b.options(test.version))
			require.NoError(t, err)
			err = c.Connect(t.Context())
			assert.ErrorContains(t, err, "mqtt://broker:1884: the server has refused the connection with code "+test.text)
			b.set(func() { b.connack = nil })
			require.NoError(t, c.Connect(t.Context()), "it may be called again")
			assert.ErrorIs(t, c.Connect(t.Context()), client.ErrStarted)
			require.NoError(t, c.Close(t.Context()))
			assert.ErrorIs(t, c.Connect(t.Context()), client.ErrClosed)
		})
	}
}

func TestAServerThatIsBusyIsLeftAloneForLong(t *testing.T) {
	for version, code := range map[mqttwire.Version]mqttwire.ReasonCode{mqttwire.V5: mqttwire.ReasonServerBusy, mqttwire.V311: mqttwire.ReturnServerUnavailable} {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			b.connack = func(*packets.Connect) *packets.Connack { return &packets.Connack{ReasonCode: code} }
			c, err := client.New("mqtt://broker", b.options(version))
			require.NoError(t, err)
			require.NoError(t, c.Start())
			pass(5 * time.Minute)
			require.NoError(t, c.Close(t.Context()))
			waits := b.waits()
			require.NotEmpty(t, waits)
			for _, w := range waits {
				assert.GreaterOrEqual(t, w, 30.0)
			}
		})
	}
}

func TestAServerOf311IsFoundWithoutBeingTold(t *testing.T) {
	for name, connack := range map[string]mqttwire.Packet{
		"it answers as 5.0":   &packets.Connack{ReasonCode: mqttwire.ReasonUnsupportedProtocolVersion},
		"it answers as 3.1.1": nil,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBroker()
				asked := []mqttwire.Version{}
				b.connack = func(p *packets.Connect) *packets.Connack {
					asked = append(asked, p.Version)
					if p.Version != mqttwire.V5 {
						return nil
					}
					if a, ok := connack.(*packets.Connack); ok {
						return a
					}
					c := b.all[len(b.all)-1]
					_, _ = c.conn.Write([]byte{0x20, 2, 0, 1})
					return &packets.Connack{ReasonCode: mqttwire.ReasonUnsupportedProtocolVersion}
				}
				c := b.dialed(t, client.Options{})
				assert.Equal(t, []mqttwire.Version{mqttwire.V5, mqttwire.V311}, asked)
				assert.Equal(t, mqttwire.V311, c.ServerInfo().Version)
				assert.Len(t, c.ServerInfo().ClientID, 23)
				assert.Empty(t, b.waits()[0], "at once")
			})
		})
	}
}

func TestServersAreTriedInTurn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		var hosts []string
		o := client.Options{ClientID: "c", Servers: []string{"mqtt://two", "mqtt://three:1885"}, Backoff: client.Backoff{Jitter: fixed}}
		o.Dialer = func(ctx context.Context, u *urlOf) (netConn, error) {
			hosts = append(hosts, u.Host)
			if u.Host == "three:1885" && len(hosts) > 3 {
				return b.dial(ctx, u)
			}
			return nil, errAway
		}
		c, err := client.New("mqtt://one", o)
		require.NoError(t, err)
		err = c.Connect(t.Context())
		assert.ErrorIs(t, err, errAway)
		assert.ErrorContains(t, err, "three:1885", "of the last")
		require.NoError(t, c.Connect(t.Context()))
		assert.Equal(t, []string{"one:1883", "two:1883", "three:1885", "one:1883", "two:1883", "three:1885"}, hosts)
		assert.Equal(t, "mqtt://three:1885", c.ServerInfo().URL)
		require.NoError(t, c.Close(t.Context()))
	})
}

func TestServersOfAFunctionAreAskedForInEachRound(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		round, hosts := 0, []string{}
		o := client.Options{Backoff: client.Backoff{Jitter: fixed}, ServersFunc: func(context.Context) ([]string, error) {
			switch round++; round {
			case 1:
				return nil, errAway
			case 2:
				return []string{"ftp://x"}, nil
			case 3:
				return nil, nil
			}
			return []string{fmt.Sprintf("mqtt://round%d", round)}, nil
		}}
		o.Dialer = func(ctx context.Context, u *urlOf) (netConn, error) {
			hosts = append(hosts, u.Host)
			if round > 5 {
				return b.dial(ctx, u)
			}
			return nil, errAway
		}
		c, err := client.New("mqtt://broker", o)
		require.NoError(t, err)
		require.NoError(t, c.Start())
		require.NoError(t, c.AwaitConnection(t.Context()))
		assert.Equal(t, []string{"round4:1883", "round5:1883", "round6:1883"}, hosts)
		require.NoError(t, c.Close(t.Context()))
	})
}

func TestTheClientGoesWhereTheServerSendsIt(t *testing.T) {
	for _, test := range []struct {
		code       mqttwire.ReasonCode
		redirects  int
		want       []string
		afterwards string
	}{
		{mqttwire.ReasonUseAnotherServer, 0, []string{"one:1883", "two:1884"}, "one:1883"},
		{mqttwire.ReasonServerMoved, 0, []string{"one:1883", "two:1884"}, "two:1884"},
		{mqttwire.ReasonServerMoved, -1, []string{"one:1883"}, ""},
	} {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			var hosts []string
			b.connack = func(*packets.Connect) *packets.Connack {
				if hosts[len(hosts)-1] != "one:1883" || len(hosts) > 2 {
					return nil
				}
				a := &packets.Connack{ReasonCode: test.code}
				a.Properties.SetServerReference([]byte("two:1884 three"))
				return a
			}
			o := client.Options{ClientID: "c", Redirects: test.redirects}
			o.Dialer = func(ctx context.Context, u *urlOf) (netConn, error) {
				hosts = append(hosts, u.Host)
				return b.dial(ctx, u)
			}
			c, err := client.New("mqtt://one", o)
			require.NoError(t, err)
			err = c.Connect(t.Context())
			assert.Equal(t, test.want, hosts)
			if test.redirects < 0 {
				assert.Error(t, err)
				return
			}
			require.NoError(t, err)
			b.cut()
			pass(time.Minute)
			assert.Equal(t, test.afterwards, hosts[2])
			require.NoError(t, c.Close(t.Context()))
		})
	}
}

func TestServersThatSendTheClientInACircleAreLeft(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		b.connack = func(*packets.Connect) *packets.Connack {
			a := &packets.Connack{ReasonCode: mqttwire.ReasonUseAnotherServer}
			a.Properties.SetServerReference([]byte("broker"))
			return a
		}
		_, err := client.Dial(t.Context(), "mqtt://broker", b.options(mqttwire.V5))
		assert.Error(t, err)
		assert.Equal(t, 4, b.dialedTimes())
	})
}

func TestTheClientThatWasTakenOverDuringAConnectionGoesWhereADisconnectSendsIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		var hosts []string
		o := client.Options{ClientID: "c"}
		o.Dialer = func(ctx context.Context, u *urlOf) (netConn, error) {
			hosts = append(hosts, u.Host)
			return b.dial(ctx, u)
		}
		c, err := client.Dial(t.Context(), "mqtt://one", o)
		require.NoError(t, err)
		d := &packets.Disconnect{ReasonCode: mqttwire.ReasonUseAnotherServer}
		d.Properties.SetServerReference([]byte("two"))
		before := time.Now()
		b.of("c").disconnect(d)
		pass(time.Millisecond)
		require.NoError(t, c.AwaitConnection(t.Context()))
		assert.Equal(t, []string{"one:1883", "two:1883"}, hosts)
		assert.Less(t, time.Since(before), 10*time.Millisecond, "at once")
		require.NoError(t, c.Close(t.Context()))
	})
}

func TestCredentialsAreAskedForBeforeEachAttempt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		n := 0
		o := b.options(mqttwire.V5)
		o.Credentials = func(context.Context) (string, []byte, error) {
			if n++; n == 2 {
				return "", nil, errors.New("the vault is sealed")
			}
			return fmt.Sprint("user", n), []byte(fmt.Sprint("word", n)), nil
		}
		var log eventLog
		c, err := client.New("mqtt://other:name@broker", o)
		require.NoError(t, err)
		c.On(log.events())
		require.NoError(t, c.Connect(t.Context()))
		b.cut()
		pass(time.Minute)
		require.NoError(t, c.Close(t.Context()))
		var sent []string
		for _, p := range packetsOf[*packets.Connect](b) {
			sent = append(sent, string(p.UserName)+" "+string(p.Password))
		}
		assert.Equal(t, []string{"user1 word1", "user3 word3"}, sent)
		assert.Contains(t, log.all(), "error")
	})
}

func TestTheFirstConnectionAloneIsCleanIn5AndAllWithoutExpiryAreBefore(t *testing.T) {
	for _, test := range []struct {
		version mqttwire.Version
		clean   bool
		expiry  time.Duration
		want    []bool
		seconds uint32
	}{
		{mqttwire.V5, true, time.Hour, []bool{true, false}, 3600},
		{mqttwire.V5, false, -1, []bool{false, false}, 1<<32 - 1},
		{mqttwire.V5, true, 1500 * time.Millisecond, []bool{true, false}, 2},
		{mqttwire.V311, false, 0, []bool{true, true}, 0},
		{mqttwire.V311, true, time.Hour, []bool{false, false}, 0},
		{mqttwire.V31, false, time.Hour, []bool{false, false}, 0},
	} {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			o := b.options(test.version)
			o.CleanStart, o.Expiry = test.clean, test.expiry
			c := b.dialed(t, o)
			b.cut()
			pass(time.Minute)
			require.NoError(t, c.Close(t.Context()))
			var got []bool
			for _, p := range packetsOf[*packets.Connect](b) {
				got = append(got, p.CleanStart)
				n, _ := p.Properties.SessionExpiryInterval()
				assert.Equal(t, test.seconds, n)
			}
			assert.Equal(t, test.want, got)
		})
	}
}

func TestAnIdentifierThatWasAssignedOrDrawnIsKept(t *testing.T) {
	for _, v := range versions {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			c := b.dialed(t, client.Options{Version: v})
			b.cut()
			pass(time.Minute)
			require.NoError(t, c.Close(t.Context()))
			list := packetsOf[*packets.Connect](b)
			require.Len(t, list, 2)
			if v == mqttwire.V5 {
				assert.Equal(t, "", string(list[0].ClientID))
				assert.Equal(t, "assigned-1", string(list[1].ClientID))
				return
			}
			assert.Regexp(t, "^mqttwire[A-Z2-7]{15}$", string(list[0].ClientID))
			assert.Equal(t, string(list[0].ClientID), string(list[1].ClientID))
		})
	}
}

func TestNeverEndsTheClientWithItsConnection(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		c := b.dialed(t, client.Options{Backoff: client.Backoff{Never: true}})
		b.cut()
		assert.ErrorContains(t, c.Run(t.Context()), "EOF")
		assert.Equal(t, 1, b.dialedTimes())
	})
}

func TestOnConnectMayChangeTheConnect(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBroker()
		o := b.options(mqttwire.V5)
		o.OnConnect = func(p *packets.Connect) { p.Properties.AddUser([]byte("a"), []byte("b")) }
		b.dialed(t, o)
		p := packetsOf[*packets.Connect](b)[0]
		for name, value := range p.Properties.User() {
			assert.Equal(t, "a b", string(name)+" "+string(value))
		}
		assert.True(t, p.Properties.Has(mqttwire.UserProperty))
		n, _ := p.Properties.ReceiveMaximum()
		assert.Equal(t, uint16(100), n)
		assert.Equal(t, uint16(60), p.KeepAlive)
	})
}
