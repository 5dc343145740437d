package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
)

// input is a file that is read, or standard input.
type input struct {
	ctx  context.Context
	name string
	from io.ReadCloser
	read *atomic.Int64 // counts the bytes of all inputs, for the progress bar
	at   int64         // how many were read
	far  *int64        // how many the file has had read, however often it was opened
	live *liveReader   // in place of from, where bytes may come slowly

	// beforeRead is called before bytes are waited for.
	beforeRead func()
}

// openInput opens a file, or standard input if its name is "-".
func openInput(ctx context.Context, name string, stdin io.Reader, read *atomic.Int64) (*input, error) {
	in := &input{ctx: ctx, name: name, read: read, far: new(int64), beforeRead: func() {}}
	if name == "-" {
		in.from = io.NopCloser(stdin)
		in.live = newLiveReader(stdin)
		return in, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err == nil && !info.Mode().IsRegular() {
		in.live = newLiveReader(f)
	}
	in.from = f
	return in, nil
}

// Read reads until the run is interrupted: then the input ends.
func (in *input) Read(p []byte) (n int, err error) {
	if in.ctx.Err() != nil {
		return 0, io.EOF
	}
	if in.live != nil {
		in.beforeRead()
		n, err = in.live.read(in.ctx, p)
	} else {
		n, err = in.from.Read(p)
	}
	if in.at += int64(n); in.at > *in.far {
		in.read.Add(in.at - *in.far)
		*in.far = in.at
	}
	return n, err
}

// Close closes the file.
func (in *input) Close() error { return in.from.Close() }

// openLater opens a file when it is needed, which may be twice.
func openLater(ctx context.Context, name string, read *atomic.Int64) func() (io.ReadCloser, error) {
	far := new(int64)
	return func() (io.ReadCloser, error) {
		in, err := openInput(ctx, name, nil, read)
		if err != nil {
			return nil, err
		}
		in.far = far
		return in, nil
	}
}

// isRegular reports whether a file can be opened twice.
func isRegular(name string) bool {
	info, err := os.Stat(name)
	return name != "-" && err == nil && info.Mode().IsRegular()
}

// liveChunk is how many bytes are read at a time from what may come slowly.
const liveChunk = 64 << 10

// liveReader reads in a goroutine of its own, so that whoever waits for the bytes can
// be interrupted. Its reader is given up then, with whatever it reads.
type liveReader struct {
	from io.Reader
	came chan chunk
	rest []byte
	err  error
}

// chunk is what a Read has returned.
type chunk struct {
	data []byte
	err  error
}

func newLiveReader(from io.Reader) *liveReader { return &liveReader{from: from} }

func (r *liveReader) read(ctx context.Context, p []byte) (int, error) {
	if r.came == nil {
		r.came = make(chan chunk)
		go r.run(ctx)
	}
	if len(r.rest) == 0 && r.err == nil {
		select {
		case c := <-r.came:
			r.rest, r.err = c.data, c.err
		case <-ctx.Done():
			return 0, io.EOF
		}
	}
	n := copy(p, r.rest)
	if r.rest = r.rest[n:]; len(r.rest) == 0 && n == 0 {
		return 0, r.err
	}
	return n, nil
}

func (r *liveReader) run(ctx context.Context) {
	for {
		b := make([]byte, liveChunk)
		n, err := r.from.Read(b)
		select {
		case r.came <- chunk{b[:n], err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// sizeOf returns how many bytes the files have in all, or 0 if one does not tell.
func sizeOf(files []string) (size int64) {
	for _, name := range files {
		info, err := os.Stat(name)
		if err != nil || !info.Mode().IsRegular() {
			return 0
		}
		size += info.Size()
	}
	return size
}

// fileName is how a file is called in messages.
func fileName(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// withoutName is an error about a file without its name, which is told beside it.
func withoutName(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
