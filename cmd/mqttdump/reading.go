package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/mqttwire/mqttwire/capture"
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
	opened int          // files of which something could be read
	read   atomic.Int64 // bytes

	filtered bool // not all of the input was looked at
	matches  int  // packets and events that were
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
	fmt.Fprintf(a.stderr, "mqttdump: %s\n", printableLines(fmt.Sprintf(format, args...)))
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

// each gives the events of all files to take that the filter lets pass, in their order. The error is that of
// take or of the command line; that a file cannot be read is told, and is in the
// status.
func (a *app) each(files []string, take taker) error {
	if len(files) == 0 {
		return errors.New("no file was given")
	}
	o, err := a.input.capture()
	if err != nil {
		return err
	}
	chosen, err := a.filter.compile(a.zone())
	if err != nil {
		return err
	}
	bar := a.newProgress(files)
	for _, name := range files {
		shown := name
		if len(files) == 1 {
			shown = "" // it goes without saying
		}
		err := a.file(name, o, func(e *capture.Event) error {
			if !chosen.match(e) {
				return nil
			}
			a.raise(statusOf(e))
			a.matches++
			return take(shown, e)
		})
		if err != nil {
			return err
		}
	}
	bar.finish()
	a.filtered = !chosen.letsAllPass()
	if w := chosen.where; w != nil && w.fault != nil {
		if err := a.tell("--where could not be told for %s, which are left out; of the first:\n%s", counted(w.failed, "packet"), w.fault); err != nil {
			return err
		}
	}
	if a.sum.Unread > 0 {
		a.raise(statusNotDecoded)
	}
	return nil
}

// file reads one file: in a goroutine of its own, while the events are taken in this.
func (a *app) file(name string, o capture.Options, take func(*capture.Event) error) error {
	in, err := openInput(a.ctx, name, a.stdin, &a.read)
	if err != nil {
		return a.complain(name, err)
	}
	defer in.from.Close()
	pipe := newPipeline()
	in.beforeRead = pipe.handOver
	var sum capture.Summary
	var fault error
	go func() {
		defer pipe.end()
		r, err := in.conversations(o)
		if fault = err; err != nil {
			return
		}
		for e, err := range r.Events() {
			if err != nil {
				fault = err
				break
			}
			if !pipe.put(&e) {
				return
			}
		}
		sum = r.Summary()
	}()
	if err := pipe.each(take, a.stdout.Flush); err != nil {
		return err
	}
	if addSummary(&a.sum, &sum); fault == nil || sum.Packets+sum.Segments > 0 {
		a.opened++
	}
	if fault != nil && a.ctx.Err() == nil {
		return a.complain(name, fault)
	}
	return nil
}

// complain names a file that cannot be read, or not to its end.
func (a *app) complain(name string, err error) error {
	a.raise(statusUnread)
	return a.tell("%s: %v", fileName(name), withoutName(err))
}
