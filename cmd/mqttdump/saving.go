package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/packets"
)

// saving writes payloads, or the bytes of packets, into the files of a folder.
type saving struct {
	payloads, raw string // the folders, or ""
	count         int    // of packets, over all files
	large         map[largePacket]*os.File
	temporary     string // where the bodies of large packets are collected
}

// largePacket is a packet over the size that is shown whole, whose pieces come one by
// one.
type largePacket struct {
	stream int
	src    string
}

// newSaving makes the folders, which must be new unless force is set.
func newSaving(o *showOptions) (*saving, error) {
	s := &saving{payloads: o.payloads, raw: o.raw, large: make(map[largePacket]*os.File)}
	for _, dir := range []string{s.payloads, s.raw} {
		if dir == "" {
			continue
		}
		err := os.Mkdir(dir, 0o777)
		if errors.Is(err, fs.ErrExist) && o.force {
			err = nil
		}
		if errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("%s exists: name a new folder, or --force writes into it", dir)
		}
		if err != nil {
			return nil, err
		}
	}
	if s.temporary = s.payloads; s.temporary == "" {
		s.temporary = s.raw
	}
	return s, nil
}

// wanted reports whether anything is saved.
func (s *saving) wanted() bool { return s.temporary != "" }

// piece takes a piece of a large packet.
func (s *saving) piece(e *capture.Event) error {
	key := keyOf(e)
	f := s.large[key]
	if f == nil {
		var err error
		if f, err = os.CreateTemp(s.temporary, ".large-*"); err != nil {
			return err
		}
		s.large[key] = f
	}
	_, err := f.WriteAt(e.Frame.Body, e.Bytes)
	return err
}

func keyOf(e *capture.Event) largePacket { return largePacket{e.Stream, e.Src.String()} }

// forget ends what was collected of a large packet, or of all that are not complete.
func (s *saving) forget(e *capture.Event) {
	if f := s.large[keyOf(e)]; f != nil {
		f.Close()
		os.Remove(f.Name())
		delete(s.large, keyOf(e))
	}
}

// end ends what was collected of packets that were not complete.
func (s *saving) end() {
	for _, f := range s.large {
		f.Close()
		os.Remove(f.Name())
	}
}

// save saves a packet, and returns the name of the file that its payload went to, in
// the folder, if it has one.
func (s *saving) save(e *capture.Event) (name string, err error) {
	if !s.wanted() || !isPacket(e) || e.Kind == capture.BrokenHeader {
		return "", nil
	}
	s.count++
	place := fmt.Sprintf("%06d-stream%d", s.count, e.Stream)
	if s.raw != "" {
		raw := strings.Join(nonEmpty(place, sideName(e.Sender), e.Frame.Header.Type.String()), "-") + ".mqtt"
		if err := s.write(filepath.Join(s.raw, raw), e, appendFixedHeader(nil, e.Frame.Header), 0); err != nil {
			return "", err
		}
	}
	if p, ok := packetOf(e).(*packets.Publish); ok && s.payloads != "" {
		name = strings.Join(nonEmpty(place, fileNameOf(topicOf(e, p))), "-") + ".bin"
		err = s.write(filepath.Join(s.payloads, name), e, nil, len(e.Frame.Body)-len(p.Payload))
	}
	return name, err
}

// write writes a file: first what is given, then the body of the packet from an offset
// on.
func (s *saving) write(name string, e *capture.Event, first []byte, from int) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err = f.Write(first); err != nil {
		return err
	}
	if large := s.large[keyOf(e)]; large != nil && e.Cause == capture.OverLimit {
		_, err = io.Copy(f, io.NewSectionReader(large, int64(from), int64(e.Frame.Header.RemainingLength)-int64(from)))
		return err
	}
	_, err = f.Write(e.Frame.Body[from:])
	return err
}

// fileNameOf makes a topic name a part of a file name: of letters, digits and little
// else, and not too long.
func fileNameOf(topic []byte) string {
	const most = 60
	b := append([]byte(nil), topic[:min(len(topic), most)]...)
	for i, c := range b {
		switch {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c == '-', c == '.':
		default:
			b[i] = '_'
		}
	}
	return string(b)
}

// nonEmpty returns those of the parts that are not empty.
func nonEmpty(parts ...string) (some []string) {
	for _, p := range parts {
		if p != "" {
			some = append(some, p)
		}
	}
	return some
}
