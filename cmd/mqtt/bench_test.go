package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/server"
)

// unbounded has the broker drop nothing, however slow this machine is.
var unbounded = []string{"--max-queued", "10000000", "--max-queued-bytes", "1000000000"}

func TestBenchCountsWhatArrives(t *testing.T) {
	s := serve(t, unbounded...)
	for name, test := range map[string]struct {
		args           []string
		sent, received int64
	}{
		"to all":              {[]string{"--publishers", "2", "--subscribers", "3", "--count", "20"}, 40, 120},
		"in pairs":            {[]string{"--publishers", "3", "--subscribers", "3", "--to", "pairs", "--count", "20", "-q", "1"}, 60, 60},
		"shared":              {[]string{"--publishers", "2", "--subscribers", "3", "--to", "share", "--count", "20", "-q", "2"}, 40, 40},
		"one after the other": {[]string{"--count", "20", "-q", "2", "--window", "1"}, 20, 20},
		"with a rate":         {[]string{"--count", "5", "--rate", "1000", "--ramp", "1000", "--size", "24"}, 5, 5},
		"of an old version":   {[]string{"--count", "20", "-q", "1", "-V", "31", "--size", "100000"}, 20, 20},
		"to nobody":           {[]string{"--subscribers", "0", "--count", "20", "-q", "1"}, 20, 0},
	} {
		t.Run(name, func(t *testing.T) {
			status, p := s.client(nil, append([]string{"bench", "--json"}, test.args...)...)
			require.Equal(t, statusDone, status, p.errs.String())
			var r result
			require.NoError(t, json.Unmarshal([]byte(p.out.String()), &r), p.out.String())
			assert.Equal(t, [...]int64{test.sent, test.received, 0, 0, 0, 0}, [...]int64{r.Sent, r.Received, r.Failed, r.Lost, r.Duplicates, r.Strange})
			assert.True(t, r.P50 <= r.P90 && r.P90 <= r.P99 && r.P99 <= r.P999 && r.P999 <= r.Max, p.out.String())
			assert.Equal(t, test.received > 0, r.P50 > 0 && r.Rate > 0)
			assert.Positive(t, r.SentRate)
		})
	}
}

func TestBenchSendsForATimeAndShowsHowFarItIs(t *testing.T) {
	s := serve(t, unbounded...)
	p := &process{terminal: true}
	assert.Equal(t, statusDone, p.run(t.Context(), "bench", "--duration", "0.05", "-q", "1", "-L", s.url("mqtt")), p.errs.String())
	assert.Contains(t, p.errs.String(), " of 2 connected, ")
	assert.Contains(t, p.out.String(), "lost        0\n")
	assert.NotContains(t, p.out.String(), "sent        0,")
	quiet := &process{}
	assert.Equal(t, statusDone, quiet.run(t.Context(), "bench", "--count", "1", "-L", s.url("mqtt")))
	assert.Empty(t, quiet.errs.String())
}

func TestBenchSendsTheMessagesWithTheirProperties(t *testing.T) {
	b, p := newBroker(t), &process{}
	status := p.run(t.Context(), b.flags("bench", "--count", "2", "-q", "1",
		"-D", "publish.content-type=text/plain", "-D", "publish.user-property=k=v")...)
	require.Equal(t, statusDone, status, p.errs.String())
	require.Len(t, b.got, 2)
	for _, m := range b.got {
		kind, has := m.Properties.ContentType()
		assert.True(t, has && m.Properties.Has(mqttwire.UserProperty))
		assert.Equal(t, "text/plain", string(kind))
	}
}

func TestBenchTellsOfLostMessages(t *testing.T) {
	s := serve(t, "--anonymous", "--acl", write(t, "acl", "topic read bench/+\ntopic write bench/0\n"))
	status, p := s.client(nil, "bench", "-t", "bench", "--publishers", "2", "--subscribers", "3", "--count", "10", "--wait", "0.1")
	assert.Equal(t, statusUnsure, status)
	assert.Contains(t, p.errs.String(), "0 were not sent, and 30 have not arrived")
	status, p = s.client(nil, "bench", "-t", "bench", "--publishers", "2", "--count", "10", "-q", "1")
	assert.Equal(t, statusUnsure, status)
	assert.Contains(t, p.errs.String(), "10 messages were not acknowledged, 0 were not sent, and 0 have not arrived")
}

