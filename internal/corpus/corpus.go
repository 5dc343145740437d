// Package corpus loads the named cases of testdata/corpus, the one home of
// packets with a known outcome: unit tests, fuzz seeds and benchmarks read them
// from here. README.md in that folder describes the format.
package corpus

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/mqttwire/mqttwire"
	texts "github.com/mqttwire/mqttwire/testdata/corpus"
)

// Outcome is what decoding the bytes of a case must give.
type Outcome string

// The outcomes.
const (
	Accept       Outcome = "accept"        // a legal packet
	Incomplete   Outcome = "incomplete"    // ErrIncomplete: more bytes are needed
	Reject       Outcome = "reject"        // cutting or decoding fails by Case.Rule
	RejectSender Outcome = "reject-sender" // decodes, but CheckSender fails by Case.Rule
	Optional     Outcome = "optional"      // decodes, but CheckOptional fails by Case.Rule
)

// Case is a packet's bytes, in one version, and what must come of them.
type Case struct {
	Name    string // unique: the name in the file and, if it has several versions, the version
	File    string
	Line    int // of the case in its file, from 1
	Version mqttwire.Version
	Sender  mqttwire.Sender
	Max     int // the largest packet allowed, in bytes; 0 for the protocol's maximum
	Bytes   []byte
	Outcome Outcome

	Rule      string // the rule that fails, for all outcomes but Accept and Incomplete
	At        int    // for Reject: the offset of the error
	Reason    mqttwire.ReasonCode
	Class     error // of the error
	Statement string

	Shows []string // statements that the case shows, besides Statement

	Fields  string // what String returns for the packet, where it decodes
	Encodes []byte // what the packet encodes to, where it decodes
}

// Decodes reports whether the bytes decode to a packet.
func (c *Case) Decodes() bool {
	return c.Outcome == Accept || c.Outcome == RejectSender || c.Outcome == Optional
}

// Frame cuts the case's frame. It is for cases that decode.
func (c *Case) Frame() mqttwire.Frame {
	f, _, err := mqttwire.CutFrame(c.Bytes, 0)
	if err != nil {
		panic(c.Where() + ": " + err.Error())
	}
	return f
}

// Where returns file, line and name, for messages.
func (c *Case) Where() string { return fmt.Sprintf("%s:%d: %s", c.File, c.Line, c.Name) }

// Load reads all cases, in the order of file names and lines.
func Load() ([]Case, error) {
	files, err := fs.Glob(texts.Files, "*.txt") // sorted
	if err != nil {
		return nil, err
	}
	var cases []Case
	for _, file := range files {
		if file == refusalsFile {
			continue
		}
		text, err := fs.ReadFile(texts.Files, file)
		if err != nil {
			return nil, err
		}
		more, err := Parse(file, string(text))
		if err != nil {
			return nil, err
		}
		cases = append(cases, more...)
	}
	refusals, err := LoadRefusals()
	if err != nil {
		return nil, err
	}
	for i := range cases {
		if err := refuse(&cases[i], refusals); err != nil {
			return nil, err
		}
	}
	return cases, unique(cases)
}

func unique(cases []Case) error {
	seen := map[string]*Case{}
	for i := range cases {
		c := &cases[i]
		if old := seen[c.Name]; old != nil {
			return fmt.Errorf("%s: the same name stands in %s:%d", c.Where(), old.File, old.Line)
		}
		seen[c.Name] = c
	}
	return nil
}

// Parse reads the cases in text, the content of the named file.
func Parse(file, text string) ([]Case, error) {
	return parse(file, text, "case", func(line int, name string) record[Case] { return newEntry(file, line, name) })
}

// record is an entry that is being read from a file: a line that names it, and
// the lines below.
type record[T any] interface {
	add(line string) error // a line that is neither empty nor a comment
	cases() ([]T, error)   // once all lines are there
}

// parse reads the records in text, each of which begins with "WORD: NAME".
func parse[T any](file, text, word string, begin func(line int, name string) record[T]) ([]T, error) {
	var all []T
	var r record[T]
	end := func() error {
		if r == nil {
			return nil
		}
		done, err := r.cases()
		all = append(all, done...)
		return err
	}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, " \t\r")
		name, begins := strings.CutPrefix(line, word+": ")
		switch {
		case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#"):
			continue
		case begins:
			if err := end(); err != nil {
				return nil, err
			}
			if err := checkName(strings.TrimSpace(name)); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", file, i+1, err)
			}
			r = begin(i+1, name)
		case r == nil:
			return nil, fmt.Errorf("%s:%d: expected a line \"%s: NAME\"", file, i+1, word)
		default:
			if err := r.add(line); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", file, i+1, err)
			}
		}
	}
	return all, end()
}

// checkName checks that a name is one word, which nothing follows.
func checkName(name string) error {
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.':
		default:
			return fmt.Errorf("name %q: letters, digits, - and . are allowed", name)
		}
	}
	return nil
}
