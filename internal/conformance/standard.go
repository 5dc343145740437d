// Package conformance says of each statement of the standards what shows that
// this library keeps it, or why no codec can. CONFORMANCE.md and the pages in
// conformance/ are written from it.
package conformance

//go:generate go run ./generate

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/mqttwire/mqttwire"
	tables "github.com/mqttwire/mqttwire/testdata/spec"
)

// Standard is a table of statements, and the version that they are about.
type Standard struct {
	Name       string
	Kind       string // what its statements are called on the page of a section
	Version    mqttwire.Version
	Statements []Statement
}

// Statement is a numbered statement of a standard, or a rule of 5.0 that has no
// number.
type Statement struct {
	ID    string
	Scope string // one of scopes, or several joined by +
	Text  string // in our own short words
}

// scopes says who can keep a statement: README.md in testdata/spec.
var scopes = []string{"decode", "encode", "stream", "session", "server", "client", "transport"}

// Has reports whether scope is one of the statement's scopes.
func (s Statement) Has(scope string) bool {
	for _, part := range strings.Split(s.Scope, "+") {
		if part == scope {
			return true
		}
	}
	return false
}

// ofCodec reports whether a codec alone can keep the statement: a decoder sees
// whether one packet does, or an encoder needs to know nothing else.
func (s Statement) ofCodec() bool { return s.Has("decode") || s.Scope == "encode" }

// ofConnection reports whether a codec that knows the connection has a part in
// keeping the statement, unless there is a reason why not.
func (s Statement) ofConnection() bool { return s.Has("stream") || s.Has("encode") }

// hasState reports whether one packet alone does not show the statement: it depends
// on what came before, on who sends, or on what somebody does.
func (s Statement) hasState() bool { return s.Has("stream") || s.hasPartAbove() }

// Standards reads the tables of statements.
func Standards() ([]Standard, error) {
	all := []Standard{
		{Name: "MQTT 3.1.1", Kind: numbered, Version: mqttwire.V311},
		{Name: "MQTT 5.0", Kind: numbered, Version: mqttwire.V5},
		{Name: "MQTT 5.0, rules without a number", Kind: "Rules without a number", Version: mqttwire.V5},
	}
	for i, file := range []string{"statements-v311.tsv", "statements-v5.tsv", "unnumbered-v5.tsv"} {
		text, err := fs.ReadFile(tables.Files, file)
		if err != nil {
			return nil, err
		}
		if all[i].Statements, err = parseStatements(file, string(text)); err != nil {
			return nil, err
		}
	}
	return all, nil
}

const numbered = "Numbered statements"

const columns = "id\tscope\tpacket\tstatement\ton_violation"

// parseStatements reads text, the content of the named file: a line of column
// names, then a line for each statement.
func parseStatements(file, text string) ([]Statement, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if lines[0] != columns {
		return nil, fmt.Errorf("%s:1: the columns are not %q", file, columns)
	}
	var all []Statement
	seen := map[string]bool{}
	for i, line := range lines[1:] {
		f := strings.Split(line, "\t")
		if len(f) != strings.Count(columns, "\t")+1 {
			return nil, fmt.Errorf("%s:%d: %d columns", file, i+2, len(f))
		}
		s := Statement{ID: f[0], Scope: f[1], Text: f[3]}
		if seen[s.ID] {
			return nil, fmt.Errorf("%s:%d: %s stands twice", file, i+2, s.ID)
		}
		seen[s.ID] = true
		if err := checkScope(s.Scope); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, i+2, err)
		}
		all = append(all, s)
	}
	return all, nil
}

func checkScope(scope string) error {
	for _, part := range strings.Split(scope, "+") {
		if !(Statement{Scope: strings.Join(scopes, "+")}).Has(part) {
			return fmt.Errorf("scope %q is not one of %s", part, strings.Join(scopes, ", "))
		}
	}
	return nil
}
