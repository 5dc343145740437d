package corpus

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/mqttwire/mqttwire"
	texts "github.com/mqttwire/mqttwire/testdata/corpus"
)

// Refusal is what it means that a packet breaks a rule. It stands in the corpus
// and not in the rule table, so that each is a check of the other.
type Refusal struct {
	Rule   string
	Class  error
	Reason mqttwire.ReasonCode

	// Value says that no bytes break the rule, so that there is no case: only a
	// value that is to be encoded, or a caller.
	Value bool

	// How a server of 5.0 answers a client that breaks the rule: with which code,
	// in a CONNACK and, after that, in a DISCONNECT.
	Before, After Code
}

// Code is the code of an answer, or none.
type Code struct {
	Reason mqttwire.ReasonCode
	Close  bool // there is no answer: the connection is closed
}

// refusalsFile has a line for each rule.
const refusalsFile = "refusals.txt"

// classes are the classes of errors, by their names in the corpus.
var classes = map[string]error{
	"malformed": mqttwire.ErrMalformed,
	"protocol":  mqttwire.ErrProtocol,
	"too-large": mqttwire.ErrTooLarge,
	"version":   mqttwire.ErrUnsupportedVersion,
}

// LoadRefusals reads what is said of each rule, by the rule's name.
func LoadRefusals() (map[string]Refusal, error) {
	text, err := fs.ReadFile(texts.Files, refusalsFile)
	if err != nil {
		return nil, err
	}
	return parseRefusals(refusalsFile, string(text))
}

// parseRefusals reads the lines of the named file.
func parseRefusals(file, text string) (map[string]Refusal, error) {
	all := map[string]Refusal{}
	for i, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		r, err := parseRefusal(words)
		if _, twice := all[r.Rule]; twice && err == nil {
			err = fmt.Errorf("rule %s stands twice", r.Rule)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, i+1, err)
		}
		all[r.Rule] = r
	}
	return all, nil
}

// parseRefusal reads the words of one line.
func parseRefusal(words []string) (r Refusal, err error) {
	if len(words) < 3 {
		return r, fmt.Errorf("expected rule, class and reason code")
	}
	r.Rule, r.Class = words[0], classes[words[1]]
	if err := checkRule(r.Rule); err != nil {
		return r, err
	}
	if r.Class == nil {
		return r, fmt.Errorf("unknown class %q", words[1])
	}
	if r.Reason, err = parseReason(words[2]); err != nil {
		return r, err
	}
	r.Before, r.After = Code{Reason: r.Reason}, Code{Reason: r.Reason}
	for _, word := range words[3:] {
		if err := r.set(word); err != nil {
			return r, err
		}
	}
	return r, nil
}

// set reads a word that not every line has.
func (r *Refusal) set(word string) (err error) {
	key, value, _ := strings.Cut(word, "=")
	switch {
	case word == "value":
		r.Value = true
	case key == "before":
		r.Before, err = parseCode(value)
	case key == "after":
		r.After, err = parseCode(value)
	default:
		err = fmt.Errorf("unknown word %q", word)
	}
	return err
}

func parseCode(value string) (Code, error) {
	if value == "close" {
		return Code{Close: true}, nil
	}
	reason, err := parseReason(value)
	return Code{Reason: reason}, err
}

// refuse tells a case that is refused what its rule means, and checks that it
// does not say otherwise.
func refuse(c *Case, all map[string]Refusal) error {
	if c.Rule == "" {
		return nil
	}
	r, ok := all[c.Rule]
	switch {
	case !ok:
		return fmt.Errorf("%s: rule %s is not in %s", c.Where(), c.Rule, refusalsFile)
	case r.Reason != c.Reason:
		return fmt.Errorf("%s: reason 0x%02X, but 0x%02X in %s", c.Where(), uint8(c.Reason), uint8(r.Reason), refusalsFile)
	}
	c.Class = r.Class
	return nil
}
