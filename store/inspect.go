package store

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
)

// The buckets of a file, and the key under which the state stands.
var (
	recordsBucket = []byte("records")
	stateBucket   = []byte("state")
	stateKey      = []byte("journal")
)

// contents is what a file holds.
type contents struct {
	transaction uint64
	state       state
	index       index
}

// inspect reads a whole file, and says where it is damaged.
func inspect(path string) (c contents, err error) {
	file, err := os.Open(path)
	if err != nil {
		return c, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return c, err
	}
	c, err = inspectPages(path, file, info.Size())
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = &DamageError{Path: path, Offset: info.Size(), Why: "it is cut off"}
	}
	return c, err
}

func inspectPages(path string, file io.ReaderAt, size int64) (c contents, err error) {
	p, err := openPages(path, file, size)
	if err != nil {
		return c, err
	}
	c = contents{transaction: p.head.id, index: newIndex()}
	i := inspector{pages: p, contents: &c}
	if err := p.tree(p.head.root, nil, nil, 0, i.bucket); err != nil {
		return c, err
	}
	root := int64(p.head.root) * int64(p.head.pageSize)
	switch {
	case i.buckets != 2 || !i.stated:
		return c, p.damage(root, "it has not what a journal of sessions has")
	case i.found != c.state:
		return c, p.damage(root, "records are missing, or are of another time")
	}
	return c, p.free()
}

// inspector collects the contents of a file.
type inspector struct {
	pages    *pages
	contents *contents
	buckets  int
	stated   bool
	found    state // of the records that are there
}

func (i *inspector) bucket(e entry) error {
	i.buckets++
	switch {
	case !e.bucket:
	case string(e.key) == string(recordsBucket):
		return i.pages.bucket(e, i.record)
	case string(e.key) == string(stateBucket):
		return i.pages.bucket(e, i.state)
	}
	return i.pages.damage(e.at, "it is not a journal of sessions")
}

func (i *inspector) state(e entry) (err error) {
	if e.bucket || string(e.key) != string(stateKey) {
		return i.pages.damage(e.at, "the state is none")
	}
	var why string
	if i.contents.state, why = readState(e.value); why != "" {
		return i.pages.damage(e.at, why)
	}
	i.stated = true
	i.found.last = max(i.found.last, i.contents.state.last) // the records stand before
	return nil
}

func (i *inspector) record(e entry) error {
	if e.bucket || len(e.key) != numberSize {
		return i.pages.damage(e.at, "a record is none")
	}
	number := binary.BigEndian.Uint64(e.key)
	r, sum, why := readRecord(number, e.value)
	if why != "" {
		return i.pages.damage(e.at, why)
	}
	i.found.last = number
	i.found.add(sum)
	i.contents.index.add(r, number)
	return nil
}
