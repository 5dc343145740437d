package main

import (
	"bufio"
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
)

// subFlags are those of sub.
type subFlags struct {
	connection    connectionFlags
	topics        []string
	without       []string
	unsubscribe   []string
	qos           uint8
	count         int
	timeout       float64
	verbose       bool
	noNewline     bool
	format        string
	noRetained    bool
	retainedOnly  bool
	remove        bool
	exitAfter     bool
	noLocal       bool
	asPublished   bool
	retainHandles uint8
	share         string
}

// newSub returns the command that subscribes.
func newSub(e environment) *cobra.Command {
	f := &subFlags{}
	c := &cobra.Command{
		Use:   "sub {-t FILTER | -L URL} [flags]",
		Short: "subscribe, and print the messages that come",
		Long: "sub prints the messages of one or several topic filters until a signal, -C or -W ends it. It connects once; a\n" +
			"connection that is lost is made again, with the subscriptions, as long as it takes.\n\n" + formatHelp + "\n\n" + statusHelp + "\nand of sub:" + subStatusHelp,
		Example: "  mqtt sub -h broker.example -v -t 'hall/#'\n" +
			"  mqtt sub -t 'hall/+/temp' -F '%I %t %p' -C 10 -W 60\n" +
			"  mqtt sub -t '#' -F %j | jq .topic",
		Args: noFilters,
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c.Context(), e) },
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringArrayVarP(&f.topics, "topic", "t", nil, "a topic `FILTER`, any number of times")
	flags.StringArrayVarP(&f.without, "filter-out", "T", nil, "do not print what matches this `FILTER`, any number of times")
	flags.StringArrayVarP(&f.unsubscribe, "unsubscribe", "U", nil, "unsubscribe from this `FILTER`, any number of times")
	flags.Uint8VarP(&f.qos, "qos", "q", 0, "the highest `QOS` that messages come with")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "print the topic before the message")
	flags.StringVarP(&f.format, "format", "F", "", "print messages in this `FORMAT`; %j is a line of JSON")
	flags.BoolVarP(&f.noNewline, "no-newline", "N", false, "print no end of line behind a message")
	flags.IntVarP(&f.count, "count", "C", 0, "end after `N` messages were printed")
	flags.Float64VarP(&f.timeout, "timeout", "W", 0, "end `SECONDS` after the connection was made, with status 27")
	flags.BoolVarP(&f.exitAfter, "exit-after-subscribe", "E", false, "end when the broker has answered to the subscriptions")
	flags.BoolVarP(&f.noRetained, "no-retained", "R", false, "print no messages that the broker had kept")
	flags.BoolVar(&f.retainedOnly, "retained-only", false, "print only those, and end at the first other one")
	flags.BoolVar(&f.remove, "remove-retained", false, "have the broker forget those that are printed")
	flags.Uint8Var(&f.retainHandles, "retain-handling", 0, "what the broker has kept comes with: 0 each subscription, 1 a new one, 2 none; `N` (5.0)")
	flags.BoolVar(&f.asPublished, "retain-as-published", false, "messages keep their retain flag (5.0)")
	flags.BoolVar(&f.noLocal, "no-local", false, "what this client publishes does not come back (5.0)")
	flags.StringVar(&f.share, "share", "", "share the messages with the others of this `GROUP`: each goes to one of them (5.0)")
	f.connection.add(flags)
	return c
}

// noFilters refuses arguments: mosquitto_sub takes none either.
func noFilters(c *cobra.Command, args []string) error {
	if len(args) > 0 && !c.Flags().Changed("topic") {
		return errors.New("a topic filter stands behind -t; in quotes, as the shell may know # and $")
	}
	return noArgs(c, args)
}

