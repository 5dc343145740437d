package main

import (
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"
)

// progressFrom is how large the input has to be, in bytes, for a progress bar.
const progressFrom = 64 << 20

// progress shows how far the reading is.
type progress struct {
	bar  *progressbar.ProgressBar
	stop chan struct{}
	done chan struct{}
}

// newProgress starts a progress bar on standard error, if that is a terminal on which
// no lines of output appear, and the input is large.
func (a *app) newProgress(files []string) *progress {
	size := sizeOf(files)
	if a.input.quiet || size <= progressFrom || len(files) > mostWatched || !isTerminal(a.stderr) || isTerminal(a.out.to) {
		return nil
	}
	p := &progress{
		bar: progressbar.NewOptions64(size, progressbar.OptionSetWriter(a.stderr), progressbar.OptionShowBytes(true),
			progressbar.OptionClearOnFinish(), progressbar.OptionSetDescription("mqttdump")),
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	go p.run(a)
	return p
}

// run moves the bar until finish is called. What the bar cannot write nobody misses.
func (p *progress) run(a *app) {
	defer close(p.done)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = p.bar.Set64(a.bytesRead.Load())
		case <-p.stop:
			_ = p.bar.Finish()
			return
		}
	}
}

// finish takes the bar away.
func (p *progress) finish() {
	if p != nil {
		close(p.stop)
		<-p.done
	}
}

// isTerminal reports whether somebody looks at what is written.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}
