package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mqttwire/mqttwire/pcap"
)

const usage = `mqttdump shows what the MQTT connections (versions 3.1, 3.1.1 and 5.0) in FILEs of
recorded traffic did: one line for each packet, or with a command an answer.

A FILE is a capture, as tcpdump and Wireshark write them, raw MQTT bytes, or hex
text; its content tells which. - is standard input:

    tcpdump -i any -U -w - tcp port 1883 | mqttdump -

A line has these columns: the time of the record that completed the packet; the
number of the TCP stream, from 0; the client's address; its client
identifier; -> if the client has sent the packet, <- if the server has, -- if
nobody knows; the packet type; what the packet says. In raw bytes and hex text
the number of the packet, from 1, stands for time and stream. With several FILEs
the name of the FILE comes first; captures among them are read as one timeline,
as of a capture that was rotated. What is no packet, such as a connection that
was reset, has a line of its own, with its name in small letters.

Each TCP stream is put together and checked for MQTT, whatever its port. The
CONNECT tells the version; where it is not in the capture the version is guessed,
and shown with a question mark. A malformed packet is printed with what is wrong
with it, and decoding goes on. The last line, on standard error, says what was in
the capture. Ctrl-C ends the reading: what was read is printed.

`

// run is the whole program: it returns the exit status.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := newApp(ctx, stdin, stdout, stderr)
	root := newRoot(a)
	root.SetArgs(args)
	err := oneDash(root, args)
	if err == nil {
		err = root.Execute()
	}
	if flushed := a.stdout.Flush(); flushed != nil || a.stdoutFailed() {
		return statusUnread // nobody reads the output any more
	}
	if err != nil {
		var told toldError
		if !errors.As(err, &told) {
			fmt.Fprintf(stderr, "mqttdump: %s\nmqttdump -h tells how to use it.\n", printableLines(err.Error()))
		}
		return max(a.status, statusUnread)
	}
	return a.status
}

// toldError is an error that the user has been told of.
type toldError struct{ error }

// newRoot builds the command line.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "mqttdump [command] FILE...",
		Short: "shows what MQTT connections in recorded traffic did",
		Long:  usage + statusHelp,
		Args:  cobra.ArbitraryArgs,

		SilenceErrors: true, SilenceUsage: true, DisableAutoGenTag: true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE:              func(_ *cobra.Command, files []string) error { return a.dump(files) },
	}
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetHelpCommand(&cobra.Command{Hidden: true, Use: "no-help"}) // help is the name of a file as well
	root.PersistentFlags().SortFlags, root.Flags().SortFlags = false, false
	a.input.flags(root.PersistentFlags())
	a.filter.flags(root.PersistentFlags())
	a.show.flags(root.PersistentFlags())
	a.show.lineFlags(root.Flags())
	root.AddCommand(newStats(a), newSessions(a), newLatency(a), newCheck(a), newReport(a), newCompletions(a), newMan(a))
	for name, choices := range map[string][]string{"color": colorChoices, "time": timeChoices, "mqtt-version": versionChoices, "type": typeNames()} {
		must(root.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp)))
	}
	return root
}

// must is for errors that only the program's own text can make.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// oneDash refuses a long flag behind one dash, which would be taken for several short
// ones.
func oneDash(root *cobra.Command, args []string) error {
	for _, arg := range args {
		if arg == "--" {
			return nil
		}
		name, _, _ := strings.Cut(arg, "=")
		if len(name) < 3 || name[0] != '-' || name[1] == '-' {
			continue
		}
		for _, c := range append(root.Commands(), root) {
			if c.Flag(name[1:]) != nil {
				return fmt.Errorf("%s is a long flag: write -%s", name, name)
			}
		}
	}
	return nil
}

// inputOptions say how the files are read.
type inputOptions struct {
	pcap.Options
	streamVersions map[string]string
	ports          []uint
	keyLog         string
	quiet          bool
}

