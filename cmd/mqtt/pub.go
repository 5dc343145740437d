package main

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// pubFlags are those of pub.
type pubFlags struct {
	connection  connectionFlags
	topic       string
	message     string
	file        string
	lines       bool
	whole       bool
	null        bool
	qos         uint8
	retain      bool
	repeat      int
	repeatDelay float64
	noProgress  bool
}

// newPub returns the command that publishes.
func newPub(e environment) *cobra.Command {
	f := &pubFlags{}
	c := &cobra.Command{
		Use:   "pub {-t TOPIC | -L URL} {-m MESSAGE | -f FILE | -s | -l | -n} [flags]",
		Short: "publish messages",
		Long: "pub publishes one message, or with -l one for each line of the standard input, and ends when the broker has\n" +
			"acknowledged them as their QoS asks. It connects once; a connection that is lost on the way is made again, and\n" +
			"what was not acknowledged is sent again.\n\n" + statusHelp,
		Example: "  mqtt pub -h broker.example -t hall/temp -m 21.5 -q 1 -r\n" +
			"  mqtt pub -t logs -l -q 1 < app.log\n" +
			"  mqtt pub -L mqtts://me@broker.example/hall/temp --pw-file secret -m 21.5 -D publish.content-type=text/plain",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c.Context(), e, c) },
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVarP(&f.topic, "topic", "t", "", "the `TOPIC`")
	flags.StringVarP(&f.message, "message", "m", "", "the `MESSAGE`")
	flags.StringVarP(&f.file, "file", "f", "", "the `FILE` is the message")
	flags.BoolVarP(&f.whole, "stdin-file", "s", false, "the standard input is the message")
	flags.BoolVarP(&f.lines, "stdin-line", "l", false, "each line of the standard input is a message")
	flags.BoolVarP(&f.null, "null-message", "n", false, "the message has no bytes; with -r it deletes what the broker keeps")
	flags.Uint8VarP(&f.qos, "qos", "q", 0, "the `QOS`: 0 at most once, 1 at least once, 2 exactly once")
	flags.BoolVarP(&f.retain, "retain", "r", false, "the broker keeps the message for those who subscribe later")
	flags.IntVar(&f.repeat, "repeat", 1, "publish it `N` times; not with -l")
	flags.Float64Var(&f.repeatDelay, "repeat-delay", 0, "wait for so many `SECONDS` between them")
	flags.BoolVar(&f.noProgress, "no-progress", false, "show no bar where there is a terminal and much to send")
	f.connection.add(flags)
	return c
}

// check says what is wrong with the flags.
func (f *pubFlags) check(c *cobra.Command) error {
	inputs := 0
	for _, name := range []string{"message", "file", "stdin-file", "stdin-line", "null-message"} {
		if c.Flags().Changed(name) {
			inputs++
		}
	}
	switch {
	case f.topic == "":
		return errors.New("there is no topic: -t, or -L with one")
	case inputs != 1:
		return errors.New("the message comes from one of -m, -f, -s, -l, -n")
	case f.qos > 2:
		return errQoS
	case f.repeat < 1, f.repeatDelay < 0, f.repeatDelay > math.MaxInt32:
		return errors.New("--repeat is 1 or more, and --repeat-delay not below 0")
	case f.lines && f.repeat > 1:
		return errors.New("--repeat and -l do not go together")
	}
	return mqttwire.CheckTopicName([]byte(f.topic), mqttwire.V5)
}

func (f *pubFlags) run(ctx context.Context, e environment, c *cobra.Command) error {
	address, topic, err := f.connection.server()
	if err != nil {
		return err
	}
	if f.topic == "" {
		f.topic = topic
	}
	if err := f.check(c); err != nil {
		return err
	}
	o, properties, err := f.connection.options(e)
	if err != nil {
		return err
	}
	o.Session.Queue = session.Bounds{Count: math.MaxInt, Bytes: math.MaxInt} // the window bounds it
	o.Session.QueueQoS0 = true
	in, err := f.input(e)
	if err != nil {
		return &statusError{statusFile, err}
	}
	defer in.close()
	conn, err := f.connection.connect(ctx, e, address, o)
	if err != nil {
		return err
	}
	p := publisher{conn: conn, e: e, in: in, bar: f.progress(e, in)}
	p.packet = packets.Publish{Topic: []byte(f.topic), QoS: mqttwire.QoS(f.qos), Retain: f.retain,
		Properties: *properties[mqttwire.PropertyOwner(mqttwire.PUBLISH)]}
	p.delay = time.Duration(f.repeatDelay * float64(time.Second))
	err = p.publish(ctx)
	p.bar.end()
	if closing := conn.close(ctx); err == nil && closing != nil && !errors.Is(closing, client.ErrClosed) {
		err = &statusError{statusUnsure, closing}
	}
	return err
}
