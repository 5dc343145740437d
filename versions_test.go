package mqttwire_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
)

func ExampleVersionsOf() {
	served := mqttwire.VersionsOf(mqttwire.V311, mqttwire.V5)
	fmt.Println(served, served.Has(mqttwire.V31))
	// Output: 3.1.1 and 5.0 false
}

func TestVersionsHasWhatItIsMadeOf(t *testing.T) {
	const v31, v311, v5 = mqttwire.V31, mqttwire.V311, mqttwire.V5
	for _, test := range []struct {
		versions []mqttwire.Version
		want     string
	}{
		{nil, "none"},
		{[]mqttwire.Version{v5}, "5.0"},
		{[]mqttwire.Version{v5, v31, v5}, "3.1 and 5.0"},
		{[]mqttwire.Version{v5, v311, v31}, "3.1, 3.1.1 and 5.0"},
		{[]mqttwire.Version{0, 1, 2, 6, 7, 255}, "none"},
	} {
		s := mqttwire.VersionsOf(test.versions...)
		assert.Equal(t, test.want, s.String())
		for v := range mqttwire.Version(255) {
			member := false
			for _, m := range test.versions {
				member = member || m == v && v.Known()
			}
			assert.Equal(t, member, s.Has(v), "%s has %d", s, v)
		}
	}
	assert.False(t, mqttwire.Versions(0xFF).Has(6))
}
