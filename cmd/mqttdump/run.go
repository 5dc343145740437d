package main

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/mqttwire/mqttwire"
)

// The exit statuses. A higher one wins over a lower one. Unread is a file or the
// rest of it, and a packet or the start or the rest of a direction that cannot
// be decoded since bytes are missing; bytes missing where no packet is known to
// have been, before the first or right before the end, raise no status.
const (
	statusDecoded   = 0
	statusMalformed = 1
	statusUnread    = 2
)

const usage = `Usage: mqttdump [flags] FILE...

Prints the MQTT packets (versions 3.1, 3.1.1 and 5.0) in FILEs, one line each.
A FILE is a capture (pcap or pcapng, as tcpdump and Wireshark write them), raw
MQTT bytes, or hex text (with 0x, offsets and # or // comments if you like, or
as xxd, hexdump -C, od -t x1 and Wireshark print it); its content tells which.
- is standard input:

    tcpdump -i any -U -w - tcp port 1883 | mqttdump -

A line has these columns: the time of the record that completed the packet, in
UTC; the number of the TCP stream in the file, from 0; sender > receiver; the
packet type; what the packet says. In raw bytes and hex text the number of the
packet, from 1, stands for the first three. With several FILEs the name of the
FILE comes first.

In a capture, each TCP stream is put together and checked for MQTT, whatever its
port. The CONNECT tells the version; where it is not in the capture the version
is guessed, and shown with a question mark. A malformed packet is printed with
what is wrong with it, and decoding goes on. What is no packet (streams of other
protocols, bytes missing from the capture) is told on standard error.

Flags, before or after FILEs, up to -- if there is one:
  -json              print one JSON object for each packet, in the form that
                     go doc github.com/mqttwire/mqttwire/packets.JSON tells,
                     with payloads of up to 64 bytes, and more keys beside it
  -secrets           print user names, passwords and authentication data too
  -mqtt-version V    the version (3.1, 3.1.1 or 5; also 3, 4 or 5, the protocol
                     level) of streams without CONNECT, instead of a guess
  -color WHEN        colour the output: auto (the default: on a terminal, unless
                     NO_COLOR is set), always or never
  -h                 print this text

Exit status:
  0  all packets were decoded
  1  there are malformed packets, or packets their sender may not send
  2  a file or the rest of one cannot be read; or a packet, or the start or the
     rest of one direction of a stream, cannot be decoded because bytes are
     missing from the capture; or the output cannot be written; or the command
     line cannot be understood
Bytes missing before the first packet of a direction, or right before its end,
are told on standard error and do not change the status.
`

// options are the command line.
type options struct {
	json    bool
	secrets bool
	version mqttwire.Version
	color   string
	files   []string
}

// run is the whole program: it returns the exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		if _, err := io.WriteString(stdout, usage); err != nil {
			return statusUnread
		}
		return statusDecoded
	}
	if err != nil {
		fmt.Fprintf(stderr, "mqttdump: %s\nmqttdump -h tells how to use it.\n", printable(err.Error()))
		return statusUnread
	}
	d := newDumper(o, stdin, stdout, stderr)
	for _, name := range o.files {
		if err := d.dump(name); err != nil {
			return statusUnread // nobody reads the output any more
		}
	}
	return d.status
}

// parse reads the command line.
func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("mqttdump", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&o.json, "json", false, "")
	flags.BoolVar(&o.secrets, "secrets", false, "")
	flags.Func("mqtt-version", "", func(s string) (err error) {
		o.version, err = parseVersion(s)
		return err
	})
	o.color = "auto"
	flags.Func("color", "", func(s string) error {
		o.color = s
		if s != "auto" && s != "always" && s != "never" {
			return errors.New("it is one of auto, always, never")
		}
		return nil
	})
	var err error
	if o.files, err = parseMixed(flags, args); err != nil {
		return o, err
	}
	if len(o.files) == 0 {
		return o, errors.New("no file was given")
	}
	return o, nil
}

// parseMixed parses flags that may stand behind file names too, up to --, and
// returns the file names. By itself package flag stops at the first.
func parseMixed(flags *flag.FlagSet, args []string) (files []string, err error) {
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		rest := flags.Args()
		parsed := args[:len(args)-len(rest)]
		if len(rest) == 0 || len(parsed) > 0 && parsed[len(parsed)-1] == "--" {
			return append(files, rest...), nil
		}
		files, args = append(files, rest[0]), rest[1:]
	}
}

// parseVersion reads a version by its name or its protocol level.
func parseVersion(s string) (mqttwire.Version, error) {
	switch s {
	case "3", "3.1":
		return mqttwire.V31, nil
	case "4", "3.1.1":
		return mqttwire.V311, nil
	case "5", "5.0":
		return mqttwire.V5, nil
	}
	return 0, errors.New("it is one of 3.1, 3.1.1, 5")
}
