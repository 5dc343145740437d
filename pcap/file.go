package pcap

import (
	"bufio"
	"errors"
	"io"
	"os"
	"time"
)

// fileBuffer is how many bytes of a file are read at once.
const fileBuffer = 64 << 10

// file is one of the inputs while it is read: a source of records, or of raw bytes.
type file struct {
	number  int // among the inputs
	name    string
	close   []io.Closer
	records recordSource
	raw     io.Reader // instead of records, in raw bytes and hex text

	due     bool   // head has to be read
	head    record // the record that comes next, if there is one
	err     error  // what comes instead of it
	unknown error  // of the first record with a link type that is not known
	soft    error  // the first fault behind which reading went on
}

// openFile opens an input.
func openFile(number int, in Input, o *Options) (*file, error) {
	f := &file{number: number, name: in.Name}
	r := in.Reader
	if r == nil {
		opened, err := in.open()
		if err != nil {
			return nil, err
		}
		f.close = append(f.close, opened)
		r = opened
	}
	err := f.begin(bufio.NewReaderSize(r, fileBuffer), o, false)
	if err != nil {
		f.end()
		return nil, f.named(err)
	}
	f.due = f.records != nil
	return f, nil
}

// open opens a file that is not open yet.
func (in *Input) open() (io.ReadCloser, error) {
	if in.Open != nil {
		return in.Open()
	}
	return os.Open(in.Name)
}

// begin tells the format of a file and begins to read it; inside says that the bytes
// are what a compressed one holds.
func (f *file) begin(in *bufio.Reader, o *Options, inside bool) error {
	kind, err := sniff(in)
	if err != nil {
		return err
	}
	switch kind {
	case formatGzip, formatZstd:
		if inside {
			return &FileError{Err: errNested}
		}
		r, err := decompress(kind, in)
		if err != nil {
			return &FileError{Err: err}
		}
		f.close = append(f.close, r)
		return f.begin(bufio.NewReaderSize(r, fileBuffer), o, true)
	case formatPcap:
		f.records, err = newPcapSource(in)
	case formatPcapng:
		f.records, err = newPcapngSource(in, o.KeyLog.addLines)
	case formatSnoop:
		f.records, err = newSnoopSource(in)
	case formatHex:
		f.raw = newHexReader(in)
	default:
		if !o.Raw && !holdsPackets(in) {
			return &FileError{Err: errNoFormat}
		}
		f.raw = in
	}
	return err
}

// named puts the name of the file into an error of it.
func (f *file) named(err error) error {
	var fault *FileError
	if errors.As(err, &fault) {
		fault.File = f.name
	}
	return err
}

// end closes what was opened.
func (f *file) end() {
	for i := len(f.close) - 1; i >= 0; i-- {
		f.close[i].Close()
	}
	f.close = nil
}

// advance reads the next record into head, if that is due: not before it is asked for,
// since it may be long in coming.
func (f *file) advance() {
	for f.due {
		f.err = f.records.next(&f.head)
		fault, ok := f.err.(*FileError)
		f.due = ok && fault.soft
		if f.due && f.soft == nil {
			f.soft = fault
		}
	}
}

// firstTime is the time of the first record, or the zero Time.
func (f *file) firstTime() time.Time {
	f.advance()
	return f.head.time
}

// faults are what is to be said of a file that was read.
func (f *file) faults() (all []error) {
	for _, err := range []error{f.soft, f.err, f.unknown} {
		if err != nil && err != io.EOF {
			all = append(all, f.named(err))
		}
	}
	return all
}
