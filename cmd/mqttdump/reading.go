package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync/atomic"
	"time"

	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/pcap"
)

// app is one run of the program.
type app struct {
	ctx    context.Context
	stdin  io.Reader
	stdout *bufio.Writer
	out    *failing
	stderr io.Writer
	input  inputOptions
	filter filterOptions
	show   showOptions
	status int
	sum    capture.Summary

	names              []string // of the inputs, by capture.Event.File
	opens              []io.Closer
	bytesRead          atomic.Int64
	complained, opened bool // something could not be read, something could
	records            pcap.Records

	bar   *progress // while it is shown
	atEnd bool      // nothing is printed before all of the input was read

	saving   *saving // what is written to files, or nil
	filtered bool    // not all of the input was looked at
	matches  int     // packets and events that were
}

func newApp(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) *app {
	out := &failing{to: stdout}
	return &app{ctx: ctx, stdin: stdin, stdout: bufio.NewWriterSize(out, 64<<10), out: out, stderr: stderr}
}

// failing remembers that a Write failed, as some who write to it do not say so.
type failing struct {
	to  io.Writer
	err error
}

func (f *failing) Write(p []byte) (n int, err error) {
	if f.err != nil {
		return 0, f.err
	}
	n, f.err = f.to.Write(p)
	return n, f.err
}

// stdoutFailed reports whether the output cannot be written.
func (a *app) stdoutFailed() bool { return a.out.err != nil }

// raise notes a status, unless there was a worse one.
func (a *app) raise(status int) { a.status = max(a.status, status) }

// tell writes a line to standard error, behind what was printed before.
func (a *app) tell(format string, args ...any) error {
	if err := a.stdout.Flush(); err != nil {
		return err
	}
	line := "mqttdump: " + printableLines(fmt.Sprintf(format, args...)) + "\n"
	if a.bar != nil {
		a.bar.aside(line)
		return nil
	}
	fmt.Fprint(a.stderr, line)
	return nil
}

// zone is that of times without one.
func (a *app) zone() *time.Location {
	if a.show.time == timeLocal {
		return a.show.zone
	}
	return time.UTC
}

// taker takes the events of a capture.
type taker func(file string, e *capture.Event) error

// each gives the events of all files to take that the filter lets pass, in their
// order. The error is that of take or of the command line; that a file cannot be read
// is told, and is in the status.
func (a *app) each(files []string, take taker) error {
	if len(files) == 0 {
		return errors.New("no file was given")
	}
	o, err := a.input.decoder()
	if err != nil {
		return err
	}
	chosen, err := a.filter.compile(a.zone())
	if err != nil {
		return err
	}
	a.filtered = !chosen.letsAllPass()
	a.bar = a.newProgress(files)
	err = a.read(files, o, func(e *capture.Event) error { return a.choose(chosen, e, take) })
	a.bar.finish()
	a.bar = nil
	if err != nil {
		return err
	}
	if a.sum.Unread > 0 {
		a.raise(statusNotDecoded)
	}
	if w := chosen.where; w != nil && w.fault != nil {
		return a.tell("--where could not be told for %s, which are left out; of the first:\n%s", counted(w.failed, "packet"), w.fault)
	}
	return nil
}

// choose gives an event to take, if the filter lets it pass.
func (a *app) choose(chosen *filter, e *capture.Event, take taker) error {
	switch {
	case e.Kind == capture.PacketPiece:
		return a.saving.piece(e)
	case e.Cause == capture.OverLimit && a.saving != nil:
		defer a.saving.forget(e)
	}
	if !chosen.match(e) {
		return nil
	}
	a.raise(statusOf(e))
	a.matches++
	name := ""
	if len(a.names) > 1 { // else it goes without saying
		name = a.names[e.File]
	}
	return take(name, e)
}

// read reads the files: in a goroutine of its own, while the events are taken in this.
func (a *app) read(files []string, o pcap.Options, take func(*capture.Event) error) error {
	pipe := newPipeline()
	inputs, err := a.open(files, pipe.handOver)
	if err != nil || len(inputs) == 0 {
		return err
	}
	defer a.shut()
	var r *pcap.Reader
	go func() {
		defer pipe.end()
		r = a.fill(pipe, inputs, o)
	}()
	err = pipe.each(func(e *capture.Event, err error) error {
		if err != nil {
			return a.complain(err)
		}
		return take(e)
	}, a.stdout.Flush)
	if err != nil || r == nil {
		return err
	}
	if o.KeyLog != nil && o.KeyLog.Err() != nil {
		err = a.complain(&pcap.FileError{File: a.input.keyLog, Err: withoutName(o.KeyLog.Err())})
	}
	a.sum, a.records = r.Summary(), r.Records()
	a.opened = !a.complained || a.records.Total+a.sum.Packets > 0
	return err
}

// fill puts the events of the inputs into the pipeline. It returns what has read them;
// nil if that could not begin.
func (a *app) fill(pipe *pipeline, inputs []pcap.Input, o pcap.Options) *pcap.Reader {
	r, err := pcap.OpenInputs(inputs, o)
	if err != nil {
		pipe.put(&capture.Event{}, err)
		return nil
	}
	defer r.Close()
	for e, err := range r.Events() {
		if !pipe.put(&e, err) {
			break
		}
	}
	return r
}

// mostOpenFiles is how many files are open at a time; of more, only those that are being read.
const mostOpenFiles = 16

// open opens the inputs. What cannot be opened is told, and left out.
func (a *app) open(files []string, beforeRead func()) (inputs []pcap.Input, err error) {
	for _, name := range files {
		if len(files) > mostOpenFiles && isRegular(name) {
			a.names, inputs = append(a.names, name), append(inputs, pcap.Input{Name: name, Open: openLater(a.ctx, name, &a.bytesRead)})
			continue
		}
		in, err := openInput(a.ctx, name, a.stdin, &a.bytesRead)
		if err != nil {
			if err := a.complain(&pcap.FileError{File: name, Err: withoutName(err)}); err != nil {
				return nil, err
			}
			continue
		}
		in.beforeRead = beforeRead
		a.opens = append(a.opens, in.from)
		a.names, inputs = append(a.names, name), append(inputs, pcap.Input{Name: name, Reader: in})
	}
	return inputs, nil
}

// shut closes what open has opened.
func (a *app) shut() {
	for _, f := range a.opens {
		f.Close()
	}
}

// complain tells of a file that cannot be read, or not to its end. Where it is cut
// because the run was interrupted, nothing is wrong with it.
func (a *app) complain(err error) error {
	if a.ctx.Err() != nil {
		return nil
	}
	a.raise(statusUnread)
	a.complained = true
	name := ""
	var fault *pcap.FileError
	var path *fs.PathError
	switch {
	case errors.As(err, &fault):
		name = fault.File
	case errors.As(err, &path):
		name = path.Path
	}
	return a.tell("%s: %v", fileName(name), withoutName(err))
}
