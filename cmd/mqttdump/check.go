package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mqttwire/mqttwire/capture"
)

// newCheck is the command that tells of every violation.
func newCheck(a *app) *cobra.Command {
	k := &check{app: a, follow: newFollower()}
	c := &cobra.Command{
		Use:   "check FILE...",
		Short: "every violation, with the statement of the standard that is broken; status 1 if there is one",
		Long: `Every violation of the standard that the capture shows, with its statement: packets
that are malformed, or not allowed from their sender or at their place; what goes
against what the other side has announced, topic aliases that are not known, packet
identifiers that are in use or not in use, more than the Receive Maximum, answers
that do not fit, a client that was silent for longer than its Keep Alive allows.
Where bytes of a connection are missing from the capture nobody is accused of what
the missing ones may explain.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, files []string) error { return k.run(files) },
	}
	c.Flags().BoolVar(&k.follow.optional, "optional", false, "rules too that a receiver may enforce or not")
	return c
}

// check prints violations.
type check struct {
	app    *app
	follow *follower
	times  *timeColumn
	paint  palette
	file   string
	counts map[string]*violationCount
	order  []*violationCount
	more   int // violations of statements that are not counted apart
	err    error
}

// violationCount counts the violations of a statement by a side.
type violationCount struct {
	side, statement, example string
	count                    int
}

// mostCounts is how many statements, by side and rule, are counted apart.
const mostCounts = 1000

func (k *check) run(files []string) error {
	k.times, k.paint, k.counts = k.app.times(), k.app.palette(), map[string]*violationCount{}
	k.follow.onTrouble = k.trouble
	err := k.app.each(files, func(file string, e *capture.Event) error {
		k.file = file
		k.follow.take(file, e)
		return k.err
	})
	if err != nil || !k.app.opened {
		return err // where nothing could be read nobody knows
	}
	if k.follow.end(); k.err == nil && !k.app.show.json {
		_, k.err = k.app.stdout.Write(k.summary())
	}
	if k.err != nil {
		return k.err
	}
	return k.app.close()
}

// violationJSON is a violation in JSON.
type violationJSON struct {
	File      string `json:"file,omitempty"`
	Frame     int    `json:"frame"`
	TS        string `json:"ts,omitempty"`
	Stream    int    `json:"stream"`
	Client    string `json:"client,omitempty"`
	Side      string `json:"side,omitempty"`
	Type      string `json:"type,omitempty"`
	Event     string `json:"event,omitempty"`
	Rule      string `json:"rule,omitempty"`
	Statement string `json:"statement,omitempty"`
	Message   string `json:"message"`
}

// trouble prints a violation.
func (k *check) trouble(c *connection, t *trouble, e *capture.Event) {
	if !t.violation || k.err != nil {
		return
	}
	k.app.raise(statusViolation)
	k.count(t)
	j := violationJSON{
		File: k.file, Frame: t.record, TS: tsOf(t.time), Stream: c.stream, Client: c.client, Side: sideName(t.fault),
		Event: eventName(e.Kind), Rule: t.rule, Statement: t.statement, Message: t.what,
	}
	if isPacket(e) {
		j.Type = e.Frame.Header.Type.String()
	}
	var b []byte
	if k.app.show.json {
		b = appendJSONValue(nil, j)
	} else {
		b = k.line(&j, t)
	}
	_, k.err = k.app.stdout.Write(b)
}

// line is a violation in text.
func (k *check) line(j *violationJSON, t *trouble) []byte {
	var b []byte
	if j.File != "" {
		b = append(b, printable(j.File)+": "...)
	}
	if !t.time.IsZero() {
		b = append(k.times.append(b, t.time, t.time), ' ')
	}
	b = fmt.Appendf(b, "record %d %s %s %s: ", j.Frame, streamName(j.Stream), appendIdentifier(nil, j.Client), sideWord(t.fault))
	return append(k.paint.fault.append(b, printable(t.text())), '\n')
}

// count counts a violation by side and statement.
func (k *check) count(t *trouble) {
	key := sideName(t.fault) + " " + t.statement + " " + t.rule
	n := k.counts[key]
	switch {
	case n == nil && len(k.order) >= mostCounts:
		k.more++
		return
	case n == nil:
		example, _, _ := strings.Cut(t.what, ", reason 0x")
		n = &violationCount{side: sideWord(t.fault), statement: t.statement, example: example}
		k.counts[key] = n
		k.order = append(k.order, n)
	}
	n.count++
}

// summary says how many violations there are of which statement.
func (k *check) summary() []byte {
	if len(k.order) == 0 {
		return []byte("no violations\n")
	}
	t := &table{head: []string{"STATEMENT", "broken by", "times"}, left: 2}
	for _, n := range k.order {
		statement := n.statement
		if statement == "" {
			statement = "(without a number)"
		}
		t.row(statement, n.side, fmt.Sprint(n.count))
	}
	b := t.append([]byte{'\n'}, k.paint.quiet)
	if k.more > 0 {
		b = fmt.Appendf(b, "and %d of others\n", k.more)
	}
	return b
}
