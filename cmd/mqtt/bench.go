package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/session"
)

// benchFlags are those of bench.
type benchFlags struct {
	connection              connectionFlags
	topic                   string
	publishers, subscribers int
	to                      string
	qos                     uint8
	size                    int
	rate                    float64
	count                   int
	duration                float64
	window                  int
	ramp                    float64
	wait                    float64
	json, noProgress        bool
}

const benchHelp = `Each publisher has a topic of its own. With --to all each subscriber gets the messages of all, with pairs the
n-th those of the n-th publisher, and with share each message goes to one of them. The time of a message goes
from when it is to be sent, which with --rate is when its turn has come even if the broker holds up those before
it, to when it has arrived. The first bytes of a message say of which run it is: one of another is strange, and
only counted.`

// newBench returns the command that loads a broker.
func newBench(e environment) *cobra.Command {
	f := &benchFlags{}
	c := &cobra.Command{
		Use:   "bench [flags]",
		Short: "load a broker, and measure throughput and latency",
		Long: "bench connects publishers and subscribers to a broker, has the ones send to the others, and prints how many\n" +
			"messages a second went through, and how long they took. If one is lost or was not sent its status is 4, and if a\n" +
			"connection is lost 2.\n\n" + benchHelp + "\n\n" + statusHelp,
		Example: "  mqtt bench -h broker.example --publishers 10 --subscribers 10 --to pairs --rate 100 -q 1\n" +
			"  mqtt bench --publishers 1 --subscribers 1000 --ramp 200 --count 1000 --size 256",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c.Context(), e) },
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVarP(&f.topic, "topic", "t", "", "the topics are this `TOPIC` and one level more; bench/ and a word of this run, unless given")
	flags.IntVar(&f.publishers, "publishers", 1, "`N` clients that publish")
	flags.IntVar(&f.subscribers, "subscribers", 1, "`N` clients that subscribe")
	flags.StringVar(&f.to, "to", "all", "`WHO` gets a message: all, pairs or share")
	flags.Uint8VarP(&f.qos, "qos", "q", 0, "the `QOS` of messages and subscriptions")
	flags.IntVar(&f.size, "size", 64, fmt.Sprintf("a message has so many `BYTES`, at least %d", stampSize))
	flags.Float64Var(&f.rate, "rate", 0, "each publisher sends `N` messages a second; 0 is as many as it can")
	flags.IntVar(&f.count, "count", 0, "each publisher sends `N` messages; 0 is as many as --duration lets")
	flags.Float64Var(&f.duration, "duration", 10, "send for so many `SECONDS`; not with --count")
	flags.IntVar(&f.window, "window", 100, "at most `N` messages of a publisher are under way; with QoS 0, not written")
	flags.Float64Var(&f.ramp, "ramp", 0,
		fmt.Sprintf("make `N` connections a second, at most %d at once; 0 is as many as it can", dialsAtOnce))
	flags.Float64Var(&f.wait, "wait", 5, "a message is lost if for so many `SECONDS` none has come")
	flags.BoolVar(&f.json, "json", false, "print a line of JSON")
	flags.BoolVar(&f.noProgress, "no-progress", false, "show no line of progress where there is a terminal")
	f.connection.add(flags)
	flags.Lookup("id-prefix").Usage = "the client ids are `PREFIX`, a word of this run, and a number"
	return c
}

// The kinds of --to.
const (
	toAll   = "all"
	toPairs = "pairs"
	toShare = "share"
)

// check says what is wrong with the flags.
func (f *benchFlags) check() error {
	switch {
	case f.publishers < 1, f.subscribers < 0, f.window < 1:
		return errors.New("--publishers and --window are 1 or more, and --subscribers not below 0")
	case f.to != toAll && f.to != toPairs && f.to != toShare:
		return fmt.Errorf("--to is all, pairs or share, and not %q", f.to)
	case f.to == toPairs && f.publishers != f.subscribers:
		return errors.New("--to pairs needs as many subscribers as publishers")
	case f.qos > 2:
		return errQoS
	case f.size < stampSize || f.size > mqttwire.MaxPacketSize/2:
		return fmt.Errorf("--size is %d to %d", stampSize, mqttwire.MaxPacketSize/2)
	case f.count < 0 || f.count > math.MaxInt32:
		return errors.New("--count is not below 0, and below two thousand million")
	case f.connection.id != "" || f.connection.keep:
		return errors.New("-i and -c are for one client; -I is the prefix of all")
	}
	for _, n := range []float64{f.rate, f.duration, f.ramp, f.wait} {
		if !(n >= 0 && n <= math.MaxInt32) {
			return errors.New("rates and times are not below 0")
		}
	}
	if f.topic == "" {
		return nil // it is of the run
	}
	return mqttwire.CheckTopicName([]byte(f.topic), mqttwire.V5)
}

func (f *benchFlags) run(ctx context.Context, e environment) error {
	address, topic, err := f.connection.server()
	if err != nil {
		return err
	}
	if topic != "" {
		f.topic = topic
	}
	if err := f.check(); err != nil {
		return err
	}
	o, properties, err := f.connection.options(e)
	if err != nil {
		return err
	}
	b := newLoad(f, address, f.options(o))
	b.properties = *properties[mqttwire.PropertyOwner(mqttwire.PUBLISH)]
	defer b.close()
	stop := b.progress(e)
	err = b.run(ctx)
	stop()
	if err != nil {
		return err
	}
	return b.report(ctx, e)
}

// options returns those of each client; its identifier is yet to be completed.
func (f *benchFlags) options(o client.Options) client.Options {
	o.ClientID = cmp.Or(f.connection.idPrefix, "bench-")
	o.Session.Queue = session.Bounds{Count: math.MaxInt, Bytes: math.MaxInt} // the window bounds it
	o.Session.QueueQoS0 = true
	o.ReceiveMaximum = receiveMaximum
	o.Inbound = session.Bounds{Count: math.MaxInt, Bytes: math.MaxInt}
	o.Limits.PacketSize = f.size + packetOverhead
	o.Backoff.Never = true // a connection that is lost is what is to be told
	return o
}

// packetOverhead is more than a message has besides its payload.
const packetOverhead = 128 << 10

// each returns how long after one the next of a rate is due; 0 is at once.
func each(rate float64) time.Duration {
	if rate <= 0 {
		return 0
	}
	return time.Duration(float64(time.Second) / rate)
}
