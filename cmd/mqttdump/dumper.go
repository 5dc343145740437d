package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/pcap"
)

// dumper prints the packets of files, one after the other.
type dumper struct {
	options
	stdin  io.Reader
	stdout *bufio.Writer
	stderr io.Writer
	line   bytes.Buffer // of the last packet; a line is built in the memory of the one before
	paint  palette
	live   bool // the file is standard input, which may be written to slowly
	status int
}

func newDumper(o options, stdin io.Reader, stdout, stderr io.Writer) *dumper {
	return &dumper{
		options: o, stdin: stdin, stdout: bufio.NewWriter(stdout), stderr: stderr,
		paint: newPalette(o.color, stdout),
	}
}

// raise notes a status, unless there was a worse one.
func (d *dumper) raise(status int) { d.status = max(d.status, status) }

// dump prints the packets of one file. It returns an error only if the output
// cannot be written.
func (d *dumper) dump(name string) error {
	r, err := d.open(name)
	if err != nil {
		return d.complain(name, err)
	}
	defer r.Close()
	for event, err := range r.Events() {
		if err != nil {
			return d.complain(name, err)
		}
		if err := d.print(name, event); err != nil {
			return err
		}
	}
	return d.stdout.Flush()
}

func (d *dumper) open(name string) (*pcap.Reader, error) {
	o := capture.Options{Version: d.version}
	if d.live = name == "-"; d.live {
		return pcap.NewReader(d.stdin, o)
	}
	return pcap.Open(name, o)
}

// complain names a file that cannot be read, or not to its end.
func (d *dumper) complain(name string, err error) error {
	d.raise(statusUnread)
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err // without the name once more
	}
	return d.tell(fmt.Sprintf("%s: %v", fileName(name), err))
}

// fileName is how a file is called in messages.
func fileName(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// tell writes a line to standard error, behind what was printed before.
func (d *dumper) tell(line string) error {
	err := d.stdout.Flush()
	fmt.Fprintf(d.stderr, "mqttdump: %s\n", printable(line))
	return err
}

// print prints one event.
func (d *dumper) print(name string, e capture.Event) error {
	d.raise(statusOf(e))
	switch e.Kind {
	case capture.WholePacket, capture.BrokenHeader, capture.PartialPacket:
	case capture.Closed, capture.Dropped, capture.PacketPiece:
		return nil
	default:
		return d.tell(fileName(name) + ": " + note(e))
	}
	if len(d.files) == 1 {
		name = "" // it goes without saying
	}
	d.build(name, e)
	_, err := d.stdout.Write(d.line.Bytes())
	if err == nil && d.live {
		err = d.stdout.Flush()
	}
	return err
}

// statusOf is what an event means for the exit status. Lost bytes count if packets
// may be among them or, by the event of that packet, if they are of a packet. What
// its sender has not finished, or given a wrong length, is malformed.
func statusOf(e capture.Event) int {
	switch {
	case e.Cause == capture.ClosedInside, e.Cause == capture.ResetInside, e.Cause == capture.WrongLength:
		return statusMalformed
	case e.Kind == capture.PartialPacket, e.Kind == capture.SkippedBytes, e.Kind == capture.LostBytes && (e.Stopped || e.PacketsLost):
		return statusUnread
	case e.Err != nil:
		return statusMalformed
	}
	return statusDecoded
}

// build builds the line for a packet, in the form that was asked for.
func (d *dumper) build(name string, e capture.Event) {
	d.line.Reset()
	if d.json {
		writeJSON(&d.line, name, e, d.secrets)
		return
	}
	d.line.Write(appendText(d.line.AvailableBuffer(), name, e, d.secrets, d.paint))
}

// note tells an event that is no packet.
func note(e capture.Event) string {
	s := fmt.Sprintf("record %d, stream %d, %v > %v: ", e.Record, e.Stream, e.Src, e.Dst)
	switch e.Kind {
	case capture.LostBytes, capture.SkippedBytes:
		return s + fmt.Sprintf("%d bytes: %s", e.Bytes, e.Note)
	}
	return s + e.Note
}
