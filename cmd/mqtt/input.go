package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/mqttwire/mqttwire"
)

// input is where the messages come from.
type input struct {
	messages iter.Seq2[message, error]
	size     int64 // of all of them in bytes, with the ends of lines; less than 0: not known
	lines    bool
	close    func()
}

// message is one of an input.
type message struct {
	payload []byte
	line    int // 0: not from a line
	bytes   int // of the input
}

// input opens what the flags name.
func (f *pubFlags) input(e environment) (*input, error) {
	if f.lines {
		return &input{messages: readLines(e.in), size: sizeOf(e.in), lines: true, close: func() {}}, nil
	}
	payload := []byte(f.message)
	switch {
	case f.file != "":
		file, err := os.Open(f.file)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		if payload, err = readWhole(file, f.file); err != nil {
			return nil, err
		}
	case f.whole:
		var err error
		if payload, err = readWhole(e.in, "the standard input"); err != nil {
			return nil, err
		}
	}
	return &input{
		messages: func(yield func(message, error) bool) {
			for range f.repeat {
				if !yield(message{payload: payload, bytes: len(payload)}, nil) {
					return
				}
			}
		},
		size:  int64(len(payload)) * int64(f.repeat),
		close: func() {},
	}, nil
}

// readWhole reads a message, of which no packet could hold more.
func readWhole(r io.Reader, name string) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, mqttwire.MaxPacketSize+1))
	if err == nil && len(b) > mqttwire.MaxPacketSize {
		err = fmt.Errorf("%s is larger than a packet of MQTT can be, %d bytes", name, mqttwire.MaxPacketSize)
	}
	return b, err
}

// readLines returns the lines of a reader as they come, without their ends.
func readLines(r io.Reader) iter.Seq2[message, error] {
	return func(yield func(message, error) bool) {
		lines := bufio.NewReaderSize(r, 64<<10)
		for n := 1; ; n++ {
			line, err := lines.ReadBytes('\n')
			size := len(line)
			if size > mqttwire.MaxPacketSize {
				yield(message{}, fmt.Errorf("line %d is larger than a packet of MQTT can be", n))
				return
			}
			if size > 0 {
				line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
				if !yield(message{line, n, size}, nil) {
					return
				}
			}
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(message{}, err)
				return
			}
		}
	}
}

// sizeOf returns the size of a file, or less than 0 if it is none.
func sizeOf(r io.Reader) int64 {
	file, ok := r.(*os.File)
	if !ok {
		return -1
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return -1
	}
	return info.Size()
}