func (o *inputOptions) flags(f *pflag.FlagSet) {
	f.Var(&versionValue{&o.Version}, "mqtt-version", "`version` (3.1, 3.1.1 or 5) of streams without CONNECT, instead of a guess")
	f.StringToStringVar(&o.streamVersions, "stream-version", nil, "the same for single streams: `number=version`,…")
	f.UintSliceVarP(&o.ports, "port", "p", nil, "`ports` on which MQTT is spoken besides 1883: it takes less to recognise it there")
	f.StringVar(&o.keyLog, "keylog", "", "the `file` with the secrets of TLS sessions, as SSLKEYLOGFILE makes programs\nwrite it; those in a pcapng file are used without it")
	f.BoolVar(&o.Raw, "raw", false, "a file of no known format holds MQTT bytes, even if it does not begin with a\npacket that is legal")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no closing line on standard error, and no progress bar")
}

// decoder returns the options for the decoder.
func (o *inputOptions) decoder() (pcap.Options, error) {
	c := o.Options
	for _, p := range o.ports {
		if p > 0xFFFF {
			return c, fmt.Errorf("--port %d: ports end at 65535", p)
		}
		c.Ports = append(c.Ports, uint16(p))
	}
	if o.keyLog != "" {
		f, err := os.Open(o.keyLog)
		if err != nil {
			return c, fmt.Errorf("--keylog %s: %w", o.keyLog, withoutName(err))
		}
		c.KeyLog = pcap.NewKeyLog(f) // it is read for as long as the program runs
	}
	for stream, version := range o.streamVersions {
		var n int
		if _, err := fmt.Sscanf(stream+"\n", "%d\n", &n); err != nil {
			return c, fmt.Errorf("--stream-version %s=%s: %q is not the number of a stream", stream, version, stream)
		}
		v, err := parseVersion(version)
		if err != nil {
			return c, fmt.Errorf("--stream-version %s=%s: %w", stream, version, err)
		}
		if c.StreamVersions == nil {
			c.StreamVersions = make(map[int]versionNumber)
		}
		c.StreamVersions[n] = v
	}
	return c, nil
}

// showOptions say how the output looks.
type showOptions struct {
	json       bool
	secrets    bool
	color      string
	time       string
	zone       *time.Location
	maxPayload int
	verbose    bool
	hex        bool
	cases      bool
	payloads   string
	raw        string
	force      bool
}

func (o *showOptions) flags(f *pflag.FlagSet) {
	o.color, o.time, o.zone = "auto", timeUTC, time.Local
	f.BoolVarP(&o.json, "json", "j", false, "JSON, one object a line")
	f.BoolVarP(&o.secrets, "secrets", "s", false, "show user names, passwords and authentication data too")
	f.BoolVar(&o.force, "force", false, "folders and files to write may exist: what is in them may be overwritten")
	f.VarP(&choiceValue{&o.time, timeChoices}, "time", "T", "times as `utc|local|start|delta`: start counts from the first\npacket, delta from the one before in the stream")
	f.Var(&choiceValue{&o.color, colorChoices}, "color", "colour the output: `auto|always|never`; auto is on a terminal,\nunless NO_COLOR is set")
}

// lineFlags are the flags of lines for packets.
func (o *showOptions) lineFlags(f *pflag.FlagSet) {
	f.BoolVarP(&o.verbose, "verbose", "v", false, "all fields of each packet, a line for each, with the names that JSON has")
	f.BoolVarP(&o.hex, "hex", "x", false, "the bytes of each packet, field by field, with name, value and section of the\nstandard")
	f.IntVar(&o.maxPayload, "max-payload", 0, "in JSON, show of payloads over so many `bytes` length and SHA-256 only")
	f.StringVar(&o.payloads, "payload", "", "write the payload of each PUBLISH to a file in this new `folder`")
	f.StringVar(&o.raw, "raw-out", "", "write the bytes of each packet to a file in this new `folder`; what is written\nthere may be secret")
	f.BoolVar(&o.cases, "case", false, "each packet as a case of the corpus, ready for a test")
}
