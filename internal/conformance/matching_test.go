package conformance_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
)

func TestMatchingTakesTheCharactersAsTheyAre(t *testing.T) {
	for _, filter := range []string{"caf\u00E9", "cafe\u0301", "\uFB01n", "fin", "\u212B/+", "\u00C5/+", "a b", "a\u00A0b", "Haus", "haus"} {
		for _, name := range []string{"caf\u00E9", "cafe\u0301", "\uFB01n", "fin", "\u212B/x", "\u00C5/x", "a b", "a\u00A0b", "Haus", "haus"} {
			same := filter == name || filter[:len(filter)-1] == name[:len(name)-1] && filter[len(filter)-1] == '+'
			assert.Equal(t, same, mqttwire.MatchTopic([]byte(filter), []byte(name)), "%+q and %+q", filter, name)
		}
	}
}
