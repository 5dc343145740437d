package topic

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire/packets"
)

// worked returns how many hits a name has, and how much was looked at to find them.
func worked(x *Index[int], name string) (hits, looks int) {
	m := matching[int]{name: []byte(name), levelEnd: -1}
	m.index(x.state.Load())
	return len(m.dst), m.looks
}

func setAll(t *testing.T, x *Index[int], n int, filter func(i int) string) {
	t.Helper()
	for i := range n {
		_, _, err := x.Set(&packets.Subscription{Filter: []byte(filter(i))}, 0, i)
		require.NoError(t, err)
	}
}

// many is how many filters a hostile client sets; with MANY_FILTERS, as in CI, a million.
func many() int {
	switch {
	case testing.Short():
		return 1 << 12
	case os.Getenv("MANY_FILTERS") == "":
		return 1 << 15
	}
	return 1 << 20
}

// requireLinear shows that a name has hits, and that what is looked at for them is no
// more than its levels, for each hit and once more.
func requireLinear(t *testing.T, x *Index[int], name string, hits int) {
	t.Helper()
	got, looks := worked(x, name)
	require.Equal(t, hits, got)
	levels := 1 + strings.Count(name, "/")
	require.LessOrEqual(t, looks, 2*levels*(1+hits), "%d levels, %d hits", levels, hits)
}

func TestWorkIsLinearWithFiltersThatArePlusesWithOneEndEach(t *testing.T) {
	var x Index[int]
	pluses := strings.Repeat("+/", 12)
	setAll(t, &x, many(), func(i int) string { return fmt.Sprint(pluses, i) })
	requireLinear(t, &x, strings.Repeat("a/", 12)+"77", 1)
	requireLinear(t, &x, strings.Repeat("a/", 12)+"none", 0)
	requireLinear(t, &x, strings.Repeat("a/", 2000), 0)
}

func TestWorkIsLinearWithFiltersThatHavePlusesInAnyLevels(t *testing.T) {
	var x Index[int]
	n, levels := many(), 0
	for 1<<levels < n {
		levels++
	}
	setAll(t, &x, n, func(i int) string {
		var filter []byte
		for l := range levels {
			filter = append(filter, "+a"[i>>l&1], '/')
		}
		return string(filter[:2*levels-1])
	})
	name := strings.Repeat("/a", levels)[1:]
	requireLinear(t, &x, name, n)
	requireLinear(t, &x, name[:2*levels-2]+"b", n/2)
	requireLinear(t, &x, "b"+name[1:], n/2)
	requireLinear(t, &x, strings.Repeat("/b", levels)[1:], 1)
	requireLinear(t, &x, "$"+strings.Repeat("/a", levels-1), 0)
}

func TestWorkIsLinearWithOneFilterOfEachDepth(t *testing.T) {
	var x Index[int]
	const deepest = 300
	setAll(t, &x, deepest, func(i int) string { return strings.Repeat("/+", i+1)[1:] })
	for _, depth := range []int{1, 2, 77, deepest} {
		requireLinear(t, &x, strings.Repeat("/a", depth)[1:], 1)
	}
	requireLinear(t, &x, strings.Repeat("/a", 2*deepest)[1:], 0)

	var plain Index[int]
	setAll(t, &plain, deepest, func(i int) string { return strings.Repeat("a/", i) + "#" })
	for _, depth := range []int{1, 2, 77, deepest - 1} {
		requireLinear(t, &plain, strings.Repeat("/a", depth)[1:], depth+1)
	}
	requireLinear(t, &plain, strings.Repeat("/b", 2*deepest)[1:], 1)
}

func TestANameIsHashedNoMoreOftenThanFrontsCanBeLong(t *testing.T) {
	var x Index[int]
	setAll(t, &x, 200, func(i int) string { return strings.Repeat("b/", i) + "+" })
	hits, looks := worked(&x, strings.Repeat("/a", 2000)[1:])
	assert.Zero(t, hits)
	assert.LessOrEqual(t, looks, maxFront+1)
}

func TestAnIndexThatIsEmptiedKeepsNothing(t *testing.T) {
	var x Index[int]
	filters := []string{"a/b", "a//b", "/", "//", "+", "#", "/+", "/#", "a/#", "a/+/b", "a/b/c/#", "$share/g/a/b", "$share/g/+", strings.Repeat("a/", 20) + "#"}
	setAll(t, &x, 2000, func(i int) string { return filters[i%len(filters)] })
	for i := range 2000 {
		_, deleted := x.Delete([]byte(filters[i%len(filters)]), i)
		require.True(t, deleted)
	}
	state := x.now()
	assert.Nil(t, state.top.root)
	assert.Equal(t, slot[listed[int]]{}, state.plain.root)
	assert.Equal(t, slot[rests[int]]{}, state.fronts.root)
	assert.Zero(t, state.frontLevels)
	assert.Zero(t, state.frontCount)
	assert.Zero(t, state.filterCount)
}
