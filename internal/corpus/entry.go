package corpus

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mqttwire/mqttwire"
)

// entry is a case as it stands in the file, before it is spread over its
// versions.
type entry struct {
	common     Case
	versions   []mqttwire.Version
	statements []string
	fields     []string
	encodes    []byte
	given      map[string]bool
	block      *[]byte // where indented lines of hex go
}

func newEntry(file string, line int, name string) *entry {
	return &entry{common: Case{Name: strings.TrimSpace(name), File: file, Line: line}, given: map[string]bool{}}
}

// add reads one line of a case.
func (e *entry) add(line string) error {
	if line[0] == ' ' || line[0] == '\t' {
		if e.block == nil {
			return fmt.Errorf("an indented line belongs under \"bytes:\" or \"encodes:\"")
		}
		b, err := parseBytes(line, nil)
		*e.block = append(*e.block, b...)
		return err
	}
	key, value, ok := strings.Cut(line, ":")
	if !ok {
		return fmt.Errorf("expected \"key: value\", found %q", line)
	}
	if e.given[key] && key != "fields" {
		return fmt.Errorf("%q stands twice", key)
	}
	e.given[key] = true
	e.block = nil
	return e.set(key, strings.TrimSpace(value))
}

func (e *entry) set(key, value string) (err error) {
	c := &e.common
	switch key {
	case "shows":
		c.Shows = strings.Fields(value)
	case "version":
		e.versions, err = parseVersions(value)
	case "sender":
		c.Sender, err = parseSender(value)
	case "max":
		c.Max, err = parseNumber(key, value, 1)
	case "bytes":
		e.block = &c.Bytes
	case "encodes":
		e.encodes = []byte{}
		e.block = &e.encodes
	case "outcome":
		outcome, rule, _ := strings.Cut(value, " ")
		c.Outcome, c.Rule = Outcome(outcome), strings.TrimSpace(rule)
	case "at":
		c.At, err = parseNumber(key, value, 0)
	case "reason":
		c.Reason, err = parseReason(value)
	case "statement":
		e.statements = strings.Split(value, ", ")
	case "fields":
		e.fields = append(e.fields, value)
	default:
		err = fmt.Errorf("unknown key %q", key)
	}
	return err
}

func parseVersions(s string) (versions []mqttwire.Version, err error) {
	for _, name := range strings.Fields(s) {
		v := mqttwire.V31
		for v.Known() && v.String() != name {
			v++
		}
		if !v.Known() {
			return nil, fmt.Errorf("version %q is not 3.1, 3.1.1 or 5.0", name)
		}
		if slices.Contains(versions, v) {
			return nil, fmt.Errorf("version %s stands twice", v)
		}
		versions = append(versions, v)
	}
	if len(versions) == 0 {
		return nil, fmt.Errorf("version: there is none")
	}
	return versions, nil
}

// parseNumber reads a decimal number of at least least.
func parseNumber(key, value string, least int) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < least {
		return 0, fmt.Errorf("%s: %q is no number from %d on", key, value, least)
	}
	return n, nil
}

func parseReason(value string) (mqttwire.ReasonCode, error) {
	n, err := strconv.ParseUint(value, 0, 8)
	if err != nil {
		return 0, fmt.Errorf("reason: %q is no code from 0 to 0xFF", value)
	}
	return mqttwire.ReasonCode(n), nil
}

func parseSender(s string) (mqttwire.Sender, error) {
	for _, from := range []mqttwire.Sender{mqttwire.FromClient, mqttwire.FromServer} {
		if from.String() == s {
			return from, nil
		}
	}
	return 0, fmt.Errorf("sender %q is not client or server", s)
}

// maxTimes is how often bytes may be repeated: more than any packet in the
// corpus needs, and not so often that a slip takes all memory.
const maxTimes = 300_000

// parseBytes reads hex bytes, "text", names of plain packets if there are any,
// and each of them with *N for N times; a # begins a comment.
func parseBytes(line string, plain map[string][]byte) ([]byte, error) {
	var out []byte
	for s := strings.TrimSpace(line); s != "" && s[0] != '#'; s = strings.TrimSpace(s) {
		unit, rest, err := parseUnit(s, plain)
		if err != nil {
			return out, err
		}
		times := 1
		if strings.HasPrefix(rest, "*") {
			word, after, _ := strings.Cut(rest[1:], " ")
			if times, err = strconv.Atoi(word); err != nil || times < 0 || times > maxTimes {
				return out, fmt.Errorf("*%s is no number of times, of 0 to %d", word, maxTimes)
			}
			rest = after
		}
		for range times {
			out = append(out, unit...)
		}
		s = rest
	}
	return out, nil
}