func TestBenchTellsOfAPublisherThatTheBrokerHasCutOff(t *testing.T) {
	s := serve(t, "--max-packet-size", "128")
	status, p := s.client(nil, "bench", "-V", "311", "--subscribers", "0", "--count", "1000", "--size", "1000", "--json")
	assert.Equal(t, statusConnect, status)
	assert.Contains(t, p.errs.String(), "connection 1 was lost: ")
	var r result
	require.NoError(t, json.Unmarshal([]byte(p.out.String()), &r), "the figures are printed all the same")
	assert.Equal(t, int64(1000), r.Sent+r.Failed+r.Unsent)
}

func TestBenchEndsWithoutABroker(t *testing.T) {
	s := serve(t)
	at := s.url("mqtt")
	s.end()
	assert.Equal(t, statusConnect, (&process{}).run(t.Context(), "bench", "-L", at))
	for _, limit := range []string{"--max-connections", "--max-connections-per-address"} {
		full := serve(t, limit, "1")
		assert.Equal(t, statusConnect, (&process{}).run(t.Context(), "bench", "-L", full.url("mqtt")), limit)
	}
}

func TestBenchSaysWhatIsWrong(t *testing.T) {
	for want, args := range map[string][]string{
		"--publishers":     {"--publishers", "0"},
		"--subscribers":    {"--subscribers", "-1"},
		"--window":         {"--window", "0"},
		"all, pairs":       {"--to", "some"},
		"as many":          {"--to", "pairs", "--publishers", "2"},
		"QoS":              {"-q", "3"},
		"--size is 24":     {"--size", "23"},
		"--count":          {"--count", "-1"},
		"prefix":           {"-i", "me"},
		"not below 0":      {"--rate", "-1"},
		"times are not":    {"--wait", "NaN"},
		"contains a wildc": {"-t", "a/#"},
	} {
		p := &process{}
		assert.Equal(t, statusUsage, p.run(t.Context(), append([]string{"bench"}, args...)...), args)
		if want != "contains a wildc" {
			assert.Contains(t, p.errs.String(), want)
		}
	}
}

// beside runs a test with the options of clients of a broker in memory, where time passes
// only while all wait.
func beside(t *testing.T, h broker.Hooks, test func(t *testing.T, o client.Options)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &server.Server{Broker: broker.New(broker.Options{Hooks: h})}
		var conns sync.WaitGroup
		test(t, client.Options{CleanStart: true, Dialer: func(context.Context, *url.URL) (net.Conn, error) {
			near, far := net.Pipe()
			conns.Go(func() {
				if err := s.ServeConn(far); err != nil {
					t.Log(err)
				}
			})
			return near, nil
		}})
		conns.Wait()
		require.NoError(t, s.Close())
	})
}

// loaded runs a load at the broker of beside, and returns its result.
func loaded(t *testing.T, o client.Options, f *benchFlags) result {
	t.Helper()
	b := newLoad(f, "mqtt://broker", f.options(o))
	defer b.close()
	require.NoError(t, b.run(t.Context()))
	return b.result()
}

func TestTheTimeOfABenchGoesOnUntilAllIsSentAndWithoutTheWaitForWhatIsLost(t *testing.T) {
	for name, test := range map[string]struct {
		subscribers, come int
	}{
		"all comes":              {1, 20},
		"nothing is to come":     {0, 0},
		"nothing comes":          {1, 0},
		"only the first comes":   {1, 1},
		"the last does not come": {1, 19},
	} {
		t.Run(name, func(t *testing.T) {
			number := 0
			h := broker.Hooks{Deliver: func(*broker.Peer, *packets.Publish) bool { number++; return number <= test.come }}
			beside(t, h, func(t *testing.T, o client.Options) {
				r := loaded(t, o, &benchFlags{publishers: 1, subscribers: test.subscribers, to: toAll, qos: 1, size: stampSize,
					rate: 100, count: 20, window: 100, wait: 60})
				assert.InDelta(t, 0.19, r.Seconds, 1e-6, "the last of 20 is due then")
				assert.InDelta(t, 20/0.19, r.SentRate, 1e-2)
				assert.InDelta(t, float64(test.come)/0.19, r.Rate, 1e-2)
			})
		})
	}
}

func TestBenchTellsOfSubscribersThatTheBrokerHasCutOff(t *testing.T) {
	var mu sync.Mutex
	var peers []*broker.Peer
	h := broker.Hooks{
		Connected: func(c *broker.Peer) { mu.Lock(); defer mu.Unlock(); peers = append(peers, c) },
		Publish: func(c *broker.Peer, _ *packets.Publish) mqttwire.ReasonCode {
			mu.Lock()
			defer mu.Unlock()
			for _, other := range peers {
				if other != c {
					other.Disconnect(time.Now(), mqttwire.ReasonAdministrativeAction)
				}
			}
			peers = nil
			return 0
		},
	}
	beside(t, h, func(t *testing.T, o client.Options) {
		f := &benchFlags{publishers: 1, subscribers: 2, to: toAll, qos: 1, size: stampSize, count: 5, window: 1, wait: 1}
		status, err := faultOf(t, t.Context(), o, f)
		assert.Equal(t, statusConnect, status)
		assert.ErrorContains(t, err, "connection 1 was lost: ")
		assert.ErrorContains(t, err, "Administrative action")
		assert.ErrorContains(t, err, "; 1 connections more were lost; 0 messages were not acknowledged, 0 were not sent, and ")
	})
}

