package conformance

import (
	"fmt"
	"strings"

	"github.com/mqttwire/mqttwire"
)

// note is a remark on some statements: a reason, or the name of a test. The
// identifiers are split by blanks; an identifier means one thing in 3.1.1 and
// another in 5.0, so each has its own list.
type note struct {
	text     string
	v311, v5 string
}

// statementKey is a statement in one of the versions.
type statementKey struct {
	version mqttwire.Version
	id      string
}

// index returns the notes by statement.
func index(notes []note) map[statementKey][]string {
	all := map[statementKey][]string{}
	for _, n := range notes {
		for v, ids := range map[mqttwire.Version]string{mqttwire.V311: n.v311, mqttwire.V5: n.v5} {
			for _, id := range strings.Fields(ids) {
				k := statementKey{v, id}
				all[k] = append(all[k], n.text)
			}
		}
	}
	return all
}

// only returns the one note on a statement, "" for none.
func only(all map[statementKey][]string, k statementKey) (string, error) {
	switch notes := all[k]; len(notes) {
	case 0:
		return "", nil
	case 1:
		return notes[0], nil
	default:
		return "", fmt.Errorf("%s of %s has %d reasons: %s", k.id, k.version, len(notes), strings.Join(notes, "; "))
	}
}
