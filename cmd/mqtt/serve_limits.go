package main

import (
	"fmt"
	"math"
	"time"

	"github.com/spf13/pflag"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/server"
	"github.com/mqttwire/mqttwire/session"
)

// limitFlags bound what clients can make the broker do and keep; 0 is no limit, but for
// topic aliases, a QoS and what cannot be 0.
type limitFlags struct {
	conns, perAddress       int
	acceptRate, messageRate float64
	packetSize              uint32
	sessions                int
	queued, queuedBytes     int
	subscriptions           int
	retained, retainedBytes int
	inFlight                uint16
	receiveMaximum, aliases uint16
	expiry                  uint32
	keepAlive               uint16
	qos                     uint8
	connectTimeout          float64
}

func (f *limitFlags) add(flags *pflag.FlagSet) {
	flags.IntVar(&f.conns, "max-connections", 0, "at most `N` connections; 0 is any number")
	flags.IntVar(&f.perAddress, "max-connections-per-address", 0, "at most `N` connections of one address; 0 is any number")
	flags.Float64Var(&f.acceptRate, "accept-rate", 0, "accept at most `N` connections a second at each URL; 0 is any number")
	flags.Float64Var(&f.messageRate, "message-rate", 0, "handle at most `N` packets of a client a second; 0 is any number")
	flags.Float64Var(&f.connectTimeout, "connect-timeout", 30, "close a connection that has not sent its CONNECT after so many `SECONDS`")
	flags.Uint32Var(&f.packetSize, "max-packet-size", mqttwire.DefaultPacketSize, "take packets of at most so many `BYTES`")
	flags.IntVar(&f.sessions, "max-sessions", 0, "keep at most `N` sessions; 0 is any number")
	flags.IntVar(&f.queued, "max-queued", 1000, "keep at most `N` messages for each client; 0 is any number")
	flags.IntVar(&f.queuedBytes, "max-queued-bytes", 1<<20, "keep at most so many `BYTES` of messages for each client; 0 is any number")
	flags.IntVar(&f.subscriptions, "max-subscriptions", 1000, fmt.Sprintf("a client has at most `N` subscriptions, with filters of %d bytes on the average; 0 is any number", usualFilter))
	flags.IntVar(&f.retained, "max-retained", 0, "keep at most `N` retained messages; 0 is any number; the figures below $SYS do not count")
	flags.IntVar(&f.retainedBytes, "max-retained-bytes", 0, "keep at most so many `BYTES` of such messages; 0 is any number")
	flags.Uint16Var(&f.inFlight, "max-inflight", 0, "send a client at most `N` messages of QoS 1 and 2 at once; 0 is as many as it takes")
	flags.Uint16Var(&f.receiveMaximum, "receive-maximum", 0, "a client has at most `N` such messages under way; 0 is 65535 (5.0)")
	flags.Uint16Var(&f.aliases, "max-topic-alias", 10, "a client may set `N` topic aliases (5.0)")
	flags.Uint32Var(&f.expiry, "max-session-expiry", 0, "keep a session at most so many `SECONDS` without a connection, anew with each start before 5.0; 0 is for ever")
	flags.Uint16Var(&f.keepAlive, "max-keepalive", 0, "the longest keep alive in `SECONDS`; 0 is any (5.0)")
	flags.Uint8Var(&f.qos, "max-qos", 2, "the highest `QOS` that is sent, and that clients of 5.0 may publish with")
	f.check(flags)
}

// check has each of the flags take only what it may be.
func (f *limitFlags) check(flags *pflag.FlagSet) {
	for name, n := range map[string]*int{
		"max-connections": &f.conns, "max-connections-per-address": &f.perAddress, "max-sessions": &f.sessions,
		"max-queued": &f.queued, "max-queued-bytes": &f.queuedBytes, "max-subscriptions": &f.subscriptions,
		"max-retained": &f.retained, "max-retained-bytes": &f.retainedBytes,
	} {
		checkCount(flags, name, n)
	}
	checkNumber(flags, "accept-rate", &f.acceptRate)
	checkNumber(flags, "message-rate", &f.messageRate)
	check(flags, "connect-timeout", "more than 0, and at most 2147483647", func(string) bool {
		return f.connectTimeout > 0 && f.connectTimeout <= math.MaxInt32
	})
	check(flags, "max-packet-size", fmt.Sprint(minimumPacketSize, " to ", mqttwire.MaxPacketSize), func(string) bool {
		return f.packetSize >= minimumPacketSize && f.packetSize <= mqttwire.MaxPacketSize
	})
	check(flags, "max-qos", "0, 1 or 2", func(string) bool { return f.qos <= 2 })
}

// minimumPacketSize is what a CONNECT needs with a client identifier and a password.
const minimumPacketSize = 128

// broker fills the options of a broker.
func (f *limitFlags) broker(o *broker.Options) {
	o.Limits = broker.Limits{
		Sessions:      f.sessions,
		Queue:         session.Bounds{Count: orAny(f.queued), Bytes: orAny(f.queuedBytes)},
		Subscriptions: subscriptionBounds(f.subscriptions),
		Retained:      session.Bounds{Count: f.retained, Bytes: f.retainedBytes},
		InFlight:      f.inFlight,
		SessionExpiry: time.Duration(f.expiry) * time.Second,
	}
	o.Offers = broker.Offers{
		LimitQoS: f.qos < 2, MaximumQoS: mqttwire.QoS(f.qos),
		KeepAlive: f.keepAlive, ReceiveMaximum: f.receiveMaximum, TopicAliases: f.aliases, PacketSize: f.packetSize,
	}
}

// orAny returns a limit for the broker, to which 0 is not any number but what it has by
// itself.
func orAny(n int) int {
	if n == 0 {
		return math.MaxInt
	}
	return n
}

// What the filters of a client take: no more than this for each on the average, with what a
// session counts beside the filter, and as much as the least in any case, so that a few may
// be long.
const (
	usualFilter        = 200
	subscriptionBytes  = usualFilter + 64
	leastSubscriptions = 256 << 10
)

// subscriptionBounds bounds subscriptions by their number, and by so many bytes that it is
// the number that counts.
func subscriptionBounds(n int) session.Bounds {
	n = orAny(n)
	if n > math.MaxInt/subscriptionBytes {
		return session.Bounds{Count: n, Bytes: math.MaxInt}
	}
	return session.Bounds{Count: n, Bytes: max(leastSubscriptions, n*subscriptionBytes)}
}

func (f *limitFlags) server() server.Limits {
	return server.Limits{Conns: f.conns, ConnsPerAddress: f.perAddress, AcceptRate: f.acceptRate, MessageRate: f.messageRate}
}

func (f *limitFlags) link() session.LinkOptions {
	return session.LinkOptions{ConnectTimeout: seconds(f.connectTimeout), Limits: mqttwire.Limits{PacketSize: int(f.packetSize)}}
}