// faultOf runs a load at the broker of beside, and returns the error with which it is
// reported.
func faultOf(t *testing.T, ctx context.Context, o client.Options, f *benchFlags) (int, error) {
	t.Helper()
	b := newLoad(f, "mqtt://broker", f.options(o))
	defer b.close()
	require.NoError(t, b.run(ctx))
	var s *statusError
	require.ErrorAs(t, b.report(ctx, environment{out: io.Discard}), &s)
	return s.status, s
}

func TestABenchThatIsInterruptedTellsWhatWasNotSent(t *testing.T) {
	beside(t, broker.Hooks{}, func(t *testing.T, o client.Options) {
		ctx, stop := context.WithTimeout(t.Context(), 1005*time.Millisecond)
		defer stop()
		f := &benchFlags{publishers: 1, subscribers: 1, to: toAll, qos: 1, size: stampSize,
			rate: 100, count: 200, window: 100, wait: 1}
		status, err := faultOf(t, ctx, o, f)
		assert.Equal(t, statusUnsure, status)
		assert.EqualError(t, err, "0 messages were not acknowledged, 99 were not sent, and 0 have not arrived")
	})
}

// With QoS 0 nothing else says whether the broker has read them.
func TestBenchTellsThatTheBrokerDoesNotAnswerAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := client.Options{Dialer: func(context.Context, *url.URL) (net.Conn, error) {
			near, far := net.Pipe()
			go answerConnect(t, far)
			return near, nil
		}}
		f := &benchFlags{publishers: 2, to: toAll, size: stampSize, count: 5, window: 100, wait: 1}
		status, err := faultOf(t, t.Context(), o, f)
		assert.Equal(t, statusUnsure, status)
		assert.EqualError(t, err, "the broker does not answer 2 connections, and may not have read all")
	})
}

// answerConnect is a broker that takes a client, and answers nothing more.
func answerConnect(t *testing.T, conn net.Conn) {
	s := packets.NewStream(conn, packets.ConnectionOptions{Side: mqttwire.FromServer})
	_, err := s.Receive()
	assert.NoError(t, err)
	assert.NoError(t, s.Send(&packets.Connack{}))
	_, err = io.Copy(io.Discard, conn)
	assert.NoError(t, errors.Join(err, conn.Close()))
}

// A broker that is far off, or that answers nobody, does not hold up the ramp.
func TestConnectionsAreMadeWhenTheyAreDueAndNotTooManyAtOnce(t *testing.T) {
	for name, test := range map[string]struct {
		ramp   float64
		passes time.Duration
		dialed int64
	}{
		"as many as it can":      {0, 0, dialsAtOnce},
		"at the beginning":       {10, 0, 1},
		"after a second":         {10, time.Second, 11},
		"when there is no place": {10, time.Minute / 4, dialsAtOnce},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var dialed atomic.Int64
				f := &benchFlags{subscribers: 100, publishers: 100, to: toAll, size: stampSize, ramp: test.ramp}
				o := client.Options{Dialer: func(ctx context.Context, _ *url.URL) (net.Conn, error) {
					dialed.Add(1)
					<-ctx.Done()
					return nil, context.Cause(ctx)
				}}
				b := newLoad(f, "mqtt://broker", f.options(o))
				ctx, stop := context.WithTimeout(t.Context(), test.passes+time.Millisecond)
				defer stop()
				var s *statusError
				require.ErrorAs(t, b.connect(ctx), &s)
				assert.Equal(t, statusUnsure, s.status)
				assert.Equal(t, test.dialed, dialed.Load())
			})
		})
	}
}

func TestTheConnectionThatFailsIsToldAndTheOthersAreGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dialed atomic.Int64
		f := &benchFlags{subscribers: 1, publishers: 2, to: toAll, size: stampSize, ramp: 1}
		o := client.Options{Dialer: func(ctx context.Context, _ *url.URL) (net.Conn, error) {
			if dialed.Add(1) == 2 {
				return nil, errors.New("nobody is there")
			}
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}}
		b := newLoad(f, "mqtt://broker", f.options(o))
		err := b.connect(t.Context())
		var s *statusError
		require.ErrorAs(t, err, &s)
		assert.Equal(t, statusConnect, s.status)
		assert.ErrorContains(t, err, "connection 2: ")
		assert.ErrorContains(t, err, "nobody is there")
		assert.Equal(t, int64(2), dialed.Load())
	})
}

