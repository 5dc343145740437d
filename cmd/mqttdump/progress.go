package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"
)

// progressFrom is how large the input has to be, in bytes, for a progress bar.
const progressFrom = 64 << 20

// progress shows how far the reading is. A nil one shows nothing.
type progress struct {
	lock sync.Mutex // one at a time writes to the terminal
	bar  *progressbar.ProgressBar
	to   io.Writer
	stop chan struct{}
	done chan struct{}
}

// newProgress starts a progress bar on standard error, if that is a terminal on which
// no lines of output appear meanwhile, and the input is large.
func (a *app) newProgress(files []string) *progress {
	size := sizeOf(files)
	if a.input.quiet || size <= progressFrom || !isTerminal(a.stderr) || !a.atEnd && !staysAside(a.out.to) {
		return nil
	}
	p := &progress{
		bar: progressbar.NewOptions64(size, progressbar.OptionSetWriter(a.stderr), progressbar.OptionShowBytes(true),
			progressbar.OptionClearOnFinish(), progressbar.OptionSetRenderBlankState(true), progressbar.OptionSetDescription("mqttdump")),
		to: a.stderr, stop: make(chan struct{}), done: make(chan struct{}),
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
			p.lock.Lock()
			_ = p.bar.Set64(a.bytesRead.Load())
			p.lock.Unlock()
		case <-p.stop:
			_ = p.bar.Clear()
			return
		}
	}
}

// aside writes a line in place of the bar, which comes again below it.
func (p *progress) aside(line string) {
	p.lock.Lock()
	defer p.lock.Unlock()
	_ = p.bar.Clear()
	fmt.Fprint(p.to, line)
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

// staysAside reports whether what is written cannot appear on a terminal: a pipe may lead
// to one, by way of grep or less.
func staysAside(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeSocket) == 0 && !isTerminal(f)
}