// subscriptions returns what the flags ask for.
func (f *subFlags) subscriptions() (list []packets.Subscription, err error) {
	switch {
	case len(f.topics) == 0 && len(f.unsubscribe) == 0:
		return nil, errors.New("there is no topic filter: -t, or -L with one")
	case f.qos > 2:
		return nil, errQoS
	case f.retainHandles > 2:
		return nil, errors.New("--retain-handling is 0, 1 or 2")
	case f.noRetained && f.retainedOnly:
		return nil, errors.New("-R and --retained-only leave nothing to print")
	case f.count < 0, f.timeout < 0:
		return nil, errors.New("-C and -W are not below 0")
	case f.share != "" && f.noLocal:
		return nil, errors.New("--no-local and --share do not go together") // [MQTT-3.8.3-4]
	}
	for _, topic := range f.topics {
		if f.share != "" {
			topic = "$share/" + f.share + "/" + topic
		}
		if err := mqttwire.CheckTopicFilter([]byte(topic), mqttwire.V5); err != nil {
			return nil, err
		}
		s := client.Sub(topic, mqttwire.QoS(f.qos))
		s.NoLocal, s.RetainAsPublished, s.RetainHandling = f.noLocal, f.asPublished, f.retainHandles
		list = append(list, s)
	}
	return list, nil
}

// receiveMaximum is how many messages of QoS 1 and 2 may come before they are printed. It is
// large as mosquitto 2.0.11 takes a message of QoS 2 as done with PUBREC, and so sends far
// more than it may: with its own limit of 20, more than 180. [MQTT-3.3.4-9]
const receiveMaximum = 2000

func (f *subFlags) run(ctx context.Context, e environment) error {
	address, topic, err := f.connection.server()
	if err != nil {
		return err
	}
	if topic != "" {
		f.topics = append(f.topics, topic)
	}
	list, err := f.subscriptions()
	if err != nil {
		return err
	}
	print, err := f.printer()
	if err != nil {
		return err
	}
	o, _, err := f.connection.options(e)
	if err != nil {
		return err
	}
	o.ReceiveMaximum = receiveMaximum
	conn, err := f.connection.connect(ctx, e, address, o)
	if err != nil {
		return err
	}
	if f.timeout > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, time.Duration(f.timeout*float64(time.Second)), errTime)
		defer stop()
	}
	err = f.subscribe(ctx, e, conn, list)
	if err == nil && !f.exitAfter {
		err = f.receive(ctx, e, conn, print)
	}
	_ = conn.close(ctx) // what is left is the broker's to send again
	return err
}

// subscribe subscribes, and unsubscribes. A subscription that is refused is told; it is
// an error if all are.
func (f *subFlags) subscribe(ctx context.Context, e environment, c *connection, list []packets.Subscription) error {
	if len(f.unsubscribe) > 0 {
		if err := c.Unsubscribe(ctx, f.unsubscribe...); err != nil {
			return failed(ctx, err)
		}
	}
	if len(list) == 0 {
		return nil
	}
	grants, err := c.Subscribe(ctx, nil, list...)
	for _, g := range grants {
		if _, ok := g.QoS(); ok && errors.Is(err, client.ErrRefused) {
			e.say("%v", err)
			return nil
		}
	}
	if ended := c.ended(ctx); err != nil && ended != nil {
		return ended
	}
	return failed(ctx, err)
}

// receive prints messages until ctx ends, or there are enough.
func (f *subFlags) receive(ctx context.Context, e environment, c *connection, print printer) error {
	out := bufio.NewWriter(e.out)
	left := f.count
	for m := range c.Messages(ctx) {
		if f.retainedOnly && !m.Retain {
			break
		}
		if f.leaveOut(m) {
			continue
		}
		if err := print(out, m, time.Now()); err != nil {
			e.say("%v", err)
			continue
		}
		if err := out.Flush(); err != nil {
			return &statusError{statusFile, err}
		}
		if f.remove && m.Retain {
			c.Send(&packets.Publish{Topic: []byte(m.Topic), Retain: true})
		}
		if left--; left == 0 {
			return nil
		}
	}
	if errors.Is(context.Cause(ctx), errTime) {
		return &statusError{statusTimeout, nil}
	}
	return c.ended(ctx)
}

// leaveOut reports whether a message is not to be printed.
func (f *subFlags) leaveOut(m *client.Message) bool {
	if f.noRetained && m.Retain {
		return true
	}
	for _, filter := range f.without {
		if mqttwire.MatchTopic([]byte(filter), []byte(m.Topic)) {
			return true
		}
	}
	return false
}