func TestWithARateThePublishersTakeTurns(t *testing.T) {
	b := &load{f: &benchFlags{publishers: 4, rate: 10}, begin: time.Second}
	var due []time.Duration
	for number := range 2 {
		for publisher := range 4 {
			due = append(due, b.due(publisher, number)/time.Millisecond)
		}
	}
	assert.Equal(t, []time.Duration{1000, 1025, 1050, 1075, 1100, 1125, 1150, 1175}, due)
}

// The subscriber of one is there, and its publisher is not yet, while the other sends.
func TestTwoBenchesAtABrokerDoNotCountTheMessagesOfOneAnother(t *testing.T) {
	for name, test := range map[string]struct {
		topic   string
		to      string
		strange bool
	}{
		"each to its own topic": {"", toAll, false},
		"to the same topic":     {"bench", toAll, true},
		"to the same, shared":   {"bench", toShare, true},
	} {
		t.Run(name, func(t *testing.T) {
			beside(t, broker.Hooks{}, func(t *testing.T, o client.Options) {
				f := benchFlags{topic: test.topic, publishers: 1, subscribers: 1, to: test.to, qos: 1, size: stampSize,
					rate: 100, count: 200, window: 100, wait: 1, ramp: 4}
				other := make(chan result, 1)
				go func() { other <- loaded(t, o, &f) }()
				later := f
				later.ramp = 1
				for _, r := range []result{loaded(t, o, &later), <-other} {
					assert.Equal(t, [...]int64{200, 200, 0, 0}, [...]int64{r.Sent, r.Received, r.Lost, r.Duplicates})
					assert.Equal(t, test.strange, r.Strange > 0)
					assert.Less(t, r.Max, 10.0)
				}
			})
		})
	}
}

func TestStrangeMessagesAreToldWhereThereAreSome(t *testing.T) {
	assert.Contains(t, (&result{Strange: 7}).text(), "strange     7, ")
	assert.NotContains(t, (&result{}).text(), "strange")
}

func TestTheClientsOfABenchHaveIdentifiersOfTheirOwnThatEveryServerTakes(t *testing.T) {
	f := &benchFlags{}
	one, other := newLoad(f, "", f.options(client.Options{})), newLoad(f, "", f.options(client.Options{}))
	assert.NotEqual(t, one.o.ClientID, other.o.ClientID)
	assert.LessOrEqual(t, len("bench-"+runID(math.MaxUint64).String()+"-9999"), 23)
	f.connection.idPrefix = "mine-"
	assert.Regexp(t, "^mine-[0-9A-Za-z]+$", newLoad(f, "", f.options(client.Options{})).o.ClientID)
}

func TestAStampIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := stamp{
			run:       runID(rapid.Uint64().Draw(t, "run")),
			due:       time.Duration(rapid.Int64().Draw(t, "due")),
			publisher: rapid.Uint32().Draw(t, "publisher"),
			number:    rapid.Uint32().Draw(t, "number"),
		}
		payload := make([]byte, stampSize)
		s.write(payload)
		assert.Equal(t, s, readStamp(payload))
	})
}

func TestAMessageIsCountedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, seen := &receiver{seen: map[uint32][]uint64{}}, map[uint32]bool{}
		for _, n := range rapid.SliceOf(rapid.Uint32Max(300)).Draw(t, "numbers") {
			assert.Equal(t, !seen[n], r.first(7, n))
			seen[n] = true
		}
		assert.False(t, r.first(8, mqttwire.MaxPacketSize), "a number from nowhere takes no memory")
	})
}

func TestPercentilesAreWrongByLessThanTwoInAHundred(t *testing.T) {
	var l latencies
	assert.Zero(t, l.at(0.5))
	for i := range 1000 {
		l.add(time.Duration(i+1) * time.Millisecond)
	}
	for part, want := range map[float64]time.Duration{0: 1, 0.5: 501, 0.9: 901, 0.99: 991, 1: 1000} {
		assert.InEpsilon(t, want*time.Millisecond, l.at(part), 0.02, part)
	}
	assert.Equal(t, time.Second, l.max())
	l.add(-1)
	assert.Zero(t, l.at(0))
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64Max(1<<63-1).Draw(t, "n")
		bound := latencyBound(latencyBucket(n))
		assert.GreaterOrEqual(t, bound, n)
		assert.LessOrEqual(t, float64(bound-n), float64(n)/latencyBuckets)
	})
}
