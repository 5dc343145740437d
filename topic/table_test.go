package topic

import (
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The hashes that tables are tested with: from good ones to such as tell no keys apart.
var hashes = map[string]func(string) uint64{
	"good":    goodHash,
	"ends":    func(key string) uint64 { return goodHash(key) >> 60 },
	"begins":  func(key string) uint64 { return goodHash(key) &^ (1<<61 - 1) },
	"four":    func(key string) uint64 { return goodHash(key) >> 62 * 0x5555555555555555 },
	"none":    func(string) uint64 { return 0 },
	"highest": func(string) uint64 { return ^uint64(0) },
}

func goodHash(key string) uint64 {
	h := uint64(1)
	for _, c := range []byte(key) {
		high, low := bits.Mul64(h^uint64(c), 0x9E3779B97F4A7C15)
		h = high ^ low + 1
	}
	return h
}

// keyOfLength returns a key that has so many bytes, and begins with how many.
func keyOfLength(n int) string { return fmt.Sprint(n, strings.Repeat("x", n))[:n] }

// requireTable shows that a table has the keys, and the form that tables have.
func requireTable(t require.TestingT, x *table[int], want map[string]int) {
	got := map[string]int{}
	requireSlot(t, x, &x.root, 0, func(e held[int]) { got[e.key] = e.item })
	require.Equal(t, want, got)
}

func requireSlot(t require.TestingT, x *table[int], s *slot[int], depth int, each func(held[int])) {
	if !s.isFork() {
		requireLeaf(t, x, s, each)
		return
	}
	slots := s.more.slots
	require.Greater(t, len(slots), 1)
	require.Equal(t, len(slots), bits.OnesCount64(s.marks))
	require.Equal(t, uint64(1), s.marks&1)
	for i := range slots {
		low, high := s.numbers(i)
		require.True(t, bits.OnesCount(high-low) == 1 && low%(high-low) == 0, "%d to %d", low, high)
		require.True(t, !slots[i].isFork() || high-low == 1)
		if i > 0 && low&(high-low) != 0 {
			if from, _ := s.numbers(i - 1); low-from == high-low {
				require.False(t, x.leavesJoin(&slots[i-1], &slots[i]))
			}
		}
		requireSlot(t, x, &slots[i], depth+1, func(e held[int]) {
			n := numberAt(e.hash, e.key, depth)
			require.True(t, n >= low && n < high)
			each(e)
		})
	}
}

func requireLeaf(t require.TestingT, x *table[int], s *slot[int], each func(held[int])) {
	all := x.held(s)
	require.Len(t, all, int(s.keys))
	require.True(t, len(all) <= x.most && len(s.text) <= sureText*x.mostText() || x.fits(all))
	for _, e := range all {
		each(e)
	}
	if s.more == nil {
		require.Zero(t, s.marks)
		return
	}
	recents := x.heldIn(&s.more.bucket, nil)
	require.NotEmpty(t, recents)
	require.LessOrEqual(t, len(recents), maxRecent)
	require.LessOrEqual(t, len(s.more.text), maxRecentText)
	var seen uint64
	for i := range recents {
		seen |= recentBit(recents[i].hash)
		require.True(t, s.more.get(&recents[i]) != nil || s.search(recents[i].hash, []byte(recents[i].key)) >= 0, "it is deleted, and was not there")
	}
	require.Equal(t, seen, s.marks)
}

func TestATableIsAMapWhateverTheHashesAre(t *testing.T) {
	for name, hash := range hashes {
		t.Run(name, func(t *testing.T) { rapid.Check(t, func(t *rapid.T) { checkTable(t, hash) }) })
	}
}

func checkTable(t *rapid.T, hash func(string) uint64) {
	now := table[int]{most: rapid.SampledFrom([]int{1, 4, 40}).Draw(t, "most"), hash: hash}
	model := map[string]int{}
	key := rapid.OneOf(rapid.Map(rapid.IntRange(0, 80), func(i int) string { return fmt.Sprint(i) }), rapid.Map(rapid.SampledFrom([]int{61, 62, 63, 64, 65, 253, 254, 255, 256}), keyOfLength), rapid.StringN(0, 3, 6))
	var before table[int]
	var wanted map[string]int
	for i := range rapid.IntRange(1, 120).Draw(t, "changes") {
		if i%32 == 0 {
			before, wanted = now, maps.Clone(model)
		}
		k := key.Draw(t, "key")
		if _, had := model[k]; rapid.IntRange(0, 3).Draw(t, "delete") > 0 {
			model[k] = i
			now = now.with(hash(k), []byte(k), i)
		} else {
			delete(model, k)
			var deleted bool
			now, deleted = now.without(hash(k), []byte(k))
			require.Equal(t, had, deleted)
		}
	}
	requireTable(t, &now, model)
	requireTable(t, &before, wanted) // which has not changed
	requireTableFinds(t, &now, model, key.Draw(t, "any"))
	requireTableOrder(t, &now, model)
	for _, k := range rapid.Permutation(sortedKeys(model)).Draw(t, "order") {
		now, _ = now.without(hash(k), []byte(k))
	}
	require.Equal(t, slot[int]{}, now.root)
}

func requireTableFinds(t require.TestingT, x *table[int], model map[string]int, other string) {
	for k, v := range model {
		item := x.find(x.hash(k), []byte(k))
		require.NotNil(t, item, "%q", k)
		require.Equal(t, v, *item)
	}
	if _, ok := model[other]; !ok {
		require.Nil(t, x.find(x.hash(other), []byte(other)))
	}
}

// requireTableOrder shows that a table yields its keys in order, from any of them on.
func requireTableOrder(t require.TestingT, x *table[int], model map[string]int) {
	var got []held[int]
	x.all(0, nil, func(key string, item *int) bool {
		require.Equal(t, model[key], *item)
		got = append(got, held[int]{hash: x.hash(key), key: key})
		return true
	})
	require.Len(t, got, len(model))
	require.True(t, slices.IsSortedFunc(got, func(a, b held[int]) int { return a.compare(&b) }))
	for i := 0; i < len(got); i += 1 + len(got)/5 {
		rest := 0
		x.all(got[i].hash, []byte(got[i].key), func(string, *int) bool { rest++; return true })
		require.Equal(t, len(got)-i, rest)
	}
}

func TestATableOfManyKeysGrowsAndShrinks(t *testing.T) {
	x := table[int]{most: usualLeaf, hash: goodHash}
	model := map[string]int{}
	for i := range 8000 {
		k := fmt.Sprint("key/", i*7919%8000, strings.Repeat("/long", i%20))
		x, model[k] = x.with(goodHash(k), []byte(k), i), i
	}
	requireTable(t, &x, model)
	requireTableFinds(t, &x, model, "key")
	for k := range model {
		var deleted bool
		x, deleted = x.without(goodHash(k), []byte(k))
		require.True(t, deleted)
		if delete(model, k); len(model) == 2000 {
			requireTable(t, &x, model)
		}
	}
	require.Equal(t, slot[int]{}, x.root)
}

func TestATableThatHasOneKeyLeftHasNoFork(t *testing.T) {
	x := table[int]{most: 2, hash: goodHash}
	keys := []string{keyOfLength(253), keyOfLength(254), keyOfLength(255)}
	for i, k := range keys {
		x = x.with(goodHash(k), []byte(k), i)
	}
	require.True(t, x.root.isFork())
	for _, k := range keys[1:] {
		x, _ = x.without(goodHash(k), []byte(k))
	}
	require.False(t, x.root.isFork())
	requireTable(t, &x, map[string]int{keys[0]: 0})
}

func TestALongKeyIsNotCopiedWithThoseSetAfterIt(t *testing.T) {
	x := table[int]{most: usualLeaf, hash: goodHash}
	model := map[string]int{}
	for i := range 200 {
		k := keyOfLength(8 + i%40)[:4] + fmt.Sprint(i)
		if i == 150 {
			k = keyOfLength(maxRecentText)
		}
		x, model[k] = x.with(goodHash(k), []byte(k), i), i
		requireTable(t, &x, model)
	}
}

func TestFindingAKeyAllocatesNothing(t *testing.T) {
	x := table[int]{most: usualLeaf, hash: goodHash}
	for i := range 3000 {
		k := fmt.Sprint(i, strings.Repeat("x", i%100))
		x = x.with(goodHash(k), []byte(k), i)
	}
	key := []byte("99" + strings.Repeat("x", 99))
	h := goodHash(string(key))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if item := x.find(h, key); item == nil || *item != 99 {
			t.Fatal("not found")
		}
	}))
}
