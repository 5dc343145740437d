package corpus

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mqttwire/mqttwire"
)

// plainEntry is a plain packet as it stands in the file.
type plainEntry struct {
	where    string
	name     string
	versions []mqttwire.Version
	bytes    []byte
}

func (e *plainEntry) add(line string) (err error) {
	if isIndented(line) {
		b, err := parseBytes(line, nil)
		e.bytes = append(e.bytes, b...)
		return err
	}
	switch key, value, _ := strings.Cut(line, ":"); key {
	case "version":
		e.versions, err = parseVersions(value)
	case "bytes":
	default:
		err = fmt.Errorf("unknown key %q", key)
	}
	return err
}

func (e *plainEntry) cases() (list []plainPacket, err error) {
	if len(e.versions) == 0 || len(e.bytes) == 0 {
		return nil, fmt.Errorf("%s: \"version\" or \"bytes\" is missing", e.where)
	}
	for _, v := range e.versions {
		list = append(list, plainPacket{v, e.name, e.bytes})
	}
	return list, nil
}

// streamEntry is a stream as it stands in the file, before it is spread over its
// versions.
type streamEntry struct {
	plain      plainPackets
	common     Stream
	versions   []mqttwire.Version
	turns      []turnText
	statements []string
	fields     []string
	replies    []string
	given      map[string]bool
	inTurn     bool // whether indented lines belong to the last turn
}

// turnText is a turn whose plain packets are not yet put in.
type turnText struct {
	sender mqttwire.Sender
	lines  []string
}

func newStreamEntry(file string, line int, name string, plain plainPackets) *streamEntry {
	e := &streamEntry{plain: plain, given: map[string]bool{}}
	e.common.Case = Case{Name: strings.TrimSpace(name), File: file, Line: line, At: mqttwire.NoOffset}
	return e
}

func isIndented(line string) bool { return line[0] == ' ' || line[0] == '\t' }

// add reads one line of a stream.
func (e *streamEntry) add(line string) error {
	if isIndented(line) {
		if !e.inTurn {
			return fmt.Errorf("an indented line belongs under \"client:\" or \"server:\"")
		}
		return e.addBytes(line)
	}
	key, value, ok := strings.Cut(line, ":")
	if !ok {
		return fmt.Errorf("expected \"key: value\", found %q", line)
	}
	turn := key == "client" || key == "server"
	if e.given[key] && key != "fields" && !turn {
		return fmt.Errorf("%q stands twice", key)
	}
	e.given[key], e.inTurn = true, turn
	if !turn {
		return e.set(key, strings.TrimSpace(value))
	}
	sender, err := parseSender(key)
	e.turns = append(e.turns, turnText{sender: sender})
	if err != nil {
		return err
	}
	return e.addBytes(value)
}

// addBytes adds a line to the last turn. Whether it can be read is seen in one of
// the versions, now that the number of the line is known.
func (e *streamEntry) addBytes(line string) error {
	if len(e.versions) == 0 {
		return fmt.Errorf("\"version\" stands before the bytes")
	}
	for _, v := range e.versions {
		if _, err := parseBytes(line, e.plain[v]); err != nil {
			return err
		}
	}
	last := &e.turns[len(e.turns)-1]
	last.lines = append(last.lines, line)
	return nil
}

func (e *streamEntry) set(key, value string) (err error) {
	s := &e.common
	switch key {
	case "shows":
		s.Shows = strings.Fields(value)
	case "version":
		e.versions, err = parseVersions(value)
	case "told":
		s.Told = Told(value)
	case "max":
		s.Max, err = parseNumber(key, value, 1)
	case "first":
		s.First, err = parseNumber(key, value, 1)
	case "packets":
		s.Packets = strings.Fields(value)
	case "fields":
		e.fields = append(e.fields, value)
	case "outcome":
		end, rule, _ := strings.Cut(value, " ")
		s.End, s.Rule = End(end), strings.TrimSpace(rule)
	case "at":
		s.At, err = parseNumber(key, value, 0)
	case "reason":
		s.Reason, err = parseReason(value)
	case "statement":
		e.statements = strings.Split(value, ", ")
	case "foreign":
		s.Foreign = value
	case "reply":
		e.replies = strings.Split(value, ", ")
	default:
		err = fmt.Errorf("unknown key %q", key)
	}
	return err
}

// cases checks the entry and returns it for each of its versions.
func (e *streamEntry) cases() (out []Stream, err error) {
	c := &e.common.Case
	if err := e.check(); err != nil {
		return nil, fmt.Errorf("%s:%d: case %s: %w", c.File, c.Line, c.Name, err)
	}
	for i, v := range e.versions {
		s := e.common
		s.Version = v
		if len(e.versions) > 1 {
			s.Name += "/" + v.String()
		}
		if s.End == Rejected {
			s.Statement = pick(e.statements, i)
			if s.Reply, err = e.reply(pick(e.replies, i), v); err != nil {
				return nil, fmt.Errorf("%s:%d: case %s: reply: %w", c.File, c.Line, c.Name, err)
			}
		}
		if len(e.fields) > 0 {
			s.Fields = pick(e.fields, i)
		}
		s.Turns = e.turnsIn(v)
		out = append(out, s)
	}
	return out, nil
}

func (e *streamEntry) reply(text string, v mqttwire.Version) ([]byte, error) {
	if text == "close" {
		return nil, nil
	}
	return parseBytes(text, e.plain[v])
}

func (e *streamEntry) turnsIn(v mqttwire.Version) (turns []Turn) {
	for _, t := range e.turns {
		turn := Turn{Sender: t.sender}
		for _, line := range t.lines {
			b, err := parseBytes(line, e.plain[v])
			if err != nil {
				panic(err) // addBytes has read the line
			}
			turn.Bytes = append(turn.Bytes, b...)
		}
		turns = append(turns, turn)
	}
	return turns
}

// check checks that each key is there if and only if the outcome needs it.
func (e *streamEntry) check() error {
	s := &e.common
	needs := map[End]string{
		Accepted:  "version packets outcome",
		Rejected:  "version packets outcome reason statement reply",
		Truncated: "version packets outcome",
	}[s.End]
	if needs == "" && e.given["outcome"] {
		return fmt.Errorf("unknown outcome %q", s.End)
	}
	if needs == "" {
		needs = "outcome"
	}
	for _, key := range strings.Fields(needs) {
		if !e.given[key] {
			return fmt.Errorf("%q is missing", key)
		}
	}
	may := strings.Fields(needs + " client server shows told max first fields")
	if s.End == Rejected {
		may = append(may, "at", "foreign")
	}
	for key := range e.given {
		if !slices.Contains(may, key) {
			return fmt.Errorf("%q does not go with outcome %s", key, s.End)
		}
	}
	switch {
	case (s.Rule != "") != (s.End == Rejected):
		return fmt.Errorf("outcome %s: a rule goes with reject only", s.End)
	case len(e.turns) == 0:
		return fmt.Errorf("nobody sends a byte")
	case s.Told != Either && s.Told != Yes && s.Told != No:
		return fmt.Errorf("told is yes or no, not %q", s.Told)
	}
	if err := checkRule(s.Rule); err != nil {
		return err
	}
	for _, list := range [][]string{e.statements, e.fields, e.replies} {
		if len(list) > 1 && len(list) != len(e.versions) {
			return fmt.Errorf("%d entries for %d versions", len(list), len(e.versions))
		}
	}
	return nil
}
