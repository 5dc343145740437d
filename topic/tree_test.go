package topic

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// requireSound shows that a tree has the keys, in order, and the form that trees have.
func requireSound[T any](t require.TestingT, tree tree[T], want []string) {
	var got []string
	if tree.root != nil {
		got = soundKeys(t, tree.root, "", true)
	}
	require.Equal(t, want, got)
}

// soundKeys returns the keys below a node, which all have something in front.
func soundKeys[T any](t require.TestingT, n *node[T], above string, root bool) (keys []string) {
	if n.isPage() {
		require.NotEmpty(t, n.items)
		require.True(t, fits(len(n.items), n.bytes()))
		require.Len(t, n.text, 2*len(n.items)+n.bytes())
		for i := range n.items {
			keys = append(keys, above+n.key(i))
		}
		require.True(t, slices.IsSorted(keys) && len(slices.Compact(slices.Clone(keys))) == len(keys), "%q", keys)
		return keys
	}
	require.True(t, root || n.prefix() != "")
	var wildcards byte
	for i, kid := range n.kids {
		below := soundKeys(t, kid, "", false)
		from, to := n.firsts()[i], byte(0xFF)
		if i+1 < len(n.kids) {
			to = n.firsts()[i+1] - 1
		}
		for _, key := range below {
			require.True(t, first(key) >= from && first(key) <= to, "%q is not from %q to %q", key, from, to)
			switch first(key) {
			case '+':
				wildcards |= hasPlus
			case '#':
				wildcards |= hasHash
			}
			keys = append(keys, above+n.prefix()+key)
		}
		require.True(t, i == 0 && from == keyEnd || i > 0 && (kid.isPage() || from == first(below[0])))
	}
	require.Equal(t, wildcards, n.wildcards())
	return keys
}

// keyGenerator draws keys that have much in common.
func keyGenerator(longest int) *rapid.Generator[string] {
	piece := rapid.OneOf(rapid.SampledFrom([]string{"a", "b", "c", "/", "+", "#", "ab", "a/", "\xFF", "\x01", strings.Repeat("x", 300), strings.Repeat("y", 3000)}), rapid.StringMatching(`[0-9]`))
	return rapid.Map(rapid.SliceOfN(piece, 0, longest), func(p []string) string { return strings.Join(p, "") })
}

func TestATreeIsAnOrderedMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var now tree[int]
		model := map[string]int{}
		key := keyGenerator(rapid.IntRange(1, 8).Draw(t, "longest"))
		for i := range rapid.IntRange(1, 300).Draw(t, "changes") {
			k := key.Draw(t, "key")
			before, wanted := now, sortedKeys(model)
			if _, had := model[k]; rapid.IntRange(0, 3).Draw(t, "delete") > 0 {
				model[k] = i
				now = now.with([]byte(k), i)
			} else {
				delete(model, k)
				var deleted bool
				now, deleted = now.without([]byte(k))
				require.Equal(t, had, deleted)
			}
			if i%16 == 0 {
				requireSound(t, before, wanted) // which has not changed
			}
		}
		keys := sortedKeys(model)
		requireSound(t, now, keys)
		for _, k := range append(keys, key.Draw(t, "any"), key.Draw(t, "other")) {
			requireFound(t, now, model, keys, k)
		}
		for _, k := range rapid.Permutation(keys).Draw(t, "order") {
			now, _ = now.without([]byte(k))
		}
		require.Nil(t, now.root)
	})
}

// A page has a range of bytes; a branch that takes its place, once its keys are too long
// for one page and begin alike, has one byte.
func TestAPageThatBecomesABranchGivesItsRangeUp(t *testing.T) {
	long := strings.Repeat("y", 3000)
	var now tree[int]
	for _, k := range []string{"a" + long, "b", long} {
		now = now.with([]byte(k), 0)
	}
	now, _ = now.without([]byte("b"))
	now = now.with([]byte(long+"1"), 0)
	requireSound(t, now, []string{"a" + long, long, long + "1"})
	now = now.with([]byte("c"), 0)
	requireSound(t, now, []string{"a" + long, "c", long, long + "1"})
}

func sortedKeys(m map[string]int) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// requireFound shows that a key is found if it is there, and its place if it is not.
func requireFound(t require.TestingT, tree tree[int], model map[string]int, keys []string, key string) {
	if v, ok := model[key]; ok {
		require.NotNil(t, tree.find([]byte(key)), key)
		require.Equal(t, v, *tree.find([]byte(key)))
	} else {
		require.Nil(t, tree.find([]byte(key)), key)
	}
	i, _ := slices.BinarySearch(keys, key)
	p := tree.seek([]byte(key), nil)
	if i == len(keys) {
		require.Nil(t, p.page)
		return
	}
	require.NotNil(t, p.page, key)
	require.Equal(t, keys[i], string(p.above)+p.page.key(p.item))
}
