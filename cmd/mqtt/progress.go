package main

import (
	"context"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Where a bar is shown: from so many bytes of a message on.
const (
	progressSize  = 256 << 10
	progressEvery = 100 * time.Millisecond
)

// progressAfter is how long it takes until there is a bar; the tests do not wait.
var progressAfter = time.Second

// progress is a bar with rate and time left, or nothing.
type progress struct {
	bar    *progressbar.ProgressBar // nil: nothing is shown
	lines  bool
	before int64 // bytes of messages that are done
}

// late is a writer that writes nothing before a time: what is soon done needs no bar.
type late struct {
	io.Writer
	from time.Time
}

func (l late) Write(b []byte) (int, error) {
	if time.Now().Before(l.from) {
		return len(b), nil
	}
	return l.Writer.Write(b)
}

// progress returns the bar for an input: where there is a terminal and much to send.
func (f *pubFlags) progress(e environment, in *input) *progress {
	p := &progress{lines: in.lines}
	if f.noProgress || f.connection.quiet || f.connection.debug || !e.terminal(e.errs) {
		return p
	}
	if in.lines && e.terminal(e.in) || !in.lines && in.size < progressSize {
		return p
	}
	p.bar = progressbar.NewOptions64(in.size,
		progressbar.OptionSetWriter(late{e.errs, time.Now().Add(progressAfter)}),
		progressbar.OptionShowBytes(true),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(progressEvery),
		progressbar.OptionSetDescription("sent"),
		progressbar.OptionClearOnFinish(),
	)
	return p
}

// await waits until a message is done, and shows meanwhile how much of it was written.
func (p *progress) await(ctx context.Context, c *connection, s sent) error {
	if p.bar == nil || p.lines {
		select {
		case <-s.delivery.Done():
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.delivery.Done():
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
			written := min(c.Stats().BytesOut-s.before, uint64(max(s.bytes, 1))-1) // it is not done yet
			p.show(p.before + int64(written))
		}
	}
}

// done counts a message that is done.
func (p *progress) done(bytes int) {
	p.before += int64(bytes)
	p.show(p.before)
}

// show shows how many bytes are done.
func (p *progress) show(n int64) {
	if p.bar != nil {
		_ = p.bar.Set64(n)
	}
}

// end takes the bar away.
func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Exit()
	}
}