// parseUnit reads one quoted text, plain packet or hex byte at the start of s.
func parseUnit(s string, plain map[string][]byte) (unit []byte, rest string, err error) {
	if name := plainName(s); plain != nil && len(name) > 2 {
		if unit = plain[name]; unit == nil {
			return nil, "", fmt.Errorf("there is no plain packet %s", name)
		}
		return unit, s[len(name):], nil
	}
	if s[0] == '"' {
		quoted, err := strconv.QuotedPrefix(s)
		if err != nil {
			return nil, "", fmt.Errorf("text without an end in %q", s)
		}
		text, err := strconv.Unquote(quoted)
		return []byte(text), s[len(quoted):], err
	}
	if len(s) < 2 {
		return nil, "", fmt.Errorf("%q is no byte of two hex digits", s)
	}
	if unit, err = hex.DecodeString(s[:2]); err != nil {
		return nil, "", fmt.Errorf("%q is no byte of two hex digits", s[:2])
	}
	return unit, s[2:], nil
}

// plainName returns what may be the name of a plain packet at the start of s.
func plainName(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' })
	if end < 0 {
		return s
	}
	return s[:end]
}

// cases checks the entry and returns it for each of its versions.
func (e *entry) cases() ([]Case, error) {
	if err := e.check(); err != nil {
		return nil, fmt.Errorf("%s:%d: case %s: %w", e.common.File, e.common.Line, e.common.Name, err)
	}
	var out []Case
	for i, v := range e.versions {
		c := e.common
		c.Version = v
		if len(e.versions) > 1 {
			c.Name += "/" + v.String()
		}
		if c.Decodes() {
			c.Fields = pick(e.fields, i)
			c.Encodes = e.encodes
			if c.Encodes == nil {
				c.Encodes = c.Bytes
			}
		}
		if c.Rule != "" {
			c.Statement = pick(e.statements, i)
		}
		out = append(out, c)
	}
	return out, nil
}

// pick returns the i-th of a list that has one entry for all or one for each.
func pick(list []string, i int) string {
	if len(list) == 1 {
		return list[0]
	}
	return list[i]
}

// check checks that each key is there if and only if the outcome needs it.
func (e *entry) check() error {
	c := &e.common
	needs := map[Outcome]string{
		Accept:       "version sender bytes outcome fields",
		Incomplete:   "version sender bytes outcome",
		Reject:       "version sender bytes outcome at reason statement",
		RejectSender: "version sender bytes outcome reason statement fields",
		Optional:     "version sender bytes outcome reason statement fields",
	}[c.Outcome]
	if needs == "" && e.given["outcome"] {
		return fmt.Errorf("unknown outcome %q", c.Outcome)
	}
	if needs == "" {
		needs = "outcome"
	}
	for _, key := range strings.Fields(needs) {
		if !e.given[key] {
			return fmt.Errorf("%q is missing", key)
		}
	}
	for key := range e.given {
		encodes := key == "encodes" && c.Decodes()
		if !strings.Contains(" "+needs+" ", " "+key+" ") && key != "max" && key != "shows" && !encodes {
			return fmt.Errorf("%q does not go with outcome %s", key, c.Outcome)
		}
	}
	if (c.Rule != "") != e.given["statement"] {
		return fmt.Errorf("outcome %s: a rule goes with reject, reject-sender and optional only", c.Outcome)
	}
	if c.At > len(c.Bytes) {
		return fmt.Errorf("at: %d is beyond the %d bytes", c.At, len(c.Bytes))
	}
	if err := checkRule(c.Rule); err != nil {
		return err
	}
	for _, list := range [][]string{e.statements, e.fields} {
		if len(list) > 1 && len(list) != len(e.versions) {
			return fmt.Errorf("%d entries for %d versions", len(list), len(e.versions))
		}
	}
	return nil
}

// checkRule checks that a rule has the name, if there is one.
func checkRule(name string) error {
	named := func(r mqttwire.Rule) bool { return r.String() == name }
	if name == "" || slices.ContainsFunc(mqttwire.Rules(), named) {
		return nil
	}
	return fmt.Errorf("unknown rule %q", name)
}
